"""Objects of one category on photos, from what a person drew, with the boxes of their parts."""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from egraph.errors import InputError
from egraph.photos.annotation_files import read_annotation_files
from egraph.photos.boxes import clip_inside, corners_fit, exceeds, fractional, whole_pixels
from egraph.photos.coco import load_json, read_coco
from egraph.photos.drawn import Drawing, Drawn, DrawnPhoto
from egraph.photos.folder import check_folder
from egraph.photos.image import PhotoError, read_header
from egraph.photos.names import MISSING, Named, PhotoNames
from egraph.photos.photo import Box, PhotoObject, PhotoSet, Skipped
from egraph.photos.selection import select
from egraph.progress import Progress

FEWEST_CORNERS = 3
"""So many boxes must leave their photos before they are held to be corners."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What the labels of a file are to one category: the objects, their parts, and other objects.

    said: labels that the file itself calls parts of it. groups: what stands where the file would say whose part a label
    is, but only groups labels: nothing, or what stands there for the objects, too. taken: the label that was asked for
    as a part, where the file does not say whose part it is; its boxes belong to the objects that they lie in.
    """

    category: str
    said: frozenset[str]
    groups: frozenset[str | None]
    taken: str | None = None

    def is_object(self, drawing: Drawing) -> bool:
        """Whether it is one of the objects."""
        return drawing.label == self.category

    def is_part(self, drawing: Drawing) -> bool:
        """Whether it is, or may be, a part of one of them."""
        said = drawing.part_of_kind == self.category and drawing.label in self.said
        return not self.is_object(drawing) and (
            said or (drawing.label == self.taken and drawing.part_of_kind in self.groups)
        )

    def is_rival(self, drawing: Drawing) -> bool:
        """Whether it is another object, which may be the one that a part belongs to."""
        return drawing.part_of_kind in self.groups and drawing.label not in (self.category, self.taken)


def read_annotations(
    annotations: Path,
    folder: Path,
    category: str,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    part: str | None = None,
    files: Sequence[Path] | None = None,
) -> PhotoSet:
    """List the objects of a category, in the order of the file's photos, with the part boxes drawn on them.

    Boxes count in pixels of the photo as a viewer shows it (EXIF applied). Object boxes are clipped to the photo and
    rounded to whole pixels, part boxes to their object. A part belongs to the object that the file names, else to the
    smallest object box that it lies in. `limit` draws that many objects, see `selection.select`.

    Args:
        part: a label that is one of their parts even where the file does not say so; some object must show it.
        files: photos that are meant, instead of all under `folder`; those that the file does not name are not missed.

    Raises:
        InputError: the annotations cannot be read or do not know the category or the part, their boxes are no pixels,
            the folder cannot be read, or no object can be used.
        UsageError: `limit` is below 1.
    """
    drawn = read_drawn(annotations)
    roles = _roles(drawn, category, part)
    check_folder(folder)
    skipped = list(drawn.skipped)
    skipped += [
        Skipped(str(annotations), f"{d.name}: {d.fault}") for d in drawn.lost if roles.is_object(d) or roles.is_part(d)
    ]
    wanted = [photo for photo in drawn.photos if any(roles.is_object(d) for d in photo.drawings)]
    found, missing = _find_photos(PhotoNames(folder, files), wanted)
    skipped += missing if files is None else [s for s in missing if s.reason != MISSING]
    seen: list[tuple[PhotoObject, Sequence[Drawing]]] = []
    for done, (path, photos) in enumerate(found.items(), start=1):
        try:
            whole = _whole_photo(path, photos)
        except PhotoError as error:
            skipped.append(Skipped(photos[0].file_name, error.reason))
        else:
            drawings = [drawing for photo in photos for drawing in photo.drawings]
            seen.append((whole, [_in_pixels(d, whole) for d in drawings] if drawn.in_fractions else drawings))
        if progress:
            progress("reading photos", done, len(found))
    _check_pixels(seen, roles, annotations)
    objects: list[PhotoObject] = []
    for whole, on_photo in seen:
        named, reasons = _objects(whole, on_photo, roles)
        objects += named
        skipped += [Skipped(found[whole.path][0].file_name, reason) for reason in reasons]
    if not objects and files is not None:
        raise InputError(f"{annotations} has no {category} on these photos; give the photos it is of.")
    if not objects:
        first = f" (the first: {skipped[0].path}, {skipped[0].reason})" if skipped else ""
        raise InputError(
            f"No usable {category} in {annotations} with the photos under {folder}: photos named: {len(wanted)}, "
            f"entries that cannot be used: {len(skipped)}{first}; check that the photos lie where the "
            "file says, seen from that folder."
        )
    if part is not None and not any(o.parts.get(part) for o in objects):
        reason = next((s.reason for s in skipped if f"({part})" in s.reason), "they are on other photos")
        raise InputError(
            f"No box of {part} in {annotations} is on a {category} that can be used (the first: {reason})."
        )
    return select(objects, skipped, limit, seed)


