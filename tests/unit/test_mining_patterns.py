"""E-step, M-step and noise tests beside their slow twins, one filter at a time."""

import numpy as np
import pytest
import torch
from torch import Tensor

from egraph.mining.expectation import NOISE, PRIOR_MASS, assign_peaks, expected_places, inferred_places
from egraph.mining.maximization import initial_places, updated_places
from egraph.mining.parents import Parents
from egraph.mining.patterns import SIGMAS, Patterns, infer_patterns, mine_patterns
from egraph.mining.pruning import (
    CONTROL_CELLS,
    EVEN,
    FEWEST_FIRINGS,
    FIRING,
    RARE,
    SURE,
    TWIN,
    advantage,
    even_control,
    even_scatter,
    even_share,
    find_noise,
    find_twins,
    fires,
)
from reference import patterns as slow

SIGMA = 0.15
CLOSE = {"rtol": 2e-4, "atol": 2e-5}
SIZES = [(3, 4, 5, 6), (1, 1, 1, 1), (2, 6, 1, 3), (1, 2, 9, 1)]
"""Filters, patterns, photos, peaks."""


def world(filters: int, patterns: int, photos: int, peaks: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Places of the patterns, offsets, values and places of the peaks."""
    generator = torch.Generator().manual_seed(seed)
    place = torch.rand(filters, patterns, 2, generator=generator)
    offset = torch.randn(filters, patterns, photos, 2, generator=generator) * 0.1
    values = torch.rand(filters, photos, peaks, generator=generator) * 2
    return place, offset, values, torch.rand(filters, photos, peaks, 2, generator=generator)


@pytest.mark.parametrize("windowed", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_peaks_are_shared_out_as_the_formula_says(size: tuple[int, ...], windowed: bool) -> None:
    place, offset, values, places = world(*size)
    expected = expected_places(place, offset, size[2])
    found = assign_peaks(expected, values, places, SIGMA, windowed)
    inferred = inferred_places(expected, found)
    updated = updated_places(place, found)
    for d in range(size[0]):
        mass, pull, likelihood = slow.assign_peaks(
            expected[d].numpy(), values[d].numpy(), places[d].numpy(), SIGMA, NOISE, windowed
        )
        np.testing.assert_allclose(found.mass[d], mass, **CLOSE)
        np.testing.assert_allclose(found.pull[d], pull, **CLOSE)
        assert float(found.log_likelihood[d]) == pytest.approx(likelihood, rel=1e-4, abs=1e-4)
        np.testing.assert_allclose(
            inferred[d], slow.inferred_places(expected[d].numpy(), mass, pull, PRIOR_MASS), **CLOSE
        )
        np.testing.assert_allclose(updated[d], slow.updated_places(place[d].numpy(), mass, pull), **CLOSE)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("sigma", [SIGMAS[0], SIGMAS[-1]])
def test_the_likelihood_never_falls_while_offsets_and_window_stay(seed: int, sigma: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    patterns, photos, peaks = (int(torch.randint(1, most, (), generator=generator)) for most in (12, 30, 7))
    place, offset, values, places = (t.double() for t in world(3, patterns, photos, peaks, seed))
    before = None
    for _ in range(12):
        found = assign_peaks(expected_places(place, offset, photos), values, places, sigma, windowed=False)
        place = updated_places(place, found)
        if before is not None:
            assert (found.log_likelihood >= before - 1e-9).all()
        before = found.log_likelihood


def test_without_evidence_every_pattern_stays_where_it_is_expected() -> None:
    place, offset, values, places = world(2, 3, 4, 5)
    expected = expected_places(place, offset, 4)
    for nothing in (
        assign_peaks(expected, torch.zeros_like(values), places, SIGMA),
        assign_peaks(expected, values, places + 50, SIGMA),
    ):
        assert (nothing.mass == 0).all()
        assert inferred_places(expected, nothing).equal(expected)
        assert updated_places(place, nothing).equal(place)


def test_before_there_are_parents_a_pattern_is_expected_at_its_place() -> None:
    place, *_ = world(2, 3, 4, 5)
    assert expected_places(place, None, 4).equal(place[:, :, None].expand(-1, -1, 4, -1))


def test_first_places_stand_in_different_cells_of_the_crop() -> None:
    start = initial_places(5, 7, torch.Generator().manual_seed(1))
    assert start.shape == (5, 7, 2) and (start >= 0).all() and (start <= 1).all()
    for places in start:
        assert len({tuple(cell) for cell in (places * 3).floor().int().tolist()}) == 7
    assert start.equal(initial_places(5, 7, torch.Generator().manual_seed(1)))
    assert not start.equal(initial_places(5, 7, torch.Generator().manual_seed(2)))


@pytest.mark.parametrize("size", SIZES)
def test_the_even_control_is_what_scattered_peaks_give(size: tuple[int, ...]) -> None:
    place, _, values, _ = world(*size)
    place[-1, -1] = torch.inf
    found, scatter = even_control(even_share(place, SIGMA), values), even_scatter(place, values, SIGMA)
    for d in range(size[0]):
        mean, deviation = slow.even_control(place[d].numpy(), values[d].numpy(), SIGMA, NOISE, CONTROL_CELLS)
        np.testing.assert_allclose(found[d], mean, **CLOSE)
        np.testing.assert_allclose(scatter[d], deviation, **CLOSE)
    assert (found[-1, -1] == 0).all() and scatter[-1, -1] == 0


def test_the_even_control_is_the_mean_and_deviation_over_many_scatterings() -> None:
    generator = torch.Generator().manual_seed(4)
    place = torch.tensor([[[0.3, 0.4], [0.7, 0.6], [0.1, 0.9]]])
    values = torch.tensor([[[2.0, 1.0, 0.5]]])
    places = torch.rand(1, 20_000, 3, 2, generator=generator)
    won = assign_peaks(expected_places(place, None, 20_000), values.expand(-1, 20_000, -1), places, SIGMA).mass[0]
    torch.testing.assert_close(won.mean(1), even_control(even_share(place, SIGMA), values)[0, :, 0], rtol=0.03, atol=0)
    torch.testing.assert_close(won.std(1), even_scatter(place, values, SIGMA)[0], rtol=0.03, atol=0)


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_sorted_by_one_reason_each(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    place = torch.rand(3, 12, 2, generator=generator) * 0.3
    mass = torch.rand(3, 12, 30, generator=generator) * (torch.rand(3, 12, 30, generator=generator) < 0.4)
    control = torch.rand(3, 12, 1, generator=generator).expand(-1, -1, 30) * 0.3
    mass[0, 0] = control[0, 1] = 0
    scatter = torch.rand(3, 12, generator=generator)
    found = find_noise(place, mass, control, scatter, 0.1)
    least = (control.sum(2) + SURE * scatter).numpy()
    for d in range(3):
        here = place[d].numpy(), mass[d].numpy(), control[d].numpy(), least[d]
        wanted = slow.find_noise(*here, 0.1, FIRING, max(3, FEWEST_FIRINGS * 30))
        assert [set(found[reason][d].nonzero()[:, 0].tolist()) for reason in (EVEN, RARE, TWIN)] == list(wanted)
    assert (sum(found[reason].int() for reason in (EVEN, RARE, TWIN)) <= 1).all()


@pytest.mark.parametrize(("photos", "least"), [(10, 3), (150, 3), (151, 4), (400, 8)])
def test_a_pattern_must_fire_on_a_few_photos_and_on_a_share_of_many(photos: int, least: int) -> None:
    mass = torch.zeros(1, 2, photos)
    mass[0, 0, : least - 1] = mass[0, 1, :least] = 1000.0
    control = torch.full_like(mass, 0.01)
    place = torch.tensor([[[0.2, 0.2], [0.8, 0.8]]])
    found = find_noise(place, mass, control, torch.ones(1, 2), 0.1)
    assert found[RARE].tolist() == [[True, False]] and not (found[EVEN] | found[TWIN]).any()


def test_a_chain_of_twins_keeps_every_second_one() -> None:
    place = torch.tensor([[[0.5, 0.1], [0.5, 0.14], [0.5, 0.18], [0.5, 0.22], [0.5, 0.9]]])
    evidence = torch.tensor([[5.0, 4.0, 3.0, 2.0, 1.0]])
    assert find_twins(place, evidence, 0.1).tolist() == [[False, True, False, True, False]]
    assert find_twins(place, evidence.flip(1), 0.1).tolist() == [[True, False, True, False, False]]
    equal = find_twins(place, torch.ones(1, 5), 0.1)
    assert equal.tolist() == [[False, True, False, True, False]], "of two equals the first stays"


def test_what_does_not_count_makes_no_twin() -> None:
    place = torch.full((1, 3, 2), 0.5)
    evidence = torch.tensor([[-torch.inf, 1.0, -torch.inf]])
    assert not find_twins(place, evidence, 0.1).any()
    assert not find_twins(place[:, :1], evidence[:, 1:2], 0.1).any()


def test_a_filter_without_evidence_fires_nowhere_and_is_no_better_than_scattered_peaks() -> None:
    place, _, values, _ = world(2, 3, 4, 5)
    nothing = torch.zeros(2, 3, 4)
    silent = torch.zeros_like(values)
    control, scatter = even_control(even_share(place, SIGMA), silent), even_scatter(place, silent, SIGMA)
    assert not fires(nothing, control).any() and (advantage(nothing, control) == 0).all()
    assert find_noise(place, nothing, control, scatter, 0.1)[EVEN].all()


def test_left_out_patterns_change_nothing_and_nothing_of_them_reaches_the_others() -> None:
    place, _, values, places = world(2, 5, 6, 4)
    generator = torch.Generator().manual_seed(9)
    candidates = torch.randn(4, 6, 2, generator=generator) * 0.1
    index = torch.randint(0, 4, (10, 2), generator=generator)
    parents = Parents(index, torch.full((10, 2), 0.5), torch.full((10,), 0.8))
    left_out = torch.tensor([[False, True, False, True, False]] * 2)
    found = infer_patterns(Patterns(place, parents).without(left_out), values, places, candidates)
    rows = (~left_out).flatten().nonzero()[:, 0]
    few = Patterns(place[:, [0, 2, 4]], Parents(index[rows], parents.weight[rows], parents.gain[rows]))
    alone = infer_patterns(few, values, places, candidates)
    for name in ("expected", "places", "control"):
        kept = getattr(found, name).flatten(0, 1)[rows]
        assert kept.isfinite().all()
        torch.testing.assert_close(kept, getattr(alone, name).flatten(0, 1))
    torch.testing.assert_close(found.assigned.mass.flatten(0, 1)[rows], alone.assigned.mass.flatten(0, 1))
    torch.testing.assert_close(found.assigned.log_likelihood, alone.assigned.log_likelihood)
    assert (found.assigned.mass[left_out] == 0).all() and (found.control[left_out] == 0).all()


@pytest.mark.parametrize("anchors", [0, 1, 3, 25])
@pytest.mark.parametrize("kind", ["random", "empty", "alike", "still anchors"])
def test_em_stays_finite_whatever_it_is_given(anchors: int, kind: str) -> None:
    start, _, values, places = world(3, 6, 8, 4)
    candidates = torch.randn(anchors, 8, 2, generator=torch.Generator().manual_seed(2)) * 0.1
    if kind == "empty":
        values = torch.zeros_like(values)
    if kind == "alike":
        values, places = values[:, :1].expand_as(values), places[:, :1].expand_as(places)
    if kind == "still anchors":
        candidates = torch.zeros_like(candidates)
    patterns = mine_patterns(start, values, places, candidates)
    found = infer_patterns(patterns, values, places, candidates)
    parents = patterns.parents
    for tensor in (patterns.place, parents.weight, parents.gain, found.places, found.expected, found.assigned.mass):
        assert tensor.isfinite().all()
    assert (patterns.place >= 0).all() and (patterns.place <= 1).all()
    assert parents.index.shape == (18, min(5, anchors))
    if kind == "still anchors":
        assert found.expected.equal(patterns.place[:, :, None].expand_as(found.expected))


def test_em_needs_rounds_to_settle_and_to_find_parents() -> None:
    start, _, values, places = world(1, 2, 3, 2)
    with pytest.raises(ValueError, match="three E-steps"):
        mine_patterns(start, values, places, torch.zeros(2, 3, 2), sigmas=(0.2, 0.1))
