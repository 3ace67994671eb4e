"""Diagnosing a network: what is wrong with its answers, from a graph, photos, and the network itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from egraph.aog.locate import Viewer
from egraph.commands.explain import chosen_graph
from egraph.commands.network import network_of
from egraph.commands.requests import DiagnoseRequest
from egraph.diagnosing.between import between_categories
from egraph.diagnosing.border import at_the_border
from egraph.diagnosing.case import Case, Patterns, linear_head
from egraph.diagnosing.diagnosis import Diagnosis
from egraph.diagnosing.finding import Finding, ordered
from egraph.diagnosing.scoring import is_right
from egraph.diagnosing.seen import Seen, look
from egraph.diagnosing.surroundings import context
from egraph.diagnosing.telling import fires_elsewhere
from egraph.diagnosing.truth import read_truth, right_classes
from egraph.diagnosing.two_things import two_things
from egraph.diagnosing.wrong import wrong_answers
from egraph.errors import InputError, NothingYetError, UsageError
from egraph.explaining.fitting import mixture_of
from egraph.explaining.mixture import Responsibilities, responsibilities
from egraph.graph.connection import Database, open_database
from egraph.graph.graphs import graphs
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.network.class_names import ClassNames, class_names
from egraph.network.layer import LayerGeometry
from egraph.network.network import Network
from egraph.photos.annotations import read_annotations
from egraph.photos.folder import read_folder
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject, PhotoSet, Skipped
from egraph.progress import Progress, report
from egraph.settings import Settings

BACKGROUNDS = "backgrounds"
KEPT_PHOTOS = 64
"""Photos of which it is kept whose their units are."""


def diagnose(
    settings: Settings, request: DiagnoseRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> Diagnosis:
    """Look for what is wrong with a network's answers. Nothing is written.

    Raises:
        NothingYetError: there is no graph, or it does not say what its filters' activation is made of.
        InputError: no photo can be used, or the weights are not those of the graph, or have no classifier.
        UsageError: there is no such class or layer; photos without truth, or truth without photos.
    """
    if (request.photos is None) != (request.truth is None):
        raise UsageError("--photos and --truth go together: photos, and a CSV file that says what is on them.")
    with open_database(settings) as database:
        report(progress, "reading the graph", 0, 1)
        graph = read_graph(database, chosen_graph(database, request.category, request.graph), placing=True)
        categories = other_categories(database, graph)
        report(progress, "reading the graph", 1, 1)
    network = network_of(graph, request, module)
    network.need_classifier("A diagnosis")
    layer = top_layer(graph, request.layer)
    skipped: list[Skipped] = []
    notes: list[str] = []
    looking = Looking(network, layer, request.limit, skipped, progress)
    shown = looking.at(graph.objects, graph.category)
    if not len(shown):
        raise InputError(f"None of the photos of {graph.id} can be read any more ({skipped[0].reason}).")
    names = class_names(network, shown.answers.shape[1], request.classes_file)
    classes = _classes(shown, graph, request, names, notes)
    own, accepted = shown, [classes] * len(shown)
    if request.photos is not None and request.truth is not None:
        asked = _asked(graph, request, request.photos, skipped, progress)
        right = right_classes(read_truth(request.truth), request.photos, asked, names, skipped)
        own = looking.at([o for o in asked if o.id in right], "the photos")
        accepted = [right[o.id] for o in own.objects]
    others = {name: looking.at(some, name) for name, some in categories.items()}
    known = {name: seen for name, seen in others.items() if len(seen)}
    everything = dict(known)
    if without := [row for row, some in enumerate(accepted) if not set(some) & set(classes)]:
        everything["the other photos"] = own.only(without)
    if request.backgrounds is not None:
        found = read_folder(request.backgrounds)
        skipped += found.skipped
        everything[BACKGROUNDS] = looking.at(found.objects, BACKGROUNDS)
    everything = {name: seen for name, seen in everything.items() if len(seen)}
    if not everything:
        notes.append(
            "No photos without the object were given (--backgrounds) and no other category was mined with this "
            "network, so it was not looked for what fires without the object."
        )
    case = Case(
        network=network,
        layer=layer,
        names=names,
        patterns=placed_patterns(graph, network, layer),
        own=own,
        accepted=accepted,
        shown=shown,
        classes=classes,
        category=graph.category,
        others=everything,
        usual=torch.from_numpy(graph.readings[layer.name].filter_mean),
        head=linear_head(network, layer, shown),
        random=np.random.default_rng(request.seed),
    )
    findings = ordered(list(_findings(case, known, progress)))
    return Diagnosis(
        graph=graph.id,
        category=graph.category,
        network=network.id,
        layer=layer.name,
        classes=[names.name(c) for c in classes],
        photos=len(own),
        wrong=int((~is_right(own.answers, accepted)).sum()),
        others={name: len(seen) for name, seen in everything.items()},
        findings=findings,
        notes=notes,
        skipped=skipped,
    )


def _findings(case: Case, categories: dict[str, Seen], progress: Progress | None) -> Iterator[Finding]:
    kinds = (wrong_answers, context, fires_elsewhere, two_things, at_the_border)
    for done, kind in enumerate(kinds):
        report(progress, "testing findings", done, len(kinds) + 1)
        yield from kind(case)
    report(progress, "testing findings", len(kinds), len(kinds) + 1)
    yield from between_categories(case, categories)
    report(progress, "testing findings", len(kinds) + 1, len(kinds) + 1)


@dataclass(frozen=True)
class Looking:
    """Runs the network over photos, at most `limit` of each kind."""

    network: Network
    layer: LayerGeometry
    limit: int
    skipped: list[Skipped]
    progress: Progress | None

    def at(self, objects: Sequence[PhotoObject], what: str) -> Seen:
        """Photos spread evenly over those that there are."""
        rows = np.unique(np.linspace(0, len(objects) - 1, min(self.limit, len(objects))).astype(int))

        def tell(done: int, total: int) -> None:
            report(self.progress, f"looking at {what}", done, total)

        return look(self.network, self.layer, [objects[row] for row in rows], self.skipped, tell)


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


def other_categories(database: Database, graph: MinedGraph) -> dict[str, list[PhotoObject]]:
    """The objects of other categories that were mined with the same network, without those of the graph itself."""
    own = {o.sha256 for o in graph.objects}
    found: dict[str, list[PhotoObject]] = {}
    for one in graphs(database):
        if one.state == "complete" and one.network == graph.network_id and one.category != graph.category:
            objects = [o for o in read_graph(database, one.id, placing=True).objects if o.sha256 not in own]
            found.setdefault(one.category, objects)
    return {category: objects for category, objects in found.items() if objects}


def placed_patterns(graph: MinedGraph, network: Network, layer: LayerGeometry) -> Patterns:
    """The patterns of a layer, and whose the units of a photo are, by the places to which the pose puts them.

    Raises:
        NothingYetError: the graph does not say what its filters' activation is made of.
    """
    mixture = mixture_of(graph, layer.name)
    if mixture is None:
        raise NothingYetError(
            f"{graph.id} does not say what its filters' activation is made of; mine it again, under another --name or "
            "after `egraph graph remove`."
        )
    viewer = Viewer(graph, network, set())
    table = graph.patterns[layer.name]
    ids = [
        f"{graph.id}/{layer.name}/{f}/{n}" for f, n in zip(table.filter.tolist(), table.number.tolist(), strict=True)
    ]
    found: dict[str, Responsibilities] = {}

    def owners(seen: Seen, row: int) -> Responsibilities:
        obj = seen.objects[row]
        if obj.id not in found:
            posture = viewer.look([obj])
            posed = viewer.model.posed_places(layer.name, posture.numbers)
            places = turned_places(posed, posture.mirrored)[:, 0]
            if len(found) >= KEPT_PHOTOS:
                found.pop(next(iter(found)))
            found[obj.id] = responsibilities(mixture, places, seen.only([row]).units)
        return found[obj.id]

    return Patterns(ids, mixture.filter, owners)


def _asked(
    graph: MinedGraph, request: DiagnoseRequest, folder: Path, skipped: list[Skipped], progress: Progress | None
) -> list[PhotoObject]:
    """The objects on the photos asked for: where the graph or the annotations know a photo, their boxes, else the whole
    photo."""
    photos = read_folder(folder, progress=progress)
    skipped += photos.skipped
    known: dict[str, list[PhotoObject]] = {}
    for obj in _boxed(graph, request, photos, skipped, progress):
        known.setdefault(obj.sha256, []).append(obj)
    return [replace(o, path=photo.path) for photo in photos.objects for o in known.get(photo.sha256, [photo])]


def _boxed(
    graph: MinedGraph, request: DiagnoseRequest, photos: PhotoSet, skipped: list[Skipped], progress: Progress | None
) -> list[PhotoObject]:
    if request.annotations is None:
        return graph.objects
    files = [o.path for o in photos.objects]
    found = read_annotations(
        request.annotations, request.annotations.parent, graph.category, progress=progress, files=files
    )
    skipped += found.skipped
    return found.objects


def _classes(
    shown: Seen, graph: MinedGraph, request: DiagnoseRequest, names: ClassNames, notes: list[str]
) -> list[int]:
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
