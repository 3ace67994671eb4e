"""Which filters of a graph mix parts: noted with the graph, so that no page need look at all that lies on its parts.

The note follows from `LIES_ON` of all parts. Each `COVERS` that it rests on is marked, and it names their parts, so
that whoever reads it sees whether one of them was counted anew or went since; then the question is asked as it is.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from egraph.graph.connection import Database, Transaction

NAMED = 40
"""Filters that are named, those that mix most first."""
EQUAL = 1e-8
"""A share equals what chance reaches, which is rounded to fewer digits, if it is less than this below it."""
ALL = 1_000_000
"""More rows than there are filters and parts."""


@dataclass(frozen=True)
class Mixtures:
    """filters: how many mix. beyond_chance: false where nothing lies on its part beyond chance, so that what
    equals it is taken. parts: all that were looked at. patterns: of each of the first `NAMED` filters, a part and the
    pattern of it that lies there, `<layer>/<filter>/<number>`."""

    filters: int
    beyond_chance: bool
    parts: Sequence[str]
    patterns: Sequence[Sequence[tuple[str, str]]]


def read_mixtures(database: Database, graph_id: str, category: str) -> Mixtures:
    """As noted, or counted now where the note is out of date.

    Raises:
        DatabaseError: the database failed.
    """
    return noted(database, graph_id) or _counted(database.read, graph_id, category)


def noted(database: Database, graph_id: str) -> Mixtures | None:
    """What is noted; None where something changed since.

    Raises:
        DatabaseError: the database failed.
    """
    (row,) = database.read("parts/mixtures", graph=graph_id) or [{"mixtures": None}]
    if row["mixtures"] is None or row["waiting"]:
        return None
    found = Mixtures(**json.loads(row["mixtures"]))
    return found if sorted(found.parts) == sorted(row["parts"]) else None


def note_mixtures(database: Database, graph_id: str, category: str) -> None:
    """Note it of a complete graph.

    Raises:
        DatabaseError: the database failed.
    """
    database.transaction(lambda transaction: note_within(transaction, graph_id, category))


def note_within(transaction: Transaction, graph_id: str, category: str) -> None:
    """The same, within a transaction. A graph that is being written is left as it is."""
    if transaction.run("parts/begin_mixtures", graph=graph_id):
        found = _counted(transaction.run, graph_id, category)
        kept = json.dumps(vars(found), ensure_ascii=False)
        transaction.run("parts/note_mixtures", graph=graph_id, mixtures=kept)


def _counted(run: Callable[..., list[dict[str, Any]]], graph_id: str, category: str) -> Mixtures:
    parts = [row["part"] for row in run("parts/covered", graph=graph_id)]
    if len(parts) < 2:
        return Mixtures(0, True, parts, [])
    asked = {"graph": graph_id, "category": category, "layer": None, "share": None, "limit": ALL}
    rows = run("questions/mixed-filters", **asked, allowance=0.0)
    beyond_chance = bool(rows)
    if not beyond_chance:
        rows = run("questions/mixed-filters", **asked, allowance=EQUAL)
    by_filter: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for row in rows:
        label = row["pattern"].removeprefix(f"{graph_id}/")
        by_filter.setdefault((row["layer"], row["filter"]), []).append((row["part"], label))
    return Mixtures(len(by_filter), beyond_chance or not rows, parts, list(by_filter.values())[:NAMED])
