"""A COCO file: object boxes of one category, and the boxes of their parts."""

import difflib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from egraph.errors import InputError
from egraph.photos.crop import clip, whole_pixels
from egraph.photos.folder import check_folder
from egraph.photos.image import PhotoError, read_header
from egraph.photos.photo import Box, PhotoObject, PhotoSet, Skipped
from egraph.photos.selection import select
from egraph.progress import Progress

Key = int | str


class CocoImage(BaseModel):
    """One photo; the size, where given, is checked against the file."""

    model_config = ConfigDict(frozen=True)

    id: Key
    file_name: str = Field(min_length=1)
    width: float | None = None
    height: float | None = None


class CocoAnnotation(BaseModel):
    """One box, `[x, y, width, height]` in pixels; `part_of` is the id of the object's annotation."""

    model_config = ConfigDict(frozen=True)

    id: Key
    image_id: Key
    category_id: Key
    bbox: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
    part_of: Key | None = None
    iscrowd: int = 0

    @property
    def box(self) -> Box:
        """The box as drawn, not clipped."""
        return Box(*self.bbox)


class CocoCategory(BaseModel):
    """A kind of object, or a kind of part: then `supercategory` is the object's name."""

    model_config = ConfigDict(frozen=True)

    id: Key
    name: str = Field(min_length=1)
    supercategory: str | None = None


class CocoFile(BaseModel):
    """What egraph reads of a COCO file; everything else in it is passed over."""

    model_config = ConfigDict(frozen=True)

    images: list[CocoImage]
    annotations: list[CocoAnnotation]
    categories: list[CocoCategory]


