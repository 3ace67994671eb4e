"""Photos of generated animals whose parts' places are known exactly, written as a COCO file."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from egraph.demo.animals import KINDS, PARTS
from egraph.demo.drawing import SUPERSAMPLING, Canvas, Tube
from egraph.demo.scenery import clutter, draw_groups, expose, make_background, occluders
from egraph.errors import UsageError
from egraph.photos.photo import Box
from egraph.progress import Progress

LEAST_VISIBLE = 0.35
"""A part of which a smaller share is seen behind an occluder has no box."""
LEAST_SIDE = 2.0
"""Nor has a part that shows less than so many pixels in width or height."""


class GeneratedPhoto(NamedTuple):
    """A photo, the visible extent of its animal and of the animal's parts in pixels, and `left` or `right`."""

    image: Image.Image
    box: Box
    parts: dict[str, Box]
    facing: str


def make_photo(rng: np.random.Generator, kind: str) -> GeneratedPhoto:
    """Draw one animal in a random pose and facing, somewhere in a random scene of 144 to 208 pixels a side.

    Raises:
        UsageError: there is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"The generated world has no {kind}; it has {', '.join(KINDS)}.")
    canvas, width, height = _empty_scene(rng)
    tubes, facing, box = _placed(rng, KINDS[kind](rng), width, height)
    labels = {part: number for number, part in enumerate(PARTS[kind], start=1)}
    scale = box[3] - box[1]
    _draw_shadow(canvas, box)
    canvas.draw(tubes, labels, scale * 0.035)
    whole = np.bincount(canvas.label.ravel(), minlength=len(labels) + 1)
    draw_groups(canvas, occluders(rng, width, height, box), scale * 0.03)
    seen = np.bincount(canvas.label.ravel(), minlength=len(labels) + 1)
    parts = {}
    for part, number in labels.items():
        if seen[number] and seen[number] >= LEAST_VISIBLE * whole[number]:
            extent = _extent(canvas.label == number)
            if min(extent.width, extent.height) >= LEAST_SIDE:
                parts[part] = extent
    image = expose(rng, canvas.finish(width // SUPERSAMPLING, height // SUPERSAMPLING))
    return GeneratedPhoto(image, _extent(canvas.label > 0), parts, facing)


def make_scene(rng: np.random.Generator) -> Image.Image:
    """Draw a scene without an animal, with more clutter."""
    canvas, width, height = _empty_scene(rng, more=6)
    box = (width * 0.2, height * 0.2, width * 0.8, height * 0.85)
    draw_groups(canvas, occluders(rng, width, height, box), height * 0.02)
    return expose(rng, canvas.finish(width // SUPERSAMPLING, height // SUPERSAMPLING))


def write_world(
    folder: Path, kinds: str | Sequence[str], count: int, seed: int, progress: Progress | None = None
) -> Path:
    """Write `count` photos of each kind and one COCO file; returns the file's path.

    Parts are annotations with `part_of` (the object's annotation) whose category's supercategory is the kind; objects
    carry `facing`. The same seed gives the same files, and photo n of a kind does not depend on `count`.

    Raises:
        UsageError: there is no such kind.
    """
    chosen = [kinds] if isinstance(kinds, str) else list(kinds)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    categories: list[dict[str, Any]] = []
    for kind in chosen:
        categories.append({"id": len(categories) + 1, "name": kind, "supercategory": "animal"})
        category = len(categories)
        numbers = {part: len(categories) + 1 + k for k, part in enumerate(PARTS.get(kind, ()))}
        categories += [{"id": number, "name": part, "supercategory": kind} for part, number in numbers.items()]
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for index in range(count):
            photo = make_photo(np.random.default_rng([seed, *kind.encode(), index]), kind)
            name = f"images/{kind}_{index:05d}.png"
            photo.image.save(folder / name)
            width, height = photo.image.size
            images.append({"id": len(images) + 1, "file_name": name, "width": width, "height": height})
            whole = _annotation(len(annotations) + 1, len(images), category, photo.box) | {"facing": photo.facing}
            annotations.append(whole)
            for part, box in photo.parts.items():
                part_of = {"part_of": whole["id"]}
                annotations.append(_annotation(len(annotations) + 1, len(images), numbers[part], box) | part_of)
            if progress:
                progress("drawing photos", len(images), len(chosen) * count)
    info = {"description": f"generated animals: {', '.join(chosen)}", "seed": seed}
    content = {"info": info, "images": images, "annotations": annotations, "categories": categories}
    path = folder / "annotations.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def _annotation(number: int, image: int, category: int, box: Box) -> dict[str, Any]:
    bbox = [round(value, 2) for value in (box.x, box.y, box.width, box.height)]
    area = round(box.width * box.height, 2)
    return {"id": number, "image_id": image, "category_id": category, "bbox": bbox, "area": area, "iscrowd": 0}


def _empty_scene(rng: np.random.Generator, more: int = 0) -> tuple[Canvas, int, int]:
    width, height = (int(side) for side in rng.integers(144, 209, 2))
    scene = make_background(rng, width, height)
    canvas = Canvas(scene.colour, rng, light=(float(rng.uniform(-0.7, 0.7)), -1.0))
    enlarged_width, enlarged_height = width * SUPERSAMPLING, height * SUPERSAMPLING
    groups = clutter(rng, enlarged_width, enlarged_height, scene.horizon, int(rng.integers(1, 6)) + more)
    draw_groups(canvas, groups, enlarged_height * 0.015)
    return canvas, enlarged_width, enlarged_height


def _placed(
    rng: np.random.Generator, tubes: list[Tube], width: int, height: int
) -> tuple[list[Tube], str, tuple[float, float, float, float]]:
    """Turn, mirror, scale and move an animal into the picture; also its facing and its left, top, right, bottom."""
    facing = "left" if rng.uniform() < 0.5 else "right"
    angle = np.deg2rad(rng.normal(0, 3))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    stretch = rng.uniform(0.93, 1.07)
    spines = []
    for tube in tubes:
        place = tube.spine[:, :2] * (stretch, 1) @ turn.T
        if facing == "left":
            place = place * (-1, 1)
        spines.append(np.column_stack([place, tube.spine[:, 2]]))
    every = np.concatenate(spines)
    low = (every[:, :2] - every[:, 2:]).min(0)
    high = (every[:, :2] + every[:, 2:]).max(0)
    room = np.array([width, height]) * 0.94
    scale = (room / (high - low)).min() * rng.uniform(0.72, 1.0)
    free = np.array([width, height]) - scale * (high - low)
    corner = free * (rng.uniform(0.05, 0.95), rng.uniform(0.3, 0.97))
    moved = [spine * scale + (*(corner - low * scale), 0) for spine in spines]
    placed = [Tube(tube.part, tube.layer, spine, tube.paint) for tube, spine in zip(tubes, moved, strict=True)]
    left, top = corner
    right, bottom = corner + scale * (high - low)
    return placed, facing, (float(left), float(top), float(right), float(bottom))


def _draw_shadow(canvas: Canvas, box: tuple[float, float, float, float]) -> None:
    """Darken the ground below the feet."""
    left, top, right, bottom = box
    y, x = np.ogrid[0 : canvas.size[0], 0 : canvas.size[1]]
    distance = ((x - (left + right) / 2) / (0.45 * (right - left))) ** 2 + ((y - bottom) / (0.06 * (bottom - top))) ** 2
    canvas.colour *= (1 - 0.4 * np.clip(1.15 - distance, 0, 1))[..., None].astype(np.float32)


def _extent(seen: np.ndarray) -> Box:
    """The box around the true pixels (height, width) of an enlarged picture, in pixels of the picture."""
    columns, rows = np.flatnonzero(seen.any(0)), np.flatnonzero(seen.any(1))
    x, y = columns[0] / SUPERSAMPLING, rows[0] / SUPERSAMPLING
    return Box(x, y, (columns[-1] + 1) / SUPERSAMPLING - x, (rows[-1] + 1) / SUPERSAMPLING - y)
