"""Animals with paws, and the heavy ones."""

from dataclasses import replace

import numpy as np

from egraph.demo.anatomy import (
    DARK,
    HORN,
    PINK,
    Anatomy,
    Body,
    Frame,
    Head,
    add_body,
    add_ears,
    add_face,
    add_legs,
    add_round_ears,
    add_tail,
    along,
    colour_of,
    plain,
    shaded,
)
from egraph.demo.drawing import Paint, Tube

DOG = Frame(
    front=(0.31, -0.5),
    hind=(-0.32, -0.5),
    limbs=(0.09, 0.05, 0.045),
    trunk=(0.15, 0.145, 0.175),
    neck=(0.28, 0.13, 0.11),
    high=(38, 65),
    low=(-50, -8),
    skull=(0.27, 0.115, 0.06),
    nod=-15,
    raised=0.7,
)
CAT = replace(
    DOG,
    front=(0.3, -0.4),
    hind=(-0.32, -0.42),
    trunk=(0.145, 0.14, 0.15),
    neck=(0.2, 0.12, 0.12),
    skull=(0.16, 0.135, 0.085),
)
BEAR = Frame(
    front=(0.36, -0.45),
    hind=(-0.38, -0.45),
    limbs=(0.15, 0.1, 0.085),
    trunk=(0.25, 0.26, 0.25),
    neck=(0.28, 0.2, 0.15),
    high=(12, 40),
    low=(-50, -15),
    skull=(0.28, 0.15, 0.075),
    nod=-20,
    gait=0.7,
)


def _paw(coat: Paint) -> Paint:
    return shaded(plain(coat), 0.85)


def _whiskers(animal: Anatomy, body: Body) -> None:
    for lean in (-18, -2, 14):
        start = body.head.at(0.9, -0.05)
        end = along(start, body.head.angle - 25 + lean, 0.17)
        animal.add("head", 4, [(*start, 0.006), (*end, 0.004)], HORN)


def dog(rng: np.random.Generator) -> list[Tube]:
    """Hanging ears, a black nose, a raised tail."""
    animal = Anatomy()
    colour = colour_of(rng, [0.06, 0.09], 0.65, (0.15, 0.9))
    coat = Paint(colour, np.array([0.93, 0.9, 0.86]), "blotches") if rng.uniform() < 0.35 else Paint(colour)
    add_legs(animal, rng, DOG, coat, coat, _paw(coat))
    body = add_body(animal, rng, DOG, coat)
    add_tail(animal, body.rump, (150, 125, rng.uniform(70, 120)), 0.36, (0.045, 0.04, 0.018), coat)
    add_face(animal, body.head, shaded(plain(coat), 0.8), 0.062, 0.028)
    animal.add("head", 4, [(*body.head.at(1.18, 0.1), 0.034)], DARK)
    add_ears(animal, body.head, (-0.05, 0.22), rng.uniform(225, 255), 0.2, 0.058, shaded(coat, 0.65))
    return animal.tubes


def fox(rng: np.random.Generator) -> list[Tube]:
    """Pointed ears, white cheek and bib, dark legs, a bushy tail with a white tip."""
    animal = Anatomy()
    frame = replace(DOG, front=(0.3, -0.42), hind=(-0.33, -0.43), skull=(0.29, 0.11, 0.04), neck=(0.24, 0.12, 0.11))
    coat = Paint(colour_of(rng, [0.045, 0.06], 0.85, (0.55, 0.9)))
    white = Paint(np.array([0.95, 0.92, 0.88]))
    add_legs(animal, rng, frame, coat, shaded(coat, 0.25), shaded(coat, 0.2))
    body = add_body(animal, rng, frame, coat)
    sway = rng.uniform(-25, 20)
    add_tail(animal, body.rump, (200 + sway, 190 + sway, 175 + sway), 0.46, (0.05, 0.12, 0.09), coat, (0.08, white))
    animal.add("head", 3, [(*body.head.at(0.35, -0.22), 0.055), (*body.head.at(0.95, -0.06), 0.026)], white)
    animal.add(
        "neck", 3, [(body.neck[0][0] + 0.09, body.neck[0][1] + 0.03, 0.07), (*body.head.at(0.1, -0.42), 0.04)], white
    )
    animal.add("head", 4, [(*body.head.at(1.12, 0.04), 0.028)], DARK)
    animal.eye("head", body.head.at(0.38, 0.12), 0.025)
    add_ears(animal, body.head, (0.02, 0.28), 105, 0.17, 0.055, coat, DARK)
    return animal.tubes


