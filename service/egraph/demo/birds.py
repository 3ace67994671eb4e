"""Birds: on two legs, with a beak and wings."""

import numpy as np

from egraph.demo.anatomy import Anatomy, Place, along, colour_of, shaded
from egraph.demo.drawing import Paint, Tube


def _legs(
    animal: Anatomy, rng: np.random.Generator, hip: Place, paint: Paint, radius: float, toe: float = 0.13
) -> None:
    """Two thin legs from `hip` to the ground, toes forwards."""
    for layer, shift, tone in ((0, 0.1, 0.7), (1, -0.02, 1.0)):
        stride = rng.uniform(-0.1, 0.1)
        x = hip[0] + shift
        foot = (x + stride, -radius)
        knee = (x - 0.03 + stride / 2, hip[1] / 2)
        points = [(x, hip[1], radius * 1.7), (*knee, radius * 1.1), (*foot, radius)]
        animal.add("leg", layer, points, shaded(paint, tone))
        animal.add("leg", layer, [(foot[0] - 0.06, -0.02, radius * 0.7), (foot[0] + toe, -0.02, radius * 0.85)], paint)


def bird(rng: np.random.Generator) -> list[Tube]:
    """Beak, folded or raised wing, long tail, two thin legs; stands or pecks."""
    animal = Anatomy()
    coat = Paint(colour_of(rng, [0.58, 0.02, 0.12, 0.3], 0.75, (0.35, 0.9)))
    wing = Paint(coat.colour * rng.uniform(0.4, 0.7), np.clip(coat.colour * 0.9, 0, 1), "stripes")
    breast = Paint(np.clip(coat.colour * 0.4 + np.array([0.5, 0.42, 0.34]), 0, 1))
    bill = Paint(colour_of(rng, [0.1, 0.05], 0.9, (0.6, 0.95)), furry=False)
    tilt = rng.uniform(15, 42) if rng.uniform() < 0.7 else rng.uniform(-28, 5)
    centre = (0.0, -0.56)
    chest, stern = along(centre, tilt, 0.2), along(centre, tilt + 180, 0.26)
    _legs(animal, rng, (0.0, -0.4), shaded(bill, 0.8), 0.024)
    tail = tilt + 180 + rng.uniform(-12, 14)
    end = along(stern, tail, 0.48)
    animal.add("tail", 1, [(*stern, 0.09), (*along(stern, tail, 0.25), 0.075), (*end, 0.05)], wing)
    animal.add("body", 2, [(*stern, 0.13), (*centre, 0.235), (*chest, 0.2)], coat)
    animal.add("body", 2, [(*along(chest, tilt - 80, 0.08), 0.12), (*along(centre, tilt - 85, 0.12), 0.1)], breast)
    raised = 62 + (tilt - 25) * 1.3 + rng.normal(0, 8)
    head = along(chest, raised, 0.31)
    animal.add("body", 2, [(*chest, 0.15), (*along(chest, raised, 0.16), 0.12)], coat)
    animal.add("head", 2, [(*head, 0.145)], coat)
    nod = (raised - 62) * 0.6 + rng.normal(0, 6)
    animal.add("head", 1, [(*along(head, nod, 0.1), 0.065), (*along(head, nod - 4, 0.33), 0.01)], bill)
    shoulder = along(centre, tilt + 20, 0.13)
    lift = 186 + tilt + rng.normal(0, 5) if rng.uniform() < 0.7 else rng.uniform(105, 150)
    points = [(*shoulder, 0.11), (*along(shoulder, lift, 0.26), 0.12), (*along(shoulder, lift, 0.58), 0.025)]
    animal.add("wing", 3, points, wing)
    animal.add("head", 4, [(*along(head, nod + 30, 0.07), 0.05)], shaded(coat, 0.5))
    animal.eye("head", along(head, nod + 30, 0.07), 0.032)
    return animal.tubes


