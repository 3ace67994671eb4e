"""Parents and edges beside a brute-force look at every pair."""

import numpy as np
import pytest
import torch
from torch import Tensor

from egraph.mining.edges import SMALLEST_AFFINITY, Partners, Upper, candidate_rank, link, relative_place, standardised
from egraph.mining.parents import (
    FEW_PHOTOS,
    RIDGE,
    STILL,
    Parents,
    choose_parents,
    movement,
    parent_offsets,
    parent_products,
)
from reference import relations as slow

CLOSE = {"rtol": 2e-3, "atol": 1e-5}


def moving(patterns: int, photos: int, seed: int) -> tuple[Tensor, Tensor]:
    """Places (patterns, photos, 2) that share a movement in part, and evidence (patterns, photos)."""
    generator = torch.Generator().manual_seed(seed)
    common = torch.randn(1, photos, 2, generator=torch.Generator().manual_seed(77)) * 0.1
    own = torch.randn(patterns, photos, 2, generator=generator) * 0.1
    share = torch.rand(patterns, 1, 1, generator=generator)
    places = torch.rand(patterns, 1, 2, generator=generator) + share * common + (1 - share) * own
    together = torch.rand(1, photos, generator=torch.Generator().manual_seed(78))
    return places, torch.rand(patterns, photos, generator=generator) * 0.5 + together


@pytest.mark.parametrize(("patterns", "candidates", "photos"), [(6, 9, 12), (3, 2, 5), (1, 1, 2), (4, 7, 1)])
def test_parents_are_the_best_correlated_candidates(patterns: int, candidates: int, photos: int) -> None:
    places, mass = moving(patterns, photos, 1)
    theirs = moving(candidates, photos, 2)[0]
    theirs = theirs - theirs.mean(1, keepdim=True)
    found = choose_parents(places, mass, theirs)
    correlation = movement(places, mass, theirs, parent_products(theirs)[0]).correlation
    offsets = parent_offsets(found, theirs)
    assert found.index.shape == (patterns, min(5, candidates))
    for v in range(patterns):
        here = places[v].double().numpy(), mass[v].double().numpy()
        for c in range(candidates):
            assert float(correlation[v, c]) == pytest.approx(
                slow.correlation(*here, theirs[c].double().numpy()), abs=1e-3
            )
        wanted, gain = slow.choose_parents(*here, theirs.double().numpy(), 5, RIDGE, FEW_PHOTOS, STILL)
        weights = dict(zip(found.index[v].tolist(), found.weight[v].tolist(), strict=True))
        if photos > 1:
            assert weights == {c: pytest.approx(w, rel=1e-2, abs=1e-4) for c, w in wanted}
        assert float(found.gain[v]) == pytest.approx(gain, rel=1e-3, abs=1e-4)
        follows = gain * sum(w * theirs[c].double().numpy() for c, w in wanted)
        np.testing.assert_allclose(offsets[v], follows, rtol=1e-2, atol=1e-4)


def test_a_pattern_that_follows_a_parent_is_found_to_do_so() -> None:
    generator = torch.Generator().manual_seed(3)
    candidates = torch.randn(8, 60, 2, generator=generator) * 0.1
    candidates -= candidates.mean(1, keepdim=True)
    places = 0.5 + 0.7 * candidates[[6, 2]] + torch.randn(2, 60, 2, generator=generator) * 0.005
    found = choose_parents(places, torch.ones(2, 60), candidates)
    assert found.index[:, 0].tolist() == [6, 2] and (found.weight[:, 0] > 0.7).all()
    offset = parent_offsets(found, candidates)
    moved = places - places.mean(1, keepdim=True)
    assert (moved - offset).square().sum() < 0.3 * moved.square().sum()


@pytest.mark.parametrize("mass", [torch.zeros(3, 6), torch.ones(3, 6)])
def test_what_does_not_move_has_no_correlation_and_no_gain(mass: Tensor) -> None:
    places = torch.rand(3, 1, 2, generator=torch.Generator().manual_seed(1)).expand(-1, 6, -1)
    candidates = torch.randn(4, 6, 2, generator=torch.Generator().manual_seed(2)) * 0.1
    for theirs in (candidates, torch.zeros_like(candidates)):
        found = choose_parents(places, mass, theirs)
        assert found.gain.abs().max() < 1e-3
        assert found.weight.isfinite().all() and (found.weight.abs().sum(1) < 1 + 1e-5).all()


def test_the_products_of_all_pairs_stand_where_they_are_said_to() -> None:
    candidates = torch.randn(4, 6, 2, generator=torch.Generator().manual_seed(2))
    numbers, column = parent_products(candidates)
    for p, q in np.ndindex(4, 4):
        torch.testing.assert_close(numbers[:, column[p, q]], (candidates[p] * candidates[q]).sum(1))
    assert column.diagonal().tolist() == [0, 1, 2, 3]


