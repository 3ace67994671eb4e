"""Parts: names that a person gives to boxes on objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from egraph.errors import NothingYetError
from egraph.graph.connection import Database, Transaction
from egraph.graph.constraints import ensure_schema
from egraph.graph.graph_state import create
from egraph.graph.graphs import graphs
from egraph.graph.mixtures import note_mixtures
from egraph.graph.objects import box_list, check_names, photo_object, write_objects
from egraph.graph.places import delete_places, refresh_category
from egraph.photos.photo import Box, PhotoObject

LABELS = 4000
"""Boxes in one transaction."""


@dataclass(frozen=True, slots=True)
class LabelledPart:
    """A part that a person labelled: on how many objects, with how many boxes.

    without_graph: on how many of those that no complete graph of the category was mined from, and their photos; nothing
    is learnt from their boxes.
    """

    category: str
    part: str
    objects: int
    boxes: int
    without_graph: int
    photos_without_graph: list[str]


def add_labels(
    database: Database, objects: Sequence[PhotoObject], category: str, part: str, unplaced: bool = False
) -> int:
    """Add the boxes that `objects` have of `part`; returns how many were not there yet.

    Objects that no graph was mined from are kept too, for a graph that will be.

    Args:
        unplaced: note on objects that get their first label that all firings there must still be written.

    Raises:
        UsageError: a name is empty or has a slash.
        DatabaseError: the database failed; what was added stays.
    """
    check_names(category, part)
    ensure_schema(database)
    labelled = [o for o in objects if o.parts.get(part)]
    pairs = [(o, box_list(box)) for o in labelled for box in o.parts[part]]
    before = count_labels(database, category, part)
    for start in range(0, len(pairs), LABELS):
        some = pairs[start : start + LABELS]

        def work(transaction: Transaction, some: list[tuple[PhotoObject, list[float]]] = some) -> None:
            transaction.run("parts/forget_places", category=category, part=part, all=False)
            write_objects(transaction, [o for o, _ in some])
            if unplaced:
                transaction.run("parts/mark_unplaced", category=category, object=[o.id for o, _ in some])
            create(
                transaction,
                "parts/add_labels",
                len(some),
                category=category,
                part=part,
                object=[o.id for o, _ in some],
                box=[box for _, box in some],
            )
            transaction.run("parts/find_again", category=category, part=part)

        database.transaction(work)
    return count_labels(database, category, part) - before


def count_labels(database: Database, category: str, part: str) -> int:
    """How many boxes the part has."""
    return int(database.read("parts/count_labels", category=category, part=part)[0]["boxes"])


def list_parts(database: Database) -> list[LabelledPart]:
    """All labelled parts, by category and name."""
    beside: dict[tuple[str, str], list[str]] = {}
    for row in database.read("parts/without_graph"):
        beside.setdefault((row["category"], row["part"]), []).append(row["path"])
    found = []
    for row in database.read("parts/list"):
        photos = beside.get((row["category"], row["part"]), [])
        found.append(LabelledPart(**row, without_graph=len(photos), photos_without_graph=list(dict.fromkeys(photos))))
    return found


def labelled_objects(database: Database, category: str) -> list[PhotoObject]:
    """The objects that show any part of `category`, by id, each with all its part boxes."""
    rows: dict[str, dict[str, Any]] = {}
    boxes: dict[str, dict[str, list[Box]]] = {}
    for row in database.read("parts/labelled_objects", category=category):
        rows[row["id"]] = row
        boxes.setdefault(row["id"], {}).setdefault(row["part"], []).append(Box(*row["part_box"]))
    return [photo_object(row, {part: tuple(b) for part, b in boxes[id].items()}) for id, row in rows.items()]


def remove_part(database: Database, category: str, part: str) -> int:
    """Remove a part with all its boxes, and the objects that nothing else needs; returns how many boxes it had.

    Raises:
        NothingYetError: there is no such part.
        DatabaseError: the database failed.
    """

    def work(transaction: Transaction) -> int:
        removed = transaction.run("parts/remove", category=category, part=part)
        if not removed:
            raise NothingYetError(f"There is no part {part} of {category}; `egraph part list` shows those there are.")
        transaction.run("write/delete_loose_objects", objects=removed[0]["objects"])
        return int(removed[0]["boxes"])

    delete_places(database, category, part)
    boxes = database.transaction(work)
    for graph in graphs(database):
        if graph.category == category:
            note_mixtures(database, graph.id, category)
    return boxes


def remove_labels(database: Database, category: str, part: str, sha256: str) -> int:
    """Remove the boxes of a part on one photo, and its objects that nothing else needs; returns how many boxes it had.

    Raises:
        NothingYetError: there are none.
        DatabaseError: the database failed.
    """

    def work(transaction: Transaction) -> int:
        transaction.run("parts/forget_places", category=category, part=part, all=True)
        removed = transaction.run("parts/remove_labels", category=category, part=part, sha256=sha256)[0]
        if not removed["boxes"]:
            raise NothingYetError(
                f"There is no box of {part} of {category} on this photo; `egraph part list` shows the parts there are."
            )
        transaction.run("write/delete_loose_objects", objects=removed["objects"])
        return int(removed["boxes"])

    boxes = database.transaction(work)
    refresh_category(database, category)
    return boxes
