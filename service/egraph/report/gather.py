"""Gathers what a report shows: from a graph as the database has it, patterns placed on objects, and an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from egraph.aog.locate import LocatedPart
from egraph.mining.graph_model import Placed
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.photos.mirroring import turned_point
from egraph.photos.photo import PhotoObject, Skipped
from egraph.report.page_content import (
    CategoryReport,
    EdgeCount,
    Example,
    Figure,
    LayerRow,
    PartSection,
    PatternRow,
    Portrait,
    TogetherRow,
)

EXAMPLES = 6
PATTERNS = 12
PAIRS = 20


def gather_report(
    graph: MinedGraph,
    figures: Sequence[Figure],
    parts: Sequence[PartSection],
    skipped: Sequence[Skipped],
    written_at: str,
    remarks: Sequence[str] = (),
    parses: Sequence[tuple[PhotoObject, Sequence[LocatedPart]]] = (),
) -> CategoryReport:
    """Everything about a graph's page that the graph itself says, with what the caller measured and asked."""
    size = graph.preprocessing["size"]
    layers = [
        LayerRow(
            name=layer.name,
            patterns=len(graph.patterns[layer.name]),
            filters=None if layer.name == ANCHORS else len(np.unique(graph.patterns[layer.name].filter)),
            channels=None if layer.name == ANCHORS else layer.channels,
            map_width=None if layer.name == ANCHORS else layer.width,
            receptive_field=None if layer.name == ANCHORS else min(1.0, layer.receptive_field / size),
        )
        for layer in graph.layers
    ]
    together = {(edges.lower, edges.upper): len(edges.source) for edges in graph.co_activations}
    edges = [
        EdgeCount(d.lower, d.upper, together.get((d.lower, d.upper), 0), len(d.source)) for d in graph.displacements
    ]
    return CategoryReport(
        category=graph.category,
        graph_id=graph.id,
        network=graph.network_id,
        weights_sha256=graph.weights_sha256,
        weights_source=graph.weights_source,
        seed=graph.seed,
        written_at=written_at,
        photos_used=len(graph.objects),
        photos_skipped=skipped,
        layers=layers,
        edges=edges,
        dropped=graph.dropped,
        settings=graph.parameters,
        versions=graph.versions,
        figures=figures,
        parts=parts,
        remarks=remarks,
        parses=parses,
    )


def gather_part(
    graph: MinedGraph,
    placed: Placed,
    objects: Sequence[PhotoObject],
    part: str,
    labelled: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
) -> PartSection:
    """One part's section, from the rows of the question `fires-together`.

    Args:
        placed: the graph's patterns on `objects`.
        labelled: ids of the objects that a person labelled; the last one among `objects` is the portrait.
    """
    seen: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        seen.setdefault(row["pattern"], row)
    on_part = {name: row["on_part"] for name, row in seen.items()}
    first = list(seen)[:PATTERNS]
    pairs = [row for row in rows if row["partner"] is not None and row["pattern"] in first][:PAIRS]
    chosen = list(dict.fromkeys([*first, *(row["partner"] for row in pairs)]))[: 2 * PATTERNS]
    patterns = [_pattern(graph, placed, objects, name, on_part.get(name)) for name in chosen]
    shown = {pattern.id for pattern in patterns}
    together = [
        TogetherRow(r["pattern"], r["partner"], r["strength"], r["photos"], r["dx"], r["dy"], r["sigma"])
        for r in pairs
        if r["pattern"] in shown and r["partner"] in shown
    ]
    models = [row for row, o in enumerate(objects) if o.id in set(labelled)]
    portrait = None
    if models:
        places = {name: _expected_at(placed, *_row(graph, name), models[-1]) for name in chosen}
        portrait = Portrait(objects[models[-1]], places)
    return PartSection(part, len(labelled), patterns, together, portrait)


def _pattern(
    graph: MinedGraph, placed: Placed, objects: Sequence[PhotoObject], name: str, on_part: float | None
) -> PatternRow:
    layer, row = _row(graph, name)
    table = graph.patterns[layer]
    score = placed.score[layer][row] * placed.fires[layer][row]
    best = score.topk(min(EXAMPLES, len(objects))).indices.tolist()
    examples = [Example(objects[i], *_shown_at(placed, layer, row, i), float(score[i])) for i in best if score[i] > 0]
    return PatternRow(
        id=name,
        layer=layer,
        filter=int(table.filter[row]),
        number=int(table.number[row]),
        support=int(table.support[row]),
        on_part=on_part,
        examples=examples,
    )


def _row(graph: MinedGraph, name: str) -> tuple[str, int]:
    """Layer and row of a pattern, from its id."""
    layer, filter_, number = name.removeprefix(graph.id + "/").rsplit("/", 2)
    table = graph.patterns[layer]
    return layer, int(np.flatnonzero((table.filter == int(filter_)) & (table.number == int(number)))[0])


def _expected_at(placed: Placed, layer: str, row: int, object_row: int) -> tuple[float, float]:
    """Place (x, y) where a pattern is expected on an object, in fractions of its box, as photographed."""
    return turned_point(placed.places[layer][row, object_row], bool(placed.mirrored[object_row]))


def _shown_at(placed: Placed, layer: str, row: int, object_row: int) -> tuple[float, float]:
    """The same, half-way to the unit where it fires: about there a picture shows what it fires on."""
    middle = (placed.places[layer][row, object_row] + placed.units[layer][row, object_row]) / 2
    return turned_point(middle, bool(placed.mirrored[object_row]))
