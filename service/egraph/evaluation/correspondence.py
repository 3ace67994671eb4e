"""Carrying labels over to other objects by likeness alone, as a practitioner would with the same network.

Of each label, the units of another object that look like it are searched for on its photo and on the mirror image; the
mean over the labels is the answer. Nothing is mined or learnt. Shapes: n objects, u places of a grid of cells x cells,
F filters of the two top layers side by side (a hypercolumn); views: photo and mirror; places are (row, column) in
fractions of the crop, as photographed.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.aog.maps import nearest_units
from egraph.photos.mirroring import mirror

WINDOW = 2.5
"""Cells: so far along either axis from the most alike unit, units have a say in the place."""
SHARPNESS = 0.05
"""Temperature of the soft argmax over cosines."""
AT_ONCE = 16
"""Objects whose likeness to a label is in memory together."""


def correspondences(features: Tensor, labels: Tensor, places: Tensor, targets: Tensor, grid: Tensor) -> Tensor:
    """Where the labels of m sets are on n objects: the mean over each set's labels, (m, n, 2).

    Args:
        features: (N, 2, u, F) of the objects that labels are on, in both views. labels: (m, K) their rows. places:
            (m, K, 2). targets: (n, 2, u, F). grid: (u, 2).
    """
    known: dict[tuple[float, ...], Tensor] = {}  # sets share labels

    def carried(row: int, place: Tensor) -> Tensor:
        label = (row, *place.tolist())
        if label not in known:
            known[label] = carry(features[row, 0].float(), place, targets, grid)
        return known[label]

    sets = zip(labels.tolist(), places, strict=True)
    return torch.stack([torch.stack([carried(*label) for label in zip(*of, strict=True)]).mean(0) for of in sets])


def carry(source: Tensor, place: Tensor, targets: Tensor, grid: Tensor) -> Tensor:
    """Where one label is on n objects: (n, 2).

    Args:
        source: (u, F) of the labelled photo. place: (2,) of the label. targets: (n, 2, u, F).
    """
    source, unit = F.normalize(source, dim=-1), nearest_units(place, grid)
    found = []
    for views in _blocks(targets):
        alike = torch.einsum("sf,nvtf->nvst", source, views)
        view = mutual_distance(alike).argmin(1)
        chosen = alike[torch.arange(len(views)), view, unit]
        there = window_place(chosen / SHARPNESS, grid)
        found.append(torch.where((view[:, None] == 1) & torch.tensor([False, True]), mirror(there), there))
    return torch.cat(found)


def mutual_distance(alike: Tensor) -> Tensor:
    """1 - cosine, mean over the pairs of units that are each other's nearest: (..., s, t) gives (...)."""
    nearest, back = alike.argmax(-1), alike.argmax(-2)
    mutual = back.gather(-1, nearest) == torch.arange(alike.shape[-2])
    distance = 1 - alike.amax(-1)
    return (distance * mutual).sum(-1) / mutual.sum(-1)


def window_place(score: Tensor, grid: Tensor) -> Tensor:
    """Mean place under the softmax of a score, within a window about its peak: (..., u) gives (..., 2)."""
    reach = WINDOW / len(grid) ** 0.5
    peak = grid[score.argmax(-1)]
    near = ((grid - peak[..., None, :]).abs() < reach).all(-1)
    return torch.softmax(score.masked_fill(~near, -torch.inf), -1) @ grid


def _blocks(targets: Tensor) -> Iterator[Tensor]:
    for block in targets.split(AT_ONCE):
        yield F.normalize(block.float(), dim=-1)
