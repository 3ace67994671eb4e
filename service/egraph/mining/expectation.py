"""E-step: which peak belongs to which pattern of the filter, and where each pattern is on each photo.

Shapes: d filters, N patterns per filter, n photos, K peaks per map. Places are (row, column) in fractions of the
crop. A pattern that is left out has an infinite place.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

NOISE = 0.1
"""tau: the share of the noise component V_none in the responsibilities (eq. 3 of the AAAI 2018 paper)."""

PRIOR_MASS = 1.0
"""kappa: evidence that weighs as much as the expected place."""

SEARCHING_PRIOR_MASS = 0.075
"""The same while parents are sought: there a pattern must show how it moves on its own."""


@dataclass(frozen=True)
class Assigned:
    """Evidence that the patterns won. mass: (d, N, n), sum of weights; pull: (d, N, n, 2), sum of weight times
    displacement of the peak from the expected place; log_likelihood: (d,), sum over photos and peaks of
    v log(sum over patterns of g + NOISE)."""

    mass: Tensor
    pull: Tensor
    log_likelihood: Tensor


def expected_places(place: Tensor, offset: Tensor | None, photos: int) -> Tensor:
    """c_VI = mu_V + m_VI: (d, N, 2) and the parents' offset (d, N, n, 2), or None before there are parents."""
    spread = place[:, :, None]
    return spread.expand(-1, -1, photos, -1) if offset is None else spread + offset


def assign_peaks(expected: Tensor, values: Tensor, places: Tensor, sigma: float) -> Assigned:
    """Share the peaks out among the patterns of a filter.

    g = exp(-|x - c|^2 / 2 sigma^2); responsibility r = g / (sum over the filter's patterns of g + NOISE); weight
    w = g r v. The window g in the weight keeps a peak that no pattern explains from pulling the nearest one away.

    Args:
        expected: (d, N, n, 2) c_VI.
        values: (d, n, K) evidence v of the peaks.
        places: (d, n, K, 2) their places x.
        sigma: width of the window, in fractions of the crop.
    """
    dy = places[:, None, ..., 0] - expected[..., 0:1]
    dx = places[:, None, ..., 1] - expected[..., 1:2]
    window = (dy * dy).addcmul_(dx, dx).mul_(-0.5 / sigma**2).exp_()
    explained = window.sum(1) + NOISE
    weight = window.square_().mul_((values / explained)[:, None])
    pull = torch.stack([(weight * dy).sum(-1), (weight * dx).sum(-1)], -1)
    return Assigned(weight.sum(-1), pull, (values * explained.log()).sum((1, 2)))


def inferred_places(expected: Tensor, assigned: Assigned, prior_mass: float = PRIOR_MASS) -> Tensor:
    """p_VI = c_VI + pull / (mass + prior_mass): (d, N, n, 2); without evidence a pattern stays where it is expected."""
    return expected + assigned.pull / (assigned.mass + prior_mass)[..., None]
