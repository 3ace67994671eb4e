"""Edges between patterns of neighbouring conv layers: what fires together beyond chance, and what stands steadily.

Two patterns are partners where all of these are sure, at a false discovery rate of `FALSE_DISCOVERIES`:

* they fire together **more often** than chance: on more photos than two patterns that fire on so many each would share
  (hypergeometric);
* they fire together **more strongly**: their scores correlate over the photos (Fisher's z);
* they correlate **more than their places explain**: more than one common cause of everything at the upper one's place
  would have it. The pose and size of the whole object make all patterns at two places correlate.

Looked at are the upper patterns within `reach`, one unit of the upper map: what a unit computes is felt by few units
farther away. Shapes: B lower patterns, C upper candidates, n photos, E edges.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group

EDGES = 10
"""The most edges from a pattern to the layer above."""

CANDIDATES = 4096
"""Upper patterns that may be linked to: the ones with most evidence that also move."""

FALSE_DISCOVERIES = 0.05
"""Share of the edges that may be there by chance (Benjamini and Hochberg, over all pairs of a lower pattern)."""

PEERS = 4
"""Upper patterns at the place of a partner whose displacements say how steady a random pair there is."""

STEADY = 2.33
"""A displacement must be steadier than that of random pairs by so many deviations: 1 % of random pairs are."""

FEWEST_TOGETHER = 3
"""Photos on which both must fire before a displacement can be steady."""

SMALLEST_COMMON = 0.01
"""Mean correlation of the patterns at one place below which they have hardly a cause in common."""

TIE = 1e-4
"""Of pairs that fire together equally often, the one that does so more strongly comes first by this share."""

CONSTANT = 1e-6
"""Scores whose deviation is a smaller share of the largest one are all the same."""

CERTAIN = 1 - 1e-6
"""The largest correlation that is believed."""


@dataclass(frozen=True)
class Upper:
    """Upper patterns on the photos. row: (C,) rows of their table; places: (C, n, 2); mass: (C, n); fires: (C, n);
    reach: how far a partner may stand, in fractions of the crop."""

    row: Tensor
    places: Tensor
    mass: Tensor
    fires: Tensor
    reach: float


@dataclass(frozen=True)
class Partners:
    """Upper patterns, and what of them is the same for every lower one. mean: (C, 2) place. score: (n, C) standardised
    strengths; raw: (n, C) standardised scores. fires: (n, C); firings: (C,) photos on which they fire. cell: (C,) where
    they stand on a grid of `reach`; members: (cells,) how many stand there; place_weight: (C,) see
    `place_weights`. peers: (C, PEERS) others of the same cell, the pattern itself where there are none."""

    upper: Upper
    mean: Tensor
    score: Tensor
    raw: Tensor
    fires: Tensor
    firings: Tensor
    cell: Tensor
    members: Tensor
    place_weight: Tensor
    peers: Tensor

    @classmethod
    def of(cls, upper: Upper, group: Group = ALONE) -> "Partners":
        """Prepare upper patterns to be linked to."""
        mean = mean_places(upper.places, group)
        cell = cells(mean, upper.reach)
        fires = upper.fires.float()
        members = torch.zeros(side(upper.reach) ** 2, device=cell.device).index_add_(0, cell, fires.new_ones(len(cell)))
        score = standardised(strengths(upper.mass, group), group)
        return cls(
            upper=upper,
            mean=mean,
            score=score.T.contiguous(),
            raw=standardised(upper.mass, group).T.contiguous(),
            fires=fires.T.contiguous(),
            firings=group.sum(fires.sum(1)),
            cell=cell,
            members=members,
            place_weight=place_weights(score, cell, members, group),
            peers=peers(cell, members, PEERS),
        )


@dataclass(frozen=True)
class Edges:
    """E edges. lower: (E,) 0..B-1; upper: (E,) rows of the upper table; steady: (E,) bool, the displacement is steadier
    than that of random pairs at the same places; the rest (E,), see `CoActivations` and `Displacements`; support int64.
    """

    lower: Tensor
    upper: Tensor
    strength: Tensor
    lift: Tensor
    support: Tensor
    dy: Tensor
    dx: Tensor
    sigma: Tensor
    steady: Tensor

    @classmethod
    def none(cls, device: torch.device | None = None) -> "Edges":
        """No edge."""
        number, whole = torch.zeros(0, device=device), torch.zeros(0, dtype=torch.long, device=device)
        return cls(whole, whole, number, number, whole, number, number, number, whole.bool())


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
    """The surest partners of each lower pattern, at most `count`, perhaps none, and how they relate.

    Args:
        places: (B, n, 2), mass: (B, n), fires: (B, n) of the lower patterns.
    """
    sure, near, both = certainty(places, mass, fires, partners, group)
    best, partner = sure.masked_fill(~near, -torch.inf).topk(min(count, sure.shape[1]), dim=1)
    lower, rank = discoveries(best, near.sum(1)).nonzero(as_tuple=True)
    if not len(lower):
        return Edges.none(mass.device)
    chosen = partner[lower, rank]
    photos = group.total(mass.shape[1])
    firings = group.sum(fires.float().sum(1))
    support = both[lower, chosen]
    chance = firings[lower] * partners.firings[chosen] / photos
    raw = standardised(mass, group)
    edges = Edges(
        lower=lower,
        upper=partners.upper.row[chosen],
        strength=group.sum((raw[lower] * partners.raw.T[chosen]).sum(1)) / photos,
        lift=support / chance.clamp_min(1e-9),
        support=support.round().long(),
        dy=support,
        dx=support,
        sigma=support,
        steady=lower >= 0,
    )
    return displaced(edges, places, fires, chosen, partners, group)


def certainty(
    places: Tensor, mass: Tensor, fires: Tensor, partners: Partners, group: Group = ALONE
) -> tuple[Tensor, Tensor, Tensor]:
    """How sure it is that two patterns are partners, in deviations, for all pairs: the least of the three demands.

    Returns:
        (B, C) deviations; (B, C) bool, near enough to be looked at; (B, C) photos on which both fire.
    """
    photos = group.total(mass.shape[1])
    mine = standardised(strengths(mass, group), group)
    both, correlation = group.sum(torch.stack([fires.float() @ partners.fires, mine @ partners.score]))
    correlation /= photos
    often = excess(both, group.sum(fires.float().sum(1)), partners.firings, photos)
    strong = fisher(correlation, photos)
    beyond = strong - fisher(by_place(correlation, partners), photos)
    sure = torch.minimum(torch.minimum(often, strong), beyond).add_(strong, alpha=TIE)
    near = torch.cdist(mean_places(places, group), partners.mean) <= partners.upper.reach
    return sure, near, both


def by_place(correlation: Tensor, partners: Partners) -> Tensor:
    """The correlation that the upper pattern's place explains, for all pairs: (B, C).

    If the strengths at that place had one cause in common (the pose, the size of the whole object), a lower pattern p
    and an upper one q would correlate by r_p r_q / r: the mean correlations of each with the others there, over that of
    the others with each other (Spearman's tetrads). Nothing is explained where there are no two others.

    Args:
        correlation: (B, C) of the strengths.
    """
    sums = torch.zeros(len(correlation), len(partners.members), device=correlation.device)
    sums = sums.index_add_(1, partners.cell, correlation)[:, partners.cell]
    return (sums - correlation).mul_(partners.place_weight).clamp_(-CERTAIN, CERTAIN)


def place_weights(score: Tensor, cell: Tensor, members: Tensor, group: Group = ALONE) -> Tensor:
    """What a pattern's summed correlation with the others in an upper pattern's cell is multiplied with to give
    `by_place`, r_q / (r others): (C,).

    Args:
        score: (C, n) standardised.
    """
    sums = torch.zeros(len(members), score.shape[1], device=score.device).index_add_(0, cell, score)
    rest = sums[cell] - score
    square, product = group.sum(torch.stack([rest.square().sum(1), (rest * score).sum(1)]))
    photos, others = group.total(score.shape[1]), members[cell] - 1
    each, own = product / photos / others.clamp_min(1), group.sum(score.square().sum(1)) / photos
    pairs = (others * (others - 1)).clamp_min(1)
    among = ((square / photos - others * own.clamp_max(1)) / pairs).clamp_min(SMALLEST_COMMON)
    return torch.where(others > 1, each / among / others.clamp_min(1), 0.0)


def excess(both: Tensor, firings: Tensor, theirs: Tensor, photos: int) -> Tensor:
    """By how many deviations two patterns fire together more often than chance, (B, C).

    Chance: on which photos one fires says nothing of the other. Then `both` is hypergeometric, with the mean
    a b / n and the variance a b (n - a) (n - b) / (n^2 (n - 1)). Half a photo is taken off, because photos are counted.

    Args:
        both: (B, C), firings: (B,), theirs: (C,) photos on which both, the lower and the upper patterns fire.
    """
    one, other = firings[:, None], theirs[None]
    mean = one * other / photos
    variance = mean * (1 - one / photos) * (1 - other / photos) * (photos / max(1, photos - 1))
    return torch.where(variance > 0, (both - mean - 0.5) / variance.clamp_min(1e-9).sqrt(), torch.zeros(()))


def fisher(correlation: Tensor, photos: int) -> Tensor:
    """A correlation in deviations of its chance: atanh(r) sqrt(n - 3)."""
    return correlation.clamp(-CERTAIN, CERTAIN).atanh() * float(max(photos - 3, 0) ** 0.5)


def discoveries(best: Tensor, looked_at: Tensor, rate: float = FALSE_DISCOVERIES) -> Tensor:
    """Which of the surest pairs hold (Benjamini and Hochberg): (B, k) bool.

    The k-th surest pair and all before it hold where its chance is at most rate k / pairs that were looked at.

    Args:
        best: (B, k) deviations, falling. looked_at: (B,).
    """
    chance: Tensor = torch.special.ndtr(-best.double())
    rank = torch.arange(1, best.shape[1] + 1, device=best.device)
    holds: Tensor = (chance * looked_at[:, None] <= rate * rank).flip(1).cummax(1).values.flip(1)
    return holds & (best > -torch.inf)


def displaced(
    edges: Edges, places: Tensor, fires: Tensor, chosen: Tensor, partners: Partners, group: Group = ALONE
) -> Edges:
    """The same edges with the displacement of each, over the photos on which both fire, and whether it is steady.

    Random pairs are those of the lower pattern with upper ones at the same place, pooled; two variances of 2 (n - 1)
    numbers differ in their logarithm by sqrt(1 / (n - 1) + 1 / (m - 1)) by chance.

    Args:
        chosen: (E,) the candidates that the edges lead to.
    """
    mine, mine_fire = places[edges.lower], fires[edges.lower]

    def apart(candidates: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        both = (mine_fire & partners.upper.fires[candidates]).float()
        return *relative_place(mine, partners.upper.places[candidates], both, group), group.sum(both.sum(1))

    mean, sigma, count = apart(chosen)
    squares, photos = torch.zeros_like(sigma), torch.zeros_like(sigma)
    for peer in partners.peers[chosen].unbind(1):
        _, theirs, together = apart(peer)
        counts = (peer != chosen) & (together >= FEWEST_TOGETHER)
        squares += torch.where(counts, theirs.square() * together, 0.0)
        photos += torch.where(counts, together - 1, 0.0)
    own = sigma.square() * count / (count - 1).clamp_min(1)
    ratio = squares / photos.clamp_min(1) / own.clamp_min(1e-12)
    spread = (1 / (count - 1).clamp_min(1) + 1 / photos.clamp_min(1)).sqrt()
    steady = (count >= FEWEST_TOGETHER) & (photos > 0) & (ratio.clamp_min(1e-12).log() >= STEADY * spread)
    return replace(edges, dy=mean[:, 0], dx=mean[:, 1], sigma=sigma, steady=steady)


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


def strengths(mass: Tensor, group: Group = ALONE) -> Tensor:
    """log(1 + mass / mean mass), (B, n): a few photos with much evidence must not decide a correlation."""
    mean = group.sum(mass.sum(1, keepdim=True)) / group.total(mass.shape[1])
    return (mass / mean.clamp_min(1e-9)).log1p_()


def standardised(rows: Tensor, group: Group = ALONE) -> Tensor:
    """Rows with mean 0 and deviation 1; constant rows become 0."""
    photos = group.total(rows.shape[1])
    centred = rows - group.sum(rows.sum(1, keepdim=True)) / photos
    deviation = (group.sum(centred.square().sum(1, keepdim=True)) / photos).sqrt()
    # the mean of equal numbers is rounded: what it leaves must not count as a deviation
    varies = deviation > CONSTANT * group.largest(rows.abs().amax(1, keepdim=True))
    return torch.where(varies, centred / deviation.clamp_min(1e-9), torch.zeros(()))


def mean_places(places: Tensor, group: Group = ALONE) -> Tensor:
    """(B, n, 2) gives (B, 2)."""
    return group.sum(places.sum(1)) / group.total(places.shape[1])


def cells(place: Tensor, width: float) -> Tensor:
    """The cell of a grid over the crop in which each place lies, (C,) int64; places beyond the crop count to its edge.

    Args:
        place: (C, 2). width: of a cell, in fractions of the crop.
    """
    count = side(width)
    row, column = (place * count).long().clamp_(0, count - 1).unbind(1)
    return row * count + column


def side(width: float) -> int:
    """How many cells of this width the crop has along each axis."""
    return max(1, round(1 / width))


def peers(cell: Tensor, members: Tensor, count: int) -> Tensor:
    """For each of C patterns, `count` others of its cell, in a fixed order: (C, count), itself where there are none.

    Args:
        cell: (C,). members: (cells,) how many patterns are in each.
    """
    order = cell.argsort(stable=True)
    sizes = members.long()[cell[order]]
    first = torch.searchsorted(cell[order].contiguous(), cell[order].contiguous())
    within = torch.arange(len(cell), device=cell.device) - first
    found = torch.empty(len(cell), count, dtype=torch.long, device=cell.device)
    for step in range(count):
        # the next ones round the cell, each once
        follower = torch.where(step + 1 < sizes, (within + step + 1) % sizes, within)
        found[order, step] = order[first + follower]
    return found
