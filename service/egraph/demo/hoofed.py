"""Hoofed animals. Many differ in one thing only: ears, horns, mane, tail or coat."""

from dataclasses import replace

import numpy as np

from egraph.demo.anatomy import (
    DARK,
    HORN,
    Anatomy,
    Frame,
    add_body,
    add_crest,
    add_ears,
    add_face,
    add_legs,
    add_tail,
    along,
    between,
    colour_of,
    plain,
    shaded,
)
from egraph.demo.drawing import Paint, Tube

HOOF = Paint(np.array([0.12, 0.1, 0.09]), furry=False)
HORSE = Frame(
    front=(0.37, -0.66),
    hind=(-0.4, -0.68),
    limbs=(0.1, 0.052, 0.042),
    trunk=(0.19, 0.185, 0.19),
    neck=(0.54, 0.16, 0.09),
    high=(30, 75),
    low=(-58, 15),
    skull=(0.34, 0.1, 0.066),
    raised=0.55,
)
CATTLE = Frame(
    front=(0.42, -0.55),
    hind=(-0.42, -0.56),
    limbs=(0.105, 0.055, 0.045),
    trunk=(0.21, 0.24, 0.22),
    neck=(0.34, 0.18, 0.12),
    high=(15, 48),
    low=(-60, -15),
    skull=(0.31, 0.115, 0.085),
    raised=0.6,
)
GOAT = Frame(
    front=(0.3, -0.5),
    hind=(-0.32, -0.52),
    limbs=(0.085, 0.045, 0.035),
    trunk=(0.18, 0.185, 0.18),
    neck=(0.36, 0.13, 0.085),
    high=(42, 70),
    low=(-55, -5),
    skull=(0.26, 0.09, 0.055),
)


def _scaled(rng: np.random.Generator, frame: Frame) -> Frame:
    """Somewhat longer or shorter."""
    s = rng.uniform(0.9, 1.12)
    return replace(frame, front=(frame.front[0] * s, frame.front[1]), hind=(frame.hind[0] * s, frame.hind[1]))


def _pied(rng: np.random.Generator, colour: np.ndarray, share: float) -> Paint:
    """A plain coat, or with the given share one with white patches."""
    return Paint(colour, np.array([0.93, 0.91, 0.87]), "blotches") if rng.uniform() < share else Paint(colour)


def horse(rng: np.random.Generator) -> list[Tube]:
    """Long head with a blaze, falling mane, full tail; grazes or holds its head up."""
    animal, frame = Anatomy(), _scaled(rng, HORSE)
    coat = _pied(rng, colour_of(rng, [0.05, 0.07, 0.1], 0.7, (0.25, 0.85)), 0.2)
    hair = Paint(colour_of(rng, [0.08], 0.5, (0.05, 0.3)) if rng.uniform() < 0.75 else np.array([0.9, 0.85, 0.7]))
    sock = Paint(np.array([0.92, 0.9, 0.86])) if rng.uniform() < 0.35 else shaded(coat, rng.uniform(0.5, 1))
    add_legs(animal, rng, frame, coat, sock, HOOF)
    body = add_body(animal, rng, frame, coat)
    sway = rng.uniform(-8, 14)
    add_tail(animal, body.rump, (205, 250 - sway, 272 - sway), 0.56, (0.04, 0.075, 0.02), hair)
    add_crest(animal, body, 0.06, hair, over=0.05)
    add_face(animal, body.head, shaded(plain(coat), 0.6), 0.066, 0.025)
    if rng.uniform() < 0.5:
        animal.add("head", 3, [(*body.head.at(0.3, 0.22), 0.016), (*body.head.at(0.8, 0.17), 0.014)], HORN)
    add_ears(animal, body.head, (0.02, 0.22), 118, 0.16, 0.036, coat)
    return animal.tubes


