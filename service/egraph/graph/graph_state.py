"""The states of a graph, and what holds a graph in one of them while something is written to it.

    writing -> complete <-> damaged        complete -> outdated        any of them -> deleting -> gone

A graph becomes outdated when an egraph that mines graphs of another format opens the database.

Whether a step is allowed is looked at inside the transaction that takes it, behind the graph's lock. So a removal goes
before whoever writes: what was committed before it is removed, and nothing is committed behind it.
"""

from collections.abc import Sequence
from shlex import quote
from typing import Any

from egraph.errors import EgraphError, NothingYetError
from egraph.graph.connection import Database, Transaction
from egraph.graph.failures import MissingError
from egraph.graph.statements import Statement
from egraph.graph.version import FORMAT

STATES = ("writing", "complete", "damaged", "deleting", "outdated")
WRITING, COMPLETE, DAMAGED, DELETING, OUTDATED = STATES


class RemovedError(EgraphError):
    """A graph was removed, or made anew, while something was written to it."""

    def __init__(self, graph: str) -> None:
        super().__init__(
            f"The graph {graph} was removed, or begun anew, while this was at work on it, and a removal goes first: "
            "nothing more was written; `egraph graph list` shows how it is now."
        )


def outdated(graph: str) -> NothingYetError:
    """The error for a graph that an older egraph mined."""
    return NothingYetError(
        f"The graph {graph} was mined by an older egraph; mine it again: remove it with "
        f"`egraph graph remove {quote(graph)}`, then run `egraph mine` once more."
    )


def hold(transaction: Transaction, graph: str, content: str, *states: str) -> str:
    """Hold a graph as it is until the commit; its state.

    Raises:
        RemovedError: it is not in one of `states`, or its content is another one.
    """
    found = transaction.run("write/hold_graph", graph=graph, content=content, states=list(states))
    if not found:
        raise RemovedError(graph)
    return str(found[0]["state"])


def create(transaction: Transaction, statement: str | Statement, rows: int, /, **parameters: Any) -> None:
    """Run a statement that creates something for each of its rows, and says for how many it did.

    Raises:
        MissingError: for some it did not.
    """
    found = transaction.run(statement, **parameters)
    made = int(found[0]["rows"]) if found else 0
    if made != rows:
        name = statement if isinstance(statement, str) else statement.name
        what = name.partition("/")[2].replace("_", " ")
        raise MissingError(
            f"Of {rows:,} rows of {what} only {made:,} could be written, because what they join is no longer in the "
            "database; none of them was kept. Run the same command again; if it fails again, remove the graph with "
            "`egraph graph remove` and make it anew."
        )


def complete_graph(
    database: Database, graph_id: str, states: Sequence[str] = (COMPLETE,)
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties of a complete graph, and of its network.

    Raises:
        NothingYetError: there is no such graph, it is not complete, or an older egraph mined it.
        DatabaseError: the database failed.
    """
    found = database.read("read/graph", graph=graph_id)
    state = found[0]["graph"]["state"] if found else None
    if state == OUTDATED or (state == COMPLETE and found[0]["graph"].get("format", 1) < FORMAT):
        raise outdated(graph_id)
    if state not in states:
        raise NothingYetError(f"There is no complete graph {graph_id}; `egraph graph list` shows those there are.")
    return dict(found[0]["graph"]), dict(found[0]["network"])


def content_of(database: Database, graph_id: str) -> str:
    """The content of a complete graph, by which a later transaction holds it: to be asked before the graph is read.

    Raises:
        NothingYetError: there is no such graph, or it is not complete.
        DatabaseError: the database failed.
    """
    return str(complete_graph(database, graph_id)[0]["content"])
