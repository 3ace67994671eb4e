"""Annotations with a file for each photo: Pascal VOC (XML), labelme (JSON), YOLO (text beside the names of classes)."""

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from egraph.errors import InputError
from egraph.photos.coco import load_json, number_of, text_of
from egraph.photos.drawn import Drawing, Drawn, DrawnPhoto
from egraph.photos.folder import check_folder
from egraph.photos.photo import Box, Skipped

CLASS_NAMES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml", "classes.txt", "obj.names", "labels.txt")
"""Where YOLO's tools keep the names of the classes."""
BESIDE = frozenset({*CLASS_NAMES, "notes.json", "train.txt", "val.txt", "valid.txt", "test.txt", "README.txt"})
"""Files that stand for no photo."""
KINDS = {".xml": "Pascal VOC", ".json": "labelme", ".txt": "YOLO"}


def read_annotation_files(source: Path) -> Drawn:
    """The boxes of a folder with a file of annotations for each photo, subfolders included, or of one such file.

    A photo is the one that is called as its file of annotations, wherever it lies. A file that cannot be read is left
    out and named, as is a box. Of these formats only Pascal VOC says of a box that it is a part of another.

    Raises:
        InputError: there are none, there are several kinds, or YOLO's class names are missing.
    """
    if source.is_dir():
        check_folder(source)
    files = sorted(source.rglob("*")) if source.is_dir() else [source]
    chosen = [
        path
        for path in files
        if path.suffix.lower() in KINDS and path.name not in BESIDE and not path.name.startswith(".")
    ]
    kinds = sorted({KINDS[path.suffix.lower()] for path in chosen})
    if len(kinds) != 1:
        found = f"files of {' and of '.join(kinds)}" if kinds else "no such file"
        raise InputError(
            f"{source} has {found}; give a COCO file, or a folder with files of one kind: {', '.join(KINDS.values())}."
        )
    classes = _class_names(source) if kinds == ["YOLO"] else {}
    read: dict[str, Callable[[Path], DrawnPhoto]] = {
        "Pascal VOC": _read_voc,
        "labelme": _read_labelme,
        "YOLO": lambda path: _read_yolo(path, classes),
    }
    photos, skipped = [], []
    for path in chosen:
        try:
            photos.append(replace(read[kinds[0]](path), file_name=_photo_name(path, source)))
        except _UnreadableError as reason:
            skipped.append(Skipped(str(path), str(reason)))
    if not photos:
        raise InputError(f"None of the files of annotations in {source} can be used (the first: {skipped[0].reason}).")
    labels = {d.label for photo in photos for d in photo.drawings} | set(classes.values())
    return Drawn(source, photos, sorted(labels), skipped=skipped, in_fractions=kinds == ["YOLO"])


class _UnreadableError(Exception):
    """One file cannot be used; the message says why."""


def _photo_name(path: Path, source: Path) -> str:
    """What the photo is called, without its ending: it lies in the folder of the annotations or in one beside it."""
    folder = source if source.is_dir() else source.parent
    return "/".join([folder.resolve().name, *path.relative_to(folder).with_suffix("").parts])


def _read_voc(path: Path) -> DrawnPhoto:
    try:
        root = ET.parse(path).getroot()
    except (OSError, ET.ParseError, ValueError, LookupError) as error:
        raise _UnreadableError(f"it is no XML ({error})") from error
    if root.tag != "annotation":
        raise _UnreadableError(f"it is no Pascal VOC file, it begins with <{root.tag}>")
    drawings: list[Drawing] = []
    for number, node in enumerate(root.iter("object"), start=1):
        drawings.append(_voc_drawing(node, f"object {number}", str(number), None))
        whole = drawings[-1].label
        for part in node.iter("part"):
            name = f"part {len(drawings)} of object {number}"
            drawings.append(_voc_drawing(part, name, f"part {len(drawings)}", (whole, str(number))))
    size = (number_of(root.findtext(f"size/{side}")) or None for side in ("width", "height"))
    return DrawnPhoto(path.stem, drawings, *size)


def _voc_drawing(node: ET.Element, name: str, id: str, of: tuple[str, str] | None) -> Drawing:
    numbers = [number_of(node.findtext(f"bndbox/{side}")) for side in ("xmin", "ymin", "xmax", "ymax")]
    kind, owner = of or (None, None)
    return _drawing(name, text_of(node.findtext("name")), _between(numbers), "it has no box", kind, id, owner)


