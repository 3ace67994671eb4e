"""Reads from the database what the pages of whole graphs show, and the rows of graphs with which all pages begin."""

import json
from collections.abc import Sequence
from typing import Any

from egraph.graph.connection import Database
from egraph.graph.graphs import GraphSummary
from egraph.graph.measured import measured_of
from egraph.mining.graph_tables import ANCHORS
from egraph.report.page_content import Figure
from egraph.report.reading import read_rows
from egraph.report.views import GraphRow, GraphView, LayerRow, PartRow

Strongest = dict[str, list[str]]
"""Ids of patterns by their layer."""


def graph_row(database: Database, graph: GraphSummary) -> GraphRow:
    """A graph with its layers."""
    return graph_rows(database, [graph])[graph.id]


def graph_rows(database: Database, graphs: Sequence[GraphSummary]) -> dict[str, GraphRow]:
    """Graphs with their layers, by their ids."""
    layers: dict[str, list[str]] = {}
    for row in database.read("pages/layer_names", graphs=[graph.id for graph in graphs]):
        layers.setdefault(row["graph"], []).append(row["name"])
    return {
        g.id: GraphRow(
            g.id, g.category, g.name, g.network, g.images, g.patterns, g.created_at, tuple(layers.get(g.id, ()))
        )
        for g in graphs
    }


def read_strongest(database: Database, graph: str, most: int) -> Strongest:
    """The ids of the patterns with most evidence, so many of each conv layer, the top layer first."""
    return _strongest(graph, database.read("pages/layers", graph=graph), most)


def read_graph_view(database: Database, graph: GraphRow, most: int) -> GraphView:
    """A graph, with so many of the strongest patterns of each layer.

    Raises:
        DatabaseError: the database failed.
    """
    read = database.read("pages/layers", graph=graph.id)
    strongest = _strongest(graph.id, read, most)
    layers = [LayerRow(**_without_anchors(row)) for row in read]
    rows = read_rows(database, graph, [id for some in strongest.values() for id in some], 1)
    found = {layer: [rows[id] for id in some if id in rows] for layer, some in strongest.items()}
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
        figures=[Figure(*row) for row in measured_of(properties.get("figures"))],
    )


def _strongest(graph: str, layers: Sequence[dict[str, Any]], most: int) -> Strongest:
    return {
        row["name"]: [f"{graph}/{row['name']}/{label}" for label in (row["strongest"] or ())[:most]]
        for row in reversed(layers)
        if row["name"] != ANCHORS
    }


def _without_anchors(row: dict[str, Any]) -> dict[str, Any]:
    """The anchors have no map of their own."""
    row = {name: value for name, value in row.items() if name != "strongest"}
    of_map = ("channels", "filters", "width", "receptive_field")
    return {**row, "ties": row["ties"] or 0, **(dict.fromkeys(of_map) if row["name"] == ANCHORS else {})}
