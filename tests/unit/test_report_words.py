"""Figures in words."""

import pytest

from egraph.report.words import displacement_words, number, percent


def test_figures_are_shown_as_people_read_them() -> None:
    assert [number(v) for v in (None, 12345, 0.04567, 123456.7, "x")] == ["–", "12,345", "0.0457", "123,457", "x"]
    assert [percent(v) for v in (None, 0.0, 0.034, 0.5, 1.0)] == ["–", "0%", "3.4%", "50%", "100%"]


@pytest.mark.parametrize(
    ("dx", "dy", "sigma", "said"),
    [
        (0.1, -0.2, 0.05, "10% right, 20% above ± 5%"),
        (-0.1, 0.0, None, "10% left"),
        (0.0, 0.0, 0.1, "same place ± 10%"),
        (None, None, None, "–"),
    ],
)
def test_a_displacement_says_where_one_stands_as_seen_from_the_other(
    dx: float | None, dy: float | None, sigma: float | None, said: str
) -> None:
    assert displacement_words(dx, dy, sigma) == said
