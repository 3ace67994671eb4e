"""Findings that were kept in the graph database, in place of those of an earlier diagnosis of the same layer."""

import math
from datetime import UTC, datetime
from typing import Any

from egraph.diagnosing.diagnosis import Diagnosis
from egraph.diagnosing.finding import Finding
from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import COMPLETE, create, hold


def write_findings(database: Database, content: str, found: Diagnosis) -> list[str]:
    """Write all findings of a diagnosis by a graph of this content, the strongest first; their ids.

    Raises:
        RemovedError: the graph is no longer there, complete and with this content.
        DatabaseError: the database failed.
    """
    at = {"graph": found.graph, "layer": found.layer}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    numbered = {f"{found.graph}/{found.layer}/finding/{n}": (n, one) for n, one in enumerate(found.findings, start=1)}

    def work(transaction: Transaction) -> None:
        hold(transaction, found.graph, content, COMPLETE)
        transaction.run("findings/remove", **at)
        for id_, (number, one) in numbered.items():
            properties = at | {"number": number, "created_at": now} | _properties(one)
            create(transaction, "findings/write", 1, id=id_, properties=properties)
            if patterns := list(dict.fromkeys(one.patterns)):
                create(transaction, "findings/names", len(patterns), id=id_, patterns=patterns)

    database.transaction(work)
    return list(numbered)


def _properties(one: Finding) -> dict[str, Any]:
    """What a finding's node carries."""
    figure, trial = one.figures[0], one.decisive
    properties: dict[str, Any] = {
        "kind": str(one.kind),
        "says": one.says,
        "filters": one.filters,
        "photos": one.photos,
        "figure_name": figure.name,
        "figure": figure.value,
        "control_name": figure.control,
        "control": figure.control_value,
        "tried": trial.what,
        "score": trial.score,
        "before": trial.before,
        "after": trial.after,
        "by_chance": trial.control_after,
        "low": trial.low,
        "high": trial.high,
        "matters": one.matters,
        "strength": one.strength,
    }
    # a number that is not known is none
    return {name: value for name, value in properties.items() if not (isinstance(value, float) and math.isnan(value))}
