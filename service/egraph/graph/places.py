"""Where the patterns of a graph lie on parts, counted over labelled objects, and over those on which a part was found.

`(ExplanatoryGraph)-[:COVERS]->(Part)` says that it is counted, `(Pattern)-[:LIES_ON]->(Part)` what came out. Until an
And-Or graph is built, it follows from the labels and firings in the database alone: whoever changes these deletes
COVERS in the same transaction; whoever has done with changing, or asks, counts anew. Building an And-Or graph counts
over the objects on which the part was found, too. That stays where boxes are added, and COVERS says on how many it
rests, so that answers can say where it rests on fewer than there are; it goes with the And-Or graph.
"""

from dataclasses import dataclass

import numpy as np

from egraph.graph.batches import NUMBER_BYTES, slices
from egraph.graph.chance import DEVIATIONS, best_by_chance
from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import create
from egraph.graph.graphs import graphs

DELETED = 20_000
"""At most so many relationships are deleted in one statement."""

DECIMALS = 1e9
"""What chance reaches is rounded down, so that a share that equals it is not below it."""


@dataclass(frozen=True)
class Lying:
    """Where patterns lie on a part, counted over labelled and found objects; L of them are on it at all.

    pattern: (L,) what their ids end with, `<layer>/<filter>/<number>`. share, fires_share, by_chance, objects,
    labelled, score: (L,) see `LIES_ON`. labelled_objects, found_objects, area: see `COVERS`.
    """

    pattern: list[str]
    share: np.ndarray
    fires_share: np.ndarray
    by_chance: np.ndarray
    objects: np.ndarray
    labelled: np.ndarray
    score: np.ndarray
    labelled_objects: int
    found_objects: int
    area: float


def refresh_places(database: Database, graph_id: str, category: str) -> None:
    """Count over the labels where a graph's patterns lie on those parts of its category for which that is not done.

    Raises:
        DatabaseError: the database failed.
    """
    for row in database.read("parts/unplaced", graph=graph_id, category=category):
        names = {"graph": graph_id, "category": category, "part": row["part"]}

        def work(transaction: Transaction, names: dict[str, str] = names) -> None:
            if transaction.run("parts/begin_places", **names):
                _delete_all(transaction, names)
                (cover,) = transaction.run("parts/cover", **names)
                counted = np.arange(cover["objects"] + 1.0)
                chance = rounded_down(best_by_chance(counted, cover["area"], cover["patterns"])).tolist()
                transaction.run("parts/places", **names, deviations=DEVIATIONS, by_chance=chance)

        database.transaction(work)


def refresh_category(database: Database, category: str) -> None:
    """Count for all complete graphs of a category.

    Raises:
        DatabaseError: the database failed.
    """
    for graph in graphs(database):
        if graph.category == category and graph.state == "complete":
            refresh_places(database, graph.id, category)


def write_lying(
    database: Database, graph_id: str, content: str, category: str, part: str, aog: str, lying: Lying
) -> None:
    """Write where patterns lie on a part as an And-Or graph tells, in place of what is there, in one transaction.

    Nothing is written where the And-Or graph, its graph of this `content` or the part was removed meanwhile.

    Raises:
        DatabaseError: the database failed; what was there is still there.
    """
    names = {"graph": graph_id, "category": category, "part": part}
    columns = {
        "share": lying.share,
        "fires_share": lying.fires_share,
        "by_chance": rounded_down(lying.by_chance),
        "objects": lying.objects,
        "labelled": lying.labelled,
        "score": lying.score,
    }
    cover = {"labelled": lying.labelled_objects, "found": lying.found_objects, "area": lying.area}

    def work(transaction: Transaction) -> None:
        patterns = len(lying.pattern)
        if transaction.run("parts/begin_found", **names, content=content, aog=aog, **cover, patterns=patterns):
            _delete_all(transaction, names)
            for rows in slices(patterns, 24 + NUMBER_BYTES * len(columns)):
                some = {name: column[rows].tolist() for name, column in columns.items()}
                create(
                    transaction, "parts/lie_on", rows.stop - rows.start, **names, pattern=lying.pattern[rows], **some
                )

    database.transaction(work)


def rounded_down(chance: np.ndarray) -> np.ndarray:
    """The largest multiples of 1 / `DECIMALS` that are not larger."""
    down: np.ndarray = np.floor(chance * DECIMALS) / DECIMALS
    return down


def delete_places(database: Database, category: str, part: str) -> None:
    """Delete what all graphs know of where a part is, in steps: a graph may know of a place for each of its patterns.

    Raises:
        DatabaseError: the database failed; the same call goes on.
    """
    database.write("parts/forget_places", category=category, part=part, all=True)
    for graph in (graph.id for graph in graphs(database) if graph.category == category):
        while database.write("parts/delete_places", graph=graph, part=part, limit=DELETED)[0]["deleted"]:
            pass


def _delete_all(transaction: Transaction, names: dict[str, str]) -> None:
    """Delete where a graph's patterns lie on a part, within a transaction."""
    of = {"graph": names["graph"], "part": names["part"]}
    while transaction.run("parts/delete_places", **of, limit=DELETED)[0]["deleted"]:
        pass
