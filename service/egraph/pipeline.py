"""The way through the whole house: photos to a graph in the database, and a person's boxes to places on it."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from egraph.errors import InputError, UsageError
from egraph.graph.batches import suffixes
from egraph.graph.connection import Database, Fence, open_database
from egraph.graph.firings import write_firings
from egraph.graph.graphs import find_graph, graphs
from egraph.graph.objects import box_list, check_names
from egraph.graph.parts import add_labels, labelled_objects
from egraph.graph.places import refresh_category, refresh_places
from egraph.graph.read import graph_objects, read_graph
from egraph.graph.schema import ensure_schema
from egraph.graph.write import write_graph
from egraph.group import Group, processes
from egraph.launch import own_device
from egraph.mining.engine import LayerWatch, mine, mining_parameters
from egraph.mining.inference import MODELS, firings, place_patterns
from egraph.mining.mined import MinedGraph
from egraph.network.known_geometry import known_geometries
from egraph.network.layers import resolve_layers
from egraph.network.load import Network, load_network
from egraph.photos.coco import read_coco
from egraph.photos.crop import PhotoError, clip_to, read_crop
from egraph.photos.folder import read_folder, read_photo
from egraph.photos.photo import Box, PhotoObject, PhotoSet, Skipped
from egraph.photos.selection import select
from egraph.request import MineRequest, PlaceRequest
from egraph.settings import Settings

Progress = Callable[[str, int, int], None]

OVERLAP = 0.9
"""Of a part's box must be inside the object: a hand is not steady, and objects' boxes are rounded."""
PLACED_AT_ONCE = 16
"""Objects whose patterns are inferred together."""


@dataclass(frozen=True)
class MineReport:
    """What mining did. `already` is true where the graph was complete before."""

    graph: str
    counts: dict[str, int]
    used: int
    skipped: list[Skipped]
    seconds: dict[str, float]
    dropped: dict[str, int] = field(default_factory=dict)
    already: bool = False

    def to_json(self) -> dict[str, Any]:
        """For programs; what else the graph carries is asked of the database."""
        return {
            "graph": self.graph,
            "patterns": self.counts["patterns"],
            "edges": {kind: self.counts[kind] for kind in ("CO_ACTIVATES_WITH", "DISPLACED_FROM")},
            "photos": {"used": self.used, "skipped": [{"path": s.path, "reason": s.reason} for s in self.skipped]},
            "seconds": {stage: round(self.seconds.get(stage, 0.0), 2) for stage in ("forward", "mining", "writing")},
        }


@dataclass(frozen=True)
class PlaceReport:
    """On how many photos a graph's patterns were placed, and how often they fire; `already` had been placed before."""

    graph: str
    placed: int
    already: int
    firings: int
    skipped: list[Skipped]

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
        }


def mine_category(
    settings: Settings,
    request: MineRequest,
    progress: Progress | None = None,
    at_layer: LayerWatch | None = None,
    fence: Fence | None = None,
) -> MineReport:
    """Read photos, run the network, mine, write the graph, and place the patterns on objects that have labels.

    The database is looked at first, so that one that is down is known before the long work. A complete graph of the
    same photos, weights and settings is left as it is. With `fence`, nothing is written that it does not let pass.
    `progress` and `at_layer` may raise to end the work there. Processes that torchrun started mine together.

    Raises:
        UsageError: there is no such model, or the graph is there from other photos or settings.
        EgraphError: one sentence with the remedy; what is done stays, and the same call goes on behind it.
    """
    check_names(request.category, request.name)
    if request.model not in MODELS:
        raise UsageError(f"There is no model {request.model!r}; there are {' and '.join(MODELS)}.")
    with processes() as group:
        return _mine_together(settings, request, group, progress, at_layer, fence)


def _mine_together(
    settings: Settings,
    request: MineRequest,
    group: Group,
    progress: Progress | None,
    at_layer: LayerWatch | None,
    fence: Fence | None,
) -> MineReport:
    """`mine_category` by all processes of a group, of which the first one alone talks to the database."""
    photos = _read_photos(request, progress)
    network = load_network(request.network, request.weights, own_device(request.device))
    names = resolve_layers(network, request.layers)
    layers = known_geometries(network, names, settings.home / "cache" / "geometry")
    provenance = {"photos": _digest(photos.objects), **mining_parameters(layers, request.model)}
    already = None
    if group.rank == 0:
        graph_id = f"{network.id}/{request.category}/{request.name}"
        with open_database(settings, fence=fence) as database:
            ensure_schema(database)
            there = database.read("read/graph", graph=graph_id)
            if there and there[0]["graph"]["state"] == "complete":
                already = _already(there[0]["graph"], provenance, request, photos)
    if (already := group.first(already)) is not None:
        return already
    mined = mine(
        network,
        layers,
        photos.objects,
        category=request.category,
        name=request.name,
        seed=request.seed,
        home=settings.home,
        progress=progress,
        at_layer=at_layer,
        model=request.model,
        group=group,
    )
    mined.graph.parameters.update(provenance)
    report = None
    if group.rank == 0:
        start = time.perf_counter()
        with open_database(settings, fence=fence) as database:
            found = write_graph(database, mined.graph, progress)
            labelled = {o.id for o in labelled_objects(database, request.category)}
            _place_mined(database, mined.graph, network, labelled, progress)
        report = MineReport(
            graph=mined.graph.id,
            counts=found,
            used=len(mined.graph.objects),
            skipped=photos.skipped + mined.skipped,
            seconds=mined.seconds | {"writing": time.perf_counter() - start},
            dropped=mined.graph.dropped,
        )
    return group.first(report)


