"""Cutting a mined graph into numbered batches of columns: always the same batches for the same graph."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from egraph.graph.summaries import pattern_summary
from egraph.mining.graph_tables import CoActivations, Displacements, Firings, MinedGraph, PatternTable

BATCH_ROWS = 8000
BATCH_BYTES = 8_000_000
NUMBER_BYTES = 9


@dataclass(frozen=True)
class Batch:
    """Some rows of one table: the statement that writes them, and the tables' arrays until they are sent."""

    statement: str
    rows: int
    common: dict[str, Any]
    columns: dict[str, np.ndarray | list[Any]]

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
    """The batches that join what is there: objects to the graph, patterns to each other and to objects."""
    batches = object_batches(mined)
    for co in mined.co_activations:
        batches += pair_batches(
            mined, co, "write/co_activations", {"strength": co.strength, "lift": co.lift, "support": co.support}
        )
    for d in mined.displacements:
        batches += pair_batches(
            mined, d, "write/displacements", {"dx": d.dx, "dy": d.dy, "sigma": d.sigma, "weight": d.weight}
        )
    ids = [o.id for o in mined.objects]
    for firings in mined.firings:
        batches += firing_batches(mined.id, firings, suffixes(mined.patterns[firings.layer]), ids)
    return batches


def pattern_batches(mined: MinedGraph, table: PatternTable) -> Iterator[Batch]:
    """The patterns of one layer."""
    common = {
        "graph": mined.id,
        "layer": table.layer,
        "layer_id": f"{mined.network_id}/{table.layer}",
        "prefix": pattern_prefix(mined.id, table.layer),
    }
    columns = {
        "filter": table.filter,
        "number": table.number,
        "x": table.mean_place[:, 1],
        "y": table.mean_place[:, 0],
        "place_x": table.place[:, 1],
        "place_y": table.place[:, 0],
        "spread": table.spread,
        "support": table.support,
        "score": table.score,
        "advantage": table.advantage,
        "parent_gain": table.parent_gain,
        "orientation_weight": table.orientation_weight,
        "pose": table.pose.reshape(len(table), 2 * table.pose.shape[1]),
        "template": table.template,
        "place_map": table.place_map,
        "score_mean": table.score_mean,
        "score_deviation": table.score_deviation,
    }
    # A column of no width is sent as an empty list: every row reads null from it, and null is no property.
    columns = {name: c if c.size else np.empty(0) for name, c in columns.items()}
    row_bytes = NUMBER_BYTES * (1 + sum(c[:1].size for c in columns.values()))
    # What follows from other columns does not count, so that batches are those of graphs written without it.
    columns |= pattern_summary(mined, table.layer)
    for rows in slices(len(table), row_bytes):
        yield Batch("write/patterns", rows.stop - rows.start, common, {name: c[rows] for name, c in columns.items()})


def object_batches(mined: MinedGraph) -> list[Batch]:
    """Which objects the graph was mined from."""
    ids = [o.id for o in mined.objects]
    batches = []
    for rows in slices(len(ids), 60 + NUMBER_BYTES * (3 + mined.pose[:1].size)):
        columns: dict[str, np.ndarray | list[Any]] = {
            "object": ids[rows],
            "row": np.arange(rows.start, rows.stop),
            "mirrored": mined.mirrored[rows],
            "pose": mined.pose[rows],
        }
        batches.append(Batch("write/graph_objects", rows.stop - rows.start, {"graph": mined.id}, columns))
    return batches


def pair_batches(
    mined: MinedGraph, edges: CoActivations | Displacements, statement: str, values: dict[str, np.ndarray]
) -> Iterator[Batch]:
    """Edges between the patterns of two layers, by source, then target."""
    common = {"lower": pattern_prefix(mined.id, edges.lower), "upper": pattern_prefix(mined.id, edges.upper)}
    lower, upper = suffixes(mined.patterns[edges.lower]), suffixes(mined.patterns[edges.upper])
    order = np.lexsort((edges.target, edges.source))
    source, target = edges.source[order], edges.target[order]
    for rows in slices(len(source), 24 + NUMBER_BYTES * (1 + len(values))):
        heads, first = groups(source[rows])
        columns: dict[str, np.ndarray | list[Any]] = {name: v[order[rows]] for name, v in values.items()}
        columns |= {"source": lower[heads], "first": first, "target": upper[target[rows]]}
        yield Batch(statement, rows.stop - rows.start, common, columns)


def firing_batches(graph: str, firings: Firings, patterns: np.ndarray, objects: list[str]) -> Iterator[Batch]:
    """Where the patterns of one layer fire, by object, then pattern; `patterns` and `objects` are what rows mean."""
    common = {"prefix": pattern_prefix(graph, firings.layer)}
    order = np.lexsort((firings.pattern, firings.object))
    for rows in slices(len(order), 24 + NUMBER_BYTES * 4):
        chosen = order[rows]
        heads, first = groups(firings.object[chosen])
        columns: dict[str, np.ndarray | list[Any]] = {
            "object": [objects[row] for row in heads.tolist()],
            "first": first,
            "pattern": patterns[firings.pattern[chosen]],
            "score": firings.score[chosen],
            "x": firings.x[chosen],
            "y": firings.y[chosen],
        }
        yield Batch("write/firings", rows.stop - rows.start, common, columns)


def groups(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of equal values in sorted `rows`: the value of each, and where each begins, with the end behind the last."""
    begins = np.flatnonzero(np.diff(rows, prepend=rows[:1] - 1))
    return rows[begins], np.append(begins, len(rows))
