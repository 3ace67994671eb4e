"""And-Or graphs in the graph database: written whole in one transaction, read back as they were."""

from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from shlex import quote
from typing import Any

import numpy as np

from egraph.aog.model import AndOrGraph, Found, Template
from egraph.aog.votes import VoteSettings
from egraph.errors import NothingYetError, UsageError
from egraph.graph.arrays import floats, to_columns, to_fields
from egraph.graph.connection import Database, Transaction
from egraph.graph.constraints import ensure_schema
from egraph.graph.graph_state import COMPLETE, create, hold
from egraph.graph.graphs import names_of_network
from egraph.graph.objects import check_names
from egraph.graph.read import keys
from egraph.graph.schema import AND_OR_GRAPH, COMPOSED_OF, FOUND_ON, TEMPLATE
from egraph.graph.schema.elements import Node, Type
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.mirroring import turned_point

SETTINGS = tuple(field.name for field in fields(VoteSettings))
NEEDED = frozenset({*(column.name for column in AND_OR_GRAPH.mined), *SETTINGS})
"""Properties without which nothing can be located."""


@dataclass(frozen=True, slots=True)
class AndOrGraphSummary:
    """One And-Or graph, learnt from so many `labels`, of which `labelled` are still there; `current` is false where its
    graph was mined again, or removed, since it was built."""

    id: str
    category: str
    part: str
    name: str
    graph: str
    labels: int
    labelled: int
    templates: int
    patterns: int
    created_at: str
    current: bool


def write_aog(database: Database, aog: AndOrGraph, mirrored: dict[str, bool]) -> None:
    """Write an And-Or graph in place of one of the same id, in one transaction.

    Args:
        mirrored: whether the canonical view of an object is the mirrored one, by the object's id.

    Raises:
        RemovedError: the graph is no longer there, complete and with the content that this was learnt from.
        NothingYetError: the part is no longer there.
        MissingError: a pattern or an object of it is not there.
        DatabaseError: the database failed; an earlier And-Or graph of the same id is still there.
    """
    check_names(aog.part, aog.name)
    ensure_schema(database)

    def work(transaction: Transaction) -> None:
        hold(transaction, aog.graph, aog.content, COMPLETE)
        transaction.run("aog/remove", id=aog.id)
        _write_nodes(transaction, aog)
        create(transaction, "aog/learnt_from", len(aog.learnt_from), id=aog.id, object=aog.learnt_from)
        for number, template in enumerate(aog.templates, start=1):
            _write_patterns(transaction, aog, f"{aog.id}/{number}", template)
        _write_found(transaction, aog, mirrored)

    database.transaction(work)


def _write_nodes(transaction: Transaction, aog: AndOrGraph) -> None:
    """The And-Or graph and its templates, joined to the graph and the part.

    Raises:
        NothingYetError: the part is no longer there.
    """
    written = transaction.run(
        "aog/write",
        id=aog.id,
        graph=aog.graph,
        category=aog.category,
        part=aog.part,
        properties=_properties(aog),
        templates=[_template_properties(number, t) for number, t in enumerate(aog.templates, start=1)],
    )
    if not written[0]["rows"]:
        raise NothingYetError(
            f"The part {aog.part} of {aog.category} was removed meanwhile; `egraph part list` shows what there is."
        )


