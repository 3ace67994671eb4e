"""What can be asked for: mining a category, placing a graph's patterns on more photos, learning a part."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class MineRequest:
    """What to mine: photos of a category, seen by a network. model: `egraph`, or `zhang2018`, the papers' own."""

    photos: Path
    network: str
    weights: str | None
    category: str
    annotations: Path | None = None
    layers: list[str] | None = None
    name: str = "default"
    device: str = "cpu"
    limit: int | None = None
    seed: int = 0
    model: str = "egraph"


@dataclass(frozen=True)
class PlaceRequest:
    """On which photos to place the patterns of a category's graph; `graph` names one where the category has several.

    Without `weights`, those that the graph was mined with.
    """

    photos: Path
    category: str
    annotations: Path | None = None
    graph: str | None = None
    weights: str | None = None
    device: str = "cpu"
    limit: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class BuildRequest:
    """Which part, from how many of its labelled objects; `graph` names one where the category has several."""

    category: str
    part: str
    name: str = "default"
    graph: str | None = None
    shots: int | None = None
    seed: int = 0
    weights: str | None = None
    device: str = "cpu"
