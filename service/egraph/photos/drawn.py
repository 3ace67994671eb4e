"""What a person drew, whatever tool wrote it down: boxes with labels, photo by photo."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egraph.photos.photo import Box, Skipped


@dataclass(frozen=True, slots=True)
class Drawing:
    """One box, not clipped, or the reason why there is none.

    name: what a sentence calls it, `annotation 7`. part_of_kind: the kind of object that the file says its label is a
    part of; None where the file does not say. id, owner: its own id, and that of the drawing it is said to be a part
    of. Ids need not be unique.
    """

    name: str
    label: str
    box: Box | None
    fault: str = ""
    part_of_kind: str | None = None
    id: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class DrawnPhoto:
    """A photo as the annotations name it, with the size that they were drawn on, where they say."""

    file_name: str
    drawings: Sequence[Drawing]
    width: float | None = None
    height: float | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """All photos and labels of a file or folder of annotations.

    lost: drawings of which it cannot be told on which photo they are. skipped: entries that are no drawings at all.
    in_fractions: boxes count in fractions of their photos, not in pixels.
    """

    source: Path
    photos: Sequence[DrawnPhoto]
    labels: Sequence[str]
    lost: Sequence[Drawing] = ()
    skipped: Sequence[Skipped] = ()
    in_fractions: bool = False
