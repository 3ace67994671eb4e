"""What surrounds the animals: sky, hills and ground, trees, rocks and fences, what stands in front, light."""

import colorsys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from egraph.demo.drawing import SUPERSAMPLING, Canvas, Paint, Tube, smooth_noise

IN_FRONT = ""
"""The part name of tubes that belong to no animal."""

Group = list[Tube]

GROUNDS = (
    (0.25, 0.5, 0.45),
    (0.3, 0.45, 0.4),
    (0.2, 0.4, 0.5),
    (0.13, 0.4, 0.65),
    (0.09, 0.35, 0.6),
    (0.08, 0.35, 0.4),
)
"""Hue, saturation and value of meadows, dry grass, sand and earth."""
SKIES = ((0.57, 0.4, 0.9), (0.56, 0.25, 0.92), (0.6, 0.15, 0.75), (0.08, 0.25, 0.9), (0.55, 0.1, 0.9))
LEAVES = ((0.27, 0.6, 0.4), (0.32, 0.5, 0.35), (0.22, 0.6, 0.5), (0.1, 0.65, 0.6))
WOOD = ((0.07, 0.45, 0.35), (0.08, 0.3, 0.5), (0.09, 0.1, 0.6))
STONE = ((0.1, 0.08, 0.55), (0.6, 0.08, 0.5), (0.08, 0.2, 0.45))


class Scene(NamedTuple):
    """A background (height, width, 3) float32, enlarged by SUPERSAMPLING, and the row of its horizon in it."""

    colour: np.ndarray
    horizon: float


def shade_of(rng: np.random.Generator, palette: tuple[tuple[float, float, float], ...]) -> np.ndarray:
    """A colour (3,) near one of a palette's; one in ten is any colour."""
    hue, saturation, value = palette[rng.integers(len(palette))]
    hue = rng.uniform() if rng.uniform() < 0.1 else hue + rng.normal(0, 0.02)
    saturation, value = saturation * rng.uniform(0.6, 1.25), value * rng.uniform(0.7, 1.2)
    return np.array(colorsys.hsv_to_rgb(hue % 1, min(saturation, 1.0), min(value, 1.0)))


