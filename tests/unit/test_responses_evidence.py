"""Evidence beside its slow twin, on random maps and on maps that break things."""

import numpy as np
import pytest
import torch

from egraph.network.layer import LayerGeometry
from egraph.responses.evidence import (
    COMPETITION_FLOOR,
    SMALLEST_DEVIATION,
    SUPPRESSION_WIDTH,
    ContextLayer,
    compete,
    context_axes,
    context_direction,
    context_evidence,
    context_lengths,
    filter_statistics,
    grid_places,
    main_directions,
    projected_context,
    projected_direction,
    read_grid,
    strongest_peaks,
    unit_evidence,
    unit_places,
)
from reference import evidence as slow

SHAPES = [(3, 5, 7, 7), (1, 4, 13, 13), (2, 3, 14, 9), (2, 2, 1, 1), (2, 3, 20, 1), (2, 3, 1, 15), (1, 1, 6, 6)]


def random_maps(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 3 + 1


def layer(height: int, width: int, stride: float, first: float, channels: int = 3) -> LayerGeometry:
    return LayerGeometry("layer", 0, channels, height, width, stride, first, 10.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_unit_evidence_is_the_distance_above_the_filters_habit(shape: tuple[int, ...]) -> None:
    maps = random_maps(shape)
    mean, deviation = filter_statistics(maps)
    flat = maps.double().numpy().transpose(1, 0, 2, 3).reshape(shape[1], -1)
    np.testing.assert_allclose(mean, flat.mean(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(deviation, np.maximum(flat.std(1), SMALLEST_DEVIATION), rtol=1e-4)
    found = unit_evidence(maps, mean, deviation)
    np.testing.assert_allclose(found, slow.unit_evidence(maps.numpy(), mean, deviation), rtol=1e-4, atol=1e-5)


def test_what_is_not_finite_is_no_evidence_and_spoils_nothing_beside_it() -> None:
    maps = random_maps((2, 3, 6, 6))
    clean = maps.clone()
    clean[0, 1, 2, 2] = clean[0, 1, 3, 3] = clean[1, 2, 0, 0] = 0.0
    maps[0, 1, 2, 2], maps[0, 1, 3, 3], maps[1, 2, 0, 0] = torch.nan, torch.inf, -torch.inf
    mean, deviation = filter_statistics(maps)
    for found, wanted in zip((mean, deviation), filter_statistics(clean), strict=True):
        torch.testing.assert_close(found, wanted)
    evidence = compete(unit_evidence(maps, mean, deviation))
    assert evidence.isfinite().all() and (evidence >= 0).all()
    assert evidence[0, 1, 2, 2] == evidence[0, 1, 3, 3] == evidence[1, 2, 0, 0] == 0


@pytest.mark.parametrize("value", [0.0, 1.0, -3.3, 5.3, 1000.1])
def test_a_filter_that_never_changes_has_no_evidence(value: float) -> None:
    maps = random_maps((4, 2, 7, 7))
    maps[:, 1] = value
    for sample in (maps, maps.half()):
        evidence = compete(unit_evidence(maps, *filter_statistics(sample)))
        assert evidence[:, 1].half().max() == 0
        assert evidence[:, 0].max() > 1


@pytest.mark.parametrize("shape", SHAPES)
def test_filters_compete_for_a_unit(shape: tuple[int, ...]) -> None:
    evidence = random_maps(shape).clamp_min(0)
    found = compete(evidence)
    np.testing.assert_allclose(found, slow.compete(evidence.numpy(), COMPETITION_FLOOR), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("count", [1, 5])
def test_peaks_are_the_strongest_units_and_on_fine_maps_local_maxima(shape: tuple[int, ...], count: int) -> None:
    evidence = random_maps(shape, 1).clamp_min(0)
    values, units = strongest_peaks(evidence, count)
    wanted = slow.strongest_peaks(evidence.numpy(), count, suppress=shape[3] >= SUPPRESSION_WIDTH)
    assert values.shape == units.shape == (*shape[:2], count)
    for photo, channel in np.ndindex(*shape[:2]):
        pairs = [(v, u) for v, u in zip(values[photo, channel], units[photo, channel], strict=True) if v > 0]
        assert [(pytest.approx(float(v)), int(u)) for v, u in pairs] == wanted[photo][channel]
    assert (values[..., :-1] >= values[..., 1:]).all() and units.max() < shape[2] * shape[3]


@pytest.mark.parametrize("width", [6, 14])
def test_an_empty_map_has_no_peak(width: int) -> None:
    values, units = strongest_peaks(compete(torch.zeros(2, 3, width, width)), 4)
    assert (values == 0).all() and (units < width * width).all()


@pytest.mark.parametrize(
    ("height", "width", "stride", "first"),
    [(7, 7, 32.0, 16.0), (28, 28, 8.0, 4.5), (1, 1, 1.0, 112.0), (9, 4, 20.0, 50.0)],
)
@pytest.mark.parametrize("cells", [1, 2, 14])
def test_a_map_is_read_where_its_units_look(height: int, width: int, stride: float, first: float, cells: int) -> None:
    values = random_maps((1, 1, height, width), 2)[0, 0]
    found = read_grid(values[None, None], context_axes(layer(height, width, stride, first), 224, cells))
    wanted = slow.read_grid(values.double().numpy(), first, stride, 224, cells)
    np.testing.assert_allclose(found[0, :, 0], wanted.ravel(), rtol=1e-4, atol=1e-5)


def context_layers() -> tuple[list[ContextLayer], np.ndarray]:
    """Two layers, one without evidence on the second photo, and their evidence side by side, read slowly."""
    layers = [layer(7, 7, 32.0, 16.0), layer(14, 14, 16.0, 8.0, 4)]
    maps = [random_maps((2, 3, 7, 7), 3).clamp_min(0), random_maps((2, 4, 14, 14), 4).clamp_min(0)]
    maps[0][1] = 0
    axes = [context_axes(each, 224, 5) for each in layers]
    ready = [ContextLayer(m, context_lengths(m, a), a) for m, a in zip(maps, axes, strict=True)]
    read = [
        np.array([[slow.read_grid(c.double().numpy(), l.first_centre, l.stride, 224, 5) for c in photo] for photo in m])
        for m, l in zip(maps, layers, strict=True)
    ]
    return ready, slow.context_evidence(read)


def test_context_is_every_layers_direction_side_by_side() -> None:
    layers, wanted = context_layers()
    found = context_evidence(layers)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert (found.norm(dim=2) < 1 + 1e-5).all()


def test_a_few_filters_of_the_context_are_what_they_are_among_all() -> None:
    layers, wanted = context_layers()
    few = [layers[0]._replace(maps=layers[0].maps[:, 1:2]), layers[1]._replace(maps=layers[1].maps[:, [0, 3]])]
    np.testing.assert_allclose(context_evidence(few), wanted[..., [1, 3, 6]], rtol=1e-4, atol=1e-5)


def test_the_projected_context_is_the_projection_of_the_contexts_direction() -> None:
    layers, evidence = context_layers()
    mean = torch.from_numpy(evidence.mean((0, 1))).float()
    projection = torch.linalg.qr(torch.randn(7, 4, generator=torch.Generator().manual_seed(8))).Q
    wanted = slow.projected_direction(evidence, mean.numpy(), projection.numpy())
    np.testing.assert_allclose(projected_context(layers, mean, projection), wanted, rtol=1e-4, atol=1e-5)


def test_the_projected_direction_is_the_projection_of_the_direction() -> None:
    generator = torch.Generator().manual_seed(5)
    evidence = torch.rand(3, 4, 10, generator=generator)
    mean = evidence.mean((0, 1))
    projection = torch.linalg.qr(torch.randn(10, 6, generator=generator)).Q
    found = projected_direction(evidence, mean, projection)
    np.testing.assert_allclose(
        found, slow.projected_direction(evidence.numpy(), mean.numpy(), projection.numpy()), atol=1e-5
    )
    torch.testing.assert_close(found, context_direction(evidence, mean) @ projection, atol=1e-5, rtol=1e-4)


def test_evidence_that_equals_the_mean_has_next_to_no_direction() -> None:
    mean = torch.rand(300, generator=torch.Generator().manual_seed(6)) / 10
    found = projected_direction(mean.expand(5, 9, 300), mean, torch.eye(300))
    assert found.isfinite().all() and found.abs().max() < 0.1


@pytest.mark.parametrize(("height", "width"), [(7, 7), (1, 1), (5, 1), (1, 5), (3, 8)])
def test_units_stand_at_their_receptive_fields_centre(height: int, width: int) -> None:
    units = torch.arange(height * width).reshape(height, width)
    found = unit_places(units, width, 4.5, 8.0, 224)
    assert found.shape == (height, width, 2)
    for unit in range(height * width):
        assert found[unit // width, unit % width].tolist() == pytest.approx(slow.unit_place(unit, width, 4.5, 8.0, 224))


def test_the_grid_covers_the_crop_evenly_row_by_row() -> None:
    assert grid_places(2).tolist() == [[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]


@pytest.mark.parametrize(("samples", "channels", "count"), [(20, 64, 32), (200, 64, 32), (20, 64, 8), (64, 64, 64)])
def test_main_directions_keep_as_much_as_the_eigenvectors_of_all_products(
    samples: int, channels: int, count: int
) -> None:
    directions = random_maps((samples, channels))
    directions[samples // 2 :: 3] = directions[0]
    found = main_directions(directions, count)
    assert torch.allclose(found.T @ found, torch.eye(count), atol=1e-5)
    best = torch.linalg.eigh((directions.T @ directions).double()).eigenvectors[:, -count:]
    kept, most = (directions @ found).square().sum(), (directions.double() @ best).square().sum()
    assert float(kept) == pytest.approx(float(most), rel=1e-4)
