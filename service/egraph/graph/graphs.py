"""Which graphs the database holds, and choosing one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.graph_state import OUTDATED, outdated
from egraph.graph.schema import FIRES_ON, IN_GRAPH, PAIRS, SEPARATED_FROM
from egraph.graph.version import FORMAT

COUNTED = (*PAIRS, FIRES_ON, SEPARATED_FROM, IN_GRAPH)


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """One graph; `state` is one of `graph_state.STATES`; `summed` unless an earlier egraph wrote it; `format` is the
    number of what its patterns and edges say."""

    id: str
    category: str
    name: str
    network: str
    state: str
    images: int
    patterns: int
    created_at: str
    summed: bool
    format: int


def graphs(database: Database) -> list[GraphSummary]:
    """All graphs, complete or not, by id."""
    found = [GraphSummary(**row) for row in database.read("read/graphs")]
    # A database that only an older egraph has opened so far does not yet say which are outdated.
    old = [graph.state == "complete" and graph.format < FORMAT for graph in found]
    return [replace(graph, state=OUTDATED) if is_old else graph for graph, is_old in zip(found, old, strict=True)]


def find_graph(database: Database, category: str, name: str | None = None) -> GraphSummary:
    """The one complete graph of `category` that fits; see `choose_graph`.

    Raises:
        NothingYetError: there is none.
        UsageError: there are several.
        DatabaseError: the database failed.
    """
    return choose_graph(graphs(database), category, name)


def choose_graph(
    known: Sequence[GraphSummary],
    category: str,
    name: str | None = None,
    network: str | None = None,
    option: str = "--graph ",
) -> GraphSummary:
    """The one complete graph of `category` that fits; `name` may also be its id, or its network where no graph is
    called so. `network` is its network's name or id, `option` what one types before the name of a graph.

    Raises:
        NothingYetError: there is none, or an older egraph mined it.
        UsageError: there are several.
    """
    of_category = [graph for graph in known if graph.category == category]
    complete = [graph for graph in of_category if graph.state == "complete"]
    fitting = fitting_graphs(complete, name, network)
    old = fitting_graphs([graph for graph in of_category if graph.state == OUTDATED], name, network)
    if old and not fitting:
        raise outdated(old[0].id)
    if not complete and (damaged := [g.id for g in known if g.state == "damaged" and g.category == category]):
        raise NothingYetError(
            f"The graph {damaged[0]} is damaged; bring a backup back with `egraph db restore`, or type `egraph graph "
            f"remove {damaged[0]}` and mine it again."
        )
    if not complete:
        raise NothingYetError(
            f"There is no graph of {category} yet; make one with `egraph mine PHOTOS --network NAME --category …`."
        )
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(graph.id for graph in fitting or complete)
    if fitting:
        choices = " or ".join(f"{option}{graph.id}" for graph in fitting)
        raise UsageError(f"There are several graphs of {category}, so add one of: {choices}.")
    of = f" of the network {network}" if network else ""
    raise NothingYetError(f"There is no such graph of {category}{of}; there are: {listed}.")


def fitting_graphs(known: Sequence[GraphSummary], name: str | None, network: str | None) -> list[GraphSummary]:
    """Those that `choose_graph` may mean."""
    there = [g for g in known if network in (None, *names_of_network(g.network))]
    called = [g for g in there if name in (None, g.name, g.id)]
    return called or [g for g in there if name in names_of_network(g.network)]


def names_of_network(network: str) -> tuple[str, str]:
    """What a network may be called: its id, and the name in it."""
    return network, network.partition("@")[0]


def count_graph(database: Database, graph_id: str) -> dict[str, int]:
    """What the database holds of one graph, complete or not, counted: `patterns`, `objects`, and each type of
    relationship that leaves patterns and does not follow from others.

    Raises:
        NothingYetError: there is no such graph.
        DatabaseError: the database failed.
    """
    rows = database.read("read/counts", graph=graph_id)
    if not rows:
        raise NothingYetError(f"There is no graph {graph_id}; `egraph query overview` shows those there are.")
    return counted(rows)


def counted(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """What the rows of `read/counts` say of a graph."""
    by_type = {row["type"]: row for row in rows}
    found = {kind.type: by_type[kind.type]["relationships"] if kind.type in by_type else 0 for kind in COUNTED}
    # Every pattern is in a graph.
    patterns = by_type[IN_GRAPH.type]["patterns"] if IN_GRAPH.type in by_type else 0
    return {"objects": rows[0]["objects"], "patterns": patterns, **found}
