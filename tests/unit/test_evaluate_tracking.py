"""Following a part: the score beside plain loops, and what it must say of nodes that are known."""

from pathlib import Path

import numpy as np
import pytest
import torch

from egraph.aog.labels import part_places
from egraph.errors import NothingYetError
from egraph.evaluation.tracking import BEST, displacement_error, evaluate_tracking
from egraph.evaluation.truth import CLEARLY_ASIDE, compare_with_boxes, orientation_share
from egraph.mining.graph_model import Placed
from egraph.photos.photo import Box, PhotoObject


def slow_error(places: np.ndarray, truth: np.ndarray, order: list[int], best: int) -> float:
    means = []
    for chosen_on, scored_on in ((order[0::2], order[1::2]), (order[1::2], order[0::2])):
        nodes = []
        for node in places:
            vector = np.mean([truth[i] - node[i] for i in chosen_on], axis=0)
            error = np.mean([np.linalg.norm(node[i] + vector - truth[i]) for i in chosen_on])
            nodes.append((error, [np.linalg.norm(node[i] + vector - truth[i]) for i in scored_on]))
        chosen = sorted(nodes, key=lambda pair: pair[0])[:best]
        means.append(np.mean([np.mean(errors) for _, errors in chosen]))
    return float(np.mean(means)) / np.sqrt(2)


@pytest.mark.parametrize(("nodes", "objects"), [(50, 20), (30, 7), (3, 4), (1, 2)])
def test_the_error_is_that_of_plain_loops(nodes: int, objects: int) -> None:
    generator = torch.Generator().manual_seed(nodes)
    places, truth = torch.rand(nodes, objects, 2, generator=generator), torch.rand(objects, 2, generator=generator)
    order = torch.randperm(objects, generator=generator)
    for given in (None, order):
        found = displacement_error(places, truth, given)
        wanted = slow_error(
            places.numpy(), truth.numpy(), list(range(objects)) if given is None else order.tolist(), BEST
        )
        assert found == pytest.approx(wanted, rel=1e-4)


def test_a_perfect_node_scores_nothing_wherever_it_stands() -> None:
    generator = torch.Generator().manual_seed(1)
    truth = torch.rand(12, 2, generator=generator)
    nodes = torch.rand(30, 12, 2, generator=generator)
    nodes[7] = truth + torch.tensor([0.2, -0.1])
    assert displacement_error(nodes, truth, best=1) == pytest.approx(0, abs=1e-6)
    assert displacement_error(nodes, truth, best=2) > 0.05


def test_every_still_node_scores_as_the_still_control() -> None:
    truth = torch.rand(13, 2, generator=torch.Generator().manual_seed(2))
    still = displacement_error(torch.full((1, 13, 2), 0.5), truth)
    for place in ([0.0, 0.0], [0.9, 0.1]):
        assert displacement_error(torch.tensor(place).expand(4, 13, 2), truth) == pytest.approx(still, rel=1e-5)


def labelled(count: int) -> list[PhotoObject]:
    """Objects 100 x 50 at (10, 20) whose eye wanders over them."""
    eyes = np.random.default_rng(0).uniform(0.1, 0.9, (count, 2))
    found = []
    for number, (row, column) in enumerate(eyes):
        box = Box(10 + 100 * column - 3, 20 + 50 * row - 2, 6, 4)
        found.append(PhotoObject(Path("a.png"), f"{number:064}", 200, 100, Box(10, 20, 100, 50), {"eye": (box,)}))
    return found


def test_the_part_is_brought_into_the_patterns_frame() -> None:
    objects = labelled(9)
    truth = part_places(objects, "eye")
    mirrored = np.arange(9) % 3 == 1
    canonical = torch.where(torch.from_numpy(mirrored)[:, None] & torch.tensor([False, True]), 1 - truth, truth)
    still = torch.full((2, 9, 2), 0.3)
    placed = Placed(
        places={"layer": canonical[None].expand(2, -1, -1)},
        alone={"layer": still},
        expected={"layer": still},
        prior={"layer": still[:, 0]},
        mass={"layer": torch.ones(2, 9)},
        fires={"layer": torch.ones(2, 9, dtype=torch.bool)},
        **{name: {"layer": torch.ones(2, 9)} for name in ("activation", "score", "likeness")},
        units={"layer": still},
        posed=True,
        peaks={"layer": still},
        peak_scores={"layer": torch.ones(2, 9)},
        mirrored=mirrored,
    )
    two_eyes = PhotoObject(Path("b.png"), "f" * 64, 200, 100, Box(0, 0, 9, 9), {"eye": (Box(0, 0, 1, 1),) * 2})
    found = evaluate_tracking(compare_with_boxes(placed, objects, "eye"), draws=3)
    assert found["egraph"].error == pytest.approx(0, abs=1e-6)
    for control in ("no_pose", "parents_only", "no_evidence", "raw_filters"):
        assert found[control].error == pytest.approx(found["still"].error, rel=1e-5)
    assert found["still"].low <= found["still"].error <= found["still"].high and found["still"].error > 0.05
    with pytest.raises(NothingYetError, match=r"Only 3 .*\.$"):
        compare_with_boxes(placed, [*objects[:3], two_eyes], "eye")


@pytest.mark.parametrize("flipped", [False, True])
def test_the_share_of_right_sides_does_not_depend_on_which_side_is_called_mirrored(flipped: bool) -> None:
    truth = torch.rand(40, 2, generator=torch.Generator().manual_seed(4))
    mirrored = torch.rand(40, generator=torch.Generator().manual_seed(5)) < 0.3
    right = [
        bool(truth[i, 1] > 0.5) == bool(mirrored[i]) for i in range(40) if abs(float(truth[i, 1]) - 0.5) > CLEARLY_ASIDE
    ]
    share = sum(right) / len(right)
    assert orientation_share(truth, mirrored ^ flipped) == pytest.approx(max(share, 1 - share))
    assert orientation_share(truth, (truth[:, 1] > 0.5) ^ flipped) == 1
    assert orientation_share(torch.full((5, 2), 0.52), torch.zeros(5, dtype=torch.bool)) is None
