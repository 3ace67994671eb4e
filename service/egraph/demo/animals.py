"""The animals of the generated world: which tubes they are made of, and how they move.

All are given facing right, standing on y = 0 with y downwards (heights are negative), about one unit long. Layers: 0
the legs on the far side, 1 the tail, 2 the body, 3 what lies over it, 4 eyes.
"""

import colorsys
from collections.abc import Callable

import numpy as np

from egraph.demo.drawing import Paint, Tube

Points = list[tuple[float, float, float]]


class Anatomy:
    """Collects one animal's tubes."""

    def __init__(self) -> None:
        self.tubes: list[Tube] = []

    def add(self, part: str, layer: int, points: Points, paint: Paint) -> None:
        """Add a tube through (x, y, radius) points."""
        self.tubes.append(Tube(part, layer, np.array(points, dtype=np.float64), paint))

    def eye(self, part: str, x: float, y: float, radius: float) -> None:
        """Add an eye with a glint."""
        self.add(part, 4, [(x, y, radius)], Paint(np.array([0.06, 0.05, 0.05]), furry=False))
        self.add(part, 5, [(x + radius * 0.3, y - radius * 0.4, radius * 0.35)], Paint(np.ones(3), furry=False))


def mixed_colour(
    rng: np.random.Generator, hues: list[float], saturation: float, value: tuple[float, float]
) -> np.ndarray:
    """A colour (3,) near one of the hues (0 to 1); one animal in six has any hue, so that colour tells no kind."""
    hue = rng.uniform() if rng.uniform() < 1 / 6 else rng.choice(hues) + rng.normal(0, 0.02)
    return np.array(colorsys.hsv_to_rgb(hue % 1, saturation * rng.uniform(0.3, 1), rng.uniform(*value)))


def along(start: tuple[float, float], angle: float, length: float) -> tuple[float, float]:
    """The point `length` from `start` at `angle` degrees above the horizon, forwards."""
    radians = np.deg2rad(angle)
    return start[0] + length * float(np.cos(radians)), start[1] - length * float(np.sin(radians))


def leg(hip: tuple[float, float], swing: float, bend: float, radii: tuple[float, float, float]) -> Points:
    """A leg from the hip to the ground, swung by `swing` degrees (forwards is positive) and bent at the knee."""
    reach = -hip[1] - radii[2]
    knee = along(hip, -90 + swing + bend, reach * 0.52)
    foot = along(knee, -90 + swing - bend, reach * 0.48)
    return [(*hip, radii[0]), (*knee, radii[1]), (*foot, radii[2])]


def walk(rng: np.random.Generator) -> list[float]:
    """Swings of front near, front far, hind near and hind far leg in degrees: one animal in three stands."""
    if rng.uniform() < 0.33:
        return [float(rng.normal(swing, 3)) for swing in (0, 5, 0, -5)]
    amplitude, phase = rng.uniform(10, 26), rng.uniform(0, 2 * np.pi)
    return [float(amplitude * np.sin(phase + shift)) for shift in (0, np.pi, np.pi * 0.9, -np.pi * 0.1)]


def add_legs(
    animal: Anatomy,
    rng: np.random.Generator,
    front: tuple[float, float],
    hind: tuple[float, float],
    radii: tuple[float, float, float],
    paint: Paint,
    hoof: Paint,
    limit: float = 1.0,
) -> None:
    """Add four legs in a walking or standing pose; the far ones are darker."""
    dark = Paint(paint.colour * 0.72)
    swings = [swing * limit for swing in walk(rng)]
    places = [("front_leg", front, 2, paint), ("front_leg", (front[0] + 0.05, front[1]), 0, dark)]
    places += [("hind_leg", hind, 2, paint), ("hind_leg", (hind[0] + 0.05, hind[1]), 0, dark)]
    for swing, (part, hip, layer, coat) in zip(swings, places, strict=True):
        bend = (8 if swing < 0 else 2) * (1 if part == "front_leg" else -1)
        points = leg(hip, swing, bend, radii)
        animal.add(part, layer, points, coat)
        x, y, r = points[-1]
        animal.add(part, layer, [(x, y + r * 0.35, r * 0.75), (x + r * 0.45, y + r * 0.4, r * 0.7)], hoof)


