"""Where each unit of a layer looks, found by experiment for any architecture.

NaN spreads through convolution, ReLU, pooling and normalisation. With the first x columns of the input set to NaN, a
unit stays clean if and only if its receptive field begins at column x or behind. So bisection finds the first column
that a unit looks at, and, counted from the other side, the last; two units give the stride.

Rows need no test of their own: maps are square. The input may therefore be as low as the network lets it be, which
makes it cheap to have it wide, and wide it must be: a field that reaches over the input's border is cut off there.
"""

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch

from egraph.network.layer import LayerGeometry
from egraph.network.layers import MapShape, activations, map_shapes
from egraph.network.network import Network

Side = Literal["left", "right"]

Question = tuple[Side, int]
"""How many unit columns turn NaN, counted from that side, when so many input columns are?"""

Asker = tuple[str, Side]
"""A layer, and the side that its questions are about."""

HEIGHTS = (1, 8, 16, 32, 64, 128)
"""Heights of the input to try, before the network's own."""

WIDENINGS = (1, 2, 4, 8, 16)
"""Widths of the input to try, in multiples of the network's own."""

BATCH_PIXELS = 16 * 1024
"""Input pixels of one forward pass, at most: several questions share one."""

MARGIN_UNITS = 2
"""Fields that begin within so many strides of the border are not trusted: rounding inside may have cut them."""


@dataclass(frozen=True, slots=True)
class Field:
    """Unit j looks at the columns from `first` + j * `stride` to `last` + j * `stride`, both included."""

    first: float
    last: float
    stride: float


@dataclass(frozen=True, slots=True)
class Begin:
    """Counted from one side: the field of unit column `unit` begins at input column `column`, and the stride was
    measured over `span` units."""

    unit: int
    column: int
    stride: float
    span: int


def layer_geometries(network: Network, names: Sequence[str]) -> list[LayerGeometry]:
    """Find stride, first centre and receptive field of layers.

    Where a layer sees the whole input (squeeze-excitation, global normalisation) or its map does not grow with the
    input, no field can be found: then the receptive field is the whole input, and the units' centres are spread evenly.

    Args:
        names: valid layers, as `layers.resolve_layers` gives them.

    Returns:
        One geometry for each name, in the same order.
    """
    size = network.preprocessing.size
    shapes: dict[str, tuple[int, MapShape]] = {}
    for index, shape in enumerate(map_shapes(network)):
        shapes |= {name: (index, shape) for name in (shape.name, *shape.aliases)}
    in_order = sorted(names, key=lambda name: shapes[name][0])
    fields = find_fields(network, {name: shapes[name][1].width for name in in_order})
    geometries = []
    for name in names:
        index, shape = shapes[name]
        field = fields.get(name)
        if field is None:
            stride = size / shape.width
            first_centre, receptive_field = stride / 2, float(size)
        else:
            stride = field.stride
            first_centre, receptive_field = (field.first + field.last + 1) / 2, field.last - field.first + 1
        geometries.append(
            LayerGeometry(name, index, shape.channels, shape.height, shape.width, stride, first_centre, receptive_field)
        )
    return geometries


def find_fields(network: Network, widths: dict[str, int]) -> dict[str, Field]:
    """Fields of layers by name; those whose fields cannot be found are left out.

    Args:
        widths: map width of each layer on an input of the network's own size, in order of execution.
    """
    found: dict[str, Field] = {}
    pending = dict(widths)
    size = network.preprocessing.size
    with exact_convolutions():
        for widening in WIDENINGS:
            experiment = _workable(network, list(pending), size * widening) if pending else None
            if experiment is None:
                break
            for name, field in experiment.fields().items():
                grown = experiment.widths[name] - pending[name]
                lost = abs(grown * field.stride - size * (widening - 1))
                if lost <= 2 * field.stride:
                    found[name] = field
            pending = {
                name: width
                for name, width in pending.items()
                if name not in found and (widening == 1 or experiment.widths[name] > width)
            }
    return found


@contextmanager
def exact_convolutions() -> Iterator[None]:
    """Fast convolution by Winograd or Fourier transform would spread NaN beyond what a unit looks at."""
    with torch.backends.cudnn.flags(enabled=False), torch.backends.nnpack.flags(enabled=False):
        yield