def zebra(rng: np.random.Generator) -> list[Tube]:
    """A horse with stripes, a mane that stands, a tail with a tuft."""
    animal, frame = Anatomy(), _scaled(rng, HORSE)
    dark = colour_of(rng, [0.07], 0.3, (0.06, 0.22))
    coat = Paint(np.array([0.93, 0.91, 0.86]), dark, "stripes")
    add_legs(animal, rng, frame, coat, coat, HOOF)
    body = add_body(animal, rng, frame, coat)
    sway = rng.uniform(-8, 14)
    add_tail(animal, body.rump, (205, 255 - sway, 272 - sway), 0.42, (0.03, 0.024, 0.02), coat, (0.045, Paint(dark)))
    add_crest(animal, body, 0.055, coat)
    add_face(animal, body.head, Paint(dark), 0.066, 0.025)
    add_ears(animal, body.head, (0.02, 0.22), 118, 0.15, 0.042, coat)
    return animal.tubes


def donkey(rng: np.random.Generator) -> list[Tube]:
    """Long ears, a pale muzzle and belly, a short mane, a tail with a tuft."""
    animal = Anatomy()
    frame = _scaled(rng, replace(HORSE, neck=(0.44, 0.15, 0.095), skull=(0.34, 0.105, 0.072)))
    coat = Paint(colour_of(rng, [0.08, 0.6], 0.3, (0.3, 0.7)))
    pale, dark = Paint(np.array([0.88, 0.85, 0.8])), shaded(coat, 0.35)
    add_legs(animal, rng, frame, coat, coat, HOOF)
    body = add_body(animal, rng, frame, coat)
    sway = rng.uniform(-8, 14)
    add_tail(animal, body.rump, (205, 255 - sway, 272 - sway), 0.42, (0.03, 0.022, 0.02), coat, (0.045, dark))
    add_crest(animal, body, 0.04, dark)
    add_face(animal, body.head, pale, 0.076, 0.027)
    add_ears(animal, body.head, (0.02, 0.22), rng.uniform(105, 135), 0.33, 0.05, coat)
    return animal.tubes


def cow(rng: np.random.Generator) -> list[Tube]:
    """Broad pink muzzle, horns, ears to the side, udder; often with patches."""
    animal, frame = Anatomy(), _scaled(rng, CATTLE)
    coat = _pied(rng, colour_of(rng, [0.06, 0.08], 0.7, (0.1, 0.75)), 0.6)
    add_legs(animal, rng, frame, coat, shaded(coat, 0.9), HOOF)
    body = add_body(animal, rng, frame, coat)
    udder = (frame.hind[0] + 0.2, frame.hind[1] + 0.06)
    animal.add("body", 1, [(*udder, 0.1), (udder[0] + 0.03, udder[1] + 0.09, 0.02)], Paint(np.array([0.9, 0.68, 0.64])))
    sway = rng.uniform(-8, 12)
    tuft = (0.05, shaded(plain(coat), 0.5))
    add_tail(animal, body.rump, (215, 262 - sway, 272 - sway), 0.5, (0.03, 0.022, 0.018), plain(coat), tuft)
    add_face(animal, body.head, Paint(np.array([0.86, 0.66, 0.62])), 0.09, 0.026)
    for layer, shift in ((1, 0.14), (4, 0.0)):
        root = body.head.at(0.02 + shift, 0.3)
        middle = along(root, body.head.angle + 85, 0.09)
        tip = along(middle, body.head.angle + 40, 0.1)
        animal.add("head", layer, [(*root, 0.034), (*middle, 0.026), (*tip, 0.006)], HORN)
    add_ears(animal, body.head, (-0.05, 0.16), 185, 0.17, 0.045, coat)
    return animal.tubes


