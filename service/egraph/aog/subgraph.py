"""The patterns that labelled boxes lead to in an explanatory graph: those that fire there, and their partners.

`cypher/aog/subgraph.cypher` asks the database the same; this is for many label sets at once, and for graphs that are in
no database.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from egraph.aog.learn import LabelSets
from egraph.aog.pool import Pool
from egraph.graph.connection import Database
from egraph.mining.graph_tables import PairTable

GROWN = 1.5
"""A pattern that stands in the labelled box, made larger by so much, tells where the part is."""


def led_to(pool: Pool, labels: LabelSets, sizes: Tensor) -> Tensor:
    """Patterns that fire on a labelled object and stand in its box, and their partners: (m, P) bool.

    Args:
        sizes: (m, K, 2) height and width of the labelled boxes.
    """
    standing = pool.standing(pool.mined_numbers)
    found = []
    for rows, places, size in zip(labels.rows, labels.places, sizes, strict=True):
        inside = ((standing[:, rows] - places).abs() <= GROWN / 2 * size).all(2)
        seeds = (inside & pool.fires[:, rows]).any(1)
        found.append(with_partners(seeds, pool))
    return torch.stack(found)


def read_subgraph(
    database: Database, graph: str, layers: Sequence[str], category: str, part: str, objects: Sequence[str]
) -> list[tuple[str, int, int]]:
    """The same from the database, for boxes of a part on some objects (ids): layer, filter and number of each pattern.

    Raises:
        DatabaseError: the database failed.
    """
    asked = {"graph": graph, "layer": list(layers), "category": category, "part": part, "object": list(objects)}
    rows = database.read("aog/subgraph", **asked, grown=GROWN)
    return [(row["layer"], row["filter"], row["number"]) for row in rows]


def with_partners(seeds: Tensor, pool: Pool) -> Tensor:
    """Patterns, and those that they are joined to by CO_ACTIVATES_WITH or DISPLACED_FROM: (P,) bool."""
    starts = first_rows(pool)
    grown = seeds.clone()
    tables: list[PairTable] = [*pool.graph.co_activations, *pool.graph.displacements]
    for edges in tables:
        if edges.lower in starts and edges.upper in starts:
            source = torch.from_numpy(edges.source.astype(np.int64)) + starts[edges.lower]
            target = torch.from_numpy(edges.target.astype(np.int64)) + starts[edges.upper]
            grown[target[seeds[source]]] = True
            grown[source[seeds[target]]] = True
    return grown


def rows_of(pool: Pool, names: Sequence[tuple[str, int, int]]) -> Tensor:
    """Patterns by layer, filter and number: (P,) bool."""
    starts, chosen = first_rows(pool), torch.zeros(len(pool.column), dtype=torch.bool)
    for layer in pool.layers:
        table = pool.graph.patterns[layer]
        wanted = {(f, n) for name, f, n in names if name == layer}
        pairs = zip(table.filter.tolist(), table.number.tolist(), strict=True)
        chosen[[starts[layer] + row for row, pair in enumerate(pairs) if pair in wanted]] = True
    return chosen


def first_rows(pool: Pool) -> dict[str, int]:
    """Row of the first pattern of each of the pool's layers."""
    counts = [len(pool.graph.patterns[layer].filter) for layer in pool.layers]
    return dict(zip(pool.layers, np.cumsum([0, *counts[:-1]]).tolist(), strict=True))