class Experiment:
    """Inputs of one width, and what was seen so far: how many unit columns NaN columns of the input reach."""

    def __init__(self, network: Network, names: Sequence[str], height: int, width: int) -> None:
        self.network = network
        self.width = width
        generator = torch.Generator().manual_seed(0)
        self._image = torch.randn(1, 3, height, width, generator=generator).to(network.device)
        self._reached: dict[Question, dict[str, tuple[int, bool]]] = {}
        clean = activations(network, names, self._image, keep=_nan_columns)
        self.widths = {name: columns.shape[1] for name, columns in clean.items()}
        # a layer that gives NaN by itself cannot be asked
        self.names = [name for name, columns in clean.items() if not columns.any()]
        self._depth = {name: i for i, name in enumerate(names)}

    def fields(self) -> dict[str, Field]:
        """The fields of the layers that can be told at this width; elsewhere they are cut off, or not to be found."""
        sides: tuple[Side, Side] = ("left", "right")
        begins = self._answer({(name, side): self._begins(name, side) for name in self.names for side in sides})
        fields: dict[str, Field] = {}
        for name in self.names:
            left, right = begins[name, "left"], begins[name, "right"]
            if left is None or right is None:
                continue
            span = min(left.span, right.span)
            # where the two sides disagree, a field was cut off inside the network
            if abs(left.stride - right.stride) * span >= 1:
                continue
            stride = (left.stride + right.stride) / 2
            mirrored_unit = self.widths[name] - 1 - right.unit
            first = left.column - left.unit * stride
            last = self.width - 1 - right.column - mirrored_unit * stride
            fields[name] = Field(first, last, stride)
        return fields

    def _begins(self, name: str, side: Side) -> Generator[Question, None, Begin | None]:
        """Ask for what tells where a layer's fields begin, counted from one side. Yields questions, takes no answer:
        the next step finds it in `self._reached`."""
        columns = self.widths[name]
        margin = MARGIN_UNITS * math.ceil(self.width / columns)
        unbroken = False
        while not unbroken and margin < self.width // 2:
            near_column = 1 + margin
            yield side, near_column
            unit, unbroken = self._reached[side, near_column][name]
            # clean units before a NaN one: a dilated field that is cut off at the border skips over these columns
            margin *= 2
        if not unbroken or unit >= columns:
            return None
        yield side, self.width
        if self._reached[side, self.width][name][0] < columns:
            return None
        distance = self.width // 2
        while distance > 0:
            yield side, near_column + distance
            far, _ = self._reached[side, near_column + distance][name]
            if far < columns:
                break
            distance //= 2
        if distance == 0 or far <= unit:
            return None
        column = yield from self._begin(name, side, unit, None)
        step = round(distance / (far - unit))
        far_column = yield from self._begin(name, side, far, column + step * (far - unit))
        return Begin(unit, column, (far_column - column) / (far - unit), far - unit)

    def _begin(self, name: str, side: Side, unit: int, guess: int | None) -> Generator[Question, None, int]:
        """The input column, counted from a side, where the field of the unit column counted from there begins."""
        if guess is not None and 0 < guess < self.width:
            yield side, guess
            yield side, guess + 1
        while True:
            asked = [
                (c, reached[name][0] > unit)
                for (s, c), reached in self._reached.items()
                if s == side and name in reached
            ]
            clean = max((c for c, dirty in asked if not dirty), default=0)
            dirty = min(c for c, dirty in asked if dirty)
            if dirty - clean <= 1:
                return clean
            yield side, (clean + dirty) // 2

    def _answer(self, askers: dict[Asker, Generator[Question, None, Begin | None]]) -> dict[Asker, Begin | None]:
        """Run askers in step, so that their questions share forward passes."""
        results: dict[Asker, Begin | None] = {}
        waiting = dict(askers)
        while waiting:
            asked: dict[Question, int] = {}
            for asker, generator in list(waiting.items()):
                try:
                    question = next(generator)
                except StopIteration as end:
                    results[asker] = end.value
                    del waiting[asker]
                else:
                    if asker[0] not in self._reached.get(question, {}):
                        asked[question] = max(asked.get(question, 0), self._depth[asker[0]])
            self._ask(asked, {name for name, _ in waiting})
        return results

    def _ask(self, depths: dict[Question, int], waiting: set[str]) -> None:
        """Answer questions for all waiting layers up to the depth that each question was asked from."""
        # those from the same depth together: then the network is run no deeper than it must be
        questions = sorted(depths, key=lambda question: (depths[question], question))
        at_once = max(1, BATCH_PIXELS // self._image[0, 0].numel())
        for start in range(0, len(questions), at_once):
            block = questions[start : start + at_once]
            inputs = self._image.repeat(len(block), 1, 1, 1)
            for image, (side, columns) in zip(inputs, block, strict=True):
                where = slice(0, columns) if side == "left" else slice(self.width - columns, self.width)
                image[:, :, where] = math.nan
            names = [name for name in self.names if name in waiting and self._depth[name] <= depths[block[-1]]]
            outputs = activations(self.network, names, inputs, keep=_nan_columns)
            for name in names:
                for question, reached in zip(block, _reached(outputs[name], block), strict=True):
                    self._reached.setdefault(question, {})[name] = reached


def _workable(network: Network, names: Sequence[str], width: int) -> Experiment | None:
    """An experiment with the lowest input that the network takes, or None where it takes none of this width."""
    size = network.preprocessing.size
    for height in (*HEIGHTS, size):
        try:
            return Experiment(network, names, height, width)
        except Exception:  # too low for a kernel, or a size the network was not made for: it raises what it likes
            if height == width == size:
                raise
    return None


def _nan_columns(values: torch.Tensor) -> torch.Tensor:
    """(n, channels, height, width) to (n, width): whether a column holds any NaN."""
    return values.isnan().any(1).any(1)


def _reached(nan_columns: torch.Tensor, questions: Sequence[Question]) -> list[tuple[int, bool]]:
    """Number of unit columns up to the furthest NaN one, counted from each question's side, and whether all of them
    are NaN."""
    numbers = torch.arange(1, nan_columns.shape[1] + 1, device=nan_columns.device)
    counts = nan_columns.sum(1).tolist()
    from_left = (nan_columns * numbers).amax(1).tolist()
    from_right = (nan_columns * numbers.flip(0)).amax(1).tolist()
    furthest = [
        left if side == "left" else right
        for (side, _), left, right in zip(questions, from_left, from_right, strict=True)
    ]
    return [(reached, reached == count) for reached, count in zip(furthest, counts, strict=True)]
