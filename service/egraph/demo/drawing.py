"""How the generated world is drawn: tubes with paint, shaded like rounded bodies, on an enlarged canvas.

Everything is a tube: a smooth spine whose points carry a radius. A canvas keeps the colour and, for every pixel, which
part of the animal is seen there, so that part boxes are exact after whatever is drawn over them.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SUPERSAMPLING = 2
NOTHING = 0
"""Label of pixels that show no part of the animal."""


@dataclass(frozen=True)
class Paint:
    """Colour (3,) in 0 to 1, with a `second` colour in a `pattern` of PATTERNS where that is given; `furry` colours are
    uneven."""

    colour: np.ndarray
    second: np.ndarray | None = None
    pattern: str = "cells"
    furry: bool = True


@dataclass(frozen=True)
class Tube:
    """A tube along `spine` (k, 3): x, y (downwards) and radius. Tubes of one `layer` melt into one rounded body; higher
    layers lie over lower ones. `part` is the name of what it belongs to."""

    part: str
    layer: int
    spine: np.ndarray
    paint: Paint


def smooth_spine(points: np.ndarray, steps: int = 7) -> np.ndarray:
    """Catmull-Rom interpolation of (k, 3) points with `steps` points per section."""
    if len(points) == 1:
        return points
    ends = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    sections = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(ends[:-3], ends[1:-2], ends[2:-1], ends[3:], strict=True)
    ]
    spine = np.concatenate([*sections, points[-1:]])
    spine[:, 2] = np.maximum(spine[:, 2], 0)
    return spine


def draw_spine(draw: ImageDraw.ImageDraw, spine: np.ndarray, fill: int | tuple[int, int, int]) -> None:
    """Fill a tube whose spine (k, 3) is in pixels of the image drawn on."""
    for x, y, r in spine:
        draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)
    for (x0, y0, r0), (x1, y1, r1) in itertools.pairwise(spine):
        length = math.hypot(x1 - x0, y1 - y0)
        if length > 0:
            nx, ny = (y0 - y1) / length, (x1 - x0) / length
            corners = [(x0 + nx * r0, y0 + ny * r0), (x1 + nx * r1, y1 + ny * r1)]
            corners += [(x1 - nx * r1, y1 - ny * r1), (x0 - nx * r0, y0 - ny * r0)]
            draw.polygon(corners, fill=fill)


def smooth_noise(rng: np.random.Generator, height: int, width: int, grain: float) -> np.ndarray:
    """Noise (height, width) of about unit standard deviation whose lumps are `grain` pixels wide."""
    rows, columns = max(2, math.ceil(height / grain) + 1), max(2, math.ceil(width / grain) + 1)
    small = Image.fromarray(rng.standard_normal((rows, columns)).astype(np.float32))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def patch_mask(rng: np.random.Generator, height: int, width: int, cell: float) -> np.ndarray:
    """Rounded cells with gaps between them, (height, width) in 0 (gap) to 1, drawn at a third and enlarged."""
    h, w = max(2, height // 3), max(2, width // 3)
    y, x = np.mgrid[0:h, 0:w].astype(np.float32) * (3 / cell)
    jitter = rng.uniform(0.15, 0.85, (int(y.max()) + 4, int(x.max()) + 4, 2)).astype(np.float32)
    row, column = y.astype(int), x.astype(int)
    distances = []
    for dr in range(3):
        for dc in range(3):
            place = jitter[row + dr, column + dc]
            distances.append(np.hypot(row + dr - 1 + place[..., 0] - y, column + dc - 1 + place[..., 1] - x))
    nearest = np.partition(np.stack(distances), 1, axis=0)[:2]
    cells = np.clip((nearest[1] - nearest[0] - 0.13) * 9, 0, 1).astype(np.float32)
    return np.asarray(Image.fromarray(cells).resize((width, height), Image.Resampling.BILINEAR))


def stripe_mask(
    rng: np.random.Generator, height: int, width: int, period: float, direction: tuple[float, float]
) -> np.ndarray:
    """Wavy stripes across a `direction` (x, y) of length 1, (height, width) in 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    place = (x * direction[0] + y * direction[1]) / period + 0.25 * smooth_noise(rng, height, width, period * 2)
    mask: np.ndarray = np.clip(0.5 + 2.5 * np.sin(2 * np.pi * place), 0, 1)
    return mask


def pattern_mask(rng: np.random.Generator, pattern: str, height: int, width: int, softness: float) -> np.ndarray:
    """How much of the first colour is seen, (height, width) in 0 to 1: `cells`, `blotches` or `spots`."""
    if pattern == "cells":
        return patch_mask(rng, height, width, softness * 2.2)
    grain, level = {"blotches": (softness * 5, 0.1), "spots": (softness * 1.1, 0.9)}[pattern]
    return np.clip(0.5 + 6 * (level - smooth_noise(rng, height, width, grain)), 0, 1)


def direction_of(spine: np.ndarray) -> tuple[float, float]:
    """The direction (x, y), of length 1, from the first to the last point of a spine (k, 3)."""
    x, y = spine[-1, :2] - spine[0, :2]
    length = math.hypot(x, y)
    return (float(x / length), float(y / length)) if length else (1.0, 0.0)