def _properties(aog: AndOrGraph) -> dict[str, Any]:
    """What the And-Or graph's node carries."""
    return {
        **AND_OR_GRAPH.row(aog),
        **asdict(aog.settings),
        "labels": len(aog.learnt_from),
        "patterns": len(aog.layer),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _template_properties(number: int, template: Template) -> dict[str, Any]:
    """What a template's node carries."""
    height, width = template.box.tolist()
    return {**TEMPLATE.row(template), "number": number, "box_height": height, "box_width": width}


def _write_patterns(transaction: Transaction, aog: AndOrGraph, template_id: str, template: Template) -> None:
    """The patterns that have a weight in a template."""
    composed = np.flatnonzero(template.weight)  # rows of the S patterns
    names = [f"{aog.layer[row]}/{aog.filter[row]}/{aog.number[row]}" for row in composed]
    columns = {name: values[composed].tolist() for name, values in to_columns(COMPOSED_OF.mined, template).items()}
    create(
        transaction,
        "aog/composed_of",
        len(composed),
        template=template_id,
        pattern=[f"{aog.graph}/{name}" for name in names],
        mean_evidence=aog.mean_evidence[composed].tolist(),
        **columns,
    )


def _write_found(transaction: Transaction, aog: AndOrGraph, mirrored: dict[str, bool]) -> None:
    """Where the part was found, as photographed."""
    found = aog.found
    seen = [turned_point(place, mirrored[o]) for o, place in zip(found.objects, found.places, strict=True)]
    columns = {name: values.tolist() for name, values in to_columns(FOUND_ON.mined, found).items()}
    create(
        transaction,
        "aog/found_on",
        len(seen),
        id=aog.id,
        object=found.objects,
        x=[x for x, _ in seen],
        y=[y for _, y in seen],
        template=(found.template + 1).tolist(),
        row=list(range(len(seen))),
        **columns,
    )


def list_aogs(database: Database, category: str | None = None) -> list[AndOrGraphSummary]:
    """All And-Or graphs, by id."""
    return [
        AndOrGraphSummary(**row, current=content is not None and content == graph_content)
        for row in database.read("aog/list")
        for content, graph_content in [(row.pop("content"), row.pop("graph_content"))]
        if category in (None, row["category"])
    ]


def find_aogs(
    database: Database, category: str, part: str | None = None, name: str | None = None, graph: str | None = None
) -> list[AndOrGraphSummary]:
    """The And-Or graphs of a category, one for each part, all from one graph.

    Args:
        part: only this one. name: of the And-Or graph, its whole id too. graph: name or id of the explanatory graph.

    Raises:
        NothingYetError: there is none, or its graph was mined again since.
        UsageError: several fit.
    """
    known = list_aogs(database, category)
    fitting = [
        a
        for a in known
        if part in (None, a.part) and name in (None, a.name, a.id) and graph in (None, *_names_of_graph(a.graph))
    ]
    if not fitting:
        have = f"; there are: {', '.join(a.id for a in known)}" if known else ""
        raise NothingYetError(
            f"There is no such And-Or graph of {category}; build one with `egraph aog build --category "
            f"{quote(category)} --part {quote(part or 'NAME')}`{have}."
        )
    parts = [a.part for a in fitting]
    if len(parts) != len(set(parts)) or len({a.graph for a in fitting}) > 1:
        raise UsageError(
            f"Several And-Or graphs of {category} fit; choose with --part, --name or --graph: "
            f"{', '.join(a.id for a in fitting)}."
        )
    for stale in (a for a in fitting if not a.current):
        raise NothingYetError(
            f"{stale.id} is older than its graph, which was mined again or removed; build it again with `egraph aog "
            f"build --category {quote(category)} --part {quote(stale.part)} --name {quote(stale.name)}`."
        )
    return fitting


def _names_of_graph(graph_id: str) -> tuple[str, ...]:
    """What a graph may be called: its id, its own name, and its network."""
    network, *_, name = graph_id.split("/")
    return graph_id, name, *names_of_network(network)


def read_aog(database: Database, aog_id: str, graph: MinedGraph) -> AndOrGraph:
    """One And-Or graph as it was written.

    Raises:
        NothingYetError: there is none of that id, no pattern of it is left, or an earlier egraph built it.
        DatabaseError: the database failed.
    """
    kept, templates = _read_nodes(database, aog_id)
    tables = [
        {_number(graph, row): row for row in database.read("aog/read_patterns", template=template["id"])}
        for template in templates
    ]
    order = sorted({number for table in tables for number in table})  # of the S patterns
    if not order:
        raise NothingYetError(
            f"{aog_id} has no pattern left that could vote for a place; undo edits with `egraph aog restore --category "
            f"{quote(kept['category'])} --part {quote(kept['part'])} --name {quote(kept['name'])}`, or build it again."
        )
    known = [next(table[number] for table in tables if number in table) for number in order]
    return AndOrGraph(
        **_fields(AND_OR_GRAPH, kept),
        settings=VoteSettings(**{name: kept[name] for name in SETTINGS}),
        learnt_from=[row["object"] for row in database.read("aog/read_learnt_from", id=aog_id)],
        layer=[row["layer"] for row in known],
        filter=np.array([row["filter"] for row in known], np.int32),
        number=np.array([row["number"] for row in known], np.int32),
        mean_evidence=floats([row["mean_evidence"] for row in known]),
        templates=[
            _template(kept_template, [table.get(number) for number in order])
            for kept_template, table in zip(templates, tables, strict=True)
        ],
        found=_read_found(database, aog_id, graph),
    )


def _read_nodes(database: Database, aog_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The properties of an And-Or graph, and those of each of its templates.

    Raises:
        NothingYetError: there is none of that id, or an earlier egraph built it.
    """
    rows = database.read("aog/read", id=aog_id)
    if not rows:
        raise NothingYetError(f"There is no And-Or graph {aog_id}; `egraph aog list` shows those there are.")
    kept = rows[0]["aog"]
    if not kept.keys() >= NEEDED:
        raise NothingYetError(
            f"{aog_id} was built by an earlier egraph; build it again with `egraph aog build --category "
            f"{quote(kept['category'])} --part {quote(kept['part'])} --name {quote(kept['name'])}`."
        )
    return kept, [row["template"] for row in rows]


def _fields(node: Node, properties: dict[str, Any]) -> dict[str, Any]:
    """The fields that the properties of a node were written from; lists of numbers are float32 arrays."""
    lists = {column.field for column in node.mined if column.type is Type.NUMBERS}
    return {name: floats(value) if name in lists else value for name, value in node.fields(properties).items()}


def _template(kept: dict[str, Any], table: list[dict[str, Any] | None]) -> Template:
    """A template with its row for each of the S patterns; those that it lacks have no weight."""
    values = {column.name: [0.0 if row is None else row[column.name] for row in table] for column in COMPOSED_OF.mined}
    return Template(
        **_fields(TEMPLATE, kept) | to_fields(COMPOSED_OF.mined, values, len(table), {}),
        box=floats([kept["box_height"], kept["box_width"]]),
    )


def _read_found(database: Database, aog_id: str, graph: MinedGraph) -> Found:
    """Where the part was found, in the canonical view of each object."""
    mirrored = {o.id: bool(m) for o, m in zip(graph.objects, graph.mirrored, strict=True)}
    rows = database.read("aog/read_found", id=aog_id)
    places = [turned_point(np.array([row["y"], row["x"]]), mirrored[row["object"]]) for row in rows]
    values = {column.name: [row[column.name] for row in rows] for column in FOUND_ON.mined}
    return Found(
        objects=[row["object"] for row in rows],
        places=floats([[y, x] for x, y in places]),
        template=np.array([row["template"] - 1 for row in rows], np.int32),
        **to_fields(FOUND_ON.mined, values, len(rows), {}),
    )


def remove_aog(database: Database, aog_id: str) -> None:
    """Remove an And-Or graph; its patterns, its objects and their labels stay.

    Raises:
        NothingYetError: there is none of that id.
    """
    if not database.write("aog/remove", id=aog_id):
        raise NothingYetError(f"There is no And-Or graph {aog_id}; `egraph aog list` shows those there are.")


def _number(graph: MinedGraph, row: dict[str, Any]) -> tuple[int, int]:
    """Where a pattern stands in the graph: the layers from the input up, then filters and numbers."""
    names = [layer.name for layer in graph.layers]
    return names.index(row["layer"]), int(keys(np.array(row["filter"]), np.array(row["number"])))
