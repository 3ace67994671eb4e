"""Reads from the database what pages show: few statements for each page, none of which looks at a whole graph."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from egraph.aog.boxes import part_box
from egraph.errors import NothingYetError
from egraph.graph.connection import Database
from egraph.graph.objects import photo_object
from egraph.mining.graph_tables import ANCHORS
from egraph.photos.crop import from_fractions
from egraph.photos.photo import Box
from egraph.report.views import (
    FilterView,
    Fired,
    FoundPart,
    GraphRow,
    ObjectView,
    OnPart,
    Partner,
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
FIRED, LOOKED_AT = 12, 1000
"""Patterns of each layer on an object, chosen from so many that fire most strongly on it."""


def read_pattern(database: Database, graph: GraphRow, id: str) -> PatternView:
    """A pattern.

    Raises:
        NothingYetError: the graph has no such pattern.
        DatabaseError: the database failed.
    """
    found = read_patterns(database, graph, [id])
    if not found:
        raise NothingYetError(f"There is no pattern {id}; `egraph query patterns` lists those that there are.")
    return found[0]


def read_patterns(database: Database, graph: GraphRow, ids: Sequence[str], beside: int = ROW_SEEN) -> list[PatternView]:
    """Some patterns, in the order of `ids`; those that are not there are left out. beside: so many photos of the other
    patterns of their filters.

    Raises:
        DatabaseError: the database failed.
    """
    rows = {row["id"]: row for row in database.read("pages/pattern", patterns=list(ids), graph=graph.id)}
    names = [id for id in ids if id in rows]
    filters = {id: filter_id(graph, rows[id]["layer"], rows[id]["filter"]) for id in names if not _anchor(rows[id])}
    siblings = read_of_filters(database, graph, filters.values())
    raw = read_raw(database, graph, filters.values())
    partners: dict[str, list[dict[str, Any]]] = {}
    for row in database.read("pages/partners", patterns=names):
        partners.setdefault(row["pattern"], []).append(row)
    for some in partners.values():
        some.sort(key=lambda row: (-row["strength"], row["partner"]))
    seen = read_seen(database, names, SEEN)
    first = {id: some[0].object.id for id, some in seen.items() if some}
    objects = database.read("pages/object", objects=list(dict.fromkeys(first.values())), graph=graph.id)
    mirrored = {row["id"]: bool(row["mirrored"]) for row in objects}
    rest = read_rows(database, graph, [one for some in siblings.values() for one in some], beside)
    others = read_rows(database, graph, [row["partner"] for some in partners.values() for row in some])
    parts: dict[str, list[OnPart]] = {}
    for row in database.read("pages/parts_of_patterns", patterns=names, graph=graph.id):
        parts.setdefault(row.pop("pattern"), []).append(OnPart(**row))

    def together(id: str, above: bool) -> list[Partner]:
        some = [row for row in partners.get(id, []) if row["above"] == above][:PARTNERS]
        return [_partner(row, others[row["partner"]], rows[id]) for row in some]

    return [
        PatternView(
            graph=graph,
            pattern=replace(_pattern_row(graph, rows[id]), seen=seen.get(id, [])),
            spread=rows[id]["spread"],
            sigma=rows[id]["sigma"],
            apart=rows[id]["apart"],
            raw=raw.get(filters.get(id, ""), []),
            siblings=[rest[one] for one in siblings.get(filters.get(id, ""), []) if one != id],
            above=together(id, True),
            below=together(id, False),
            parts=parts.get(id, []),
            mirrored=mirrored.get(first.get(id, ""), False),
        )
        for id in names
    ]


def read_filter(database: Database, graph: GraphRow, layer: str, channel: int) -> FilterView:
    """A filter and what was separated from it.

    Raises:
        NothingYetError: the graph has no pattern of such a filter.
        DatabaseError: the database failed.
    """
    (view,) = read_filters(database, graph, [(layer, channel)])
    if not view.patterns and not view.raw:
        raise NothingYetError(f"The graph {graph.id} has no filter {layer}/{channel} with patterns or photos.")
    return view


def read_filters(
    database: Database, graph: GraphRow, filters: Sequence[tuple[str, int]], most: int = SEEN
) -> list[FilterView]:
    """Some filters by layer and channel, with so many photos of each pattern.

    Raises:
        DatabaseError: the database failed.
    """
    ids = [filter_id(graph, layer, channel) for layer, channel in filters]
    of_filters = read_of_filters(database, graph, ids)
    raw = read_raw(database, graph, ids)
    known = read_rows(database, graph, [one for some in of_filters.values() for one in some], most)
    own = {row.pop("filter"): row for row in database.read("pages/own_filters", filters=ids)}
    rest: dict[tuple[str, int], dict[str, Any]] = {}
    for layer in dict.fromkeys(layer for layer, _ in filters):
        channels = [channel for of, channel in filters if of == layer]
        for row in database.read("pages/rest_of_filters", graph=graph.id, layer=layer, channels=channels):
            rest[layer, row.pop("channel")] = row
    found = []
    for id, (layer, channel) in zip(ids, filters, strict=True):
        rows = [known[one] for one in of_filters.get(id, [])]
        explained = None if any(row.share is None for row in rows) else sum(row.share or 0.0 for row in rows)
        view = FilterView(
            graph=graph,
            id=f"{graph.id}/{layer}/{channel}",
            layer=layer,
            channel=channel,
            raw=raw.get(id, []),
            patterns=rows,
            unexplained=None if explained is None else max(0.0, 1.0 - explained),
            **rest.get((layer, channel), {}),
            **own.get(id, {}),
        )
        found.append(view)
    return found


def read_of_filters(database: Database, graph: GraphRow, filters: Iterable[str]) -> dict[str, list[str]]:
    """The ids of the patterns of each filter, those with most evidence first."""
    found: dict[str, list[str]] = {}
    for row in database.read("pages/of_filters", filters=list(dict.fromkeys(filters)), graph=graph.id):
        found.setdefault(row["filter"], []).append(row["id"])
    return found


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
    lying = database.read(
        "pages/patterns_of_part", graph=graph.id, part=f"{graph.category}/{part}", limit=PART_PATTERNS
    )
    surely = [row for row in lying if row["share"] > row["by_chance"]]
    best = surely or lying[:ON_PART]
    on_part = {row["id"]: row["share"] for row in best}
    ties = read_ties(database, list(on_part))[:TIES]
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
        beyond_chance=bool(surely),
        ties=ties,
        found=read_found(database, graph, part),
        own_name=known[part]["own_name"],
        note=known[part]["note"],
    )


def read_first_of_part(database: Database, graph: GraphRow, part: str, most: int = ROW_SEEN) -> list[PatternRow]:
    """The patterns that lie on a part most surely, with a photo each."""
    asked = {"graph": graph.id, "part": f"{graph.category}/{part}", "limit": most}
    names = [row["id"] for row in database.read("pages/patterns_of_part", **asked)]
    return list(read_rows(database, graph, names).values())


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


def read_object(database: Database, graph: GraphRow, id: str, fired_on: int = FIRED) -> ObjectView:
    """An object, with so many patterns of each layer.

    Raises:
        NothingYetError: there is no such object.
        DatabaseError: the database failed.
    """
    rows = database.read("pages/object", objects=[id], graph=graph.id)
    if not rows:
        raise NothingYetError(f"There is no object {id}; `egraph query objects` lists those that there are.")
    obj = photo_object(rows[0], {})
    layers: dict[str, list[Fired]] = {layer: [] for layer in reversed(graph.layers)}
    for row in database.read("pages/fired_on_object", object=id, graph=graph.id, limit=LOOKED_AT):
        if len(layers[row["layer"]]) < fired_on:
            seen = _sighting({**rows[0], **row})
            layers[row["layer"]].append(Fired(row["id"], graph.label(row["id"]), seen, row["own_name"]))
    drawn = database.read("pages/parts_of_object", object=id)
    found = database.read("pages/found_on_object", object=id, graph=graph.id)
    return ObjectView(
        graph=graph,
        object=obj,
        mirrored=bool(rows[0]["mirrored"]),
        layers={layer: fired for layer, fired in layers.items() if fired},
        drawn=[(row["part"], Box(*row["box"])) for row in drawn],
        found=[(row["part"], _place({**rows[0], **row})) for row in found],
    )


def read_partners(database: Database, graph: GraphRow, id: str) -> list[str]:
    """The ids of what fires together with a pattern, the strongest first."""
    rows = database.read("pages/partners", patterns=[id])
    return [row["partner"] for row in sorted(rows, key=lambda row: (-row["strength"], row["partner"]))][:PARTNERS]


def read_ties(database: Database, ids: Sequence[str]) -> list[Tie]:
    """Which of some patterns fire together, the strongest first."""
    return [Tie(**row) for row in database.read("pages/ties", patterns=list(ids))]


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


def read_raw(database: Database, graph: GraphRow, filters: Iterable[str]) -> dict[str, list[Sighting]]:
    """The objects on which the output of filters is largest, by the filters' ids."""
    found: dict[str, list[Sighting]] = {}
    for row in database.read("pages/peaks", filters=list(dict.fromkeys(filters)), graph=graph.id):
        found.setdefault(row["filter"], []).append(_sighting(row))
    return found