class Canvas:
    """An enlarged picture: `colour` (height, width, 3) float32 and `label` (height, width) int16.

    `light` is the direction from which light comes, (x, y) with y downwards.
    """

    def __init__(self, colour: np.ndarray, rng: np.random.Generator, light: tuple[float, float]) -> None:
        self.colour = np.ascontiguousarray(colour, dtype=np.float32)
        self.size: tuple[int, int] = (colour.shape[0], colour.shape[1])
        self.label = np.full(self.size, NOTHING, dtype=np.int16)
        self.rng = rng
        self.light = light

    def draw(self, tubes: list[Tube], labels: dict[str, int], softness: float) -> None:
        """Draw tubes (spines in pixels of the enlarged picture), layer by layer from below.

        labels: the label of each part; parts without one are drawn as NOTHING and so hide what lies below.
        softness: pixels over which a body's edge is rounded.
        """
        for layer in sorted({tube.layer for tube in tubes}):
            self._draw_layer([tube for tube in tubes if tube.layer == layer], labels, softness, layer)

    def _draw_layer(self, tubes: list[Tube], labels: dict[str, int], softness: float, layer: int) -> None:
        spines = [smooth_spine(tube.spine) for tube in tubes]
        every = np.concatenate(spines)
        margin = 2 * softness + 2
        left, top, right, bottom = self._window(every, margin)
        if right - left < 2 or bottom - top < 2:
            return
        size = (right - left, bottom - top)
        union = Image.new("L", size)
        painted = np.zeros((size[1], size[0], 3), np.float32)
        masks: dict[str, np.ndarray] = {}
        for tube, spine in zip(tubes, spines, strict=True):
            x0, y0, x1, y1 = self._window(spine, 1)
            if x1 <= x0 or y1 <= y0:
                continue
            mask = Image.new("L", (x1 - x0, y1 - y0))
            draw_spine(ImageDraw.Draw(mask), spine - (x0, y0, 0), 255)
            union.paste(255, (x0 - left, y0 - top), mask)
            covered = np.asarray(mask) > 0
            there = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
            colour = np.broadcast_to(tube.paint.colour, (*covered.shape, 3))
            if tube.paint.second is not None:
                share = self._pattern(tube.paint.pattern, spine, size, there, softness, masks)[..., None]
                colour = colour * share + tube.paint.second * (1 - share)
            np.copyto(painted[there], colour, where=covered[..., None], casting="same_kind")
            self.label[y0:y1, x0:x1][covered] = labels.get(tube.part, NOTHING)
        shade = self._shade(union, softness)
        if any(tube.paint.furry for tube in tubes):
            shade = shade * (1 + 0.05 * smooth_noise(self.rng, size[1], size[0], SUPERSAMPLING))
            shade *= 1 + 0.06 * smooth_noise(self.rng, size[1], size[0], softness)
        covered = np.asarray(union) > 0
        target = self.colour[top:bottom, left:right]
        # What lies over something else throws a thin shadow on it; without it a wing would melt into the body.
        contact = np.asarray(union.filter(ImageFilter.GaussianBlur(softness * 0.35)), np.float32) / 255
        target *= 1 - (0.45 if layer > 2 else 0.2) * contact[..., None]
        target[covered] = painted[covered] * shade[covered, None]

    def _window(self, spine: np.ndarray, margin: float) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what a spine (k, 3) may touch, inside the picture."""
        height, width = self.size
        low, high = (spine[:, :2] - spine[:, 2:]).min(0) - margin, (spine[:, :2] + spine[:, 2:]).max(0) + margin
        return max(0, int(low[0])), max(0, int(low[1])), min(width, int(high[0])), min(height, int(high[1]))

    def _pattern(
        self,
        pattern: str,
        spine: np.ndarray,
        size: tuple[int, int],
        there: tuple[slice, slice],
        softness: float,
        masks: dict[str, np.ndarray],
    ) -> np.ndarray:
        """Share of the first colour in a window `there` of a layer of `size` (width, height). Stripes go across a tube;
        any other pattern is one for all tubes of a layer, which `masks` keeps."""
        if pattern == "stripes":
            height, width = (part.stop - part.start for part in there)
            return stripe_mask(self.rng, height, width, softness * 2.4, direction_of(spine))
        if pattern not in masks:
            masks[pattern] = pattern_mask(self.rng, pattern, size[1], size[0], softness)
        return masks[pattern][there]

    def _shade(self, union: Image.Image, softness: float) -> np.ndarray:
        height = np.asarray(union.filter(ImageFilter.GaussianBlur(softness)), np.float32) / 255
        slope_y, slope_x = np.gradient(height)
        lit = (slope_x * self.light[0] + slope_y * self.light[1]) * softness
        return np.clip(0.72 + 0.33 * height - 0.85 * lit, 0.3, 1.35)

    def finish(self, width: int, height: int) -> Image.Image:
        """The picture at (width, height) pixels."""
        full = Image.fromarray((np.clip(self.colour, 0, 1) * 255).astype(np.uint8), "RGB")
        return full.resize((width, height), Image.Resampling.BOX)
