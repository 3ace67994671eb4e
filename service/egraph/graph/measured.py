"""What was measured of a graph, kept with it: every figure beside its controls. It is no part of what was mined."""

import json
from collections.abc import Sequence

from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import COMPLETE, content_of, hold

Value = float | int | str | None
Row = tuple[str, Value, str, Value]
"""A figure's name, its value, a control's name, its value."""


def keep_measured(database: Database, graph_id: str, task: str, rows: Sequence[Row]) -> None:
    """Keep the figures of a task with a complete graph, in place of earlier ones of the same task.

    Raises:
        NothingYetError: there is no such graph, or it is not complete.
        DatabaseError: the database failed.
    """
    content = content_of(database, graph_id)

    def work(transaction: Transaction) -> None:
        hold(transaction, graph_id, content, COMPLETE)
        (kept,) = transaction.run("measured/read", graph=graph_id)
        by_task = json.loads(kept["figures"] or "{}") | {task: [list(row) for row in rows]}
        transaction.run("measured/keep", graph=graph_id, figures=json.dumps(by_task, ensure_ascii=False))

    database.transaction(work)


def measured_of(figures: str | None) -> list[Row]:
    """The kept figures, from the property of the graph: task by task, the first kept first."""
    return [
        (name, value, control, of) for rows in json.loads(figures or "{}").values() for name, value, control, of in rows
    ]
