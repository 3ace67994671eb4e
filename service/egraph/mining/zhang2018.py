"""The model of Zhang et al., AAAI 2018, for comparison: patterns that follow patterns of the conv layer above.

P(x | V) = product over the parents of Normal(x; mu_V + u_P, sigma_P^2)^(1 / M), u_P being how far a parent stands from
its mean place: again a Gaussian about c_VI = mu_V + m_VI, times Lambda_VI, which says how well the parents agree. A
pattern without parents has Normal(x; mu_V, START_WIDTH^2). V_none is even. Constants are those of the authors' released
code, in fractions of the crop; its known mistakes are not repeated (docs/mining.md). Shapes as in `expectation`.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.contexts import Contexts
from egraph.mining.edges import Upper
from egraph.mining.expectation import CACHED, Assigned, expected_places
from egraph.mining.parents import Parents
from egraph.mining.patterns import Patterns
from egraph.responses.evidence import grid_places

MODEL = "zhang2018"
ITERATIONS = 20
PARENTS = 15
CANDIDATES = 600
CHOOSE_EVERY = 4
"""Parents are chosen anew at the second iteration and at every fourth behind it."""
START_WIDTH = 0.15
REACH = 0.15
"""A pattern looks no further than this, nor than three of its own deviations, from where it is expected."""
NOISE = 0.1
"""Of the patterns' mean density, summed over a 6 x 6 grid within reach."""
EDGE = 0.1
"""Patterns whose mean place is so near to the crop's border are no parents."""
CONTROL_CELLS = 14
PARAMETERS = {
    "iterations": ITERATIONS,
    "parents": PARENTS,
    "candidates": CANDIDATES,
    "choose_every": CHOOSE_EVERY,
    "start_width": START_WIDTH,
    "reach": REACH,
    "noise": NOISE,
    "edge": EDGE,
}
"""What decides what is mined, for the graph's provenance."""

_GRID = torch.tensor([1.0, 3.0, 5.0]) / 6


@dataclass(frozen=True)
class Above:
    """Possible parents. row: (C,) of the upper table; mean: (C, 2) place; displacement: (C, n, 2) from it;
    spread: (C,)."""

    row: Tensor
    mean: Tensor
    displacement: Tensor
    spread: Tensor

    @classmethod
    def of(cls, upper: Upper, largest: float, group: Group = ALONE) -> "Above":
        """Upper patterns that move more than half of them do, are not at the border, and have most evidence."""
        photos = group.total(upper.mass.shape[1])
        mean = group.sum(upper.places.sum(1)) / photos
        displacement = upper.places - mean[:, None]
        spread = (group.sum(displacement.square().sum((1, 2))) / photos).sqrt()
        inside = ((mean > EDGE) & (mean < 1 - EDGE)).all(1)
        fits = inside & (spread >= spread.median()) if len(spread) else inside
        evidence = group.sum(upper.mass.sum(1)).masked_fill(~fits, -torch.inf)
        best = evidence.topk(min(CANDIDATES, int(fits.sum()))).indices.sort().values
        return cls(upper.row[best], mean[best], displacement[best], clamped(spread[best], largest))

    @classmethod
    def nothing(cls, like: Tensor) -> "Above":
        """What stands above the top layer; `like`: (C, n, 2) of any displacements."""
        none = like[:0]
        return cls(torch.zeros(0, dtype=torch.long, device=like.device), none[:, 0], none, none[:, 0, 0])


@dataclass(frozen=True)
class Prior:
    """Where patterns are expected.

    expected: (d, N, n, 2) c. agreement: (d, N, n) Lambda. level: (d, N) Lambda where the parents agree. width: (d, N).
    reach: (d, N) half the side of the window.
    """

    expected: Tensor
    agreement: Tensor
    level: Tensor
    width: Tensor
    reach: Tensor


@dataclass(frozen=True)
class Placed:
    """places: (d, N, n, 2), the unit with the largest P(x | V) v, or c where none is within reach.

    score: (d, N, n) sum of P(x | V) v. log_likelihood: (d, n) sum of v log(sum over V of P(x | V) + tau).
    assigned: mass and pull of r v, with r = P(x | V) / (sum over the filter's patterns + tau).
    """

    places: Tensor
    peak: Tensor
    best: Tensor
    score: Tensor
    log_likelihood: Tensor
    assigned: Assigned


