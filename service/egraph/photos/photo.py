"""The objects that egraph looks at: a box in a photo, with the part boxes that a person drew inside it."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-parallel box in pixels of the photo as a viewer shows it (EXIF applied), origin top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class PhotoObject:
    """One object: a box in a photo. `sha256` is the hex digest of the photo's file, `parts` maps a part's name to its
    boxes."""

    path: Path
    sha256: str
    photo_width: int
    photo_height: int
    box: Box
    parts: dict[str, tuple[Box, ...]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The object's id in the graph: 12 hex digits of the photo, then the box in whole pixels."""
        b = self.box
        return f"{self.sha256[:12]}#{b.x:.0f},{b.y:.0f},{b.width:.0f},{b.height:.0f}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A photo or an annotation that could not be used, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class PhotoSet:
    """The usable objects, in a fixed order, and what was left out."""

    objects: list[PhotoObject]
    skipped: list[Skipped]