def place_photos(
    settings: Settings, request: PlaceRequest, progress: Progress | None = None, fence: Fence | None = None
) -> PlaceReport:
    """Place the patterns of a category's graph on photos that it was not mined from, and write where they fire.

    The photos need no labels. Those that are done stay so, and the same call goes on behind them. See `mine_category`
    for `progress` and `fence`.

    Raises:
        NothingYetError: there is no complete graph.
        InputError: the weights are not those of the graph, or there is no photo.
    """
    photos = _read_photos(request, progress)
    with open_database(settings, fence=fence) as database:
        ensure_schema(database)
        graph_id = find_graph(database, request.category, request.graph).id
        _say(progress, "reading the graph", 0, 1)
        model = read_graph(database, graph_id, placing=True)
        _say(progress, "reading the graph", 1, 1)
        mined = {o.id for o in model.objects}
        new = [o for o in photos.objects if o.id not in mined]
        there = database.read("read/placed_objects", ids=[o.id for o in new], prefix=f"{graph_id}/")
        done = {row["id"] for row in there}
        network = load_network(model.network_name, request.weights or model.weights_source, request.device)
        waiting = [o for o in new if o.id not in done]
        readable, skipped = _readable(waiting, network.preprocessing.size, progress)
        written = _place(database, model, network, readable, None, "placing patterns", progress)
    already = len(photos.objects) - len(waiting)
    return PlaceReport(graph_id, len(readable), already, written, photos.skipped + skipped)


