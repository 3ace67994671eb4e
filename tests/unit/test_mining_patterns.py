"""E-step, M-step and noise tests beside their slow twins, one filter at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.mining.contexts import (
    ALIKE,
    CONCENTRATION,
    Contexts,
    known_tilts,
    leading_directions,
    learn_contexts,
    mean_likeness,
    peak_contexts,
)
from egraph.mining.expectation import NOISE, PRIOR_MASS, assign_peaks, expected_places, inferred_places
from egraph.mining.maximization import initial_places, updated_places
from egraph.mining.parents import Parents
from egraph.mining.patterns import SIGMAS, Patterns, infer_fits, infer_patterns, mine_patterns
from egraph.mining.peaks import Peaks
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
    exceeds,
    find_noise,
    find_twins,
)
from reference import patterns as slow

SIGMA = 0.15
NUMBERS = 3
CLOSE = {"rtol": 5e-4, "atol": 5e-5}
SIZES = [(3, 4, 5, 6), (1, 1, 1, 1), (2, 6, 1, 3), (1, 2, 9, 1)]
"""Filters, patterns, photos, peaks."""


def world(filters: int, patterns: int, photos: int, peaks: int, seed: int = 0) -> tuple[Tensor, Tensor, Peaks]:
    """Places of the patterns, offsets, and peaks, of which a few are not there."""
    generator = torch.Generator().manual_seed(seed)
    place = torch.rand(filters, patterns, 2, generator=generator)
    offset = torch.randn(filters, patterns, photos, 2, generator=generator) * 0.1
    values = torch.rand(filters, photos, peaks, generator=generator) * 2
    values *= torch.rand(filters, photos, peaks, generator=generator) < 0.9
    places = torch.rand(filters, photos, peaks, 2, generator=generator)
    contexts = F.normalize(torch.randn(filters, peaks, photos, NUMBERS, generator=generator), dim=-1)
    return place, offset, Peaks(values, places, contexts, values + 0.5)


def some_contexts(filters: int, patterns: int, seed: int = 7) -> Contexts:
    generator = torch.Generator().manual_seed(seed)
    direction = F.normalize(torch.randn(filters, patterns, NUMBERS, generator=generator), dim=-1)
    return Contexts(direction, torch.rand(filters, patterns, generator=generator) * 2)


def some_backdrop(photos: int = 3, seed: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(CONTROL_CELLS**2, photos, NUMBERS, generator=generator), dim=-1)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("windowed", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_peaks_are_shared_out_as_the_formula_says(size: tuple[int, ...], windowed: bool, known: bool) -> None:
    place, offset, peaks = world(*size)
    learnt = some_contexts(*size[:2])
    expected = expected_places(place, offset, size[2])
    tilt = known_tilts(learnt, peaks.contexts) if known else None
    found = assign_peaks(expected, peaks, SIGMA, tilt, windowed)
    inferred = inferred_places(expected, found)
    updated = updated_places(place, found)
    contexts, tilts = learn_contexts(found.seen, peaks.values, peaks.contexts)
    torch.testing.assert_close(tilts, known_tilts(contexts, peaks.contexts))
    for d in range(size[0]):
        of_filter = expected[d].numpy(), peaks.values[d].numpy(), peaks.places[d].numpy(), peaks.contexts[d].numpy()
        before = (learnt.direction[d].numpy(), learnt.log_mean[d].numpy()) if known else None
        mass, pull, seen, likelihood, *_ = slow.assign_peaks(*of_filter, before, SIGMA, CONCENTRATION, NOISE, windowed)
        np.testing.assert_allclose(found.mass[d], mass, **CLOSE)
        np.testing.assert_allclose(found.pull[d], pull, **CLOSE)
        np.testing.assert_allclose(found.seen[d], seen, **CLOSE)
        assert float(found.log_likelihood[d]) == pytest.approx(likelihood, rel=1e-4, abs=1e-4)
        np.testing.assert_allclose(
            inferred[d], slow.inferred_places(expected[d].numpy(), mass, pull, PRIOR_MASS), **CLOSE
        )
        np.testing.assert_allclose(updated[d], slow.updated_places(place[d].numpy(), mass, pull), **CLOSE)
        direction, log_mean = slow.learn_contexts(seen, *(t.numpy() for t in (peaks.values[d], peaks.contexts[d])), 6)
        np.testing.assert_allclose(contexts.direction[d], direction, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(contexts.log_mean[d], log_mean, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("size", SIZES)
def test_a_pattern_fires_on_the_peak_that_fits_its_place_and_its_context_best(size: tuple[int, ...]) -> None:
    filters, count, photos, _ = size
    place, _, peaks = world(*size)
    learnt, still = some_contexts(filters, count), torch.zeros(filters * count, 0)
    patterns = Patterns(place, Parents(still.long(), still, still.sum(1)), learnt)
    inferred, fits = infer_fits(patterns, peaks, torch.zeros(0, photos, 2))
    mean = mean_likeness(inferred.assigned.seen, inferred.assigned.mass, learnt)
    for d in range(filters):
        known = learnt.direction[d].numpy(), learnt.log_mean[d].numpy()
        mass, _, seen, _, score, likeness, best = slow.assign_peaks(
            inferred.expected[d].numpy(), peaks.values[d].numpy(), peaks.places[d].numpy(),
            peaks.contexts[d].numpy(), known, SIGMAS[-1], CONCENTRATION, NOISE,
        )  # fmt: skip
        np.testing.assert_allclose(fits.score[d], score, **CLOSE)
        there = score > 1e-6
        np.testing.assert_allclose(fits.likeness[d][torch.from_numpy(there)], likeness[there], rtol=1e-3, atol=1e-4)
        np.testing.assert_array_equal(fits.peak[d][torch.from_numpy(there)], best[there])
        wanted = (known[0] * seen).sum(1) / np.maximum(mass.sum(1), 1e-9)
        np.testing.assert_allclose(mean[d], wanted, rtol=1e-3, atol=1e-4)


def test_the_context_of_a_peak_is_that_of_the_cell_under_it() -> None:
    generator = torch.Generator().manual_seed(1)
    context = leading_directions(torch.randn(3, 16, 8, generator=generator), 5)
    assert context.shape == (3, 16, 5) and context.dtype == torch.half
    torch.testing.assert_close(context.float().norm(dim=-1), torch.ones(3, 16), atol=2e-3, rtol=0)
    places = torch.rand(2, 3, 6, 2, generator=generator)
    places[0, 0, 0] = torch.tensor([1.0, 0.0])
    found = peak_contexts(context, places)
    for d, n, k in np.ndindex(2, 3, 6):
        row, column = (min(3, int(4 * x)) for x in places[d, n, k].tolist())
        assert found[d, k, n].equal(context[n, 4 * row + column].float())


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("sigma", [SIGMAS[0], SIGMAS[-1]])
def test_the_likelihood_never_falls_while_offsets_window_and_contexts_stay(seed: int, sigma: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    patterns, photos, count = (int(torch.randint(1, most, (), generator=generator)) for most in (12, 30, 7))
    place, offset, single = world(3, patterns, photos, count, seed)
    peaks = Peaks(*(column.double() for column in vars(single).values()))
    place, offset = place.double(), offset.double()
    tilt = known_tilts(some_contexts(3, patterns, seed), single.contexts).double()
    before = None
    for _ in range(12):
        found = assign_peaks(expected_places(place, offset, photos), peaks, sigma, tilt, windowed=False)
        place = updated_places(place, found)
        if before is not None:
            assert (found.log_likelihood >= before - 1e-9).all()
        before = found.log_likelihood


def test_without_evidence_every_pattern_stays_where_it_is_expected() -> None:
    place, offset, peaks = world(2, 3, 4, 5)
    expected = expected_places(place, offset, 4)
    for nothing in (
        assign_peaks(expected, replace(peaks, values=torch.zeros_like(peaks.values)), SIGMA),
        assign_peaks(expected, replace(peaks, places=peaks.places + 50), SIGMA),
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
    place, _, peaks = world(*size)
    learnt, backdrop, values = some_contexts(*size[:2]), some_backdrop(), peaks.values
    place[-1, -1] = torch.inf
    share, variance = even_share(place, learnt, backdrop, SIGMA)
    found, scatter = even_control(share, values), even_scatter(variance, values)
    for d in range(size[0]):
        known = learnt.direction[d].numpy(), learnt.log_mean[d].numpy()
        mean, deviation = slow.even_control(
            place[d].numpy(), known, backdrop.numpy(), values[d].numpy(), SIGMA, CONCENTRATION, NOISE, CONTROL_CELLS
        )
        np.testing.assert_allclose(found[d], mean, **CLOSE)
        np.testing.assert_allclose(scatter[d], deviation, **CLOSE)
    assert (found[-1, -1] == 0).all() and scatter[-1, -1] == 0


def test_the_even_control_is_the_mean_and_deviation_over_many_scatterings() -> None:
    generator = torch.Generator().manual_seed(4)
    place = torch.tensor([[[0.3, 0.4], [0.7, 0.6], [0.1, 0.9]]])
    learnt, backdrop = some_contexts(1, 3), some_backdrop(16)
    values = torch.tensor([[[2.0, 1.0, 0.5]]])
    places = (torch.randint(0, CONTROL_CELLS, (1, 20_000, 3, 2), generator=generator) + 0.5) / CONTROL_CELLS
    # a scattered peak has the context that its place has on some photo
    row, column = (places * CONTROL_CELLS).long().unbind(-1)
    photo = torch.randint(0, 16, (1, 20_000, 3), generator=generator)
    contexts = backdrop[row * CONTROL_CELLS + column, photo].permute(0, 2, 1, 3).contiguous()
    peaks = Peaks(values.expand(-1, 20_000, -1), places, contexts, torch.ones(1, 20_000, 3))
    tilt = known_tilts(learnt, contexts)
    won = assign_peaks(expected_places(place, None, 20_000), peaks, SIGMA, tilt).mass[0]
    share, variance = even_share(place, learnt, backdrop, SIGMA)
    torch.testing.assert_close(won.mean(1), even_control(share, values)[0, :, 0], rtol=0.03, atol=0)
    torch.testing.assert_close(won.std(1), even_scatter(variance, values)[0], rtol=0.03, atol=0)


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_sorted_by_one_reason_each(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    place = torch.rand(3, 12, 2, generator=generator) * 0.3
    mass = torch.rand(3, 12, 30, generator=generator) * (torch.rand(3, 12, 30, generator=generator) < 0.4)
    control = torch.rand(3, 12, 1, generator=generator).expand(-1, -1, 30) * 0.3
    mass[0, 0] = control[0, 1] = 0
    scatter = torch.rand(3, 12, generator=generator)
    direction = some_contexts(3, 12).direction
    found = find_noise(place, direction, mass, control, scatter, 0.1)
    least = (control.sum(2) + SURE * scatter).numpy()
    for d in range(3):
        here = (t[d].numpy() for t in (place, direction, mass, control))
        wanted = slow.find_noise(*here, least[d], 0.1, FIRING, max(3, FEWEST_FIRINGS * 30), ALIKE)
        assert [set(found[reason][d].nonzero()[:, 0].tolist()) for reason in (EVEN, RARE, TWIN)] == list(wanted)
    assert (sum(found[reason].int() for reason in (EVEN, RARE, TWIN)) <= 1).all()


@pytest.mark.parametrize(("photos", "least"), [(10, 3), (150, 3), (151, 4), (400, 8)])
def test_a_pattern_must_fire_on_a_few_photos_and_on_a_share_of_many(photos: int, least: int) -> None:
    mass = torch.zeros(1, 2, photos)
    mass[0, 0, : least - 1] = mass[0, 1, :least] = 1000.0
    control = torch.full_like(mass, 0.01)
    place = torch.tensor([[[0.2, 0.2], [0.8, 0.8]]])
    found = find_noise(place, torch.ones(1, 2, 1), mass, control, torch.ones(1, 2), 0.1)
    assert found[RARE].tolist() == [[True, False]] and not (found[EVEN] | found[TWIN]).any()


def test_a_chain_of_twins_keeps_every_second_one() -> None:
    place = torch.tensor([[[0.5, 0.1], [0.5, 0.14], [0.5, 0.18], [0.5, 0.22], [0.5, 0.9]]])
    evidence = torch.tensor([[5.0, 4.0, 3.0, 2.0, 1.0]])
    same = torch.ones(1, 5, 1)
    assert find_twins(place, same, evidence, 0.1).tolist() == [[False, True, False, True, False]]
    assert find_twins(place, same, evidence.flip(1), 0.1).tolist() == [[True, False, True, False, False]]
    equal = find_twins(place, same, torch.ones(1, 5), 0.1)
    assert equal.tolist() == [[False, True, False, True, False]], "of two equals the first stays"
    sees_other = torch.tensor([[[1.0], [1.0], [1.0], [-1.0], [1.0]]])
    found = find_twins(place, sees_other, evidence, 0.1).tolist()
    assert found == [[False, True, False, False, False]], "what sees something else is no twin"


def test_what_does_not_count_makes_no_twin() -> None:
    place = torch.full((1, 3, 2), 0.5)
    evidence = torch.tensor([[0.0, 1.0, 0.0]])
    same = torch.ones(1, 3, 1)
    assert not find_twins(place, same, evidence, 0.1).any()
    assert not find_twins(place[:, :1], same[:, :1], evidence[:, 1:2], 0.1).any()


def test_a_filter_without_evidence_exceeds_nothing_and_is_no_better_than_scattered_peaks() -> None:
    place, _, peaks = world(2, 3, 4, 5)
    nothing, silent, learnt = torch.zeros(2, 3, 4), torch.zeros_like(peaks.values), some_contexts(2, 3)
    share, variance = even_share(place, learnt, some_backdrop(), SIGMA)
    control, scatter = even_control(share, silent), even_scatter(variance, silent)
    assert not exceeds(nothing, control).any() and (advantage(nothing, control) == 0).all()
    assert find_noise(place, learnt.direction, nothing, control, scatter, 0.1)[EVEN].all()


def test_left_out_patterns_change_nothing_and_nothing_of_them_reaches_the_others() -> None:
    place, _, peaks = world(2, 5, 6, 4)
    generator = torch.Generator().manual_seed(9)
    candidates = torch.randn(4, 6, 2, generator=generator) * 0.1
    index = torch.randint(0, 4, (10, 2), generator=generator)
    parents = Parents(index, torch.full((10, 2), 0.5), torch.full((10,), 0.8))
    contexts = some_contexts(2, 5)
    left_out = torch.tensor([[False, True, False, True, False]] * 2)
    found = infer_patterns(Patterns(place, parents, contexts).without(left_out), peaks, candidates)
    rows = (~left_out).flatten().nonzero()[:, 0]
    few = Patterns(
        place[:, [0, 2, 4]],
        Parents(index[rows], parents.weight[rows], parents.gain[rows]),
        Contexts(contexts.direction[:, [0, 2, 4]], contexts.log_mean[:, [0, 2, 4]]),
    )
    alone = infer_patterns(few, peaks, candidates)
    for kept, wanted in ((found.expected, alone.expected), (found.places(), alone.places())):
        kept = kept.flatten(0, 1)[rows]
        assert kept.isfinite().all()
        torch.testing.assert_close(kept, wanted.flatten(0, 1))
    torch.testing.assert_close(found.assigned.mass.flatten(0, 1)[rows], alone.assigned.mass.flatten(0, 1))
    torch.testing.assert_close(found.assigned.log_likelihood, alone.assigned.log_likelihood)
    share, _ = even_share(torch.where(left_out[..., None], torch.inf, place), contexts, some_backdrop(), SIGMA)
    assert (found.assigned.mass[left_out] == 0).all() and (share[left_out] == 0).all()


@pytest.mark.parametrize("anchors", [0, 1, 3, 25])
@pytest.mark.parametrize("kind", ["random", "empty", "alike", "still anchors"])
def test_em_stays_finite_whatever_it_is_given(anchors: int, kind: str) -> None:
    start, _, peaks = world(3, 6, 8, 4)
    candidates = torch.randn(anchors, 8, 2, generator=torch.Generator().manual_seed(2)) * 0.1
    if kind == "empty":
        peaks = replace(peaks, values=torch.zeros_like(peaks.values))
    if kind == "alike":
        peaks = Peaks(
            peaks.values[:, :1].expand_as(peaks.values),
            peaks.places[:, :1].expand_as(peaks.places),
            peaks.contexts[:, :, :1].expand_as(peaks.contexts),
            peaks.activations,
        )
    if kind == "still anchors":
        candidates = torch.zeros_like(candidates)
    patterns = mine_patterns(start, peaks, candidates)
    found, fits = infer_fits(patterns, peaks, candidates)
    parents, contexts = patterns.parents, patterns.contexts
    learnt = patterns.place, parents.weight, parents.gain, contexts.direction, contexts.log_mean
    for tensor in (*learnt, found.places(), found.expected, found.assigned.mass, fits.score, fits.likeness):
        assert tensor.isfinite().all()
    assert (patterns.place >= 0).all() and (patterns.place <= 1).all()
    assert parents.index.shape == (18, min(5, anchors))
    if kind == "still anchors":
        assert found.expected.equal(patterns.place[:, :, None].expand_as(found.expected))


def test_em_needs_rounds_to_settle_and_to_find_parents() -> None:
    start, _, peaks = world(1, 2, 3, 2)
    with pytest.raises(ValueError, match="three E-steps"):
        mine_patterns(start, peaks, torch.zeros(2, 3, 2), sigmas=(0.2, 0.1))
