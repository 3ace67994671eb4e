"""Reading a graph back, exactly as it was mined."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from egraph.errors import NothingYetError
from egraph.graph.connection import Database
from egraph.graph.objects import photo_object
from egraph.mining.graph_tables import ANCHORS, CoActivations, Displacements, LayerReading, MinedGraph, PatternTable
from egraph.network.layer import LayerGeometry
from egraph.photos.photo import PhotoObject

EDGE_VALUES: dict[str, dict[str, type]] = {
    "co_activations": {"strength": np.float32, "lift": np.float32, "support": np.int32},
    "displacements": {"dx": np.float32, "dy": np.float32, "sigma": np.float32, "weight": np.float32},
}
GEOMETRY = ("index", "channels", "height", "width", "stride", "first_centre", "receptive_field")


def read_graph(database: Database, graph_id: str, placing: bool = False) -> MinedGraph:
    """The graph as it was written, without its firings; patterns by filter and number, edges by source and target.

    With `placing`, of the edges only the displacements from the anchors are read: all that placing patterns needs.

    Raises:
        NothingYetError: there is no such graph, or it is not complete.
        DatabaseError: the database failed.
    """
    found = database.read("read/graph", graph=graph_id)
    if not found or found[0]["graph"]["state"] != "complete":
        raise NothingYetError(f"There is no complete graph {graph_id}; write it first with `egraph mine`.")
    graph, network = found[0]["graph"], found[0]["network"]
    layers, readings, patterns = [], {}, {}
    for row in database.read("read/layers", graph=graph_id):
        name, reading = row["name"], row["reading"]
        layers.append(LayerGeometry(name, *(reading[key] for key in GEOMETRY)))
        if "filter_mean" in reading:
            readings[name] = LayerReading(
                *(floats(reading[key]) for key in ("filter_mean", "filter_deviation", "context_mean"))
            )
        if "patterns" in reading:
            patterns[name] = read_patterns(database, graph_id, name, reading)
    pairs = json.loads(graph["layer_pairs"])
    if placing:
        places = [pair for pair in pairs["DISPLACED_FROM"] if pair[1] == ANCHORS]
        # without edges to anchors, patterns are placed by those of the layer above
        pairs = {"CO_ACTIVATES_WITH": [], "DISPLACED_FROM": places or pairs["DISPLACED_FROM"]}
    objects = database.read("read/objects", graph=graph_id)
    return MinedGraph(
        network_id=network["id"],
        network_name=network["name"],
        weights_sha256=network["weights_sha256"],
        weights_source=network["weights_source"],
        preprocessing=json.loads(network["preprocessing"]),
        category=graph["category"],
        name=graph["name"],
        seed=graph["seed"],
        parameters=json.loads(graph["parameters"]),
        versions=json.loads(graph["versions"]),
        log_likelihood=graph["log_likelihood"],
        layers=layers,
        readings=readings,
        objects=[photo_object(row, {}) for row in objects],
        mirrored=np.array([row["mirrored"] for row in objects], bool),
        pose=floats([row["pose"] for row in objects]).reshape(len(objects), graph["pose_size"]),
        patterns=patterns,
        co_activations=[
            CoActivations(
                lower, upper, **read_edges(database, graph_id, "co_activations", patterns[lower], patterns[upper])
            )
            for lower, upper in pairs["CO_ACTIVATES_WITH"]
        ],
        displacements=[
            Displacements(
                lower, upper, **read_edges(database, graph_id, "displacements", patterns[lower], patterns[upper])
            )
            for lower, upper in pairs["DISPLACED_FROM"]
        ],
        firings=[],
        dropped=json.loads(graph["dropped"]),
    )


def graph_objects(database: Database, graph_id: str) -> list[PhotoObject]:
    """The objects that a graph was mined from, in its order.

    Raises:
        DatabaseError: the database failed.
    """
    return [photo_object(row, {}) for row in database.read("read/objects", graph=graph_id)]


def floats(values: Iterable[Any]) -> np.ndarray:
    """float32 numbers; the database keeps them as doubles, which hold every float32 exactly."""
    return np.array(values, np.float32)


def read_patterns(database: Database, graph_id: str, layer: str, reading: dict[str, Any]) -> PatternTable:
    """The patterns of one layer, sorted by filter, then number."""
    answer = database.ask("read/patterns", {"graph": graph_id, "layer": layer})
    rows = sorted(answer.rows, key=lambda row: (row[0], row[1]))
    # The embedded database names no columns where there are no rows.
    values: Mapping[str, tuple[Any, ...]] = defaultdict(tuple)
    if rows:
        values = dict(zip(answer.columns, zip(*rows, strict=True), strict=True))

    def lists(name: str, *shape: int) -> np.ndarray:
        return floats(values[name] if 0 not in shape else ()).reshape(len(rows), *shape)

    def present(name: str) -> np.ndarray:
        return floats([value for value in values[name] if value is not None])

    return PatternTable(
        layer=layer,
        filter=np.array(values["filter"], np.int32),
        number=np.array(values["number"], np.int32),
        place=np.stack([floats(values["place_y"]), floats(values["place_x"])], 1),
        mean_place=np.stack([floats(values["y"]), floats(values["x"])], 1),
        spread=floats(values["spread"]),
        support=np.array(values["support"], np.int32),
        score=floats(values["score"]),
        advantage=floats(values["advantage"]),
        parent_gain=floats(values["parent_gain"]),
        pose=lists("pose", reading["pose_size"], 2),
        orientation_weight=floats(values["orientation_weight"]),
        template=lists("template", reading["template_size"]),
        place_map=lists("place_map", reading["place_map_size"]),
        score_mean=present("score_mean"),
        score_deviation=present("score_deviation"),
    )


def keys(filter_: np.ndarray, number: np.ndarray) -> np.ndarray:
    """One sortable number for each pattern of a layer: (P,) int64."""
    return filter_.astype(np.int64) << 32 | number.astype(np.int64)


def read_edges(
    database: Database, graph_id: str, kind: str, lower: PatternTable, upper: PatternTable
) -> dict[str, np.ndarray]:
    """The columns of one edge table, sorted by source, then target."""
    answer = database.ask(f"read/{kind}", {"graph": graph_id, "lower": lower.layer, "upper": upper.layer})
    columns: Mapping[str, np.ndarray] = defaultdict(lambda: np.empty(0))
    if answer.rows:
        lists = dict(zip(answer.columns, zip(*answer.rows, strict=True), strict=True))
        del lists["filter"]
        columns = {name: np.array([value for some in parts for value in some]) for name, parts in lists.items()}
    ends = {}
    for end, table in (("lower", lower), ("upper", upper)):
        wanted = keys(columns[f"{end}_filter"], columns[f"{end}_number"])
        ends[end] = np.searchsorted(keys(table.filter, table.number), wanted).astype(np.int32)
    order = np.lexsort((ends["upper"], ends["lower"]))
    values: dict[str, np.ndarray] = {
        name: columns[name][order].astype(EDGE_VALUES[kind][name]) for name in EDGE_VALUES[kind]
    }
    return {"source": ends["lower"][order], "target": ends["upper"][order], **values}
