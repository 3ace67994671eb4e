"""What a figure of localization counts: photos that nobody labelled or mined; how sure a mean over label sets is."""

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from egraph.commands.evaluate import confidence_interval, halves, summarise
from egraph.evaluation.localization import Figures, Truth, figures

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
    truth = Truth(places, torch.full((4, 2), 0.1), torch.tensor([0, 1, 0, 2]))
    guess = places + torch.tensor([[9.0, 9.0], [0.1, 0.1], [9.0, 9.0], [0.3, 0.3]])
    found = figures(guess, truth, torch.tensor([0]), torch.tensor([0.1, 0.1]))
    assert found.error == pytest.approx(0.2, abs=1e-6), "only the second and the fourth, of other photos, count"


def of(errors: list[float]) -> list[Figures]:
    return [Figures(error, 0.5, 0.25) for error in errors]


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
