"""The part of a network above a layer, and accounts that add up, on networks of several kinds with random weights."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from egraph.errors import UsageError
from egraph.explaining.contributions import (
    STEPS,
    TOLERANCE,
    contributions,
    gradient_at,
    mean_gradients,
    midpoints,
    pooled_head,
)
from egraph.explaining.drops import measured_drops
from egraph.explaining.score import Score, class_score, probabilities, region_weights
from egraph.explaining.texture import shuffled, survival, texture_shares, torn_apart
from egraph.explaining.upper import upper_networks
from egraph.explaining.without import answer_without, equal_mass
from egraph.network.layers import activations
from egraph.network.load import load_network
from egraph.network.memory import network_in_memory
from egraph.network.network import Network
from egraph.network.preprocessing import Preprocessing
from egraph.photos.photo import Box


class Small(nn.Module):
    """Two stages with a shortcut around the second, one ReLU for all, pooled maps and a linear layer."""

    def __init__(self, dense: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.relu = nn.ReLU(inplace=True)
        self.first = nn.Conv2d(3, 8, 3, 4, 1)
        self.lower = nn.Conv2d(8, 8, 3, 2, 1)
        self.upper = nn.Conv2d(8, 12, 3, 1, 1)
        self.shortcut = nn.Conv2d(8, 12, 1, 2)
        self.last = nn.ReLU()
        self.head = nn.Conv2d(12, 5, 1) if dense else nn.Linear(12, 5)
        self.dense = dense

    def forward(self, x: Tensor) -> Tensor:
        seen = self.relu(self.first(x))
        maps = self.last(self.upper(self.relu(self.lower(seen))) + self.shortcut(seen))
        return self.head(maps) if self.dense else self.head(maps.mean((2, 3)))


def small(dense: bool = False) -> Network:
    return network_in_memory(Small(dense), Preprocessing(size=64))


def picture(network: Network, seed: int = 1) -> Tensor:
    size = network.preprocessing.size
    crop = np.random.default_rng(seed).integers(0, 255, (1, size, size, 3), dtype=np.uint8)
    return network.preprocess(crop)


def hooked(network: Network, layer: str, view: Tensor, maps: Tensor) -> Tensor:
    """The slow way: the whole network, with the layer's output replaced."""
    handle = network.module.get_submodule(layer).register_forward_hook(lambda *_: maps)
    try:
        with torch.no_grad():
            return network.module(view.expand(len(maps), -1, -1, -1))
    finally:
        handle.remove()


NETWORKS = [
    ("resnet18", "layer3"),
    ("resnet18", "layer3.1.conv1"),
    ("squeezenet1_1", "features.7"),
    ("alexnet", "features.8"),
]


