"""Separating the patterns that a block of filters mixes: the EM loop, and inference with what it learnt."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.expectation import SEARCHING_PRIOR_MASS, Assigned, assign_peaks, expected_places, inferred_places
from egraph.mining.maximization import updated_places
from egraph.mining.parents import Parents, choose_parents, parent_offsets
from egraph.mining.pruning import even_control, even_share

SIGMAS = (50 / 224, 42.5 / 224, 35 / 224, 35 / 224, 35 / 224)
"""Width of the window at each E-step, in fractions of the crop; the last one is that of inference."""


@dataclass(frozen=True)
class Patterns:
    """What the patterns of d filters learnt. place: (d, N, 2) mu; parents: for d * N patterns."""

    place: Tensor
    parents: Parents

    def without(self, left_out: Tensor) -> "Patterns":
        """The same with some patterns (d, N) bool out of the competition: they stand nowhere."""
        place = torch.where(left_out[..., None], torch.full((), torch.inf, device=self.place.device), self.place)
        return Patterns(place, self.parents)

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
        return (
            Patterns(self.place.flatten(0, 1)[row].unflatten(0, number.shape), parents).without(~there),
            number,
            there,
        )


def pad_patterns(
    filters: int, filter_: Tensor, number: Tensor, place: Tensor, parents: Parents
) -> tuple[Patterns, Tensor]:
    """The P patterns of a table, the same number for every filter; the missing ones stand nowhere.

    Args:
        filter_, number: (P,) int64. place: (P, 2). parents: of P patterns.

    Returns:
        the patterns, and (P,) where each of the table's stands among them, filter by filter.
    """
    per_filter = int(number.max()) + 1 if len(number) else 1
    slot = filter_ * per_filter + number
    slots = filters * per_filter
    padded = Parents(*(t.new_zeros(slots, *t.shape[1:]) for t in (parents.index, parents.weight, parents.gain)))
    padded.index[slot], padded.weight[slot], padded.gain[slot] = parents.index, parents.weight, parents.gain
    everywhere = place.new_full((slots, 2), torch.inf)
    everywhere[slot] = place
    return Patterns(everywhere.unflatten(0, (filters, per_filter)), padded), slot


@dataclass(frozen=True)
class Inferred:
    """Where the patterns are on n photos. expected, places: (d, N, n, 2); assigned: what they won; control: (d, N, n)
    what evenly scattered peaks would have given."""

    expected: Tensor
    places: Tensor
    assigned: Assigned
    control: Tensor


def mine_patterns(
    start: Tensor,
    values: Tensor,
    places: Tensor,
    candidates: Tensor,
    products: tuple[Tensor, Tensor] | None = None,
    sigmas: Sequence[float] = SIGMAS,
    group: Group = ALONE,
) -> Patterns:
    """EM over all photos: places from the peaks won, parents from the places, window narrowing.

    The first round has no parents: a pattern must have settled before its movement says anything.

    Args:
        start: (d, N, 2) first places. values: (d, n, K), places: (d, n, K, 2) peaks.
        candidates: (C, n, 2) displacements of the possible parents from their mean places.
        products: `parent_products(candidates)`, where they are known already.
    """
    filters, patterns, _ = start.shape
    photos = values.shape[1]
    place, offset, parents = start, None, None
    for step, sigma in enumerate(sigmas[:-1]):
        expected = expected_places(place, offset, photos)
        assigned = assign_peaks(expected, values, places, sigma, windowed=False)
        place = updated_places(place, assigned, group)
        if step >= 1:
            inferred = inferred_places(expected, assigned, SEARCHING_PRIOR_MASS).flatten(0, 1)
            parents = choose_parents(inferred, assigned.mass.flatten(0, 1), candidates, products, group=group)
            offset = parent_offsets(parents, candidates).unflatten(0, (filters, patterns))
    if parents is None:
        raise ValueError("at least three E-steps are needed: one to settle, one for parents, one to infer")
    return Patterns(place, parents)


def infer_patterns(
    patterns: Patterns,
    values: Tensor,
    places: Tensor,
    candidates: Tensor,
    sigma: float = SIGMAS[-1],
    even: Tensor | None = None,
) -> Inferred:
    """One E-step with fixed parameters; arguments as in `mine_patterns`, for any photos.

    even: (d, N) from `even_share`, where it is known already.
    """
    filters, count, _ = patterns.place.shape
    offset = parent_offsets(patterns.parents, candidates).unflatten(0, (filters, count))
    expected = expected_places(patterns.place, offset, values.shape[1])
    assigned = assign_peaks(expected, values, places, sigma)
    control = even_control(even_share(patterns.place, sigma) if even is None else even, values)
    return Inferred(expected, inferred_places(expected, assigned), assigned, control)


def free_places(inferred: Inferred) -> Tensor:
    """Places that follow the evidence closely, (d, N, n, 2): the prior weighs as little as while parents are sought.

    What they say of one pattern is noisier than its place, but together they tell an object's pose better.
    """
    return inferred_places(inferred.expected, inferred.assigned, SEARCHING_PRIOR_MASS)