def horse(rng: np.random.Generator) -> list[Tube]:
    """Long head, mane, full tail; grazes or holds its head up."""
    animal = Anatomy()
    coat = Paint(mixed_colour(rng, [0.06, 0.08, 0.1], 0.75, (0.3, 0.85)))
    dark = Paint(coat.colour * rng.uniform(0.25, 0.6))
    s = rng.uniform(0.9, 1.15)
    hoof = Paint(np.array([0.12, 0.1, 0.09]))
    add_legs(animal, rng, (0.36 * s, -0.66), (-0.4 * s, -0.68), (0.1, 0.05, 0.04), coat, hoof)
    rump = (-0.42 * s, -0.82)
    tail = rng.uniform(-0.08, 0.14)
    animal.add(
        "tail",
        1,
        [(rump[0] - 0.13, -0.9, 0.035), (rump[0] - 0.24 - tail / 2, -0.8, 0.06), (rump[0] - 0.28 - tail, -0.42, 0.02)],
        dark,
    )
    animal.add("body", 2, [(*rump, 0.19), (0, -0.77, 0.18), (0.36 * s, -0.81, 0.19)], coat)
    raised = rng.uniform(35, 68) if rng.uniform() < 0.65 else rng.uniform(-52, 0)
    base = (0.42 * s, -0.88)
    middle, poll = along(base, raised + 6, 0.3), along(base, raised, 0.56)
    animal.add("neck", 2, [(*base, 0.16), (*middle, 0.115), (*poll, 0.085)], coat)
    nod = -38 + (raised - 50) * 0.25 + rng.normal(0, 6)
    cheek, muzzle = along(poll, nod, 0.15), along(poll, nod, 0.33)
    animal.add("head", 2, [(*poll, 0.09), (*cheek, 0.088), (*muzzle, 0.058)], coat)
    animal.add("head", 2, [(*along(muzzle, nod, 0.012), 0.055)], Paint(coat.colour * 0.7))
    for lean in (100, 72):
        ear = along(poll, lean + (nod + 38) * 0.6, 0.17)
        animal.add("head", 2, [(*along(poll, lean, 0.06), 0.035), (*ear, 0.006)], coat)
    crest = along(middle, raised + 90, 0.1)
    animal.add(
        "neck",
        3,
        [(*along(poll, raised + 90, 0.07), 0.035), (*crest, 0.045), (*along(base, raised + 100, 0.14), 0.03)],
        dark,
    )
    animal.eye("head", *along(along(poll, nod, 0.1), nod + 90, 0.03), 0.017)
    return animal.tubes


def giraffe(rng: np.random.Generator) -> list[Tube]:
    """Long neck and legs, patches, little horns, a tail with a tuft."""
    animal = Anatomy()
    pale = mixed_colour(rng, [0.11, 0.13], 0.45, (0.75, 0.95))
    patch = mixed_colour(rng, [0.06, 0.08], 0.8, (0.3, 0.6))
    coat = Paint(patch, pale)
    light = Paint(pale)
    s = rng.uniform(0.9, 1.12)
    hoof = Paint(np.array([0.2, 0.14, 0.1]))
    add_legs(animal, rng, (0.27 * s, -0.82), (-0.27 * s, -0.78), (0.085, 0.045, 0.035), light, hoof, 0.7)
    rump = (-0.27 * s, -0.9)
    sway = rng.uniform(-0.06, 0.08)
    tip = (rump[0] - 0.2 - sway, -0.55)
    animal.add("tail", 1, [(rump[0] - 0.12, -0.93, 0.022), (rump[0] - 0.19, -0.78, 0.017), (*tip, 0.014)], light)
    animal.add("tail", 1, [(*tip, 0.025), (tip[0] - 0.01, tip[1] + 0.09, 0.03)], Paint(patch * 0.4))
    animal.add("body", 2, [(*rump, 0.155), (0, -0.95, 0.165), (0.24 * s, -1.0, 0.17)], coat)
    raised = rng.uniform(52, 80) if rng.uniform() < 0.7 else rng.uniform(8, 45)
    base = (0.29 * s, -1.08)
    middle, poll = along(base, raised - 4, 0.45), along(base, raised, 0.88)
    animal.add("neck", 2, [(*base, 0.13), (*middle, 0.085), (*poll, 0.06)], coat)
    nod = -25 + (raised - 60) * 0.3 + rng.normal(0, 6)
    cheek, muzzle = along(poll, nod, 0.12), along(poll, nod, 0.26)
    animal.add("head", 2, [(*poll, 0.075), (*cheek, 0.07), (*muzzle, 0.045)], light)
    animal.add("head", 2, [(*along(muzzle, nod, 0.012), 0.042)], Paint(pale * 0.6))
    for lean in (95, 70):
        tip = along(poll, lean + (nod + 25) * 0.5, 0.17)
        animal.add("head", 2, [(*poll, 0.018), (*tip, 0.014)], light)
        animal.add("head", 2, [(*tip, 0.024)], Paint(patch * 0.45))
    ear = along(poll, 160 + nod * 0.5, 0.15)
    animal.add("head", 2, [(*along(poll, 150, 0.05), 0.03), (*ear, 0.008)], light)
    animal.eye("head", *along(along(poll, nod, 0.07), nod + 90, 0.025), 0.017)
    return animal.tubes


