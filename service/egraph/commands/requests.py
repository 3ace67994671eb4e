"""What can be asked of each command. A request holds values alone, so that it can wait in a queue.

Of the fields that several have: `graph` names a graph where the category has several; without `weights`, those that the
graph was mined with; without `photos`, the folder of the annotations.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egraph.errors import UsageError
from egraph.photos.photo import Box


@dataclass(frozen=True)
class MineRequest:
    """What to mine: photos of a category, seen by a network. model: `egraph`, or `zhang2018`, the papers' own.
    explaining: whether to find out what the filters' activation is made of."""

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
    explaining: bool = True


@dataclass(frozen=True)
class PlaceRequest:
    """On which photos to place the patterns of a category's graph."""

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
    """Which part to learn, from how many of its labelled objects (`shots`)."""

    category: str
    part: str
    name: str = "default"
    graph: str | None = None
    shots: int | None = None
    seed: int = 0
    weights: str | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class ShowRequest:
    """What to show: a pattern, a filter, a part or an object, by its id, what the id ends in, or a photo's name. heat:
    run the network to show a filter's output over a pattern's photos."""

    name: str
    category: str | None = None
    graph: str | None = None
    heat: bool = False
    weights: str | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class ReportRequest:
    """Where to write a report of a graph: a folder, or with single_file one file. Without a category, the database has
    one graph."""

    destination: Path
    category: str | None = None
    graph: str | None = None
    single_file: bool = False


@dataclass(frozen=True)
class EditRequest:
    """Which pattern of a part's And-Or graph to change, in one template (by its number) or in all, and how: drop it, or
    give it a weight, or move the part from where it put it, by (dx, dy) in fractions of the object in the canonical
    view. pattern: its id, or what that ends in: `layer3/58/8`."""

    category: str
    part: str
    pattern: str
    name: str | None = None
    graph: str | None = None
    template: int | None = None
    drop: bool = False
    weight: float | None = None
    move: tuple[float, float] | None = None


@dataclass(frozen=True)
class RestoreRequest:
    """To which version of a part's And-Or graph to go back; 0 is as learnt."""

    category: str
    part: str
    version: int
    name: str | None = None
    graph: str | None = None


@dataclass(frozen=True)
class SuggestRequest:
    """Of which part's And-Or graph to suggest so many (`count`) mined objects that are most worth a box."""

    category: str
    part: str
    name: str | None = None
    graph: str | None = None
    count: int = 6


@dataclass(frozen=True)
class ImportRequest:
    """Which part's boxes to take from which annotations: of at most `limit` objects, drawn by `seed`."""

    annotations: Path
    category: str
    part: str
    photos: Path | None = None
    limit: int | None = None
    seed: int = 0
    weights: str | None = None
    device: str = "cpu"

    @property
    def folder(self) -> Path:
        """Where the photos lie."""
        return self.photos or self.annotations.parent


@dataclass(frozen=True)
class LabelRequest:
    """One box of a part on each of some photos. The objects are `object_boxes`; without them, the one object of a photo
    that was mined and holds the box, else the whole photo."""

    photos: Sequence[Path]
    boxes: Sequence[Box]
    category: str
    part: str
    object_boxes: Sequence[Box] | None = None
    weights: str | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class FollowRequest:
    """Of which part to learn from the boxes that were kept."""

    category: str
    part: str
    weights: str | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class DeskRequest:
    """Of which part of which photos' objects a person draws boxes."""

    photos: Path
    category: str
    part: str
    annotations: Path | None = None
    weights: str | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class LocateRequest:
    """Which photos, which And-Or graphs; `patterns` names so many of each part's patterns, None all of them."""

    photos: Sequence[Path]
    category: str
    part: str | None = None
    name: str | None = None
    graph: str | None = None
    annotations: Path | None = None
    weights: str | None = None
    device: str = "cpu"
    patterns: int | None = 10


@dataclass(frozen=True)
class ExplainRequest:
    """Which photos, by which graph: of the only category that there is, unless one is named.

    `class_`: name or number of the class to explain, the predicted one unless given; instead_of: another, from whose
    score it is told apart. without: patterns, filters and groups that are taken away. region: where a dense answer is
    explained, the object's box unless given. layers: of the graph, the uppermost two unless given. classes: a file of
    the classes' names. patterns: so many are named for each layer, None all that are active. keep: store it.
    """

    photos: Sequence[Path]
    category: str | None = None
    class_: str | None = None
    instead_of: str | None = None
    annotations: Path | None = None
    without: Sequence[str] = ()
    region: Box | None = None
    layers: Sequence[str] | None = None
    classes: Path | None = None
    patterns: int | None = 20
    keep: bool = False
    graph: str | None = None
    weights: str | None = None
    device: str = "cpu"


