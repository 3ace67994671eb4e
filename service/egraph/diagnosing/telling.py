"""Filters that fire as strongly where the object is not: one thing that is taken for another.

A filter that adds much to the category's score should tell photos with the object from photos without it. How well its
strongest unit does is the area under the curve (AUC): 1 always, 0.5 not at all.
"""

from collections.abc import Iterator

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from egraph.diagnosing.case import CARRIERS, Case
from egraph.diagnosing.finding import Figure, Finding, Kind
from egraph.diagnosing.probing import Asked, place_trial
from egraph.diagnosing.show import patterns_at, places_row

WEAK = 0.6
"""A filter with a smaller AUC does not tell."""
TOP = 20
"""Strongest photos of which some are without the object."""
TESTED = 8
"""Photos on which a finding is tested, those where the filter fires strongest."""
MOST = 5
"""Findings for each kind of other photos."""


def auc(own: Tensor, others: Tensor) -> Tensor:
    """How likely a photo of `own` (n, C) has a larger value than one of `others` (m, C), ties counting half: (C,)."""
    n, m = len(own), len(others)
    ranks = torch.from_numpy(np.asarray(rankdata(torch.cat([own, others]).numpy(), axis=0)))
    area: Tensor = (ranks[:n].sum(0) - n * (n + 1) / 2) / (n * m)
    return area


def strongest_without(own: Tensor, others: Tensor, top: int = TOP) -> Tensor:
    """Of a filter's `top` strongest photos, the share that are `others`, as if there were as many of both: (C,).

    Args:
        own: (n, C). others: (m, C). As many are taken of each as the smaller number, spread evenly.
    """
    count = min(len(own), len(others))
    both = torch.cat([some[np.linspace(0, len(some) - 1, count).astype(int)] for some in (own, others)])
    first = both.topk(min(top, len(both)), 0).indices
    return (first >= count).float().mean(0)


def carriers(case: Case) -> tuple[list[int], Tensor]:
    """The filters that add most to the category's score on photos of it, the strongest first, and (C,) what each
    adds."""
    carried = case.carried(case.shown, range(len(case.shown)), case.directions(case.shown)).mean(0)
    order = carried.argsort(descending=True, stable=True)[:CARRIERS].tolist()
    return [f for f in order if carried[f] > 0], carried


def fires_elsewhere(case: Case) -> Iterator[Finding]:
    """Filters that matter and do not tell the category from other photos."""
    own = case.shown
    filters, carried = carriers(case)
    at_own = own.strongest(on_object=True)
    for name, others in case.others.items():
        at_others = others.strongest()
        told, without = auc(at_own[0], at_others[0]), strongest_without(at_own[0], at_others[0])
        usual = float(told[filters].median())
        weak = [f for f in filters if told[f] < WEAK or without[f] >= 0.5]
        for f in weak[:MOST]:
            rows = at_others[0][:, f].argsort(descending=True, stable=True)[:TESTED].tolist()
            units = at_others[1][rows, f].tolist()
            asked = Asked(others, rows, case.directions(others)[rows], case.score_name)
            best = at_own[0][:, f].argsort(descending=True, stable=True)[:TESTED].tolist()
            best_units = at_own[1][best, f].tolist()
            yield Finding(
                Kind.ELSEWHERE,
                f"{case.filter_name(f)} adds {float(carried[f]):.2f} to the {case.score_name}, and fires as strongly "
                f"on {name}.",
                [
                    Figure("AUC", float(told[f]), f"median of the {len(filters)} filters that add most", usual),
                    Figure(
                        f"of its {TOP} strongest photos without it",
                        float(without[f]),
                        "the same median",
                        float(without[filters].median()),
                    ),
                ],
                [case.filter_name(f)],
                patterns_at(case, own, best, best_units, f),
                len(others),
                [place_trial(case, asked, units, f"where it fires on {name}")],
                [
                    places_row(f"strongest on {case.category}", own, best, best_units),
                    places_row(f"strongest on {name}", others, rows, units),
                ],
            )
