"""Adding to graphs of an earlier egraph what it did not write: sums that follow from the rest."""

from typing import Any

from egraph.errors import NothingYetError
from egraph.graph.batches import NUMBER_BYTES, pattern_prefix, slices, suffixes
from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import COMPLETE, WRITING, RemovedError, content_of, hold
from egraph.graph.graphs import graphs
from egraph.graph.mixtures import note_mixtures, noted
from egraph.graph.places import note_surest, refresh_places
from egraph.graph.read import read_graph
from egraph.graph.resemblance import refresh_resemblance
from egraph.graph.statements import Statement, statement
from egraph.graph.summaries import pattern_summary, reading_summary
from egraph.mining.graph_tables import MinedGraph


def add_summaries(database: Database) -> None:
    """Sum up every complete graph where that is not done yet; may be interrupted, and goes on with the next call.

    Raises:
        DatabaseError: the database failed.
    """
    for graph in graphs(database):
        if graph.state == "complete":
            try:
                if not graph.summed:
                    content = content_of(database, graph.id)
                    write_summaries(database, read_graph(database, graph.id), content)
                refresh_places(database, graph.id, graph.category)
                note_surest(database, graph.id, graph.category)
                if noted(database, graph.id) is None:
                    note_mixtures(database, graph.id, graph.category)
                refresh_resemblance(database, graph.id)
            except (NothingYetError, RemovedError):
                # Somebody removes it, so that it needs no sums.
                continue


def write_summaries(database: Database, mined: MinedGraph, content: str) -> None:
    """Write the sums of a graph whose patterns and edges are written.

    Raises:
        RemovedError: the graph is no longer there with this content.
        DatabaseError: the database failed.
    """

    def write(one: str | Statement, **parameters: Any) -> None:
        def work(transaction: Transaction) -> None:
            hold(transaction, mined.id, content, WRITING, COMPLETE)
            transaction.run(one, **parameters)

        database.transaction(work)

    for layer, table in mined.patterns.items():
        write(
            "write/reading_summary",
            graph=mined.id,
            layer=f"{mined.network_id}/{layer}",
            summary=reading_summary(mined, layer),
        )
        ends, columns = suffixes(table), pattern_summary(mined, layer)
        common = {"graph": mined.id, "prefix": pattern_prefix(mined.id, layer)}
        summaries = statement("write/pattern_summaries").filled(column=tuple(columns))
        for rows in slices(len(table), 24 + NUMBER_BYTES * len(columns)):
            some = {name: column[rows].tolist() for name, column in columns.items()}
            write(summaries, **common, suffix=ends[rows].tolist(), **some)
    write("write/graph_summed", graph=mined.id)
