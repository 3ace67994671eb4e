"""A person's boxes of a part, kept with the places that a graph's patterns have on those objects."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from shlex import quote

from torch import nn

from egraph.commands.network import network_of
from egraph.commands.place import place_mined
from egraph.commands.requests import ImportRequest, LabelRequest
from egraph.errors import InputError, NothingYetError, UsageError
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.graph_state import content_of
from egraph.graph.graphs import graphs
from egraph.graph.objects import box_list, check_names
from egraph.graph.parts import add_labels, labelled_objects
from egraph.graph.places import refresh_category
from egraph.graph.questions import misspelt, nearest
from egraph.graph.read import graph_objects, read_graph
from egraph.network.load import MEMORY
from egraph.photos.annotations import read_annotations
from egraph.photos.boxes import clip_inside
from egraph.photos.folder import read_photo
from egraph.photos.photo import Box, PhotoObject, Skipped
from egraph.photos.selection import select
from egraph.progress import Progress, report
from egraph.results import Result
from egraph.settings import Settings


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
class LabelReport(Result):
    """As `PartsReport`, of one box; `boxes`: how many of the part the object bears now."""

    category: str
    part: str
    labels: int
    graphs: list[str]
    firings: int
    object: Box
    boxes: int
    skipped: list[Skipped]


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
        mined = _mined_objects(database, category)
        if request.limit is not None:
            mined_first = [o for o in showing if any(o.id in ids for ids in mined.values())] or showing
            showing = select(mined_first, [], request.limit, request.seed).objects
        graphs, firings = _keep_labels(database, mined, showing, request, module, progress)
    return PartsReport(category, part, len(showing), graphs, firings, found.skipped)


def label_part(
    settings: Settings, request: LabelRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> LabelReport:
    """Keep one box of a part on one photo, and place the patterns of the category's graphs there.

    Raises:
        InputError: the photo cannot be read, or the part's box lies outside the object.
        UsageError: the box lies in several objects, or only other categories have graphs.
        NothingYetError: only other categories have graphs, and none has a similar name.
    """
    category, part, box = request.category, request.part, request.box
    check_names(category, part)
    whole = read_photo(request.photo)
    with open_database(settings) as database:
        ensure_schema(database)
        _check_category(database, category)
        mined = _mined_objects(database, category)
        known = [o for objects in mined.values() for o in objects.values() if o.sha256 == whole.sha256]
        around = {o.box for o in known if clip_inside(box, o.box, whole.box)}
        if len(around) > 1 and request.object_box is None:
            listed = " or ".join(",".join(f"{v:g}" for v in box_list(o)) for o in sorted(around, key=box_list))
            raise UsageError(f"The box of {part} lies in several objects of {category}; choose one: --object {listed}.")
        chosen = request.object_box or (around.pop() if around else whole.box)
        clipped, frame = clip_inside(box, chosen, whole.box), clip_inside(chosen, whole.box, whole.box)
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
        graphs, firings = _keep_labels(database, mined, [labelled], request, module, progress)
        (after,) = (o for o in labelled_objects(database, category) if o.id == labelled.id)
    return LabelReport(category, part, 1, graphs, firings, frame, len(after.parts[part]), [])


def _check_category(database: Database, category: str) -> None:
    """Refuse a category without graph where others have one: nothing could use its labels.

    Raises:
        UsageError: it looks like a slip for one that has. NothingYetError: it does not.
    """
    known = sorted({g.category for g in graphs(database) if g.state == "complete"})
    if not known or category in known:
        return
    there = f"There is no graph of {category}; there are graphs of {', '.join(nearest(category, known))}"
    if misspelt(category, known):
        raise UsageError(f"{there}. Name one of these categories.")
    raise NothingYetError(
        f"{there}. Name one of these, or mine first: `egraph mine PHOTOS --network NAME --category {quote(category)}`."
    )


def _mined_objects(database: Database, category: str) -> dict[str, dict[str, PhotoObject]]:
    """The objects of the category's complete graphs by id, by the graph's id."""
    complete = [g.id for g in graphs(database) if g.category == category and g.state == "complete"]
    return {id: {o.id: o for o in graph_objects(database, id)} for id in complete}


def _keep_labels(
    database: Database,
    mined: dict[str, dict[str, PhotoObject]],
    showing: Sequence[PhotoObject],
    request: ImportRequest | LabelRequest,
    module: nn.Module | None,
    progress: Progress | None,
) -> tuple[list[str], int]:
    """Write labels, and the firings of every graph on the labelled objects that it was mined from: the graphs' ids, and
    how many firings there are."""
    add_labels(database, showing, request.category, request.part)
    chosen = {o.id for o in showing}
    placed, total = [], 0
    for graph_id, objects in mined.items():
        if chosen.isdisjoint(objects):
            continue
        report(progress, "reading the graph", 0, 1)
        content = content_of(database, graph_id)
        model = read_graph(database, graph_id, placing=True)
        report(progress, "reading the graph", 1, 1)
        # Others of the category may have been mined from networks that can be loaded.
        network = network_of(model, request, module if model.weights_source == MEMORY else None)
        total += place_mined(database, model, content, network, chosen, progress)
        placed.append(model.id)
    refresh_category(database, request.category)
    return placed, total
