"""Whether the database still holds what was written: counted, and compared with the hashes that were kept.

A graph keeps a hash of what was mined but its firings (`structure`), and for each of its objects one of the firings
there, which change when an object is labelled. A damaged graph is named, and asked by nobody.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from egraph.errors import EgraphError, NothingYetError
from egraph.graph.connection import Database, Transaction
from egraph.graph.content_hash import CHECKED, content_hash, firings_checksum
from egraph.graph.failures import AwayError, FullError
from egraph.graph.graph_state import COMPLETE, DAMAGED, hold
from egraph.graph.graphs import graphs
from egraph.graph.read import read_graph
from egraph.graph.schema import PAIRS
from egraph.progress import Progress, report

OBJECTS = 200
"""Objects whose firings are read at once."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """One graph; `damage` says what is wrong, or is None; `hashed` unless an earlier egraph wrote it without hashes."""

    graph: str
    damage: str | None
    hashed: bool


def check_graphs(database: Database, progress: Progress | None = None) -> list[Checked]:
    """Look at every graph that is written, and let those that are damaged be asked no more; a mended one is again.

    Raises:
        DatabaseError: the database does not answer.
    """
    written = [graph for graph in graphs(database) if graph.state in (COMPLETE, DAMAGED)]
    found = []
    for number, graph in enumerate(written):
        report(progress, "checking graphs", number, len(written))
        try:
            checked = check_graph(database, graph.id)
        except NothingYetError:
            # Somebody removes it, or makes it anew.
            continue
        found.append(checked)
        if (state := DAMAGED if checked.damage else COMPLETE) != graph.state:
            _note(database, graph.id, state)
    report(progress, "checking graphs", len(written), len(written))
    return found


def warn(checked: Sequence[Checked]) -> None:
    """Name the graphs that are damaged."""
    for one in checked:
        if one.damage:
            log.warning("%s", sentence(one))


def sentence(checked: Checked) -> str:
    """What is wrong with a damaged graph, and what to do."""
    return (
        f"The graph {checked.graph} is damaged ({checked.damage}), so that nothing asks it any more; bring a backup "
        f"back with `egraph db restore`, or type `egraph graph remove {checked.graph}` and mine it again."
    )


def check_graph(database: Database, graph_id: str) -> Checked:
    """Count and compare one graph.

    Raises:
        NothingYetError: it is no longer there.
        DatabaseError: the database does not answer.
    """
    kept = database.read("read/graph", graph=graph_id)
    if not kept or kept[0]["graph"]["state"] not in (COMPLETE, DAMAGED):
        raise NothingYetError(f"There is no complete graph {graph_id}; `egraph graph list` shows those there are.")
    graph = kept[0]["graph"]
    hashed = "structure" in graph
    try:
        return Checked(graph_id, _damage(database, graph), hashed)
    except (AwayError, FullError):
        raise
    # what is left of a damaged graph can be anything
    except (EgraphError, ValueError, TypeError, LookupError) as error:
        now = database.read("read/graph", graph=graph_id)
        if not now or now[0]["graph"]["state"] != graph["state"]:
            raise NothingYetError(
                f"The graph {graph_id} was removed while it was read; run the command again."
            ) from error
        reason = str(error) if isinstance(error, EgraphError) else "what is left of it cannot be read"
        return Checked(graph_id, reason.rstrip("."), hashed)


def _damage(database: Database, graph: dict[str, Any]) -> str | None:
    mined = read_graph(database, graph["id"], states=(COMPLETE, DAMAGED))
    meant = json.loads(graph["edges"])
    for pair in PAIRS:
        there = sum(len(edges.source) for edges in getattr(mined, str(pair.table)))
        if there != meant[pair.type]:
            return f"{there:,} of {meant[pair.type]:,} {pair.type} are there"
    if "structure" not in graph:
        return None
    if content_hash(replace(mined, firings=[], peaks=[])) != graph["structure"]:
        return "it does not have the content that was written"
    rows = database.read("read/firings_checksums", graph=graph["id"])
    checksums = {row["object"]: row["firings"] for row in rows}
    ids = sorted(checksums)
    damaged = 0
    for start in range(0, len(ids), OBJECTS):
        some = ids[start : start + OBJECTS]
        answer = database.read("read/firings", graph=graph["id"], objects=some)
        firings = {row["object"]: row["firings"] for row in answer}
        damaged += sum(_checksum(firings.get(object_id, [])) != checksums[object_id] for object_id in some)
    return f"the firings on {damaged:,} of {len(ids):,} objects are not those that were written" if damaged else None


def _checksum(rows: list[list[Any]]) -> int:
    """Of the firings on one object, from rows of layer, filter, number and the columns CHECKED."""
    names = np.array([f"{layer}/{filter_}/{number}" for layer, filter_, number, *_ in rows], dtype=object)
    return firings_checksum(names, np.array([row[3:] for row in rows], np.float32).reshape(-1, len(CHECKED)))


def _note(database: Database, graph_id: str, state: str) -> None:
    """Note the state of a graph; a database that is damaged may not let that happen."""
    kept = database.read("read/graph", graph=graph_id)
    content = str(kept[0]["graph"]["content"]) if kept else ""

    def work(transaction: Transaction) -> None:
        hold(transaction, graph_id, content, COMPLETE, DAMAGED)
        transaction.run("write/graph_state", graph=graph_id, state=state)

    try:
        database.transaction(work)
    except EgraphError as error:
        log.warning("The state of the graph %s could not be noted: %s", graph_id, error)
