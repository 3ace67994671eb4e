"""Diagnosing a network: what is wrong with its answers, from a graph, photos, and the network itself."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from egraph.aog.locate import Viewer
from egraph.commands.explain import chosen_graph
from egraph.commands.looked_at import Looking, look_at_photos, needed_mixture, top_layer
from egraph.commands.network import network_of
from egraph.commands.requests import DiagnoseRequest
from egraph.diagnosing.between import between_categories
from egraph.diagnosing.border import at_the_border
from egraph.diagnosing.case import Case, Patterns, linear_head
from egraph.diagnosing.diagnosis import Diagnosis
from egraph.diagnosing.finding import Finding, ordered
from egraph.diagnosing.seen import Seen
from egraph.diagnosing.surroundings import context
from egraph.diagnosing.telling import fires_elsewhere
from egraph.diagnosing.two_things import two_things
from egraph.diagnosing.wrong import wrong_answers
from egraph.explaining.mixture import Responsibilities, responsibilities
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.findings import write_findings
from egraph.graph.graph_state import content_of
from egraph.graph.graphs import graphs
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.network.layer import LayerGeometry
from egraph.network.network import Network
from egraph.photos.folder import read_folder
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress, report
from egraph.settings import Settings

BACKGROUNDS = "backgrounds"
KEPT_PHOTOS = 64
"""Photos of which it is kept whose their units are."""


def diagnose(
    settings: Settings, request: DiagnoseRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> Diagnosis:
    """Look for what is wrong with a network's answers; with `keep`, what is found is stored.

    Raises:
        NothingYetError: there is no graph, or it does not say what its filters' activation is made of.
        InputError: no photo can be used, or the weights are not those of the graph, or have no classifier.
        UsageError: there is no such class or layer; photos without truth, or truth without photos.
    """
    with open_database(settings) as database:
        report(progress, "reading the graph", 0, 1)
        graph_id = chosen_graph(database, request.category, request.graph)
        content = content_of(database, graph_id)
        graph = read_graph(database, graph_id, placing=True)
        categories = other_categories(database, graph)
        report(progress, "reading the graph", 1, 1)
    network = network_of(graph, request, module)
    network.need_classifier("A diagnosis")
    found = diagnosis_of(graph, network, categories, request, progress)
    if request.keep:
        with open_database(settings) as database:
            ensure_schema(database)
            write_findings(database, content, found)
    return found


def diagnosis_of(
    graph: MinedGraph,
    network: Network,
    categories: Mapping[str, Sequence[PhotoObject]],
    request: DiagnoseRequest,
    progress: Progress | None = None,
) -> Diagnosis:
    """The same of a graph that is read, and the objects of other categories."""
    layer = top_layer(graph, request.layer)
    looking = Looking(network, layer, request.limit, progress)
    photos = look_at_photos(graph, request, looking)
    known = {name: seen for name, some in categories.items() if len(seen := looking.at(some, name))}
    others = dict(known)
    if without := [row for row, some in enumerate(photos.accepted) if not set(some) & set(photos.classes)]:
        others["the other photos"] = photos.own.only(without)
    if request.backgrounds is not None:
        found = read_folder(request.backgrounds)
        looking.skipped.extend(found.skipped)
        if len(seen := looking.at(found.objects, BACKGROUNDS)):
            others[BACKGROUNDS] = seen
    notes = list(photos.notes)
    if not others:
        notes.append(
            "No photos without the object were given (--backgrounds) and no other category was mined with this "
            "network, so it was not looked for what fires without the object."
        )
    case = Case(
        network=network,
        layer=layer,
        names=photos.names,
        patterns=placed_patterns(graph, network, layer),
        own=photos.own,
        accepted=photos.accepted,
        shown=photos.shown,
        classes=photos.classes,
        category=graph.category,
        others=others,
        usual=torch.from_numpy(graph.readings[layer.name].filter_mean),
        head=linear_head(network, layer, photos.shown),
        random=np.random.default_rng(request.seed),
    )
    findings = ordered(list(_findings(case, known, progress)))
    return Diagnosis(
        graph=graph.id,
        category=graph.category,
        network=network.id,
        layer=layer.name,
        classes=[photos.names.name(c) for c in photos.classes],
        photos=len(photos.own),
        wrong=int((~photos.right).sum()),
        others={name: len(seen) for name, seen in others.items()},
        findings=findings,
        notes=notes,
        skipped=looking.skipped,
    )


def _findings(case: Case, categories: dict[str, Seen], progress: Progress | None) -> Iterator[Finding]:
    kinds = (wrong_answers, context, fires_elsewhere, two_things, at_the_border)
    for done, kind in enumerate(kinds):
        report(progress, "testing findings", done, len(kinds) + 1)
        yield from kind(case)
    report(progress, "testing findings", len(kinds), len(kinds) + 1)
    yield from between_categories(case, categories)
    report(progress, "testing findings", len(kinds) + 1, len(kinds) + 1)


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
    mixture = needed_mixture(graph, layer.name)
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
