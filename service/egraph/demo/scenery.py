"""What surrounds the animals: ground and sky, clutter, shapes that look like parts, what stands in front, light."""

import colorsys

import numpy as np
from PIL import Image

from egraph.demo.drawing import SUPERSAMPLING, Canvas, Paint, Tube, smooth_noise

IN_FRONT = ""
"""The part name of tubes that belong to no animal."""


def any_colour(rng: np.random.Generator) -> np.ndarray:
    """A colour (3,) that is seldom glaring: greens, browns, blues and greys more often than the rest."""
    hue = rng.choice([0.09, 0.25, 0.33, 0.55, rng.uniform()]) + rng.normal(0, 0.03)
    return np.array(colorsys.hsv_to_rgb(hue % 1, rng.uniform(0.05, 0.65), rng.uniform(0.25, 0.95)))


def make_background(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Sky above ground, or one textured plane, (height, width, 3) float32, enlarged by SUPERSAMPLING."""
    ground, sky = any_colour(rng), any_colour(rng)
    horizon = rng.uniform(0.15, 0.7) * height if rng.uniform() < 0.7 else 0.0
    skyline = horizon + smooth_noise(rng, 1, width, width / 4)[0] * height * rng.uniform(0, 0.06)
    is_ground = np.clip(np.arange(height)[:, None] - skyline[None, :], 0, 1)[..., None]
    colour = sky * (1 - is_ground) + ground * is_ground
    texture = np.zeros((height, width))
    for grain in (2.0, 6.0, 18.0, 45.0):
        texture += smooth_noise(rng, height, width, grain) * rng.uniform(0, 0.07)
    stretched = smooth_noise(rng, height, max(2, width // 6), 3.0) * rng.uniform(0, 0.08)
    texture += np.asarray(
        Image.fromarray(stretched.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    )
    colour = colour * (1 + texture[..., None] * (0.35 + 0.65 * is_ground))
    picture = Image.fromarray((np.clip(colour, 0, 1) * 255).astype(np.uint8), "RGB")
    enlarged = picture.resize((width * SUPERSAMPLING, height * SUPERSAMPLING), Image.Resampling.BILINEAR)
    return np.asarray(enlarged, np.float32) / 255


def clutter(rng: np.random.Generator, width: int, height: int, count: int) -> list[list[Tube]]:
    """Groups of tubes behind the animal, in enlarged pixels: blobs, lines, and shapes like necks, legs and heads."""
    size = min(width, height)
    groups = []
    for _ in range(count):
        x, y = rng.uniform(0, width), rng.uniform(0.1, 1.0) * height
        colour = any_colour(rng)
        what = rng.choice(["blob", "line", "limb", "head", "legs"])
        if what == "blob":
            centres = rng.normal((x, y), size * 0.06, (rng.integers(2, 7), 2))
            tubes = [_tube(rng, [(*centre, size * rng.uniform(0.03, 0.11))], colour) for centre in centres]
        elif what == "line":
            angle, length, radius = rng.uniform(0, np.pi), size * rng.uniform(0.3, 1.2), size * rng.uniform(0.005, 0.02)
            step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
            tubes = [_tube(rng, [(x - step[0], y - step[1], radius), (x + step[0], y + step[1], radius)], colour)]
        elif what == "limb":
            turns = np.cumsum(rng.normal(0, 0.5, 3)) + rng.uniform(0, 2 * np.pi)
            steps = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1) * size * rng.uniform(0.06, 0.14), axis=0)
            radii = np.sort(rng.uniform(0.015, 0.06, 3))[::-1] * size
            tubes = [_tube(rng, [(x + dx, y + dy, r) for (dx, dy), r in zip(steps, radii, strict=True)], colour)]
        elif what == "head":
            radius, side = size * rng.uniform(0.04, 0.08), rng.choice([-1, 1])
            tubes = [_tube(rng, [(x, y, radius), (x + side * radius * 1.7, y + radius * 0.6, radius * 0.5)], colour)]
            tubes.append(
                _tube(rng, [(x - side * radius * 0.4, y - radius * 1.8, radius * 0.2), (x, y, radius * 0.4)], colour)
            )
        else:
            gap, length, radius = (
                size * rng.uniform(0.06, 0.16),
                size * rng.uniform(0.12, 0.35),
                size * rng.uniform(0.012, 0.035),
            )
            tubes = [
                _tube(
                    rng,
                    [(x + k * gap, y, radius * 1.5), (x + k * gap + rng.normal(0, gap / 3), y + length, radius)],
                    colour,
                )
                for k in range(rng.integers(1, 4))
            ]
        groups.append(tubes)
    return groups


def occluders(
    rng: np.random.Generator, width: int, height: int, box: tuple[float, float, float, float]
) -> list[list[Tube]]:
    """Groups of tubes in front of an object whose box is left, top, right, bottom in enlarged pixels; often none."""
    left, top, right, bottom = box
    w, h = right - left, bottom - top
    groups = []
    if rng.uniform() < 0.4:
        colour = any_colour(rng) * (0.7, 1.0, 0.6)
        blades = []
        for x in rng.uniform(left - w * 0.2, right + w * 0.2, rng.integers(8, 40)):
            length, lean = h * rng.uniform(0.04, 0.14), rng.normal(0, h * 0.03)
            blades.append(
                _tube(rng, [(x, bottom + h * 0.04, h * 0.009), (x + lean, bottom - length, h * 0.003)], colour)
            )
        groups.append(blades)
    what = rng.choice(["none", "bush", "trunk", "rail", "rock"], p=[0.5, 0.2, 0.12, 0.09, 0.09])
    colour = any_colour(rng)
    x = rng.uniform(left, right)
    if what == "bush":
        centres = rng.normal((x, bottom), (w * 0.08, h * 0.06), (9, 2))
        groups += [
            [_tube(rng, [(*centre, h * rng.uniform(0.05, 0.11))], colour * (0.6, 1.0, 0.5))] for centre in centres
        ]
    elif what == "trunk":
        radius = w * rng.uniform(0.03, 0.07)
        groups.append(
            [_tube(rng, [(x, -10, radius), (x + rng.normal(0, w * 0.05), height + 10, radius * 1.2)], colour)]
        )
    elif what == "rail":
        y, radius = rng.uniform(top + 0.35 * h, bottom - 0.1 * h), h * rng.uniform(0.015, 0.035)
        groups.append([_tube(rng, [(-10, y, radius), (width + 10, y + rng.normal(0, h * 0.06), radius)], colour)])
    elif what == "rock":
        groups.append(
            [_tube(rng, [(x, bottom, h * 0.13), (x + w * rng.uniform(0.1, 0.25), bottom + h * 0.02, h * 0.1)], colour)]
        )
    return groups


def draw_groups(canvas: Canvas, groups: list[list[Tube]], softness: float) -> None:
    """Draw groups one over the other; they hide what lies below."""
    for group in groups:
        canvas.draw(group, {}, softness)


def expose(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """Light as a camera sees it: brightness, contrast, a colour cast, light from one side, noise."""
    pixels = np.asarray(picture, np.float32) / 255
    height, width = pixels.shape[:2]
    side = np.linspace(-1, 1, width)[None, :] * rng.normal(0, 0.1) + np.linspace(-1, 1, height)[:, None] * rng.normal(
        0, 0.07
    )
    gain = rng.uniform(0.75, 1.2) * (1 + rng.normal(0, 0.05, 3))
    pixels = (pixels - 0.5) * rng.uniform(0.8, 1.15) + 0.5
    pixels = pixels * gain * (1 + side[..., None]) + rng.normal(0, rng.uniform(0.005, 0.03), pixels.shape)
    return Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8), "RGB")


def _tube(rng: np.random.Generator, points: list[tuple[float, ...]], colour: np.ndarray) -> Tube:
    varied = np.clip(colour * rng.uniform(0.8, 1.2), 0, 1)
    return Tube(IN_FRONT, 2, np.array(points, dtype=np.float64), Paint(varied))
