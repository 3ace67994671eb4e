"""What a report about one category shows, as plain rows; whoever asks the database fills them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from egraph.photos.photo import PhotoObject, Skipped

if TYPE_CHECKING:
    from egraph.aog.locate import LocatedPart

Value = float | int | str | None


class Figure(NamedTuple):
    """A figure and the control that it must be read beside; several controls take several rows."""

    name: str
    value: Value
    control: str
    control_value: Value


@dataclass(frozen=True, slots=True)
class LayerRow:
    """A graph layer. `map_width` in units and `receptive_field` as a share of the crop's side are None for a layer
    without a map of its own. `filters` counts those of which at least one pattern was kept."""

    name: str
    patterns: int
    filters: int | None = None
    channels: int | None = None
    map_width: int | None = None
    receptive_field: float | None = None


@dataclass(frozen=True, slots=True)
class EdgeCount:
    """How many edges there are between the patterns of two neighbouring graph layers."""

    lower: str
    upper: str
    co_activations: int
    displacements: int


@dataclass(frozen=True, slots=True)
class Example:
    """A pattern fires on an object at (x, y), fractions of the object's box in the photo as seen."""

    object: PhotoObject
    x: float
    y: float
    score: float


@dataclass(frozen=True, slots=True)
class PatternRow:
    """A pattern that belongs to a part: `on_part` is how surely it lies on the part."""

    id: str
    layer: str
    filter: int
    number: int
    support: int
    on_part: float | None
    examples: Sequence[Example]

    @property
    def label(self) -> str:
        """A short name for people."""
        return f"{self.layer} / {self.filter} / {self.number}"


@dataclass(frozen=True, slots=True)
class TogetherRow:
    """Two patterns, by id, that fire together in `photos` photos; (dx, dy) is the lower one's place less the upper
    one's and `sigma` its standard deviation, fractions of the crop; None where no displacement is known."""

    lower: str
    upper: str
    strength: float
    photos: int
    dx: float | None = None
    dy: float | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Portrait:
    """One object with the places (x, y) of patterns by id, fractions of the object's box in the photo as seen."""

    object: PhotoObject
    places: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class PartSection:
    """One part: its top patterns, which of them fire together, and an object to show them on."""

    part: str
    labelled: int
    patterns: Sequence[PatternRow]
    together: Sequence[TogetherRow]
    portrait: Portrait | None = None


@dataclass(frozen=True, slots=True)
class CategoryReport:
    """Everything that the page about one category's graph says. `layers` go from the input side up; `parses` are
    objects that were never mined, with their parts."""

    category: str
    graph_id: str
    network: str
    weights_sha256: str
    weights_source: str
    seed: int
    written_at: str
    photos_used: int
    photos_skipped: Sequence[Skipped]
    layers: Sequence[LayerRow]
    edges: Sequence[EdgeCount]
    dropped: Mapping[str, int]
    settings: Mapping[str, object]
    versions: Mapping[str, str]
    figures: Sequence[Figure]
    parts: Sequence[PartSection]
    remarks: Sequence[str] = field(default_factory=tuple)
    parses: Sequence[tuple[PhotoObject, Sequence["LocatedPart"]]] = field(default_factory=tuple)