def cat(rng: np.random.Generator) -> list[Tube]:
    """A short face with whiskers, green eyes, a long raised tail; often striped."""
    animal = Anatomy()
    colour = colour_of(rng, [0.07, 0.09], 0.6, (0.2, 0.9))
    coat = Paint(colour, colour * 0.45, "stripes") if rng.uniform() < 0.5 else Paint(colour)
    add_legs(animal, rng, CAT, coat, coat, _paw(coat))
    body = add_body(animal, rng, CAT, coat)
    sway = rng.uniform(-20, 35)
    add_tail(animal, body.rump, (150, 110 + sway, 80 + sway, 110 + sway), 0.58, (0.04, 0.036, 0.03), coat)
    pale = Paint(np.clip(colour * 0.5 + 0.48, 0, 1))
    animal.add("head", 3, [(*body.head.at(0.85, -0.25), 0.058)], pale)
    animal.add("head", 4, [(*body.head.at(1.28, 0.0), 0.024)], PINK)
    _whiskers(animal, body)
    animal.eye("head", body.head.at(0.45, 0.3), 0.032, Paint(np.array([0.55, 0.75, 0.25]), furry=False))
    add_ears(animal, body.head, (0.1, 0.62), 100, 0.14, 0.055, coat)
    return animal.tubes


def lion(rng: np.random.Generator) -> list[Tube]:
    """A mane around the head, a tail with a tuft."""
    animal = Anatomy()
    frame = replace(BEAR, limbs=(0.12, 0.075, 0.07), trunk=(0.18, 0.19, 0.21), skull=(0.25, 0.145, 0.09), high=(25, 50))
    frame = replace(frame, front=(0.4, -0.5), hind=(-0.42, -0.5))
    coat = Paint(colour_of(rng, [0.09, 0.1], 0.6, (0.55, 0.85)))
    hair = shaded(coat, rng.uniform(0.3, 0.6))
    add_legs(animal, rng, frame, coat, coat, _paw(coat))
    body = add_body(animal, rng, frame, coat, head_layer=4)
    for angle in np.arange(60, 330, 27):
        x, y = along(body.head.at(0.0), body.head.angle + float(angle), 0.15)
        animal.add("neck", 3, [(*body.head.at(-0.05), 0.14), (x, y, rng.uniform(0.08, 0.11))], hair)
    sway = rng.uniform(-15, 15)
    add_tail(animal, body.rump, (205, 240 + sway, 215 + sway), 0.6, (0.03, 0.024, 0.02), coat, (0.05, hair))
    pale = shaded(coat, 1.25)
    animal.add("head", 4, [(*body.head.at(0.9, -0.1), 0.085)], pale)
    animal.add("head", 5, [(*body.head.at(1.2, 0.14), 0.036)], DARK)
    animal.add("head", 5, [(*body.head.at(0.75, -0.25), 0.008), (*body.head.at(1.15, -0.2), 0.01)], DARK)
    animal.eye("head", body.head.at(0.42, 0.2), 0.026, Paint(np.array([0.8, 0.6, 0.2]), furry=False))
    add_round_ears(animal, body.head, (0.0, 0.55), 0.055, coat)
    return animal.tubes


