"""Patterns are put where the pose of the object tells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from egraph.mining import pose_regression
from egraph.mining.graph_tables import chosen_rows
from egraph.mining.layer import mine_layer
from egraph.mining.mined_layer import MinedLayer
from egraph.mining.pose import PLACING_NUMBERS, Pose, find_pose, placing_numbers, posed_displacements
from egraph.mining.pose_record import PoseRecord
from egraph.mining.pose_regression import layer_loadings, placed_by_pose
from reference.planted import Planted, plant


def swaying(seed: int, photos: int = 60) -> Planted:
    """A world whose patterns move in two ways together, farther than their anchors tell, each with a jitter of its own
    in what it shows of that."""
    world = plant(seed, filters=20, photos=photos)
    rng = np.random.default_rng(seed)
    anchors = world.anchors[:2]
    sway = rng.normal(0, 0.05, (photos, 2))[None, None] + np.zeros_like(world.found)
    truth = world.place[:, :, None] + sway + 0.8 * anchors[world.parent % 2]
    shown = truth + rng.normal(0, 0.03, truth.shape)
    places = world.places.copy()
    for f, k, i in np.ndindex(*shown.shape[:3]):
        at = np.linalg.norm(world.places[f, i] - world.found[f, k, i], axis=1).argmin()
        places[f, i, at] = shown[f, k, i]
    return replace(world, found=truth, anchors=anchors, places=places)


def mine(world: Planted, folder: Path) -> tuple[MinedLayer, Pose]:
    record = PoseRecord(folder, world.anchors.shape[1])
    mined = mine_layer(world.task(), world.reader(), record)
    return mined, find_pose(record.read_displacements, 16)


def reader(world: Planted) -> pose_regression.PhotoReader:
    return world.peaks


@pytest.mark.parametrize("at_once", [1, 10_000, 10_000_000])
def test_a_second_look_at_the_posed_layer_gives_the_loadings_of_its_pose(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at_once: int
) -> None:
    monkeypatch.setattr(pose_regression, "AT_ONCE", at_once)
    world = swaying(3)
    mined, pose = mine(world, tmp_path)
    anchors = torch.from_numpy(world.anchors).float()
    again = layer_loadings(mined, len(world.values), reader(world), anchors, pose, 0)
    torch.testing.assert_close(again, pose.loadings[:, :PLACING_NUMBERS], atol=3e-3, rtol=0)


def test_the_photos_of_one_process_among_others_are_found_in_the_pose(tmp_path: Path) -> None:
    world = swaying(4)
    mined, pose = mine(world, tmp_path)
    anchors = torch.from_numpy(world.anchors).float()
    whole = layer_loadings(mined, len(world.values), reader(world), anchors, pose, 0)
    parts = []
    for some in (slice(0, 40), slice(40, 60)):
        columns = {name: getattr(world, name)[:, some] for name in ("values", "places")}
        own = replace(world, **columns, contexts=world.contexts[:, :, some])
        parts.append(layer_loadings(mined, len(world.values), reader(own), anchors[:, some], pose, some.start))
    torch.testing.assert_close(parts[0] + parts[1], whole, atol=1e-5, rtol=1e-4)
    rows = mined.firings.object >= 40
    later = chosen_rows(mined.firings, rows)
    later = replace(later, object=later.object - 40)
    np.testing.assert_allclose(
        placed_by_pose(replace(mined, firings=later), whole, pose, 40).firings.expected,
        placed_by_pose(mined, whole, pose, 0).firings.expected[rows],
        atol=1e-6,
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_all_patterns_tell_together_is_nearer_the_truth_than_what_each_one_shows(
    tmp_path: Path, seed: int
) -> None:
    world = swaying(seed)
    mined, pose = mine(world, tmp_path)
    placed = placed_by_pose(mined, pose.loadings, pose, 0)
    told, alone = [], []
    planted = np.flatnonzero(mined.patterns.filter[mined.firings.pattern] < len(world.found))
    for row in planted:
        pattern, photo = mined.firings.pattern[row], mined.firings.object[row]
        truth = world.found[mined.patterns.filter[pattern], :, photo]
        for errors, place in ((told, placed.firings.expected[row]), (alone, mined.firings.expected[row])):
            errors.append(np.linalg.norm(truth - place, axis=1).min())
    assert len(told) > 300 and np.mean(told) < 0.85 * np.mean(alone)
    moved = posed_displacements(pose.loadings, placing_numbers(pose.vectors, pose.lengths))
    np.testing.assert_allclose(placed.patterns.spread, moved.square().sum(2).mean(1).sqrt(), atol=1e-5)


def test_a_layer_without_patterns_has_no_loadings(tmp_path: Path) -> None:
    world = plant(2, filters=3, photos=12)
    _, pose = mine(world, tmp_path)
    world.values[:] = 0
    nothing = mine_layer(world.task(), world.reader())
    loadings = layer_loadings(nothing, len(world.values), reader(world), world.task().anchors, pose, 0)
    assert loadings.shape == (0, PLACING_NUMBERS, 2)
    assert len(placed_by_pose(nothing, loadings, pose, 0).patterns.spread) == 0
