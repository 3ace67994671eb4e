"""Placing a graph's patterns on photos: new ones, and labelled ones of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import nn

from egraph.commands.network import network_of
from egraph.commands.requests import MineRequest, PlaceRequest
from egraph.graph.batches import suffixes
from egraph.graph.connection import Database, Fence, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.firings import write_firings
from egraph.graph.graph_state import content_of
from egraph.graph.graphs import find_graph
from egraph.graph.objects import note_paths
from egraph.graph.places import refresh_places
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.inference import firings, place_patterns
from egraph.network.load import Network
from egraph.photos.annotations import read_annotations
from egraph.photos.crop import PhotoError, read_crop
from egraph.photos.folder import read_folder
from egraph.photos.photo import PhotoObject, PhotoSet, Skipped
from egraph.progress import Progress, report
from egraph.settings import Settings

PLACED_AT_ONCE = 16
"""Objects whose patterns are inferred together."""


@dataclass(frozen=True)
class PlaceReport:
    """On how many photos a graph's patterns were placed, and how often they fire; `already` had been placed before.
    moved: of how many objects in the database the photo was elsewhere."""

    graph: str
    placed: int
    already: int
    firings: int
    skipped: list[Skipped]
    moved: int = 0

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "graph": self.graph,
            "photos": {
                "placed": self.placed,
                "already": self.already,
                "skipped": [{"path": s.path, "reason": s.reason} for s in self.skipped],
            },
            "firings": self.firings,
            "moved": self.moved,
        }


def place_photos(
    settings: Settings,
    request: PlaceRequest,
    progress: Progress | None = None,
    fence: Fence | None = None,
    module: nn.Module | None = None,
) -> PlaceReport:
    """Place the patterns of a category's graph on photos that it was not mined from, and write where they fire.

    The photos need no labels. Where the photo of an object that the database knows is elsewhere now, that is noted.
    What is done stays so, and the same call goes on behind it. See `mine_category` for `progress` and `fence`.

    Raises:
        NothingYetError: there is no complete graph.
        InputError: the weights are not those of the graph, or there is no photo.
    """
    photos = read_asked(request, progress)
    with open_database(settings, fence=fence) as database:
        ensure_schema(database)
        graph_id = find_graph(database, request.category, request.graph).id
        moved = note_paths(database, photos.objects)
        report(progress, "reading the graph", 0, 1)
        content = content_of(database, graph_id)
        model = read_graph(database, graph_id, placing=True)
        report(progress, "reading the graph", 1, 1)
        mined = {o.id for o in model.objects}
        new = [o for o in photos.objects if o.id not in mined]
        there = database.read("read/placed_objects", ids=[o.id for o in new], prefix=f"{graph_id}/")
        done = {row["id"] for row in there}
        network = network_of(model, request, module)
        waiting = [o for o in new if o.id not in done]
        readable, skipped = _readable(waiting, network.preprocessing.size, progress)
        written = place(database, model, content, network, readable, None, "placing patterns", progress)
    already = len(photos.objects) - len(waiting)
    return PlaceReport(graph_id, len(readable), already, written, photos.skipped + skipped, moved)


def _readable(
    objects: Sequence[PhotoObject], size: int, progress: Progress | None
) -> tuple[list[PhotoObject], list[Skipped]]:
    """The objects whose crops can be read, and why the others cannot."""
    readable, skipped = [], []
    for done, o in enumerate(objects, start=1):
        try:
            read_crop(o, size)
        except PhotoError as error:
            skipped.append(Skipped(str(o.path), error.reason))
        else:
            readable.append(o)
        report(progress, "checking photos", done, len(objects))
    return readable, skipped


def place(
    database: Database,
    graph: MinedGraph,
    content: str,
    network: Network,
    objects: Sequence[PhotoObject],
    mirrored: np.ndarray | None,
    stage: str,
    progress: Progress | None,
) -> int:
    """Write all firings of a graph on objects, and where its patterns then lie on parts; how many firings there are.

    content: of the graph in the database. See `place_patterns` for `mirrored`.
    """
    written = 0
    names = {layer: suffixes(table) for layer, table in graph.patterns.items()}
    for start in range(0, len(objects), PLACED_AT_ONCE):
        part = slice(start, start + PLACED_AT_ONCE)
        placed = place_patterns(graph, network, objects[part], None if mirrored is None else mirrored[part])
        written += write_firings(database, graph.id, content, firings(placed), objects[part], names)
        report(progress, stage, min(part.stop, len(objects)), len(objects))
    refresh_places(database, graph.id, graph.category)
    return written


def place_mined(
    database: Database, graph: MinedGraph, content: str, network: Network, ids: set[str], progress: Progress | None
) -> int:
    """Write all firings of a graph on those of its own objects that are named."""
    rows = [row for row, o in enumerate(graph.objects) if o.id in ids]
    objects, mirrored = [graph.objects[row] for row in rows], np.asarray(graph.mirrored)[rows]
    return place(database, graph, content, network, objects, mirrored, "placing patterns on labelled objects", progress)


def read_asked(request: MineRequest | PlaceRequest, progress: Progress | None) -> PhotoSet:
    if request.annotations is None:
        return read_folder(request.photos, request.limit, request.seed, progress)
    return read_annotations(
        request.annotations, request.photos, request.category, request.limit, request.seed, progress
    )
