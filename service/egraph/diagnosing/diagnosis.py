"""A whole diagnosis: all findings, and what they were looked for on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from egraph.diagnosing.finding import Finding, Kind
from egraph.photos.photo import Skipped
from egraph.results import Result, data_frame, html_table, plain

if TYPE_CHECKING:
    import pandas

SHOWN = 3
"""Filters that a line names."""
COLUMNS = ["finding", "names", "figure", "control", "tried", "score", "before", "after", "by_chance", "matters"]


@dataclass(frozen=True)
class Diagnosis(Result):
    """What was found, the strongest first. classes: that are right on the category's photos. photos: how many were
    diagnosed, of which `wrong` were answered wrongly; others: how many photos without the category were looked at, by
    what they show. notes: what could not be looked for, and why."""

    graph: str
    category: str
    network: str
    layer: str
    classes: list[str]
    photos: int
    wrong: int
    others: dict[str, int]
    findings: list[Finding]
    notes: list[str]
    skipped: list[Skipped] = field(repr=False)

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __getitem__(self, number: int) -> Finding:
        return self.findings[number]

    def to_json(self) -> dict[str, Any]:
        """For programs: every finding with its figures, trials and places."""
        values = {name: plain(value) for name, value in vars(self).items() if name != "findings"}
        return values | {"findings": [finding_values(one) for one in self.findings]}

    def rows(self) -> list[dict[str, Any]]:
        """One row for each finding, with the trial that showed most."""
        return [finding_row(one) for one in self.findings]

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each finding."""
        return data_frame(self.rows(), COLUMNS)

    def _repr_html_(self) -> str:
        return html_table(COLUMNS, self.rows())


def finding_values(one: Finding) -> dict[str, Any]:
    """A finding for programs."""
    values: dict[str, Any] = plain(one)
    for told, row in zip(values["rows"], one.rows, strict=True):
        told["sights"] = [
            {"photo": str(s.object.path), "object": plain(s.object.box), "x": s.x, "y": s.y, "side": s.side}
            | ({"words": s.words} if s.words else {})
            for s in row.sights
        ]
    trials = [told | {"shown": trial.shown} for told, trial in zip(values["trials"], one.trials, strict=True)]
    return {"kind": str(one.kind), "matters": one.matters, "strength": one.strength} | values | {"trials": trials}


def finding_row(one: Finding) -> dict[str, Any]:
    """A finding in a line."""
    figure, trial = one.figures[0], one.decisive
    return {
        "finding": str(one.kind),
        "names": _named(one),
        "figure": figure.value,
        "control": figure.control_value,
        "tried": trial.what,
        "score": trial.score,
        "before": trial.before,
        "after": trial.after,
        "by_chance": trial.control_after,
        "matters": one.matters,
    }


def _named(one: Finding) -> str:
    """What a finding is about, in a few words."""
    if one.kind is Kind.WRONG:
        return one.says.partition(":")[0]
    named = one.filters or ["everything"]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return f"{', '.join(named[:SHOWN])}{more}"
