"""Boxes of a part that a person draws on photos: kept at once, without a network; what follows from them is learnt by
`follow_labels`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from egraph.commands.requests import LabelRequest
from egraph.errors import InputError, NothingYetError, UsageError
from egraph.graph.connection import open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.graphs import GraphSummary, graphs
from egraph.graph.objects import box_list, check_names
from egraph.graph.parts import add_labels, labelled_objects
from egraph.graph.questions import misspelt, nearest
from egraph.photos.boxes import clip_inside
from egraph.photos.folder import read_photo
from egraph.photos.photo import Box, PhotoObject
from egraph.results import Result
from egraph.settings import Settings


@dataclass(frozen=True)
class LabelledObject(Result):
    """A photo, the box of the object on it, and how many boxes of the part the object bears now."""

    photo: Path
    object: Box
    boxes: int


@dataclass(frozen=True)
class LabelReport(Result):
    """Boxes of a part that were kept.

    graphs: the ids of the graphs that were mined from these objects. size: how many places of patterns on objects these
    graphs have, which tells how long learning takes. job: the id of the job that learns from the boxes; None where that
    was done at once, or nothing follows. aogs: ids of the And-Or graphs that were built anew.
    """

    category: str
    part: str
    labels: int
    objects: list[LabelledObject]
    graphs: list[str]
    size: int
    job: str | None = None
    aogs: list[str] | None = None


def keep_labels(settings: Settings, request: LabelRequest) -> LabelReport:
    """Keep boxes of a part on photos: all of them, or none where one cannot be.

    Raises:
        InputError: a photo cannot be read, or a part's box lies outside the object.
        UsageError: a box lies in several objects, or only other categories have graphs.
        NothingYetError: only other categories have graphs, and none has a similar name.
    """
    category, part = request.category, request.part
    check_names(category, part)
    whole = [read_photo(photo) for photo in request.photos]
    with open_database(settings) as database:
        ensure_schema(database)
        complete = {g.id: g for g in graphs(database) if g.state == "complete"}
        _check_category(list(complete.values()), category)
        rows = database.read("parts/objects_of_photos", category=category, sha256=[o.sha256 for o in whole])
        labelled = []
        for number, photo in enumerate(whole):
            known = [Box(*row["box"]) for row in rows if row["sha256"] == photo.sha256]
            frame = None if request.object_boxes is None else request.object_boxes[number]
            labelled.append(_labelled(photo, request.boxes[number], frame, known, category, part))
        add_labels(database, _joined(labelled), category, part, unplaced=True)
        after = {o.id: len(o.parts.get(part, ())) for o in labelled_objects(database, category)}
    of_photos = {o.sha256: o.box for o in labelled}
    mined = sorted({row["graph"] for row in rows if Box(*row["box"]) == of_photos[row["sha256"]]})
    return LabelReport(
        category=category,
        part=part,
        labels=len(labelled),
        objects=[LabelledObject(o.path, o.box, after[o.id]) for o in labelled],
        graphs=mined,
        size=sum(complete[id].patterns * complete[id].images for id in mined),
    )


def _joined(objects: Sequence[PhotoObject]) -> list[PhotoObject]:
    """Each object once, with all its boxes."""
    found: dict[str, PhotoObject] = {}
    for o in objects:
        before = found.get(o.id)
        parts = o.parts if before is None else {part: before.parts[part] + boxes for part, boxes in o.parts.items()}
        found[o.id] = replace(o, parts=parts)
    return list(found.values())


def _labelled(
    photo: PhotoObject, box: Box, frame: Box | None, known: Sequence[Box], category: str, part: str
) -> PhotoObject:
    """The object on a photo that bears a box of a part.

    Args:
        frame: the object's box, where a person says it. known: the boxes of the objects that were mined there.
    """
    around = {one for one in known if clip_inside(box, one, photo.box)}
    if len(around) > 1 and frame is None:
        listed = " or ".join(",".join(f"{v:g}" for v in box_list(o)) for o in sorted(around, key=box_list))
        raise UsageError(
            f"The box of {part} on {photo.path} lies in several objects of {category}; choose one: --object {listed}."
        )
    chosen = frame or (around.pop() if around else photo.box)
    clipped, inside = clip_inside(box, chosen, photo.box), clip_inside(chosen, photo.box, photo.box)
    if clipped is None:
        raise InputError(
            f"The box of {part} {box_list(box)} does not lie inside the object {box_list(chosen)} of {photo.path}; "
            "boxes are x, y, width, height in pixels from the top left corner."
        )
    if inside is None:
        raise InputError(
            f"The object's box {box_list(chosen)} does not lie inside the photo {photo.path}, which has "
            f"{photo.photo_width} x {photo.photo_height} pixels."
        )
    return replace(photo, box=inside, parts={part: (clipped,)})


def _check_category(complete: Sequence[GraphSummary], category: str) -> None:
    """Refuse a category without graph where others have one: nothing could use its labels.

    Raises:
        UsageError: it looks like a slip for one that has. NothingYetError: it does not.
    """
    known = sorted({g.category for g in complete})
    if not known or category in known:
        return
    there = f"There is no graph of {category}; there are graphs of {', '.join(nearest(category, known))}"
    if misspelt(category, known):
        raise UsageError(f"{there}. Name one of these categories.")
    raise NothingYetError(
        f"{there}. Name one of these, or mine first: `egraph mine PHOTOS --network NAME --category {quote(category)}`."
    )
