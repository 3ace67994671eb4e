"""Learning a part from a few boxes and all objects that have none: EM over where the part is.

The part's appearance is a weight over filters; its place prior, the places on objects of the same pose and the
appearance agree on a place for every object (E-step, `egraph.aog.energy`), and the surest objects, more of them every
time, teach a better appearance and prior (M-step). m label sets, K labels each, are learnt side by side; n objects, F
filters, P patterns, u places. A filter may count where one of its mined patterns keeps close to the part; that pattern
stands for it in the And-Or graph.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.aog.energy import Surety, bumps, energy, margin, median_place, prior_weight
from egraph.aog.neighbours import neighbour_map, pose_weights
from egraph.aog.pool import Pool

LABEL_SHARE = 0.3
"""Of the labelled appearance in what is learnt."""
ALIKE_WEIGHT = 0.5
"""Of what objects of the same pose show at the labels' places: as much as half a label."""
CONTRAST = 0.6
SELECTED = 0.1
"""Share of the filters that become patterns of the part."""
NEAR_SHARE = 0.5
"""Share of the filters, those whose patterns keep closest to the part, that may be selected."""
TEACHERS = (0.1, 0.2, 0.35, 0.5, 0.7)
"""Share of the unlabelled objects that teach, by iteration: at first the surest few, most of them of the labels' poses,
from which the part's appearance spreads step by step to poses that look otherwise."""
FEWEST_TEACHERS = 12
"""Of few objects, a tenth is too few to tell an appearance from an accident."""
POSTERIOR_TEMPERATURE = 0.25
LABEL_WEIGHT = 5.0
LABEL_WIDTH = 16 / 224
FIRST_PRIOR_WIDTH = 78 / 224
"""Of the place prior about a single label; K labels say where the part is so much better as their mean is surer."""
PRIOR_BLUR = 45 / 224
NEIGHBOUR_BLUR = 20 / 224
TRUST = (10.0, 1.0, 0.1)
"""In the place of the part on an object: labelled, teaching, other."""
SURETY = Surety()
OFFSET_SHRINKAGE = 2.0
OFFSET_REACH = 45 / 224
OFFSET_TEMPERATURE = 0.15


@dataclass(frozen=True)
class LabelSets:
    """m sets of K labelled objects. rows: (m, K) of the pool. places: (m, K, 2) centres of the part."""

    rows: Tensor
    places: Tensor

    def mask(self, objects: int) -> Tensor:
        """(m, n) which objects are labelled."""
        return torch.zeros(len(self.rows), objects, dtype=torch.bool).scatter_(1, self.rows, True)


@dataclass(frozen=True)
class Terms:
    """What the energy is made of; switched off for controls.

    appearance: scores of the part's patterns. neighbours: objects of the same pose. patterns: filters count only where
    a mined pattern keeps close to the part. evidence: patterns stand where their evidence says, not only where their
    parents expect them.
    """

    appearance: bool = True
    neighbours: bool = True
    patterns: bool = True
    evidence: bool = True


ALL_TERMS = Terms()


@dataclass(frozen=True)
class LearntPart:
    """What is learnt of a part from each of m label sets.

    weights: (m, F), length 1, 0 where a filter does not count. patterns: (m, F) row of the pool's pattern that stands
    for each filter. score_mean, score_deviation, prior_weight: (m,). prior: (m, u). offset: (m, 2) from the energy's
    place to the part's centre. places: (m, n, 2) of the part on every object, labels where there are. trust: (m, n).
    score: (m, n) standardised appearance at the place that was found.
    """

    weights: Tensor
    patterns: Tensor
    score_mean: Tensor
    score_deviation: Tensor
    prior_weight: Tensor
    prior: Tensor
    offset: Tensor
    places: Tensor
    trust: Tensor
    score: Tensor


