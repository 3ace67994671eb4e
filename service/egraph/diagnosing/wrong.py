"""Photos that the network gets wrong, and what pulled its answer there.

The margin of the wrong class over the right one is split exactly among the layer's units. What surrounds the object,
the place on the object that pulls most, and the patterns or filters that pull most are each taken out, and the margin
measured again.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.diagnosing.case import Case
from egraph.diagnosing.finding import Figure, Finding, Kind, Row
from egraph.diagnosing.probing import Asked, place_trial, surroundings_trial
from egraph.diagnosing.scoring import best_accepted, is_right, margin_directions, scores
from egraph.diagnosing.seen import Seen
from egraph.diagnosing.show import SHOWN, places_row, whole_sight
from egraph.diagnosing.silencing import silence_trial
from egraph.diagnosing.surroundings import LEAST_AROUND, around
from egraph.diagnosing.trial import FEWEST, Trial
from egraph.explaining.groups import explained, of_patterns

GROUPS = 6
"""Wrong classes that are looked at: those that most photos were given."""
TESTED = 16
NAMED = 12
"""Filters, and patterns, that are named at most: those that pull most, until together they make up the margin."""
PICTURED = 3


@dataclass(frozen=True)
class Pull:
    """What pulled n photos to a wrong class, beyond the right one. margin: (n,). parts, scatter, beside: (n,) what
    patterns, the rest of the object and its surroundings add to it; rest: what no unit adds. filters: (C,), patterns:
    (P,) what each adds, the mean over the photos. heat: (n, U) what each unit adds."""

    margin: Tensor
    parts: Tensor
    scatter: Tensor
    beside: Tensor
    filters: Tensor
    patterns: Tensor
    heat: Tensor

    @property
    def rest(self) -> Tensor:
        return self.margin - self.parts - self.scatter - self.beside


def pull_of(case: Case, seen: Seen, directions: Tensor) -> Pull:
    """The margins of some photos, split. directions: (n, K)."""
    n, filter_ = len(seen), case.patterns.filter
    parts, scatter, beside, heat = [], [], [], []
    filters, patterns = torch.zeros(case.layer.channels), torch.zeros(len(filter_))
    for row in range(n):
        values, owners = case.account(seen, row, directions[row]), case.patterns.owners(seen, row)
        parts.append((values * explained(owners, filter_)).sum())
        scatter.append((values * owners.scattered).sum())
        beside.append((values * owners.beside).sum())
        pro, contra = of_patterns(owners, filter_, values)
        patterns += (pro + contra) / n
        filters += values.sum(1) / n
        heat.append(values.sum(0))
    margin = scores(seen.answers, directions)
    return Pull(
        margin,
        parts=torch.stack(parts),
        scatter=torch.stack(scatter),
        beside=torch.stack(beside),
        filters=filters,
        patterns=patterns,
        heat=torch.stack(heat),
    )


def wrong_answers(case: Case) -> Iterator[Finding]:
    """One finding for each wrong class that several photos were given, and one for all the other wrong photos."""
    wrong = (~is_right(case.own.answers, case.accepted)).nonzero()[:, 0].tolist()
    groups: dict[int, list[int]] = defaultdict(list)
    for row in wrong:
        groups[int(case.own.answers[row].argmax())].append(row)
    sized = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    large = [(f'"{case.names.name(c)}"', rows) for c, rows in sized[:GROUPS] if len(rows) >= FEWEST]
    rest = [row for _, rows in sized[len(large) :] for row in rows]
    for name, rows in [*large, ("other classes", rest)] if rest else large:
        yield _group(case, name, rows)


def _group(case: Case, name: str, rows: list[int]) -> Finding:
    seen, accepted = case.own.only(rows), [case.accepted[row] for row in rows]
    right = best_accepted(seen.answers, accepted)
    directions = margin_directions(seen.answers.argmax(1), right, seen.answers.shape[1])
    pull = pull_of(case, seen, directions)
    order = pull.margin.argsort(descending=True, stable=True).tolist()
    some = order[:: max(1, len(order) // TESTED)][:TESTED]
    asked = Asked(seen, some, directions[some], "margin of the wrong class", [accepted[row] for row in some])
    on = seen.units.on_object
    place = torch.where(on, pull.heat, -torch.inf).argmax(1)
    trials = [
        place_trial(case, asked, place[some].tolist(), "the place that pulls most", on, "another place of the object")
    ]
    trials += _surroundings(case, asked)
    margin = float(pull.margin.mean())
    filters, best = _most(pull.filters, margin), _most(pull.patterns, margin)
    trials += [_filters(case, asked, filters), _patterns(case, asked, best)]
    names = ", ".join(case.filter_name(f) for f in filters[:PICTURED])
    return Finding(
        Kind.WRONG,
        f"{len(rows)} photos are taken for {name}: of the margin of {margin:.2f}, parts add "
        f"{pull.parts.mean():+.2f}, the rest of the object {pull.scatter.mean():+.2f}, the surroundings "
        f"{pull.beside.mean():+.2f}, the constants {pull.rest.mean():+.2f}. What pulls most: {names}.",
        [
            Figure(
                f"share of the margin from these {len(filters)} filters",
                float(pull.filters[filters].sum()) / margin,
                f"mean of {len(filters)} filters",
                len(filters) * float(pull.filters.mean()) / margin,
            )
        ],
        [case.filter_name(f) for f in filters],
        [case.patterns.ids[p] for p in best],
        len(rows),
        trials,
        [
            places_row("the place that pulls most", seen, order, place[order].tolist()),
            *(_strongest(case, seen, f) for f in filters[:PICTURED]),
            Row("the photos", [whole_sight(seen, row, _words(case, seen, pull, row)) for row in order[:SHOWN]]),
        ],
    )


def _words(case: Case, seen: Seen, pull: Pull, row: int) -> str:
    """What one photo was taken for, and by what."""
    name = case.names.name(int(seen.answers[row].argmax()))
    return (
        f'"{name}" by {pull.margin[row]:.1f}: parts {pull.parts[row]:+.1f}, '
        f"rest of the object {pull.scatter[row]:+.1f}, surroundings {pull.beside[row]:+.1f}"
    )


def _most(adds: Tensor, wanted: float) -> list[int]:
    """Those that pull most, until together they add as much as is wanted, NAMED at most."""
    order = [row for row in adds.argsort(descending=True, stable=True)[:NAMED].tolist() if adds[row] > 0]
    before = adds[order].cumsum(0) - adds[order]
    return [row for row, so_far in zip(order, before.tolist(), strict=True) if so_far < wanted]


def _surroundings(case: Case, asked: Asked) -> list[Trial]:
    """The trial of the surroundings, on the photos that have some."""
    kept = [n for n, row in enumerate(asked.rows) if around(asked.seen, row) >= LEAST_AROUND]
    if not kept:
        return []
    accepted = None if asked.accepted is None else [asked.accepted[n] for n in kept]
    rows = [asked.rows[n] for n in kept]
    return [surroundings_trial(case, Asked(asked.seen, rows, asked.directions[kept], asked.score, accepted))]


def _filters(case: Case, asked: Asked, filters: list[int]) -> Trial:
    share = torch.zeros(asked.seen.maps.shape[1:])
    share[filters] = 1
    return silence_trial(
        case, asked, lambda _row: share, f"the {len(filters)} filters that pull most at their usual value"
    )


def _patterns(case: Case, asked: Asked, patterns: list[int]) -> Trial:
    def share(row: int) -> Tensor:
        units = torch.zeros(asked.seen.maps.shape[1:])
        owned = case.patterns.owners(asked.seen, row).pattern[patterns]
        return units.index_add(0, case.patterns.filter[patterns], owned).clamp_max(1.0)

    return silence_trial(case, asked, share, f"the {len(patterns)} patterns that pull most at their usual value")


def _strongest(case: Case, seen: Seen, filter_: int) -> Row:
    values, units = (found[:, filter_] for found in seen.strongest())
    best = values.argsort(descending=True, stable=True)[:SHOWN].tolist()
    return places_row(f"where {case.filter_name(filter_)} fires", seen, best, units[best].tolist())
