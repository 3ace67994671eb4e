"""The animals of the generated world, and the names of their parts."""

from collections.abc import Callable

import numpy as np

from egraph.demo.beasts import bear, cat, dog, elephant, fox, kangaroo, lion, mouse, rabbit, rhino, turtle
from egraph.demo.birds import bird, duck, flamingo, rooster
from egraph.demo.drawing import Tube
from egraph.demo.hoofed import bison, camel, cow, deer, donkey, giraffe, goat, horse, pig, sheep, zebra

KINDS: dict[str, Callable[[np.random.Generator], list[Tube]]] = {
    "horse": horse,
    "giraffe": giraffe,
    "elephant": elephant,
    "rabbit": rabbit,
    "bird": bird,
    "zebra": zebra,
    "donkey": donkey,
    "cow": cow,
    "bison": bison,
    "goat": goat,
    "sheep": sheep,
    "pig": pig,
    "deer": deer,
    "camel": camel,
    "dog": dog,
    "fox": fox,
    "cat": cat,
    "lion": lion,
    "bear": bear,
    "mouse": mouse,
    "kangaroo": kangaroo,
    "rhino": rhino,
    "turtle": turtle,
    "duck": duck,
    "flamingo": flamingo,
    "rooster": rooster,
}
"""A kind's tubes in a random pose and colour, by name. Each differs from some other in a single part, so that a network
that tells them apart must look at the parts."""

_FOUR_LEGGED = ("head", "neck", "body", "front_leg", "hind_leg", "tail")
_BIRD = ("head", "body", "wing", "leg", "tail")
_OTHERS = {
    "elephant": ("head", "trunk", "ear", "body", "front_leg", "hind_leg", "tail"),
    "rabbit": ("head", "ears", "body", "front_leg", "hind_leg", "tail"),
    "flamingo": ("head", "neck", "body", "wing", "leg", "tail"),
    **dict.fromkeys(("bird", "duck", "rooster"), _BIRD),
}

PARTS: dict[str, tuple[str, ...]] = {kind: _OTHERS.get(kind, _FOUR_LEGGED) for kind in KINDS}
"""The names of a kind's parts."""
