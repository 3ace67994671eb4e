"""Objects in the graph database: shared by all graphs and labels, so they are merged by their id."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from egraph.errors import UsageError
from egraph.escape import escaped, shown, unescaped
from egraph.graph.connection import Database, Transaction
from egraph.photos.photo import Box, PhotoObject

PATHS = 4000
"""Photos in one transaction."""


def check_names(*names: str) -> None:
    """Refuse names that would make two ids alike, or that no database keeps.

    Raises:
        UsageError: a name is empty, has a slash, or is no valid Unicode.
    """
    for name in names:
        if shown(name) != name:
            raise UsageError(f"The name {shown(name)} is no valid Unicode; type it in UTF-8, or choose another.")
        if not name.strip() or "/" in name:
            raise UsageError(f"The name {name!r} cannot be used; choose one that is not empty and has no slash.")


def write_objects(transaction: Transaction, objects: Sequence[PhotoObject]) -> None:
    """Write objects that are not there yet, and where the photos of all are now.

    The same transaction must join them to something: a removal takes objects that nothing needs.
    """
    transaction.run("write/objects", **object_columns(objects))


def note_paths(database: Database, objects: Sequence[PhotoObject]) -> int:
    """Note where the photos of some objects are now, for all objects that are on these photos; how many they are whose
    photo was elsewhere.

    Raises:
        DatabaseError: the database failed.
    """
    path_of = {o.sha256: escaped(str(o.path.absolute())) for o in objects}
    moved = 0
    for start in range(0, len(path_of), PATHS):
        some = dict(list(path_of.items())[start : start + PATHS])
        rows = database.write("write/photo_paths", sha256=list(some), path=list(some.values()))
        moved += rows[0]["moved"]
    return moved


def object_columns(objects: Sequence[PhotoObject]) -> dict[str, list[Any]]:
    """Objects as columns, one list for each property; their ids are `object`."""
    return {
        "object": [o.id for o in objects],
        "sha256": [o.sha256 for o in objects],
        "photo_width": [o.photo_width for o in objects],
        "photo_height": [o.photo_height for o in objects],
        "box": [box_list(o.box) for o in objects],
        # whoever asks later may do so in another folder
        "path": [escaped(str(o.path.absolute())) for o in objects],
    }


def box_list(box: Box) -> list[float]:
    """A box as the database keeps it: [x, y, width, height]."""
    return [float(box.x), float(box.y), float(box.width), float(box.height)]


def photo_object(row: dict[str, Any], parts: dict[str, tuple[Box, ...]]) -> PhotoObject:
    """An object from the columns path, sha256, photo_width, photo_height and box."""
    return PhotoObject(
        Path(unescaped(row["path"])), row["sha256"], row["photo_width"], row["photo_height"], Box(*row["box"]), parts
    )
