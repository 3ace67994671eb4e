"""What two categories share, and what tells them apart."""

from collections.abc import Iterator

import torch
from torch import Tensor

from egraph.diagnosing.case import Case
from egraph.diagnosing.finding import Figure, Finding, Kind
from egraph.diagnosing.probing import Asked
from egraph.diagnosing.scoring import class_directions, margin_directions, scores
from egraph.diagnosing.seen import Seen
from egraph.diagnosing.show import patterns_at, places_row
from egraph.diagnosing.silencing import silence_trial
from egraph.diagnosing.telling import auc, carriers

FILTERS = 10
TESTED = 12
"""Photos of the category on which the filters are silenced."""


def between_categories(case: Case, categories: dict[str, Seen]) -> Iterator[Finding]:
    """For each other category, the filters that both share and those that tell them apart.

    Args:
        categories: photos of other categories, by name.
    """
    own = case.shown
    for name, others in categories.items():
        other_class = int(others.answers.argmax(1).mode().values)
        if other_class != case.class_:
            yield _apart(case, own, name, others, other_class)
        yield _shared(case, own, name, others)


def _apart(case: Case, own: Seen, name: str, others: Seen, other_class: int) -> Finding:
    count = own.answers.shape[1]
    over, under = torch.tensor([case.class_]), torch.tensor([other_class])
    direction = margin_directions(over, under, count)[0]
    ours, theirs = (case.carried(seen, range(len(seen)), direction.expand(len(seen), -1)) for seen in (own, others))
    difference = ours.mean(0) - theirs.mean(0)
    filters = difference.argsort(descending=True, stable=True)[:FILTERS].tolist()
    told = auc(own.strongest()[0], others.strongest()[0])
    margin = f'"{case.names.name(case.class_)}" over "{case.names.name(other_class)}"'
    apart = (
        scores(own.answers, direction.expand(len(own), -1)).mean()
        - scores(others.answers, direction.expand(len(others), -1)).mean()
    )
    return _silenced(
        case,
        own,
        Kind.APART,
        filters,
        direction,
        margin,
        f"{FILTERS} filters make {float(difference[filters].sum()):.2f} of the {float(apart):.2f} by which {margin} "
        f"is larger on {case.category} than on {name}.",
        Figure(
            "mean AUC of these filters",
            float(told[filters].mean()),
            f"{FILTERS} filters at random",
            float(told[_random(case, len(told))].mean()),
        ),
        others,
        name,
    )


def _shared(case: Case, own: Seen, name: str, others: Seen) -> Finding:
    """The filters that add most to the category's score and fire as strongly on the other one."""
    filters, carried = carriers(case)
    told = auc(own.strongest()[0], others.strongest()[0])
    shared = sorted(filters, key=lambda f: abs(float(told[f]) - 0.5))[:FILTERS]
    direction = class_directions(torch.tensor([case.class_]), own.answers.shape[1])[0]
    return _silenced(
        case,
        own,
        Kind.SHARED,
        shared,
        direction,
        case.score_name,
        f"{len(shared)} filters that add {float(carried[shared].sum()):.2f} to the {case.score_name} fire as strongly "
        f"on {name}.",
        Figure(
            "mean AUC of these filters",
            float(told[shared].mean()),
            f"the {len(filters)} filters that add most",
            float(told[filters].mean()),
        ),
        others,
        name,
    )


def _silenced(
    case: Case,
    own: Seen,
    kind: Kind,
    filters: list[int],
    direction: Tensor,
    score: str,
    says: str,
    figure: Figure,
    others: Seen,
    name: str,
) -> Finding:
    share = torch.zeros(own.maps.shape[1:])
    share[filters] = 1
    some = list(range(0, len(own), max(1, len(own) // TESTED)))[:TESTED]
    asked = Asked(own, some, direction.expand(len(some), -1), score)
    rows = []
    patterns: list[str] = []
    for f in filters[:2]:
        for title, seen in ((case.category, own), (name, others)):
            values, units = (found[:, f] for found in seen.strongest())
            best = values.argsort(descending=True, stable=True)[:8].tolist()
            rows.append(places_row(f"{case.filter_name(f)} on {title}", seen, best, units[best].tolist()))
            if seen is own:
                patterns += patterns_at(case, own, best, units[best].tolist(), f)
    return Finding(
        kind,
        says,
        [figure],
        [case.filter_name(f) for f in filters],
        list(dict.fromkeys(patterns)),
        len(own) + len(others),
        [silence_trial(case, asked, lambda _row: share, f"these {len(filters)} filters at their usual value")],
        rows,
    )


def _random(case: Case, filters: int) -> list[int]:
    drawn: list[int] = case.random.permutation(filters)[:FILTERS].tolist()
    return drawn
