import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egraph.demo.drawing import NOTHING, Canvas, Paint, Tube, patch_mask, smooth_noise, smooth_spine

GREY = Paint(np.full(3, 0.5))


def blank(height: int = 90, width: int = 120) -> Canvas:
    return Canvas(np.ones((height, width, 3)), np.random.default_rng(0), light=(0.3, -1.0))


def tube(part: str, layer: int, *points: tuple[float, float, float]) -> Tube:
    return Tube(part, layer, np.array(points, dtype=float), GREY)


@given(st.floats(20, 100), st.floats(20, 70), st.floats(3, 18))
@settings(max_examples=30, deadline=None)
def test_a_disc_is_labelled_where_it_is(x: float, y: float, radius: float) -> None:
    canvas = blank()
    canvas.draw([tube("head", 0, (x, y, radius))], {"head": 3}, softness=4)
    rows, columns = np.mgrid[0:90, 0:120]
    distance = np.hypot(columns - x, rows - y)
    assert (canvas.label[distance < radius - 2] == 3).all()
    assert (canvas.label[distance > radius + 2] == NOTHING).all()


def test_what_lies_in_front_hides_the_label() -> None:
    canvas = blank()
    canvas.draw([tube("body", 2, (20, 45, 10), (100, 45, 10))], {"body": 1}, softness=4)
    columns = np.flatnonzero((canvas.label == 1).any(0))
    assert abs(columns[0] - 10) <= 1 and abs(columns[-1] - 110) <= 1
    canvas.draw([tube("", 2, (20, 0, 30), (20, 90, 30))], {}, softness=4)
    columns = np.flatnonzero((canvas.label == 1).any(0))
    assert abs(columns[0] - 51) <= 1 and abs(columns[-1] - 110) <= 1


def test_higher_layers_lie_over_lower_ones_whatever_their_order() -> None:
    canvas = blank()
    over, under = tube("wing", 3, (60, 45, 8)), tube("body", 2, (60, 45, 20))
    canvas.draw([over, under], {"wing": 1, "body": 2}, softness=4)
    assert canvas.label[45, 60] == 1 and canvas.label[45, 75] == 2


def test_a_tube_outside_the_picture_changes_nothing() -> None:
    canvas = blank()
    canvas.draw([tube("head", 0, (-100, -100, 5))], {"head": 1}, softness=4)
    assert (canvas.label == NOTHING).all() and (canvas.colour == 1).all()


def test_a_spine_passes_through_its_points() -> None:
    points = np.array([[0, 0, 2], [10, 5, 1], [20, 0, 3]], dtype=float)
    spine = smooth_spine(points, steps=5)
    assert spine.shape == (11, 3)
    np.testing.assert_allclose(spine[[0, 5, 10]], points)


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (33, 57)])
def test_noise_and_patches_fill_any_shape(shape: tuple[int, int]) -> None:
    assert smooth_noise(np.random.default_rng(1), *shape, 5.0).shape == shape
    mask = patch_mask(np.random.default_rng(1), *shape, 9.0)
    assert mask.shape == shape and mask.min() >= 0 and mask.max() <= 1
