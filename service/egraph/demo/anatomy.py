"""What animals are made of: the proportions of four-legged ones, heads with their ears and horns, tails, feet.

All are given facing right, standing on y = 0 with y downwards (heights are negative), about one unit long. Layers: 0
the legs on the far side, 1 what lies behind the body, 2 the body, 3 what lies over it, 4 what lies over that, 5 eyes.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from egraph.demo.drawing import Paint, Tube

Place = tuple[float, float]
Points = list[tuple[float, float, float]]

DARK = Paint(np.array([0.08, 0.07, 0.07]), furry=False)
HORN = Paint(np.array([0.9, 0.85, 0.72]), furry=False)
PINK = Paint(np.array([0.82, 0.55, 0.52]), furry=False)

ODD = 1 / 10
"""Share of the animals that have a colour that no animal has, so that colour alone tells no kind."""


class Anatomy:
    """Collects one animal's tubes."""

    def __init__(self) -> None:
        self.tubes: list[Tube] = []

    def add(self, part: str, layer: int, points: Points, paint: Paint) -> None:
        """Add a tube through (x, y, radius) points."""
        self.tubes.append(Tube(part, layer, np.array(points, dtype=np.float64), paint))

    def eye(self, part: str, place: Place, radius: float, iris: Paint | None = None) -> None:
        """Add an eye with a glint; with an `iris`, the pupil is small."""
        x, y = place
        self.add(part, 5, [(x, y, radius)], iris or DARK)
        if iris:
            self.add(part, 6, [(x, y, radius * 0.55)], DARK)
        self.add(part, 6, [(x + radius * 0.3, y - radius * 0.4, radius * 0.35)], Paint(np.ones(3), furry=False))


@dataclass(frozen=True)
class Frame:
    """Proportions of a four-legged animal.

    front, hind: where the legs join the body. limbs: radii at hip, knee and foot. trunk: radii at rump, belly and
    chest. neck: its length, and its radii at the body and at the head. high, low: ranges of the neck's angle with the
    head held up and held down. raised: share of animals that hold it up. skull: the head's length, and its radii at the
    brow and the muzzle. nod: the head's angle when the neck is held up half-way. gait: how far legs swing.
    """

    front: Place
    hind: Place
    limbs: tuple[float, float, float]
    trunk: tuple[float, float, float]
    neck: tuple[float, float, float]
    high: tuple[float, float]
    low: tuple[float, float]
    skull: tuple[float, float, float]
    raised: float = 0.65
    nod: float = -38.0
    gait: float = 1.0


@dataclass(frozen=True)
class Head:
    """A head that has been placed: where its brow is, at which angle it points, its length."""

    brow: Place
    angle: float
    length: float

    def at(self, ahead: float, above: float = 0.0) -> Place:
        """The point so many head's lengths ahead of the brow and above the middle line."""
        return along(along(self.brow, self.angle, ahead * self.length), self.angle + 90, above * self.length)


@dataclass(frozen=True)
class Body:
    """A four-legged animal that has been placed: its head, where the tail begins, the neck from body to head."""

    head: Head
    rump: Place
    neck: tuple[Place, Place, Place]
    angle: float


def colour_of(rng: np.random.Generator, hues: Sequence[float], saturation: float, value: Place) -> np.ndarray:
    """A colour (3,) near one of the hues (0 to 1)."""
    hue = rng.uniform() if rng.uniform() < ODD else rng.choice(hues) + rng.normal(0, 0.015)
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation * rng.uniform(0.35, 1), rng.uniform(*value)))


def along(start: Place, angle: float, length: float) -> Place:
    """The point `length` from `start` at `angle` degrees above the horizon, forwards."""
    radians = np.deg2rad(angle)
    return start[0] + length * float(np.cos(radians)), start[1] - length * float(np.sin(radians))


