"""Where on a grid over the object a part is: maps of places, the prior's weight, and the place that a score tells.

Shapes: u = cells * cells places of the grid; maps are (..., u) and sum to 1; places are (row, column) in fractions of
the crop in the canonical view. Widths are fractions of the crop too; they were found in pixels of crops of 224.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

FLOOR = 0.1
"""Share of every map that is even: no place is impossible."""
TEMPERATURE = 0.75
FAR = 44 / 224
MEDIAN_STEPS = 8
MEDIAN_SOFTENING = 5 / 224


@dataclass(frozen=True)
class Surety:
    """How much the place prior weighs, by the margin of the scores: clip(at * (margin_at / margin)^power)."""

    at: float = 0.2
    margin_at: float = 0.85
    power: float = 4.0
    least: float = 0.1
    most: float = 1.5


def gaussian_maps(places: Tensor, grid: Tensor, width: float) -> Tensor:
    """Gaussian maps about places: (..., 2) and (u, 2) give (..., u)."""
    square = (places[..., None, :] - grid).square().sum(-1)
    map_ = torch.exp(square / (-2 * width**2))
    return map_ / map_.sum(-1, keepdim=True).clamp_min(1e-12)


def log_map(map_: Tensor) -> Tensor:
    """log of a map against an even one, with the floor: (..., u)."""
    return (map_ * ((1 - FLOOR) * map_.shape[-1]) + FLOOR).log()


def nearest_units(places: Tensor, grid: Tensor) -> Tensor:
    """The grid's unit nearest to each place: (..., 2) gives (...)."""
    return (places[..., None, :] - grid).square().sum(-1).argmin(-1)


def margin(scores: Tensor, grid: Tensor) -> Tensor:
    """By how much the peak beats the best place far from it, mean over photos: (m, n, u) gives (m,)."""
    far = (grid[:, None] - grid).norm(dim=-1) > FAR
    peak, place = scores.max(-1)
    return (peak - scores.masked_fill(~far[place], -torch.inf).amax(-1)).mean(-1)


def prior_weight(margin_: Tensor, surety: Surety) -> Tensor:
    """Ambiguous scores lean on the place prior: (m,) margins give (m,) weights."""
    ratio = surety.margin_at / margin_.clamp_min(1e-6)
    return (surety.at * ratio**surety.power).clamp(surety.least, surety.most)


def expected_error(score: Tensor, places: Tensor, grid: Tensor) -> Tensor:
    """How far off the model itself expects places (n, 2) to be: the mean distance under softmax(score / temperature) of
    score (n, u), in diagonals of the crop: (n,)."""
    distance = (places[:, None] - grid).norm(dim=-1) / 2**0.5
    error: Tensor = (torch.softmax(score / TEMPERATURE, -1) * distance).sum(-1)
    return error


def median_place(score: Tensor, grid: Tensor) -> Tensor:
    """Geometric median of softmax(score / temperature), the place of least expected distance: (..., 2).

    Weiszfeld's iteration from the mean.
    """
    posterior = torch.softmax(score / TEMPERATURE, -1)
    place = posterior @ grid
    for _ in range(MEDIAN_STEPS):
        distance = ((place[..., None, :] - grid).square().sum(-1) + MEDIAN_SOFTENING**2).sqrt()
        weight = posterior / distance
        place = (weight @ grid) / weight.sum(-1, keepdim=True)
    return place