def bison(rng: np.random.Generator) -> list[Tube]:
    """A shaggy hump and beard, short horns, a small rump."""
    animal = Anatomy()
    frame = _scaled(rng, replace(CATTLE, trunk=(0.18, 0.22, 0.28), high=(-8, 15), low=(-55, -25)))
    coat = Paint(colour_of(rng, [0.06, 0.07], 0.65, (0.3, 0.6)))
    wool = shaded(coat, 0.5)
    add_legs(animal, rng, frame, coat, shaded(coat, 0.6), HOOF)
    body = add_body(animal, rng, frame, coat)
    chest = frame.front
    for dx, dy, radius in ((0.0, -0.36, 0.2), (0.14, -0.24, 0.2), (-0.12, -0.3, 0.16), (0.18, -0.06, 0.15)):
        animal.add("body", 2, [(chest[0] + dx, chest[1] + dy, radius)], wool)
    add_tail(animal, body.rump, (215, 262, 272), 0.38, (0.03, 0.022, 0.018), coat, (0.045, wool))
    animal.add("head", 3, [(*body.head.at(0.0, 0.05), 0.13), (*body.head.at(0.35, 0.0), 0.115)], wool)
    animal.add("head", 3, [(*body.head.at(0.6, -0.3), 0.06), (*body.head.at(0.6, -0.75), 0.015)], wool)
    add_face(animal, body.head, wool, 0.08, 0.024)
    for layer, shift in ((1, 0.16), (4, 0.0)):
        root = body.head.at(0.0 + shift, 0.38)
        middle = along(root, body.head.angle + 120, 0.08)
        animal.add(
            "head", layer, [(*root, 0.036), (*middle, 0.028), (*along(middle, body.head.angle + 60, 0.08), 0.006)], HORN
        )
    return animal.tubes


def goat(rng: np.random.Generator) -> list[Tube]:
    """Horns bent back, a beard, a short raised tail."""
    animal, frame = Anatomy(), _scaled(rng, GOAT)
    coat = _pied(rng, colour_of(rng, [0.07, 0.1], 0.4, (0.25, 0.95)), 0.3)
    add_legs(animal, rng, frame, coat, shaded(coat, rng.uniform(0.5, 1)), HOOF)
    body = add_body(animal, rng, frame, coat)
    add_tail(animal, body.rump, (140, 120), 0.15, (0.04, 0.035, 0.012), coat)
    beard = [(*body.head.at(0.8, -0.22), 0.03), (*body.head.at(0.82, -0.65), 0.008)]
    animal.add("head", 1, beard, shaded(plain(coat), 0.75))
    add_face(animal, body.head, shaded(plain(coat), 0.75), 0.056, 0.024)
    for layer, shift in ((1, 0.14), (4, 0.0)):
        root = body.head.at(0.12 + shift, 0.3)
        middle = along(root, body.head.angle + 120, 0.14)
        tip = along(middle, body.head.angle + 175, 0.18)
        animal.add(
            "head", layer, [(*root, 0.034), (*middle, 0.03), (*tip, 0.008)], Paint(HORN.colour * 0.6, furry=False)
        )
    add_ears(animal, body.head, (-0.02, 0.1), 200, 0.16, 0.035, coat)
    return animal.tubes


def sheep(rng: np.random.Generator) -> list[Tube]:
    """Woolly all over, with a bare dark or pale face and drooping ears."""
    animal, frame = Anatomy(), _scaled(rng, replace(GOAT, neck=(0.28, 0.14, 0.1), high=(25, 55)))
    wool = Paint(colour_of(rng, [0.1], 0.15, (0.65, 0.97)))
    face = Paint(np.full(3, 0.17)) if rng.uniform() < 0.5 else Paint(np.array([0.88, 0.8, 0.72]))
    add_legs(animal, rng, frame, face, face, HOOF)
    body = add_body(animal, rng, frame, face)
    rump, chest = frame.hind, frame.front
    for share in np.linspace(-0.1, 1.1, 7):
        x, y = between(rump, chest, float(share))
        for dy in (-0.32, -0.14, 0.0):
            place = (x + rng.normal(0, 0.015), y + dy + rng.normal(0, 0.015), rng.uniform(0.1, 0.125))
            animal.add("body", 3, [place], wool)
    base, bend, brow = body.neck
    animal.add("neck", 3, [(*base, 0.15), (*bend, 0.125), (*between(bend, brow, 0.4), 0.11)], wool)
    animal.add("tail", 1, [(*body.rump, 0.06), (body.rump[0] - 0.08, body.rump[1] + 0.16, 0.045)], wool)
    animal.add("head", 4, [(*body.head.at(0.02), 0.09), (*body.head.at(0.45), 0.08), (*body.head.at(1.0), 0.055)], face)
    animal.add("head", 4, [(*body.head.at(-0.05, 0.28), 0.07)], wool)
    animal.add("head", 5, [(*body.head.at(1.1, 0.07), 0.016)], DARK)
    animal.eye("head", body.head.at(0.35, 0.12), 0.023, Paint(np.array([0.85, 0.7, 0.3]), furry=False))
    add_ears(animal, body.head, (0.0, 0.12), 215, 0.16, 0.035, face)
    return animal.tubes


