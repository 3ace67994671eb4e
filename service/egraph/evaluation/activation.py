"""How much of what filters give out do patterns explain, on photos that the shares were not fitted on?"""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor

from egraph.explaining.mixture import Tally, fit_mixture, tally
from egraph.explaining.view import Units
from egraph.photos.mirroring import turned_places

METHODS = ("egraph", "still", "other_photo", "scattered_units")


@dataclass(frozen=True)
class LayerActivation:
    """Of one layer, with C filters, P patterns, n views and U units: mass (C, n, U) of its maps. filter: (P,) rising.
    places: (P, n, 2) of the patterns in the canonical view. mirrored: (n,) bool."""

    mass: Tensor
    filter: Tensor
    places: Tensor
    mirrored: np.ndarray
    units: Units


def evaluate_activation(layer: LayerActivation, seed: int = 0) -> dict[str, Tally]:
    """Fit on every second view and score on the others, by each of `METHODS`.

    `still`: the patterns stand at their mean places. `other_photo`: each view has the places of another one.
    `scattered_units`: in each view, what each filter gives out is thrown about, on the object and beside it.
    """
    mean = layer.places.mean(1, keepdim=True).expand_as(layer.places)
    random = np.random.default_rng(seed)
    return {
        "egraph": held_out(layer),
        "still": held_out(replace(layer, places=mean)),
        "other_photo": held_out(replace(layer, places=layer.places[:, _others(layer.places.shape[1], random)])),
        "scattered_units": held_out(scattered_units(layer, seed)),
    }


def scattered_units(layer: LayerActivation, seed: int) -> LayerActivation:
    """The control: what each filter gives out thrown about at random, on the object and beside it."""
    return replace(layer, mass=scattered(layer.mass, layer.units.on_object, seed))


def scattered(mass: Tensor, on_object: Tensor, seed: int) -> Tensor:
    """The mass (C, n, U) of each map thrown about at random among the units on the object, and among the others;
    on_object: (n, U)."""
    generator = torch.Generator().manual_seed(seed)
    found = mass.clone()
    for view, on in enumerate(on_object):
        for some in (on, ~on):
            here = mass[:, view, some]
            order = torch.rand(here.shape, generator=generator).argsort(1)
            found[:, view, some] = here.gather(1, order)
    return found


def _others(views: int, random: np.random.Generator) -> Tensor:
    """For each view another one of the same half: (n,)."""
    found = np.arange(views)
    for half in (found[0::2], found[1::2]):
        order = random.permutation(half)
        found[order] = np.roll(order, 1)
    return torch.from_numpy(found)


def held_out(layer: LayerActivation) -> Tally:
    """What the activation on every other view is made of, by the mixture that was fitted on those between."""
    places = turned_places(layer.places, layer.mirrored)

    def part(first: int) -> tuple[Tensor, Tensor, Units]:
        units = Units(*(column[first::2] for column in (layer.units.rows, layer.units.columns, layer.units.size)))
        return layer.mass[:, first::2].contiguous(), places[:, first::2], units

    mass, where, units = part(0)
    mixture = fit_mixture(mass, layer.filter, where, units)
    mass, where, units = part(1)
    return tally(mass, mixture, where, units)


def over_layers(layers: dict[str, dict[str, Tally]]) -> dict[str, Tally]:
    """The mean over layers of each method."""
    return {
        method: Tally(
            *(float(np.mean([getattr(found[method], f.name) for found in layers.values()])) for f in fields(Tally))
        )
        for method in METHODS
    }
