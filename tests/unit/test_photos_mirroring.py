"""Mirroring places, beside loops."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from egraph.photos.mirroring import turned_columns, turned_places, turned_point

OBJECTS = st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32), st.booleans()), min_size=1)


@given(OBJECTS)
def test_each_form_mirrors_the_columns_of_mirrored_objects(
    objects: list[tuple[float, float, bool]],
) -> None:
    places = np.array([place for *place, _ in objects], np.float32)
    mirrored = np.array([turned for *_, turned in objects])
    wanted = []
    for row, column, turned in objects:
        wanted.append((row, np.float32(1) - np.float32(column) if turned else column))
    assert turned_places(torch.from_numpy(places), mirrored).tolist() == [list(place) for place in wanted]
    assert turned_places(torch.from_numpy(places)[None], torch.from_numpy(mirrored))[0].tolist() == [
        list(place) for place in wanted
    ]
    assert turned_columns(places[:, 1], mirrored).tolist() == [column for _, column in wanted]
    for place, turned, (row, column) in zip(places, mirrored, wanted, strict=True):
        x, y = turned_point(place, bool(turned))
        assert y == row and np.float32(x) == np.float32(column)
