"""Separating the patterns that a block of filters mixes: the EM loop, and inference with what it learnt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.contexts import Contexts, known_tilts, learn_contexts, likeness, scores
from egraph.mining.expectation import (
    SEARCHING_PRIOR_MASS,
    Assigned,
    assign_and_choose,
    assign_peaks,
    expected_places,
    inferred_places,
)
from egraph.mining.maximization import updated_places
from egraph.mining.parents import Parents, choose_parents, parent_offsets
from egraph.mining.peaks import Peaks

SIGMAS = (50 / 224, 42.5 / 224, 35 / 224, 35 / 224, 35 / 224)
"""Width of the window at each E-step, in fractions of the crop; the last one is that of inference."""


@dataclass(frozen=True)
class Patterns:
    """What the patterns of d filters learnt. place: (d, N, 2) mu; parents: for d * N patterns; contexts: of (d, N)."""

    place: Tensor
    parents: Parents
    contexts: Contexts

    def without(self, left_out: Tensor) -> "Patterns":
        """The same with some patterns (d, N) bool out of the competition: they stand nowhere."""
        place = torch.where(left_out[..., None], torch.full((), torch.inf, device=self.place.device), self.place)
        return Patterns(place, self.parents, self.contexts)

    def only(self, stays: Tensor) -> tuple["Patterns", Tensor, Tensor]:
        """The patterns that stay (d, N) bool, moved together, so that no work goes to the others.

        Returns:
            patterns, as many per filter as the filter with the most has, number (d, most) that each had before, and
            (d, most) bool: False where a filter has fewer, and there a pattern stands nowhere.
        """
        most = max(1, int(stays.sum(1).max()))
        number = stays.int().argsort(dim=1, descending=True, stable=True)[:, :most]
        row = (torch.arange(len(stays), device=stays.device)[:, None] * stays.shape[1] + number).flatten()
        parents = Parents(self.parents.index[row], self.parents.weight[row], self.parents.gain[row])
        there = stays.gather(1, number)
        place, direction, log_mean = (
            column.flatten(0, 1)[row].unflatten(0, number.shape)
            for column in (self.place, self.contexts.direction, self.contexts.log_mean)
        )
        return Patterns(place, parents, Contexts(direction, log_mean)).without(~there), number, there


def pad_patterns(
    filters: int, filter_: Tensor, number: Tensor, place: Tensor, parents: Parents, contexts: Contexts
) -> tuple[Patterns, Tensor]:
    """The P patterns of a table, the same number for every filter; the missing ones stand nowhere.

    Args:
        filter_, number: (P,) int64. place: (P, 2). parents: of P patterns. contexts: (P, R) and (P,).

    Returns:
        the patterns, and (P,) where each of the table's stands among them, filter by filter.
    """
    per_filter = int(number.max()) + 1 if len(number) else 1
    slot = filter_ * per_filter + number
    slots = filters * per_filter

    def padded(column: Tensor, missing: float = 0) -> Tensor:
        everywhere = column.new_full((slots, *column.shape[1:]), missing)
        everywhere[slot] = column
        return everywhere

    place, direction, log_mean = (
        padded(column, missing).unflatten(0, (filters, per_filter))
        for column, missing in ((place, torch.inf), (contexts.direction, 0.0), (contexts.log_mean, 0.0))
    )
    followed = Parents(padded(parents.index), padded(parents.weight), padded(parents.gain))
    return Patterns(place, followed, Contexts(direction, log_mean)), slot


@dataclass(frozen=True)
class Inferred:
    """Where the patterns are on n photos. expected: (d, N, n, 2); assigned: what they won; tilt: (d, N, K, n) how well
    each peak's context fits."""

    expected: Tensor
    assigned: Assigned
    tilt: Tensor

    def places(self) -> Tensor:
        """p_VI: (d, N, n, 2)."""
        return inferred_places(self.expected, self.assigned)

    def free_places(self) -> Tensor:
        """Places that follow the evidence closely, (d, N, n, 2): the prior weighs as little as while parents are
        sought.

        What they say of one pattern is noisier than its place, but together they tell an object's pose better.
        """
        return inferred_places(self.expected, self.assigned, SEARCHING_PRIOR_MASS)


