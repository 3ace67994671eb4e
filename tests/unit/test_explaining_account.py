"""The groups of an account, beside plain loops, and what they would be by chance, beside all permutations."""

from itertools import permutations
from pathlib import Path

import pytest
import torch
from torch import Tensor

from egraph.explaining.groups import (
    Groups,
    Kind,
    Unnamed,
    explained,
    group_units,
    inside,
    nearest_anchor,
    of_patterns,
    permuted_chance,
    scattered_chance,
    weightiest,
)
from egraph.explaining.mixture import Responsibilities
from egraph.explaining.view import layer_units, widened_view
from egraph.network.layer import LayerGeometry
from egraph.photos.photo import Box, PhotoObject
from reference.explanation import cell_share, slow_groups

FILTERS, UNITS = 4, 9
FILTER = torch.tensor([0, 0, 1, 3, 3])
NEAREST = torch.tensor([2, 0, 2, 1, 5])


@pytest.fixture
def random() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.fixture
def owners(random: torch.Generator) -> Responsibilities:
    """Responsibilities that sum to one at every unit of every filter."""
    pattern, scattered, beside = (torch.rand(n, UNITS, generator=random) for n in (len(FILTER), FILTERS, FILTERS))
    total = scattered + beside
    total.index_add_(0, FILTER, pattern)
    return Responsibilities(pattern / total[FILTER], scattered / total, beside / total)


@pytest.fixture
def groups(owners: Responsibilities, random: torch.Generator) -> Groups:
    return group_units(owners, FILTER, boxes(random), Unnamed(NEAREST, [2, 5]), torch.rand(FILTERS, generator=random))


def boxes(random: torch.Generator) -> dict[str, Tensor]:
    """Two named parts, which overlap on some units by more than the unit."""
    return {name: torch.rand(UNITS, generator=random) for name in ("head", "leg")}


def test_groups_are_those_of_plain_loops_and_leave_nothing_out(
    owners: Responsibilities, random: torch.Generator
) -> None:
    named, texture = boxes(random), torch.rand(FILTERS, generator=random)
    values = torch.randn(FILTERS, UNITS, generator=random)
    groups = group_units(owners, FILTER, named, Unnamed(NEAREST, [2, 5]), texture)
    assert groups.names[:2] == ["head", "leg"] and groups.kinds.count(Kind.PART) == 5
    torch.testing.assert_close(groups.share.sum(0), torch.ones(FILTERS, UNITS))
    wanted = slow_groups(
        values.numpy(),
        *(t.numpy() for t in (owners.pattern, owners.scattered, owners.beside, FILTER)),
        {name: box.numpy() for name, box in named.items()},
        NEAREST.numpy(),
        [2, 5],
        texture.numpy(),
    )
    own = groups.share * values
    for row, name in enumerate(groups.names):
        found = [float(own[row].clamp_min(0).sum()), float(own[row].clamp_max(0).sum())]
        assert found == pytest.approx(wanted[name], abs=1e-5), name


def test_a_graph_without_named_parts_has_unnamed_ones_alone(owners: Responsibilities) -> None:
    groups = group_units(owners, FILTER, {}, Unnamed(NEAREST, []), torch.zeros(FILTERS))
    assert groups.names == ["other unnamed parts", "texture", "background", "not explained"]
    torch.testing.assert_close(groups.share[0], explained(owners, FILTER))
    torch.testing.assert_close(groups.share.sum(0), torch.ones(FILTERS, UNITS))


def test_patterns_that_say_most_name_the_unnamed_parts(owners: Responsibilities, random: torch.Generator) -> None:
    values = torch.randn(FILTERS, UNITS, generator=random)
    pro, contra = of_patterns(owners, FILTER, values)
    torch.testing.assert_close(pro + contra, (owners.pattern * values[FILTER]).sum(1))
    assert (pro >= 0).all() and (contra <= 0).all()
    said = {n: float((pro - contra)[n == NEAREST].sum()) for n in NEAREST.unique().tolist()}
    assert weightiest(NEAREST, pro, contra, 2) == sorted(said, key=lambda n: -said[n])[:2]
    assert weightiest(NEAREST[:0], pro[:0], contra[:0]) == []
    anchors = torch.tensor([[0.1, 0.1], [0.9, 0.9]])
    assert nearest_anchor(torch.tensor([[0.8, 0.7], [0.2, 0.4]]), anchors).tolist() == [1, 0]


def test_chance_is_the_mean_over_all_ways_to_deal_the_head_to_the_filters(
    groups: Groups, random: torch.Generator
) -> None:
    maps, weight = torch.rand(FILTERS, UNITS, generator=random), torch.randn(FILTERS, generator=random)
    dealt = [
        (groups.share * (weight[list(order)][:, None] * maps)).sum((1, 2)) for order in permutations(range(FILTERS))
    ]
    mean, values = torch.stack(dealt).mean(0), weight[:, None] * maps
    torch.testing.assert_close(permuted_chance(groups, maps, values) / values.sum(), mean / mean.sum())


def test_scattered_chance_is_the_mean_over_all_ways_to_scatter(groups: Groups, random: torch.Generator) -> None:
    values = torch.randn(FILTERS, UNITS, generator=random)
    on = torch.zeros(UNITS, dtype=torch.bool)
    on[2:6] = True
    total = torch.zeros(len(groups))
    off_orders = [torch.arange(5).roll(k) for k in range(5)]
    on_orders = list(permutations(range(4)))
    for inner in on_orders:
        for outer in off_orders:
            scattered = values.clone()
            scattered[:, on] = values[:, on][:, list(inner)]
            scattered[:, ~on] = values[:, ~on][:, outer]
            total += (groups.share * scattered).sum((1, 2))
    torch.testing.assert_close(
        scattered_chance(groups, values, on), total / (len(on_orders) * len(off_orders)), atol=1e-5, rtol=1e-4
    )


def test_how_much_of_a_unit_lies_in_a_box_is_counted() -> None:
    obj = PhotoObject(Path("a.png"), "0" * 64, 200, 160, Box(40, 30, 100, 80))
    view = widened_view(obj)
    layer = LayerGeometry("top", 0, 1, 5, 5, 20.0, 10.0, 40.0)
    units = layer_units([view], layer, 100)
    box = Box(55, 42, 37, 29)
    found = inside(units, box, obj).view(5, 5)
    frame = ((box.y - 30) / 80, (box.x - 40) / 100, (box.y + box.height - 30) / 80, (box.x + box.width - 40) / 100)
    half_height, half_width = (units.size[0] / 2).tolist()
    for row, y in enumerate(units.rows[0].tolist()):
        for column, x in enumerate(units.columns[0].tolist()):
            cell = (y - half_height, x - half_width, y + half_height, x + half_width)
            assert float(found[row, column]) == pytest.approx(cell_share(cell, frame, 200), abs=0.011)
    assert found.any()
