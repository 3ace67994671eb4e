"""Two things in one filter, or in one pattern: where it fires strongest, the other filters see one thing or another.

The outputs of the other filters at its strongest units, one unit of each photo, are split in two along their first
principal direction. How much of the variance along it the two halves explain says how clearly they are two; numbers
from one bell give some of that, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.diagnosing.case import CARRIERS, Case
from egraph.diagnosing.finding import Figure, Finding, Kind
from egraph.diagnosing.probing import Asked, place_trial
from egraph.diagnosing.seen import Seen
from egraph.diagnosing.show import patterns_at, places_row
from egraph.diagnosing.telling import carriers

PHOTOS = 40
"""Strongest photos of a filter that are looked at."""
FEWEST = 12
SMALLEST = 0.15
"""Share of the photos that the smaller one of two things has."""
QUANTILE = 0.9
"""Only filters that are split more clearly than so many of those looked at are named."""
MOST = 3
TESTED = 6
BELLS = 400
"""Samples of one bell, for the control."""


@dataclass(frozen=True)
class Split:
    """clearness: of the variance along the first direction, what the two halves explain. direction: of the whole
    variance, what lies along it. order: the photos along it; cut: how many belong to the first half."""

    clearness: float
    direction: float
    order: list[int]
    cut: int


def split(vectors: Tensor) -> Split:
    """The best split of vectors (n, C) along their first principal direction."""
    centred = vectors - vectors.mean(0)
    u, s, _ = torch.linalg.svd(centred, full_matrices=False)
    along = u[:, 0] * s[0]
    values, order = along.sort()
    clearness, cut = best_cut(values)
    whole = float(s.square().sum().clamp_min(1e-12))
    return Split(clearness, float(s[0].square()) / whole, order.tolist(), cut)


def best_cut(values: Tensor) -> tuple[float, int]:
    """Of rising values (n,), the share of the variance that two groups explain at best, and the size of the first."""
    n = len(values)
    least = max(1, round(SMALLEST * n))
    count = torch.arange(1, n, dtype=torch.float64)
    total, sums = values.double().sum(), values.double().cumsum(0)[:-1]
    between = count * (n - count) / n**2 * (sums / count - (total - sums) / (n - count)).square()
    between = between[least - 1 : n - least]
    variance = float(values.double().var(correction=0))
    best = int(between.argmax())
    return float(between[best]) / variance if variance > 0 else 0.0, best + least


@cache
def one_bell(count: int) -> float:
    """The clearness that `count` numbers from one bell have at most, in 99 of 100 samples."""
    random = np.random.default_rng(0)
    samples = torch.from_numpy(np.sort(random.standard_normal((BELLS, count)), 1))
    return float(np.quantile([best_cut(sample)[0] for sample in samples], 0.99))


@dataclass(frozen=True)
class Thing:
    """A filter, or one pattern of it, with what it adds to the score, and its strongest places. values, units: (n,) of
    the n photos."""

    name: str
    filter: int
    adds: float
    pattern: str | None
    values: Tensor
    units: Tensor


@dataclass(frozen=True)
class Halved:
    """The strongest photos of one thing, and the units there, split."""

    thing: Thing
    rows: list[int]
    units: list[int]
    split: Split


def two_things(case: Case) -> Iterator[Finding]:
    """Filters, and patterns, that matter and fire on two things."""
    own = case.shown
    if len(own) < FEWEST:
        return
    filters, carried = carriers(case)
    values, units = own.strongest()
    things = [Thing(case.filter_name(f), f, float(carried[f]), None, values[:, f], units[:, f]) for f in filters]
    yield from _clearest(case, own, things, "filters")
    yield from _clearest(case, own, pattern_things(case, own), "patterns")


def pattern_things(case: Case, own: Seen) -> list[Thing]:
    """The patterns that add most to the category's score."""
    directions = case.directions(own)
    filter_ = case.patterns.filter
    adds = torch.zeros(len(filter_))
    values, units = [], []
    for row in range(len(own)):
        part = case.patterns.owners(own, row).pattern
        adds += (part * case.account(own, row, directions[row])[filter_]).sum(1) / len(own)
        strongest = (part * own.maps[row].float()[filter_]).max(1)
        values.append(strongest.values)
        units.append(strongest.indices)
    value, unit = torch.stack(values), torch.stack(units)
    order = adds.argsort(descending=True, stable=True)[:CARRIERS].tolist()
    return [
        Thing(case.patterns.ids[p], int(filter_[p]), float(adds[p]), case.patterns.ids[p], value[:, p], unit[:, p])
        for p in order
        if adds[p] > 0
    ]


def _halved(own: Seen, thing: Thing) -> Halved | None:
    order = thing.values.argsort(descending=True, stable=True)[:PHOTOS].tolist()
    rows = [row for row in order if thing.values[row] > 0]
    if len(rows) < FEWEST:
        return None
    units = thing.units[rows].tolist()
    vectors = torch.stack([own.maps[row][:, unit].float() for row, unit in zip(rows, units, strict=True)])
    # what else is there counts, and not how strongly
    vectors[:, thing.filter] = 0
    return Halved(thing, rows, units, split(F.normalize(vectors, dim=1)))


def _clearest(case: Case, own: Seen, things: Sequence[Thing], kind: str) -> Iterator[Finding]:
    found = [one for one in (_halved(own, thing) for thing in things) if one is not None]
    if not found:
        return
    clear = np.array([one.split.clearness for one in found])
    least, middle = float(np.quantile(clear, QUANTILE)), float(np.median(clear))
    named = [one for one in found if one.split.clearness >= max(least, one_bell(len(one.rows)))]
    named.sort(key=lambda one: -one.split.clearness * one.split.direction)
    for one in named[:MOST]:
        halves = [one.split.order[: one.split.cut], one.split.order[one.split.cut :][::-1]]
        places = [([one.rows[i] for i in half], [one.units[i] for i in half]) for half in halves]
        trials = []
        for name, (rows, units) in zip(("first", "second"), places, strict=True):
            some = rows[:TESTED]
            asked = Asked(own, some, case.directions(own)[some], case.score_name)
            trials.append(place_trial(case, asked, units[:TESTED], f"the {name} thing"))
        patterns = [p for rows, units in places for p in patterns_at(case, own, rows[:8], units[:8], one.thing.filter)]
        clearness = one.split.clearness
        yield Finding(
            Kind.TWO_THINGS,
            f"{one.thing.name} fires on two things ({len(places[0][0])} and {len(places[1][0])} of its "
            f"{len(one.rows)} strongest photos), and adds {one.thing.adds:.2f} to the {case.score_name}.",
            [
                Figure("how clearly they are two", clearness, f"median of the {len(found)} {kind} looked at", middle),
                Figure("the same", clearness, "one bell, 99 of 100", one_bell(len(one.rows))),
            ],
            [case.filter_name(one.thing.filter)],
            [one.thing.pattern] if one.thing.pattern else list(dict.fromkeys(patterns)),
            len(one.rows),
            trials,
            [places_row(f"the {n} thing", own, *place) for n, place in zip(("first", "second"), places, strict=True)],
        )
