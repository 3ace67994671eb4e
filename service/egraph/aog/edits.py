"""What a person changes in an And-Or graph: kept with what stood there before, so that it can be undone exactly.

Version 0 is what was learnt; each edit makes the next one. Nothing else is adapted: the weights of other patterns, the
scale of the score and the confidence's levels stay as they were learnt.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from egraph.aog.storage import AndOrGraphSummary
from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database, Transaction
from egraph.graph.constraints import ensure_schema
from egraph.graph.graph_state import COMPLETE, content_of, create, hold


@dataclass(frozen=True)
class Change:
    """What is done to a pattern: it is dropped, or its weight is set, or the part is moved by (dx, dy) from where the
    pattern put it, in fractions of the object in the canonical view."""

    drop: bool = False
    weight: float | None = None
    move: tuple[float, float] | None = None

    def check(self) -> None:
        """
        Raises:
            UsageError: it changes nothing, or says two things at once, or a number is none.
        """
        numbers = [number for number in (self.weight, *(self.move or ())) if number is not None]
        if self.drop == bool(numbers):
            raise UsageError(
                "Say what to change: drop the pattern, or give its weight, how far to move, or both of these."
            )
        if not all(math.isfinite(number) for number in numbers):
            raise UsageError("A weight, and by how much to move, are finite numbers.")

    def of(self, properties: dict[str, Any]) -> dict[str, Any]:
        """What COMPOSED_OF carries after it; for what is not dropped."""
        changed = dict(properties)
        if self.weight is not None:
            changed["weight"] = float(self.weight)
        if self.move is not None:
            # the response stays: the evidence is then read where the pattern's filter would respond
            changed["dx"] += self.move[0]
            changed["dy"] += self.move[1]
        return changed

    def told(self) -> dict[str, Any]:
        """What of it there is, by name."""
        if self.drop:
            return {"drop": True}
        values = {"weight": self.weight, "move": None if self.move is None else list(self.move)}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Version:
    """An And-Or graph as learnt (number 0), or after an edit: who did what to which pattern in which templates."""

    number: int
    created_at: str
    who: str = ""
    pattern: str = ""
    templates: list[int] = field(default_factory=list)
    change: dict[str, Any] = field(default_factory=dict)


def pattern_id(graph: str, pattern: str) -> str:
    """A pattern's id, from the id itself or from what it ends in: `layer3/58/8`."""
    return pattern if pattern.startswith(f"{graph}/") else f"{graph}/{pattern}"


def edit(
    database: Database, aog: AndOrGraphSummary, pattern: str, change: Change, template: int | None, who: str
) -> tuple[Version, int]:
    """Change a pattern in one template (by its number), or in all that have it, in one transaction.

    Returns:
        The version that this makes, and how many patterns there are now.

    Raises:
        UsageError: the change is none.
        NothingYetError: there is no such pattern in the template, or the And-Or graph was removed meanwhile.
        RemovedError: its graph is no longer there as it was.
        DatabaseError: the database failed; then nothing was changed.
    """
    change.check()
    ensure_schema(database)
    content, full = content_of(database, aog.graph), pattern_id(aog.graph, pattern)

    def work(transaction: Transaction) -> tuple[Version, int]:
        _hold(transaction, aog, content)
        before = {
            row["number"]: row["properties"]
            for row in transaction.run("aog/pattern_in_templates", id=aog.id, pattern=full)
            if template in (None, row["number"])
        }
        if not before:
            where = aog.id if template is None else f"template {template} of {aog.id}"
            raise NothingYetError(f"{pattern} is no pattern of {where}; `egraph aog show --json` lists its patterns.")
        for number, properties in before.items():
            of = {"template": f"{aog.id}/{number}", "pattern": full}
            if change.drop:
                transaction.run("aog/drop_pattern", **of)
            else:
                create(transaction, "aog/put_pattern", 1, **of, properties=change.of(properties))
        made = Version(
            number=len(transaction.run("aog/edits", id=aog.id)) + 1,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            who=who,
            pattern=full,
            templates=list(before),
            change=change.told(),
        )
        kept = {
            "number": made.number,
            "created_at": made.created_at,
            "who": made.who,
            "pattern": made.pattern,
            "change": json.dumps(made.change, sort_keys=True),
            "before": json.dumps(before, sort_keys=True),
        }
        create(transaction, "aog/add_edit", 1, aog=aog.id, id=f"{aog.id}/edit/{made.number}", properties=kept)
        return made, _count(transaction, aog)

    return database.transaction(work)


def restore(database: Database, aog: AndOrGraphSummary, version: int) -> tuple[int, int]:
    """Undo the edits behind a version, the last one first, in one transaction.

    Returns:
        How many were undone, and how many patterns there are now.

    Raises:
        UsageError: there is no such version.
        NothingYetError: the And-Or graph was removed meanwhile.
        RemovedError: its graph is no longer there as it was.
        DatabaseError: the database failed; then nothing was changed.
    """
    ensure_schema(database)
    content = content_of(database, aog.graph)

    def work(transaction: Transaction) -> tuple[int, int]:
        _hold(transaction, aog, content)
        edits = transaction.run("aog/edits", id=aog.id)
        if not 0 <= version <= len(edits):
            last = f"the versions 0 to {len(edits)}" if edits else "the version 0 alone"
            raise UsageError(f"{aog.id} has {last}; `egraph aog show --versions` lists them.")
        undone = edits[version:]
        for row in reversed(undone):
            for number, properties in json.loads(row["before"]).items():
                of = {"template": f"{aog.id}/{number}", "pattern": row["pattern"]}
                create(transaction, "aog/put_pattern", 1, **of, properties=properties)
        transaction.run("aog/remove_edits", id=aog.id, number=version)
        return len(undone), _count(transaction, aog)

    return database.transaction(work)


def versions(database: Database, aog: AndOrGraphSummary) -> list[Version]:
    """As learnt, and after each edit.

    Raises:
        DatabaseError: the database failed.
    """
    return [Version(0, aog.created_at), *_versions(database.read("aog/edits", id=aog.id))]


def _versions(rows: Sequence[dict[str, Any]]) -> list[Version]:
    return [
        Version(
            number=row["number"],
            created_at=row["created_at"],
            who=row["who"],
            pattern=row["pattern"],
            templates=sorted(int(number) for number in json.loads(row["before"])),
            change=json.loads(row["change"]),
        )
        for row in rows
    ]


def _hold(transaction: Transaction, aog: AndOrGraphSummary, content: str) -> None:
    """Hold the explanatory graph and the And-Or graph as they are until the commit, in the order of `write_aog`.

    Raises:
        RemovedError: the graph is no longer there as it was.
        NothingYetError: the And-Or graph is gone, or the graph was mined again.
    """
    hold(transaction, aog.graph, content, COMPLETE)
    if not transaction.run("aog/hold", id=aog.id, content=content):
        raise NothingYetError(f"{aog.id} was removed, or its graph mined again, meanwhile; `egraph aog list` shows it.")


def _count(transaction: Transaction, aog: AndOrGraphSummary) -> int:
    return int(transaction.run("aog/count_patterns", id=aog.id)[0]["patterns"])
