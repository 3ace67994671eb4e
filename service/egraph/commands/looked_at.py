"""The photos that a diagnosis or a repair is about, as the network saw them, and what is right on each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from torch import Tensor

from egraph.diagnosing.scoring import Accepted, is_right
from egraph.diagnosing.seen import Seen, look
from egraph.diagnosing.truth import read_truth, right_classes
from egraph.errors import InputError, NothingYetError, UsageError
from egraph.explaining.fitting import mixture_of
from egraph.explaining.mixture import Mixture
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.network.class_names import ClassNames, class_names
from egraph.network.layer import LayerGeometry
from egraph.network.network import Network
from egraph.photos.annotations import read_annotations
from egraph.photos.folder import read_folder
from egraph.photos.photo import PhotoObject, PhotoSet, Skipped
from egraph.progress import Progress, report


class Asked(Protocol):
    """What requests say about photos; see `DiagnoseRequest`."""

    @property
    def photos(self) -> Path | None: ...

    @property
    def truth(self) -> Path | None: ...

    @property
    def classes(self) -> Sequence[str]: ...

    @property
    def annotations(self) -> Path | None: ...

    @property
    def classes_file(self) -> Path | None: ...


@dataclass(frozen=True)
class LookedAt:
    """own: the photos that were asked for; accepted: the right classes of each. shown: photos of the category, the same
    or others; classes: that are right on them. names: of all classes. notes: what was taken for granted."""

    own: Seen
    accepted: Accepted
    shown: Seen
    classes: list[int]
    names: ClassNames
    notes: list[str]

    @property
    def right(self) -> Tensor:
        """Which photos are answered rightly: (n,) bool."""
        return is_right(self.own.answers, self.accepted)


@dataclass(frozen=True)
class Looking:
    """Runs the network over photos, at most `limit` of each kind. skipped: those that could not be read, so far."""

    network: Network
    layer: LayerGeometry
    limit: int
    progress: Progress | None
    skipped: list[Skipped] = field(default_factory=list)

    def at(self, objects: Sequence[PhotoObject], what: str) -> Seen:
        """Photos spread evenly over those that there are."""
        rows = np.unique(np.linspace(0, len(objects) - 1, min(self.limit, len(objects))).astype(int))

        def tell(done: int, total: int) -> None:
            report(self.progress, f"looking at {what}", done, total)

        return look(self.network, self.layer, [objects[row] for row in rows], self.skipped, tell)


def look_at_photos(graph: MinedGraph, request: Asked, looking: Looking) -> LookedAt:
    """Run the network over the graph's photos, and over those that are asked for.

    Raises:
        InputError: no photo can be used, or nothing says what is on them.
        UsageError: there is no such class; photos without truth, or truth without photos.
    """
    if (request.photos is None) != (request.truth is None):
        raise UsageError("--photos and --truth go together: photos, and a CSV file that says what is on them.")
    notes: list[str] = []
    shown = looking.at(graph.objects, graph.category)
    if not len(shown):
        raise InputError(f"None of the photos of {graph.id} can be read any more ({looking.skipped[0].reason}).")
    names = class_names(looking.network, shown.answers.shape[1], request.classes_file)
    classes = _classes(shown, graph, request, names, notes)
    if request.photos is None or request.truth is None:
        return LookedAt(shown, [classes] * len(shown), shown, classes, names, notes)
    asked = _asked(graph, request, request.photos, looking)
    right = right_classes(read_truth(request.truth), request.photos, asked, names, looking.skipped)
    own = looking.at([o for o in asked if o.id in right], "the photos")
    if not len(own):
        raise InputError(f"None of the photos under {request.photos} can be read ({looking.skipped[-1].reason}).")
    return LookedAt(own, [right[o.id] for o in own.objects], shown, classes, names, notes)


def needed_mixture(graph: MinedGraph, layer: str) -> Mixture:
    """What the activation of a layer's filters is made of.

    Raises:
        NothingYetError: the graph does not say.
    """
    mixture = mixture_of(graph, layer)
    if mixture is None:
        raise NothingYetError(
            f"{graph.id} does not say what its filters' activation is made of; mine it again, under another --name or "
            "after `egraph graph remove`."
        )
    return mixture


def top_layer(graph: MinedGraph, asked: str | None) -> LayerGeometry:
    """The layer to look at: the graph's uppermost one, unless another is named.

    Raises:
        UsageError: there is no such layer.
    """
    layers = {layer.name: layer for layer in graph.layers if layer.name != ANCHORS}
    if asked is None:
        return list(layers.values())[-1]
    if asked not in layers:
        raise UsageError(f"{graph.id} has no layer {asked!r}; it has {', '.join(layers)}.")
    return layers[asked]


def _asked(graph: MinedGraph, request: Asked, folder: Path, looking: Looking) -> list[PhotoObject]:
    """The objects on the photos asked for: where the graph or the annotations know a photo, their boxes, else the whole
    photo."""
    photos = read_folder(folder, progress=looking.progress)
    looking.skipped.extend(photos.skipped)
    known: dict[str, list[PhotoObject]] = {}
    for obj in _boxed(graph, request, photos, looking):
        known.setdefault(obj.sha256, []).append(obj)
    return [replace(o, path=photo.path) for photo in photos.objects for o in known.get(photo.sha256, [photo])]


def _boxed(graph: MinedGraph, request: Asked, photos: PhotoSet, looking: Looking) -> list[PhotoObject]:
    if request.annotations is None:
        return graph.objects
    files = [o.path for o in photos.objects]
    found = read_annotations(
        request.annotations, request.annotations.parent, graph.category, progress=looking.progress, files=files
    )
    looking.skipped.extend(found.skipped)
    return found.objects


def _classes(shown: Seen, graph: MinedGraph, request: Asked, names: ClassNames, notes: list[str]) -> list[int]:
    """The classes that are right on the category's photos: those named, else the one that is called as the category is,
    else the one that most of its photos are taken for."""
    if request.classes:
        return [names.number(name) for name in request.classes]
    called = [n for n, name in enumerate(names.names) if name.casefold() == graph.category.casefold()]
    if called:
        return called[:1]
    usual = int(shown.answers.argmax(1).mode().values)
    notes.append(
        f'"{names.name(usual)}" is taken for right on photos of {graph.category}, because most of them are taken for '
        "it; --class names others."
    )
    return [usual]
