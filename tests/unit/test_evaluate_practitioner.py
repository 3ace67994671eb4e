"""What a practitioner would do without a graph: likeness against a slow reference, a head on features made up here."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from egraph.evaluation.correspondence import WINDOW, correspondences, mutual_distance, window_place
from egraph.evaluation.practitioner import moved_crops
from egraph.evaluation.self_training import head_places, train_head
from egraph.photos.photo import Box, PhotoObject
from egraph.responses.evidence import grid_places
from reference import correspondence as slow

CELLS, FILTERS = 6, 5


def random_views(objects: int, cells: int = CELLS, filters: int = FILTERS, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).random((objects, 2, cells**2, filters)).astype(np.float32))


@pytest.mark.parametrize("seed", range(4))
def test_labels_are_carried_over_as_the_slow_way_does(seed: int) -> None:
    views, grid = random_views(5, seed=seed), grid_places(CELLS)
    labels = torch.tensor([[0, 1], [1, 2]])
    places = torch.rand(2, 2, 2, generator=torch.Generator().manual_seed(seed))
    found = correspondences(views, labels, places, views[2:], grid)
    for i, rows in enumerate(labels.tolist()):
        for j, target in enumerate(views[2:].numpy()):
            carried = [
                slow.carry(views[row, 0].numpy(), places[i, k].numpy(), target, CELLS) for k, row in enumerate(rows)
            ]
            assert found[i, j].numpy() == pytest.approx(np.mean(carried, 0), abs=1e-5)


def test_both_views_are_chosen_somewhere() -> None:
    """So that the comparison with the slow way is one of both."""
    views = torch.nn.functional.normalize(random_views(9), dim=-1)
    alike = torch.einsum("sf,nvtf->nvst", views[0, 0], views)
    distance = mutual_distance(alike)
    assert distance.argmin(1).unique().tolist() == [0, 1]
    for pair, expected in zip(alike.flatten(0, 1), distance.flatten(), strict=True):
        assert slow.mutual_distance(pair.numpy()) == pytest.approx(float(expected), abs=1e-6)


def test_a_mirrored_photo_gives_the_mirrored_place() -> None:
    views, grid = random_views(1, filters=40), grid_places(CELLS)
    place = torch.tensor([[[0.25, 0.08]]])
    itself, mirrored = (
        correspondences(views, torch.tensor([[0]]), place, target, grid)[0, 0] for target in (views, views.flip(1))
    )
    assert torch.allclose(mirrored, torch.stack([itself[0], 1 - itself[1]]), atol=1e-6)
    assert (itself - place[0, 0]).abs().max() < 1 / CELLS


def test_far_units_have_no_say() -> None:
    grid = grid_places(CELLS)
    score = torch.zeros(CELLS**2)
    score[0] = 0.1
    near = window_place(score, grid)
    assert float(near.max()) < WINDOW / CELLS
    score[-1] = 0.09
    assert torch.equal(window_place(score, grid), near)


def planted(objects: int, marks: list[int], seed: int) -> tuple[Tensor, Tensor]:
    """Views of noise in which some filters are stronger at the part, with its mirror, and the parts' units."""
    chance = np.random.default_rng(seed)
    views = torch.from_numpy(chance.random((objects, 2, CELLS**2, 30)).astype(np.float32))
    unit = torch.from_numpy(chance.integers(0, CELLS**2, objects))
    other = unit - unit % CELLS + CELLS - 1 - unit % CELLS
    for mark in marks:
        views[torch.arange(objects), 0, unit, mark] += 1.0
        views[torch.arange(objects), 1, other, mark] += 1.0
    return torch.nn.functional.normalize(views, dim=-1), unit


def test_a_head_learns_what_marks_the_part() -> None:
    grid = grid_places(CELLS)
    views, unit = planted(60, [3], 1)
    head = train_head(views[:3], grid[unit[:3]], views[3:40], grid, 0)
    assert int(head.argmax()) == 3
    off = (head_places(views[40:], head, grid) - grid[unit[40:]]).norm(dim=1)
    untrained = (head_places(views[40:], torch.zeros(30), grid) - grid[unit[40:]]).norm(dim=1)
    assert off.mean() < 0.5 * untrained.mean()
    assert torch.equal(head, train_head(views[:3], grid[unit[:3]], views[3:40], grid, 0))


def test_unlabelled_objects_teach_a_head() -> None:
    """What stands beside the labels' mark on objects without a label finds the part where that mark is missing."""
    grid = grid_places(CELLS)
    (labelled, unit), (unlabelled, _) = planted(3, [3], 1), planted(40, [3, 4], 2)
    targets, there = planted(20, [4], 3)
    alone = train_head(labelled, grid[unit], torch.zeros(4, 2, CELLS**2, 30), grid, 0)
    taught = train_head(labelled, grid[unit], unlabelled, grid, 0)
    off = [(head_places(targets, head, grid) - grid[there]).norm(dim=1).mean() for head in (alone, taught)]
    assert off[1] < 0.9 * off[0]


def test_moved_crops_stay_in_the_photo_and_show_the_part() -> None:
    sha = hashlib.sha256(b"photo").hexdigest()
    inside = PhotoObject(Path("a.png"), sha, 100, 80, Box(5, 5, 90, 70), {"head": (Box(40, 30, 10, 10),)})
    corner = replace(inside, parts={"head": (Box(2, 2, 7, 7),)})
    moved = moved_crops([inside], "head", 0)
    assert len(moved) == 8 and len({o.box for o in moved}) == 8
    for o in [*moved, *moved_crops([corner], "head", 0)]:
        part, box = o.parts["head"][0], o.box
        assert box.x >= 0 and box.y >= 0 and box.x + box.width <= 100 and box.y + box.height <= 80
        assert box.x < part.x + part.width / 2 < box.x + box.width
        assert box.y < part.y + part.height / 2 < box.y + box.height
    assert 0 < len(moved_crops([corner], "head", 0)) < 8
