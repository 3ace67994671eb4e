"""Parents and edges beside a brute-force look at every pair."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from torch import Tensor

from egraph.mining.edges import (
    FALSE_DISCOVERIES,
    Edges,
    Partners,
    Upper,
    candidate_rank,
    discoveries,
    link,
    peers,
    relative_place,
    standardised,
)
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


REACH = 0.25


@dataclass(frozen=True)
class Patterns:
    """Patterns on photos: places (B, n, 2), mass and fires (B, n)."""

    places: Tensor
    mass: Tensor
    fires: Tensor

    def above(self, reach: float = REACH) -> Partners:
        return Partners.of(Upper(torch.arange(100, 100 + len(self.mass)), self.places, self.mass, self.fires, reach))

    def on(self, photos: Tensor) -> "Patterns":
        return Patterns(self.places[:, photos], self.mass[:, photos], self.fires[:, photos])


def firing(causes: Tensor, photos: int, seed: int, shared: float = 0.0) -> Patterns:
    """Patterns that stand at places of their own and fire where their cause is there, besides chance.

    causes: (B,) number of each one's cause; -1 has none. shared: how far all of them have one more cause in common.
    """
    chance, own = torch.Generator().manual_seed(99), torch.Generator().manual_seed(seed)
    seen = torch.randn(int(causes.max()) + 2, photos, generator=chance)
    seen[-1] = 0
    everywhere = torch.randn(1, photos, generator=chance)
    noise = torch.randn(len(causes), photos, generator=own)
    mass = (seen[causes] + shared * everywhere + 0.7 * noise).exp()
    places = torch.rand(len(causes), 1, 2, generator=own) * 0.2 + 0.4
    places = places + 0.03 * torch.randn(len(causes), photos, 2, generator=own)
    return Patterns(places, mass, mass > mass.quantile(0.7, dim=1, keepdim=True))


def pairs_of(edges: Edges) -> list[tuple[int, int]]:
    return list(zip(edges.lower.tolist(), (edges.upper - 100).tolist(), strict=True))


@pytest.mark.parametrize(
    ("lower", "upper", "photos", "shared"), [(7, 12, 60, 0.0), (9, 30, 150, 0.3), (4, 2, 40, 0.0), (3, 4, 5, 0.0)]
)
def test_edges_are_those_of_a_brute_force_over_all_pairs(lower: int, upper: int, photos: int, shared: float) -> None:
    these = firing(torch.arange(lower) % 4, photos, 4, shared)
    theirs = firing(torch.arange(upper) % 5, photos, 5, shared)
    theirs.places[::3] += 0.3
    found = link(these.places, these.mass, these.fires, theirs.above(), count=3)
    wanted = slow.link(
        *(t.numpy() if t.dtype == torch.bool else t.double().numpy() for t in vars(these).values()),
        *(t.numpy() if t.dtype == torch.bool else t.double().numpy() for t in vars(theirs).values()),
        REACH, 3, FALSE_DISCOVERIES,
    )  # fmt: skip
    pairs = pairs_of(found)
    assert sorted(pairs) == sorted(wanted) and len(set(pairs)) == len(pairs)
    assert photos < 50 or pairs, "the example has edges"
    columns = found.strength, found.lift, found.support, found.dy, found.dx, found.sigma
    for edge, pair in enumerate(pairs):
        np.testing.assert_allclose([float(column[edge]) for column in columns], wanted[pair], **CLOSE)


def test_partners_have_their_cause_in_common_and_photos_permuted_leave_none() -> None:
    causes = torch.cat([torch.arange(20), torch.full((100,), -1)])
    these, theirs = firing(causes, 200, 1, shared=0.7), firing(causes, 200, 2, shared=0.7)
    pairs = pairs_of(link(these.places, these.mass, these.fires, theirs.above()))
    right = [(low, up) for low, up in pairs if low == up < 20]
    assert len(right) >= 16 and len(pairs) - len(right) <= 10
    permuted = theirs.on(torch.randperm(200, generator=torch.Generator().manual_seed(0)))
    assert len(link(these.places, these.mass, these.fires, permuted.above()).lower) <= 2


def test_what_all_patterns_have_in_common_makes_no_partners() -> None:
    nothing_more = torch.full((40,), -1)
    these, theirs = firing(nothing_more, 200, 1, shared=0.7), firing(nothing_more, 200, 2, shared=0.7)
    partners = theirs.above()
    found = link(these.places, these.mass, these.fires, partners)
    unasked = replace(partners, place_weight=torch.zeros_like(partners.place_weight))
    assert len(link(these.places, these.mass, these.fires, unasked).lower) > 300, "all of them fire together"
    assert len(found.lower) <= 6


def test_partners_stand_within_reach() -> None:
    causes = torch.arange(10)
    these, theirs = firing(causes, 200, 1), firing(causes, 200, 2)
    assert len(link(these.places, these.mass, these.fires, theirs.above()).lower) >= 8
    theirs.places.add_(REACH * 1.5)
    assert len(link(these.places, these.mass, these.fires, theirs.above()).lower) == 0


@pytest.mark.parametrize("patterns", [0, 3])
def test_patterns_that_never_fire_or_never_change_have_no_partners(patterns: int) -> None:
    these, theirs = firing(torch.arange(3), 30, 1), firing(torch.arange(3), 30, 2)
    never = torch.zeros(patterns, 30, dtype=torch.bool)
    silent = Patterns(theirs.places[:patterns], theirs.mass[:patterns], never)
    assert len(link(these.places, these.mass, these.fires, silent.above()).lower) == 0
    constant = Patterns(theirs.places, torch.full_like(theirs.mass, 0.1), theirs.fires)
    assert len(link(these.places, these.mass, these.fires, constant.above()).lower) == 0
    assert len(link(constant.places, constant.mass, constant.fires, theirs.above()).lower) == 0
    one = firing(torch.arange(3), 1, 1)
    assert len(link(one.places, one.mass, one.fires, one.above()).lower) == 0


@given(st.lists(st.lists(st.floats(-2, 6), min_size=4, max_size=4), min_size=1, max_size=5), st.integers(4, 60))
def test_discoveries_are_those_of_benjamini_and_hochberg(deviations: list[list[float]], looked_at: int) -> None:
    best = torch.tensor(deviations).sort(1, descending=True).values
    found = discoveries(best, torch.full((len(best),), looked_at), rate=0.05)
    for row, kept in zip(best.tolist(), found.tolist(), strict=True):
        holds = [k for k, z in enumerate(row, start=1) if norm.sf(z) <= 0.05 * k / looked_at]
        assert kept == [k <= max(holds, default=0) for k in range(1, len(row) + 1)]


def test_only_displacements_steadier_than_those_of_random_pairs_are_steady() -> None:
    causes = torch.arange(12)
    these, theirs = firing(causes, 300, 1), firing(causes, 300, 2)
    noise = 0.005 * torch.randn(6, 300, 2, generator=torch.Generator().manual_seed(3))
    theirs.places.copy_(theirs.places - theirs.places.mean(1, keepdim=True) + 0.5)
    these.places[:6] = theirs.places[:6] + torch.tensor([0.02, -0.01]) + noise
    found = link(these.places, these.mass, these.fires, theirs.above(), count=1)
    assert {low for low, up in pairs_of(found) if low == up} == set(range(12))
    assert found.steady[found.lower < 6].all() and not found.steady[found.lower >= 6].any()
    joined = found.lower < 6
    torch.testing.assert_close(found.dy[joined], torch.full((6,), 0.02), atol=2e-3, rtol=0)
    torch.testing.assert_close(found.sigma[joined], torch.full((6,), 0.005 * 2**0.5), atol=1e-3, rtol=0)


def test_peers_are_others_of_the_same_cell() -> None:
    cell = torch.tensor([3, 1, 3, 3, 0, 1, 3, 3, 3])
    for pattern, row in enumerate(peers(cell, torch.bincount(cell), 4).tolist()):
        others = set((cell == cell[pattern]).nonzero()[:, 0].tolist()) - {pattern}
        assert {p for p in row if p != pattern} <= others
        assert len({p for p in row if p != pattern}) == min(4, len(others))


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, 123.456])
def test_constant_rows_become_zero(value: float) -> None:
    assert standardised(torch.full((2, 30), value)).abs().max() == 0


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
