"""Deleting a graph, a category or a network, in steps that may be interrupted: the same call goes on."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from egraph.errors import EgraphError, NothingYetError, UsageError
from egraph.failpoint import failpoint
from egraph.graph.connection import Database, Transaction
from egraph.graph.graphs import GraphSummary, graphs
from egraph.graph.parts import list_parts, remove_part
from egraph.progress import Progress

PATTERNS = 1000
"""Patterns in one transaction; each takes its edges with it."""

OBJECTS = 4000
EXPLANATIONS = 20
PEAKS = 8000
FILTERS = 4000


@dataclass(frozen=True, slots=True)
class Deletion:
    """What goes, or went: the graphs with so many patterns, a category's parts, a network's id."""

    graphs: tuple[str, ...]
    patterns: int
    parts: tuple[str, ...] = ()
    network: str | None = None


def delete_graph(database: Database, graph_id: str, progress: Progress | None = None) -> int:
    """Delete a graph with its patterns and edges, and the objects that nothing else needs; returns the patterns.

    Networks, layers and filters stay: other graphs share them. No question sees the graph from the first step on; if
    the call is interrupted, the next one goes on.

    Raises:
        NothingYetError: there is no such graph.
        DatabaseError: the database failed.
    """
    there = next((graph for graph in graphs(database) if graph.id == graph_id), None)
    if there is None:
        raise NothingYetError(f"There is no graph {graph_id}; `egraph query overview` shows those there are.")
    return delete_graphs(database, [there], progress)


def delete_graphs(database: Database, some: Sequence[GraphSummary], progress: Progress | None = None) -> int:
    """Delete graphs with the And-Or graphs built from them; returns their patterns. `progress` is told the patterns.

    From the first step on nobody writes to them. Each step looks whether the graph is still being deleted: one that
    somebody else has deleted to the end, and a third has begun anew, is left alone.
    """
    total = sum(graph.patterns for graph in some)
    done = 0
    # First of all, so that no question sees some of them while the others go.
    for graph in some:
        database.write("write/graph_deleting", graph=graph.id)
        failpoint("removal begun")
    for graph in some:
        database.write("aog/remove_of_graph", graph=graph.id)

        def forget_explanations(transaction: Transaction, graph_id: str = graph.id) -> int:
            row = transaction.run("explanations/remove_of_graph", graph=graph_id, limit=EXPLANATIONS)[0]
            if row["objects"]:
                transaction.run("write/delete_loose_objects", objects=row["objects"])
            return int(row["deleted"])

        while database.transaction(forget_explanations):
            pass
        database.write("findings/remove_of_graph", graph=graph.id)

        def forget_patterns(transaction: Transaction, graph_id: str = graph.id) -> int:
            row = transaction.run("write/delete_patterns", graph=graph_id, limit=PATTERNS)[0]
            if row["objects"]:
                transaction.run("write/delete_loose_objects", objects=row["objects"])
            return int(row["deleted"])

        while deleted := database.transaction(forget_patterns):
            done += deleted
            failpoint("patterns removed")
            if progress:
                progress("removing", done, max(done, total))

        while database.write("write/delete_peaks", graph=graph.id, limit=PEAKS)[0]["deleted"]:
            pass

        def forget_objects(transaction: Transaction, graph_id: str = graph.id) -> bool:
            objects = transaction.run("write/forget_objects", graph=graph_id, limit=OBJECTS)[0]["objects"]
            transaction.run("write/delete_loose_objects", objects=objects)
            return bool(objects)

        while database.transaction(forget_objects):
            pass
        database.write("write/delete_graph", graph=graph.id)
    return done


def plan_category(database: Database, category: str) -> Deletion:
    """What deleting a category would take: its graphs, complete or not, and its parts with their boxes.

    Raises:
        NothingYetError: there is nothing of this category.
        DatabaseError: the database failed.
    """
    all_graphs, parts = graphs(database), list_parts(database)
    found = [graph for graph in all_graphs if graph.category == category]
    named = tuple(part.part for part in parts if part.category == category)
    if not found and not named:
        known = sorted({graph.category for graph in all_graphs} | {part.category for part in parts})
        raise NothingYetError(f"There is nothing of {category}; there are: {', '.join(known) or 'no categories'}.")
    return Deletion(tuple(graph.id for graph in found), sum(graph.patterns for graph in found), named)


def delete_category(database: Database, category: str, progress: Progress | None = None) -> Deletion:
    """Delete all graphs and parts of a category, and the objects that nothing else needs; returns what went.

    Raises:
        NothingYetError: there is nothing of this category.
        DatabaseError: the database failed.
    """
    plan = plan_category(database, category)
    patterns = delete_graphs(database, [g for g in graphs(database) if g.id in plan.graphs], progress)
    for part in plan.parts:
        # Another may be removing the category too.
        with suppress(NothingYetError):
            remove_part(database, category, part)
    return Deletion(plan.graphs, patterns, plan.parts)


def plan_network(database: Database, network: str) -> Deletion:
    """What deleting a network would take: all its graphs, and itself; `network` is an id, or a name that only one has.

    Raises:
        NothingYetError: there is no such network.
        UsageError: several have this name.
        DatabaseError: the database failed.
    """
    known = [row["id"] for row in database.read("read/networks")]
    fitting = [id_ for id_ in known if network in (id_, id_.partition("@")[0])]
    if not fitting:
        raise NothingYetError(f"There is no network {network}; there are: {', '.join(known) or 'none'}.")
    if len(fitting) > 1:
        raise UsageError(f"There are several networks {network}, so name one of them as a whole: {', '.join(fitting)}.")
    found = [graph for graph in graphs(database) if graph.network == fitting[0]]
    return Deletion(tuple(graph.id for graph in found), sum(graph.patterns for graph in found), network=fitting[0])


def delete_network(database: Database, network: str, progress: Progress | None = None) -> Deletion:
    """Delete a network with all graphs mined from it, its layers and filters; returns what went. Parts stay.

    Raises:
        NothingYetError: there is no such network.
        UsageError: several have this name.
        EgraphError: a graph was mined from it meanwhile; then it stays.
        DatabaseError: the database failed.
    """
    plan = plan_network(database, network)
    patterns = delete_graphs(database, [g for g in graphs(database) if g.id in plan.graphs], progress)
    while database.write("write/delete_filters", network=plan.network, limit=FILTERS)[0]["deleted"]:
        pass
    database.write("write/delete_network", network=plan.network)
    if left := [graph.id for graph in graphs(database) if graph.network == plan.network]:
        raise EgraphError(
            f"The network {plan.network} stays, because {left[0]} was begun while it was removed; run the same command "
            "again to remove that too."
        )
    return Deletion(plan.graphs, patterns, network=plan.network)