def bear(rng: np.random.Generator) -> list[Tube]:
    """Heavy, with round ears, a pale muzzle and hardly a tail."""
    animal = Anatomy()
    coat = Paint(
        colour_of(rng, [0.06, 0.08], 0.6, (0.12, 0.5)) if rng.uniform() < 0.75 else np.array([0.93, 0.91, 0.85])
    )
    add_legs(animal, rng, BEAR, coat, coat, DARK)
    body = add_body(animal, rng, BEAR, coat)
    animal.add(
        "tail",
        1,
        [(body.rump[0] + 0.03, body.rump[1] + 0.02, 0.06), (body.rump[0] - 0.05, body.rump[1] + 0.05, 0.05)],
        coat,
    )
    muzzle = Paint(np.clip(coat.colour * 0.6 + np.array([0.34, 0.27, 0.2]), 0, 1))
    animal.add("head", 3, [(*body.head.at(0.7), 0.085), (*body.head.at(1.02), 0.07)], muzzle)
    animal.add("head", 4, [(*body.head.at(1.2, 0.1), 0.036)], DARK)
    animal.add("head", 4, [(*body.head.at(0.8, -0.17), 0.008), (*body.head.at(1.15, -0.12), 0.01)], DARK)
    animal.eye("head", body.head.at(0.5, 0.22), 0.024)
    add_round_ears(animal, body.head, (0.0, 0.5), 0.065, coat, shaded(coat, 0.6))
    return animal.tubes


def mouse(rng: np.random.Generator) -> list[Tube]:
    """Large round ears, a pointed nose with whiskers, a long bare tail."""
    animal = Anatomy()
    frame = replace(CAT, front=(0.26, -0.2), hind=(-0.26, -0.22), limbs=(0.09, 0.045, 0.035), trunk=(0.24, 0.22, 0.17))
    frame = replace(frame, neck=(0.16, 0.15, 0.14), skull=(0.26, 0.15, 0.04), high=(10, 45), low=(-25, 5), gait=0.6)
    coat = Paint(colour_of(rng, [0.07, 0.09], 0.4, (0.3, 0.9)))
    add_legs(animal, rng, frame, coat, PINK, PINK)
    body = add_body(animal, rng, frame, coat)
    sway = rng.uniform(-25, 25)
    rump = (body.rump[0], body.rump[1] + 0.1)
    add_tail(animal, rump, (200, 185 + sway, 165 - sway, 190 + sway), 0.75, (0.03, 0.022, 0.012), PINK)
    animal.add("head", 4, [(*body.head.at(1.1, 0.02), 0.03)], PINK)
    _whiskers(animal, body)
    animal.eye("head", body.head.at(0.5, 0.2), 0.034)
    add_round_ears(animal, body.head, (-0.1, 0.62), 0.115, coat)
    return animal.tubes