def pig(rng: np.random.Generator) -> list[Tube]:
    """A snout like a disc, a curly tail, short legs."""
    animal = Anatomy()
    frame = Frame(
        front=(0.38, -0.33),
        hind=(-0.38, -0.33),
        limbs=(0.11, 0.065, 0.05),
        trunk=(0.22, 0.25, 0.22),
        neck=(0.2, 0.21, 0.17),
        high=(-5, 25),
        low=(-45, -15),
        skull=(0.27, 0.155, 0.085),
        nod=-22,
        gait=0.7,
    )
    frame = _scaled(rng, frame)
    coat = _pied(rng, colour_of(rng, [0.01, 0.05], 0.35, (0.55, 0.95)), 0.3)
    add_legs(animal, rng, frame, coat, coat, HOOF)
    body = add_body(animal, rng, frame, coat)
    x, y = body.rump
    turns = np.linspace(0, 2.6 * np.pi, 12)
    curl = [(x - 0.05 - 0.014 * t + 0.05 * np.sin(t), y + 0.05 - 0.05 * np.cos(t), 0.018) for t in turns]
    animal.add("tail", 1, [(x, y, 0.03), *[(float(a), float(b), c) for a, b, c in curl]], plain(coat))
    snout = Paint(np.array([0.92, 0.58, 0.58]), furry=False)
    animal.add("head", 3, [(*body.head.at(1.0), 0.085), (*body.head.at(1.16), 0.085)], snout)
    animal.add("head", 4, [(*body.head.at(1.3, 0.12), 0.022)], DARK)
    animal.add("head", 4, [(*body.head.at(0.75, -0.32), 0.008), (*body.head.at(1.0, -0.28), 0.009)], DARK)
    animal.eye("head", body.head.at(0.5, 0.25), 0.022)
    add_ears(animal, body.head, (0.08, 0.48), rng.uniform(70, 110), 0.19, 0.07, coat)
    return animal.tubes


def deer(rng: np.random.Generator) -> list[Tube]:
    """Antlers, thin legs, a short white tail; some have spots."""
    animal = Anatomy()
    frame = replace(HORSE, limbs=(0.085, 0.038, 0.03), trunk=(0.165, 0.16, 0.165), neck=(0.5, 0.12, 0.075))
    frame = _scaled(rng, replace(frame, skull=(0.28, 0.085, 0.05), high=(50, 76)))
    colour = colour_of(rng, [0.06, 0.08], 0.7, (0.4, 0.75))
    coat = Paint(colour, np.clip(colour * 0.4 + 0.58, 0, 1), "spots") if rng.uniform() < 0.4 else Paint(colour)
    white = Paint(np.array([0.95, 0.93, 0.9]))
    add_legs(animal, rng, frame, coat, plain(coat), HOOF)
    body = add_body(animal, rng, frame, coat)
    add_tail(animal, body.rump, (190, 235), 0.14, (0.05, 0.05, 0.02), white)
    add_face(animal, body.head, shaded(plain(coat), 0.7), 0.05, 0.026)
    bone = Paint(np.array([0.62, 0.5, 0.36]), furry=False)
    for layer, shift, tone in ((1, 0.2, 0.7), (4, 0.0, 1.0)):
        paint = shaded(bone, tone)
        root = body.head.at(0.05 + shift, 0.28)
        middle = along(root, body.head.angle + 150, 0.18)
        tip = along(middle, body.head.angle + 105, 0.2)
        animal.add("head", layer, [(*root, 0.024), (*middle, 0.022), (*tip, 0.009)], paint)
        for start, lean in ((between(root, middle, 0.4), 80), (middle, 165), (between(middle, tip, 0.5), 60)):
            end = along(start, body.head.angle + lean, 0.12)
            animal.add("head", layer, [(*start, 0.019), (*end, 0.008)], paint)
    add_ears(animal, body.head, (-0.05, 0.15), 175, 0.17, 0.042, coat)
    return animal.tubes


