"""Reading a COCO file, as many exporters write it: what is odd about one entry costs that entry alone."""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from egraph.errors import InputError
from egraph.photos.drawn import Drawing, Drawn, DrawnPhoto
from egraph.photos.photo import Box, Skipped

NEEDED = ("images", "annotations", "categories")

Entry = Mapping[str, Any]


def read_coco(annotations: Path, content: Any) -> Drawn:
    """The boxes of a COCO file, photo by photo in the order of its images.

    A box is `bbox`, `[x, y, width, height]`, or where that is missing the box around `segmentation`'s polygons. A
    category whose `supercategory` is another category of the file is a part of it. The ids 1 and "1" are the same.

    Args:
        content: what the JSON says.

    Raises:
        InputError: it is no COCO file, or one id means two photos or two categories.
    """
    for key in NEEDED:
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise InputError(
                f"The annotations file {annotations} is no COCO file: it has no list of {key}; it needs images, "
                "annotations with bbox, and categories."
            )
    kinds = _categories(content["categories"], annotations)
    drawings: dict[str | None, list[Drawing]] = defaultdict(list)
    skipped = []
    for number, entry in enumerate(content["annotations"], start=1):
        drawing = _drawing(entry, number, kinds) if isinstance(entry, dict) else None
        if drawing is None:
            name = _spoken(entry, number) if isinstance(entry, dict) else f"annotation number {number}"
            skipped.append(Skipped(str(annotations), f"{name}: it has no category of the file"))
        else:
            drawings[_key(entry.get("image_id"))].append(drawing)
    photos, nameless = _images(content["images"], annotations, drawings)
    lost = [
        replace(drawing, box=None, fault=_why_lost(image, nameless))
        for image, some in drawings.items()
        if image not in photos
        for drawing in some
    ]
    return Drawn(annotations, list(photos.values()), sorted({label for label, _ in kinds.values()}), lost, skipped)