def elephant(rng: np.random.Generator) -> list[Tube]:
    """Heavy, with a trunk that hangs, reaches forwards or is raised, and a large ear."""
    animal = Anatomy()
    coat = Paint(mixed_colour(rng, [0.6, 0.08, 0.9], 0.2, (0.4, 0.75)))
    s = rng.uniform(0.92, 1.12)
    nail = Paint(np.clip(coat.colour * 1.25, 0, 1))
    add_legs(animal, rng, (0.3 * s, -0.5), (-0.34 * s, -0.52), (0.15, 0.115, 0.105), coat, nail, 0.6)
    animal.add("tail", 1, [(-0.6 * s, -0.85, 0.028), (-0.7 * s, -0.65, 0.02), (-0.7 * s, -0.45, 0.03)], coat)
    animal.add("body", 2, [(-0.32 * s, -0.78, 0.29), (0, -0.82, 0.32), (0.3 * s, -0.8, 0.29)], coat)
    lift = rng.uniform(-0.06, 0.1)
    head = (0.62 * s, -0.98 - lift)
    animal.add("head", 2, [(0.45 * s, -0.92, 0.2), (*head, 0.2), (head[0] + 0.1, head[1] + 0.1, 0.14)], coat)
    root = (head[0] + 0.15, head[1] + 0.15)
    hang = rng.choice([-92.0, -75.0, -45.0, 5.0]) + rng.normal(0, 6)
    curl = rng.uniform(-20, 45)
    knot = along(root, -80, 0.18)
    bend = along(knot, hang, 0.26)
    tip = along(bend, hang + curl, 0.22)
    animal.add("trunk", 2, [(*root, 0.115), (*knot, 0.085), (*bend, 0.062), (*tip, 0.045)], coat)
    tusk = along((root[0], root[1] + 0.12), -35, 0.24)
    animal.add(
        "head", 3, [(root[0], root[1] + 0.1, 0.03), (*tusk, 0.008)], Paint(np.array([0.95, 0.92, 0.82]), furry=False)
    )
    flap = rng.uniform(-0.05, 0.1)
    ear = (head[0] - 0.16, head[1] + 0.03)
    animal.add(
        "ear", 3, [(ear[0] - flap, ear[1] - 0.08, 0.15), (ear[0] - flap, ear[1] + 0.13, 0.08)], Paint(coat.colour * 0.9)
    )
    animal.eye("head", head[0] + 0.11, head[1] - 0.03, 0.022)
    return animal.tubes


def rabbit(rng: np.random.Generator) -> list[Tube]:
    """Long ears, round back, white puff of a tail; sits or stretches."""
    animal = Anatomy()
    coat = Paint(mixed_colour(rng, [0.08, 0.1, 0.6], 0.45, (0.4, 0.9)))
    belly = Paint(np.clip(coat.colour * 0.5 + 0.5, 0, 1))
    s = rng.uniform(0.85, 1.45)
    back = 0.32 / s**0.5
    animal.add(
        "tail", 1, [(-0.3 * s - back * 0.85, -0.26, 0.11), (-0.3 * s - back, -0.29, 0.1)], Paint(np.full(3, 0.95))
    )
    reach = rng.uniform(-0.05, 0.16)
    for layer, shift, tone in ((0, 0.09, 0.72), (2, 0.0, 1.0)):
        foot = 0.3 * s + shift + reach
        paint = Paint(coat.colour * tone)
        animal.add(
            "front_leg",
            layer,
            [(0.26 * s + shift, -0.3, 0.085), (foot, -0.06, 0.055), (foot + 0.1, -0.045, 0.045)],
            paint,
        )
    animal.add("body", 2, [(-0.3 * s, -back - 0.02, back), (0, -0.4, 0.26), (0.26 * s, -0.38, 0.2)], coat)
    hip = -0.28 * s
    animal.add("hind_leg", 3, [(hip - 0.02, -0.24, 0.17), (hip + 0.08, -0.2, 0.15)], coat)
    animal.add("hind_leg", 3, [(hip - 0.05, -0.06, 0.06), (hip + 0.27, -0.05, 0.05)], belly)
    raised = rng.uniform(20, 75) if rng.uniform() < 0.7 else rng.uniform(-35, 5)
    head = along((0.26 * s, -0.48), raised, 0.28)
    nod = -15 + (raised - 40) * 0.25
    nose = along(head, nod, 0.17)
    animal.add("head", 2, [(0.26 * s, -0.46, 0.16), (*head, 0.165)], coat)
    animal.add("head", 2, [(*head, 0.16), (*nose, 0.085)], coat)
    animal.add("head", 3, [(*along(nose, nod, 0.07), 0.022)], Paint(np.array([0.75, 0.4, 0.42]), furry=False))
    laid = rng.uniform(80, 112) if rng.uniform() < 0.65 else rng.uniform(125, 160)
    spread = rng.uniform(8, 26)
    for lean, layer, tone in ((laid - spread, 1, 0.78), (laid, 2, 1.0)):
        root, middle, tip = along(head, lean, 0.12), along(head, lean, 0.33), along(head, lean + 4, 0.55)
        animal.add("ears", layer, [(*root, 0.05), (*middle, 0.075), (*tip, 0.02)], Paint(coat.colour * tone))
    root, tip = along(head, laid, 0.24), along(head, laid + 4, 0.46)
    animal.add("ears", 3, [(*root, 0.025), (*tip, 0.012)], Paint(np.array([0.85, 0.6, 0.58]), furry=False))
    animal.eye("head", *along(head, nod + 35, 0.085), 0.03)
    return animal.tubes