def test_the_offset_is_the_weighted_sum_times_the_gain() -> None:
    candidates = torch.randn(4, 6, 2, generator=torch.Generator().manual_seed(2))
    parents = Parents(
        torch.tensor([[3, 1], [0, 2]]), torch.tensor([[0.25, 0.75], [1.0, 0.0]]), torch.tensor([2.0, 0.5])
    )
    found = parent_offsets(parents, candidates)
    torch.testing.assert_close(found[0], 0.5 * candidates[3] + 1.5 * candidates[1])
    torch.testing.assert_close(found[1], 0.5 * candidates[0])


@pytest.mark.parametrize(("lower", "upper", "photos"), [(7, 9, 20), (4, 2, 15), (1, 1, 4), (3, 4, 1), (3, 0, 5)])
def test_edges_are_those_of_a_brute_force_over_all_pairs(lower: int, upper: int, photos: int) -> None:
    (places, mass), (theirs, their_mass) = moving(lower, photos, 4), moving(upper, photos, 5)
    fires, they_fire = mass > 0.7, their_mass > 0.8
    rows = torch.arange(100, 100 + upper)
    found = link(places, mass, fires, Partners.of(Upper(rows, theirs, their_mass, they_fire)), count=3)
    wanted = slow.link(
        *(t.double().numpy() for t in (places, mass)), fires.numpy(),
        *(t.double().numpy() for t in (theirs, their_mass)), they_fire.numpy(), 3, SMALLEST_AFFINITY,
    )  # fmt: skip
    pairs = list(zip(found.lower.tolist(), (found.upper - 100).tolist(), strict=True))
    assert sorted(pairs) == sorted(wanted) and len(set(pairs)) == len(pairs)
    if photos > 4:
        assert upper == 0 or pairs
    columns = found.strength, found.lift, found.support, found.dy, found.dx, found.sigma
    for edge, pair in enumerate(pairs):
        np.testing.assert_allclose([float(column[edge]) for column in columns], wanted[pair], **CLOSE)


def test_partners_that_stand_still_or_never_change_are_not_linked() -> None:
    places, mass = moving(3, 10, 4)
    fires = mass > 0.7
    still = places.mean(1, keepdim=True).expand_as(places)
    assert len(link(places, mass, fires, Partners.of(Upper(torch.arange(3), still, mass, fires))).lower) == 0
    constant = torch.full_like(mass, 0.1)
    assert len(link(places, mass, fires, Partners.of(Upper(torch.arange(3), places, constant, fires))).lower) == 0
    assert len(link(places, constant, fires, Partners.of(Upper(torch.arange(3), places, constant, fires))).lower) == 0


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 123.456])
def test_constant_rows_become_zero(value: float) -> None:
    assert standardised(torch.full((2, 30), value)).abs().max() == 0


def test_edges_without_a_common_firing_are_measured_on_all_photos() -> None:
    places, mass = moving(2, 12, 4)
    never = torch.zeros(2, 12, dtype=torch.bool)
    found = link(places, mass, never, Partners.of(Upper(torch.arange(2), places, mass, never)))
    assert len(found.lower) and (found.support == 0).all() and (found.lift == 0).all()
    assert torch.stack([found.dy, found.dx, found.sigma]).isfinite().all()


def test_the_relative_place_is_a_weighted_mean_and_deviation() -> None:
    generator = torch.Generator().manual_seed(8)
    lower, upper = torch.rand(3, 9, 2, generator=generator), torch.rand(3, 9, 2, generator=generator)
    weight = torch.rand(3, 9, generator=generator)
    weight[2] = 0
    mean, sigma = relative_place(lower, upper, weight)
    for edge in range(3):
        w = weight[edge].double().numpy() if edge < 2 else np.ones(9)
        apart = (lower[edge] - upper[edge]).double().numpy()
        centre = np.average(apart, axis=0, weights=w)
        np.testing.assert_allclose(mean[edge], centre, rtol=1e-4, atol=1e-6)
        spread = np.sqrt(np.average(((apart - centre) ** 2).sum(1), weights=w))
        assert float(sigma[edge]) == pytest.approx(spread, rel=1e-4)


def test_candidates_rank_by_evidence_and_movement() -> None:
    places, mass = moving(4, 15, 6)
    for v, rank in enumerate(candidate_rank(mass, places)):
        here = places[v].double().numpy()
        movement = np.sqrt(((here - here.mean(0)) ** 2).sum(1).mean())
        assert float(rank) == pytest.approx(float(mass[v].double().mean()) * movement, rel=1e-4)
