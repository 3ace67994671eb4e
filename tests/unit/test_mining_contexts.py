"""What contexts are worth on planted worlds, beside contexts of other photos and beside a control that is void."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.mining.contexts import peak_contexts
from egraph.mining.layer import mine_layer
from egraph.mining.mined_layer import MinedLayer
from egraph.mining.peaks import Peaks
from egraph.mining.pruning import CONTROL_CELLS
from reference.planted import NUMBERS, directions, plant

FILTERS, PHOTOS, PEAKS, CELLS = 8, 80, 4, 14
STEP = CELLS // CONTROL_CELLS


@dataclass(frozen=True)
class Scene:
    """values: (d, n, K), places: (d, n, K, 2). field: (n, u, R) what is seen where. thing: (d, n) which of its two
    things a filter shows on a photo."""

    values: Tensor
    places: Tensor
    field: Tensor
    thing: np.ndarray


def scene(seed: int, things: bool) -> Scene:
    """What is seen depends on the place, with a little of its own on every photo. With `things`, every filter has a
    place where one of two things stands, each with looks of its own; else its peaks stand anywhere."""
    rng = np.random.default_rng(seed)
    usual = directions(rng, 1, CONTROL_CELLS, CONTROL_CELLS, NUMBERS)
    usual = usual.repeat_interleave(STEP, 1).repeat_interleave(STEP, 2).flatten(1, 2)
    field = F.normalize(usual + 0.4 * directions(rng, PHOTOS, CELLS**2, NUMBERS), dim=-1)
    values = torch.from_numpy(rng.uniform(0.5, 2, (FILTERS, PHOTOS, PEAKS))).float()
    places = torch.from_numpy(rng.uniform(0, 1, (FILTERS, PHOTOS, PEAKS, 2))).float()
    thing = rng.integers(0, 2, (FILTERS, PHOTOS))
    if things:
        looks = directions(rng, FILTERS, 2, NUMBERS)
        cells = rng.permutation(CONTROL_CELLS**2)[:FILTERS]
        for d, n in np.ndindex(FILTERS, PHOTOS):
            row, column = divmod(int(cells[d]), CONTROL_CELLS)
            places[d, n, 0] = (torch.tensor([row, column]) + 0.5) / CONTROL_CELLS
            look = F.normalize(looks[d, thing[d, n]] + 0.3 * directions(rng, NUMBERS), dim=0)
            square = field[n].view(CELLS, CELLS, NUMBERS)
            square[STEP * row : STEP * (row + 1), STEP * column : STEP * (column + 1)] = look
    return Scene(values, places, field, thing)


def mined(world: Scene, field: Tensor, apart: bool = False) -> MinedLayer:
    """The layer, seen with some field; with `apart`, the control draws places and contexts apart from each other."""
    middle = torch.arange(CONTROL_CELLS) * STEP + 1
    backdrop = field[::3, (middle[:, None] * CELLS + middle).flatten()].transpose(0, 1)
    if apart:
        backdrop = backdrop[torch.randperm(len(backdrop), generator=torch.Generator().manual_seed(1))]
        backdrop = backdrop.flatten(0, 1).expand(CONTROL_CELLS**2, -1, -1)
    peaks = Peaks(world.values, world.places, peak_contexts(field, world.places), world.values)
    task = replace(plant(0, filters=0, photos=PHOTOS).task(patterns=12), filters=FILTERS, backdrop=backdrop)
    return mine_layer(task, lambda filters, other: peaks.of(filters))


def purity(layer: MinedLayer, world: Scene) -> float:
    """Over the patterns that stand on a filter's things: the share of the commoner thing on their nine best photos."""
    shares = []
    firings = layer.firings
    for pattern, filter_ in enumerate(layer.patterns.filter):
        if np.linalg.norm(layer.patterns.place[pattern] - world.places[filter_, 0, 0].numpy()) > 0.1:
            continue
        own = np.flatnonzero(firings.pattern == pattern)
        best = own[np.argsort(-firings.score[own])][:9]
        share = world.thing[filter_, firings.object[best]].mean()
        shares.append(max(share, 1 - share))
    assert len(shares) >= FILTERS
    return float(np.mean(shares))


@pytest.mark.parametrize("seed", range(2))
def test_scattered_peaks_are_noise_though_each_place_has_looks_of_its_own(seed: int) -> None:
    world = scene(seed, things=False)
    kept = len(mined(world, world.field).patterns)
    assert kept <= 0.1 * FILTERS * 12
    assert len(mined(world, world.field, apart=True).patterns) > 4 * max(kept, 3), "that control would be void"


@pytest.mark.parametrize("seed", range(2))
def test_contexts_tell_things_apart_and_those_of_other_photos_do_not(seed: int) -> None:
    world = scene(seed, things=True)
    order = torch.randperm(PHOTOS, generator=torch.Generator().manual_seed(seed))
    true, shuffled = mined(world, world.field), mined(world, world.field[order])
    assert purity(true, world) > 0.95 and purity(shuffled, world) < 0.8