def kangaroo(rng: np.random.Generator) -> list[Tube]:
    """Upright on long hind legs, with small arms and a thick tail on the ground."""
    animal = Anatomy()
    coat = Paint(colour_of(rng, [0.05, 0.07], 0.5, (0.4, 0.8)))
    belly = Paint(np.clip(coat.colour * 0.5 + 0.48, 0, 1))
    tilt = rng.uniform(48, 78)
    hip = (-0.12, -0.42)
    chest = along(hip, tilt, 0.46)
    animal.add(
        "tail",
        1,
        [(hip[0] - 0.08, hip[1] + 0.1, 0.12), (hip[0] - 0.35, -0.16, 0.08), (hip[0] - 0.72, -0.05, 0.035)],
        coat,
    )
    for layer, shift, tone in ((0, 0.08, 0.7), (3, 0.0, 1.0)):
        knee, heel = (hip[0] + 0.22 + shift, hip[1] + 0.12), (hip[0] + 0.02 + shift, -0.07)
        paint = shaded(coat, tone)
        animal.add("hind_leg", layer, [(*hip, 0.17), (*knee, 0.1)], paint)
        animal.add("hind_leg", layer, [(*knee, 0.08), (*heel, 0.05), (heel[0] + 0.3, -0.035, 0.035)], paint)
        shoulder = along(chest, tilt - 90, 0.08)
        reach = rng.uniform(-70, -20)
        elbow = along(shoulder, reach - 30, 0.17)
        hand = along(elbow, reach + 15, 0.14)
        animal.add("front_leg", layer, [(*shoulder, 0.055), (*elbow, 0.04), (*hand, 0.03)], paint)
        animal.add("front_leg", layer, [(*hand, 0.033), (*along(hand, reach, 0.04), 0.025)], shaded(paint, 0.45))
    animal.add("body", 2, [(*hip, 0.21), (*along(hip, tilt, 0.24), 0.185), (*chest, 0.13)], coat)
    animal.add("body", 2, [(*along(hip, tilt - 38, 0.17), 0.1), (*along(chest, tilt - 100, 0.05), 0.07)], belly)
    brow = along(chest, tilt + rng.uniform(-25, 8), 0.28)
    animal.add("neck", 2, [(*chest, 0.12), (*brow, 0.085)], coat)
    head = Head(brow, float(rng.normal(-12, 8)), 0.27)
    animal.add("head", 2, [(*brow, 0.095), (*head.at(0.5), 0.078), (*head.at(1.0), 0.048)], coat)
    add_face(animal, head, shaded(coat, 0.5), 0.05, 0.026)
    add_ears(animal, head, (-0.1, 0.25), 110, 0.24, 0.05, coat)
    return animal.tubes


def elephant(rng: np.random.Generator) -> list[Tube]:
    """Heavy, with a trunk that hangs, reaches forwards or is raised, a tusk and a large ear."""
    animal = Anatomy()
    coat = Paint(colour_of(rng, [0.6, 0.08], 0.15, (0.35, 0.7)))
    s = rng.uniform(0.92, 1.12)
    frame = replace(BEAR, front=(0.3 * s, -0.5), hind=(-0.34 * s, -0.52), limbs=(0.15, 0.115, 0.105), gait=0.6)
    add_legs(animal, rng, frame, coat, coat, Paint(np.array([0.85, 0.8, 0.7]), furry=False))
    turns = (250, 262, 272)
    add_tail(animal, (-0.6 * s, -0.85), turns, 0.42, (0.028, 0.02, 0.018), coat, (0.035, DARK))
    animal.add("body", 2, [(-0.32 * s, -0.78, 0.29), (0, -0.82, 0.32), (0.3 * s, -0.8, 0.29)], coat)
    lift = rng.uniform(-0.06, 0.1)
    head = (0.62 * s, -0.98 - lift)
    animal.add("head", 2, [(0.45 * s, -0.92, 0.2), (*head, 0.2), (head[0] + 0.1, head[1] + 0.1, 0.14)], coat)
    root = (head[0] + 0.15, head[1] + 0.15)
    hang = rng.choice([-92.0, -75.0, -45.0, 5.0]) + rng.normal(0, 6)
    knot = along(root, -80, 0.18)
    bend = along(knot, hang, 0.26)
    tip = along(bend, hang + rng.uniform(-20, 45), 0.22)
    ringed = Paint(coat.colour, coat.colour * 0.8, "stripes")
    animal.add("trunk", 2, [(*root, 0.115), (*knot, 0.085), (*bend, 0.062), (*tip, 0.045)], ringed)
    animal.add("trunk", 3, [(*tip, 0.03)], shaded(coat, 0.5))
    tusk = along((root[0], root[1] + 0.12), -35, 0.26)
    animal.add("head", 3, [(root[0], root[1] + 0.1, 0.036), (*tusk, 0.01)], HORN)
    flap = rng.uniform(-0.05, 0.1)
    ear = (head[0] - 0.16, head[1] + 0.03)
    points = [(ear[0] - flap, ear[1] - 0.08, 0.16), (ear[0] - flap, ear[1] + 0.15, 0.09)]
    animal.add("ear", 3, points, shaded(coat, 0.88))
    inner = [(ear[0] - flap + 0.02, ear[1] - 0.08, 0.09), (ear[0] - flap, ear[1] + 0.1, 0.04)]
    animal.add("ear", 3, inner, Paint(np.clip(coat.colour * 0.8 + np.array([0.16, 0.08, 0.08]), 0, 1)))
    animal.eye("head", (head[0] + 0.11, head[1] - 0.03), 0.028)
    return animal.tubes


