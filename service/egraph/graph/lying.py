"""Where patterns lie on a part as an And-Or graph tells: on labelled objects, and those on which it found the part."""

from dataclasses import dataclass

import numpy as np

from egraph.graph.batches import NUMBER_BYTES, slices
from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import create
from egraph.graph.mixtures import note_within
from egraph.graph.places import SUREST, delete_all


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
        "by_chance": lying.by_chance,
        "objects": lying.objects,
        "labelled": lying.labelled,
        "score": lying.score,
    }
    cover = {"labelled": lying.labelled_objects, "found": lying.found_objects, "area": lying.area}

    def work(transaction: Transaction) -> None:
        patterns = len(lying.pattern)
        if transaction.run("parts/begin_found", **names, content=content, aog=aog, **cover, patterns=patterns):
            delete_all(transaction, names)
            for rows in slices(patterns, 24 + NUMBER_BYTES * len(columns)):
                some = {name: column[rows].tolist() for name, column in columns.items()}
                create(
                    transaction, "parts/lie_on", rows.stop - rows.start, **names, pattern=lying.pattern[rows], **some
                )
            transaction.run("parts/surest", **names, limit=SUREST)
            note_within(transaction, graph_id, category)

    database.transaction(work)
