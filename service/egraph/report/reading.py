"""Reads from the database what pages show: few statements for each page, none of which looks at a whole graph."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from egraph.aog.boxes import part_box
from egraph.errors import NothingYetError
from egraph.graph.connection import Database
from egraph.graph.graphs import GraphSummary
from egraph.graph.objects import photo_object
from egraph.mining.graph_tables import ANCHORS
from egraph.photos.crop import from_fractions
from egraph.photos.photo import Box
from egraph.report.views import (
    FilterView,
    Fired,
    FoundPart,
    GraphRow,
    GraphView,
    LayerRow,
    ObjectView,
    OnPart,
    Partner,
    PartRow,
    PartView,
    PatternRow,
    PatternView,
    Place,
    Sighting,
    Tie,
)

SEEN = 9
"""Photos of a pattern or a filter: so many are kept of each."""
ROW_SEEN = 6
"""Photos of a pattern in a row of others."""
PARTNERS = 12
PART_PATTERNS, ON_PART, TIES = 200, 24, 24
"""Patterns of a part that are looked at, and that are shown; pairs of them that fire together."""
LABELLED, FOUND = 6, 8
FIRED = 12
"""Patterns of each layer on an object."""
STRONGEST = 12


def graph_row(database: Database, graph: GraphSummary) -> GraphRow:
    """A graph with its layers."""
    layers = tuple(row["name"] for row in database.read("pages/layers", graph=graph.id))
    return GraphRow(
        graph.id, graph.category, graph.name, graph.network, graph.images, graph.patterns, graph.created_at, layers
    )


def read_pattern(database: Database, graph: GraphRow, id: str) -> PatternView:
    """A pattern.

    Raises:
        NothingYetError: the graph has no such pattern.
        DatabaseError: the database failed.
    """
    rows = database.read("pages/pattern", pattern=id)
    if not rows:
        raise NothingYetError(f"There is no pattern {id}; `egraph query strongest-patterns` lists some that there are.")
    (row,) = rows
    anchor = row["layer"] == ANCHORS
    asked = {"pattern": id, "limit": PARTNERS}
    up, down = database.read("questions/belongs-to", **asked), database.read("questions/made-of", **asked)
    filter_ = filter_id(graph, row["layer"], row["filter"])
    siblings = [] if anchor else [one["id"] for one in database.read("pages/of_filter", filter=filter_, graph=graph.id)]
    partners = [one["pattern"] for one in [*up, *down]]
    seen = read_seen(database, [id], SEEN).get(id, [])
    first = database.read("pages/object", object=seen[0].object.id, graph=graph.id) if seen else []
    others = read_rows(database, graph, partners) | read_rows(
        database, graph, [one for one in siblings if one != id], ROW_SEEN
    )
    parts = database.read("pages/parts_of_pattern", pattern=id, graph=graph.id)
    return PatternView(
        graph=graph,
        pattern=replace(_pattern_row(graph, row), seen=seen),
        spread=row["spread"],
        sigma=row["sigma"],
        apart=row["apart"],
        raw=[] if anchor else read_raw(database, graph, filter_),
        siblings=[others[one] for one in siblings if one in others and one != id],
        above=[_partner(one, others[one["pattern"]], row, -1) for one in up],
        below=[_partner(one, others[one["pattern"]], row, 1) for one in down],
        parts=[OnPart(**one) for one in parts],
        mirrored=bool(first and first[0]["mirrored"]),
    )


def read_filter(database: Database, graph: GraphRow, layer: str, channel: int, most: int = SEEN) -> FilterView:
    """A filter and what was separated from it; `most` photos of each pattern.

    Raises:
        NothingYetError: the graph has no pattern of such a filter.
        DatabaseError: the database failed.
    """
    id = filter_id(graph, layer, channel)
    names = [row["id"] for row in database.read("pages/of_filter", filter=id, graph=graph.id)]
    raw = read_raw(database, graph, id)
    if not names and not raw:
        raise NothingYetError(f"The graph {graph.id} has no filter {layer}/{channel} with patterns or photos.")
    rows = list(read_rows(database, graph, names, most).values())
    return FilterView(
        graph=graph,
        id=f"{graph.id}/{layer}/{channel}",
        layer=layer,
        channel=channel,
        raw=raw,
        patterns=rows,
        unexplained=max(0.0, 1.0 - sum(row.share or 0.0 for row in rows)),
    )


def read_part(database: Database, graph: GraphRow, part: str) -> PartView:
    """A part of a graph's category.

    Raises:
        NothingYetError: there is no such part.
        DatabaseError: the database failed.
    """
    known = {row["part"]: row for row in database.read("pages/parts", graph=graph.id)}
    if part not in known:
        listed = f"; there are: {', '.join(known)}" if known else "; `egraph part import` brings boxes of parts"
        raise NothingYetError(f"There is no part {part} of {graph.category}{listed}.")
    asked = {"of": f"{graph.id}/{part}", "limit": PART_PATTERNS}
    on_part = {row["id"]: row["share"] for row in database.read("pages/patterns_of_part", **asked)}
    ties = [Tie(**row) for row in database.read("pages/ties", patterns=list(on_part))][:TIES]
    # Those that fire together with others first, then those most often on the part.
    tied = {id for tie in ties for id in (tie.lower, tie.upper)}
    names = sorted(on_part, key=lambda id: id not in tied)[: max(ON_PART, len(tied))]
    rows = read_rows(database, graph, names, ROW_SEEN)
    drawn = database.read("pages/labelled", part=f"{graph.category}/{part}", limit=LABELLED)
    return PartView(
        graph=graph,
        part=part,
        labelled=[Place(photo_object(row, {}), Box(*row["drawn"])) for row in drawn],
        by_chance=known[part]["by_chance"],
        on_it=known[part]["patterns"] or 0,
        patterns=[replace(row, on_part=on_part[id]) for id, row in rows.items()],
        ties=ties,
        found=read_found(database, graph, part),
    )


def read_found(database: Database, graph: GraphRow, part: str) -> list[FoundPart]:
    """The And-Or graphs of a part, with where they found it on the photos that the graph was mined from."""
    found = []
    for row in database.read("aog/list"):
        if (row["graph"], row["part"]) != (graph.id, part):
            continue
        places = {
            surest: [_place(one) for one in database.read("pages/found", aog=row["id"], surest=surest, limit=FOUND)]
            for surest in (True, False)
        }
        current = row["content"] == row["graph_content"]
        kept = (row["id"], row["name"], row["labels"], row["templates"], row["patterns"], current)
        found.append(FoundPart(*kept, places[True], places[False]))
    return found


def read_object(database: Database, graph: GraphRow, id: str) -> ObjectView:
    """An object.

    Raises:
        NothingYetError: there is no such object.
        DatabaseError: the database failed.
    """
    rows = database.read("pages/object", object=id, graph=graph.id)
    if not rows:
        raise NothingYetError(f"There is no object {id}; `egraph query objects` lists those that there are.")
    obj = photo_object(rows[0], {})
    layers: dict[str, list[Fired]] = {}
    for layer in reversed(graph.layers):
        asked = {"object": id, "graph": graph.id, "layer": layer, "limit": FIRED}
        fired = [
            Fired(row["id"], graph.label(row["id"]), _sighting({**rows[0], **row}))
            for row in database.read("pages/fired_on_object", **asked)
        ]
        if fired:
            layers[layer] = fired
    drawn = database.read("pages/parts_of_object", object=id)
    found = database.read("pages/found_on_object", object=id, graph=graph.id)
    return ObjectView(
        graph=graph,
        object=obj,
        mirrored=bool(rows[0]["mirrored"]),
        layers=layers,
        drawn=[(row["part"], Box(*row["box"])) for row in drawn],
        found=[(row["part"], _place({**rows[0], **row})) for row in found],
    )


def read_graph_view(database: Database, graph: GraphRow, strongest: int = STRONGEST) -> GraphView:
    """A graph, with so many of the strongest patterns of each layer.

    Raises:
        DatabaseError: the database failed.
    """
    layers = [LayerRow(**_without_anchors(row)) for row in database.read("pages/layers", graph=graph.id)]
    found: dict[str, list[PatternRow]] = {}
    for layer in reversed(layers):
        asked = {"graph": graph.id, "layer": layer.name, "limit": strongest}
        names = [row["id"] for row in database.read("pages/strongest", **asked)]
        if layer.name != ANCHORS:
            found[layer.name] = list(read_rows(database, graph, names, 1).values())
    (kept,) = database.read("read/graph", graph=graph.id)
    properties, network = kept["graph"], kept["network"]
    return GraphView(
        graph=graph,
        layers=layers[::-1],
        parts=[PartRow(**row) for row in database.read("pages/parts", graph=graph.id)],
        strongest=found,
        mined={
            "network": graph.network,
            "weights": network["weights_source"],
            "weights' SHA-256": network["weights_sha256"],
            "objects": graph.images,
            "seed": properties["seed"],
            "written": graph.created_at,
        },
        settings=json.loads(properties["parameters"]),
        versions=json.loads(properties["versions"]),
        dropped=json.loads(properties["dropped"]),
    )


def read_rows(database: Database, graph: GraphRow, names: Sequence[str], most: int = 1) -> dict[str, PatternRow]:
    """Rows of patterns by their ids, in the order of `names`, each with at most so many of its photos."""
    names = list(dict.fromkeys(names))
    found = {row["id"]: _pattern_row(graph, row) for row in database.read("pages/patterns", patterns=names)}
    seen = read_seen(database, names, most)
    return {name: replace(found[name], seen=seen.get(name, [])) for name in names if name in found}


def read_seen(database: Database, names: Sequence[str], most: int) -> dict[str, list[Sighting]]:
    """Where patterns fire best, by their ids."""
    rows = database.read("pages/firings", patterns=list(names), most=most)
    return {row["pattern"]: [_sighting(one) for one in row["seen"]] for row in rows}


def read_raw(database: Database, graph: GraphRow, filter: str, most: int = SEEN) -> list[Sighting]:
    """The objects on which a filter's output is largest."""
    return [_sighting(row) for row in database.read("pages/peaks", filter=filter, graph=graph.id, most=most)]


