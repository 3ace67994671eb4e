"""Whose activation is it: how much of what a filter gives out each of its patterns explains.

On a view, a filter's activation is a heap of mass that lies on the units of its map. It is taken for a mixture of
three kinds: what lies about the places where the filter's patterns are expected on this object, what is scattered
evenly over the object, and what is scattered evenly beside it,

    f(x) = sum over V of share_V N_V(x) + scattered U_on(x) + beside U_off(x).

N_V is a bell about V's place, of the width `reach_V` and that of a unit, which sums to one over the view's units; so do
U_on and U_off. The shares are fitted once for each filter, by EM on the mass of some photos; every unit is then divided
by its posteriors. Class and gradient play no part. Shapes: C filters, P patterns, n views, U units.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.explaining.view import Units

ROUNDS = 24
REACH_EVERY = 6
"""The reach is learnt anew after so many rounds."""

START = (0.3, 0.5, 0.2)
"""Shares of all patterns together, of what is scattered over the object, and of what lies beside it."""

REACH_START = 0.12
REACH_LEAST, REACH_MOST = 0.03, 0.156
"""In fractions of the object's box. The upper one is the window that mining has around a pattern."""

SMALLEST = 1e-12

BLOCK_NUMBERS = 1_000_000
"""Densities that are in memory at once, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class Mixture:
    """What the activation of one layer's filters is made of, on the views that it was fitted on.

    filter: (P,) int64, rising, the filter of each pattern. share: (P,) of its filter's activation. reach: (P,) how far
    about its place a pattern explains activation, a standard deviation in fractions of the object's box. scattered,
    beside: (C,) shares over the object, where no pattern explains it, and beside the object. The shares of a filter
    that was active sum to one; those of one that never was are 0.
    """

    filter: Tensor
    share: Tensor
    reach: Tensor
    scattered: Tensor
    beside: Tensor


@dataclass(frozen=True)
class Responsibilities:
    """Whose each unit of one view is: pattern (P, U), scattered (C, U), beside (C, U). At each unit, those of a
    filter's patterns, scattered and beside sum to one."""

    pattern: Tensor
    scattered: Tensor
    beside: Tensor


def fit_mixture(
    mass: Tensor,
    filter_: Tensor,
    places: Tensor,
    units: Units,
    rounds: int = ROUNDS,
    group: Group = ALONE,
    progress: Callable[[int, int], None] | None = None,
) -> Mixture:
    """Fit the mixture of each filter by EM, a block of filters at a time, for they do not know of each other.

    Args:
        mass: (C, n, U) activation, what is below 0 counting as 0; of any floating type.
        filter_: (P,) rising. places: (P, n, 2) where each pattern is expected in each view, as photographed.
        group: processes that all have the same arguments; the blocks are dealt to them, so that their number changes
            nothing.
        progress: told how many filters are done, and how many there are.
    """
    filters = len(mass)
    spread = _even(units)
    share, reach, even = torch.zeros(len(filter_)), torch.zeros(len(filter_)), torch.zeros(filters, 2)
    blocks = list(_blocks(filter_, filters, mass[0].numel()))
    for some, slots in blocks[group.rank :: group.size]:
        there = slots >= 0
        heap = mass[some].float().clamp_min(0).flatten(1)
        found = _fit_block(heap, there, _at(places, slots), units, spread, rounds)
        share[slots[there]], reach[slots[there]] = found.share[there], found.reach[there]
        even[some] = found.even
        if progress:
            progress(some.stop, filters)
    # each number is 0 in all processes but one
    return Mixture(filter_, group.sum(share), group.sum(reach), *group.sum(even).T.contiguous())


def responsibilities(mixture: Mixture, places: Tensor, units: Units) -> Responsibilities:
    """Divide the units of one view among patterns, scatter and surroundings.

    Where nothing reaches, a unit is scatter if it is on the object, else it is beside it.

    Args:
        places: (P, 2) where each pattern is expected in this view, as photographed. units: of this one view.
    """
    own = mixture.share[:, None] * densities(places[:, None], mixture.reach, units)[:, 0]
    even = torch.stack([mixture.scattered, mixture.beside])[:, :, None] * _even(units)[:, 0][:, None]  # (2, C, U)
    total = even.sum(0).index_add(0, mixture.filter, own)
    even = torch.where(total > SMALLEST, even, (_even(units) > 0).to(even))
    total = torch.where(total > SMALLEST, total, 1.0)
    return Responsibilities(own / total[mixture.filter], *(even / total))


