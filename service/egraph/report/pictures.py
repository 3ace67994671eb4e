"""The pictures of a report: what a pattern fires on, and how patterns stand to each other on one object."""

import base64
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from egraph.photos.crop import from_fractions
from egraph.photos.image import read_pixels, to_rgb
from egraph.photos.photo import Box
from egraph.report.page_content import Example

LAYER_COLOURS = ("#0072b2", "#009e73", "#e69f00", "#cc79a7", "#d55e00", "#56b4e9", "#b8a900")
"""Colours that people with any colour vision can tell apart, for the layers from the input side up."""

PATCH_SHARE = 0.36
"""A patch's side as a share of the object's (the geometric mean of its width and height)."""

PATCH_PIXELS = 132
BADGE_RADIUS = 15.0
OUTLINE = 2
CASING, CROSS = "#14171c", "#ffffff"


def colour_of(layer: int) -> str:
    """The colour of the layer with that number, counted from the input side."""
    return LAYER_COLOURS[layer % len(LAYER_COLOURS)]


def read_photo(path: Path) -> Image.Image:
    """Decode a photo as a viewer shows it, in RGB.

    Raises:
        PhotoError: the photo cannot be decoded any more.
    """
    return to_rgb(read_pixels(path), path)


def data_uri(image: Image.Image) -> str:
    """An image as a data address that a page carries with it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=86, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def png_bytes(image: Image.Image) -> bytes:
    """An image as the bytes of a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def patch_of(photo: Image.Image, example: Example, boxes: Iterable[Box], colour: str) -> Image.Image:
    """The square around the place where a pattern fires, (PATCH_PIXELS, PATCH_PIXELS): a ring at the place, the part's
    boxes outlined. At the photo's border the square is moved inwards, and made smaller only if it must."""
    box = example.object.box
    side = min(max(12.0, PATCH_SHARE * math.sqrt(box.width * box.height)), photo.width, photo.height)
    x, y = from_fractions(example.object, example.x, example.y)
    left = min(max(x - side / 2, 0.0), photo.width - side)
    top = min(max(y - side / 2, 0.0), photo.height - side)
    scale = 2 * PATCH_PIXELS / side
    size = (2 * PATCH_PIXELS, 2 * PATCH_PIXELS)
    patch = photo.resize(size, Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    draw = ImageDraw.Draw(patch)
    for part in boxes:
        corners = _corners(part, left, top, scale)
        draw.rectangle(corners, outline="black", width=4 * OUTLINE)
        draw.rectangle(corners, outline="white", width=2 * OUTLINE)
    ring(draw, (x - left) * scale, (y - top) * scale, 16, colour)
    return patch.resize((PATCH_PIXELS, PATCH_PIXELS), Image.Resampling.LANCZOS)


def badges(
    draw: ImageDraw.ImageDraw,
    places: Mapping[str, tuple[float, float]],
    numbers: Mapping[str, int],
    colours: Mapping[str, str],
    size: tuple[int, int],
    away_from: tuple[float, float] | None = None,
    radius: float = BADGE_RADIUS,
) -> None:
    """Numbers near places of a picture of `size`, where they cover no other number, each on a line from its place.

    away_from: numbers stand farther off, on the far side of their place as seen from there, where there is room.
    """
    if not places:
        return
    spots = spread_out(np.array(list(places.values())), 2.2 * radius, size, radius + 2, away_from)
    for pattern, spot in zip(places, spots, strict=True):
        draw.line((places[pattern], tuple(spot)), fill=(20, 20, 20, 255), width=max(2, round(radius / 8)))
    for pattern, (x, y) in zip(places, spots, strict=True):
        badge(draw, (x, y), str(numbers[pattern]), colours[pattern], radius)


def badge(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, colour: str, radius: float = BADGE_RADIUS
) -> None:
    """A number in a disc."""
    x, y = place
    edge = max(2, round(radius / 8))
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline="white", width=edge)
    font = ImageFont.load_default(size=round(1.2 * radius))
    draw.text((x, y), text, fill="white", font=font, anchor="mm", stroke_width=edge // 2, stroke_fill="#222")


def spread_out(
    places: np.ndarray,
    distance: float,
    size: tuple[int, int],
    margin: float,
    away_from: tuple[float, float] | None = None,
) -> np.ndarray:
    """Where to put numbers so that they do not cover each other: places (n, 2), pushed apart to at least `distance`
    where there is room, and kept `margin` inside a picture of `size` (width, height).

    away_from: they start farther off, on the far side of their place as seen from there.
    """
    turns = np.arange(len(places)) * 2.399963  # the golden angle: no two numbers start in the same direction
    directions = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    spots = places + 0.75 * distance * directions
    if away_from is not None:
        outwards = places - np.array(away_from)
        length = np.hypot(outwards[:, 0], outwards[:, 1])[:, None]
        spots = places + 1.6 * distance * np.where(length > 1, outwards / np.maximum(length, 1), directions)
    for _ in range(200):
        away = spots[:, None] - spots[None]
        # two numbers that a corner holds at the very same spot need a direction to part in
        away = away + 1e-3 * (directions[:, None] - directions[None])
        apart = np.hypot(away[..., 0], away[..., 1])
        np.fill_diagonal(apart, np.inf)
        push = np.clip(distance - apart, 0, None) / (2 * np.maximum(apart, 1e-6))
        spots = spots + (away * push[..., None]).sum(1)
        spots = np.clip(spots, margin, np.maximum(np.array(size) - margin, margin))
    return spots


def _corners(box: Box, left: float, top: float, scale: float) -> tuple[float, float, float, float]:
    x, y = (box.x - left) * scale, (box.y - top) * scale
    return x, y, x + box.width * scale, y + box.height * scale


def ring(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: str) -> None:
    """A ring with a light casing, so that it is seen on any ground."""
    width = max(3, round(radius / 4))
    for edge, fill in ((width * 0.55, "white"), (0.0, colour)):
        outer = radius + edge
        draw.ellipse((x - outer, y - outer, x + outer, y + outer), outline=fill, width=round(width + 2 * edge))


def cross(draw: ImageDraw.ImageDraw, x: float, y: float, arm: float) -> None:
    """A cross with a dark casing."""
    for width, reach, colour in ((arm * 0.62, arm * 1.12, CASING), (arm * 0.3, arm, CROSS)):
        for dx, dy in ((1, 1), (1, -1)):
            ends = (x - reach * dx * 0.7, y - reach * dy * 0.7, x + reach * dx * 0.7, y + reach * dy * 0.7)
            draw.line(ends, fill=colour, width=max(1, round(width)))
