"""An And-Or graph as a tree to look at: part, templates, their strongest patterns, and objects to show each on."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from egraph.aog.boxes import part_box
from egraph.aog.storage import AndOrGraphSummary, find_aogs
from egraph.graph.connection import Database
from egraph.graph.objects import photo_object
from egraph.photos.crop import from_fractions
from egraph.photos.photo import Box, PhotoObject

EXAMPLES = 4
"""Objects to choose from where photos are gone."""


@dataclass(frozen=True)
class Sighting:
    """The part on an object, in pixels of its photo; x, y: of a pattern there, in fractions of the object as
    photographed, and its score; mirrored: whether the canonical view is the mirrored one."""

    object: PhotoObject
    part: Box
    mirrored: bool
    x: float
    y: float
    score: float


@dataclass(frozen=True)
class TreePattern:
    """A pattern of a template. share: of the votes on the template's objects. dx, dy, sigma: where the part stands
    from it, in fractions of the object in the canonical view. seen: where it fires best, the best first,
    objects of the template before others."""

    id: str
    layer: str
    filter: int
    number: int
    weight: float
    share: float
    dx: float
    dy: float
    sigma: float
    seen: list[Sighting]

    @property
    def label(self) -> str:
        """A short name for people."""
        return f"{self.layer}/{self.filter}/{self.number}"


@dataclass(frozen=True)
class TreeTemplate:
    """A pose of the part. width, height: of the part, in fractions of a
    square object. patterns: all, the strongest first.
    seen: objects of this pose, the surest first."""

    id: str
    number: int
    objects: int
    width: float
    height: float
    pose: list[float]
    patterns: list[TreePattern]
    seen: list[Sighting]


@dataclass(frozen=True)
class Tree:
    """An And-Or graph. layers: of its graph, from the input side up. shown: so many patterns of a template are meant
    to be looked at."""

    summary: AndOrGraphSummary
    seed: int
    parameters: dict[str, Any]
    versions: dict[str, str]
    learnt_from: list[str]
    layers: list[str]
    templates: list[TreeTemplate]
    shown: int


def read_tree(
    database: Database,
    category: str,
    part: str,
    name: str | None = None,
    graph: str | None = None,
    shown: int = 6,
    examples: bool = False,
) -> Tree:
    """Read an And-Or graph.

    Args:
        shown: so many patterns of each template get objects to be shown on. examples: whether any do.

    Raises:
        NothingYetError: there is none, or its graph was mined again since.
        UsageError: several fit.
        DatabaseError: the database failed.
    """
    summary = find_aogs(database, category, part, name, graph)[0]
    rows = database.read("aog/read", id=summary.id)
    kept = rows[0]["aog"]
    tables = {row["template"]["id"]: database.read("aog/read_patterns", template=row["template"]["id"]) for row in rows}
    for table in tables.values():
        table.sort(key=lambda row: (-row["share"], row["layer"], row["filter"], row["number"]))
    boxes = {row["template"]["number"]: row["template"] for row in rows}
    of_template: dict[int, list[Sighting]] = {}
    of_pattern: dict[str, dict[int, list[Sighting]]] = {}
    if examples:
        asked = {"id": summary.id, "graph": summary.graph, "most": EXAMPLES}
        for row in database.read("aog/examples", **asked):
            of_template[row["template"]] = [_sighting(o, boxes[row["template"]]) for o in row["objects"]]
        names = sorted({_id(summary.graph, row) for table in tables.values() for row in table[:shown]})
        for row in database.read("aog/sightings", pattern=names, **asked):
            seen = [_sighting(o, boxes[row["template"]]) for o in row["objects"]]
            of_pattern.setdefault(row["pattern"], {})[row["template"]] = seen
    return Tree(
        summary=summary,
        seed=kept["seed"],
        parameters=json.loads(kept["parameters"]),
        versions=json.loads(kept["versions"]),
        learnt_from=[row["object"] for row in database.read("aog/read_learnt_from", id=summary.id)],
        layers=[row["name"] for row in database.read("read/layers", graph=summary.graph)],
        templates=[
            _template(row["template"], tables[row["template"]["id"]], summary.graph, of_template, of_pattern)
            for row in rows
        ],
        shown=shown,
    )


def _template(
    kept: dict[str, Any],
    table: list[dict[str, Any]],
    graph: str,
    of_template: dict[int, list[Sighting]],
    of_pattern: dict[str, dict[int, list[Sighting]]],
) -> TreeTemplate:
    return TreeTemplate(
        id=kept["id"],
        number=kept["number"],
        objects=kept["objects"],
        width=kept["box_width"],
        height=kept["box_height"],
        pose=kept["pose"],
        patterns=[
            TreePattern(
                id=_id(graph, row),
                layer=row["layer"],
                filter=row["filter"],
                number=row["number"],
                weight=row["weight"],
                share=row["share"],
                dx=row["dx"],
                dy=row["dy"],
                sigma=row["sigma"],
                seen=_best(of_pattern.get(_id(graph, row), {}), kept["number"]),
            )
            for row in table
        ],
        seen=of_template.get(kept["number"], []),
    )


def _best(seen: dict[int, list[Sighting]], template: int) -> list[Sighting]:
    others = [sighting for number, some in seen.items() if number != template for sighting in some]
    return (seen.get(template, []) + sorted(others, key=lambda sighting: -sighting.score))[:EXAMPLES]


def _id(graph: str, row: dict[str, Any]) -> str:
    return f"{graph}/{row['layer']}/{row['filter']}/{row['number']}"


def _sighting(row: dict[str, Any], template: dict[str, Any]) -> Sighting:
    obj = photo_object(row, {})
    x, y = from_fractions(obj, row["part_x"], row["part_y"])
    part = part_box(obj, x, y, np.array([template["box_height"], template["box_width"]]))
    x, y = row.get("x", row["part_x"]), row.get("y", row["part_y"])
    return Sighting(obj, part, row["mirrored"], x, y, row.get("score", 0.0))
