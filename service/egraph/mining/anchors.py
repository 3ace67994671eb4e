"""Anchors: the graph layer above the top conv layer.

An anchor is a pattern whose evidence is a whole template over the filters of the two top layers, so that it follows
a piece of the object where single filters are too ambiguous. Anchors compete for places, and their displacements are
what places the patterns of the conv layers. Shapes: n photos, A anchors, c context channels, u = cells * cells places.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.responses.evidence import grid_places

SIDE = 5
"""Anchors start on a SIDE x SIDE grid."""
ITERATIONS = 8
PLACE_WEIGHT = 0.5
FLOOR = 0.1
"""Share of the place prior that is even: no place is impossible."""
TEMPERATURE = 0.25
COMPETITION_FLOOR = 0.02
START_BLUR = 16 / 224
START_SPREAD = 45 / 224
PLACE_BLUR = 25 / 224

ContextReader = Callable[[], Iterator[Tensor]]
"""Gives the context of all photos in the chosen view, block by block: (photos of the block, u, c)."""


@dataclass(frozen=True)
class Anchors:
    """templates: (A, c). place_map: (A, u), sums to 1. score_mean, score_deviation: (A,) over photos and places."""

    templates: Tensor
    place_map: Tensor
    score_mean: Tensor
    score_deviation: Tensor


@dataclass(frozen=True)
class AnchorPlaces:
    """places: (A, n, 2) row, column in fractions of the crop. peak: (A, n) largest standardised score plus prior."""

    places: Tensor
    peak: Tensor


def mine_anchors(read: ContextReader, cells: int, group: Group = ALONE) -> Anchors:
    """Learn the anchors by EM over all photos.

    E-step: q(x) proportional to exp((S(x) / sd + PLACE_WEIGHT log((1 - FLOOR) u P(x) + FLOOR)) / TEMPERATURE), times
    the anchor's share among all anchors at x. M-step: template and place map are the means under q over the half of
    the photos with the larger peak.
    """
    grid = grid_places(cells)
    start = grid_places(SIDE)
    near = F.normalize(_kernel(start, grid, START_BLUR), p=1, dim=1)
    templates = F.normalize(near @ _mean_context(read, group), dim=1)
    place_map = F.normalize(_kernel(start, grid, START_SPREAD), p=1, dim=1)
    blur = F.normalize(_kernel(grid, grid, PLACE_BLUR), p=1, dim=1)
    for iteration in range(ITERATIONS):
        scores = torch.cat([score_anchors(block, templates) for block in read()], dim=1)
        mean, deviation = _mean_and_deviation(scores, group)
        posterior, peak = anchor_posterior(scores, mean, deviation, place_map, compete=iteration > 0)
        trusted = posterior * (peak >= group.join(peak, 1).median(1, keepdim=True).values)[..., None]
        templates = F.normalize(group.sum(_template_sums(read, trusted)), dim=1)
        mass = group.sum(trusted.sum(1))
        place_map = (mass / mass.sum(1, keepdim=True)) @ blur
    scores = torch.cat([score_anchors(block, templates) for block in read()], dim=1)
    return Anchors(templates, place_map, *_mean_and_deviation(scores, group))


def score_anchors(context: Tensor, templates: Tensor) -> Tensor:
    """Agreement of every place with every template: (n, u, c) and (A, c) give (A, n, u)."""
    return (context @ templates.T).permute(2, 0, 1).contiguous()


def anchor_posterior(
    scores: Tensor, mean: Tensor, deviation: Tensor, place_map: Tensor, compete: bool = True
) -> tuple[Tensor, Tensor]:
    """Where each anchor is on each photo.

    Args:
        scores: (A, n, u); mean, deviation: (A,); place_map: (A, u).

    Returns:
        posterior (A, n, u), sums to 1 over places; peak (A, n) of the exponent.
    """
    prior = (place_map * ((1 - FLOOR) * place_map.shape[1]) + FLOOR).log()
    energy = (scores - mean[:, None, None]) / deviation[:, None, None] + PLACE_WEIGHT * prior[:, None]
    posterior = torch.softmax(energy / TEMPERATURE, dim=2)
    if compete:
        posterior = posterior * (posterior / (posterior.sum(0) + COMPETITION_FLOOR))
        posterior = posterior / posterior.sum(2, keepdim=True).clamp_min(1e-9)
    return posterior, energy.amax(2)


def place_anchors(scores: Tensor, anchors: Anchors) -> AnchorPlaces:
    """Mean place of every anchor under its posterior, from scores (A, n, u)."""
    posterior, peak = anchor_posterior(scores, anchors.score_mean, anchors.score_deviation, anchors.place_map)
    cells = round(scores.shape[2] ** 0.5)
    return AnchorPlaces(posterior @ grid_places(cells).to(scores), peak)


def _mean_and_deviation(scores: Tensor, group: Group) -> tuple[Tensor, Tensor]:
    """Over photos and places: (A, n, u) gives (A,), (A,)."""
    count = group.total(scores.shape[1]) * scores.shape[2]
    mean = group.sum(scores.sum((1, 2))) / count
    square = group.sum((scores - mean[:, None, None]).square_().sum((1, 2)))
    return mean, (square / (count - 1)).sqrt().clamp_min(1e-9)


def _mean_context(read: ContextReader, group: Group) -> Tensor:
    """Mean over photos, about its own mean over places: (u, c)."""
    total, count = torch.zeros(()), 0
    for block in read():
        total, count = total + block.sum(0), count + len(block)
    mean = group.sum(total) / group.total(count)
    return mean - mean.mean(0)


def _template_sums(read: ContextReader, posterior: Tensor) -> Tensor:
    total, row = torch.zeros(()), 0
    for block in read():
        weights = posterior[:, row : row + len(block)].flatten(1)
        total, row = total + weights @ block.flatten(0, 1), row + len(block)
    return total


def _kernel(a: Tensor, b: Tensor, width: float) -> Tensor:
    return torch.exp(-(torch.cdist(a, b) ** 2) / (2 * width**2))
