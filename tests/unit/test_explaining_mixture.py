"""The mixture of a filter's activation beside the same thing done unit by unit, and on activation made to measure."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from egraph.evaluation.activation import LayerActivation, evaluate_activation, scattered
from egraph.explaining import mixture as module
from egraph.explaining.mixture import REACH_EVERY, START, Mixture, densities, fit_mixture, responsibilities
from egraph.explaining.view import Units, View, layer_units, read_view, widened_view
from egraph.network.layer import LayerGeometry
from egraph.photos.image import PhotoError
from egraph.photos.photo import Box, PhotoObject
from reference import mixture as slow

VIEWS = (
    View(Box(0, 0, 60, 60), Box(1 / 6, 1 / 6, 2 / 3, 2 / 3)),
    View(Box(0, 0, 60, 40), Box(0.0, 0.2, 0.8, 0.6)),
    View(Box(0, 0, 50, 50), Box(0.0, 0.0, 1.0, 1.0)),
)
"""With surroundings on all sides, on two, on none."""


def layer(width: int) -> LayerGeometry:
    return LayerGeometry("layer", 0, 3, width, width, 56 / width, 28 / width, 10)


def slow_views(units: Units) -> list[tuple]:
    return list(
        zip(units.rows.numpy(), units.columns.numpy(), units.size.numpy(), units.on_object.numpy(), strict=True)
    )


def one(units: Units, view: int) -> Units:
    return Units(*(column[view : view + 1] for column in (units.rows, units.columns, units.size)))


def test_mixtures_are_those_of_the_slow_version() -> None:
    units = layer_units(VIEWS, layer(7), 56)
    generator = torch.Generator().manual_seed(1)
    filter_ = torch.tensor([0, 0, 0, 2])  # filter 1 has no pattern
    mass = torch.rand(3, 3, 49, generator=generator) ** 3
    places = torch.rand(4, 3, 2, generator=generator) * 1.2 - 0.1
    found = fit_mixture(mass, filter_, places, units, rounds=2 * REACH_EVERY + 1)
    for c in range(3):
        own = filter_ == c
        share, reach, scattered, beside = slow.fit(
            mass[c].double().numpy(),
            places[own].numpy(),
            slow_views(units),
            2 * REACH_EVERY + 1,
            REACH_EVERY,
            START,
            module.REACH_START,
            module.REACH_LEAST,
            module.REACH_MOST,
            module.BOLDNESS,
            module.REACH_BOLDNESS,
        )
        np.testing.assert_allclose(found.share[own], share, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(found.reach[own], reach, rtol=1e-3)
        np.testing.assert_allclose([found.scattered[c], found.beside[c]], [scattered, beside], rtol=1e-3)
        for view in range(3):
            expected = slow.responsibilities(
                share, reach, scattered, beside, places[own, view].numpy(), slow_views(units)[view]
            )
            divided = responsibilities(found, places[:, view], one(units, view))
            mine = torch.cat([divided.pattern[own], divided.scattered[c : c + 1], divided.beside[c : c + 1]])
            np.testing.assert_allclose(mine, expected, rtol=1e-2, atol=1e-4)


def planted(views: int = 30) -> tuple[Tensor, Tensor, Units]:
    """Of one filter: .5 of the mass about a place that moves, .2 about one that stands, .2 evenly on the object, .1
    beside it."""
    units = layer_units([VIEWS[0]] * views, layer(14), 56)
    generator = torch.Generator().manual_seed(2)
    moving = 0.1 + 0.6 * torch.rand(1, views, 2, generator=generator)
    places = torch.cat([moving, torch.full((1, views, 2), 0.85)])
    bells = densities(places, torch.tensor([0.1, 0.05]), units)
    on = units.on_object.float()
    even = 0.2 * on / on.sum(1, keepdim=True) + 0.1 * (1 - on) / (1 - on).sum(1, keepdim=True)
    return (0.5 * bells[0] + 0.2 * bells[1] + even)[None], places, units


def test_what_was_planted_is_found_and_not_about_other_places() -> None:
    mass, places, units = planted()
    found = fit_mixture(mass, torch.tensor([0, 0]), places, units, rounds=60)
    np.testing.assert_allclose(found.share, [0.5, 0.2], atol=0.03)
    np.testing.assert_allclose(found.reach, [0.1, 0.05], atol=0.01)
    np.testing.assert_allclose([found.scattered[0], found.beside[0]], [0.2, 0.1], atol=0.03)
    about = (densities(places, found.reach, units) * mass).sum((1, 2))
    beside = (mass[0] * ~units.on_object).sum() / (~units.on_object[0]).sum()
    torch.testing.assert_close(found.background, beside / about)
    assert (
        len(
            fit_mixture(
                mass[:, :1], torch.tensor([0, 0]), places[:, :1], layer_units(VIEWS[2:], layer(14), 56)
            ).background
        )
        == 0
    )
    # the places of other photos explain less, and units thrown about on the object hardly anything
    others = fit_mixture(mass, torch.tensor([0, 0]), places.roll(1, 1), units, rounds=60)
    assert others.share[0] < found.share[0] - 0.05
    on = units.on_object[0]
    thrown = mass.clone()
    generator = torch.Generator().manual_seed(3)
    for view in range(thrown.shape[1]):
        thrown[0, view, on] = mass[0, view, on][torch.randperm(int(on.sum()), generator=generator)]
    assert fit_mixture(thrown, torch.tensor([0, 0]), places, units, rounds=60).share.sum() < 0.15


def test_scores_fall_to_their_controls() -> None:
    mass, places, units = planted()
    layer = LayerActivation(mass, torch.tensor([0, 0]), places, np.arange(30) < 0, units)
    found = evaluate_activation(layer)
    assert found["egraph"].explained > 0.65 > found["still"].explained
    assert found["egraph"].likelihood > found["still"].likelihood > found["scattered_units"].likelihood
    assert found["other_photo"].likelihood < found["egraph"].likelihood - 0.1
    assert found["scattered_units"].explained < 0.2
    for of in found.values():
        assert of.explained + of.scattered + of.beside == pytest.approx(1, abs=1e-5)
    # seen from the other side, it is the same
    turned = replace(layer, mirrored=np.arange(30) >= 0, mass=mass.unflatten(2, (14, 14)).flip(3).flatten(2))
    assert evaluate_activation(turned)["egraph"].explained == pytest.approx(found["egraph"].explained, abs=1e-4)
    thrown = scattered(mass, units.on_object, 0)
    torch.testing.assert_close(thrown.sort(2).values, mass.sort(2).values)
    torch.testing.assert_close((thrown * units.on_object).sum(2), (mass * units.on_object).sum(2))


@given(st.integers(0, 2**31), st.integers(0, 2))
def test_a_unit_is_divided_without_a_rest(seed: int, view: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    units = one(layer_units(VIEWS, layer(7), 56), view)
    filter_ = torch.tensor([0, 0, 1])
    shares = torch.rand(5, generator=generator) ** 8 * (torch.rand(5, generator=generator) > 0.3)
    mixture = Mixture(filter_, shares[:3], torch.rand(3, generator=generator) * 0.1 + 0.03, shares[3:], shares[1:3])
    found = responsibilities(mixture, torch.rand(3, 2, generator=generator) * 3 - 1, units)
    total = (found.scattered + found.beside).index_add(0, filter_, found.pattern)
    np.testing.assert_allclose(total, 1, atol=1e-5)
    assert (found.beside[:, units.on_object[0]] == 0).all() and (found.scattered[:, ~units.on_object[0]] == 0).all()


def test_filters_do_not_know_of_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mass, places, units = planted(4)
    mass = torch.cat([mass, torch.zeros_like(mass), mass.flip(1)])
    filter_, places = torch.tensor([0, 0, 2]), torch.cat([places, places[:1]])
    together = fit_mixture(mass, filter_, places, units)
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 1)
    for name, value in vars(fit_mixture(mass, filter_, places, units)).items():
        torch.testing.assert_close(value, getattr(together, name))
    assert together.scattered[1] == together.beside[1] == 0
    np.testing.assert_allclose(together.share[:2].sum() + together.scattered[0] + together.beside[0], 1, atol=1e-5)


def test_a_view_is_widened_as_far_as_the_photo_reaches(tmp_path: Path) -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[20:60, 20:100] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    obj = PhotoObject(tmp_path / "a.png", "0" * 64, 200, 100, Box(20, 20, 80, 40))
    view = widened_view(obj)
    assert view.region == Box(0, 10, 120, 60)
    corners = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.5, 0.25]])
    torch.testing.assert_close(view.to_box(view.from_box(corners)), corners)
    seen = read_view(obj, view, 60)
    # 120 x 60 pixels on 60 x 60: the object is white in it
    assert seen.shape == (60, 60, 3) and (seen[12:48, 12:48] == 255).all() and (seen[:8] == 0).all()
    units = layer_units([view], layer(14), 56)
    white = torch.from_numpy(seen[2::4, 2::4, 0][:14, :14].copy()) > 127
    assert (units.on_object[0] == white[:14, :14].flatten()).float().mean() > 0.9
    torch.testing.assert_close(units.places[0][0], torch.tensor([(2 / 56 - 10 / 60) * 1.5, (2 / 56 - 20 / 120) * 1.5]))
    with pytest.raises(PhotoError, match="no pixel inside"):
        widened_view(replace(obj, box=Box(500, 0, 10, 10)))
