"""Patterns and what fires together, laid out for a drawing: layers below each other, like above like."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from egraph.photos.crop import from_fractions
from egraph.photos.photo import PhotoObject
from egraph.report.cutouts import Whole, whole_of
from egraph.report.pictures import spread_out
from egraph.report.views import GraphRow, PatternRow, PatternView, Tie
from egraph.report.words import displacement_words

STEP, ROW, MARGIN = 92.0, 138.0, 48.0
"""Pixels between neighbours, between layers, and around."""
SWEEPS = 6


class Node(NamedTuple):
    """A pattern at a place of the drawing; number: by which edges name it."""

    number: int
    row: PatternRow
    x: float
    y: float
    focus: bool


class Edge(NamedTuple):
    """A line between two nodes, by their numbers."""

    source: int
    target: int
    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    words: str


class Band(NamedTuple):
    """The height at which a layer stands."""

    layer: str
    y: float


@dataclass(frozen=True)
class Drawing:
    """Patterns of one graph with the ties among them, width by height pixels."""

    width: float
    height: float
    nodes: list[Node]
    edges: list[Edge]
    bands: list[Band]
    opens: bool = False
    """Whether partners of its patterns can be added."""

    @property
    def ids(self) -> list[str]:
        """The ids of its patterns."""
        return [node.row.id for node in self.nodes]


def draw_ties(graph: GraphRow, rows: Sequence[PatternRow], ties: Sequence[Tie], focus: Collection[str] = ()) -> Drawing:
    """Lay out patterns, the top layer above. Those that fire together stand near each other."""
    numbers = {row.id: number for number, row in enumerate(rows)}
    layers = sorted({row.layer for row in rows}, key=graph.layers.index, reverse=True)
    place = _places(rows, ties, layers)
    widest = 1 + 2 * max(place.values(), default=0.0)
    width = max(300.0, STEP * widest) + 2 * MARGIN
    heights = {layer: MARGIN + ROW * (number + 0.2) for number, layer in enumerate(layers)}
    at = {row.id: (width / 2 + place[row.id] * STEP, heights[row.layer]) for row in rows}
    nodes = [Node(numbers[row.id], row, *at[row.id], row.id in focus) for row in rows]
    edges = [
        Edge(
            numbers[tie.lower],
            numbers[tie.upper],
            *at[tie.lower],
            *at[tie.upper],
            1 + 4 * max(0.0, tie.strength),
            f"together on {tie.photos} objects, {displacement_words(tie.dx, tie.dy, tie.sigma)}",
        )
        for tie in ties
        if tie.lower in numbers and tie.upper in numbers
    ]
    bands = [Band(layer, y - 38) for layer, y in heights.items()]
    return Drawing(width, MARGIN + ROW * max(1, len(layers)) - 20, nodes, edges, bands)


def _places(rows: Sequence[PatternRow], ties: Sequence[Tie], layers: Sequence[str]) -> dict[str, float]:
    """Where patterns stand in their layers, by their ids: steps from the middle to the right. It begins with the order
    on the object; then each layer in turn is ordered by the middle of its patterns' partners, down and up again."""
    near: dict[str, list[str]] = {row.id: [] for row in rows}
    for tie in ties:
        if tie.lower in near and tie.upper in near:
            near[tie.lower].append(tie.upper)
            near[tie.upper].append(tie.lower)
    place: dict[str, float] = {}

    def order(ids: list[str], key: Callable[[str], float]) -> None:
        place.update({id: n - (len(ids) - 1) / 2 for n, id in enumerate(sorted(ids, key=key))})

    x = {row.id: row.x for row in rows}
    of_layer = {layer: sorted((row.id for row in rows if row.layer == layer), key=x.__getitem__) for layer in layers}
    for ids in of_layer.values():
        order(ids, x.__getitem__)
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            middle = {id: float(np.mean([place[n] for n in near[id]] or [place[id]])) for id in of_layer[layer]}
            order(of_layer[layer], middle.__getitem__)
    return place


class Arrow(NamedTuple):
    """Where a partner stands, and where its number is written."""

    number: int
    layer: str
    x: float
    y: float
    text_x: float
    text_y: float


@dataclass(frozen=True)
class Arrows:
    """A pattern's partners on one object, in pixels of its picture."""

    object: PhotoObject
    view: Whole
    x: float
    y: float
    arrows: list[Arrow]


def arrows_of(view: PatternView, pixels: int) -> Arrows | None:
    """Where the partners stand as seen from where the pattern fires best; None where it has none, or no photo."""
    partners = [*view.above, *view.below]
    if not partners or not view.pattern.seen:
        return None
    seen = view.pattern.seen[0]
    frame = whole_of(seen.object, pixels)
    x, y = frame.at(*from_fractions(seen.object, seen.x, seen.y))
    sign = -1 if view.mirrored else 1
    ends = np.array(
        [frame.at(*from_fractions(seen.object, seen.x + sign * one.dx, seen.y + one.dy)) for one in partners]
    )
    ends = np.clip(ends, 10, np.array([frame.width, frame.height]) - 10)
    texts = spread_out(ends, 26.0, (frame.width, frame.height), 14, (x, y))
    arrows = [
        Arrow(number, one.pattern.layer, *end, *text)
        for number, (one, end, text) in enumerate(zip(partners, ends.tolist(), texts.tolist(), strict=True), 1)
    ]
    return Arrows(seen.object, frame, x, y, arrows)
