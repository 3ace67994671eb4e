"""Which patterns of two graphs of one network resemble each other, summed up, so that no question need compare all.

`(ExplanatoryGraph)-[:COMPARED_WITH]-(ExplanatoryGraph)` says that two graphs were compared, `(Pattern)-[:RESEMBLES]->
(Pattern)` what came out. It follows from the patterns, which never change: it goes when a graph is deleted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from egraph.graph.batches import pattern_prefix
from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import create
from egraph.graph.schema import PATTERN

KEPT = 100
"""Of each layer, so many patterns with their nearest ones are kept, those least likely by chance."""

FEW = 20
"""A new graph is compared with the others of its network if they are not more: the work, and the edges, grow with the
square of their number. Other pairs are compared when a question first asks for them."""

APART = 10.0
"""Added to the place per filter, in sizes of the object: patterns of other filters are never the nearest."""


@dataclass(frozen=True)
class LayerPlaces:
    """P patterns of one layer: filter, number (P,); place (P, 2) mean x, y in fractions of the object."""

    filter: np.ndarray
    number: np.ndarray
    place: np.ndarray

    def ids(self, rows: np.ndarray) -> list[str]:
        """What the ids of some patterns end with."""
        return [f"{f}/{n}" for f, n in zip(self.filter[rows].tolist(), self.number[rows].tolist(), strict=True)]

    def turned(self) -> "LayerPlaces":
        """The same mirrored left to right."""
        x, y = (PATTERN.column(name).mirrored(self.place[:, i]) for i, name in enumerate("xy"))
        return LayerPlaces(self.filter, self.number, np.stack([x, y], 1))


def refresh_resemblance(database: Database, graph_id: str, other_id: str | None = None) -> None:
    """Compare a graph with the other complete ones of its network if they are `FEW`, or with one of them.

    What was compared before is not compared again.

    Raises:
        DatabaseError: the database failed; the same call goes on.
    """
    uncompared = database.read("resemblance/uncompared", graph=graph_id, other=other_id, few=FEW)
    if uncompared:
        places = read_places(database, graph_id)
        for row in uncompared:
            contents = {graph_id: row["content"], row["other"]: row["other_content"]}
            compare(database, contents, graph_id, places, row["other"], read_places(database, row["other"]))


def read_places(database: Database, graph_id: str) -> dict[str, LayerPlaces]:
    """Where the patterns of a graph are, for every layer but that of the anchors, sorted by filter, then number."""
    found = {}
    for row in database.read("resemblance/places", graph=graph_id):
        filter_, number = np.array(row["filter"]), np.array(row["number"])
        order = np.lexsort((number, filter_))
        place = np.stack([np.array(row["x"], float), np.array(row["y"], float)], 1)
        found[row["layer"]] = LayerPlaces(filter_[order], number[order], place[order])
    return found


def compare(
    database: Database,
    contents: Mapping[str, str],
    first_id: str,
    first: dict[str, LayerPlaces],
    second_id: str,
    second: dict[str, LayerPlaces],
) -> None:
    """Write what two graphs share, as seen from each of them and with one mirrored: all in one transaction.

    Nothing is written where one of them is no longer there, complete and of the content that was read.
    """
    rows: list[dict[str, Any]] = []
    sides = ((first_id, first, second_id, second), (second_id, second, first_id, first))
    for graph_id, places, other_id, others in sides:
        for layer in sorted(places.keys() & others.keys()):
            for turned in (False, True):
                other = others[layer].turned() if turned else others[layer]
                row, nearest, distance, chance = least_by_chance(places[layer], other, KEPT)
                rows.append(
                    {
                        "of": f"{graph_id}//{other_id}",
                        "turned": turned,
                        "layer": layer,
                        "prefix": pattern_prefix(graph_id, layer),
                        "other_prefix": pattern_prefix(other_id, layer),
                        "pattern": places[layer].ids(row),
                        "other": other.ids(nearest),
                        "distance": distance.tolist(),
                        "by_chance": chance.tolist(),
                    }
                )

    def work(transaction: Transaction) -> None:
        ends = sorted(contents)
        contents_of = {"first_content": contents[ends[0]], "second_content": contents[ends[1]]}
        if transaction.run("resemblance/begin", first=ends[0], second=ends[1], **contents_of):
            for row in rows:
                create(transaction, "resemblance/write", len(row["pattern"]), **row)

    database.transaction(work)


def least_by_chance(
    patterns: LayerPlaces, others: LayerPlaces, kept: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The patterns whose nearest one of the same filter is nearer than chance would have it, the least likely first.

    Returns:
        rows of `patterns`, rows of `others`, the distance between the two, and how likely one of that filter's others
        would stand as near if they were scattered evenly over the object: 1 - (1 - pi distance^2)^others.
    """
    if not len(patterns.filter) or not len(others.filter):
        none = np.empty(0, np.int64)
        return none, none, np.empty(0), np.empty(0)
    distance, nearest = cKDTree(_by_filter(others)).query(_by_filter(patterns))
    rows = np.flatnonzero(others.filter[nearest] == patterns.filter)
    distance, nearest = distance[rows], nearest[rows]
    count = np.bincount(others.filter, minlength=patterns.filter.max() + 1)[patterns.filter[rows]]
    with np.errstate(divide="ignore"):
        chance = -np.expm1(count * np.log1p(-np.minimum(np.pi * distance**2, 1.0)))
    best = np.argsort(chance, kind="stable")[:kept]
    return rows[best], nearest[best], distance[best], chance[best]


def _by_filter(patterns: LayerPlaces) -> np.ndarray:
    """(P, 3) places, far apart where the filters differ."""
    return np.column_stack([APART * patterns.filter, patterns.place])
