"""Edges verified by intervention: what is switched off, who is compared with whom, beside plain loops."""

import numpy as np
import pytest
import torch
from torch import nn

from egraph.evaluation.edge_intervention import ALIKE, QUANTILES, Compared, Firing, compare, summarise, switch_off
from egraph.network.network import Network
from egraph.network.preprocessing import Preprocessing


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 6, 3, 2, 1), nn.ReLU(inplace=True))
    return Network("toy@0", "toy", module.eval(), Preprocessing(16), "0" * 64, "own", torch.device("cpu"))


def test_what_falls_is_what_the_switched_off_unit_gave(network: Network) -> None:
    crop = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    first, _, second, _ = network.module
    with torch.no_grad():
        below = first(crop).relu()
        above = second(below).relu()
    every = above[0].flatten(1)
    filters, units = (every > 0.05).nonzero(as_tuple=True)
    seen = Firing(torch.arange(len(filters)), filters, units)
    off = Firing(torch.arange(30), torch.arange(30) % 4, torch.arange(30) * 2)
    found = switch_off(network, "1", "3", crop, off, seen)
    assert found.shape == (30, len(filters)) and not network.module[1]._forward_hooks
    for row in range(30):
        changed = below.clone()
        changed[0, off.filter[row], off.unit[row] // 8, off.unit[row] % 8] = 0
        with torch.no_grad():
            after = second(changed).relu()[0].flatten(1)
        wanted = (every - after)[filters, units] / every[filters, units]
        torch.testing.assert_close(found[row], wanted, atol=1e-5, rtol=1e-4)
    assert found.abs().max() > 0.1
    assert switch_off(network, "1", "3", crop, Firing(*torch.zeros(3, 0).long()), seen).shape == (0, len(filters))


def test_partners_are_compared_with_others_at_their_unit_and_of_their_activation() -> None:
    generator = torch.Generator().manual_seed(2)
    off = Firing(torch.tensor([3, 9]), torch.tensor([0, 1]), torch.tensor([5, 5]))
    seen = Firing(
        torch.arange(60),
        torch.randint(0, 25, (60,), generator=generator),
        torch.randint(0, 4, (60,), generator=generator),
    )
    activation = torch.rand(60, generator=generator) + 0.5
    falls = torch.randn(2, 60, generator=generator)
    partners = {(3, 0), (3, 7), (3, 59), (9, 2), (8, 1)}
    wanted = []
    for row, low in enumerate((3, 9)):
        for up in range(60):
            if (low, up) not in partners:
                continue
            others = [
                float(falls[row, other])
                for other in range(60)
                if (low, other) not in partners
                and seen.unit[other] == seen.unit[up]
                and seen.filter[other] != seen.filter[up]
                and 1 / ALIKE <= activation[other] / activation[up] <= ALIKE
            ]
            if others:
                wanted.append((float(falls[row, up]), np.mean(others), others))
    found = compare(falls, activation, off, seen, partners, photo=4, seed=0)
    assert len(wanted) == 4 and (found.photo == 4).all()
    np.testing.assert_allclose(found.fall, [fall for fall, _, _ in wanted], rtol=1e-5)
    np.testing.assert_allclose(found.others, [mean for _, mean, _ in wanted], rtol=1e-5)
    for one, (_, _, others) in zip(found.one, wanted, strict=True):
        assert min(abs(one - other) for other in others) < 1e-6
    nobody = compare(falls, activation, off, seen, set(), photo=4, seed=0)
    assert len(nobody.fall) == 0


def test_the_summary_has_the_means_their_intervals_and_the_distribution() -> None:
    random = np.random.default_rng(0)
    parts = [Compared(np.full(40, photo), *random.normal((0.3, 0.1, 0.1), 0.1, (40, 3)).T) for photo in range(5)]
    found = summarise([*parts, Compared(*np.empty((4, 0)))])
    partners, others = found["egraph"], found["non_partners"]
    fall = np.concatenate([part.fall for part in parts])
    one = np.concatenate([part.one for part in parts])
    assert partners.fall == pytest.approx(fall.mean()) and partners.pairs == others.pairs == 200
    assert partners.quantiles == pytest.approx(np.quantile(fall, QUANTILES).tolist())
    assert others.quantiles == pytest.approx(np.quantile(one, QUANTILES).tolist())
    assert partners.farther == pytest.approx(np.mean(fall > one)) and partners.farther > 0.8
    assert partners.low < partners.fall < partners.high and others.high < partners.low
    nothing = summarise([])
    assert nothing["egraph"].fall is None and nothing["egraph"].pairs == 0
