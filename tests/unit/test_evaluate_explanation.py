"""What measures explanations, beside other libraries and plain counting."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from egraph.evaluation.activation import LayerActivation, held_out, scattered_units
from egraph.evaluation.explanation import (
    CELLS,
    DELETED,
    Curves,
    blurred_curves,
    correlation_and_slope,
    grad_cam,
    on_cells,
    take_away,
    unit_groups,
)
from egraph.explaining.account import LayerPatterns, layer_view
from egraph.explaining.contributions import gradient_at, gradient_times_activation, midpoints
from egraph.explaining.mixture import fit_mixture
from egraph.explaining.score import Score, class_score
from egraph.explaining.upper import UpperNetwork, upper_networks
from egraph.explaining.view import View, layer_units
from egraph.network.layer import LayerGeometry
from egraph.network.memory import network_in_memory
from egraph.network.preprocessing import Preprocessing
from egraph.photos.photo import Box

LAYER = LayerGeometry("1", 0, 6, 8, 8, 8.0, 4.0, 9.0)
VIEW = View(Box(0, 0, 64, 64), Box(0.125, 0.125, 0.75, 0.75))


@pytest.fixture(scope="module")
def upper() -> UpperNetwork:
    """The upper half of a small network with random weights, on a random picture."""
    return upper_networks(network_in_memory(module(), Preprocessing(size=64)), ["1"], picture())[0]


def module() -> nn.Sequential:
    torch.manual_seed(0)
    below = nn.Conv2d(3, 6, 9, 8, 4), nn.ReLU()
    above = nn.Conv2d(6, 8, 3, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4)
    return nn.Sequential(*below, *above)


def picture() -> Tensor:
    return torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))


SCORE = Score(class_score(4, 2))


def test_integrated_gradients_are_captums() -> None:
    made = module()
    with torch.no_grad():
        made[0].bias.zero_()
        made[0].weight.abs_()
    (own,) = upper_networks(network_in_memory(made, Preprocessing(size=64)), ["1"], picture())
    own_module = own.network.module
    attribution = LayerIntegratedGradients(lambda x: SCORE(own_module(x)), own_module.get_submodule("1"))
    # with weights above 0 and no bias, every unit of the layer gives 0 for it
    dark = torch.full((1, 3, 64, 64), -1e6)
    found = attribution.attribute(picture(), dark, n_steps=200, method="riemann_middle")
    ours = gradient_at(own, SCORE, midpoints(200)) * own.maps
    torch.testing.assert_close(ours, found[0].float(), atol=1e-4, rtol=1e-3)


def test_grad_cam_is_that_of_the_reference_but_for_its_scale_and_relu(upper: UpperNetwork) -> None:
    seen = upper.network.module
    with GradCAM(seen, [seen.get_submodule("1")]) as reference:
        wanted = torch.from_numpy(reference(picture().requires_grad_(), [ClassifierOutputTarget(2)]))[0]
    ours = grad_cam(upper, Score(torch.eye(4)[2])).view(1, 1, 8, 8).clamp_min(0)
    wide = nn.functional.interpolate(ours, wanted.shape, mode="bilinear")[0, 0]
    assert float(torch.corrcoef(torch.stack([wide.flatten(), wanted.flatten()]))[0, 1]) > 0.98


def test_a_gradient_times_the_activation_is_that_of_differences(upper: UpperNetwork) -> None:
    found = gradient_times_activation(upper, SCORE)
    step = 1e-3
    filter_, unit = np.unravel_index(int(found.abs().argmax()), found.shape)
    moved = upper.maps.clone().flatten(1)
    moved[filter_, unit] *= 1 + step
    with torch.no_grad():
        change = SCORE(upper(moved.view(1, 6, 8, 8))) - SCORE(upper.answer)
    assert float(found[filter_, unit]) == pytest.approx(float(change) / step, rel=0.05)


def test_a_map_is_read_between_its_units() -> None:
    places = (torch.arange(7) + 0.5) / 7
    rows, columns = torch.meshgrid(places, places, indexing="ij")
    seen = on_cells((2 * rows - columns).flatten(), places).view(CELLS, CELLS)
    centres = ((torch.arange(CELLS) + 0.5) / CELLS).clamp(places[0], places[-1])
    torch.testing.assert_close(seen, 2 * centres[:, None] - centres)


def test_curves_sum_up_as_their_areas() -> None:
    strongest, weakest = np.linspace(0.9, 0.1, len(DELETED)), np.full(len(DELETED), 0.95)
    curves = Curves(strongest, weakest)
    assert curves.deletion == pytest.approx(strongest[:4].mean()) and curves.insertion == pytest.approx(0.95)
    assert curves.gain > 0 and Curves(weakest, weakest).gain == 0


def test_blurring_what_a_network_looks_at_first_takes_its_score() -> None:
    """A network that sees checks, on a picture with checks in a corner."""
    made = nn.Sequential(nn.Conv2d(3, 2, 8, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    checks = (torch.arange(8)[:, None] + torch.arange(8)) % 2 * 2.0 - 1
    with torch.no_grad():
        made[0].weight.copy_(checks.expand(2, 3, 8, 8))
        made[4].weight.copy_(torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
        made[0].bias.zero_(), made[4].bias.zero_()
    seen = torch.zeros(1, 3, 112, 112)
    seen[:, :, 16:48, 16:48] = checks.repeat(4, 4)
    (upper,) = upper_networks(network_in_memory(made, Preprocessing(size=112)), ["1"], seen)
    score = Score(class_score(2, 0))
    values = gradient_at(upper, score, midpoints(4)) * upper.maps
    order = on_cells(values.sum(0).flatten(), (torch.arange(14) + 0.5) / 14)
    own, contrary = (blurred_curves(upper, score, seen, o) for o in (order, -order))
    # 16 of the 196 cells have checks: a tenth of the cells are all of them, and blurring the others takes nothing
    assert own.strongest[DELETED.index(0.1) :] == pytest.approx(0, abs=0.02)
    assert own.weakest[: DELETED.index(0.9)] == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(contrary.gain, -own.gain, atol=0.05)
    assert own.gain > 0.8


def planted(random: torch.Generator) -> LayerActivation:
    """Four filters on 12 views: two with a pattern that is always at its place, two scattered."""
    units = layer_units([VIEW] * 12, LAYER, 64)
    places = torch.tensor([[0.25, 0.25], [0.75, 0.5]])[:, None].expand(2, 12, 2).contiguous()
    distance = (units.places[None] - places[:, :, None]).square().sum(3)  # (2, n, U)
    mass = torch.cat([torch.exp(-distance / 0.01), torch.rand(2, 12, 64, generator=random)])
    return LayerActivation(mass, torch.tensor([0, 1]), places, np.zeros(12, bool), units)


def test_patterns_explain_what_is_at_its_place_and_not_what_is_scattered() -> None:
    sample = planted(torch.Generator().manual_seed(0))
    steady = replace(sample, mass=sample.mass[:2])
    assert held_out(steady).explained > 0.9
    thrown = scattered_units(steady, 0)
    on = sample.units.on_object[0]
    torch.testing.assert_close(thrown.mass[:, :, on].sort(2).values, steady.mass[:, :, on].sort(2).values)
    assert held_out(thrown).explained < 0.3


def test_groups_of_units_are_taken_away_beside_as_much_at_random(upper: UpperNetwork) -> None:
    sample = planted(torch.Generator().manual_seed(0))
    six = fit_mixture(torch.cat([sample.mass, sample.mass[2:]]), sample.filter, sample.places, sample.units)
    patterns = LayerPatterns(["a", "b"], six, torch.tensor([0, 1]))
    view = layer_view(patterns, upper, layer_units([VIEW], LAYER, 64), sample.places[:, 0], torch.zeros(6), SCORE)
    names, share = unit_groups(view, 0)
    assert len(names) == len(share) == 11
    torch.testing.assert_close(share[:3].sum(0), torch.ones(6, 64))
    accounts = {"own": view.values.values, "nothing": torch.zeros(6, 64)}
    taken, nothing = take_away(view, SCORE, accounts, 0).values()
    np.testing.assert_array_equal(nothing.drop, taken.drop)
    assert not nothing.predicted.any() and taken.predicted[:3].sum() == pytest.approx(float(view.values.values.sum()))
    for row in range(len(names)):
        kept = (view.activation * (1 - share[row])).view(1, 6, 8, 8)
        with torch.no_grad():
            lost = float(SCORE(upper.answer) - SCORE(upper(kept)))
        assert taken.drop[row] == pytest.approx(lost, abs=1e-5), names[row]
    assert np.isfinite(taken.control).all()


def test_correlation_and_slope_are_those_of_a_line() -> None:
    said = np.array([1.0, 2.0, 4.0])
    assert correlation_and_slope(said, 3 * said - 1) == pytest.approx((1, 3))