def filter_id(graph: GraphRow, layer: str, channel: int) -> str:
    """The id of a filter, which graphs of one network share."""
    return f"{graph.network}/{layer}/{channel}"


def _pattern_row(graph: GraphRow, row: dict[str, Any]) -> PatternRow:
    chance = row["chance"]
    return PatternRow(
        id=row["id"],
        label=graph.label(row["id"]),
        layer=row["layer"],
        filter=row["filter"],
        number=row["number"],
        x=row["x"],
        y=row["y"],
        support=row["support"],
        score=row["score"],
        advantage=row["advantage"],
        likeness=row["likeness"],
        share=None if chance is None else row["advantage"] * chance,
    )


def _partner(row: dict[str, Any], pattern: PatternRow, of: dict[str, Any], sign: int) -> Partner:
    """sign: 1 where the displacement leads to the partner, -1 where it leads from it."""
    if row["dx"] is None:
        dx, dy = pattern.x - of["x"], pattern.y - of["y"]
    else:
        dx, dy = sign * row["dx"], sign * row["dy"]
    return Partner(pattern, row["strength"], row["lift"], row["photos"], dx, dy, row["sigma"])


def _sighting(row: dict[str, Any]) -> Sighting:
    optional = {name: row.get(name) for name in ("score", "likeness", "expected_x", "expected_y")}
    return Sighting(photo_object(row, {}), row["x"], row["y"], row["activation"], **optional)


def _place(row: dict[str, Any]) -> Place:
    obj = photo_object(row, {})
    x, y = from_fractions(obj, row["x"], row["y"])
    box = part_box(obj, x, y, np.array([row["box_height"], row["box_width"]]))
    return Place(obj, box, row["confidence"], row["place_confidence"], row["template"])


def _without_anchors(row: dict[str, Any]) -> dict[str, Any]:
    """The anchors have no map of their own."""
    of_map = ("channels", "filters", "width", "receptive_field")
    return {**row, "ties": row["ties"] or 0, **(dict.fromkeys(of_map) if row["name"] == ANCHORS else {})}
