"""Where patterns fire on objects that were labelled after mining."""

from collections.abc import Mapping, Sequence

import numpy as np

from egraph.graph.batches import Batch, firing_batches, object_checksums
from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import COMPLETE, create, hold
from egraph.graph.objects import write_objects
from egraph.mining.graph_tables import Firings, chosen_rows
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress


def write_firings(
    database: Database,
    graph_id: str,
    content: str,
    firings: Sequence[Firings],
    objects: Sequence[PhotoObject],
    names: Mapping[str, np.ndarray],
    progress: Progress | None = None,
) -> int:
    """Write where the graph's patterns fire on `objects`, in place of what is there for them; returns the edges.

    The rows of `Firings.object` are rows of `objects`, those of `Firings.pattern` the layer's patterns by filter and
    number; `names` says per layer what the patterns' ids end with (`batches.suffixes`). `content` is that of the graph
    of which the caller knows all this. Each object is replaced in one transaction, so that no question sees half of it.

    Raises:
        RemovedError: the graph is no longer there, complete and with this content.
        DatabaseError: the database failed; objects that are done stay so, and the call may be repeated.
    """
    ids = [o.id for o in objects]
    checksums = object_checksums(firings, names, len(ids))
    written = 0
    for row, object_id in enumerate(ids):
        some = [of_object(f, row) for f in firings]
        batches = [batch for f in some for batch in firing_batches(graph_id, f, names[f.layer], ids)]

        def work(
            transaction: Transaction, row: int = row, object_id: str = object_id, batches: list[Batch] = batches
        ) -> None:
            hold(transaction, graph_id, content, COMPLETE)
            write_objects(transaction, objects[row : row + 1])
            transaction.run("parts/forget_places_on", object=object_id, graph=graph_id)
            transaction.run("write/delete_firings", object=object_id, prefix=f"{graph_id}/")
            transaction.run("write/firings_checksum", graph=graph_id, object=object_id, firings=checksums[row])
            for batch in batches:
                create(transaction, batch.statement, batch.rows, **batch.parameters())

        database.transaction(work)
        written += sum(batch.rows for batch in batches)
        if progress:
            progress("writing", row + 1, len(ids))
    return written


def of_object(firings: Firings, row: int) -> Firings:
    """The firings on one object."""
    return chosen_rows(firings, np.flatnonzero(firings.object == row))
