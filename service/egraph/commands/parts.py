"""What follows from a person's boxes of a part: where a graph's patterns are on those objects, and what is learnt."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from egraph.aog.storage import list_aogs
from egraph.commands.build import build_aog
from egraph.commands.network import network_of
from egraph.commands.place import place_mined
from egraph.commands.requests import BuildRequest, FollowRequest, ImportRequest
from egraph.graph.connection import Database, Fence, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.graph_state import content_of
from egraph.graph.graphs import graphs
from egraph.graph.objects import check_names
from egraph.graph.parts import add_labels
from egraph.graph.places import refresh_category
from egraph.graph.read import graph_objects, read_graph
from egraph.network.load import MEMORY
from egraph.photos.annotations import read_annotations
from egraph.photos.photo import PhotoObject, Skipped
from egraph.photos.selection import select
from egraph.progress import Progress, report
from egraph.results import Result
from egraph.settings import Settings

DEFAULT = "default"
"""Name of the And-Or graph that is learnt from all labels."""


@dataclass(frozen=True)
class PartsReport(Result):
    """Labels that were kept, of how many objects; the ids of the graphs whose patterns were placed on them, and how
    often those fire there."""

    category: str
    part: str
    labels: int
    graphs: list[str]
    firings: int
    skipped: list[Skipped]


@dataclass(frozen=True)
class FollowReport(Result):
    """What was learnt from new boxes of a part: the ids of the graphs whose patterns were placed on the objects, how
    often those fire there, and the ids of the And-Or graphs that were built anew."""

    category: str
    part: str
    graphs: list[str]
    firings: int
    aogs: list[str]


def import_parts(
    settings: Settings, request: ImportRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> PartsReport:
    """Keep the boxes of a part that a person drew, and place the patterns of the category's graphs on those objects.

    With a limit, objects that were mined are drawn first. The labels are kept even where a graph's weights are not at
    hand; the places then follow with the next call.

    Raises:
        InputError: the annotations have no such part, or the weights are not those of the graph.
    """
    category, part = request.category, request.part
    check_names(category, part)
    found = read_annotations(request.annotations, request.folder, category, progress=progress, part=part)
    showing = [o for o in found.objects if o.parts.get(part)]
    with open_database(settings) as database:
        ensure_schema(database)
        mined = mined_objects(database, category)
        if request.limit is not None:
            mined_first = [o for o in showing if any(o.id in ids for ids in mined.values())] or showing
            showing = select(mined_first, [], request.limit, request.seed).objects
        graphs, firings = _keep_labels(database, mined, showing, request, module, progress)
    return PartsReport(category, part, len(showing), graphs, firings, found.skipped)


def follow_labels(
    settings: Settings,
    request: FollowRequest,
    progress: Progress | None = None,
    fence: Fence | None = None,
    module: nn.Module | None = None,
) -> FollowReport:
    """Learn from boxes that were kept: place patterns on the objects, count anew where they lie on parts, and build the
    part's And-Or graph `default` anew where there is one that nobody changed by hand.

    Raises:
        InputError: the weights at hand are not those of a graph, or a photo is gone.
    """
    placed, total = [], 0
    with open_database(settings, fence=fence) as database:
        ensure_schema(database)
        for graph in (g for g in graphs(database) if g.category == request.category and g.state == "complete"):
            waiting = {row["object"] for row in database.read("parts/unplaced_objects", graph=graph.id)}
            if waiting:
                total += _place(database, graph.id, waiting, request, module, progress)
                placed.append(graph.id)
        refresh_category(database, request.category)
        built = [
            (aog, database.read("aog/read", id=aog.id)[0]["aog"]["seed"])
            for aog in list_aogs(database, request.category)
            if (aog.part, aog.name) == (request.part, DEFAULT)
            and aog.current
            and not database.read("aog/edits", id=aog.id)
        ]
    for aog, seed in built:
        again = BuildRequest(
            request.category, request.part, aog.name, aog.graph, None, seed, request.weights, request.device
        )
        build_aog(settings, again, progress, fence, module)
    return FollowReport(request.category, request.part, placed, total, [aog.id for aog, _ in built])


def mined_objects(database: Database, category: str) -> dict[str, dict[str, PhotoObject]]:
    """The objects of the category's complete graphs by id, by the graph's id."""
    complete = [g.id for g in graphs(database) if g.category == category and g.state == "complete"]
    return {id: {o.id: o for o in graph_objects(database, id)} for id in complete}


def _keep_labels(
    database: Database,
    mined: dict[str, dict[str, PhotoObject]],
    showing: Sequence[PhotoObject],
    request: ImportRequest,
    module: nn.Module | None,
    progress: Progress | None,
) -> tuple[list[str], int]:
    """Write labels, and the firings of every graph on the labelled objects that it was mined from: the graphs' ids, and
    how many firings there are."""
    add_labels(database, showing, request.category, request.part, unplaced=True)
    chosen = {o.id for o in showing}
    placed, total = [], 0
    for graph_id, objects in mined.items():
        if chosen.isdisjoint(objects):
            continue
        total += _place(database, graph_id, chosen, request, module, progress)
        placed.append(graph_id)
    refresh_category(database, request.category)
    return placed, total


def _place(
    database: Database,
    graph_id: str,
    objects: set[str],
    request: ImportRequest | FollowRequest,
    module: nn.Module | None,
    progress: Progress | None,
) -> int:
    """Write all firings of a graph on some of its objects, by their ids; how many there are."""
    report(progress, "reading the graph", 0, 1)
    content = content_of(database, graph_id)
    model = read_graph(database, graph_id, placing=True)
    report(progress, "reading the graph", 1, 1)
    # Others of the category may have been mined from networks that can be loaded.
    network = network_of(model, request, module if model.weights_source == MEMORY else None)
    return place_mined(database, model, content, network, objects, progress)
