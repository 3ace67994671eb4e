"""And-Or graphs in the graph database: written whole in one transaction, read back as they were."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from shlex import quote
from typing import Any

import numpy as np

from egraph.aog.model import AndOrGraph, Found, Template
from egraph.aog.votes import VoteSettings
from egraph.errors import NothingYetError, UsageError
from egraph.graph.arrays import floats
from egraph.graph.connection import Database, Transaction
from egraph.graph.constraints import ensure_schema
from egraph.graph.graph_state import COMPLETE, create, hold
from egraph.graph.graphs import names_of_network
from egraph.graph.objects import check_names
from egraph.graph.read import keys
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.mirroring import turned_point

SETTINGS = tuple(field.name for field in fields(VoteSettings))
LEVELS = ("habit", "familiarity_levels", "error_levels")
NEEDED = frozenset({"prior", "prior_weight", "score_deviation", "offset", *LEVELS, *SETTINGS})
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
    names = [f"{aog.graph}/{layer}/{f}/{n}" for layer, f, n in zip(aog.layer, aog.filter, aog.number, strict=True)]
    seen = [turned_point(place, mirrored[o]) for o, place in zip(aog.found.objects, aog.found.places, strict=True)]

    def work(transaction: Transaction) -> None:
        hold(transaction, aog.graph, aog.content, COMPLETE)
        transaction.run("aog/remove", id=aog.id)
        written = transaction.run(
            "aog/write",
            id=aog.id,
            graph=aog.graph,
            category=aog.category,
            part=aog.part,
            properties=properties(aog),
            templates=[template_row(number, t) for number, t in enumerate(aog.templates, start=1)],
        )
        if not written[0]["rows"]:
            raise NothingYetError(
                f"The part {aog.part} of {aog.category} was removed meanwhile; `egraph part list` shows what there is."
            )
        create(transaction, "aog/learnt_from", len(aog.learnt_from), id=aog.id, object=aog.learnt_from)
        for number, template in enumerate(aog.templates, start=1):
            composed = np.flatnonzero(template.weight)
            create(
                transaction,
                "aog/composed_of",
                len(composed),
                template=f"{aog.id}/{number}",
                pattern=[names[row] for row in composed],
                dx=template.displacement[composed, 1].tolist(),
                dy=template.displacement[composed, 0].tolist(),
                sigma=template.sigma[composed].tolist(),
                response_dx=template.response[composed, 1].tolist(),
                response_dy=template.response[composed, 0].tolist(),
                weight=template.weight[composed].tolist(),
                mean_evidence=aog.mean_evidence[composed].tolist(),
                share=template.share[composed].tolist(),
            )
        create(
            transaction,
            "aog/found_on",
            len(aog.found.objects),
            id=aog.id,
            object=aog.found.objects,
            x=[x for x, _ in seen],
            y=[y for _, y in seen],
            residual_x=aog.found.residual[:, 1].tolist(),
            residual_y=aog.found.residual[:, 0].tolist(),
            confidence=aog.found.confidence.tolist(),
            place_confidence=aog.found.place_confidence.tolist(),
            trust=aog.found.trust.tolist(),
            template=(aog.found.template + 1).tolist(),
            row=list(range(len(aog.found.objects))),
        )

    database.transaction(work)


def properties(aog: AndOrGraph) -> dict[str, Any]:
    """What the And-Or graph's node carries; what has a shape of its own is JSON text."""
    return {
        "category": aog.category,
        "part": aog.part,
        "name": aog.name,
        "graph": aog.graph,
        "content": aog.content,
        "seed": aog.seed,
        "parameters": json.dumps(aog.parameters, sort_keys=True),
        "versions": json.dumps(aog.versions, sort_keys=True),
        "labels": len(aog.learnt_from),
        "patterns": len(aog.layer),
        "prior": aog.prior.tolist(),
        "prior_weight": aog.prior_weight,
        "score_deviation": aog.score_deviation,
        **asdict(aog.settings),
        "offset": aog.offset.tolist(),
        "habit": aog.habit.tolist(),
        "familiarity_levels": aog.familiarity_levels.tolist(),
        "error_levels": aog.error_levels.tolist(),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def template_row(number: int, template: Template) -> dict[str, Any]:
    """What a template's node carries."""
    return {
        "number": number,
        "pose": template.pose.tolist(),
        "box_height": float(template.box[0]),
        "box_width": float(template.box[1]),
        "objects": template.objects,
    }


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
    rows = database.read("aog/read", id=aog_id)
    if not rows:
        raise NothingYetError(f"There is no And-Or graph {aog_id}; `egraph aog list` shows those there are.")
    kept = rows[0]["aog"]
    if not kept.keys() >= NEEDED:
        raise NothingYetError(
            f"{aog_id} was built by an earlier egraph; build it again with `egraph aog build --category "
            f"{quote(kept['category'])} --part {quote(kept['part'])} --name {quote(kept['name'])}`."
        )
    tables = [
        {_number(graph, row): row for row in database.read("aog/read_patterns", template=row["template"]["id"])}
        for row in rows
    ]
    order = sorted({number for table in tables for number in table})
    if not order:
        raise NothingYetError(
            f"{aog_id} has no pattern left that could vote for a place; undo edits with `egraph aog restore --category "
            f"{quote(kept['category'])} --part {quote(kept['part'])} --name {quote(kept['name'])}`, or build it again."
        )
    known = [next(table[number] for table in tables if number in table) for number in order]
    mirrored = {o.id: bool(m) for o, m in zip(graph.objects, graph.mirrored, strict=True)}
    found = database.read("aog/read_found", id=aog_id)
    places = [turned_point(np.array([f["y"], f["x"]]), mirrored[f["object"]]) for f in found]
    return AndOrGraph(
        graph=kept["graph"],
        content=kept["content"],
        category=kept["category"],
        part=kept["part"],
        name=kept["name"],
        seed=kept["seed"],
        parameters=json.loads(kept["parameters"]),
        versions=json.loads(kept["versions"]),
        learnt_from=[row["object"] for row in database.read("aog/read_learnt_from", id=aog_id)],
        layer=[row["layer"] for row in known],
        filter=np.array([row["filter"] for row in known], np.int32),
        number=np.array([row["number"] for row in known], np.int32),
        mean_evidence=floats([row["mean_evidence"] for row in known]),
        prior=floats(kept["prior"]),
        prior_weight=kept["prior_weight"],
        score_deviation=kept["score_deviation"],
        settings=VoteSettings(**{name: kept[name] for name in SETTINGS}),
        offset=floats(kept["offset"]),
        habit=floats(kept["habit"]),
        familiarity_levels=floats(kept["familiarity_levels"]),
        error_levels=floats(kept["error_levels"]),
        templates=[
            _template(row["template"], [table.get(n) for n in order]) for row, table in zip(rows, tables, strict=True)
        ],
        found=Found(
            objects=[f["object"] for f in found],
            places=floats([[y, x] for x, y in places]),
            residual=floats([[f["residual_y"], f["residual_x"]] for f in found]),
            trust=floats([f["trust"] for f in found]),
            confidence=floats([f["confidence"] for f in found]),
            place_confidence=floats([f["place_confidence"] for f in found]),
            template=np.array([f["template"] - 1 for f in found], np.int32),
        ),
    )


def _template(kept: dict[str, Any], table: list[dict[str, Any] | None]) -> Template:
    """A template as it stands in the database; patterns that it lacks have no weight."""

    def column(*names: str) -> np.ndarray:
        rows = [[0.0 if row is None else row[name] for name in names] for row in table]
        return floats(rows).reshape(len(table), len(names))

    return Template(
        pose=floats(kept["pose"]),
        box=floats([kept["box_height"], kept["box_width"]]),
        objects=kept["objects"],
        weight=column("weight")[:, 0],
        displacement=column("dy", "dx"),
        sigma=column("sigma")[:, 0],
        response=column("response_dy", "response_dx"),
        share=column("share")[:, 0],
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
