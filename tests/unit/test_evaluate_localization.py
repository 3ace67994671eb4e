"""What a figure of localization counts: photos that nobody labelled or mined; how sure a mean over label sets is."""

from dataclasses import fields

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from egraph.commands.evaluate import confidence_interval, halves, summarise
from egraph.evaluation.localization import Figures, LabelSizes, Truth, figures

PHOTOS = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=30)


@given(PHOTOS, st.integers(0, 99))
def test_a_photo_is_in_one_half(photos: list[str], seed: int) -> None:
    first, second = halves(photos, seed)
    assert sorted([*first, *second]) == list(range(len(photos)))
    assert {photos[row] for row in first}.isdisjoint(photos[row] for row in second)
    most = max(photos.count(photo) for photo in photos)
    assert len(photos) // 2 - most < len(first) <= len(photos) // 2


def test_halves_are_random() -> None:
    photos = [str(number) for number in range(40)]
    assert len({tuple(halves(photos, seed)[0]) for seed in range(9)}) == 9
    assert len(halves(photos, 0)[0]) == 20


def test_photos_with_a_label_are_not_scored() -> None:
    places = torch.tensor([[0.1, 0.1], [0.2, 0.2], [0.3, 0.3], [0.4, 0.4]])
    truth = Truth(places, torch.full((4, 2), 0.1), torch.full((4, 2), 100.0), torch.tensor([0, 1, 0, 2]))
    guess = places + torch.tensor([[9.0, 9.0], [0.1, 0.1], [9.0, 9.0], [0.3, 0.3]])
    found = figures(guess, truth, torch.tensor([0]), LabelSizes(np.array([0.1, 0.1]), torch.tensor([0.1, 0.1])))
    assert found.error == pytest.approx(0.2, abs=1e-6), "only the second and the fourth, of other photos, count"
    assert found.far == 0.5 and found.pck20 == 0.5 and found.pck10 == 0.0


@given(st.lists(st.floats(0.05, 0.95), min_size=8, max_size=8), st.floats(20, 400), st.floats(20, 400))
def test_figures_of_one_object_against_pixels(numbers: list[float], height: float, width: float) -> None:
    guess, centre, drawn, square = (np.array(numbers[i : i + 2]) for i in (0, 2, 4, 6))
    truth = Truth(
        *(torch.tensor(np.array([v]), dtype=torch.float32) for v in (centre, drawn, [height, width])), torch.tensor([0])
    )
    sizes = LabelSizes(square, torch.tensor(square, dtype=torch.float32))
    found = figures(torch.tensor(guess[None], dtype=torch.float32), truth, torch.zeros(0, dtype=torch.long), sizes)
    frame = np.array([height, width])
    off = (guess - centre) * frame
    assert found.error == pytest.approx(np.linalg.norm(guess - centre) / 2**0.5, abs=1e-5)
    if abs(np.linalg.norm(off) - 0.2 * max(height, width)) > 1e-3:
        assert found.pck20 == (np.linalg.norm(off) <= 0.2 * max(height, width))
    own = np.minimum(square * np.array([(width / height) ** 0.25, (height / width) ** 0.25]), 1)
    for value, size in ((found.iou, own), (found.one_size_iou, square)):
        low = np.maximum((guess - size / 2) * frame, (centre - drawn / 2) * frame)
        high = np.minimum((guess + size / 2) * frame, (centre + drawn / 2) * frame)
        shared = np.prod(np.maximum(high - low, 0))
        assert value == pytest.approx(shared / (np.prod(size * frame) + np.prod(drawn * frame) - shared), abs=1e-4)


def of(errors: list[float]) -> list[Figures]:
    rest = {field.name: 0.5 for field in fields(Figures)}
    return [Figures(**rest | {"error": error}) for error in errors]


def test_the_interval_of_a_mean() -> None:
    values = np.array([0.1, 0.12, 0.3, 0.09])
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert confidence_interval(values) == pytest.approx((expected.low, expected.high))
    assert confidence_interval(values[:1]) == (None, None)


def test_methods_are_compared_on_the_same_label_sets() -> None:
    first = {"egraph": of([0.1, 0.3]), "prior": of([0.2, 0.4])}
    second = {"egraph": of([0.3, 0.1]), "prior": of([0.5, 0.3])}
    found = summarise([first, second])
    assert found["egraph"]["error"] == pytest.approx(0.2) and found["egraph"]["behind"] == 0
    assert found["prior"]["behind"] == pytest.approx(0.15)
    assert (found["prior"]["behind_low"], found["prior"]["behind_high"]) == pytest.approx((0.15, 0.15))
    assert summarise([{"egraph": of([0.1])}])["egraph"]["low"] is None
