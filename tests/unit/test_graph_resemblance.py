"""Which patterns of two graphs resemble each other, beside the same with loops over all pairs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egraph.graph.resemblance import LayerPlaces, least_by_chance

Rows = list[tuple[int, float, float]]
ROWS = st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1, width=32), st.floats(0, 1, width=32)), max_size=14)


def layer_places(rows: Rows) -> LayerPlaces:
    rows = sorted(rows, key=lambda row: row[0])
    place = np.array([row[1:] for row in rows], float).reshape(-1, 2)
    return LayerPlaces(np.array([row[0] for row in rows], int), np.arange(len(rows)), place)


def with_loops(patterns: LayerPlaces, others: LayerPlaces) -> list[tuple[float, float, int, list[int]]]:
    """Of each pattern with others of its filter: chance, distance, its row, and the rows of those that are nearest."""
    found = []
    for row, filter_ in enumerate(patterns.filter):
        same = [other for other, of in enumerate(others.filter) if of == filter_]
        if same:
            apart = {other: math.dist(patterns.place[row], others.place[other]) for other in same}
            d = min(apart.values())
            chance = 1 - max(0.0, 1 - math.pi * d * d) ** len(same)
            found.append((chance, d, row, [other for other in same if apart[other] < d + 1e-9]))
    return found


@given(ROWS, ROWS, st.integers(1, 9))
def test_least_by_chance(one: Rows, two: Rows, kept: int) -> None:
    patterns, others = layer_places(one), layer_places(two)
    expected = with_loops(patterns, others)
    rows, nearest, distance, chance = least_by_chance(patterns, others, kept)
    assert len(rows) == min(kept, len(expected)) and len(set(rows.tolist())) == len(rows)
    by_row = {row: (c, d, near) for c, d, row, near in expected}
    for row, other, d, c in zip(rows.tolist(), nearest.tolist(), distance, chance, strict=True):
        assert other in by_row[row][2]
        assert (c, d) == pytest.approx(by_row[row][:2], abs=1e-9)
    assert chance.tolist() == pytest.approx(sorted(c for c, *_ in expected)[:kept], abs=1e-9)


def test_turned_is_mirrored_left_to_right() -> None:
    places = layer_places([(0, 0.2, 0.7), (1, 1.0, 0.5)])
    assert places.turned().place.tolist() == [[0.8, 0.7], [0.0, 0.5]]
    assert places.ids(np.array([1, 0])) == ["1/1", "0/0"]
