"""What a page shows, as plain rows: of a pattern, a filter, a part, an object, a graph. `reading` fills them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from egraph.mining.graph_tables import ANCHORS
from egraph.photos.photo import Box, PhotoObject
from egraph.report.page_content import Figure
from egraph.results import Result


@dataclass(frozen=True, slots=True)
class GraphRow(Result):
    """A complete graph. layers: from the input side up."""

    id: str
    category: str
    name: str
    network: str
    images: int
    patterns: int
    created_at: str
    layers: tuple[str, ...] = ()

    def label(self, pattern: str) -> str:
        """A pattern's or a filter's id without the graph's."""
        return pattern.removeprefix(f"{self.id}/")


@dataclass(frozen=True, slots=True)
class Sighting(Result):
    """A unit that fires on an object, at (x, y), fractions of the object's box as photographed; activation: the
    network's own output there. Of a pattern also its score, how well the context fits (likeness, at most 1), and where
    the object's pose puts it."""

    object: PhotoObject
    x: float
    y: float
    activation: float
    score: float | None = None
    likeness: float | None = None
    expected_x: float | None = None
    expected_y: float | None = None


@dataclass(frozen=True, slots=True)
class PatternRow(Result):
    """A pattern in a row. share: of its filter's activation, that it explains; background: the filter's mean activation
    beside the object, divided by that about its place; None where they are not known. seen: where it fires
    best. on_part: how surely it lies on the part that is spoken of, as `OnPart.share`."""

    id: str
    label: str
    layer: str
    filter: int
    number: int
    x: float
    y: float
    support: int
    score: float
    advantage: float
    likeness: float | None
    share: float | None
    background: float | None = None
    own_name: str | None = None
    note: str | None = None
    seen: Sequence[Sighting] = ()
    on_part: float | None = None

    @property
    def anchor(self) -> bool:
        """Whether it is of no filter."""
        return self.layer == ANCHORS


@dataclass(frozen=True, slots=True)
class Partner(Result):
    """A pattern of a neighbouring layer that fires together with the pattern that is spoken of. dx, dy: how far it is
    to the right of and below that one, in fractions of the object in the canonical view, with the standard deviation
    sigma; where that is None, the displacement is not in the graph, and dx, dy are from one mean place to the other.
    lift: how often they fire together, divided by how often they would by chance."""

    pattern: PatternRow
    strength: float
    lift: float
    photos: int
    dx: float
    dy: float
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class OnPart(Result):
    """On at least which share of the objects where a pattern fires, and on which a part is labelled or surely found, it
    is inside the part's box; by_chance: what the best of all patterns would reach if all stood at random places."""

    part: str
    share: float
    by_chance: float
    objects: int


@dataclass(frozen=True, slots=True)
class PatternView(Result):
    """A pattern. spread, sigma, apart: fractions of the object; apart: what sigma would be if the pattern moved
    independently of the patterns above. raw: the strongest photos of its raw filter. siblings: the other patterns of
    the filter. above, below: its partners there, the strongest first."""

    graph: GraphRow
    pattern: PatternRow
    spread: float
    sigma: float | None
    apart: float | None
    raw: Sequence[Sighting]
    siblings: Sequence[PatternRow]
    above: Sequence[Partner]
    below: Sequence[Partner]
    parts: Sequence[OnPart]
    mirrored: bool = False
    """Whether the canonical view of the first of its own photos is the mirrored one."""


@dataclass(frozen=True, slots=True)
class FilterView(Result):
    """A filter: its patterns, the one with most evidence first. unexplained: the share of its activation that none
    of them explains; of it scattered over the object, and beside it, None where that is not known."""

    graph: GraphRow
    id: str
    layer: str
    channel: int
    raw: Sequence[Sighting]
    patterns: Sequence[PatternRow]
    unexplained: float | None
    scattered: float | None = None
    beside: float | None = None
    own_name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Tie(Result):
    """Two patterns, by id, that fire together on so many photos; see `Partner` for the displacement of the lower from
    the upper one."""

    lower: str
    upper: str
    strength: float
    photos: int
    dx: float | None = None
    dy: float | None = None
    sigma: float | None = None


@dataclass(frozen=True, slots=True)
class Place(Result):
    """A part on an object: a box that a person drew, or one that an And-Or graph found; then with the two confidences
    and the number of the template."""

    object: PhotoObject
    box: Box
    confidence: float | None = None
    place_confidence: float | None = None
    template: int | None = None


@dataclass(frozen=True, slots=True)
class FoundPart(Result):
    """An And-Or graph and the photos on which it is surest and least sure."""

    id: str
    name: str
    labels: int
    templates: int
    patterns: int
    current: bool
    surest: Sequence[Place]
    unsure: Sequence[Place]


@dataclass(frozen=True, slots=True)
class PartView(Result):
    """A part of a graph's category. by_chance: how likely a place drawn at random is inside a box; None where nothing
    is labelled. on_it: how many patterns lie on it; beyond_chance: whether those that are
    shown do more surely than chance explains."""

    graph: GraphRow
    part: str
    labelled: Sequence[Place]
    by_chance: float | None
    on_it: int
    patterns: Sequence[PatternRow]
    ties: Sequence[Tie]
    found: Sequence[FoundPart]
    beyond_chance: bool = True
    own_name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Fired(Result):
    """A pattern that fires on an object."""

    id: str
    label: str
    seen: Sighting
    own_name: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectView(Result):
    """An object: what fires on it, the strongest of each layer, and the parts that were drawn or found on it."""

    graph: GraphRow
    object: PhotoObject
    mirrored: bool
    layers: dict[str, list[Fired]]
    drawn: Sequence[tuple[str, Box]]
    found: Sequence[tuple[str, Place]]


@dataclass(frozen=True, slots=True)
class LayerRow(Result):
    """A layer of a graph. width of its map in units and receptive_field in pixels of the network's input are None for
    a layer without a map of its own. filters: those that have patterns. support, advantage: means over its patterns;
    sigma, apart: means over the displacements from patterns above; ties: co-activations with the layer above."""

    name: str
    patterns: int
    channels: int | None
    filters: int | None
    width: int | None
    receptive_field: float | None
    support: float | None
    advantage: float | None
    sigma: float | None
    apart: float | None
    ties: int
    lift: float | None


@dataclass(frozen=True, slots=True)
class PartRow(Result):
    """A part of a graph: how many objects show it, and how many patterns lie on it."""

    part: str
    labelled: int
    patterns: int | None
    by_chance: float | None
    own_name: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class GraphView(Result):
    """A graph: its layers from the top down, its parts, the strongest patterns of each layer, and how it was mined."""

    graph: GraphRow
    layers: Sequence[LayerRow]
    parts: Sequence[PartRow]
    strongest: dict[str, list[PatternRow]]
    mined: dict[str, object] = field(default_factory=dict)
    settings: dict[str, object] = field(default_factory=dict)
    versions: dict[str, object] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    figures: Sequence[Figure] = ()


View = PatternView | FilterView | PartView | ObjectView | GraphView
