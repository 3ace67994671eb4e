"""Writing a mined graph: in numbered batches, exactly once, however often it is started."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from shlex import quote
from typing import Any

from egraph.errors import UsageError
from egraph.failpoint import failpoint
from egraph.graph.arrays import list_sizes
from egraph.graph.batches import Batch, edge_batches, node_batches, object_batches
from egraph.graph.connection import Database, Transaction
from egraph.graph.constraints import ensure_schema
from egraph.graph.content_hash import content_hash
from egraph.graph.failures import Conflict, MissingError
from egraph.graph.graph_state import (
    COMPLETE,
    DAMAGED,
    DELETING,
    OUTDATED,
    WRITING,
    RemovedError,
    create,
    hold,
    outdated,
)
from egraph.graph.graphs import counted
from egraph.graph.mixtures import note_mixtures
from egraph.graph.objects import check_names
from egraph.graph.places import refresh_places
from egraph.graph.resemblance import refresh_resemblance
from egraph.graph.schema import (
    GEOMETRY,
    GRAPH,
    IN_GRAPH,
    LAYER,
    NETWORK,
    PAIRS,
    PATTERN,
    PEAKS_ON,
    READING,
    SEPARATED_FROM,
)
from egraph.graph.schema.elements import row_of
from egraph.graph.summaries import reading_summary
from egraph.graph.upgrade import write_summaries
from egraph.graph.version import FORMAT
from egraph.mining.graph_tables import MinedGraph
from egraph.network.layer import LayerGeometry
from egraph.progress import Progress

LANES = ("batches_written_even", "batches_written_odd")
"""Properties of the graph: how many batches with even and with odd numbers are written. Two writers at once, one for
each, need no common counter."""


class _NotMarked(Exception):
    """The graph was not waiting for this batch when its transaction came to note it."""


def write_graph(database: Database, mined: MinedGraph, progress: Progress | None = None) -> dict[str, int]:
    """Write a graph, or go on where an earlier writer stopped; a complete one is left as it is.

    Returns how many patterns, objects and edges of each kind the graph has. `progress` is told the rows written.

    Raises:
        UsageError: a graph of this name with another content is there, or is being removed.
        RemovedError: it was removed while it was written.
        MissingError: what an edge joins is not there.
        DatabaseError: the database failed; what was written stays, and the next call goes on.
    """
    check_names(mined.category, mined.name)
    ensure_schema(database)
    content = content_hash(mined)
    if not database.read("read/graph", graph=mined.id):
        begin(database, mined, content)
    graph = graph_properties(database, mined.id)
    check_not_removed(mined.id, graph["state"])
    if graph["content"] != content:
        raise UsageError(
            f"The graph {mined.id} is there with another content; give another --name, or delete it first."
        )
    if graph["state"] == WRITING:
        # Edges match the patterns of any batch, and objects, so these come first.
        parts = (node_batches(mined), object_batches(mined), edge_batches(mined))
        writer = _Writer(database, mined.id, content, [batch for part in parts for batch in part], progress)
        start = 0
        for part, step in zip(parts, ("nodes written", "objects written", "edges written"), strict=True):
            writer.write(start, start + len(part))
            start += len(part)
            failpoint(step)
        if not graph.get("summed"):
            # An earlier egraph began this graph.
            write_summaries(database, mined, content)
        refresh_places(database, mined.id, mined.category)
        finish(database, mined, content)
        note_mixtures(database, mined.id, mined.category)
        refresh_resemblance(database, mined.id)
    return counts(mined)


def graph_properties(database: Database, graph: str) -> dict[str, Any]:
    """The properties of a graph, in whatever state.

    Raises:
        RemovedError: it is not there.
    """
    found = database.read("read/graph", graph=graph)
    if not found:
        raise RemovedError(graph)
    return dict(found[0]["graph"])


def check_not_removed(graph: str, state: str) -> None:
    """Refuse a graph whose removal was begun, that is damaged, or that an older egraph mined.

    Raises:
        UsageError: it is one of the first two.
        NothingYetError: an older egraph mined it.
    """
    if state == OUTDATED:
        raise outdated(graph)
    if state == DAMAGED:
        raise UsageError(
            f"The graph {graph} is damaged; bring a backup back with `egraph db restore`, or type `egraph graph remove "
            f"{quote(graph)}` and run the same command again."
        )
    if state == DELETING:
        raise UsageError(
            f"The graph {graph} is being removed; `egraph graph remove {quote(graph)}` finishes that, or give another "
            "--name."
        )


def finish(database: Database, mined: MinedGraph, content: str) -> None:
    """Let a graph be seen, if the database holds all of it: counted there, in the transaction that says so.

    Raises:
        RemovedError: it was removed while it was written.
        MissingError: there is less of it, or more, than was mined.
    """
    # PEAKS_ON leaves filters, which graphs share; each of its batches was counted as it was written.
    meant = {what: number for what, number in counts(mined).items() if what != PEAKS_ON.type}
    meant |= {SEPARATED_FROM.type: meant["patterns"], IN_GRAPH.type: meant["patterns"]}

    def work(transaction: Transaction) -> None:
        if hold(transaction, mined.id, content, WRITING, COMPLETE) == COMPLETE:
            # By another writer of the same graph.
            return
        found = counted(transaction.run("read/counts", graph=mined.id))
        for what, number in meant.items():
            if found[what] != number:
                raise MissingError(
                    f"The database holds {found[what]:,} {what} of the graph {mined.id} instead of "
                    f"{number:,}; remove it with `egraph graph remove {quote(mined.id)}` and run the same command "
                    "again."
                )
        transaction.run("write/graph_complete", graph=mined.id)

    database.transaction(work)


def counts(mined: MinedGraph) -> dict[str, int]:
    """How many rows of each kind a graph has."""
    pairs = {pair.type: sum(len(edges.source) for edges in getattr(mined, str(pair.table))) for pair in PAIRS}
    return {
        "patterns": sum(len(table) for table in mined.patterns.values()),
        "objects": len(mined.objects),
        **pairs,
        "FIRES_ON": sum(len(firings.pattern) for firings in mined.firings),
        "PEAKS_ON": sum(len(peaks.filter) for peaks in mined.peaks),
    }


def begin(database: Database, mined: MinedGraph, content: str) -> None:
    """Write what graphs of a network share, and the graph itself in the state `writing`, unless it is there."""
    layers = [
        {"id": f"{mined.network_id}/{g.name}", "reading": {"position": i} | reading_row(mined, g)}
        for i, g in enumerate(mined.layers)
    ]

    def work(transaction: Transaction) -> None:
        if transaction.run("read/graph", graph=mined.id):
            # Another writer has begun it since we looked; its content is compared next.
            return
        transaction.run("write/network", id=mined.network_id, properties=NETWORK.row(mined))
        geometries = [layer_row(mined, geometry) for geometry in mined.layers]
        transaction.run("write/layers", network=mined.network_id, layers=geometries)
        for geometry in mined.layers:
            channels = list(range(geometry.channels))
            transaction.run("write/filters", layer=f"{mined.network_id}/{geometry.name}", channels=channels)
        properties = graph_row(mined, content)
        create(transaction, "write/graph", len(layers), id=mined.id, properties=properties, layers=layers)

    # In one transaction: a network that has a graph, in whatever state, is removed by nobody.
    database.transaction(work)


def graph_row(mined: MinedGraph, content: str) -> dict[str, Any]:
    """The properties of the graph's node; what has a shape of its own is JSON text."""
    pairs = {pair.type: [[e.lower, e.upper] for e in getattr(mined, str(pair.table))] for pair in PAIRS}
    edges = {kind: n for kind, n in counts(mined).items() if kind.isupper()}
    return GRAPH.row(mined) | {
        "images": len(mined.objects),
        "patterns": sum(len(table) for table in mined.patterns.values()),
        "edges": GRAPH.column("edges").kept(edges),
        "layer_pairs": GRAPH.column("layer_pairs").kept(pairs),
        "pose_size": int(mined.pose.shape[1]),
        "content": content,
        "structure": content_hash(replace(mined, firings=[], peaks=[])),
        "summed": True,
        "format": FORMAT,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def layer_row(mined: MinedGraph, geometry: LayerGeometry) -> dict[str, Any]:
    """The properties of a layer's node."""
    return {"id": f"{mined.network_id}/{geometry.name}"} | LAYER.row(geometry)


def reading_row(mined: MinedGraph, geometry: LayerGeometry) -> dict[str, Any]:
    """The properties of READS but the position: the layer's geometry there, and how its units are read.

    The geometry stands here too because the layer of the anchors differs from graph to graph.
    """
    row = row_of(GEOMETRY, geometry)
    layer = geometry.name
    if (table := mined.patterns.get(layer)) is not None:
        sizes = {f"{name}_size": size for name, size in list_sizes(PATTERN.mined, table).items()}
        row |= {"patterns": len(table)} | sizes | reading_summary(mined, layer)
    if (reading := mined.readings.get(layer)) is not None:
        row |= row_of(READING, reading)
    return row


@dataclass
class _Writer:
    """Writes numbered batches in two lanes, even and odd numbers, each behind what its lane has written."""

    database: Database
    graph: str
    content: str
    batches: list[Batch]
    progress: Progress | None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._rows = sum(batch.rows for batch in self.batches)
        written = self._written()
        self._done = sum(b.rows for number, b in enumerate(self.batches) if number // 2 < written[number % 2])
        self._next = written

    def _written(self) -> list[int]:
        """How many batches of each lane are written.

        Raises:
            RemovedError: the graph is not ours any more.
        """
        graph = graph_properties(self.database, self.graph)
        if graph["state"] == DELETING or graph["content"] != self.content:
            raise RemovedError(self.graph)
        return [int(graph[lane]) for lane in LANES]

    def write(self, start: int, stop: int) -> None:
        """Write the batches `start` to `stop` that are not yet there."""
        missing = [n for n in range(start, stop) if n // 2 >= self._next[n % 2]]
        if self.database.embedded:
            for number in missing:
                self._batch(number)
            return
        with ThreadPoolExecutor(len(LANES), "egraph-write") as pool:
            lanes = [pool.submit(self._lane, [n for n in missing if n % 2 == lane]) for lane in range(len(LANES))]
            try:
                for lane in lanes:
                    lane.result()
            finally:
                # Also on Ctrl-C: a lane ends with the batch that it is at.
                self._stopped.set()
        self._stopped.clear()

    def _lane(self, numbers: list[int]) -> None:
        for number in numbers:
            if self._stopped.is_set():
                return
            try:
                self._batch(number)
            except BaseException:
                self._stopped.set()
                raise

    def _batch(self, number: int) -> None:
        batch, lane, before = self.batches[number], LANES[number % 2], number // 2
        parameters = batch.parameters()

        def work(transaction: Transaction) -> None:
            create(transaction, batch.statement, batch.rows, **parameters)
            mark = {"lane": lane, "before": before, "after": {lane: before + 1}}
            marked = transaction.run("write/batch_written", graph=self.graph, content=self.content, **mark)
            if marked[0]["marked"] != 1:
                raise _NotMarked

        try:
            self.database.transaction(work, batch.shared)
        except (_NotMarked, MissingError, Conflict):
            # Either the graph is being removed, and with it what a batch joins; then that is said. Or another wrote the
            # batch: the content is the same, so it is as good as ours. It may have been ourselves: a commit whose
            # answer was lost is tried again by the driver.
            if self._written()[number % 2] <= before:
                raise
        with self._lock:
            self._done += batch.rows
            if self.progress:
                self.progress("writing", self._done, self._rows)
