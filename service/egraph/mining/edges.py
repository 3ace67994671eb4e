"""Edges between patterns of neighbouring conv layers: what fires together and moves together.

Shapes: B lower patterns, C upper candidates, n photos, M edges per lower pattern.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.parents import movement

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
class Partners:
    """Upper patterns, and what of them is the same for every lower one. displacement: (C, n, 2) from the mean place;
    square: (n, C) its square; score: (n, C) standardised; firings: (C,) photos on which they fire."""

    upper: Upper
    displacement: Tensor
    square: Tensor
    score: Tensor
    firings: Tensor

    @classmethod
    def of(cls, upper: Upper, group: Group = ALONE) -> "Partners":
        """Prepare upper patterns to be linked to."""
        photos = group.total(upper.mass.shape[1])
        displacement = upper.places - group.sum(upper.places.sum(1, keepdim=True)) / photos
        score = standardised(upper.mass, group).T.contiguous()
        return cls(upper, displacement, displacement.square().sum(2).T, score, group.sum(upper.fires.sum(1)))


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


def candidate_rank(mass: Tensor, places: Tensor, group: Group = ALONE) -> Tensor:
    """How useful a pattern is to link to: mean evidence times root mean square movement, (B,)."""
    photos = group.total(mass.shape[1])
    mean = group.sum(places.sum(1, keepdim=True)) / photos
    evidence, square = group.sum(torch.stack([mass.sum(1), (places - mean).square().sum((1, 2))]))
    size: Tensor = evidence / photos * (square / photos).sqrt()
    return size


def link(
    places: Tensor, mass: Tensor, fires: Tensor, partners: Partners, count: int = EDGES, group: Group = ALONE
) -> Edges:
    """Choose the `count` upper patterns that fire with and move with each lower one, and measure the relation.

    Affinity = correlation of the scores over the photos times correlation of the displacements, both at least 0:
    a partner must do both. Lift and support count the photos on which both fire.

    Args:
        places: (B, n, 2), mass: (B, n), fires: (B, n) of the lower patterns.
    """
    upper, photos = partners.upper, group.total(mass.shape[1])
    moves = movement(places, mass, partners.displacement, partners.square, group).correlation
    together = group.sum(standardised(mass, group) @ partners.score) / photos
    affinity = moves.clamp_min_(0.0) * together.clamp_min(0.0)
    best, partner = affinity.topk(min(count, affinity.shape[1]), dim=1)
    lower, rank = (best > SMALLEST_AFFINITY).nonzero(as_tuple=True)
    chosen = partner[lower, rank]
    both = fires[lower] & upper.fires[chosen]
    support = group.sum(both.sum(1))
    chance = group.sum(fires.sum(1))[lower].float() * partners.firings[chosen].float() / photos
    mean, sigma = relative_place(places[lower], upper.places[chosen], both.float(), group)
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


def relative_place(lower: Tensor, upper: Tensor, weight: Tensor, group: Group = ALONE) -> tuple[Tensor, Tensor]:
    """Weighted mean (E, 2) and root mean square deviation (E,) of lower minus upper place.

    Args:
        lower, upper: (E, n, 2). weight: (E, n); photos without weight for an edge count all alike.
    """
    total = group.sum(weight.sum(1, keepdim=True))
    weight = torch.where(total > 0, weight / total.clamp_min(1e-30), 1 / group.total(weight.shape[1]))
    dy, dx = (low - up for low, up in zip(lower.unbind(-1), upper.unbind(-1), strict=True))
    mean = group.sum(torch.stack([(weight * dy).sum(1), (weight * dx).sum(1)], 1))
    dy, dx = dy.sub_(mean[:, :1]), dx.sub_(mean[:, 1:])
    return mean, group.sum((weight * dy.square_().addcmul_(dx, dx)).sum(1)).sqrt()


def standardised(rows: Tensor, group: Group = ALONE) -> Tensor:
    """Rows with mean 0 and deviation 1; constant rows become 0."""
    photos = group.total(rows.shape[1])
    centred = rows - group.sum(rows.sum(1, keepdim=True)) / photos
    deviation = (group.sum(centred.square().sum(1, keepdim=True)) / photos).sqrt()
    # the mean of equal numbers is rounded: what it leaves must not count as a deviation
    varies = deviation > CONSTANT * group.largest(rows.abs().amax(1, keepdim=True))
    return torch.where(varies, centred / deviation.clamp_min(1e-9), torch.zeros(()))