def largest_spread(patterns: int) -> float:
    """Patterns of a filter, evenly over the crop, stand so far apart: (fraction of the crop)."""
    return float(patterns**-0.5)


def clamped(spread: Tensor, largest: float) -> Tensor:
    """Deviations, none larger than `largest` or smaller than a tenth of it."""
    return spread.clamp(largest / 10, largest)


def prior(place: Tensor, spread: Tensor, parents: Parents, displacement: Tensor, widths: Tensor) -> Prior:
    """Multiply the parents' Gaussians.

    Args:
        place: (d, N, 2). spread: (d, N) of the patterns themselves. parents: of d N patterns, M each, or 0.
        displacement: (C, n, 2). widths: (C,) the parents' own.
    """
    shape, count = place.shape[:2], parents.index.shape[1]
    photos = displacement.shape[1]
    reach = (3 * spread).clamp(max=REACH)
    if count == 0:
        expected = place[:, :, None].expand(-1, -1, photos, -1)
        width = torch.full_like(spread, START_WIDTH)
        even = (2 * math.pi * width.square()).reciprocal()
        return Prior(expected, even[..., None].expand(-1, -1, photos), even, width, reach)
    precision = widths.square().reciprocal()[parents.index] / count
    total = precision.sum(1, keepdim=True)
    mixing = torch.zeros(len(precision), len(displacement), dtype=place.dtype, device=place.device)
    mixing.scatter_(1, parents.index, precision)
    row, column = displacement.unbind(-1)
    mean_row, mean_column = mixing @ row / total, mixing @ column / total
    square = mixing @ (row.square() + column.square())
    apart = (square - total * (mean_row.square() + mean_column.square())).clamp_min(0.0)
    level = (2 * math.pi * widths.square()).log()[parents.index].mean(1).neg().exp()
    agreement = (-0.5 * apart).exp() * level[:, None]
    offset = torch.stack([mean_row, mean_column]).unflatten(1, shape).permute(1, 2, 3, 0)
    expected = expected_places(place, offset, photos)
    agreement, level, width = (t.unflatten(0, shape) for t in (agreement, level, total[:, 0].rsqrt()))
    return Prior(expected, agreement, level, width, reach)


def noise_density(expect: Prior) -> Tensor:
    """tau of every filter: (d,). It is taken where the parents agree, so that it is the same for every photo."""
    offsets = expect.reach[..., None] * _GRID.to(expect.reach)
    along = 2 * (-0.5 * (offsets / expect.width[..., None]).square()).exp().sum(2)
    return NOISE * (expect.level * along.square()).mean(1)


def place_units(expect: Prior, values: Tensor, places: Tensor) -> Placed:
    """E-step over the units of every map that were kept."""
    row, column = expect.expected.unbind(-1)
    mass, pull_y, pull_x, score, best = (torch.zeros_like(row) for _ in range(5))
    best_y, best_x = row.clone(), column.clone()
    chosen = torch.zeros_like(row, dtype=torch.uint8)
    reach, scale = expect.reach[..., None], (-0.5 / expect.width.square())[..., None]
    tau = noise_density(expect)[:, None, None]
    likelihood = torch.zeros_like(row[:, 0])
    for peak in range(values.shape[2]):
        evidence, y, x = (t[:, None, :, peak] for t in (values, *places.unbind(-1)))
        dy, dx = y - row, x - column
        near = (dy.abs() <= reach) & (dx.abs() <= reach)
        density = (dy * dy).addcmul_(dx, dx).mul_(scale).exp_().mul_(expect.agreement).mul_(near)
        explained = density.sum(1, keepdim=True) + tau
        likelihood += (evidence * explained.log())[:, 0]
        found = density * evidence
        weight = found / explained
        mass += weight
        pull_y.addcmul_(weight, dy)
        pull_x.addcmul_(weight, dx)
        score += found
        better = found > best
        best = torch.where(better, found, best)
        chosen.masked_fill_(better, peak)
        best_y, best_x = torch.where(better, y, best_y), torch.where(better, x, best_x)
    pull = torch.stack([pull_y, pull_x]).permute(1, 2, 3, 0)
    assigned = Assigned(mass, pull, mass.new_zeros(*mass.shape[:2], 0), likelihood.sum(1))
    return Placed(torch.stack([best_y, best_x]).permute(1, 2, 3, 0), chosen, best, score, likelihood, assigned)