def duck(rng: np.random.Generator) -> list[Tube]:
    """A flat bill, a ring about the neck, a low body, a tail turned up."""
    animal = Anatomy()
    coat = Paint(colour_of(rng, [0.09, 0.1], 0.4, (0.4, 0.9)))
    hood = Paint(colour_of(rng, [0.4, 0.09, 0.1], 0.7, (0.2, 0.6)))
    bill = Paint(np.array([0.9, 0.6, 0.15]), furry=False)
    _legs(animal, rng, (0.0, -0.2), bill, 0.03, toe=0.17)
    animal.add("tail", 1, [(-0.36, -0.36, 0.1), (-0.52, -0.44, 0.06), (-0.6, -0.54, 0.02)], shaded(coat, 0.7))
    animal.add("body", 2, [(-0.28, -0.34, 0.17), (0.0, -0.32, 0.22), (0.24, -0.36, 0.17)], coat)
    raised = rng.uniform(55, 95) if rng.uniform() < 0.7 else rng.uniform(-10, 35)
    head = along((0.3, -0.42), raised, 0.32)
    bend = along((0.3, -0.42), raised + 8, 0.16)
    animal.add("body", 2, [(0.28, -0.4, 0.12), (*bend, 0.085), (*head, 0.09)], coat)
    animal.add("head", 3, [(*head, 0.12), (*along(bend, raised, 0.06), 0.085)], hood)
    ring = along(bend, raised, 0.0)
    ends = along(ring, raised + 90, 0.06), along(ring, raised - 90, 0.06)
    animal.add("body", 4, [(*ends[0], 0.022), (*ends[1], 0.022)], Paint(np.full(3, 0.95)))
    nod = (raised - 75) * 0.4 + rng.normal(-6, 6)
    animal.add("head", 4, [(*along(head, nod, 0.1), 0.045), (*along(head, nod, 0.27), 0.045)], bill)
    wing = Paint(coat.colour * 0.6, np.clip(coat.colour * 1.1, 0, 1), "stripes")
    lift = rng.normal(178, 6) if rng.uniform() < 0.75 else rng.uniform(110, 150)
    animal.add(
        "wing",
        3,
        [(0.14, -0.38, 0.1), (*along((0.14, -0.38), lift, 0.3), 0.09), (*along((0.14, -0.38), lift, 0.54), 0.02)],
        wing,
    )
    animal.eye("head", along(head, nod + 40, 0.055), 0.026)
    return animal.tubes


def flamingo(rng: np.random.Generator) -> list[Tube]:
    """Very long legs, a neck like an S, a bent bill with a black tip."""
    animal = Anatomy()
    coat = Paint(colour_of(rng, [0.97, 0.02], 0.5, (0.75, 0.97)))
    leg = shaded(coat, 0.85)
    _legs(animal, rng, (0.0, -0.72), Paint(leg.colour, furry=False), 0.022)
    animal.add("tail", 1, [(-0.25, -0.84, 0.09), (-0.42, -0.76, 0.04)], shaded(coat, 0.8))
    animal.add("body", 2, [(-0.16, -0.85, 0.14), (0.03, -0.88, 0.18), (0.16, -0.9, 0.12)], coat)
    low = rng.uniform() < 0.35
    if low:
        spots = [(0.2, -0.92), (0.42, -0.95), (0.52, -0.7), (0.5, -0.4), (0.46, -0.2)]
    else:
        x = rng.uniform(-0.05, 0.08)
        spots = [(0.18, -0.92), (0.36, -0.98), (0.4 + x, -1.18), (0.27 + x, -1.38), (0.36 + x, -1.54)]
    radii = (0.085, 0.06, 0.048, 0.045, 0.05)
    animal.add("neck", 2, [(*place, radius) for place, radius in zip(spots, radii, strict=True)], coat)
    head = spots[-1]
    nod = rng.normal(-70 if low else -20, 7)
    animal.add("head", 2, [(*head, 0.078), (*along(head, nod, 0.05), 0.065)], coat)
    bend = along(head, nod, 0.15)
    tip = along(bend, nod - 60, 0.12)
    animal.add(
        "head", 3, [(*along(head, nod, 0.07), 0.045), (*bend, 0.042)], Paint(np.array([0.95, 0.88, 0.8]), furry=False)
    )
    animal.add("head", 4, [(*bend, 0.04), (*tip, 0.012)], Paint(np.full(3, 0.08), furry=False))
    lift = rng.normal(186, 5) if rng.uniform() < 0.8 else rng.uniform(110, 140)
    shoulder = (0.1, -0.92)
    animal.add(
        "wing",
        3,
        [(*shoulder, 0.085), (*along(shoulder, lift, 0.2), 0.1), (*along(shoulder, lift, 0.42), 0.03)],
        shaded(coat, 0.75),
    )
    animal.eye("head", along(head, nod + 50, 0.035), 0.022, Paint(np.array([0.9, 0.8, 0.2]), furry=False))
    return animal.tubes


