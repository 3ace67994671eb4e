"""Boxes in a photo: clipped, rounded to whole pixels, and whether one lies inside another."""

import math

from egraph.photos.photo import Box

OVERLAP = 0.9
"""Of a part's box must be inside the object: a hand is not steady, and objects' boxes are rounded."""
ROUNDING = 1e-4
"""By so much a box in fractions of the photo may exceed 1."""


def clip(box: Box, width: float, height: float) -> Box | None:
    """The part of a box inside a photo of `width` x `height` pixels, or None where there is none."""
    return clip_to(box, Box(0.0, 0.0, width, height))


def clip_to(box: Box, outer: Box) -> Box | None:
    """The part of a box inside another one, or None where there is none; a box that lies inside stays as it is."""
    left, top = max(box.x, outer.x), max(box.y, outer.y)
    right, bottom = min(box.x + box.width, outer.x + outer.width), min(box.y + box.height, outer.y + outer.height)
    if right <= left or bottom <= top:
        return None
    if (left, top, right, bottom) == (box.x, box.y, box.x + box.width, box.y + box.height):
        return box
    return Box(left, top, right - left, bottom - top)


def clip_inside(inner: Box, outer: Box, photo: Box) -> Box | None:
    """A box clipped to the one that it lies in; None where it does not lie in it.

    It does where its centre is inside, and OVERLAP of what the photo shows of it. This decides for every box of a part,
    imported or typed, whether it is on an object, and what of it is kept.
    """
    x, y = inner.x + inner.width / 2, inner.y + inner.height / 2
    seen, clipped = clip_to(inner, photo), clip_to(inner, outer)
    if seen is None or clipped is None or clipped.width * clipped.height < OVERLAP * seen.width * seen.height:
        return None
    inside = outer.x <= x <= outer.x + outer.width and outer.y <= y <= outer.y + outer.height
    return clipped if inside else None


def whole_pixels(box: Box, width: int, height: int) -> Box | None:
    """A box clipped to the photo, its edges rounded to whole pixels, or None where no pixel is left."""
    inside = clip(box, width, height)
    if inside is None:
        return None
    left, top = _rounded(inside.x), _rounded(inside.y)
    right, bottom = _rounded(inside.x + inside.width), _rounded(inside.y + inside.height)
    if right <= left or bottom <= top:
        return None
    return Box(float(left), float(top), float(right - left), float(bottom - top))


def fractional(box: Box) -> bool:
    """Whether a box lies within 0 and 1: in pixels it would be one pixel at most."""
    return box.x >= 0 and box.y >= 0 and max(box.x + box.width, box.y + box.height) <= 1 + ROUNDING


def corners_fit(box: Box, width: float, height: float) -> bool:
    """Whether the four numbers, taken as left, top, right, bottom, are a box in a photo of `width` x `height`."""
    return 0 <= box.x < box.width <= width + 1 and 0 <= box.y < box.height <= height + 1


def exceeds(box: Box, width: float, height: float) -> bool:
    """Whether a box leaves the photo by more than one pixel."""
    return box.x + box.width > width + 1 or box.y + box.height > height + 1


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)