def read_coco(
    annotations: Path,
    folder: Path,
    category: str,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> PhotoSet:
    """List the objects of a category, in the order of the file's photos, with the part boxes drawn on them.

    Boxes count in pixels of the photo as a viewer shows it (EXIF applied). Object boxes are clipped to the photo and
    rounded to whole pixels; part boxes are clipped. A part belongs to the object that `part_of` names, else to the
    smallest object box around its centre. `limit` draws that many objects, see `selection.select`.

    Raises:
        InputError: the file is missing or no COCO file, the category is not in it, the folder cannot be read, or no
            object can be used.
        UsageError: `limit` is below 1.
    """
    coco = load_coco(annotations)
    object_ids, part_names = _category_ids(coco, category, annotations)
    check_folder(folder)
    drawn: dict[Key, list[CocoAnnotation]] = defaultdict(list)
    parts: dict[Key, list[CocoAnnotation]] = defaultdict(list)
    for a in coco.annotations:
        if a.category_id in object_ids:
            drawn[a.image_id].append(a)
        elif a.category_id in part_names:
            parts[a.image_id].append(a)

    images = [image for image in coco.images if image.id in drawn]
    objects: list[PhotoObject] = []
    skipped = [
        Skipped(str(annotations), f"annotation {a.id}: there is no image {image_id}")
        for image_id in drawn.keys() - {image.id for image in images}
        for a in drawn[image_id]
    ]
    for done, image in enumerate(images, start=1):
        try:
            photo = _read_photo(folder, image)
        except PhotoError as error:
            skipped.append(Skipped(image.file_name, error.reason))
        else:
            found, refused = _objects(photo, drawn[image.id])
            assigned, lost = _assign_parts(photo, found, drawn[image.id], parts[image.id], part_names, category)
            objects += assigned
            skipped += [Skipped(image.file_name, reason) for reason in refused + lost]
        if progress:
            progress("reading photos", done, len(images))
    if not objects:
        first = f" (the first: {skipped[0].path}, {skipped[0].reason})" if skipped else ""
        raise InputError(
            f"No usable {category} in {annotations} with the photos under {folder}: photos named: {len(images)}, "
            f"entries that cannot be used: {len(skipped)}{first}; check that the photos lie where the "
            "file says, seen from that folder."
        )
    return select(objects, skipped, limit, seed)


def load_coco(annotations: Path) -> CocoFile:
    """Read and check a COCO file.

    Raises:
        InputError: it is missing, no JSON, or lacks what a COCO file must hold.
    """
    try:
        content = annotations.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"The annotations file {annotations} does not exist; check its name.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"The annotations file {annotations} cannot be read ({reason}).") from error
    try:
        return CocoFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            raise InputError(
                f"The annotations file {annotations} is no valid JSON ({first['msg'].removeprefix('Invalid JSON: ')}); "
                "export it again."
            ) from error
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"] if p not in ("int", "str"))
        raise InputError(
            f"The annotations file {annotations} is no COCO file: {place.lstrip('.') or 'the whole'}: {first['msg']}; "
            "it needs images, annotations with bbox, and categories."
        ) from error


def _category_ids(coco: CocoFile, category: str, annotations: Path) -> tuple[set[Key], dict[Key, str]]:
    """Ids of the object's category, and the part names by category id."""
    object_ids = {c.id for c in coco.categories if c.name == category}
    if not object_ids:
        names = list(dict.fromkeys(c.name for c in coco.categories))
        near = difflib.get_close_matches(category, names, n=len(names) or 1, cutoff=0.0)
        raise InputError(
            f"There is no category {category!r} in {annotations}; it has {', '.join(near) if near else 'none at all'}."
        )
    return object_ids, {c.id: c.name for c in coco.categories if c.supercategory == category and c.id not in object_ids}


def _read_photo(folder: Path, image: CocoImage) -> PhotoObject:
    """The whole photo as an object, to be narrowed to the boxes in it."""
    path = _find(folder, image.file_name)
    header = read_header(path)
    stated, found = (image.width, image.height), (header.width, header.height)
    # some tools write down the size before EXIF; the boxes are taken as after it either way
    if all(stated) and stated != found and not (header.sideways and stated == found[::-1]):
        raise PhotoError(
            path, f"it has {found[0]} x {found[1]} pixels, its boxes were drawn on {stated[0]:.0f} x {stated[1]:.0f}"
        )
    whole = Box(0.0, 0.0, float(header.width), float(header.height))
    return PhotoObject(path, header.sha256, header.width, header.height, whole)


def _find(folder: Path, file_name: str) -> Path:
    """The photo's path: from the folder, from its `images`, or from the folder itself where the name repeats it."""
    name = PurePosixPath(file_name.replace("\\", "/"))
    if name.is_absolute() or PureWindowsPath(file_name).drive or ".." in name.parts:
        raise PhotoError(file_name, "its name leads out of the folder of the photos")
    candidates = [folder / name, folder / "images" / name]
    if len(name.parts) > 1 and name.parts[0] == folder.resolve().name:
        candidates.append(folder.joinpath(*name.parts[1:]))
    try:
        return next((path for path in candidates if path.exists()), candidates[0])
    except (OSError, ValueError) as error:
        raise PhotoError(file_name, "its name is not valid") from error


def _objects(photo: PhotoObject, annotations: Sequence[CocoAnnotation]) -> tuple[dict[Key, PhotoObject], list[str]]:
    """Objects of one photo by annotation id, and the reasons for those left out."""
    objects: dict[Key, PhotoObject] = {}
    reasons: list[str] = []
    for a in annotations:
        if a.iscrowd:
            reasons.append(f"annotation {a.id}: it marks a crowd, not one object")
            continue
        box = whole_pixels(a.box, photo.photo_width, photo.photo_height)
        if box is None:
            reasons.append(f"annotation {a.id}: {_why_no_box(a.box)}")
        else:
            objects[a.id] = replace(photo, box=box)
    return objects, reasons


def _assign_parts(
    photo: PhotoObject,
    objects: dict[Key, PhotoObject],
    drawn: Sequence[CocoAnnotation],
    parts: Sequence[CocoAnnotation],
    part_names: dict[Key, str],
    category: str,
) -> tuple[list[PhotoObject], list[str]]:
    """The objects with their part boxes, and the reasons for the parts left out."""
    boxes: dict[Key, dict[str, list[Box]]] = {key: defaultdict(list) for key in objects}
    reasons: list[str] = []
    left_out = {a.id for a in drawn} - objects.keys()
    for part in parts:
        name = part_names[part.category_id]
        if part.part_of in left_out:
            continue
        box = clip(part.box, photo.photo_width, photo.photo_height)
        owner = part.part_of if part.part_of is not None else _around(part.box, objects)
        if box is None:
            reasons.append(f"annotation {part.id} ({name}): {_why_no_box(part.box)}")
        elif owner not in objects:
            reasons.append(f"annotation {part.id} ({name}): it belongs to no {category} in this photo")
        else:
            boxes[owner][name].append(box)
    named = [replace(o, parts={name: tuple(found) for name, found in boxes[key].items()}) for key, o in objects.items()]
    return named, reasons


def _around(box: Box, objects: dict[Key, PhotoObject]) -> Key | None:
    """Id of the smallest object box that holds the centre of a box."""
    x, y = box.x + box.width / 2, box.y + box.height / 2
    holding = [
        (o.box.width * o.box.height, i, key)
        for i, (key, o) in enumerate(objects.items())
        if o.box.x <= x <= o.box.x + o.box.width and o.box.y <= y <= o.box.y + o.box.height
    ]
    return min(holding)[2] if holding else None


def _why_no_box(box: Box) -> str:
    if box.width <= 0 or box.height <= 0:
        return "its box has zero size"
    return "its box has no pixel inside the photo"