def import_parts(
    settings: Settings,
    annotations: Path,
    photos: Path,
    category: str,
    part: str,
    limit: int | None = None,
    seed: int = 0,
    weights: str | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Keep the boxes of a part that a person drew, and place the patterns of the category's graphs on those objects.

    With `limit`, objects that were mined are drawn first. The labels are kept even where a graph's weights are not at
    hand; the places then follow with the next call.

    Returns:
        category, part, labels (objects), graphs (ids on which patterns were placed), firings, skipped.

    Raises:
        InputError: the annotations have no such part, or the weights are not those of the graph.
    """
    check_names(category, part)
    found = read_coco(annotations, photos, category, progress=progress)
    showing = [o for o in found.objects if o.parts.get(part)]
    if not showing:
        names = sorted({name for o in found.objects for name in o.parts})
        known = f"it has {', '.join(names)}" if names else "it has no parts at all"
        raise InputError(f"{annotations} has no box of {part!r} on a {category}: {known}.")
    with open_database(settings) as database:
        ensure_schema(database)
        mined = _mined_objects(database, category)
        if limit is not None:
            mined_first = [o for o in showing if any(o.id in ids for ids in mined.values())] or showing
            showing = select(mined_first, [], limit, seed).objects
        kept = _keep_labels(database, mined, showing, category, part, weights, device, progress)
    return kept | {"skipped": [{"path": s.path, "reason": s.reason} for s in found.skipped]}


def label_part(
    settings: Settings,
    photo: Path,
    box: Box,
    category: str,
    part: str,
    object_box: Box | None = None,
    weights: str | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Keep one box of a part on one photo, and place the patterns of the category's graphs there.

    The object is `object_box`; without it, the one object of that photo that was mined and holds the box, else the
    whole photo.

    Returns:
        as `import_parts`, and object: its box, boxes: how many of the part it bears now.

    Raises:
        InputError: the photo cannot be read, or the part's box lies outside the object.
    """
    check_names(category, part)
    whole = read_photo(photo)
    with open_database(settings) as database:
        ensure_schema(database)
        mined = _mined_objects(database, category)
        known = [o for objects in mined.values() for o in objects.values() if o.sha256 == whole.sha256]
        around = {o.box for o in known if _inside(box, o.box)}
        chosen = object_box or (around.pop() if len(around) == 1 else whole.box)
        clipped, frame = _inside(box, chosen), _inside(chosen, whole.box)
        if clipped is None:
            raise InputError(
                f"The box of {part} {box_list(box)} does not lie inside the object {box_list(chosen)}; boxes are x, y, "
                "width, height in pixels from the top left corner."
            )
        if frame is None:
            raise InputError(
                f"The object's box {box_list(chosen)} does not lie inside the photo, which has {whole.photo_width} x "
                f"{whole.photo_height} pixels."
            )
        labelled = replace(whole, box=frame, parts={part: (clipped,)})
        kept = _keep_labels(database, mined, [labelled], category, part, weights, device, progress)
        (after,) = (o for o in labelled_objects(database, category) if o.id == labelled.id)
    return kept | {"object": box_list(frame), "boxes": len(after.parts[part]), "skipped": []}


def _inside(inner: Box, outer: Box) -> Box | None:
    """A box clipped to another one; None where less than OVERLAP of it is inside."""
    clipped = clip_to(inner, outer)
    if clipped is None or clipped.width * clipped.height < OVERLAP * inner.width * inner.height:
        return None
    return clipped


def _mined_objects(database: Database, category: str) -> dict[str, dict[str, PhotoObject]]:
    """The objects of the category's complete graphs by id, by the graph's id."""
    complete = [g.id for g in graphs(database) if g.category == category and g.state == "complete"]
    return {id: {o.id: o for o in graph_objects(database, id)} for id in complete}


def _keep_labels(
    database: Database,
    mined: dict[str, dict[str, PhotoObject]],
    showing: Sequence[PhotoObject],
    category: str,
    part: str,
    weights: str | None,
    device: str,
    progress: Progress | None,
) -> dict[str, Any]:
    """Write labels, and the firings of every graph on the labelled objects that it was mined from."""
    add_labels(database, showing, category, part)
    chosen = {o.id for o in showing}
    placed, total = [], 0
    for graph_id, objects in mined.items():
        if chosen.isdisjoint(objects):
            continue
        _say(progress, "reading the graph", 0, 1)
        model = read_graph(database, graph_id, placing=True)
        _say(progress, "reading the graph", 1, 1)
        network = load_network(model.network_name, weights or model.weights_source, device)
        total += _place_mined(database, model, network, chosen, progress)
        placed.append(model.id)
    refresh_category(database, category)
    return {"category": category, "part": part, "labels": len(showing), "graphs": placed, "firings": total}


def _read_photos(request: MineRequest | PlaceRequest, progress: Progress | None) -> PhotoSet:
    if request.annotations is None:
        return read_folder(request.photos, request.limit, request.seed, progress)
    return read_coco(request.annotations, request.photos, request.category, request.limit, request.seed, progress)


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
        _say(progress, "checking photos", done, len(objects))
    return readable, skipped


def _digest(objects: Sequence[PhotoObject]) -> str:
    return hashlib.sha256("\n".join(o.id for o in objects).encode()).hexdigest()[:16]


def _already(there: dict[str, Any], provenance: dict[str, Any], request: MineRequest, photos: PhotoSet) -> MineReport:
    """The report of a graph that needs nothing.

    Raises:
        UsageError: it was mined from other photos or with other settings.
    """
    if json.loads(there["parameters"]) != json.loads(json.dumps(provenance)) or there["seed"] != request.seed:
        raise UsageError(
            f"The graph {there['id']} is there, from other photos or settings; give another --name, or remove it with "
            f"egraph graph remove {there['id']}."
        )
    return MineReport(
        graph=there["id"],
        counts={"patterns": there["patterns"], **json.loads(there["edges"])},
        used=there["images"],
        skipped=photos.skipped,
        seconds={},
        dropped=json.loads(there["dropped"]),
        already=True,
    )


def _place(
    database: Database,
    graph: MinedGraph,
    network: Network,
    objects: Sequence[PhotoObject],
    mirrored: np.ndarray | None,
    stage: str,
    progress: Progress | None,
) -> int:
    """Write all firings of a graph on objects, and where its patterns then lie on parts; how many firings there are.

    See `place_patterns` for `mirrored`.
    """
    written = 0
    names = {layer: suffixes(table) for layer, table in graph.patterns.items()}
    for start in range(0, len(objects), PLACED_AT_ONCE):
        part = slice(start, start + PLACED_AT_ONCE)
        placed = place_patterns(graph, network, objects[part], None if mirrored is None else mirrored[part])
        written += write_firings(database, graph.id, firings(placed), objects[part], names=names)
        _say(progress, stage, min(part.stop, len(objects)), len(objects))
    refresh_places(database, graph.id, graph.category)
    return written


def _place_mined(
    database: Database, graph: MinedGraph, network: Network, ids: set[str], progress: Progress | None
) -> int:
    """Write all firings of a graph on those of its own objects that are named."""
    rows = [row for row, o in enumerate(graph.objects) if o.id in ids]
    objects, mirrored = [graph.objects[row] for row in rows], np.asarray(graph.mirrored)[rows]
    return _place(database, graph, network, objects, mirrored, "placing patterns on labelled objects", progress)


def _say(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress:
        progress(stage, done, total)
