"""Cutting a mined graph into numbered batches of columns: always the same batches for the same graph."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from egraph.graph.arrays import to_columns
from egraph.graph.content_hash import CHECKED, firing_values, firings_checksum
from egraph.graph.objects import object_columns
from egraph.graph.schema import FIRES_ON, PAIRS, PATTERN, PEAKS_ON
from egraph.graph.schema.elements import Relationship
from egraph.graph.statements import Statement, statement
from egraph.graph.summaries import pattern_summary
from egraph.mining.graph_tables import FilterPeaks, Firings, MinedGraph, PairTable, PatternTable

BATCH_ROWS = 8000
BATCH_BYTES = 8_000_000
NUMBER_BYTES = 9


@dataclass(frozen=True)
class Batch:
    """Some rows of one table: the statement that writes them, and the tables' arrays until they are sent."""

    statement: Statement
    rows: int
    common: dict[str, Any]
    columns: dict[str, np.ndarray | list[Any]]
    shared: bool = False
    """Whether it also makes nodes that other graphs share."""

    def parameters(self) -> dict[str, Any]:
        """What the statement is given: one list for each column."""
        lists = {name: c.tolist() if isinstance(c, np.ndarray) else c for name, c in self.columns.items()}
        return self.common | lists


def pattern_prefix(graph: str, layer: str) -> str:
    """What the ids of a layer's patterns begin with."""
    return f"{graph}/{layer}/"


def suffixes(table: PatternTable) -> np.ndarray:
    """What the ids of a layer's patterns end with: (P,) texts `<filter>/<number>`."""
    pairs = zip(table.filter.tolist(), table.number.tolist(), strict=True)
    return np.array([f"{f}/{n}" for f, n in pairs], dtype=object)