def between(first: Place, second: Place, share: float = 0.5) -> Place:
    """The point at `share` of the way from one to the other."""
    return first[0] + (second[0] - first[0]) * share, first[1] + (second[1] - first[1]) * share


def shaded(paint: Paint, factor: float) -> Paint:
    """A darker or lighter paint."""
    second = None if paint.second is None else np.clip(paint.second * factor, 0, 1)
    return Paint(np.clip(paint.colour * factor, 0, 1), second, paint.pattern, paint.furry)


def plain(paint: Paint) -> Paint:
    """The paint without its pattern."""
    return Paint(paint.colour, furry=paint.furry)


def walk(rng: np.random.Generator) -> list[float]:
    """Swings of front near, front far, hind near and hind far leg in degrees: one animal in three stands."""
    if rng.uniform() < 0.33:
        return [float(rng.normal(swing, 3)) for swing in (0, 5, 0, -5)]
    amplitude, phase = rng.uniform(10, 26), rng.uniform(0, 2 * np.pi)
    return [float(amplitude * np.sin(phase + shift)) for shift in (0, np.pi, np.pi * 0.9, -np.pi * 0.1)]


def add_legs(animal: Anatomy, rng: np.random.Generator, frame: Frame, coat: Paint, shank: Paint, foot: Paint) -> None:
    """Four legs in a walking or standing pose; the far ones are darker. `shank` paints them below the knee."""
    swings = [swing * frame.gait for swing in walk(rng)]
    far = 0.05
    places = [("front_leg", frame.front, 2), ("front_leg", (frame.front[0] + far, frame.front[1]), 0)]
    places += [("hind_leg", frame.hind, 2), ("hind_leg", (frame.hind[0] + far, frame.hind[1]), 0)]
    top, middle, end = frame.limbs
    for swing, (part, hip, layer) in zip(swings, places, strict=True):
        tone = 1.0 if layer else 0.7
        bend = (8 if swing < 0 else 2) * (1 if part == "front_leg" else -1)
        reach = -hip[1] - end
        knee = along(hip, -90 + swing + bend, reach * 0.52)
        x, y = along(knee, -90 + swing - bend, reach * 0.48)
        animal.add(part, layer, [(*hip, top), (*knee, middle)], shaded(coat, tone))
        animal.add(part, layer, [(*knee, middle), (x, y, end)], shaded(shank, tone))
        animal.add(part, layer, [(x, y + end * 0.3, end * 0.8), (x + end * 0.8, y + end * 0.4, end * 0.75)], foot)


def add_body(animal: Anatomy, rng: np.random.Generator, frame: Frame, coat: Paint, head_layer: int = 2) -> Body:
    """Trunk, neck and a bare head."""
    rump_radius, belly, chest = frame.trunk
    rump = (frame.hind[0], frame.hind[1] - 0.75 * rump_radius)
    breast = (frame.front[0], frame.front[1] - 0.75 * chest)
    middle = between(rump, breast)
    animal.add("body", 2, [(*rump, rump_radius), (middle[0], middle[1] + 0.04, belly), (*breast, chest)], coat)
    up = rng.uniform() < frame.raised
    raised = rng.uniform(*(frame.high if up else frame.low))
    length, thick, thin = frame.neck
    base = (breast[0] + 0.35 * chest, breast[1] - 0.4 * chest)
    bend, brow = along(base, raised + 5, length * 0.54), along(base, raised, length)
    animal.add("neck", 2, [(*base, thick), (*bend, (thick + thin) / 2 * 0.95), (*brow, thin)], coat)
    angle = frame.nod + (raised - sum(frame.high) / 2) * 0.27 + rng.normal(0, 6)
    head = Head(brow, angle, frame.skull[0])
    _, brow_radius, muzzle = frame.skull
    points = [(*brow, brow_radius), (*head.at(0.45), brow_radius * 0.55 + muzzle * 0.45), (*head.at(1.0), muzzle)]
    animal.add("head", head_layer, points, plain(coat))
    return Body(head, (rump[0] - rump_radius * 0.8, rump[1] - rump_radius * 0.45), (base, bend, brow), raised)