def load_json(path: Path) -> Any:
    """The content of a JSON file in any UTF, with or without a byte order mark.

    Raises:
        InputError: it cannot be read or is no JSON.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"The annotations file {path} does not exist; check its name.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"The annotations file {path} cannot be read ({reason}).") from error
    try:
        return json.loads(content, object_pairs_hook=_unique)
    except RecursionError as error:
        raise InputError(f"The annotations file {path} is no valid JSON: it is nested too deeply.") from error
    except ValueError as error:
        reason = "it is no text" if isinstance(error, UnicodeError) else error
        raise InputError(f"The annotations file {path} is no valid JSON ({reason}); export it again.") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of two entries under one key, the reader would silently take the second."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"one object has {twice!a} twice")
    return found


def _categories(entries: Sequence[Any], annotations: Path) -> dict[str, tuple[str, str | None]]:
    """By id: the label, and the label that it is a part of. Entries without id or name are passed over.

    Raises:
        InputError: one id stands for two labels.
    """
    named: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, dict) and (key := _key(entry.get("id"))) is not None:
            named[key].append((text_of(entry.get("name")), text_of(entry.get("supercategory"))))
    labels = {name for meant in named.values() for name, _ in meant if name}
    kinds = {}
    for key, meant in named.items():
        names = list(dict.fromkeys(name for name, _ in meant))
        above = list(dict.fromkeys(above for name, above in meant if above in labels - {name}))
        for different in (names, [f"{names[0]} of {kind}" for kind in above]):
            if len(different) > 1:
                raise _ambiguous(annotations, "category", key, different, "which one a box shows")
        if names[0]:
            kinds[key] = names[0], above[0] if above else None
    return kinds


def _images(
    entries: Sequence[Any], annotations: Path, drawings: Mapping[str | None, list[Drawing]]
) -> tuple[dict[str | None, DrawnPhoto], set[str | None]]:
    """The photos by id, and the ids of images without a file name.

    Raises:
        InputError: one id stands for two photos.
    """
    named: dict[str | None, list[tuple[str, Entry]]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, dict) and (key := _key(entry.get("id"))) is not None:
            named[key].append((text_of(entry.get("file_name")), entry))
    photos, nameless = {}, set()
    for key, meant in named.items():
        names = list(dict.fromkeys(name for name, _ in meant))
        if len(names) > 1:
            raise _ambiguous(annotations, "image", str(key), names, "which photo a box is on")
        if not names[0]:
            nameless.add(key)
            continue
        width, height = (number_of(meant[0][1].get(side)) or None for side in ("width", "height"))
        photos[key] = DrawnPhoto(names[0], drawings.get(key, ()), width, height)
    return photos, nameless


def _ambiguous(annotations: Path, what: str, key: str, names: Sequence[str], which: str) -> InputError:
    first, second = (name or "one without a name" for name in names[:2])
    return InputError(
        f"In {annotations} the {what} id {key} stands for {first} and for {second}, so nobody can tell {which}; give "
        "each an id of its own. Where files were laid together, one of them must be numbered anew."
    )


def _drawing(entry: Entry, number: int, kinds: Mapping[str, tuple[str, str | None]]) -> Drawing | None:
    """One annotation, or None where its category is not known."""
    kind = kinds.get(_key(entry.get("category_id")) or "")
    if kind is None:
        return None
    box, fault = _box(entry)
    if _true(entry.get("iscrowd")):
        box, fault = None, "it marks a crowd, not one object"
    return Drawing(
        name=_spoken(entry, number),
        label=kind[0],
        box=box,
        fault=fault,
        part_of_kind=kind[1],
        id=_key(entry.get("id")),
        owner=_key(entry.get("part_of")),
    )


def _spoken(entry: Entry, number: int) -> str:
    key = _key(entry.get("id"))
    return f"annotation number {number}" if key is None else f"annotation {key}"


def _why_lost(image: str | None, nameless: set[str | None]) -> str:
    if image is None:
        return "it names no image"
    return f"image {image} has no file name" if image in nameless else f"there is no image {image}"


def _box(entry: Entry) -> tuple[Box | None, str]:
    """The box of an annotation, else why there is none."""
    given = entry.get("bbox")
    if given is None or given == []:
        return _around_polygons(entry.get("segmentation"))
    numbers = [number_of(value) for value in given] if isinstance(given, list) else []
    values = [number for number in numbers if number is not None]
    if len(numbers) != 4 or len(values) != 4:
        return None, "its box is not four numbers"
    return Box(*values), ""


def _around_polygons(polygons: Any) -> tuple[Box | None, str]:
    if isinstance(polygons, dict):
        return None, "it has a mask but no box"
    if not isinstance(polygons, list) or not polygons:
        return None, "it has no box"
    # some tools write a single polygon without the list around it
    nested = polygons if any(isinstance(polygon, list) for polygon in polygons) else [polygons]
    numbers = [number_of(value) for polygon in nested for value in (polygon if isinstance(polygon, list) else [None])]
    values = [number for number in numbers if number is not None]
    if len(values) < len(numbers) or len(values) < 6 or len(values) % 2:
        return None, "it has no box, and its polygons are not pairs of numbers"
    left, top = min(values[::2]), min(values[1::2])
    return Box(left, top, max(values[::2]) - left, max(values[1::2]) - top), ""


def _key(value: Any) -> str | None:
    """An id as text: exporters write the same one as number here and as text there."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text_of(value) or None


def _true(value: Any) -> bool:
    return value.strip().lower() not in ("", "0", "false") if isinstance(value, str) else bool(value)


def text_of(value: Any) -> str:
    """A name as text that can be written anywhere; empty where it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else ""
    return value.encode("utf-8", "backslashreplace").decode().strip() if isinstance(value, str) else ""


def number_of(value: Any) -> float | None:
    """A finite number, also one written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None