def _read_labelme(path: Path) -> DrawnPhoto:
    try:
        content = load_json(path)
    except InputError as error:
        raise _UnreadableError("it is no JSON") from error
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise _UnreadableError("it is no labelme file, it has no list of shapes")
    shapes = [shape if isinstance(shape, dict) else {} for shape in content["shapes"]]
    drawings = [
        _drawing(f"shape {number}", text_of(shape.get("label")), _around_shape(shape), "it is no rectangle or polygon")
        for number, shape in enumerate(shapes, start=1)
    ]
    size = (number_of(content.get(side)) or None for side in ("imageWidth", "imageHeight"))
    return DrawnPhoto(path.stem, drawings, *size)


def _around_shape(shape: Mapping[str, Any]) -> Box | None:
    points = shape.get("points")
    if not isinstance(points, list) or not all(isinstance(point, list) and len(point) == 2 for point in points):
        return None
    places = [(number_of(x), number_of(y)) for x, y in points]
    known = [(x, y) for x, y in places if x is not None and y is not None]
    kind = shape.get("shape_type", "polygon")
    if len(known) < len(places) or len(known) < {"rectangle": 2, "circle": 2, "polygon": 3}.get(str(kind), math.inf):
        return None
    xs, ys = zip(*known, strict=True)
    if kind == "circle":
        radius = math.dist(known[0], known[1])
        return Box(xs[0] - radius, ys[0] - radius, 2 * radius, 2 * radius)
    return _between([min(xs), min(ys), max(xs), max(ys)])


def _read_yolo(path: Path, classes: Mapping[str, str]) -> DrawnPhoto:
    """Boxes in fractions of the photo: class, centre, width, height; or class and the corners of a polygon."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise _UnreadableError("it is no text") from error
    drawings = []
    for number, line in enumerate(lines, start=1):
        if not (words := line.split()):
            continue
        if words[0] not in classes:
            raise _UnreadableError(f"line {number}: there is no class {words[0]}")
        values = [number_of(word) for word in words[1:]]
        known = [value for value in values if value is not None]
        box = None
        if len(known) == len(values) and len(known) in (4, 5):
            x, y, width, height = known[:4]
            box = Box(x - width / 2, y - height / 2, width, height)
        elif len(known) == len(values) >= 6 and len(known) % 2 == 0:
            box = _between([min(known[::2]), min(known[1::2]), max(known[::2]), max(known[1::2])])
        drawings.append(_drawing(f"line {number}", classes[words[0]], box, "it is neither a box nor a polygon"))
    return DrawnPhoto(path.stem, drawings)


def _class_names(source: Path) -> dict[str, str]:
    """YOLO's classes by number, from the folder of the annotations or one of the two above it.

    Raises:
        InputError: they are nowhere, or cannot be read.
    """
    folder = (source if source.is_dir() else source.parent).resolve()
    for path in (up / name for up in [folder, *folder.parents[:2]] for name in CLASS_NAMES):
        if not path.is_file():
            continue
        try:
            text = path.read_text("utf-8-sig")
            found = yaml.safe_load(text).get("names") if path.suffix in (".yaml", ".yml") else text.splitlines()
        except (OSError, ValueError, AttributeError, RecursionError, yaml.YAMLError) as error:
            raise InputError(f"The class names in {path} cannot be read; write one name on each line.") from error
        pairs = found.items() if isinstance(found, dict) else enumerate(found or [])
        return {str(number): text_of(name) for number, name in pairs if text_of(name)}
    raise InputError(
        f"{source} has boxes of YOLO, but no file with the names of the classes; put classes.txt beside them, one name "
        "on each line, or the data.yaml that they came with."
    )


def _drawing(
    name: str, label: str, box: Box | None, fault: str, kind: str | None = None, id: str = "", owner: str | None = None
) -> Drawing:
    return Drawing(name, label, box, "" if box else fault, kind, id or None, owner)


def _between(corners: list[float | None]) -> Box | None:
    """The box between two corners: left, top, right, bottom."""
    known = [value for value in corners if value is not None]
    return Box(known[0], known[1], known[2] - known[0], known[3] - known[1]) if len(known) == 4 else None