def make_background(rng: np.random.Generator, width: int, height: int) -> Scene:
    """Sky with clouds, hills one behind the other, ground; or ground alone."""
    ground, sky = shade_of(rng, GROUNDS), shade_of(rng, SKIES)
    horizon = rng.uniform(0.15, 0.65) * height if rng.uniform() < 0.75 else 0.0
    row = np.arange(height, dtype=np.float32)[:, None]
    haze = np.clip(row / max(horizon, 1.0), 0, 1)[..., None]
    clouds = np.clip(smooth_noise(rng, height, width, width / 5) - rng.uniform(0.3, 2.5), 0, 1)[..., None]
    colour = sky + (np.ones(3) - sky) * (0.45 * haze + 0.5 * clouds * (1 - haze))
    for distance in np.linspace(0.7, 0.3, int(rng.integers(0, 3))):
        crest = smooth_noise(rng, 1, width, width / rng.uniform(2, 7))[0] * height * 0.05
        skyline = horizon - distance * 0.2 * height + crest
        hill = ground * (1 - distance) + sky * distance * 0.9
        colour = _over(colour, hill * rng.uniform(0.8, 1.0), row - skyline[None, :])
    skyline = horizon + smooth_noise(rng, 1, width, width / 4)[0] * height * rng.uniform(0, 0.03)
    is_ground = np.clip(row - skyline[None, :], 0, 1)[..., None]
    near = np.clip((row - horizon) / max(height - horizon, 1.0), 0, 1)[..., None]
    colour = colour * (1 - is_ground) + ground * (0.85 + 0.25 * near) * is_ground
    texture = np.zeros((height, width))
    for grain in (2.5, 8.0, 24.0, 60.0):
        texture += smooth_noise(rng, height, width, grain) * rng.uniform(0.01, 0.07)
    blades = smooth_noise(rng, max(2, height // 6), width, 1.5) * rng.uniform(0, 0.1)
    blades = np.asarray(Image.fromarray(blades.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
    on_ground = is_ground * (0.4 + 0.6 * near)
    colour = colour * (1 + texture[..., None] * (0.12 + 0.88 * on_ground) + blades[..., None] * on_ground)
    picture = Image.fromarray((np.clip(colour, 0, 1) * 255).astype(np.uint8), "RGB")
    enlarged = picture.resize((width * SUPERSAMPLING, height * SUPERSAMPLING), Image.Resampling.BILINEAR)
    return Scene(np.asarray(enlarged, np.float32) / 255, horizon * SUPERSAMPLING)


def tree(rng: np.random.Generator, x: float, y: float, size: float) -> Group:
    """A trunk with branches under a crown of leaves, or bare."""
    wood, leaf = shade_of(rng, WOOD), shade_of(rng, LEAVES)
    height, radius = size * rng.uniform(0.5, 1.1), size * rng.uniform(0.02, 0.05)
    top = (x + rng.normal(0, size * 0.05), y - height)
    tubes = [_tube(rng, [(x, y, radius * 1.3), (*top, radius * 0.6)], wood)]
    for side in (-1, 1):
        end = (top[0] + side * size * rng.uniform(0.1, 0.22), top[1] - size * rng.uniform(0.0, 0.15))
        tubes.append(_tube(rng, [(x, y - height * 0.65, radius * 0.6), (*end, radius * 0.25)], wood))
    if rng.uniform() < 0.8:
        crown = rng.normal(top, (size * 0.12, size * 0.07), (int(rng.integers(5, 10)), 2))
        tubes += [_tube(rng, [(*place, size * rng.uniform(0.06, 0.12))], leaf) for place in crown]
    return tubes


def bush(rng: np.random.Generator, x: float, y: float, size: float) -> Group:
    """Blobs of leaves."""
    leaf, wide = shade_of(rng, LEAVES), size * rng.uniform(0.05, 0.13)
    places = rng.normal((x, y - wide * 0.5), (wide, wide * 0.4), (int(rng.integers(5, 11)), 2))
    return [_tube(rng, [(*place, wide * rng.uniform(0.4, 0.8))], leaf) for place in places]


def rock(rng: np.random.Generator, x: float, y: float, size: float) -> Group:
    """A boulder of two or three lumps."""
    stone, wide = shade_of(rng, STONE), size * rng.uniform(0.04, 0.1)
    lumps = [
        (x, y - wide * 0.4, wide),
        (x + wide * rng.uniform(0.6, 1.5), y - wide * 0.2, wide * rng.uniform(0.4, 0.8)),
    ]
    return [_tube(rng, [lump], stone) for lump in lumps]


def fence(rng: np.random.Generator, x: float, y: float, size: float) -> Group:
    """Posts with one or two rails."""
    wood, gap = shade_of(rng, WOOD), size * rng.uniform(0.12, 0.25)
    tall, radius, posts = size * rng.uniform(0.15, 0.3), size * rng.uniform(0.01, 0.02), int(rng.integers(2, 6))
    tubes = [_tube(rng, [(x + k * gap, y, radius), (x + k * gap, y - tall, radius)], wood) for k in range(posts)]
    for share in (0.45, 0.85)[: int(rng.integers(1, 3))]:
        level, end = y - tall * share, x + (posts - 0.5) * gap
        tubes.append(_tube(rng, [(x - gap * 0.5, level, radius * 0.7), (end, level, radius * 0.7)], wood))
    return tubes


def branch(rng: np.random.Generator, x: float, y: float, size: float) -> Group:
    """A bent piece of wood, like a neck or a leg."""
    turns = np.cumsum(rng.normal(0, 0.5, 3)) + rng.uniform(0, 2 * np.pi)
    steps = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * size * rng.uniform(0.05, 0.12), axis=0)
    radii = np.sort(rng.uniform(0.01, 0.045, 3))[::-1] * size
    points = [(x + dx, y + dy, float(r)) for (dx, dy), r in zip(steps, radii, strict=True)]
    return [_tube(rng, points, shade_of(rng, WOOD))]


def flowers(rng: np.random.Generator, x: float, y: float, size: float) -> Group:
    """Bright dots on stalks."""
    petal = np.array(colorsys.hsv_to_rgb(rng.choice([0.0, 0.13, 0.83, 0.95]), rng.uniform(0, 0.8), 0.95))
    tubes = []
    for _ in range(int(rng.integers(3, 9))):
        left, base = x + rng.normal(0, size * 0.06), y + rng.normal(0, size * 0.02)
        tip = base - size * rng.uniform(0.02, 0.06)
        tubes.append(_tube(rng, [(left, base, size * 0.004), (left, tip, size * 0.004)], np.array([0.25, 0.45, 0.2])))
        tubes.append(_tube(rng, [(left, tip, size * rng.uniform(0.008, 0.016))], petal))
    return tubes


THINGS: tuple[Callable[[np.random.Generator, float, float, float], Group], ...] = (
    tree,
    bush,
    rock,
    fence,
    branch,
    flowers,
)


def clutter(rng: np.random.Generator, width: int, height: int, horizon: float, count: int) -> list[Group]:
    """Things on the ground behind the animal, in enlarged pixels; the farther, the smaller."""
    groups = []
    for base in np.sort(rng.uniform(horizon, height, count)):
        near = 0.35 + 0.65 * (base - horizon) / max(height - horizon, 1.0)
        make = THINGS[rng.integers(len(THINGS))]
        groups.append(make(rng, float(rng.uniform(0, width)), float(base), min(width, height) * float(near)))
    return groups


def occluders(rng: np.random.Generator, width: int, height: int, box: tuple[float, float, float, float]) -> list[Group]:
    """Groups of tubes in front of an object whose box is left, top, right, bottom in enlarged pixels; often none."""
    left, top, right, bottom = box
    w, h = right - left, bottom - top
    groups: list[Group] = []
    if rng.uniform() < 0.4:
        blades = []
        colour = shade_of(rng, LEAVES)
        for x in rng.uniform(left - w * 0.2, right + w * 0.2, rng.integers(8, 40)):
            length, lean = h * rng.uniform(0.04, 0.14), rng.normal(0, h * 0.03)
            points = [(x, bottom + h * 0.04, h * 0.009), (x + lean, bottom - length, h * 0.003)]
            blades.append(_tube(rng, points, colour))
        groups.append(blades)
    what = rng.choice(["none", "bush", "trunk", "rail", "rock"], p=[0.6, 0.14, 0.08, 0.09, 0.09])
    x = rng.uniform(left, right)
    if what == "bush":
        groups.append(bush(rng, x, bottom + h * 0.03, h * 1.2))
    elif what == "trunk":
        radius = w * rng.uniform(0.03, 0.06)
        points = [(x, -10, radius), (x + rng.normal(0, w * 0.05), height + 10, radius * 1.2)]
        groups.append([_tube(rng, points, shade_of(rng, WOOD))])
    elif what == "rail":
        y, radius = rng.uniform(top + 0.35 * h, bottom - 0.1 * h), h * rng.uniform(0.015, 0.03)
        points = [(-10, y, radius), (width + 10, y + rng.normal(0, h * 0.06), radius)]
        groups.append([_tube(rng, points, shade_of(rng, WOOD))])
    elif what == "rock":
        groups.append(rock(rng, x, bottom + h * 0.05, h * 1.5))
    return groups


def draw_groups(canvas: Canvas, groups: list[Group], softness: float) -> None:
    """Draw groups one over the other; they hide what lies below."""
    for group in groups:
        canvas.draw(group, {}, softness)


def expose(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Light as a camera sees it: brightness, contrast, a colour cast, light from one side, noise."""
    pixels = np.asarray(picture, np.float32) / 255
    height, width = pixels.shape[:2]
    across, down = np.linspace(-1, 1, width)[None, :] * rng.normal(0, 0.08), np.linspace(-1, 1, height)[:, None]
    side = across + down * rng.normal(0, 0.05)
    gain = rng.uniform(0.8, 1.2) * (1 + rng.normal(0, 0.04, 3))
    pixels = (pixels - 0.5) * rng.uniform(0.85, 1.15) + 0.5
    noise = rng.standard_normal(pixels.shape, np.float32) * rng.uniform(0.004, 0.022)
    pixels = pixels * gain.astype(np.float32) * (1 + side[..., None]) + noise
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8), "RGB")


def _over(below: np.ndarray, colour: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """`colour` (3,) where `inside` (height, width) is above 0, what is `below` elsewhere."""
    share = np.clip(inside, 0, 1)[..., None]
    seen: np.ndarray = below * (1 - share) + colour * share
    return seen


def _tube(rng: np.random.Generator, points: Sequence[tuple[float, ...]], colour: np.ndarray) -> Tube:
    varied = np.clip(colour * rng.uniform(0.85, 1.15), 0, 1)
    return Tube(IN_FRONT, 2, np.array(points, dtype=np.float64), Paint(varied))
