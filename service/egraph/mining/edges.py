"""Edges between patterns of neighbouring conv layers: what fires together and moves together.

Shapes: B lower patterns, C upper candidates, n photos, M edges per lower pattern.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.mining.parents import displacement_correlation

EDGES = 5
"""Edges from a pattern to the layer above."""

CANDIDATES = 2048
"""Upper patterns that may be linked to: the ones with most evidence that also move."""

SMALLEST_AFFINITY = 0.01

CONSTANT = 1e-6
"""Scores whose deviation is a smaller share of the largest one are all the same."""


@dataclass(frozen=True)
class Upper:
    """Upper patterns on the photos. row: (C,) rows of their table; places: (C, n, 2); mass: (C, n); fires: (C, n)."""

    row: Tensor
    places: Tensor
    mass: Tensor
    fires: Tensor


@dataclass(frozen=True)
class Edges:
    """E edges. lower: (E,) 0..B-1; upper: (E,) rows of the upper table; the rest (E,), see `CoActivations` and
    `Displacements`; support int64."""

    lower: Tensor
    upper: Tensor
    strength: Tensor
    lift: Tensor
    support: Tensor
    dy: Tensor
    dx: Tensor
    sigma: Tensor


def candidate_rank(mass: Tensor, places: Tensor) -> Tensor:
    """How useful a pattern is to link to: mean evidence times root mean square movement, (B,)."""
    movement = (places - places.mean(1, keepdim=True)).square().sum(2).mean(1).sqrt()
    return mass.mean(1) * movement


def link(places: Tensor, mass: Tensor, fires: Tensor, upper: Upper, count: int = EDGES) -> Edges:
    """Choose the `count` upper patterns that fire with and move with each lower one, and measure the relation.

    Affinity = correlation of the scores over the photos times correlation of the displacements, both at least 0:
    a partner must do both. Lift and support count the photos on which both fire.

    Args:
        places: (B, n, 2), mass: (B, n), fires: (B, n) of the lower patterns.
    """
    moves, _, _ = displacement_correlation(places, mass, upper.places - upper.places.mean(1, keepdim=True))
    together = standardised(mass) @ standardised(upper.mass).T / mass.shape[1]
    affinity = moves.clamp_min(0.0) * together.clamp_min(0.0)
    best, partner = affinity.topk(min(count, affinity.shape[1]), dim=1)
    lower, rank = (best > SMALLEST_AFFINITY).nonzero(as_tuple=True)
    chosen = partner[lower, rank]
    both = fires[lower] & upper.fires[chosen]
    support = both.sum(1)
    chance = fires.sum(1)[lower].float() * upper.fires.sum(1)[chosen].float() / mass.shape[1]
    mean, sigma = relative_place(places[lower], upper.places[chosen], both.float())
    return Edges(
        lower=lower,
        upper=upper.row[chosen],
        strength=together[lower, chosen],
        lift=support.float() / chance.clamp_min(1e-9),
        support=support,
        dy=mean[:, 0],
        dx=mean[:, 1],
        sigma=sigma,
    )


def relative_place(lower: Tensor, upper: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean (E, 2) and root mean square deviation (E,) of lower minus upper place.

    Args:
        lower, upper: (E, n, 2). weight: (E, n); photos without weight for an edge count all alike.
    """
    weight = torch.where(weight.sum(1, keepdim=True) > 0, weight, torch.ones_like(weight))
    weight = weight / weight.sum(1, keepdim=True)
    difference = lower - upper
    mean = (weight[..., None] * difference).sum(1)
    deviation = (weight * (difference - mean[:, None]).square().sum(2)).sum(1).sqrt()
    return mean, deviation


def standardised(rows: Tensor) -> Tensor:
    """Rows with mean 0 and deviation 1; constant rows become 0."""
    centred = rows - rows.mean(1, keepdim=True)
    deviation = centred.square().mean(1, keepdim=True).sqrt()
    # the mean of equal numbers is rounded: what it leaves must not count as a deviation
    varies = deviation > CONSTANT * rows.abs().amax(1, keepdim=True)
    return torch.where(varies, centred / deviation.clamp_min(1e-9), torch.zeros(()))
