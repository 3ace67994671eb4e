"""What a person drew, in the frame of the patterns, and everything that is compared with it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.aog.labels import part_places
from egraph.errors import NothingYetError
from egraph.mining.graph_model import Placed
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject

FEWEST = 4

CLEARLY_ASIDE = 20 / 224
"""A part so far from the crop's middle column tells which way the object faces."""


@dataclass(frozen=True)
class Score:
    """A mean over draws, and the 2.5th and 97.5th percentile of the draws."""

    error: float
    low: float
    high: float

    @classmethod
    def of(cls, draws: Sequence[float]) -> "Score":
        """From one error per draw; NaN draws do not count."""
        values = np.asarray(draws, dtype=np.float64)
        low, high = np.nanpercentile(values, [2.5, 97.5])
        return cls(float(np.nanmean(values)), float(low), float(high))


@dataclass(frozen=True)
class Nodes:
    """Things that have a place on every object, per layer: places (nodes, n, 2) in the canonical view, scores
    (nodes, n)."""

    places: dict[str, Tensor]
    scores: dict[str, Tensor]


@dataclass(frozen=True)
class Labelled:
    """The objects that show a part exactly once, n of them.

    truth: (n, 2) centre of the part, row and column, fractions of the crop in the canonical view. nodes: by method,
    `egraph` and its controls: `no_pose`, the same patterns where their parents and their own evidence put them, without
    what the other patterns tell; `parents_only`, where their parents expect them; `no_evidence`, where they are before
    an object is seen; `still`, the crop's centre; `random`, places drawn anew on every object;
    `raw_filters`, the strongest unit of every filter. orientation: share of the objects whose side is right, of those
    that tell; unmirrored: the same when none is mirrored; both None where none tells.
    """

    truth: Tensor
    nodes: dict[str, Nodes]
    orientation: float | None
    unmirrored: float | None


def compare_with_boxes(placed: Placed, objects: Sequence[PhotoObject], part: str, seed: int = 0) -> Labelled:
    """Bring a part's boxes and the placed patterns together.

    Raises:
        NothingYetError: fewer than four objects show the part exactly once.
    """
    rows = [row for row, o in enumerate(objects) if len(o.parts.get(part, ())) == 1]
    require_enough(len(rows), part)
    truth = part_places([objects[row] for row in rows], part)
    mirrored = torch.from_numpy(placed.mirrored[rows])
    orientation = orientation_share(truth, mirrored)
    unmirrored = orientation_share(truth, torch.zeros_like(mirrored))
    truth = turned_places(truth, mirrored)
    layers = list(placed.places)
    mass = {layer: placed.mass[layer][:, rows] for layer in layers}
    peaks = {layer: placed.peak_scores[layer][:, rows] for layer in layers}
    generator = torch.Generator().manual_seed(seed)
    anywhere = {layer: torch.rand(*mass[layer].shape, 2, generator=generator) for layer in layers}
    nodes = {
        "egraph": Nodes({layer: placed.places[layer][:, rows] for layer in layers}, mass),
        "no_pose": Nodes({layer: placed.alone[layer][:, rows] for layer in layers}, mass),
        "parents_only": Nodes({layer: placed.expected[layer][:, rows] for layer in layers}, mass),
        "no_evidence": Nodes({layer: placed.prior[layer][:, None].expand(-1, len(rows), -1) for layer in layers}, mass),
        "still": Nodes({"centre": torch.full((1, len(rows), 2), 0.5)}, {"centre": torch.ones(1, len(rows))}),
        "random": Nodes(anywhere, mass),
        "raw_filters": Nodes({layer: placed.peaks[layer][:, rows] for layer in layers}, peaks),
    }
    return Labelled(truth, nodes, orientation, unmirrored)


def require_enough(objects: int, part: str) -> None:
    """Refuse to score with too few objects.

    Raises:
        NothingYetError: fewer than four.
    """
    if objects < FEWEST:
        raise NothingYetError(
            f"Only {objects} of the graph's objects show {part!r} exactly once; {FEWEST} are the least to score with."
        )


def orientation_share(truth: Tensor, mirrored: Tensor) -> float | None:
    """Share of objects that stand on the right side in their canonical view, up to one flip of all.

    Only objects whose part is clearly left or right of the middle count; None where none does.

    Args:
        truth: (n, 2) as photographed. mirrored: (n,) bool.
    """
    side = truth[:, 1] - 0.5
    tells = side.abs() > CLEARLY_ASIDE
    if not tells.any():
        return None
    agree = float(((side > 0) == mirrored)[tells].float().mean())
    return max(agree, 1 - agree)
