from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from egraph.photos.photo import Box, PhotoObject
from egraph.report.page_content import Example
from egraph.report.pictures import (
    LAYER_COLOURS,
    PATCH_PIXELS,
    PATCH_SHARE,
    colour_of,
    patch_of,
    spread_out,
)

WIDTH, HEIGHT = 200, 160
OBJECT = PhotoObject(Path("x.png"), "0" * 64, WIDTH, HEIGHT, Box(20, 10, 160, 140))
RED = "#ff0000"
CORNERS = (slice(0, 20), slice(-20, None))


def ramp() -> Image.Image:
    """A photo whose red is the column and whose green is the row."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return Image.fromarray(np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8), "RGB")


@given(st.floats(0.2, 0.8), st.floats(0.2, 0.8))
@settings(max_examples=25, deadline=None)
def test_a_patch_is_centred_where_the_pattern_fires(x: float, y: float) -> None:
    patch = patch_of(ramp(), Example(OBJECT, x, y, 1.0), [], RED)
    assert patch.size == (PATCH_PIXELS, PATCH_PIXELS)
    pixels = np.asarray(patch)
    # on a ramp the mean of the four corners, away from the ring, is the value in the middle
    corners = np.concatenate([pixels[rows][:, columns] for rows in CORNERS for columns in CORNERS])
    red, green, _ = corners.mean((0, 1))
    assert red == pytest.approx(20 + 160 * x - 0.5, abs=1) and green == pytest.approx(10 + 140 * y - 0.5, abs=1)


def test_a_patch_at_the_border_stays_in_the_photo_and_marks_the_place_off_centre() -> None:
    patch = np.asarray(patch_of(ramp(), Example(OBJECT, 0.0, 0.0, 1.0), [], RED)).astype(int)
    side = PATCH_SHARE * np.sqrt(160 * 140)
    ring = (patch[..., 0] > 200) & (patch[..., 1] < 90) & (patch[..., 2] < 90)
    rows, columns = np.nonzero(ring)
    assert columns.mean() == pytest.approx(20 / side * PATCH_PIXELS, abs=3)
    assert rows.mean() == pytest.approx(10 / side * PATCH_PIXELS, abs=3)


def test_a_patch_of_a_photo_smaller_than_it_is_the_whole_photo() -> None:
    tiny = PhotoObject(Path("x.png"), "0" * 64, 8, 6, Box(0, 0, 8, 6))
    assert patch_of(Image.new("RGB", (8, 6)), Example(tiny, 0.5, 0.5, 1.0), [Box(1, 1, 3, 3)], RED).size == (132, 132)


def test_the_parts_box_is_outlined() -> None:
    example = Example(OBJECT, 0.5, 0.5, 1.0)
    box = Box(85, 65, 30, 30)
    plain, boxed = (np.asarray(patch_of(ramp(), example, boxes, RED)).astype(int) for boxes in ([], [box]))
    changed = np.abs(plain - boxed).sum(-1) > 60
    side = PATCH_SHARE * np.sqrt(160 * 140)
    columns, rows = np.flatnonzero(changed.any(0)), np.flatnonzero(changed.any(1))
    assert columns[-1] - columns[0] == pytest.approx(30 / side * PATCH_PIXELS, abs=4)
    assert rows[-1] - rows[0] == pytest.approx(30 / side * PATCH_PIXELS, abs=4)


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(0, 500)), min_size=1, max_size=12))
@example([(0.0, 0.0)] * 3)
@example([(600.0, 0.0)] * 12)
@settings(max_examples=40, deadline=None)
def test_numbers_do_not_cover_each_other(places: list[tuple[float, float]]) -> None:
    spots = spread_out(np.array(places), 33, (600, 500), 17)
    assert (spots >= 17).all() and (spots <= np.array([583, 483])).all()
    apart = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert apart.min() > 24


def test_layers_have_different_colours() -> None:
    assert len({colour_of(k) for k in range(len(LAYER_COLOURS))}) == len(LAYER_COLOURS)
    assert colour_of(0) == colour_of(len(LAYER_COLOURS))
