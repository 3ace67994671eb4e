"""Objects in the graph database: shared by all graphs and labels, so they are merged by their id."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from egraph.errors import UsageError
from egraph.graph.connection import Database
from egraph.photos.photo import Box, PhotoObject

OBJECT_ROWS = 4000
"""Objects or labels in one transaction."""


def check_names(*names: str) -> None:
    """Refuse names that would make two ids alike.

    Raises:
        UsageError: a name is empty or has a slash.
    """
    for name in names:
        if not name.strip() or "/" in name:
            raise UsageError(f"The name {name!r} cannot be used; choose one that is not empty and has no slash.")


def write_objects(database: Database, objects: Sequence[PhotoObject]) -> None:
    """Write objects that are not there yet, and where the photos of all are now."""
    for start in range(0, len(objects), OBJECT_ROWS):
        some = objects[start : start + OBJECT_ROWS]
        database.write(
            "write/objects",
            id=[o.id for o in some],
            sha256=[o.sha256 for o in some],
            photo_width=[o.photo_width for o in some],
            photo_height=[o.photo_height for o in some],
            box=[box_list(o.box) for o in some],
            path=[str(o.path) for o in some],
        )


def box_list(box: Box) -> list[float]:
    """A box as the database keeps it: [x, y, width, height]."""
    return [float(box.x), float(box.y), float(box.width), float(box.height)]


def photo_object(row: dict[str, Any], parts: dict[str, tuple[Box, ...]]) -> PhotoObject:
    """An object from the columns path, sha256, photo_width, photo_height and box."""
    return PhotoObject(
        Path(row["path"]), row["sha256"], row["photo_width"], row["photo_height"], Box(*row["box"]), parts
    )
