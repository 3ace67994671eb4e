"""What was measured, and where a pattern fires, as plain rows for pages and pictures."""

from dataclasses import dataclass
from typing import NamedTuple

from egraph.graph.measured import Value
from egraph.photos.photo import PhotoObject


class Figure(NamedTuple):
    """A figure and the control that it must be read beside; several controls take several rows."""

    name: str
    value: Value
    control: str
    control_value: Value


@dataclass(frozen=True, slots=True)
class Example:
    """A pattern fires on an object at (x, y), fractions of the object's box in the photo as seen."""

    object: PhotoObject
    x: float
    y: float
    score: float