def add_face(animal: Anatomy, head: Head, muzzle: Paint, radius: float, eye: float, nose: Paint = DARK) -> None:
    """A muzzle of its own colour with nostril and mouth, and an eye."""
    animal.add("head", 3, [(*head.at(0.94), radius * 0.98), (*head.at(1.03, -0.01), radius * 0.93)], muzzle)
    animal.add("head", 4, [(*head.at(1.1, 0.07), 0.018)], nose)
    animal.add("head", 4, [(*head.at(0.82, -0.14), 0.007), (*head.at(1.1, -0.11), 0.008)], DARK)
    animal.eye("head", head.at(0.3, 0.1), eye)


def add_ears(
    animal: Anatomy, head: Head, root: Place, lean: float, length: float, width: float, coat: Paint, inner: Paint = PINK
) -> None:
    """Pointed or hanging ears: `lean` is their angle from the head's, `root` a place of the head."""
    for layer, shift, tone in ((1, 0.1, 0.7), (4, 0.0, 0.95)):
        start = head.at(root[0] + shift, root[1])
        angle = head.angle + lean - (20 if layer == 1 else 0)
        middle, tip = along(start, angle, length * 0.45), along(start, angle, length)
        points = [(*start, width * 0.7), (*middle, width), (*tip, width * 0.25)]
        animal.add("head", layer, points, shaded(plain(coat), tone))
        if layer == 4:
            animal.add("head", 4, [(*middle, width * 0.5), (*between(middle, tip, 0.5), width * 0.25)], inner)


def add_round_ears(animal: Anatomy, head: Head, root: Place, radius: float, coat: Paint, inner: Paint = PINK) -> None:
    """Two discs with paler middles."""
    for layer, shift, tone in ((1, 0.3, 0.7), (4, 0.0, 1.0)):
        x, y = head.at(root[0] + shift, root[1])
        animal.add("head", layer, [(x, y, radius)], shaded(plain(coat), tone))
        if layer == 4:
            animal.add("head", 4, [(x, y, radius * 0.55)], inner)


def add_crest(animal: Anatomy, body: Body, height: float, paint: Paint, over: float = 0.0) -> None:
    """A mane along the neck: `height` above it, falling over it by `over`."""
    base, bend, brow = body.neck
    normal = body.angle + 90
    points: Points = []
    for place, thickness, share in ((brow, 0.75, 0.35), (bend, 1.0, 1.0), (base, 1.1, 0.8)):
        x, y = along(place, normal, height * thickness * 1.3)
        points.append((x, y + over * share, height * (0.55 if share < 0.5 else 0.75)))
    animal.add("neck", 3, points, paint)
    if over:
        forelock = [(*body.head.at(-0.02, 0.26), 0.035), (*body.head.at(0.2, 0.2), 0.02)]
        animal.add("head", 4, forelock, paint)


def add_tail(
    animal: Anatomy,
    rump: Place,
    turns: Sequence[float],
    length: float,
    radii: tuple[float, float, float],
    paint: Paint,
    tuft: tuple[float, Paint] | None = None,
) -> None:
    """A tail whose sections lie at angles `turns` (180 is straight back), and the radius and paint of its end."""
    places = [rump]
    for angle in turns:
        places.append(along(places[-1], angle, length / len(turns)))
    widths = np.interp(np.linspace(0, 2, len(places)), [0, 1, 2], radii)
    animal.add("tail", 1, [(*place, float(width)) for place, width in zip(places, widths, strict=True)], paint)
    if tuft:
        radius, colour = tuft
        end = along(places[-1], turns[-1], radius * 1.4)
        animal.add(
            "tail", 1, [(*places[-1], radius * 0.7), (*end, radius), (*along(end, turns[-1], radius), 0.01)], colour
        )