@dataclass(frozen=True)
class DiagnoseRequest:
    """Which graph's network to diagnose, on the photos it was mined from, or on `photos`, of which the CSV file `truth`
    says what is on them.

    classes: names or numbers of those that are right for the category. backgrounds: photos without it. annotations:
    the objects' boxes on `photos`. classes_file: of the classes' names. layer: the uppermost one, unless given. limit:
    so many photos are looked at of each kind. keep: store the findings, in place of those of an earlier diagnosis.
    """

    category: str | None = None
    photos: Path | None = None
    truth: Path | None = None
    classes: Sequence[str] = ()
    backgrounds: Path | None = None
    annotations: Path | None = None
    classes_file: Path | None = None
    layer: str | None = None
    limit: int = 200
    keep: bool = False
    graph: str | None = None
    weights: str | None = None
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True)
class RepairRequest:
    """Which patterns and filters of one layer to hold at their usual value, and on which photos to try it: those that
    the graph was mined from, or `photos`, of which `truth` says what is on them; see `DiagnoseRequest`.

    draws: so many times as much is silenced at random. save: where to write the repair.
    """

    names: Sequence[str]
    category: str | None = None
    photos: Path | None = None
    truth: Path | None = None
    classes: Sequence[str] = ()
    annotations: Path | None = None
    classes_file: Path | None = None
    limit: int = 200
    draws: int = 5
    save: Path | None = None
    graph: str | None = None
    weights: str | None = None
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True)
class EvaluateRequest:
    """Which graph to measure against which boxes. task: `tracking`, `instability` or `localization`.

    draws: random halves of the objects to choose on and to score on, or for `localization` random sets of `shots`
    labelled objects; `instability` draws nothing. new_photos: for `localization`, mine a random half of the graph's
    photos anew and find the part on the other half, both ways round. baselines: for `localization`, the methods that a
    practitioner would use without a graph are measured too.
    """

    task: str
    category: str
    part: str
    annotations: Path
    photos: Path | None = None
    graph: str | None = None
    weights: str | None = None
    device: str = "cpu"
    draws: int = 12
    shots: int = 3
    new_photos: bool = False
    seed: int = 0
    baselines: bool = False

    @property
    def folder(self) -> Path:
        """Where the photos lie."""
        return self.photos or self.annotations.parent


@dataclass(frozen=True)
class PurityRequest:
    """Which graph's patterns to judge, by which network; how pure they are of parts only with `annotations`."""

    category: str
    judge: str
    judge_weights: str | None = None
    annotations: Path | None = None
    photos: Path | None = None
    graph: str | None = None
    weights: str | None = None
    device: str = "cpu"
    seed: int = 0


def read_box(given: Box | str | Sequence[float], name: str) -> Box:
    """A box from `x,y,width,height`, as text or as numbers; `name` is what it is given as.

    Raises:
        UsageError: it is none.
    """
    if isinstance(given, Box):
        return given
    try:
        numbers = [float(number) for number in (given.split(",") if isinstance(given, str) else given)]
        x, y, width, height = numbers
    except (TypeError, ValueError):
        raise UsageError(f"{name} {given!r} is no box; give four numbers, x,y,width,height in pixels.") from None
    if not all(math.isfinite(number) for number in numbers) or width <= 0 or height <= 0:
        raise UsageError(f"{name} {given!r} has no area; give x,y,width,height in pixels.")
    return Box(x, y, width, height)


def read_step(given: str | Sequence[float], name: str) -> tuple[float, float]:
    """How far to move, from `dx,dy`, as text or as numbers; `name` is what it is given as.

    Raises:
        UsageError: it is none.
    """
    try:
        dx, dy = (float(number) for number in (given.split(",") if isinstance(given, str) else given))
    except (TypeError, ValueError):
        raise UsageError(
            f"{name} {given!r} does not say how far; give two numbers, dx,dy in fractions of the object."
        ) from None
    return dx, dy


@dataclass(frozen=True)
class StabilityRequest:
    """Which graph's photos to halve by `seed`; the halves are mined with it and with the seed behind it, or both with
    `one_seed`."""

    category: str
    graph: str | None = None
    weights: str | None = None
    device: str = "cpu"
    seed: int = 0
    one_seed: bool = False


@dataclass(frozen=True)
class ActivationRequest:
    """Of which graph's patterns to measure how much activation they explain, on so many of its photos."""

    category: str
    graph: str | None = None
    photos: int = 160
    weights: str | None = None
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True)
class EdgesRequest:
    """Which graph's co-activations to verify: on so many photos, and on each and in each layer by so many patterns."""

    category: str
    graph: str | None = None
    photos: int = 12
    patterns: int = 36
    weights: str | None = None
    device: str = "cpu"
    seed: int = 0


@dataclass(frozen=True)
class ExplanationRequest:
    """Which graph's explanations to measure, on so many (`photos`) of its own objects; named parts only with
    `annotations`."""

    category: str
    annotations: Path | None = None
    photos_folder: Path | None = None
    graph: str | None = None
    photos: int = 30
    weights: str | None = None
    device: str = "cpu"
    seed: int = 0