def read_drawn(annotations: Path) -> Drawn:
    """All that a person drew: of a COCO file, or of files with the annotations of one photo each.

    Raises:
        InputError: they cannot be read.
    """
    if annotations.is_dir() or annotations.suffix.lower() in (".xml", ".txt"):
        return read_annotation_files(annotations)
    content = load_json(annotations)
    if isinstance(content, dict) and "shapes" in content and "images" not in content:
        return read_annotation_files(annotations)
    return read_coco(annotations, content)


def _in_pixels(drawing: Drawing, photo: PhotoObject) -> Drawing:
    if drawing.box is None:
        return drawing
    width, height, box = photo.photo_width, photo.photo_height, drawing.box
    return replace(drawing, box=Box(box.x * width, box.y * height, box.width * width, box.height * height))


def _roles(drawn: Drawn, category: str, part: str | None) -> Roles:
    """What the labels are to the category.

    Raises:
        InputError: the category or the part is not among them, or the part is one of something else.
    """
    if category not in drawn.labels:
        near = difflib.get_close_matches(category, drawn.labels, n=len(drawn.labels) or 1, cutoff=0.0)
        listed = ", ".join(near) or "none at all"
        raise InputError(f"There is no category {category!r} in {drawn.source}; it has {listed}.")
    every = [d for photo in drawn.photos for d in photo.drawings]
    said = frozenset(d.label for d in every if d.part_of_kind == category)
    roles = Roles(category, said, frozenset({None, *(d.part_of_kind for d in every if d.label == category)}))
    if part is None or part in said:
        return roles
    others = [label for label in drawn.labels if label != category]
    listed = ", ".join(sorted(said) or difflib.get_close_matches(part, others, n=len(others) or 1, cutoff=0.0))
    if part not in others:
        there = f"it has {listed}" if listed else f"it has boxes of {category} alone"
        raise InputError(f"{drawn.source} has no box of {part!r} on a {category}: {there}.")
    kinds = {d.part_of_kind for d in every if d.label == part}
    if not kinds:
        raise InputError(f"{drawn.source} knows {part!r}, but nobody drew a box of it; it has {listed}.")
    if not kinds & roles.groups:
        whose = " and ".join(sorted(kind for kind in kinds if kind))
        raise InputError(
            f"In {drawn.source} {part!r} is a part of {whose} (its supercategory), not of {category}; make {category} "
            "its supercategory, or ask for a part of the other category."
        )
    return replace(roles, taken=part)


def _find_photos(names: PhotoNames, wanted: Sequence[DrawnPhoto]) -> tuple[dict[Path, list[DrawnPhoto]], list[Skipped]]:
    """The photos that are there, each with all that was drawn on it, and the names that lead to none.

    A photo that two names mean belongs to those that lead to it exactly.
    """
    meant: dict[Path, list[tuple[DrawnPhoto, Named]]] = defaultdict(list)
    skipped = []
    for photo in wanted:
        try:
            named = names.find(photo.file_name)
        except PhotoError as error:
            skipped.append(Skipped(photo.file_name, error.reason))
        else:
            meant[named.path].append((photo, named))
    found = {}
    for path, photos in meant.items():
        exact = [photo for photo, named in photos if named.exact]
        if not exact and len({photo.file_name for photo, _ in photos}) == 1:
            exact = [photo for photo, _ in photos]
        if exact:
            found[path] = exact
        for photo, _ in photos:
            if not any(photo is one for one in exact):
                others = sorted({other.file_name for other, _ in photos} - {photo.file_name})
                skipped.append(Skipped(photo.file_name, f"{path} would fit, and is {others[0]} as well"))
    return found, skipped


def _whole_photo(path: Path, drawn: Sequence[DrawnPhoto]) -> PhotoObject:
    """The whole photo as an object, to be narrowed to the boxes in it."""
    header = read_header(path)
    found = header.width, header.height
    for stated in ((photo.width, photo.height) for photo in drawn):
        # some tools write down the size before EXIF; the boxes are taken as after it either way
        if all(stated) and stated != found and not (header.sideways and stated == found[::-1]):
            raise PhotoError(
                path,
                f"it has {found[0]} x {found[1]} pixels, its boxes were drawn on {stated[0]:.0f} x {stated[1]:.0f}",
            )
    whole = Box(0.0, 0.0, float(header.width), float(header.height))
    return PhotoObject(path, header.sha256, header.width, header.height, whole)