def choose_parents(places: Tensor, score: Tensor, above: Above, group: Group = ALONE, count: int = PARENTS) -> Parents:
    """The candidates whose displacement vectors are most alike: largest sum over photos of
    score exp(-|u_V - u_P|^2 / 2 m), m being the mean of |u_V - u_P|^2 over all candidates and photos.

    Args:
        places: (B, n, 2). score: (B, n).
    """
    photos, theirs = group.total(places.shape[1]), above.displacement
    moved = places - group.sum(places.sum(1, keepdim=True)) / photos
    square = group.sum(moved.square().sum((1, 2)) + theirs.square().sum() / max(1, len(theirs)))
    square = square - 2 * group.sum((moved * theirs.mean(0)).sum((1, 2))) if len(theirs) else square
    scale = -0.5 / (square / photos).clamp_min(1e-9)[:, None, None]
    affinity = places.new_zeros(len(places), len(theirs))
    step = max(1, CACHED // max(1, score.numel()))
    own_row, own_column = (c.contiguous()[:, None] for c in moved.unbind(-1))
    row, column = (c.contiguous() for c in theirs.unbind(-1))
    for start in range(0, len(theirs), step):
        some = slice(start, start + step)
        dy, dx = own_row - row[some], own_column - column[some]
        alike = dy.square_().addcmul_(dx, dx).mul_(scale).exp_()
        affinity[:, some] = (alike @ score[:, :, None])[..., 0]
    index = group.sum(affinity).topk(min(count, len(theirs)), dim=1).indices
    return weighted(index, above.spread)


def weighted(index: Tensor, widths: Tensor) -> Parents:
    """Parents (B, M) that count by their precision."""
    precision = widths.square().reciprocal()[index]
    gain = torch.full((len(index),), float(index.shape[1] > 0), device=index.device)
    return Parents(index, precision / precision.sum(1, keepdim=True).clamp_min(1e-9), gain)


def mine_patterns(
    start: Tensor, values: Tensor, places: Tensor, above: Above, group: Group = ALONE
) -> tuple[Patterns, Prior, Placed]:
    """EM: mu by gradient steps, spreads and parents from the inferred places.

    Args:
        start: (d, N, 2). values: (d, n, K), places: (d, n, K, 2). above: nothing for the top layer.

    Returns:
        what was learnt, parents being rows of `above`, and the last E-step.
    """
    filters, count, _ = start.shape
    largest = largest_spread(count)
    place, spread = start, torch.full(start.shape[:2], START_WIDTH, device=start.device)
    parents = weighted(torch.zeros(filters * count, 0, dtype=torch.long, device=start.device), above.spread)
    for iteration in range(1, ITERATIONS + 1):
        expect = prior(place, spread, parents, above.displacement, above.spread)
        found = place_units(expect, values, places)
        step = (expect.width.amin(1) / iteration**0.25).square()[:, None] / expect.width.square()
        won = group.sum(torch.cat([found.assigned.mass.sum(2)[..., None], found.assigned.pull.sum(2)], -1))
        place = (place + step[..., None] * won[..., 1:] / won[..., :1].clamp_min(1e-9)).clamp(0.0, 1.0)
        spread = clamped(deviation(found.places, group), largest)
        if len(above.row) and iteration % CHOOSE_EVERY == 2:
            parents = choose_parents(found.places.flatten(0, 1), found.score.flatten(0, 1), above, group)
    expect = prior(place, spread, parents, above.displacement, above.spread)
    return Patterns(place, parents, Contexts.nothing(place)), expect, place_units(expect, values, places)


def deviation(places: Tensor, group: Group = ALONE) -> Tensor:
    """Root mean square distance from the mean place: (..., n, 2) give (...)."""
    photos = group.total(places.shape[-2])
    mean = group.sum(places.sum(-2, keepdim=True)) / photos
    return (group.sum((places - mean).square().sum((-2, -1))) / photos).sqrt()


def even_share(place: Tensor, expect: Prior) -> Tensor:
    """Share of a filter's evidence that each pattern would win if its peaks were scattered evenly over the crop:
    (d, N)."""
    apart = grid_places(CONTROL_CELLS).to(place) - place[:, :, None]
    near = (apart.abs() <= expect.reach[..., None, None]).all(-1)
    density = (-0.5 * apart.square().sum(-1) / expect.width.square()[..., None]).exp() * expect.level[..., None] * near
    return (density / (density.sum(1, keepdim=True) + noise_density(expect)[:, None, None])).mean(2)