def densities(places: Tensor, reach: Tensor, units: Units) -> Tensor:
    """How likely each unit is for patterns at `places` (..., n, 2) of `reach` (...): (..., n, U), sums to one over U.

    The bell is blurred by the extent of a unit, and cut off at the edges of the view.
    """
    variance = reach[..., None, None].square() + units.size.square() / 12  # (..., n, 2)
    rows, columns = (
        F.softmax(square / (-2 * variance[..., axis, None]), -1) for axis, square in enumerate(_squares(places, units))
    )
    return (rows[..., :, None] * columns[..., None, :]).flatten(-2)


@dataclass(frozen=True)
class _Fitted:
    """Of d filters with N slots for patterns: share, reach (d, N); even (d, 2), scattered and beside."""

    share: Tensor
    reach: Tensor
    even: Tensor


def _fit_block(heap: Tensor, there: Tensor, places: Tensor, units: Units, spread: Tensor, rounds: int) -> _Fitted:
    """EM over a block of filters. heap: (d, n U). there: (d, N) bool. places: (d, N, n, 2). spread: (2, n, U)."""
    total = heap.sum(1, keepdim=True).clamp_min(SMALLEST)
    share = START[0] * there / there.sum(1, keepdim=True).clamp_min(1)
    even = torch.tensor(START[1:]).expand(len(heap), 2)
    reach = torch.full(share.shape, REACH_START)
    flat = spread.flatten(1)
    weight = density = torch.empty(0)
    for step in range(rounds):
        if step % REACH_EVERY == 0:
            if step:
                reach = _learnt_reach(density, weight, places, units)
            density = densities(places, reach, units).flatten(2)  # (d, N, n U)
        expected = torch.baddbmm((even @ flat)[:, None], share[:, None], density)[:, 0]
        weight = heap / expected.clamp_min(SMALLEST)
        share = share * (density @ weight[..., None])[..., 0] / total
        even = even * (weight @ flat.T) / total
    return _Fitted(share, reach, even)


def _learnt_reach(density: Tensor, weight: Tensor, places: Tensor, units: Units) -> Tensor:
    """Root mean square distance, along one axis, of what each pattern wins, without the extent of a unit: (d, N)."""
    rows, columns = _squares(places, units)
    won = density.mul(weight[:, None]).unflatten(2, (len(units.size), -1))  # (d, N, n, U)
    apart = (rows[..., :, None] + columns[..., None, :]).flatten(-2)
    square = (won * apart).sum((2, 3)) / won.sum((2, 3)).clamp_min(SMALLEST) / 2
    reach: Tensor = (square - units.size.square().mean() / 12).clamp(REACH_LEAST**2, REACH_MOST**2).sqrt()
    return reach


def _squares(places: Tensor, units: Units) -> tuple[Tensor, Tensor]:
    """Squared distances of units from places (..., n, 2) along the two axes: (..., n, height) and (..., n, width)."""
    return (units.rows - places[..., :1]).square(), (units.columns - places[..., 1:]).square()


def _even(units: Units) -> Tensor:
    """What lies evenly on the object, and beside it: (2, n, U), each sums to one over U where there is such a unit."""
    on = units.on_object
    kinds = torch.stack([on, ~on]).float()
    return kinds / kinds.sum(2, keepdim=True).clamp_min(1)


def _at(places: Tensor, slots: Tensor) -> Tensor:
    """Places (P, n, 2) of the patterns in slots (d, N): (d, N, n, 2); anything where there is none."""
    if len(places) == 0:
        return places.new_zeros(*slots.shape, *places.shape[1:])
    return places[slots.clamp_min(0)]


def _blocks(filter_: Tensor, filters: int, numbers: int) -> Iterator[tuple[slice, Tensor]]:
    """Filters that are fitted together, and the rows of their patterns: (d, N), -1 where a filter has fewer.

    Args:
        numbers: in the map of a filter over all views.
    """
    count = torch.bincount(filter_, minlength=filters)
    first = count.cumsum(0) - count
    slot = torch.arange(max(1, int(count.max())))
    rows = torch.where(slot < count[:, None], first[:, None] + slot, -1)
    step = max(1, BLOCK_NUMBERS // (len(slot) * numbers))
    for start in range(0, filters, step):
        some = slice(start, min(start + step, filters))
        yield some, rows[some, : max(1, int(count[some].max()))]
