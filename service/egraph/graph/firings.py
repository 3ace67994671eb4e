"""Where patterns fire on objects that were labelled after mining."""

from collections.abc import Mapping, Sequence

import numpy as np

from egraph.errors import NothingYetError
from egraph.graph.batches import firing_batches
from egraph.graph.connection import Database, Transaction
from egraph.graph.objects import write_objects
from egraph.mining.graph_tables import Firings
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress


def write_firings(
    database: Database,
    graph_id: str,
    firings: Sequence[Firings],
    objects: Sequence[PhotoObject],
    progress: Progress | None = None,
    names: Mapping[str, np.ndarray] | None = None,
) -> int:
    """Write where the graph's patterns fire on `objects`, in place of what is there for them; returns the edges.

    The rows of `Firings.object` are rows of `objects`, those of `Firings.pattern` the layer's patterns by filter and
    number. `names` says per layer what the patterns' ids end with (`batches.suffixes`), where the caller knows it; else
    it is read from the database. Each object is replaced in one transaction, so that no question sees half of it.

    Raises:
        NothingYetError: there is no such graph, or it is not complete.
        DatabaseError: the database failed; objects that are done stay so, and the call may be repeated.
    """
    found = database.read("read/graph", graph=graph_id)
    if not found or found[0]["graph"]["state"] != "complete":
        raise NothingYetError(f"There is no complete graph {graph_id}; write it first with `egraph mine`.")
    write_objects(database, objects)
    names = names or {f.layer: pattern_suffixes(database, graph_id, f.layer) for f in firings}
    ids = [o.id for o in objects]
    written = 0
    for row, object_id in enumerate(ids):
        some = [of_object(f, row) for f in firings]
        batches = [batch for f in some for batch in firing_batches(graph_id, f, names[f.layer], ids)]

        def work(transaction: Transaction, object_id: str = object_id, batches: list = batches) -> None:
            transaction.run("parts/forget_places_on", object=object_id, graph=graph_id)
            transaction.run("write/delete_firings", object=object_id, prefix=f"{graph_id}/")
            for batch in batches:
                transaction.run(batch.statement, **batch.parameters())

        database.transaction(work)
        written += sum(batch.rows for batch in batches)
        if progress:
            progress("writing", row + 1, len(ids))
    return written


def pattern_suffixes(database: Database, graph_id: str, layer: str) -> np.ndarray:
    """What the ids of a layer's patterns end with, by filter and number: (P,) texts `<filter>/<number>`."""
    rows = database.ask("read/pattern_numbers", {"graph": graph_id, "layer": layer}).rows
    return np.array([f"{filter_}/{number}" for filter_, number in rows], dtype=object)


def of_object(firings: Firings, row: int) -> Firings:
    """The firings on one object."""
    here = np.flatnonzero(firings.object == row)
    return Firings(
        firings.layer,
        firings.pattern[here],
        firings.object[here],
        firings.score[here],
        firings.x[here],
        firings.y[here],
    )