def rhino(rng: np.random.Generator) -> list[Tube]:
    """Heavy, with two horns on the nose and folds in the skin."""
    animal = Anatomy()
    frame = replace(BEAR, limbs=(0.14, 0.1, 0.095), skull=(0.34, 0.15, 0.1), high=(-5, 20), neck=(0.26, 0.22, 0.16))
    coat = Paint(colour_of(rng, [0.6, 0.08], 0.12, (0.35, 0.7)))
    fold = Paint(coat.colour * 0.55, furry=False)
    add_legs(animal, rng, frame, coat, coat, Paint(np.array([0.8, 0.75, 0.65]), furry=False))
    body = add_body(animal, rng, frame, coat)
    add_tail(animal, body.rump, (240, 262, 272), 0.3, (0.025, 0.02, 0.018), coat, (0.03, DARK))
    for x in (frame.hind[0] + 0.22, frame.front[0] - 0.16):
        animal.add("body", 3, [(x, -0.84, 0.012), (x + 0.02, -0.6, 0.016), (x - 0.01, -0.38, 0.012)], fold)
    for ahead, length, width in ((0.98, 0.26, 0.05), (0.66, 0.13, 0.042)):
        root = body.head.at(ahead, 0.22)
        tip = along(root, body.head.angle + 75, length)
        middle = along(root, body.head.angle + 95, length * 0.5)
        animal.add("head", 3, [(*root, width), (*middle, width * 0.65), (*tip, 0.008)], HORN)
    animal.add("head", 4, [(*body.head.at(1.2, 0.0), 0.02)], DARK)
    animal.add("head", 4, [(*body.head.at(0.85, -0.2), 0.01), (*body.head.at(1.2, -0.17), 0.01)], DARK)
    animal.eye("head", body.head.at(0.45, 0.12), 0.024)
    add_ears(animal, body.head, (-0.05, 0.34), 110, 0.15, 0.05, coat)
    return animal.tubes


