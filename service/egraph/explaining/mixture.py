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
from dataclasses import dataclass, field

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.explaining.view import Units

ROUNDS = 9
REACH_EVERY = 3
"""The reach is learnt anew after so many rounds."""

BOLDNESS = 1.7
REACH_BOLDNESS = 2.0
"""Powers of the factors by which a round of EM would change shares, and variances: the same way in fewer rounds. Shares
would still converge below 2; the last round is EM's own."""

START = (0.3, 0.5, 0.2)
"""Shares of all patterns together, of what is scattered over the object, and of what lies beside it."""

REACH_START = 0.12
REACH_LEAST, REACH_MOST = 0.03, 0.156
"""In fractions of the object's box. The upper one is the window that mining has around a pattern."""

SMALLEST = 1e-12

TAIL = 1e-30
"""A bell is nowhere less, in proportion to its peak."""

BLOCK_NUMBERS = 250_000
"""Densities that are in memory at once, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class Mixture:
    """What the activation of one layer's filters is made of, on the views that it was fitted on.

    filter: (P,) int64, rising, the filter of each pattern. share: (P,) of its filter's activation. reach: (P,) how far
    about its place a pattern explains activation, a standard deviation in fractions of the object's box. scattered,
    beside: (C,) shares over the object, where no pattern explains it, and beside the object. The shares of a filter
    that was active sum to one; those of one that never was are 0. background: (P,) mean activation of its filter beside
    the object over that about the pattern's place, or empty where no view has surroundings: 1 is as strong there.
    """

    filter: Tensor
    share: Tensor
    reach: Tensor
    scattered: Tensor
    beside: Tensor
    background: Tensor = field(default_factory=lambda: torch.zeros(0))


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
    share, reach, background = torch.zeros(3, len(filter_))
    even = torch.zeros(filters, 2)
    blocks, done = list(_blocks(filter_, filters, mass[0].numel())), 0
    for some, slots in blocks[group.rank :: group.size]:
        there = slots >= 0
        heap = mass[some].float().clamp_min(0).flatten(1)
        found = _fit_block(heap, there, _at(places, slots), units, spread, rounds)
        rows = slots[there]
        share[rows], reach[rows], background[rows] = found.share[there], found.reach[there], found.background[there]
        even[some] = found.even
        done += len(some) * group.size
        if progress:
            progress(min(done, filters), filters)
    # each number is 0 in all processes but one
    share, reach, background, even = (group.sum(values) for values in (share, reach, background, even))
    surrounded = bool((~units.on_object).any())
    scattered, beside = even.T.contiguous()
    return Mixture(filter_, share, reach, scattered, beside, background[: None if surrounded else 0])


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


@dataclass(frozen=True)
class Tally:
    """What the activation of all filters is made of: shares, and how much likelier its places are than if it were
    scattered evenly over the view, mean log (nats)."""

    explained: float
    scattered: float
    beside: float
    likelihood: float


def tally(mass: Tensor, mixture: Mixture, places: Tensor, units: Units) -> Tally:
    """What the activation on some views is made of by a mixture that was fitted, perhaps on others; as `fit_mixture`
    was given."""
    spread = _even(units).flatten(1)
    sums, log = torch.zeros(3, dtype=torch.float64), 0.0
    for some, slots in _blocks(mixture.filter, len(mass), mass[0].numel()):
        there = slots >= 0
        heap = mass[some].float().clamp_min(0).flatten(1)
        share = mixture.share[slots.clamp_min(0)] * there if len(mixture.share) else torch.zeros(slots.shape)
        reach = mixture.reach[slots.clamp_min(0)] if len(mixture.reach) else torch.ones(slots.shape)
        own = (share[:, None] @ densities(_at(places, slots), reach, units).flatten(2))[:, 0]
        even = torch.stack([mixture.scattered[some], mixture.beside[some]])[..., None] * spread[:, None]  # (2, d, n U)
        expected = (own + even.sum(0)).clamp_min(SMALLEST)
        sums += torch.stack([(heap * kind / expected).sum() for kind in (own, *even)]).double()
        log += float((heap * (expected * mass.shape[2]).log()).sum())
    total = float(sums.sum())
    explained, scattered, beside = (sums / max(total, SMALLEST)).tolist()
    return Tally(explained, scattered, beside, log / max(total, SMALLEST))


def densities(places: Tensor, reach: Tensor, units: Units) -> Tensor:
    """How likely each unit is for patterns at `places` (..., n, 2) of `reach` (...): (..., n, U), sums to one over U.

    The bell is blurred by the extent of a unit, and cut off at the edges of the view.
    """
    variance = reach[..., None, None].square() + units.size.square() / 12  # (..., n, 2)
    bells = (
        square.div_(-2 * variance[..., axis, None]).exp_().add_(TAIL)
        for axis, square in enumerate(_squares(places, units))
    )
    rows, columns = (bell.div_(bell.sum(-1, keepdim=True)) for bell in bells)
    return (rows[..., :, None] * columns[..., None, :]).flatten(-2)


@dataclass(frozen=True)
class _Found:
    """Of d filters with N slots for patterns: share, reach, background (d, N); even (d, 2), scattered and beside."""

    share: Tensor
    reach: Tensor
    even: Tensor
    background: Tensor


def _fit_block(heap: Tensor, there: Tensor, places: Tensor, units: Units, spread: Tensor, rounds: int) -> _Found:
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
                reach = _learnt_reach(reach, density.mul_(weight[:, None]), places, units)
            density = densities(places, reach, units).flatten(2)  # (d, N, n U)
        expected = torch.baddbmm((even @ flat)[:, None], share[:, None], density)[:, 0]
        weight = heap / expected.clamp_min(SMALLEST)
        power = BOLDNESS if step + 1 < rounds else 1
        share = share * ((density @ weight[..., None])[..., 0] / total) ** power
        even = even * (weight @ flat.T / total) ** power
        whole = (share.sum(1) + even.sum(1)).clamp_min(SMALLEST)[:, None]
        share, even = share / whole, even / whole
    return _Found(share, reach, even, _background(heap, density, units, spread))


def _background(heap: Tensor, density: Tensor, units: Units, spread: Tensor) -> Tensor:
    """The mean activation beside the object over that about the patterns, on views that have surroundings: (d, N)."""
    surrounded = (~units.on_object).any(1)
    seen = heap.unflatten(1, (len(surrounded), -1)).mul(surrounded[:, None]).flatten(1)
    about = (density @ seen[..., None])[..., 0]
    ratio: Tensor = (seen @ spread[1].flatten())[:, None] / about.clamp_min(SMALLEST)
    return ratio


def _learnt_reach(reach: Tensor, won: Tensor, places: Tensor, units: Units) -> Tensor:
    """Root mean square distance, along one axis, of what each pattern wins, without the extent of a unit: (d, N).

    Args:
        reach: (d, N) until now. won: (d, N, n U).
    """
    shape = (len(units.size), units.rows.shape[1], units.columns.shape[1])
    axes = won.unflatten(2, shape).sum(-1), won.unflatten(2, shape).sum(-2)  # (d, N, n, height), (d, N, n, width)
    squares = _squares(places, units)
    apart = sum((axis * square).sum((2, 3)) for axis, square in zip(axes, squares, strict=True))
    variance = apart / won.sum(2).clamp_min(SMALLEST) / 2 - units.size.square().mean() / 12
    step = variance.clamp(REACH_LEAST**2, REACH_MOST**2) / reach.square()
    learnt: Tensor = reach * step ** (REACH_BOLDNESS / 2)
    return learnt.clamp(REACH_LEAST, REACH_MOST)


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


def _blocks(filter_: Tensor, filters: int, numbers: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Filters that are fitted together, with about as many patterns each, and the rows of their patterns: (d,) and
    (d, N), -1 where a filter has fewer.

    Args:
        numbers: in the map of a filter over all views.
    """
    count = torch.bincount(filter_, minlength=filters)
    first = count.cumsum(0) - count
    slot = torch.arange(max(1, int(count.max())))
    rows = torch.where(slot < count[:, None], first[:, None] + slot, -1)
    order = count.argsort(stable=True, descending=True)
    start = 0
    while start < filters:
        most = max(1, int(count[order[start]]))
        some = order[start : start + max(1, BLOCK_NUMBERS // (most * numbers))]
        yield some, rows[some, :most]
        start += len(some)