def _check_pixels(seen: Sequence[tuple[PhotoObject, Sequence[Drawing]]], roles: Roles, source: Path) -> None:
    """Refuse boxes that are surely not x, y, width, height in pixels.

    Raises:
        InputError: all lie within 0 and 1, or all are corners of boxes and most leave their photos otherwise.
    """
    boxes = [
        (d.box, photo.photo_width, photo.photo_height)
        for photo, drawings in seen
        for d in drawings
        if d.box and d.box.width > 0 and d.box.height > 0 and (roles.is_object(d) or roles.is_part(d))
    ]
    if boxes and all(fractional(box) for box, _, _ in boxes):
        raise InputError(
            f"The boxes in {source} lie within 0 and 1; COCO counts pixels, so multiply x and width by the photo's "
            "width, y and height by its height, or export them in pixels."
        )
    outside = sum(exceeds(*box) for box in boxes)
    if outside >= FEWEST_CORNERS and 2 * outside > len(boxes) and all(corners_fit(*box) for box in boxes):
        raise InputError(
            f"The boxes in {source} are corners (left, top, right, bottom): read as x, y, width, height, {outside} of "
            f"{len(boxes)} would leave their photos; export them as COCO writes them, [x, y, width, height]."
        )


def _objects(photo: PhotoObject, drawings: Sequence[Drawing], roles: Roles) -> tuple[list[PhotoObject], list[str]]:
    """The objects of one photo with their part boxes, and the reasons for what was left out."""
    drawn: list[Drawing] = []
    objects: list[PhotoObject] = []
    left_out: set[str | None] = set()
    reasons: list[str] = []
    for d in (d for d in drawings if roles.is_object(d)):
        box = d.box and whole_pixels(d.box, photo.photo_width, photo.photo_height)
        if d.box is None or box is None or fractional(d.box):
            reasons.append(f"{d.name}: {_why_unusable(d, photo)}")
            left_out.add(d.id)
        else:
            drawn.append(d)
            objects.append(replace(photo, box=box))
    left_out -= {None, *(d.id for d in drawn)}
    rivals = [d.box for d in drawings if d.box and roles.is_rival(d)]
    boxes: list[dict[str, list[Box]]] = [defaultdict(list) for _ in objects]
    for d in (d for d in drawings if roles.is_part(d)):
        if d.owner in left_out:
            continue
        if d.box is None or fractional(d.box) or whole_pixels(d.box, photo.photo_width, photo.photo_height) is None:
            reasons.append(f"{d.name} ({d.label}): {_why_unusable(d, photo)}")
            continue
        try:
            owner = _owner(d, d.box, drawn, objects, rivals if d.label == roles.taken else (), roles.category)
        except _NoOwner as reason:
            reasons.append(f"{d.name} ({d.label}): {reason}")
        else:
            inside = clip_inside(d.box, objects[owner].box, photo.box)
            if inside and inside not in boxes[owner][d.label]:
                boxes[owner][d.label].append(inside)
    parts = [{label: tuple(found) for label, found in some.items()} for some in boxes]
    return [replace(o, parts=found) for o, found in zip(objects, parts, strict=True)], reasons


class _NoOwner(Exception):
    """It cannot be told whose a part is; the message is the reason."""


def _owner(
    part: Drawing, box: Box, drawn: Sequence[Drawing], objects: Sequence[PhotoObject], rivals: Sequence[Box], kind: str
) -> int:
    """Which of the objects a part's box belongs to: the one that is named, else the smallest that it lies in.

    Raises:
        _NoOwner: none, or it cannot be told which.
    """
    if not objects:
        raise _NoOwner(f"it belongs to no {kind} in this photo")
    photo = Box(0.0, 0.0, float(objects[0].photo_width), float(objects[0].photo_height))
    holding = [i for i, o in enumerate(objects) if clip_inside(box, o.box, photo)]
    if part.owner is not None:
        named = [i for i, d in enumerate(drawn) if d.id == part.owner]
        if not named:
            raise _NoOwner(f"it belongs to no {kind} in this photo")
        holding = [i for i in holding if i in named]
        if not holding:
            raise _NoOwner(f"it does not lie in the box of its {kind}")
        if len({objects[i].box for i in holding}) > 1:
            raise _NoOwner(f"it lies in several {kind} that bear the id {part.owner} which part_of names")
    if not holding:
        raise _NoOwner(f"it belongs to no {kind} in this photo")
    size = {i: objects[i].box.width * objects[i].box.height for i in holding}
    # the first of equal boxes: a second one is left out as the same object
    owner = min(holding, key=lambda i: size[i])
    if any(size[i] == size[owner] and objects[i].box != objects[owner].box for i in holding):
        raise _NoOwner(f"it lies in several {kind} of one size, so name the one that it is a part_of")
    around = objects[owner].box
    for other in rivals:
        within = clip_inside(other, around, photo) or clip_inside(around, other, photo)
        if clip_inside(box, other, photo) and not within:
            raise _NoOwner(f"it lies in a {kind} and in something else, so name the {kind} that it is a part_of")
    return owner


def _why_unusable(drawing: Drawing, photo: PhotoObject) -> str:
    if drawing.box is None:
        return drawing.fault
    if drawing.box.width <= 0 or drawing.box.height <= 0:
        return "its box has zero size"
    if fractional(drawing.box):
        return "its box lies within 0 and 1, and is no bigger than a pixel"
    return "its box has no pixel inside the photo"