def rabbit(rng: np.random.Generator) -> list[Tube]:
    """Long ears, round back, white puff of a tail; sits or stretches."""
    animal = Anatomy()
    coat = Paint(colour_of(rng, [0.08, 0.1], 0.45, (0.3, 0.92)))
    belly = Paint(np.clip(coat.colour * 0.5 + 0.5, 0, 1))
    s = rng.uniform(0.85, 1.45)
    back = 0.32 / s**0.5
    puff = [(-0.3 * s - back * 0.85, -0.26, 0.11), (-0.3 * s - back, -0.29, 0.1)]
    animal.add("tail", 1, puff, Paint(np.full(3, 0.95)))
    reach = rng.uniform(-0.05, 0.16)
    for layer, shift, tone in ((0, 0.09, 0.72), (2, 0.0, 1.0)):
        foot = 0.3 * s + shift + reach
        points = [(0.26 * s + shift, -0.3, 0.085), (foot, -0.06, 0.055), (foot + 0.1, -0.045, 0.045)]
        animal.add("front_leg", layer, points, shaded(coat, tone))
    animal.add("body", 2, [(-0.3 * s, -back - 0.02, back), (0, -0.4, 0.26), (0.26 * s, -0.38, 0.2)], coat)
    hip = -0.28 * s
    animal.add("hind_leg", 3, [(hip - 0.02, -0.24, 0.17), (hip + 0.08, -0.2, 0.15)], coat)
    animal.add("hind_leg", 3, [(hip - 0.05, -0.06, 0.06), (hip + 0.27, -0.05, 0.05)], belly)
    raised = rng.uniform(20, 75) if rng.uniform() < 0.7 else rng.uniform(-35, 5)
    brow = along((0.26 * s, -0.48), raised, 0.28)
    nod = -15 + (raised - 40) * 0.25
    nose = along(brow, nod, 0.17)
    animal.add("head", 2, [(0.26 * s, -0.46, 0.16), (*brow, 0.165)], coat)
    animal.add("head", 2, [(*brow, 0.16), (*nose, 0.085)], coat)
    animal.add("head", 3, [(*along(nose, nod - 40, 0.02), 0.06)], belly)
    animal.add("head", 4, [(*along(nose, nod, 0.075), 0.026)], PINK)
    laid = rng.uniform(80, 112) if rng.uniform() < 0.65 else rng.uniform(125, 160)
    spread = rng.uniform(8, 26)
    for lean, layer, tone in ((laid - spread, 1, 0.78), (laid, 3, 1.0)):
        root, middle, tip = along(brow, lean, 0.12), along(brow, lean, 0.33), along(brow, lean + 4, 0.55)
        animal.add("ears", layer, [(*root, 0.05), (*middle, 0.075), (*tip, 0.02)], shaded(coat, tone))
    root, tip = along(brow, laid, 0.24), along(brow, laid + 4, 0.46)
    animal.add("ears", 4, [(*root, 0.035), (*tip, 0.014)], PINK)
    animal.eye("head", along(brow, nod + 35, 0.085), 0.034)
    return animal.tubes


def turtle(rng: np.random.Generator) -> list[Tube]:
    """A domed shell with plates, a small head on a stretched neck."""
    animal = Anatomy()
    skin = Paint(colour_of(rng, [0.2, 0.3], 0.5, (0.35, 0.65)), furry=False)
    plate = colour_of(rng, [0.07, 0.12], 0.6, (0.25, 0.5))
    shell = Paint(plate, np.clip(plate * 1.7, 0, 1), "cells", furry=False)
    frame = replace(BEAR, front=(0.36, -0.2), hind=(-0.36, -0.2), limbs=(0.1, 0.085, 0.075), gait=0.8)
    add_legs(animal, rng, frame, skin, skin, shaded(skin, 0.6))
    add_tail(animal, (-0.52, -0.22), (200, 215), 0.16, (0.05, 0.03, 0.01), skin)
    raised = rng.uniform(0, 55)
    brow = along((0.48, -0.26), raised, rng.uniform(0.2, 0.36))
    animal.add("neck", 1, [(0.4, -0.24, 0.09), (*brow, 0.07)], skin)
    animal.add("body", 3, [(-0.34, -0.26, 0.17), (-0.15, -0.36, 0.24), (0.12, -0.36, 0.24), (0.34, -0.26, 0.17)], shell)
    animal.add("body", 4, [(-0.5, -0.17, 0.05), (0.0, -0.13, 0.06), (0.5, -0.17, 0.05)], shaded(plain(shell), 1.5))
    nose = along(brow, raised * 0.3 - 10, 0.12)
    animal.add("head", 2, [(*brow, 0.1), (*nose, 0.075)], skin)
    animal.add(
        "head", 4, [(*along(nose, raised * 0.3 - 60, 0.06), 0.008), (*along(nose, raised * 0.3 - 5, 0.07), 0.008)], DARK
    )
    animal.eye("head", along(brow, raised * 0.3 + 30, 0.06), 0.026, Paint(np.array([0.85, 0.75, 0.2]), furry=False))
    return animal.tubes
