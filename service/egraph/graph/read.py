"""Reading a graph back, exactly as it was mined."""

import json
from collections.abc import Mapping, Sequence
from itertools import chain
from shlex import quote
from typing import Any, get_args, get_type_hints

import numpy as np

from egraph.errors import NothingYetError
from egraph.graph.arrays import floats, to_fields
from egraph.graph.connection import Database
from egraph.graph.graph_state import COMPLETE, complete_graph
from egraph.graph.objects import photo_object
from egraph.graph.schema import GEOMETRY, GRAPH, NETWORK, PAIRS, PATTERN, READING
from egraph.graph.schema.elements import Relationship, fields_of
from egraph.graph.statements import statement
from egraph.mining.graph_tables import ANCHORS, LayerReading, MinedGraph, PairTable, PatternTable
from egraph.network.layer import LayerGeometry
from egraph.photos.photo import PhotoObject


def read_graph(
    database: Database, graph_id: str, placing: bool = False, states: Sequence[str] = (COMPLETE,)
) -> MinedGraph:
    """The graph as it was written, without its firings and its filters' peaks.

    Patterns are sorted by filter and number, edges by source and target.

    With `placing`, of the edges only the displacements from the anchors are read: all that placing patterns needs.

    Raises:
        NothingYetError: there is no such graph, it is not complete, or it is removed while it is read.
        DatabaseError: the database failed.
    """
    graph, network = complete_graph(database, graph_id, states)
    layers, readings, patterns = [], {}, {}
    for row in database.read("read/layers", graph=graph_id):
        name, reading = row["name"], row["reading"]
        layers.append(LayerGeometry(name, **fields_of(GEOMETRY, reading)))
        if "filter_mean" in reading:
            there = {column.name: reading.get(column.name, []) for column in READING}
            columns = {k: floats(v) for k, v in fields_of(READING, there).items()}
            filters = len(columns["context_mean"])
            axes = columns["context_axes"].reshape(filters, len(columns["context_axes"]) // max(1, filters))
            readings[name] = LayerReading(**columns | {"context_axes": axes})
        if "patterns" in reading:
            patterns[name] = read_patterns(database, graph_id, name, reading)
    pairs = json.loads(graph["layer_pairs"])
    if placing:
        places = [pair for pair in pairs["DISPLACED_FROM"] if pair[1] == ANCHORS]
        # without edges to anchors, patterns are placed by those of the layer above
        pairs = {"DISPLACED_FROM": places or pairs["DISPLACED_FROM"]}
    objects = database.read("read/objects", graph=graph_id)
    tables = {
        str(pair.table): [
            read_pairs(database, graph_id, pair, patterns[lower], patterns[upper])
            for lower, upper in pairs.get(pair.type, [])
        ]
        for pair in PAIRS
    }
    read = MinedGraph(
        **NETWORK.fields(network) | GRAPH.fields(graph) | tables,
        layers=layers,
        readings=readings,
        objects=[photo_object(row, {}) for row in objects],
        mirrored=np.array([row["mirrored"] for row in objects], bool),
        pose=floats([row["pose"] for row in objects]).reshape(len(objects), graph["pose_size"]),
        patterns=patterns,
        firings=[],
        peaks=[],
    )
    check_whole(database, graph, read, states)
    return read


def check_whole(database: Database, graph: dict[str, Any], read: MinedGraph, states: Sequence[str]) -> None:
    """Refuse what was read in several transactions while the graph was removed, or made anew.

    Raises:
        NothingYetError: it was.
    """
    names = ("state", "content", "created_at")
    now, _ = complete_graph(database, read.id, states)
    patterns = sum(len(table) for table in read.patterns.values())
    if [now[name] for name in names] != [graph[name] for name in names]:
        raise NothingYetError(f"The graph {read.id} was made anew while it was read; run the command again.")
    if (patterns, len(read.objects)) != (graph["patterns"], graph["images"]):
        raise NothingYetError(
            f"The graph {read.id} says that it has {graph['patterns']:,} patterns and {graph['images']:,} objects, but "
            f"{patterns:,} and {len(read.objects):,} are there; `egraph graph remove {quote(read.id)}` removes it, "
            "then mine it again."
        )


def graph_objects(database: Database, graph_id: str) -> list[PhotoObject]:
    """The objects that a graph was mined from, in its order.

    Raises:
        DatabaseError: the database failed.
    """
    return [photo_object(row, {}) for row in database.read("read/objects", graph=graph_id)]


def read_patterns(database: Database, graph_id: str, layer: str, reading: Mapping[str, Any]) -> PatternTable:
    """The patterns of one layer, sorted by filter, then number."""
    columns = PATTERN.mined
    names = [column.name for column in columns]
    answer = database.ask("read/patterns", {"graph": graph_id, "layer": layer, "columns": names})
    rows = [row for (row,) in answer.rows]
    by_name = names.index("filter"), names.index("number")
    rows.sort(key=lambda row: tuple(row[i] for i in by_name))
    values = dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))
    sizes = {column.name: reading[f"{column.name}_size"] for column in columns if column.type.is_list}
    return PatternTable(layer=layer, **to_fields(columns, values, len(rows), sizes))


def keys(filter_: np.ndarray, number: np.ndarray) -> np.ndarray:
    """One sortable number for each pattern of a layer: (P,) int64."""
    return filter_.astype(np.int64) << 32 | number.astype(np.int64)


def read_pairs(
    database: Database, graph_id: str, pair: Relationship, lower: PatternTable, upper: PatternTable
) -> PairTable:
    """The edges of one type between two layers, sorted by source, then target."""
    columns = pair.mined
    answer = database.ask(
        statement("read/pairs").filled(type=pair.type),
        {"graph": graph_id, "lower": lower.layer, "upper": upper.layer, "columns": [c.name for c in columns]},
    )
    # One row for each filter of the lower layer, with the two ends and the columns of each edge.
    edges = chain.from_iterable(edges for _, edges in answer.rows)
    rows = np.fromiter(chain.from_iterable(edges), np.float64).reshape(-1, 4 + len(columns))
    source, target = rows_of(lower, rows[:, :2]), rows_of(upper, rows[:, 2:4])
    order = np.lexsort((target, source))
    values = {column.name: rows[order, 4 + i] for i, column in enumerate(columns)}
    table: type[PairTable]
    (table,) = get_args(get_type_hints(MinedGraph)[str(pair.table)])
    return table(lower.layer, upper.layer, source[order], target[order], **to_fields(columns, values, len(rows), {}))


def rows_of(table: PatternTable, names: np.ndarray) -> np.ndarray:
    """In which rows of a layer's table patterns stand, from (E, 2) filter and number: (E,) int32."""
    return np.searchsorted(keys(table.filter, table.number), keys(*names.T)).astype(np.int32)
