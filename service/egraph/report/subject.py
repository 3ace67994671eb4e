"""What a name that somebody types means: a pattern, a filter, a part, an object, of which graph."""

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Literal

from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.graph_state import outdated
from egraph.graph.graphs import GraphSummary, fitting_graphs, graphs
from egraph.graph.questions import behind
from egraph.mining.graph_tables import ANCHORS
from egraph.report.graph_reading import graph_rows

Kind = Literal["pattern", "filter", "part", "object"]
PHOTOS = 50
"""Objects that are looked at for one name of a photo."""
LISTED = 8


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing of a graph that can be shown. name: the whole id of a pattern or an object, `<layer>/<channel>` of a
    filter, the name of a part."""

    kind: Kind
    graph: GraphSummary
    name: str
    own_name: str | None = None


def find_subject(database: Database, text: str, category: str | None = None, graph: str | None = None) -> Subject:
    """The one thing that a text means.

    Args:
        text: a pattern (`layer3/58/8`, or its whole id), a filter (`layer3/58`, or its number where one layer has it),
            a part (`head`), an object's id, or a photo's name.
        category, graph: only of these; the graph by its name, id or network.

    Raises:
        NothingYetError: there is none, or no graph.
        UsageError: it may mean several things.
        DatabaseError: the database failed.
    """
    known = complete_graphs(database, category, graph)
    found = find_subjects(database, text, known) or [
        one for one in find_named(database, text, known) if (one.own_name or "").lower() == text.strip().lower()
    ]
    if not found:
        raise NothingYetError(
            f"There is no pattern, filter, part or object {text}; `egraph query patterns`, `egraph part list` and "
            "`egraph query objects` list those that there are."
        )
    if len(found) > 1:
        kinds = {one.kind for one in found}
        names = {one.name.removeprefix(f"{one.graph.id}/") for one in found}
        if len(kinds) == len(names) == 1:
            listed = " or ".join(f"--graph {quote(one.graph.id)}" for one in found[:LISTED])
            raise UsageError(f"Several graphs have {text}; add {listed}.")
        listed = ", ".join(quote(name) for name in sorted(names)[:LISTED])
        raise UsageError(f"{text} may mean several things; type one of: {listed}.")
    return found[0]


def complete_graphs(database: Database, category: str | None = None, graph: str | None = None) -> list[GraphSummary]:
    """The complete graphs that fit.

    Raises:
        NothingYetError: there is none.
    """
    of_category = [one for one in graphs(database) if category in (None, one.category)]
    complete = [one for one in of_category if one.state == "complete"]
    fitting = fitting_graphs(complete, graph, None)
    if fitting:
        return fitting
    if old := fitting_graphs([one for one in of_category if one.state == "outdated"], graph, None):
        raise outdated(old[0].id)
    of = f" of {category}" if category else ""
    if complete:
        raise NothingYetError(f"There is no such graph{of}; there are: {', '.join(one.id for one in complete)}.")
    raise NothingYetError(
        f"There is no graph{of} yet; make one with `egraph mine PHOTOS --network NAME --category "
        f"{quote(category or 'CATEGORY')}`."
    )


def choose_one(database: Database, category: str | None = None, graph: str | None = None) -> GraphSummary:
    """The one complete graph that fits.

    Raises:
        NothingYetError: there is none.
        UsageError: there are several.
    """
    fitting = complete_graphs(database, category, graph)
    if len(fitting) > 1:
        several = len({one.category for one in fitting}) > 1
        names = [f"--category {quote(name)}" for name in sorted({one.category for one in fitting})]
        listed = " or ".join(names if several else [f"--graph {quote(one.id)}" for one in fitting])
        raise UsageError(f"There are several graphs, so add one of: {listed}.")
    return fitting[0]


def find_subjects(database: Database, text: str, known: Sequence[GraphSummary]) -> list[Subject]:
    """Everything of some graphs that a text may mean."""
    text = text.strip().strip("/")
    if not text:
        return []
    by_id = {graph.id: graph for graph in known}
    layers = {graph: row.layers for graph, row in graph_rows(database, known).items()}
    patterns: set[str] = set()
    filters: dict[str, str] = {}
    for graph in known:
        short = text.removeprefix(f"{graph.id}/") if text.startswith(f"{graph.id}/") else behind(graph.id, text) or text
        patterns.add(f"{graph.id}/{short}")
        of_number = [f"{layer}/{short}" for layer in layers[graph.id] if layer != ANCHORS and short.isdecimal()]
        filters |= {f"{graph.network}/{name}": name for name in ([short] if "/" in short else of_number)}
    parts = [
        Subject("part", graph, part)
        for graph, part in (
            (by_id[row["graph"]], row["part"]) for row in database.read("pages/part_names", graphs=list(by_id))
        )
        if text in (part, f"{graph.category}/{part}", f"{graph.id}/{part}")
    ]
    found: list[Subject] = []
    for row in database.read("pages/which", patterns=list(patterns), filters=list(filters), graphs=list(by_id)):
        name = filters[row["id"]] if row["kind"] == "filter" else row["id"]
        found.append(Subject(row["kind"], by_id[row["graph"]], name))
    if found or parts:
        return found + parts
    asked = {"photo": text, "graphs": [graph.id for graph in known], "limit": PHOTOS}
    return [Subject("object", by_id[row["graph"]], row["id"]) for row in database.read("pages/photos", **asked)]


def find_named(database: Database, text: str, known: Sequence[GraphSummary]) -> list[Subject]:
    """What a person gave a name in which a text stands."""
    found: list[Subject] = []
    for row in database.read("pages/named", text=text.strip().lower()) if text.strip() else []:
        for graph in known:
            of = {"pattern": graph.id, "filter": graph.network, "part": graph.category}[row["kind"]]
            if row["id"].startswith(f"{of}/"):
                name = row["id"] if row["kind"] == "pattern" else row["id"].removeprefix(f"{of}/")
                found.append(Subject(row["kind"], graph, name, row["own_name"]))
    return found