def learn_part(pool: Pool, labels: LabelSets, terms: Terms = ALL_TERMS) -> LearntPart:
    """EM over the objects of a pool, from a few labels; see the module."""
    grid, objects = pool.grid, len(pool.rows)
    labelled = labels.mask(objects)
    label_maps = bumps(labels.places, grid, LABEL_WIDTH)
    pose, places = (pool.pose, pool.places) if terms.evidence else (pool.expected_pose, pool.expected)
    likeness = pose_weights(pose, pose, torch.arange(objects))
    blur = bumps(grid, grid, NEIGHBOUR_BLUR)
    shown = F.normalize(pool.at(_at_label_units(labels, objects, grid)), dim=1)
    if terms.neighbours:
        alike = F.normalize(pool.at(_at_labels_on_alike(labels, label_maps, likeness)), dim=1)
        shown = F.normalize(shown + ALIKE_WEIGHT / labels.rows.shape[1] * alike, dim=1)
    first_prior = bumps(labels.places, grid, FIRST_PRIOR_WIDTH / labels.rows.shape[1] ** 0.5).mean(1)
    allowed = torch.ones_like(shown)
    patterns = torch.zeros(shown.shape, dtype=torch.long)
    weights, prior, near, lean = part_weights(shown, pool, allowed), first_prior, None, None
    for iteration in range(len(TEACHERS) + 1):
        raw = pool.scores(weights)
        mean, deviation = raw.mean((1, 2)), raw.std((1, 2)).clamp_min(1e-9)
        scores = (raw - mean[:, None, None]) / deviation[:, None, None]
        fresh = prior_weight(margin(scores, grid), SURETY)
        lean = fresh if lean is None else (lean * fresh).sqrt()
        if not terms.appearance:
            scores = torch.zeros_like(scores)
        total = energy(scores, prior, lean, near)
        sure = total.amax(2)
        posterior = torch.softmax(total / POSTERIOR_TEMPERATURE, 2)
        teachers = teachers_at(iteration, objects)
        surest = sure.masked_fill(labelled, -torch.inf).topk(teachers, 1).values[:, -1:]
        teaching = (sure >= surest) & ~labelled
        trust = torch.where(labelled, TRUST[0], torch.where(teaching, TRUST[1], TRUST[2]))
        if iteration == len(TEACHERS):
            break
        taught = posterior * teaching[..., None]
        learnt = F.normalize(pool.at(taught), dim=1)
        known = posterior.scatter(1, labels.rows[..., None].expand(-1, -1, len(grid)), label_maps)
        share = LABEL_WEIGHT * labels.rows.shape[1]
        share = share / (share + teachers)
        seen = taught.sum(1)
        prior = share * first_prior + (1 - share) * (seen / seen.sum(1, keepdim=True)) @ bumps(grid, grid, PRIOR_BLUR)
        counts = torch.where(labelled, LABEL_WEIGHT, teaching.float())
        patterns, distance = closest_patterns(places, pool.column, known @ grid, counts, shown.shape[1])
        if terms.patterns:
            near_enough = distance.quantile(NEAR_SHARE, 1, interpolation="lower", keepdim=True)
            allowed = ((distance <= near_enough) & distance.isfinite()).float()
        both = F.normalize(LABEL_SHARE * shown + (1 - LABEL_SHARE) * learnt, dim=1)
        weights = part_weights(both, pool, allowed)
        if terms.neighbours:
            near = neighbour_map(likeness, trust, known) @ blur
    assert lean is not None
    offset = label_offset(total, labels, grid)
    found = median_place(total, grid) + offset[:, None]
    return LearntPart(
        weights=weights,
        patterns=patterns,
        score_mean=mean,
        score_deviation=deviation,
        prior_weight=lean,
        prior=prior,
        offset=offset,
        places=found.scatter(1, labels.rows[..., None].expand(-1, -1, 2), labels.places),
        trust=trust,
        score=scores.gather(2, nearest_units(found, grid)[..., None])[..., 0],
    )