def camel(rng: np.random.Generator) -> list[Tube]:
    """One or two humps, a neck that hangs and rises, a split lip."""
    animal = Anatomy()
    frame = replace(HORSE, front=(0.34, -0.8), hind=(-0.36, -0.82), neck=(0.62, 0.13, 0.085), high=(38, 62))
    frame = _scaled(rng, replace(frame, low=(-35, 10), skull=(0.3, 0.095, 0.065), nod=-12, gait=0.8))
    coat = Paint(colour_of(rng, [0.09, 0.1], 0.5, (0.5, 0.85)))
    wool = shaded(coat, 0.75)
    add_legs(animal, rng, frame, coat, coat, shaded(coat, 0.6))
    body = add_body(animal, rng, frame, coat)
    humps = (0.0,) if rng.uniform() < 0.5 else (-0.17, 0.17)
    for x in humps:
        size = 0.2 if len(humps) == 1 else 0.15
        animal.add("body", 2, [(x, -1.02, size), (x - 0.02, -1.02 - size * 1.1, size * 0.55)], coat)
        animal.add("body", 3, [(x - 0.02, -1.04 - size * 1.2, size * 0.5)], wool)
    add_tail(animal, body.rump, (225, 262, 272), 0.36, (0.028, 0.022, 0.018), coat, (0.035, wool))
    base, bend, _ = body.neck
    animal.add("neck", 3, [(base[0] + 0.06, base[1] + 0.12, 0.06), (bend[0] + 0.03, bend[1] + 0.08, 0.035)], wool)
    add_face(animal, body.head, shaded(coat, 0.85), 0.072, 0.026)
    add_ears(animal, body.head, (-0.05, 0.24), 140, 0.09, 0.032, coat)
    return animal.tubes


def giraffe(rng: np.random.Generator) -> list[Tube]:
    """Long neck and legs, patches, little horns, a tail with a tuft."""
    animal = Anatomy()
    frame = Frame(
        front=(0.27, -0.84),
        hind=(-0.27, -0.8),
        limbs=(0.085, 0.045, 0.036),
        trunk=(0.155, 0.165, 0.17),
        neck=(0.84, 0.13, 0.065),
        high=(52, 80),
        low=(8, 45),
        skull=(0.27, 0.08, 0.05),
        raised=0.7,
        nod=-25,
        gait=0.7,
    )
    frame = _scaled(rng, frame)
    pale = colour_of(rng, [0.11, 0.12], 0.4, (0.75, 0.95))
    patch = colour_of(rng, [0.06, 0.07], 0.8, (0.3, 0.55))
    coat, light = Paint(patch, pale, "cells"), Paint(pale)
    add_legs(animal, rng, frame, light, light, HOOF)
    body = add_body(animal, rng, frame, coat)
    # The neck is patched, the head is not.
    animal.add("head", 3, [(*body.head.brow, 0.08), (*body.head.at(0.45), 0.068), (*body.head.at(1.0), 0.05)], light)
    sway = rng.uniform(-8, 12)
    add_tail(
        animal,
        body.rump,
        (220, 262 - sway, 272 - sway),
        0.42,
        (0.024, 0.018, 0.014),
        light,
        (0.035, Paint(patch * 0.4)),
    )
    add_crest(animal, body, 0.03, Paint(patch * 0.7))
    add_face(animal, body.head, shaded(light, 0.6), 0.05, 0.026)
    for layer, shift in ((1, 0.18), (4, 0.0)):
        root = body.head.at(0.05 + shift, 0.25)
        tip = along(root, body.head.angle + 115, 0.12)
        animal.add("head", layer, [(*root, 0.02), (*tip, 0.017)], light)
        animal.add("head", layer, [(*tip, 0.028)], Paint(patch * 0.45))
    add_ears(animal, body.head, (-0.08, 0.2), 165, 0.15, 0.035, light)
    return animal.tubes