@pytest.mark.parametrize(("name", "layer"), NETWORKS)
def test_the_upper_part_answers_like_the_whole_network_with_the_maps_put_in(name: str, layer: str) -> None:
    network = load_network(name, "random:2")
    view = picture(network)
    (upper,) = upper_networks(network, [layer], view)
    with torch.no_grad():
        torch.testing.assert_close(upper.answer, network.module(view))
        maps = upper.maps * torch.rand(2, *upper.maps.shape, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(
            upper(maps.clone()), hooked(network, layer, view, maps.clone()), rtol=1e-3, atol=1e-4
        )
    assert not [module for module in network.module.modules() if "forward" in vars(module)], "all is as it was"


def test_what_lies_beside_the_layer_stays_as_it_was_and_nothing_below_is_computed() -> None:
    network = small()
    view = picture(network)
    lower, last = upper_networks(network, ["lower", "last"], view)
    maps = torch.rand(3, *lower.maps.shape, generator=torch.Generator().manual_seed(0))
    wanted = hooked(network, "lower", view, maps.clone())
    for name in ("first", "lower"):
        network.module.get_submodule(name)._conv_forward = None  # cannot be run any more
    with torch.no_grad():
        torch.testing.assert_close(lower(maps.clone()), wanted)
    assert pooled_head(last) is network.module.head and pooled_head(lower) is None


@pytest.mark.parametrize(("name", "layer"), NETWORKS[1:])
def test_an_account_adds_up_by_integrated_gradients(name: str, layer: str) -> None:
    network = load_network(name, "random:2")
    (upper,) = upper_networks(network, [layer], picture(network))
    top = int(upper.answer.argmax())
    score = Score(class_score(upper.answer.shape[1], top, (top + 1) % 1000))
    found = contributions(upper, score)
    assert found.steps >= STEPS and abs(found.remainder) <= TOLERANCE * abs(found.score - found.baseline)
    total = found.baseline + found.remainder + float(found.values.double().sum())
    assert total == pytest.approx(float(upper.answer[0, top] - upper.answer[0, (top + 1) % 1000]), abs=1e-3)


def test_steps_are_doubled_without_taking_one_twice() -> None:
    network = small()
    (upper,) = upper_networks(network, ["first"], picture(network))
    score, asked = Score(class_score(5, 2)), []

    def counted(answers: Tensor) -> Tensor:
        asked.append(len(answers))
        return score(answers)

    found = [next(rounds) for rounds in [mean_gradients(upper, counted)] for _ in range(4)]  # type: ignore[arg-type]
    assert [steps for steps, _ in found] == [STEPS, 2 * STEPS, 4 * STEPS, 8 * STEPS] and sum(asked) == 8 * STEPS + 1
    torch.testing.assert_close(found[0][1], gradient_at(upper, score, midpoints(STEPS)))
    for steps, mean in found[1:]:
        points = torch.arange(steps + 1) / steps
        each = torch.stack([gradient_at(upper, score, point[None]) for point in points])
        torch.testing.assert_close(mean, (each[1:] + each[:-1]).mean(0) / 2, atol=1e-6, rtol=1e-4)


def test_pooled_maps_and_a_linear_layer_are_accounted_for_exactly() -> None:
    network = small()
    (upper,) = upper_networks(network, ["last"], picture(network))
    head = pooled_head(upper)
    score = Score(class_score(5, 2))
    exact, integrated = contributions(upper, score, head), contributions(upper, score)
    assert head is not None and exact.steps == 0 and abs(exact.remainder) < 1e-5
    torch.testing.assert_close(exact.values, integrated.values, atol=1e-5, rtol=1e-3)
    share = torch.rand(4, *exact.values.shape, generator=torch.Generator().manual_seed(1))
    # a linear account says what is lost without any units
    torch.testing.assert_close(
        measured_drops(upper, score, share), (share * exact.values).sum((1, 2)), atol=1e-4, rtol=1e-3
    )


def test_a_dense_answer_is_explained_in_a_region() -> None:
    network = small(dense=True)
    (upper,) = upper_networks(network, ["last"], picture(network))
    region = region_weights(Box(0.25, 0.0, 0.5, 0.3), *upper.answer.shape[2:])
    score = Score(class_score(5, 1), region)
    found = contributions(upper, score, pooled_head(upper))
    assert pooled_head(upper) is None
    grid = region.view(upper.answer.shape[2:])
    wanted = (upper.answer[0] * grid).sum((1, 2))
    assert found.score == pytest.approx(float(wanted[1] - wanted.mean()), abs=1e-5)
    assert abs(found.remainder) <= TOLERANCE * abs(found.score - found.baseline)
    side = upper.answer.shape[2]
    columns = [max(0, min(0.75, (c + 1) / side) - max(0.25, c / side)) / 0.5 for c in range(side)]
    torch.testing.assert_close(grid.sum(0), torch.tensor(columns))


def test_scores_leave_out_what_changes_no_prediction() -> None:
    answers = torch.randn(3, 4)
    torch.testing.assert_close(Score(class_score(4, 1))(answers + 7), Score(class_score(4, 1))(answers))
    torch.testing.assert_close(Score(class_score(4, 1, 3))(answers), answers[:, 1] - answers[:, 3])
    assert class_score(1, 0).tolist() == [1.0] and float(probabilities(torch.zeros(1, 1))) == 0.5


def test_units_that_are_taken_away_have_their_usual_value() -> None:
    network = small()
    view = picture(network)
    maps = activations(network, ["last"], view)["last"][0].flatten(1)
    share, usual = torch.zeros_like(maps), torch.full((12,), 0.1)
    share[3], share[5] = 1.0, 0.5
    wanted = maps.clone()
    wanted[3] = wanted[3].clamp_max(0.1)
    wanted[5] = torch.where(wanted[5] > 0.1, (wanted[5] + 0.1) / 2, wanted[5])
    with torch.no_grad():
        answer = answer_without(network, view, {"last": share}, {"last": usual})
        torch.testing.assert_close(answer[0], network.module.head(wanted.mean(1)))
    drawn = equal_mass(maps, share, torch.Generator().manual_seed(0))
    mass, most = float((maps * share).sum()), float(maps.max())
    assert mass <= float((maps * drawn).sum()) <= mass + most and set(drawn.unique().tolist()) == {0.0, 1.0}


def tiles(crop: np.ndarray) -> list[bytes]:
    return sorted(crop[y : y + 16, x : x + 16].tobytes() for y in range(0, 64, 16) for x in range(0, 64, 16))


def test_shuffled_tiles_are_the_same_tiles_elsewhere() -> None:
    crop = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    made = shuffled(crop, np.random.default_rng(1))
    assert tiles(made) == tiles(crop) and not np.array_equal(made, crop)
    for seed in range(20):
        order = torn_apart(np.random.default_rng(seed)).tolist()
        assert sorted(order) == list(range(16)) and all(tile != place for place, tile in enumerate(order))
        pairs = [(order[k], order[k + 1]) for k in range(15) if k % 4 < 3]
        assert all(right != left + 1 or left % 4 == 3 for left, right in pairs)
        assert all(order[k + 4] != order[k] + 4 for k in range(12))
    odd = shuffled(crop[:50, :50], np.random.default_rng(1))
    assert odd.shape == (50, 50, 3)
    assert survival(torch.tensor([2.0, 1.0, 0.0]), torch.tensor([1.0, 3.0, 1.0])).tolist() == [0.5, 1.0, 0.0]
    network = small()
    even = np.full((64, 64, 3), 130, np.uint8)
    # nothing changes where all tiles are alike, except what the border does
    before = activations(network, ["first", "last"], network.preprocess(even[None]))
    shares = texture_shares(network, {name: maps.clamp_min(0).mean((0, 2, 3)) for name, maps in before.items()}, even)
    assert all(
        float(share.max()) <= 1 and float(share[share > 0].min()) == pytest.approx(1, abs=1e-4)
        for share in shares.values()
    )


class Answerless(nn.Sequential):
    """A trunk that answers with vectors of several places."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).flatten(2)


def test_what_gives_no_classes_is_refused() -> None:
    network = network_in_memory(
        Answerless(nn.Conv2d(3, 4, 3, 4), nn.ReLU(), nn.Conv2d(4, 4, 3)), Preprocessing(size=64)
    )
    with pytest.raises(UsageError, match="no classes"):
        upper_networks(network, ["1"], picture(network))
