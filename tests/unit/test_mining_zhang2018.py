"""The model of 2018 beside its slow twin, one filter at a time, and its graphs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from egraph.mining import zhang2018
from egraph.mining.edges import Upper
from egraph.mining.layer import mine_layer
from egraph.mining.mined_layer import flattened
from egraph.mining.parents import Parents
from egraph.mining.zhang2018 import Above
from egraph.mining.zhang_graph import ZhangBlockMiner
from reference import zhang2018 as slow
from reference.planted import plant

CLOSE = {"rtol": 2e-3, "atol": 1e-5}


def world(filters: int, patterns: int, photos: int, peaks: int, candidates: int, parents: int):
    """Places, spreads, parents, and units of a random world."""
    generator = torch.Generator().manual_seed(patterns)
    place = torch.rand(filters, patterns, 2, generator=generator)
    spread = zhang2018.clamped(torch.rand(filters, patterns, generator=generator) * 0.3, 0.3)
    displacement = torch.randn(candidates, photos, 2, generator=generator) * 0.05
    displacement -= displacement.mean(1, keepdim=True)
    widths = 0.05 + torch.rand(candidates, generator=generator) * 0.2
    index = torch.stack([torch.randperm(candidates, generator=generator)[:parents] for _ in range(filters * patterns)])
    values = torch.rand(filters, photos, peaks, generator=generator) * 2
    units = torch.rand(filters, photos, peaks, 2, generator=generator)
    return place, spread, displacement, widths, zhang2018.weighted(index, widths), values, units


def double(*tensors: Tensor) -> list[np.ndarray]:
    return [tensor.double().numpy() for tensor in tensors]


@pytest.mark.parametrize("sizes", [(2, 4, 5, 6, 7, 3), (1, 1, 1, 1, 1, 1), (2, 3, 4, 5, 6, 0), (1, 5, 3, 4, 8, 8)])
def test_units_are_found_as_the_equations_say(sizes: tuple[int, ...]) -> None:
    place, spread, displacement, widths, parents, values, units = world(*sizes)
    prior = zhang2018.prior(place, spread, parents, displacement, widths)
    found, tau = zhang2018.place_units(prior, values, units), zhang2018.noise_density(prior)
    moved, wide = double(displacement, widths)
    start = zhang2018.START_WIDTH
    for d in range(sizes[0]):
        own = parents.index.unflatten(0, place.shape[:2])[d].tolist()
        reach = np.minimum(3 * spread[d].double().numpy(), zhang2018.REACH)
        places, here, there = double(place[d], values[d], units[d])
        noise = slow.noise(places, own, moved, wide, reach, start, zhang2018.NOISE)
        assert float(tau[d]) == pytest.approx(noise, rel=1e-3)
        wanted = slow.place_units(places, own, moved, wide, reach, here, there, noise, start)
        columns = found.places, found.score, found.assigned.mass, found.assigned.pull, found.log_likelihood
        for column, expected in zip(columns, wanted, strict=True):
            np.testing.assert_allclose(column[d], expected, **CLOSE)
        for v, p in enumerate(own):
            assert float(prior.width[d, v]) == pytest.approx(slow.width(p, wide, start), rel=1e-4)


def test_parents_are_those_with_the_most_alike_displacement_vectors() -> None:
    generator = torch.Generator().manual_seed(1)
    displacement = torch.randn(9, 12, 2, generator=generator) * 0.1
    displacement -= displacement.mean(1, keepdim=True)
    places = 0.5 + torch.randn(5, 12, 2, generator=generator) * 0.1
    score = torch.rand(5, 12, generator=generator)
    above = Above(torch.arange(9), torch.zeros(9, 2), displacement, torch.full((9,), 0.1))
    found = zhang2018.choose_parents(places, score, above, count=4)
    for v in range(5):
        assert found.index[v].tolist() == slow.choose_parents(*double(places[v], score[v], displacement), 4)
    torch.testing.assert_close(found.weight, torch.full((5, 4), 0.25))


def test_a_pattern_moves_by_a_gradient_step_towards_what_it_won(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zhang2018, "ITERATIONS", 1)
    place, *_, values, units = world(1, 4, 6, 5, 3, 0)
    nothing = Above.nothing(torch.zeros(0, 6, 2))
    patterns, _, _ = zhang2018.mine_patterns(place, values, units, nothing)
    wide, start = np.full(3, 0.1), zhang2018.START_WIDTH
    places, here, there = double(place[0], values[0], units[0])
    none, still, reach = [[]] * 4, np.zeros((3, 6, 2)), np.full(4, zhang2018.REACH)
    noise = slow.noise(places, none, still, wide, reach, start, zhang2018.NOISE)
    _, _, mass, pull, _ = slow.place_units(places, none, still, wide, reach, here, there, noise, start)
    wanted = places + pull.sum(1) / np.maximum(mass.sum(1), 1e-9)[:, None]
    np.testing.assert_allclose(patterns.place[0], wanted.clip(0, 1), **CLOSE)


def test_candidates_move_stand_inside_and_have_evidence() -> None:
    generator = torch.Generator().manual_seed(3)
    size = torch.tensor([0.01, 0.05, 0.06, 0.07])[:, None, None]
    places = 0.5 + size * torch.randn(4, 30, 2, generator=generator)
    places[2] -= 0.45
    above = Above.of(Upper(torch.tensor([5, 6, 7, 8]), places, torch.ones(4, 30), torch.ones(4, 30) > 0, 0.2), 0.2)
    assert above.row.tolist() == [6, 8]
    torch.testing.assert_close(above.displacement.mean(1), torch.zeros(len(above.row), 2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", ["planted", "empty", "one photo", "alike"])
def test_layers_are_mined_and_followed_down_without_a_nan(kind: str) -> None:
    upper_world, lower_world = plant(1, photos=24), plant(101, photos=24)
    for one in (upper_world, lower_world):
        if kind == "empty":
            one.values[:] = 0
        if kind == "alike":
            one.values[:], one.places[:] = one.values[:, :1], one.places[:, :1]
            one.contexts[:] = one.contexts[:, :, :1]
    mined = mine_layer(upper_world.task(), upper_world.reader(), mines=ZhangBlockMiner)
    assert mined.parents.index.shape == (35, 0) and mined.dropped.sum() == 0
    task = replace(lower_world.task(upper=mined.candidates.upper(torch.device("cpu"), 0.2)), patterns_above=5)
    lower = mine_layer(task, lower_world.reader(), mines=ZhangBlockMiner)
    for layer in (mined, lower):
        for name, column in flattened(layer).items():
            assert np.isfinite(column).all(), name
    assert len(lower.patterns.filter) == 35 and lower.parents.index.max(initial=0) < 35
    if kind == "planted":
        assert 1 <= lower.parents.index.shape[1] <= zhang2018.PARENTS
        np.testing.assert_allclose(lower.parents.weight.sum(1), 1, atol=1e-5)
        near = [np.linalg.norm(mined.patterns.mean_place[mined.patterns.filter == f] - p, axis=1).min() for f, ps in
                enumerate(upper_world.place) for p in ps]  # fmt: skip
        assert np.median(near) < 0.06


def test_without_parents_nothing_is_followed() -> None:
    parents = zhang2018.weighted(torch.zeros(3, 0, dtype=torch.long), torch.zeros(0))
    assert isinstance(parents, Parents) and parents.gain.tolist() == [0, 0, 0]
