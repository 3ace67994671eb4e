"""Responses straight from maps beside the obvious way: everything made whole, then cut."""

import numpy as np
import pytest
import torch

from egraph.network.layer import LayerGeometry
from egraph.responses.evidence import (
    compete,
    context_direction,
    filter_statistics,
    strongest_peaks,
    unit_evidence,
)
from egraph.responses.fresh import FreshResponses
from egraph.responses.store import Calibration, ResponsePlan
from reference import evidence as slow

VIEWS = 6
CELLS = 5
LAYERS = (
    LayerGeometry("fine", 0, 4, 20, 20, 11.0, 5.0, 20.0),
    LayerGeometry("middle", 1, 5, 14, 14, 16.0, 8.0, 40.0),
    LayerGeometry("coarse", 2, 7, 7, 7, 32.0, 16.0, 90.0),
)
WIDTH = 12
"""Filters of the two upper layers, the context."""


@pytest.fixture(scope="module")
def maps() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    found = {g.name: torch.randn(VIEWS, g.channels, g.height, g.width, generator=generator) for g in LAYERS}
    found["coarse"][2] = found["coarse"].mean((0, 2, 3))[:, None, None] - 9
    return found


@pytest.fixture(scope="module")
def calibration(maps: dict[str, torch.Tensor]) -> Calibration:
    generator = torch.Generator().manual_seed(4)
    statistics = {name: filter_statistics(m) for name, m in maps.items()}
    return Calibration(
        {name: mean for name, (mean, _) in statistics.items()},
        {name: deviation for name, (_, deviation) in statistics.items()},
        torch.rand(WIDTH, generator=generator) / 4,
        torch.linalg.qr(torch.randn(WIDTH, 3, generator=generator)).Q,
    )


@pytest.fixture(scope="module")
def fresh(maps: dict[str, torch.Tensor], calibration: Calibration) -> FreshResponses:
    plan = ResponsePlan(
        network_id="network",
        preprocessing={"size": 224},
        layers=LAYERS,
        peaks={"fine": 6, "middle": 5, "coarse": 4},
        context_layers=("middle", "coarse"),
        context_cells=CELLS,
        context_channels=3,
        evidence_photos=0,
        objects=(),
    )
    return FreshResponses(maps, plan, calibration)


@pytest.fixture(scope="module")
def whole(maps: dict[str, torch.Tensor], calibration: Calibration) -> torch.Tensor:
    """The slow evidence of all views and filters: (VIEWS, CELLS * CELLS, WIDTH)."""
    read = []
    for layer in LAYERS[1:]:
        evidence = unit_evidence(
            maps[layer.name], calibration.filter_mean[layer.name], calibration.filter_deviation[layer.name]
        )
        grids = [
            [slow.read_grid(m.double().numpy(), layer.first_centre, layer.stride, 224, CELLS) for m in view]
            for view in evidence
        ]
        read.append(np.array(grids))
    return torch.from_numpy(slow.context_evidence(read)).float()


@pytest.mark.parametrize("views", [None, [0, 3, 4], [5], [2, 0]])
@pytest.mark.parametrize("columns", [None, [0, 2, 5, 11], [1, 3], [6, 7, 8]])
def test_evidence_of_some_filters_and_views_is_cut_from_all_of_it(
    fresh: FreshResponses, whole: torch.Tensor, views: list[int] | None, columns: list[int] | None
) -> None:
    rows = list(range(VIEWS)) if views is None else views
    filters = list(range(WIDTH)) if columns is None else columns
    found = fresh.evidence(*(None if some is None else torch.tensor(some) for some in (views, columns)))
    torch.testing.assert_close(found, whole[rows][..., filters], rtol=1e-4, atol=1e-5)


def test_the_context_is_the_projected_direction_of_all_evidence(
    fresh: FreshResponses, whole: torch.Tensor, calibration: Calibration
) -> None:
    wanted = context_direction(whole, calibration.context_mean) @ calibration.projection
    torch.testing.assert_close(fresh.context(), wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("views", [None, [1, 4, 5]])
def test_peaks_are_those_of_all_views_together(
    fresh: FreshResponses,
    maps: dict[str, torch.Tensor],
    calibration: Calibration,
    layer: LayerGeometry,
    views: list[int] | None,
) -> None:
    name = layer.name
    evidence = compete(unit_evidence(maps[name], calibration.filter_mean[name], calibration.filter_deviation[name]))
    values, units = strongest_peaks(evidence, {"fine": 6, "middle": 5, "coarse": 4}[name])
    rows = slice(None) if views is None else views
    found, at = fresh.peaks(name, None if views is None else torch.tensor(views))
    torch.testing.assert_close(found, values[rows])
    assert torch.equal(at[found > 0], units[rows][values[rows] > 0])


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
@pytest.mark.parametrize("views", [None, [1, 4, 5]])
def test_activations_are_the_networks_own_outputs_and_the_largest_is_the_largest(
    fresh: FreshResponses,
    maps: dict[str, torch.Tensor],
    calibration: Calibration,
    layer: LayerGeometry,
    views: list[int] | None,
) -> None:
    rows = slice(None) if views is None else views
    units = torch.randint(0, layer.height * layer.width, (VIEWS, layer.channels, 9))[rows]
    true = maps[layer.name][rows].flatten(2)
    found = fresh.activations(layer.name, units, None if views is None else torch.tensor(views))
    above = true.gather(2, units) > calibration.filter_mean[layer.name][:, None]
    torch.testing.assert_close(found, torch.where(above, true.gather(2, units), 0.0))
    largest, unit = fresh.largest(layer.name)
    whole = maps[layer.name].flatten(2)
    there = largest > 0
    torch.testing.assert_close(largest[there], whole.amax(2)[there])
    torch.testing.assert_close(whole.gather(2, unit[..., None])[..., 0][there], whole.amax(2)[there])
    assert there.float().mean() > 0.8