@dataclass(frozen=True)
class Fits:
    """How d filters' patterns fit the peak that suits each best on each photo, (d, N, n) each. score: w exp(k (m . h -
    1)); likeness: m . h there; peak: uint8, which one it is."""

    score: Tensor
    likeness: Tensor
    peak: Tensor


def mine_patterns(
    start: Tensor,
    peaks: Peaks,
    candidates: Tensor,
    products: tuple[Tensor, Tensor] | None = None,
    sigmas: Sequence[float] = SIGMAS,
    group: Group = ALONE,
) -> Patterns:
    """EM over all photos: places and contexts from the peaks won, parents from the places, window narrowing.

    The first round has neither parents nor contexts: a pattern must have settled before its movement says anything.

    Args:
        start: (d, N, 2) first places.
        candidates: (C, n, 2) displacements of the possible parents from their mean places.
        products: `parent_products(candidates)`, where they are known already.
    """
    filters, patterns, _ = start.shape
    place, offset, parents, tilt = start, None, None, None
    contexts = Contexts.nothing(start)
    for step, sigma in enumerate(sigmas[:-1]):
        expected = expected_places(place, offset, peaks.photos)
        assigned = assign_peaks(expected, peaks, sigma, tilt, windowed=False)
        place = updated_places(place, assigned, group)
        contexts, tilt = learn_contexts(assigned.seen, peaks.values, peaks.contexts, group)
        if step >= 1:
            inferred = inferred_places(expected, assigned, SEARCHING_PRIOR_MASS).flatten(0, 1)
            parents = choose_parents(inferred, assigned.mass.flatten(0, 1), candidates, products, group=group)
            offset = parent_offsets(parents, candidates).unflatten(0, (filters, patterns))
    if parents is None:
        raise ValueError("at least three E-steps are needed: one to settle, one for parents, one to infer")
    return Patterns(place, parents, contexts)


def infer_patterns(patterns: Patterns, peaks: Peaks, candidates: Tensor, sigma: float = SIGMAS[-1]) -> Inferred:
    """One E-step with fixed parameters, for any photos; arguments as in `mine_patterns`. Contexts are not summed."""
    expected, tilt = _expectation(patterns, peaks, candidates)
    # the tilt says already how the contexts fit; their sums would cost a product of matrices for every peak
    unseen = replace(peaks, contexts=peaks.contexts[..., :0])
    return Inferred(expected, assign_peaks(expected, unseen, sigma, tilt), tilt)


def infer_fits(
    patterns: Patterns, peaks: Peaks, candidates: Tensor, sigma: float = SIGMAS[-1]
) -> tuple[Inferred, Fits]:
    """The same with the sums of contexts, and how the patterns fit their best peaks."""
    expected, tilt = _expectation(patterns, peaks, candidates)
    assigned, winners = assign_and_choose(expected, peaks, sigma, tilt)
    chosen = tilt.gather(2, winners.peak[:, :, None].long())[:, :, 0]
    learnt = patterns.contexts
    fits = Fits(scores(winners.fit, learnt), likeness(chosen, learnt), winners.peak)
    return Inferred(expected, assigned, tilt), fits


def _expectation(patterns: Patterns, peaks: Peaks, candidates: Tensor) -> tuple[Tensor, Tensor]:
    """Where patterns are expected, and how well the contexts of the peaks fit them."""
    offset = parent_offsets(patterns.parents, candidates).unflatten(0, patterns.place.shape[:2])
    return expected_places(patterns.place, offset, peaks.photos), known_tilts(patterns.contexts, peaks.contexts)
