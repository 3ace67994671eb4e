"""Photos as the network saw them: what one layer gave out, and what the network answered.

Each object is seen as it is explained, with some of its surroundings; a photo without an object is seen whole.
Shapes: n photos, C filters, U units, K classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from egraph.errors import EgraphError, UsageError
from egraph.explaining.view import Units, View, layer_units, read_view, widened_view
from egraph.network.architectures import sentence
from egraph.network.layer import LayerGeometry
from egraph.network.layers import first_tensor, map_shapes
from egraph.network.network import Network
from egraph.photos.image import PhotoError
from egraph.photos.photo import PhotoObject, Skipped

BATCH_PHOTOS = 8
HALF_LIMIT = 65504.0
"""The largest half float."""

Told = Callable[[int, int], None]
"""Is told how many photos are done, and how many there are."""


@dataclass(frozen=True)
class Seen:
    """objects, views: n. maps: (n, C, U), what is below 0 as 0; half floats, if no number is too large. answers:
    (n, K). units: of the layer in these views."""

    objects: list[PhotoObject]
    views: list[View]
    maps: Tensor
    answers: Tensor
    units: Units

    def __len__(self) -> int:
        return len(self.objects)

    def only(self, rows: Sequence[int]) -> "Seen":
        """Some of the photos."""
        some = list(rows)
        return Seen(
            [self.objects[row] for row in some],
            [self.views[row] for row in some],
            self.maps[some],
            self.answers[some],
            Units(self.units.rows[some], self.units.columns[some], self.units.size[some]),
        )

    def strongest(self, on_object: bool = False) -> tuple[Tensor, Tensor]:
        """Of every filter the largest output and its unit, (n, C) each.

        Args:
            on_object: look only at units whose centre is on the object.
        """
        where = self.units.on_object[:, None] if on_object else torch.ones(1, 1, 1, dtype=torch.bool)
        values, units = zip(*(torch.where(w, m, -1.0).max(1) for w, m in self._each(where)), strict=True)
        return torch.stack(values).clamp_min(0).float(), torch.stack(units)

    def _each(self, where: Tensor) -> list[tuple[Tensor, Tensor]]:
        return [(where[row if len(where) > 1 else 0], self.maps[row]) for row in range(len(self))]


def look(
    network: Network,
    layer: LayerGeometry,
    objects: Sequence[PhotoObject],
    skipped: list[Skipped],
    tell: Told | None = None,
) -> Seen:
    """Run the network over objects; those whose photo cannot be read are added to `skipped`.

    Raises:
        UsageError: the network does not give one answer for each photo.
    """
    kept: list[PhotoObject] = []
    views: list[View] = []
    maps, answers = [], []
    for start in range(0, len(objects), BATCH_PHOTOS):
        inputs = []
        for obj in objects[start : start + BATCH_PHOTOS]:
            try:
                view = widened_view(obj)
                inputs.append(read_view(obj, view, network.preprocessing.size))
            except PhotoError as error:
                skipped.append(Skipped(str(error.path), error.reason))
                continue
            kept.append(obj)
            views.append(view)
        if inputs:
            found, answer = run(network, layer.name, network.preprocess(np.stack(inputs)))
            maps.append(_small(found))
            answers.append(answer.cpu())
        if tell:
            tell(min(start + BATCH_PHOTOS, len(objects)), len(objects))
    if not kept:
        nothing = torch.zeros(0, layer.channels, layer.height * layer.width)
        return Seen(
            [], [], nothing, torch.zeros(0, 1), Units(*(torch.zeros(0, n) for n in (layer.height, layer.width, 2)))
        )
    units = layer_units(views, layer, network.preprocessing.size)
    return Seen(kept, views, torch.cat(maps), torch.cat(answers).float(), units)


def view_inputs(network: Network, seen: Seen, rows: Sequence[int]) -> Tensor:
    """Some photos again, ready for the network: (m, 3, size, size).

    Raises:
        PhotoError: a photo cannot be read any more.
    """
    size = network.preprocessing.size
    return network.preprocess(np.stack([read_view(seen.objects[row], seen.views[row], size) for row in rows]))


def run(network: Network, layer: str, inputs: Tensor) -> tuple[Tensor, Tensor]:
    """What a layer gives out, (n, C, H, W), and the network's answers, (n, K).

    Raises:
        UsageError: the network cannot be run on it, or does not give one answer for each photo.
    """
    found: list[Tensor] = []
    turned = any(shape.name == layer and shape.channels_last for shape in map_shapes(network))
    handle = network.module.get_submodule(layer).register_forward_hook(partial(_keep, found, turned))
    try:
        with torch.inference_mode():
            answers = answers_of(network, inputs)
    finally:
        handle.remove()
    return found[0], answers


def answers_of(network: Network, inputs: Tensor, module: nn.Module | None = None) -> Tensor:
    """The network's answers, (n, K); `module` is run in its place, where it is given.

    Raises:
        UsageError: the network cannot be run on it, or does not give one answer for each photo.
        EgraphError: the accelerator's memory is full.
    """
    try:
        with torch.inference_mode():
            answer = first_tensor((module or network.module)(inputs))
    except torch.OutOfMemoryError as error:
        raise EgraphError(
            f"The memory of {network.device} is full; stop what else uses it, or take --device cpu."
        ) from error
    except (MemoryError, EgraphError):
        raise
    except Exception as error:  # a user's own network may fail in any way
        raise UsageError(f"{network.name} cannot be run on these photos ({sentence(error)}).") from error
    if answer is None or answer.ndim != 2 or answer.shape[1] < 2:
        raise UsageError(f"{network.name} does not give one class for each photo, so that no answer is right or wrong.")
    return answer.float()


def _keep(found: list[Tensor], turned: bool, _module: nn.Module, _inputs: object, output: Tensor) -> None:
    # a copy: what follows may overwrite it in place
    found.append((output.permute(0, 3, 1, 2) if turned else output).clone())


def _small(maps: Tensor) -> Tensor:
    flat = maps.float().clamp_min(0).flatten(2)
    return (flat.half() if flat.max() <= HALF_LIMIT else flat).cpu()