def rooster(rng: np.random.Generator) -> list[Tube]:
    """A red comb and wattle, a tail of sickle feathers."""
    animal = Anatomy()
    coat = Paint(colour_of(rng, [0.05, 0.08], 0.7, (0.3, 0.85)))
    red = Paint(np.array([0.85, 0.1, 0.1]), furry=False)
    bill = Paint(np.array([0.9, 0.7, 0.25]), furry=False)
    _legs(animal, rng, (0.02, -0.38), bill, 0.028)
    plume = Paint(colour_of(rng, [0.4, 0.55], 0.6, (0.12, 0.4)))
    for angle in (100, 122, 144, 166):
        lean = angle + rng.normal(0, 5)
        start = (-0.22, -0.56)
        bend = along(start, lean, 0.3)
        animal.add("tail", 1, [(*start, 0.07), (*bend, 0.06), (*along(bend, lean + 75, 0.24), 0.015)], plume)
    animal.add("body", 2, [(-0.18, -0.5, 0.17), (0.04, -0.47, 0.22), (0.18, -0.56, 0.17)], coat)
    raised = rng.uniform(58, 85) if rng.uniform() < 0.7 else rng.uniform(-45, 0)
    head = along((0.22, -0.62), raised, 0.34)
    gold = Paint(np.clip(coat.colour * 0.5 + np.array([0.45, 0.32, 0.08]), 0, 1))
    animal.add("body", 3, [(0.18, -0.56, 0.16), (*along((0.22, -0.62), raised, 0.18), 0.11), (*head, 0.085)], gold)
    nod = (raised - 70) * 0.35 + rng.normal(0, 6)
    animal.add("head", 3, [(*head, 0.1)], gold)
    for lean, length in ((50, 0.15), (80, 0.17), (110, 0.15)):
        animal.add("head", 2, [(*along(head, nod + lean, 0.07), 0.04), (*along(head, nod + lean, length), 0.03)], red)
    animal.add("head", 4, [(*along(head, nod - 50, 0.1), 0.035), (*along(head, nod - 70, 0.19), 0.04)], red)
    animal.add("head", 4, [(*along(head, nod, 0.09), 0.04), (*along(head, nod - 8, 0.2), 0.008)], bill)
    shoulder = (0.1, -0.54)
    lift = rng.normal(188, 6) if rng.uniform() < 0.75 else rng.uniform(110, 150)
    points = [(*shoulder, 0.1), (*along(shoulder, lift, 0.2), 0.11), (*along(shoulder, lift, 0.38), 0.03)]
    animal.add("wing", 4, points, shaded(coat, 0.6))
    animal.eye("head", along(head, nod + 35, 0.045), 0.026, Paint(np.array([0.9, 0.6, 0.1]), furry=False))
    return animal.tubes
