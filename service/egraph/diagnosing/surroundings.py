"""Context that carries the right answer: how much of the score stays when what surrounds the object is gone."""

from collections.abc import Iterator

import torch

from egraph.diagnosing.case import Case
from egraph.diagnosing.finding import Figure, Finding, Kind, Row
from egraph.diagnosing.probing import Asked, place_trial, surroundings_trial
from egraph.diagnosing.scoring import is_right, scores
from egraph.diagnosing.seen import Seen
from egraph.diagnosing.show import SHOWN, places_row, whole_sight

TESTED = 24
TESTED_FILTER = 8
LEAST_AROUND = 0.1
"""Of what the network sees, at least so much must lie beside the object."""
FILTERS = 5


def context(case: Case) -> Iterator[Finding]:
    """What surrounds the object, on photos of the category that are answered rightly: all of it, and the filters that
    add most to the score there."""
    right = is_right(case.shown.answers, [case.classes] * len(case.shown))
    rows = [row for row in range(len(case.shown)) if right[row] and around(case.shown, row) >= LEAST_AROUND]
    if not rows:
        return
    own = case.shown.only(rows)
    directions = case.directions(own)
    beside = torch.zeros(case.layer.channels)
    whole = torch.zeros(case.layer.channels)
    by_photo = []
    for row in range(len(own)):
        values = case.account(own, row, directions[row])
        off = (values * ~own.units.on_object[row]).sum(1)
        beside += off / len(own)
        whole += values.sum(1) / len(own)
        by_photo.append(float(off.sum()))
    order = torch.tensor(by_photo).argsort(descending=True, stable=True).tolist()
    some = order[:: max(1, len(order) // TESTED)][:TESTED]
    total = float(scores(own.answers, directions).mean())
    area = sum(around(own, row) for row in range(len(own))) / len(own)
    yield Finding(
        Kind.CONTEXT,
        f"On {len(own)} photos that are rightly answered, {float(beside.sum()):.2f} of {total:.2f} of the "
        f"{case.score_name} come from what surrounds the {case.category}.",
        [
            Figure(
                "share of the score from the surroundings",
                float(beside.sum()) / total,
                "their share of the picture",
                area,
            )
        ],
        [],
        [],
        len(own),
        [surroundings_trial(case, Asked(own, some, directions[some], case.score_name))],
        [Row("where they add most", [whole_sight(own, row) for row in order[:SHOWN]])],
    )
    for f in beside.argsort(descending=True, stable=True)[:FILTERS].tolist():
        if beside[f] > 0:
            yield _filter_beside(case, own, f, float(beside[f]), float(whole[f]), area)


def _filter_beside(case: Case, own: Seen, filter_: int, beside: float, whole: float, area: float) -> Finding:
    off = ~own.units.on_object
    values = torch.stack([torch.where(off[row], own.maps[row][filter_].float(), -1.0) for row in range(len(own))])
    strongest = values.max(1)
    rows = strongest.values.argsort(descending=True, stable=True)[:TESTED_FILTER].tolist()
    units = strongest.indices[rows].tolist()
    asked = Asked(own, rows, case.directions(own)[rows], case.score_name)
    return Finding(
        Kind.CONTEXT,
        f"{case.filter_name(filter_)} adds {beside:.2f} of its {whole:.2f} to the {case.score_name} beside the "
        f"{case.category}.",
        [Figure("share beside the object", beside / whole if whole else 0.0, "share of the picture", area)],
        [case.filter_name(filter_)],
        [],
        len(own),
        [place_trial(case, asked, units, "where it fires beside the object", off, "another place beside the object")],
        [places_row(f"strongest beside the {case.category}", own, rows, units)],
    )


def around(seen: Seen, row: int) -> float:
    """How much of what the network sees lies beside the object's box."""
    box = seen.views[row].box
    return 1 - box.width * box.height