def filter_id(graph: GraphRow, layer: str, channel: int) -> str:
    """The id of a filter, which graphs of one network share."""
    return f"{graph.network}/{layer}/{channel}"


def _pattern_row(graph: GraphRow, row: dict[str, Any]) -> PatternRow:
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
        share=row["share"],
        background=row["background"],
        own_name=row["own_name"],
        note=row["note"],
    )


def _partner(row: dict[str, Any], pattern: PatternRow, of: dict[str, Any]) -> Partner:
    """The step from `of` to its partner, between the mean places where the graph has no other."""
    dx, dy = row["dx"], row["dy"]
    if dx is None:
        dx, dy = pattern.x - of["x"], pattern.y - of["y"]
    return Partner(pattern, row["strength"], row["lift"], row["photos"], dx, dy, row["sigma"])


def _anchor(row: dict[str, Any]) -> bool:
    return bool(row["layer"] == ANCHORS)


def _sighting(row: dict[str, Any]) -> Sighting:
    optional = {name: row.get(name) for name in ("score", "likeness", "expected_x", "expected_y")}
    return Sighting(photo_object(row, {}), row["x"], row["y"], row["activation"], **optional)


def _place(row: dict[str, Any]) -> Place:
    obj = photo_object(row, {})
    x, y = from_fractions(obj, row["x"], row["y"])
    box = part_box(obj, x, y, np.array([row["box_height"], row["box_width"]]))
    return Place(obj, box, row["confidence"], row["place_confidence"], row["template"])