def teachers_at(iteration: int, objects: int) -> int:
    """How many objects teach in an iteration: the share of TEACHERS, at least FEWEST_TEACHERS, as far as there are."""
    share, last = (TEACHERS[min(i, len(TEACHERS) - 1)] for i in (iteration, len(TEACHERS)))
    return max(1, int(share * objects), min(FEWEST_TEACHERS, int(last * objects)))


def part_weights(appearance: Tensor, pool: Pool, allowed: Tensor) -> Tensor:
    """Weights of the filters that make the part stand out: relu(0.6 appearance - mean) / sqrt(deviation), best tenth.

    Args:
        appearance: (m, F) of length 1. allowed: (m, F) 0 or 1.

    Returns:
        (m, F) of length 1.
    """
    excess = (CONTRAST * appearance - pool.evidence_mean).clamp_min(0) / pool.evidence_deviation.sqrt() * allowed
    least = excess.topk(max(1, int(SELECTED * excess.shape[1])), 1).values[:, -1:]
    return F.normalize(torch.where(excess >= least, excess, 0.0), dim=1)


def closest_patterns(
    patterns: Tensor, column: Tensor, places: Tensor, counts: Tensor, filters: int
) -> tuple[Tensor, Tensor]:
    """The pattern of every filter that keeps closest to the part, by the mean square distance over objects.

    Args:
        patterns: (P, n, 2). column: (P,) filter of each. places: (m, n, 2) of the part. counts: (m, n) weights.

    Returns:
        row of the pattern (m, F), -1 where a filter has none; mean square distance (m, F), infinite there.
    """
    share = counts / counts.sum(1, keepdim=True)
    own = share @ patterns.square().sum(2).T
    both = (share[..., None] * places).flatten(1) @ patterns.flatten(1).T
    square = own - 2 * both + (share * places.square().sum(2)).sum(1, keepdim=True)
    best = torch.full((len(places), filters), torch.inf)
    best.scatter_reduce_(1, column.expand(len(places), -1), square, "amin")
    reached = square <= best[:, column]
    rows = torch.where(reached, torch.arange(len(column)), -1)
    index = torch.full((len(places), filters), -1)
    return index.scatter_reduce_(1, column.expand(len(places), -1), rows, "amax"), best


def label_offset(energy_: Tensor, labels: LabelSets, grid: Tensor) -> Tensor:
    """From where the energy peaks near the labels to the labels themselves, shrunk by their number: (m, 2)."""
    labels_of = torch.arange(len(labels.rows))[:, None]
    near = (labels.places[:, :, None] - grid).norm(dim=-1) < OFFSET_REACH
    local = energy_[labels_of, labels.rows].masked_fill(~near, -torch.inf)
    peak = torch.softmax(local / OFFSET_TEMPERATURE, -1) @ grid
    count = labels.rows.shape[1]
    return (labels.places - peak).mean(1) * (count / (count + OFFSET_SHRINKAGE))


def nearest_units(places: Tensor, grid: Tensor) -> Tensor:
    """The grid's unit nearest to each place: (..., 2) gives (...)."""
    return (places[..., None, :] - grid).square().sum(-1).argmin(-1)


def _at_label_units(labels: LabelSets, objects: int, grid: Tensor) -> Tensor:
    """(m, n, u) maps that are 1 on the label's own place of the grid, 0 on objects without a label."""
    units = nearest_units(labels.places, grid)
    maps = torch.zeros(len(labels.rows), objects, len(grid))
    maps[torch.arange(len(units))[:, None], labels.rows, units] = 1.0
    return maps


def _at_labels_on_alike(labels: LabelSets, label_maps: Tensor, likeness: Tensor) -> Tensor:
    """(m, n, u) the labels' places on the objects of the same pose as the labelled ones, by how alike they are.

    Args:
        label_maps: (m, K, u). likeness: (n, n) from `pose_weights`.
    """
    return torch.einsum("mkn,mku->mnu", likeness[labels.rows], label_maps)