def bird(rng: np.random.Generator) -> list[Tube]:
    """Beak, folded or raised wing, long tail, two thin legs; stands or pecks."""
    animal = Anatomy()
    coat = Paint(mixed_colour(rng, [0.58, 0.02, 0.12, 0.3], 0.8, (0.4, 0.95)))
    wing = Paint(coat.colour * rng.uniform(0.45, 0.7))
    bill = Paint(mixed_colour(rng, [0.1, 0.05], 0.9, (0.6, 0.95)), furry=False)
    tilt = rng.uniform(15, 42) if rng.uniform() < 0.7 else rng.uniform(-28, 5)
    centre = (0.0, -0.56)
    chest, stern = along(centre, tilt, 0.2), along(centre, tilt + 180, 0.26)
    for layer, shift, tone in ((0, 0.1, 0.7), (1, -0.02, 1.0)):
        stride = rng.uniform(-0.1, 0.1)
        foot = (shift + stride, -0.02)
        paint = Paint(bill.colour * 0.8 * tone, furry=False)
        animal.add("leg", layer, [(shift, -0.4, 0.04), (shift - 0.03 + stride / 2, -0.2, 0.025), (*foot, 0.022)], paint)
        animal.add("leg", layer, [(foot[0] - 0.07, -0.02, 0.015), (foot[0] + 0.13, -0.02, 0.018)], paint)
    tail = rng.uniform(-12, 14)
    end = along(stern, tilt + 180 + tail, 0.48)
    animal.add("tail", 1, [(*stern, 0.09), (*along(stern, tilt + 180 + tail, 0.25), 0.075), (*end, 0.05)], wing)
    animal.add("body", 2, [(*stern, 0.13), (*centre, 0.235), (*chest, 0.2)], coat)
    raised = 62 + (tilt - 25) * 1.3 + rng.normal(0, 8)
    head = along(chest, raised, 0.31)
    animal.add("body", 2, [(*chest, 0.15), (*along(chest, raised, 0.16), 0.12)], coat)
    animal.add("head", 2, [(*head, 0.145)], coat)
    nod = (raised - 62) * 0.6 + rng.normal(0, 6)
    animal.add("head", 1, [(*along(head, nod, 0.1), 0.06), (*along(head, nod - 4, 0.32), 0.008)], bill)
    shoulder = along(centre, tilt + 20, 0.13)
    lift = 186 + tilt + rng.normal(0, 5) if rng.uniform() < 0.7 else rng.uniform(105, 150)
    points = [(*shoulder, 0.11), (*along(shoulder, lift, 0.26), 0.12), (*along(shoulder, lift, 0.58), 0.025)]
    animal.add("wing", 3, points, wing)
    animal.eye("head", *along(head, nod + 30, 0.07), 0.028)
    return animal.tubes


KINDS: dict[str, Callable[[np.random.Generator], list[Tube]]] = {
    "horse": horse,
    "giraffe": giraffe,
    "elephant": elephant,
    "rabbit": rabbit,
    "bird": bird,
}
"""A kind's tubes in a random pose and colour, by name."""

PARTS: dict[str, tuple[str, ...]] = {
    "horse": ("head", "neck", "body", "front_leg", "hind_leg", "tail"),
    "giraffe": ("head", "neck", "body", "front_leg", "hind_leg", "tail"),
    "elephant": ("head", "trunk", "ear", "body", "front_leg", "hind_leg", "tail"),
    "rabbit": ("head", "ears", "body", "front_leg", "hind_leg", "tail"),
    "bird": ("head", "body", "wing", "leg", "tail"),
}
"""The names of a kind's parts."""
