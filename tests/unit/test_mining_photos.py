"""Anchors, orientation and pose beside their slow twins."""

import numpy as np
import pytest
import torch
from torch import Tensor

from egraph.mining import anchors as fast
from egraph.mining.orientation import (
    NEIGHBOURS,
    SETTLING_STEPS,
    SHARPNESS,
    find_agreements,
    solve_orientation,
    view_similarity,
)
from egraph.mining.pose import (
    PLACING_NUMBERS,
    RIDGE,
    SCORE_FLOOR,
    SMALLEST_CONFIDENCE,
    find_pose,
    orientation_weights,
    placing_loadings,
    placing_numbers,
    posed_displacements,
    posed_spread,
)
from egraph.responses.evidence import grid_places
from reference import photos as slow

CELLS = 6


def random_context(photos: int, channels: int, seed: int = 0) -> Tensor:
    context = torch.randn(photos, CELLS**2, channels, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(context, dim=2) * 0.7


@pytest.mark.parametrize("photos", [7, 1])
def test_one_round_of_anchors_is_that_of_plain_loops(photos: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "ITERATIONS", 1)
    context = random_context(photos, 9)
    found = fast.mine_anchors(lambda: iter(context.split(3)), CELLS)
    plain, grid, start = context.double().numpy(), grid_places(CELLS).numpy(), grid_places(fast.SIDE).numpy()
    templates, maps = slow.start_anchors(plain, grid, start, fast.START_BLUR, fast.START_SPREAD)
    scores = np.einsum("nuc,ac->anu", plain, templates)
    mean, deviation = scores.mean((1, 2)), scores.std((1, 2), ddof=1)
    posterior, peak = slow.anchor_posterior(
        scores, mean, deviation, maps, fast.PLACE_WEIGHT, fast.FLOOR, fast.TEMPERATURE, None
    )
    templates, maps = slow.update_anchors(plain, grid, posterior, peak, fast.PLACE_BLUR)
    np.testing.assert_allclose(found.templates, templates, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.place_map, maps, rtol=1e-3, atol=1e-5)
    scores = np.einsum("nuc,ac->anu", plain, templates)
    np.testing.assert_allclose(found.score_mean, scores.mean((1, 2)), atol=1e-5)
    np.testing.assert_allclose(found.score_deviation, scores.std((1, 2), ddof=1), rtol=1e-3)


def test_anchors_compete_for_places() -> None:
    generator = torch.Generator().manual_seed(1)
    scores = torch.randn(4, 3, CELLS**2, generator=generator)
    maps = torch.softmax(torch.randn(4, CELLS**2, generator=generator), 1)
    mean, deviation = scores.mean((1, 2)), scores.std((1, 2))
    found, peak = fast.anchor_posterior(scores, mean, deviation, maps)
    wanted, highest = slow.anchor_posterior(
        *(t.double().numpy() for t in (scores, mean, deviation, maps)),
        fast.PLACE_WEIGHT, fast.FLOOR, fast.TEMPERATURE, fast.COMPETITION_FLOOR,
    )  # fmt: skip
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(peak, highest, rtol=1e-4)
    placed = fast.place_anchors(scores, fast.Anchors(torch.zeros(4, 9), maps, mean, deviation))
    np.testing.assert_allclose(placed.places, wanted @ grid_places(CELLS).double().numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["nothing", "alike", "one photo"])
def test_anchors_stay_finite_and_on_the_crop_where_photos_tell_nothing(kind: str) -> None:
    context = random_context(6, 5)
    if kind == "nothing":
        context = torch.zeros_like(context)
    if kind == "alike":
        context = context[:1].expand_as(context)
    if kind == "one photo":
        context = context[:1]
    anchors = fast.mine_anchors(lambda: iter(context.split(4)), CELLS)
    placed = fast.place_anchors(fast.score_anchors(context, anchors.templates), anchors)
    for tensor in (anchors.templates, anchors.score_mean, placed.peak):
        assert tensor.isfinite().all()
    torch.testing.assert_close(anchors.place_map.sum(1), torch.ones(fast.SIDE**2))
    assert (placed.places > 0).all() and (placed.places < 1).all()


def test_an_anchor_follows_what_it_started_on() -> None:
    """One template wanders by up to a cell around the middle; the middle anchor goes with it."""
    generator = torch.Generator().manual_seed(2)
    photos, thing = 30, torch.zeros(12)
    thing[3] = 1.0
    context = torch.randn(photos, 14, 14, 12, generator=generator) * 0.05
    truth = torch.randint(5, 9, (photos, 2), generator=generator)
    for photo, (row, column) in enumerate(truth.tolist()):
        context[photo, row - 1 : row + 2, column - 1 : column + 2] += thing
    context = context.flatten(1, 2)
    anchors = fast.mine_anchors(lambda: iter([context]), 14)
    places = fast.place_anchors(fast.score_anchors(context, anchors.templates), anchors).places
    wanted = (truth + 0.5) / 14
    error = (places - wanted).norm(dim=2).mean(1).min()
    still = (wanted - wanted.mean(0)).norm(dim=1).mean()
    assert error < 0.5 * still


@pytest.mark.parametrize("block", [1, 4, 100])
def test_view_similarity_is_the_cosine_about_the_mean(block: int) -> None:
    views = torch.rand(5, 2, 9, 4, generator=torch.Generator().manual_seed(3))
    found = view_similarity(lambda cells: views[:, :, cells], 9, block=block)
    np.testing.assert_allclose(found, slow.view_similarity(views.numpy()), rtol=1e-3, atol=1e-5)


def seen(sides: Tensor, seed: int, noise: float = 0.5, cells: int = 4) -> Tensor:
    """Views (photos, 2, cells * cells, channels) of one animal that faces left or right, with noise."""
    generator = torch.Generator().manual_seed(seed)
    animal = torch.randn(cells, cells, 6, generator=generator)
    photos = animal + noise * torch.randn(len(sides), cells, cells, 6, generator=generator)
    photos = torch.where(sides[:, None, None, None], photos.flip(2), photos)
    return torch.stack([photos, photos.flip(2)], 1).flatten(2, 3)


@pytest.mark.parametrize(("count", "at_once"), [(2, 9), (5, 9), (12, 5), (20, 20), (45, 99), (45, 8)])
def test_orientation_is_that_of_plain_loops(count: int, at_once: int) -> None:
    sides = torch.arange(count) % 5 < 2
    views = seen(sides, 4, 1.5)
    similarity = view_similarity(lambda cells: views[:, :, cells], 16)
    found = solve_orientation(find_agreements(lambda cells: views[:, :, cells], 16, count, at_once=at_once))
    wanted = slow.solve_orientation(similarity.double().numpy(), NEIGHBOURS, SETTLING_STEPS, SHARPNESS)
    if (found > 0).sum() * 2 == count:
        wanted = wanted * np.sign(wanted @ found.double().numpy())
    np.testing.assert_allclose(found, wanted, atol=1e-2)


@pytest.mark.parametrize("mirrored", [0, 1, 20, 29, 30, 31, 59, 60])
def test_mirrored_photos_are_found_and_the_larger_half_stays(mirrored: int) -> None:
    sides = torch.randperm(60, generator=torch.Generator().manual_seed(5)) < mirrored
    found = solve_orientation(find_agreements(lambda cells: seen(sides, 6)[:, :, cells], 16, 60)) > 0
    assert int(found.sum()) == min(mirrored, 60 - mirrored)
    assert found.equal(sides) or found.equal(~sides)


@pytest.mark.parametrize("count", [1, 2, 4, 20])
@pytest.mark.parametrize("kind", ["alike", "symmetric", "nothing"])
def test_photos_that_do_not_tell_a_side_stay_as_they_are(count: int, kind: str) -> None:
    views = torch.rand(count, 2, 16, 6, generator=torch.Generator().manual_seed(7))
    if kind == "alike":
        views = views[:1].expand_as(views)
    if kind == "symmetric":
        views = views[:, :1].expand_as(views)
    if kind == "nothing":
        views = torch.zeros_like(views)
    found = solve_orientation(find_agreements(lambda cells: views[:, :, cells], 16, count))
    assert found.shape == (count,) and found.isfinite().all()
    assert not (found > 0).any()


@pytest.mark.parametrize(("photos", "numbers"), [(9, 4), (3, 16), (20, 16), (1, 2), (60, 4)])
def test_pose_is_the_singular_directions_of_the_displacements(photos: int, numbers: int) -> None:
    displacement = torch.randn(30, photos, 2, generator=torch.Generator().manual_seed(8)) * 0.1
    found = find_pose(lambda: iter(displacement.split(11)), numbers)
    loadings, vectors = slow.find_pose(displacement.double().numpy(), numbers)
    sign = np.sign((vectors * found.vectors.double().numpy()).sum(0))
    np.testing.assert_allclose(found.vectors, vectors * sign, atol=1e-4)
    np.testing.assert_allclose(found.loadings, loadings * sign[None, :, None], atol=1e-4)
    for photo in range(photos):
        u = displacement[:, photo]
        read = torch.einsum("prc,pc->r", found.loadings, u) / u.norm()
        torch.testing.assert_close(read, found.vectors[photo], atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(("photos", "numbers"), [(9, 4), (30, 16), (3, 16)])
def test_patterns_of_any_layer_are_placed_by_regression_on_the_pose(photos: int, numbers: int) -> None:
    generator = torch.Generator().manual_seed(10)
    displacement = torch.randn(30, photos, 2, generator=generator) * 0.1
    other = torch.randn(7, photos, 2, generator=generator) * 0.1
    pose = find_pose(lambda: iter(displacement.split(11)), numbers)
    torch.testing.assert_close(pose.lengths, displacement.square().sum((0, 2)).sqrt())
    told_by = placing_numbers(pose.vectors, pose.lengths)
    assert told_by.shape == (photos, min(photos, numbers, PLACING_NUMBERS))
    for moved in (displacement, other):
        loadings = placing_loadings(moved, pose)
        halves = [placing_loadings(moved[:, some], pose, some) for some in (slice(0, 2), slice(2, photos))]
        torch.testing.assert_close(sum(halves), loadings, atol=1e-5, rtol=1e-4)
        expected, told = slow.placed_by_pose(
            moved.double().numpy(), pose.vectors.double().numpy(), pose.lengths.double().numpy(), PLACING_NUMBERS
        )
        np.testing.assert_allclose(loadings, expected, atol=2e-4)
        np.testing.assert_allclose(posed_displacements(loadings, told_by), told, atol=2e-4)
        spread = np.sqrt((told**2).sum(2).mean(1))
        np.testing.assert_allclose(posed_spread(loadings, told_by), spread, atol=2e-4)
    shared = pose.loadings[:, :PLACING_NUMBERS]
    torch.testing.assert_close(placing_loadings(displacement, pose), shared, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("patterns", [0, 5])
def test_pose_of_what_does_not_move_is_finite(patterns: int) -> None:
    found = find_pose(lambda: iter([torch.zeros(patterns, 6, 2)]))
    assert found.loadings.shape == (patterns, 6, 2) and found.vectors.shape == (6, 6)
    assert found.loadings.isfinite().all() and found.vectors.abs().max() < 1e-3
    assert orientation_weights(lambda: iter([(torch.zeros(patterns, 6),) * 2]), torch.zeros(6)).abs().sum() == 0


def test_orientation_weights_are_a_weighted_ridge_regression() -> None:
    generator = torch.Generator().manual_seed(9)
    canonical, other = torch.rand(12, 9, generator=generator), torch.rand(12, 9, generator=generator)
    canonical[4] = other[4] = 0
    confidence = torch.rand(9, generator=generator) * 2 - 1
    confidence[3] = 0
    blocks = list(zip(canonical.split(5), other.split(5), strict=True))
    found = orientation_weights(lambda: iter(blocks), confidence)
    wanted = slow.orientation_weights(
        *(t.double().numpy() for t in (canonical, other, confidence)), RIDGE, SCORE_FLOOR, SMALLEST_CONFIDENCE
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-2, atol=1e-4)