def rows_per_batch(row_bytes: int) -> int:
    """How many rows of `row_bytes` go into one batch, by rows and by bytes."""
    return max(1, min(BATCH_ROWS, BATCH_BYTES // row_bytes))


def slices(count: int, row_bytes: int) -> Iterator[slice]:
    """The rows of each batch of a table with `count` rows."""
    step = rows_per_batch(row_bytes)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def node_batches(mined: MinedGraph) -> list[Batch]:
    """The batches that make the patterns, which all others match."""
    return [batch for layer in mined.patterns for batch in pattern_batches(mined, mined.patterns[layer])]


def edge_batches(mined: MinedGraph) -> list[Batch]:
    """The batches that join what is there: patterns to each other and to objects."""
    batches: list[Batch] = []
    for pair in PAIRS:
        for edges in getattr(mined, str(pair.table)):
            batches += pair_batches(mined, pair, edges)
    ids = [o.id for o in mined.objects]
    for firings in mined.firings:
        batches += firing_batches(mined.id, firings, suffixes(mined.patterns[firings.layer]), ids)
    for peaks in mined.peaks:
        batches += peak_batches(mined, peaks, ids)
    return batches


def pattern_batches(mined: MinedGraph, table: PatternTable) -> Iterator[Batch]:
    """The patterns of one layer."""
    common = {
        "graph": mined.id,
        "layer": table.layer,
        "layer_id": f"{mined.network_id}/{table.layer}",
        "prefix": pattern_prefix(mined.id, table.layer),
    }
    columns = to_columns(PATTERN.mined, table)
    row_bytes = NUMBER_BYTES * (1 + sum(c[:1].size for c in columns.values()))
    # What follows from other columns does not count, so that batches are those of graphs written without it.
    columns |= pattern_summary(mined, table.layer)
    write = statement("write/patterns").filled(column=tuple(columns))
    for rows in slices(len(table), row_bytes):
        yield Batch(write, rows.stop - rows.start, common, {name: c[rows] for name, c in columns.items()})


def object_batches(mined: MinedGraph) -> list[Batch]:
    """The objects that the graph was mined from."""
    batches = []
    write = statement("write/graph_objects")
    names = {layer: suffixes(table) for layer, table in mined.patterns.items()}
    checksums = object_checksums(mined.firings, names, len(mined.objects))
    # What is the object's own does not count, so that batches are those of graphs written without it.
    for rows in slices(len(mined.objects), 60 + NUMBER_BYTES * (3 + mined.pose[:1].size)):
        columns: dict[str, np.ndarray | list[Any]] = {
            **object_columns(mined.objects[rows]),
            "row": np.arange(rows.start, rows.stop),
            "mirrored": mined.mirrored[rows],
            "pose": mined.pose[rows],
            "firings": checksums[rows],
        }
        batches.append(Batch(write, rows.stop - rows.start, {"graph": mined.id}, columns, shared=True))
    return batches


def object_checksums(firings: Sequence[Firings], names: Mapping[str, np.ndarray], objects: int) -> list[int]:
    """The checksum of the firings on each of so many objects; `names` says what the patterns' ids end with."""
    row = np.concatenate([f.object for f in firings] or [np.zeros(0, np.int32)])
    named = np.concatenate([f"{f.layer}/" + names[f.layer][f.pattern] for f in firings] or [np.zeros(0, object)])
    values = np.concatenate([firing_values(f) for f in firings] or [np.zeros((0, len(CHECKED)), np.float32)])
    order = np.argsort(row, kind="stable")
    ends = np.searchsorted(row[order], np.arange(objects + 1))
    parts = [order[start:stop] for start, stop in itertools.pairwise(ends)]
    return [firings_checksum(named[part], values[part]) for part in parts]


def pair_batches(mined: MinedGraph, pair: Relationship, edges: PairTable) -> Iterator[Batch]:
    """Edges between the patterns of two layers, by source, then target."""
    common = {"lower": pattern_prefix(mined.id, edges.lower), "upper": pattern_prefix(mined.id, edges.upper)}
    lower, upper = suffixes(mined.patterns[edges.lower]), suffixes(mined.patterns[edges.upper])
    order = np.lexsort((edges.target, edges.source))
    source, target = edges.source[order], edges.target[order]
    values = to_columns(pair.mined, edges)
    write = statement("write/pairs").filled(type=pair.type, column=tuple(values))
    for rows in slices(len(source), 24 + NUMBER_BYTES * (1 + len(values))):
        heads, first = groups(source[rows])
        columns: dict[str, np.ndarray | list[Any]] = {name: v[order[rows]] for name, v in values.items()}
        columns |= {"source": lower[heads], "first": first, "target": upper[target[rows]]}
        yield Batch(write, rows.stop - rows.start, common, columns)


def firing_batches(graph: str, firings: Firings, patterns: np.ndarray, objects: list[str]) -> Iterator[Batch]:
    """Where the patterns of one layer fire, by object, then pattern; `patterns` and `objects` are what rows mean."""
    common = {"prefix": pattern_prefix(graph, firings.layer)}
    order = np.lexsort((firings.pattern, firings.object))
    values = to_columns(FIRES_ON.mined, firings)
    write = statement("write/firings").filled(column=tuple(values))
    for rows in slices(len(order), 24 + NUMBER_BYTES * (1 + len(values))):
        chosen = order[rows]
        heads, first = groups(firings.object[chosen])
        columns: dict[str, np.ndarray | list[Any]] = {n: v[chosen] if len(v) else v for n, v in values.items()}
        columns |= {
            "object": [objects[row] for row in heads.tolist()],
            "first": first,
            "pattern": patterns[firings.pattern[chosen]],
        }
        yield Batch(write, rows.stop - rows.start, common, columns)


def peak_batches(mined: MinedGraph, peaks: FilterPeaks, objects: list[str]) -> Iterator[Batch]:
    """On which objects the output of one layer's filters is largest, by object, then filter."""
    common = {"graph": mined.id, "prefix": f"{mined.network_id}/{peaks.layer}/"}
    order = np.lexsort((peaks.filter, peaks.object))
    values = to_columns(PEAKS_ON.mined, peaks)
    write = statement("write/peaks").filled(column=tuple(values))
    for rows in slices(len(order), NUMBER_BYTES * (2 + len(values))):
        chosen = order[rows]
        heads, first = groups(peaks.object[chosen])
        columns: dict[str, np.ndarray | list[Any]] = {name: v[chosen] for name, v in values.items()}
        columns |= {
            "object": [objects[row] for row in heads.tolist()],
            "first": first,
            "filter": peaks.filter[chosen],
        }
        yield Batch(write, rows.stop - rows.start, common, columns)


def groups(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of equal values in sorted `rows`: the value of each, and where each begins, with the end behind the last."""
    begins = np.flatnonzero(np.diff(rows, prepend=rows[:1] - 1))
    return rows[begins], np.append(begins, len(rows))
