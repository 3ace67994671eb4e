"""Writing a mined graph: in numbered batches, exactly once, however often it is started."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from egraph.errors import UsageError
from egraph.failpoint import failpoint
from egraph.graph.arrays import list_sizes
from egraph.graph.batches import Batch, edge_batches, node_batches
from egraph.graph.connection import Database, Transaction
from egraph.graph.constraints import ensure_schema
from egraph.graph.content_hash import content_hash
from egraph.graph.failures import Conflict
from egraph.graph.objects import check_names, write_objects
from egraph.graph.places import refresh_places
from egraph.graph.resemblance import refresh_resemblance
from egraph.graph.schema import GEOMETRY, GRAPH, LAYER, NETWORK, PAIRS, PATTERN, READING
from egraph.graph.schema.elements import row_of
from egraph.graph.summaries import reading_summary
from egraph.graph.upgrade import write_summaries
from egraph.mining.graph_tables import MinedGraph
from egraph.network.layer import LayerGeometry
from egraph.progress import Progress

LANES = ("batches_written_even", "batches_written_odd")
"""Properties of the graph: how many batches with even and with odd numbers are written. Two writers at once, one for
each, need no common counter."""


class _WrittenByAnother(Exception):
    """The batch was there when its transaction came to note it."""


def write_graph(database: Database, mined: MinedGraph, progress: Progress | None = None) -> dict[str, int]:
    """Write a graph, or go on where an earlier writer stopped; a complete one is left as it is.

    Returns how many patterns, objects and edges of each kind the graph has. `progress` is told the rows written.

    Raises:
        UsageError: a graph of this name with another content is there, or is being deleted.
        DatabaseError: the database failed; what was written stays, and the next call goes on.
    """
    check_names(mined.category, mined.name)
    ensure_schema(database)
    content = content_hash(mined)
    if not database.read("read/graph", graph=mined.id):
        begin(database, mined, content)
    graph = database.read("read/graph", graph=mined.id)[0]["graph"]
    if graph["state"] == "deleting":
        raise UsageError(f"The graph {mined.id} is being deleted; delete it again to finish, or give another --name.")
    if graph["content"] != content:
        raise UsageError(
            f"The graph {mined.id} is there with another content; give another --name, or delete it first."
        )
    if graph["state"] != "complete":
        nodes, edges = node_batches(mined), edge_batches(mined)
        writer = _Writer(database, mined.id, nodes + edges, progress)
        # Edges match the patterns of any batch, so all patterns come first.
        writer.write(0, len(nodes))
        failpoint("nodes written")
        writer.write(len(nodes), len(nodes) + len(edges))
        if not graph.get("summed"):
            # An earlier egraph began this graph.
            write_summaries(database, mined)
        refresh_places(database, mined.id, mined.category)
        database.write("write/graph_complete", graph=mined.id)
        refresh_resemblance(database, mined.id)
    return counts(mined)


def counts(mined: MinedGraph) -> dict[str, int]:
    """How many rows of each kind a graph has."""
    pairs = {pair.type: sum(len(edges.source) for edges in getattr(mined, str(pair.table))) for pair in PAIRS}
    return {
        "patterns": sum(len(table) for table in mined.patterns.values()),
        "objects": len(mined.objects),
        **pairs,
        "FIRES_ON": sum(len(firings.pattern) for firings in mined.firings),
    }


def begin(database: Database, mined: MinedGraph, content: str) -> None:
    """Write what graphs share, and the graph itself in the state `writing`."""
    write_objects(database, mined.objects)

    def work(transaction: Transaction) -> None:
        transaction.run("write/network", id=mined.network_id, properties=NETWORK.row(mined))
        layers = [layer_row(mined, geometry) for geometry in mined.layers]
        transaction.run("write/layers", network=mined.network_id, layers=layers)
        for name, table in mined.patterns.items():
            channels = sorted(set(table.filter.tolist()))
            transaction.run("write/filters", layer=f"{mined.network_id}/{name}", channels=channels)

    database.transaction(work)
    layers = [
        {"id": f"{mined.network_id}/{g.name}", "reading": {"position": i} | reading_row(mined, g)}
        for i, g in enumerate(mined.layers)
    ]
    try:
        database.transaction(
            lambda t: t.run("write/graph", id=mined.id, properties=graph_row(mined, content), layers=layers),
            shared=False,
        )
    except Conflict:
        # Another writer has begun the same graph since we looked; its content is compared next.
        return


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
        "summed": True,
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
        graph = self.database.read("read/graph", graph=self.graph)[0]["graph"]
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
            transaction.run(batch.statement, **parameters)
            after = {lane: before + 1}
            marked = transaction.run("write/batch_written", graph=self.graph, lane=lane, before=before, after=after)
            if marked[0]["marked"] != 1:
                raise _WrittenByAnother

        try:
            self.database.transaction(work, shared=False)
        except (_WrittenByAnother, Conflict):
            # The content is the same, so a batch that is there already, whoever wrote it, is as good as ours. It may
            # have been ourselves: a commit whose answer was lost is tried again by the driver.
            if self._written()[number % 2] <= before:
                raise
        with self._lock:
            self._done += batch.rows
            if self.progress:
                self.progress("writing", self._done, self._rows)
