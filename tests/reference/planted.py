"""Peak tables whose patterns, parents and movements are known."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.mining.block import LayerTask
from egraph.mining.edges import Upper
from egraph.mining.peaks import PeakReader, Peaks
from egraph.mining.pruning import CONTROL_CELLS

UNIT = 1 / 14
PEAKS = 4
NUMBERS = 24


@dataclass(frozen=True)
class Planted:
    """Filters 0 to F-1 hold two patterns each; the filter behind them gives peaks anywhere.

    place: (F, 2, 2) before an object is seen; found: (F, 2, n, 2) on every photo; strength: (F, 2, n); parent: (F, 2).
    values: (F + 1, n, K) and places: (F + 1, n, K, 2), peaks in falling order; contexts: (F + 1, K, n, R), every
    pattern sees something of its own, noise anything. anchors: (A, n, 2) displacements.
    """

    place: np.ndarray
    found: np.ndarray
    strength: np.ndarray
    parent: np.ndarray
    anchors: np.ndarray
    values: np.ndarray
    places: np.ndarray
    contexts: np.ndarray

    def task(self, patterns: int = 5, upper: Upper | None = None, seed: int = 0) -> LayerTask:
        """What mining it needs; the anchors stand in a row in the middle."""
        count, photos, _ = self.anchors.shape
        anchors = torch.from_numpy(self.anchors).float()
        return LayerTask(
            filters=len(self.values),
            patterns=patterns,
            photos=photos,
            unit=UNIT,
            anchors=anchors,
            anchors_other=anchors,
            anchor_mean=torch.stack([torch.full((count,), 0.5), torch.linspace(0.1, 0.9, count)], 1),
            backdrop=directions(np.random.default_rng(seed), CONTROL_CELLS**2, 32, NUMBERS),
            upper=upper,
            generator=torch.Generator().manual_seed(seed),
        )

    def reader(self) -> PeakReader:
        """Gives the same peaks in both views."""
        peaks = self.peaks()

        def read(filters: slice, other: bool) -> Peaks:
            return peaks.of(filters)

        return read

    def peaks(self, photos: slice = slice(None)) -> Peaks:
        """The peaks of all filters on some photos; every unit's output is its evidence and a half."""
        values, places, contexts = (torch.from_numpy(a).float() for a in (self.values, self.places, self.contexts))
        values = values[:, photos]
        return Peaks(values, places[:, photos], contexts[:, :, photos], values + 0.5)


def directions(rng: np.random.Generator, *shape: int) -> Tensor:
    """Random directions, the last number of `shape` being their dimension."""
    return F.normalize(torch.from_numpy(rng.normal(size=shape)).float(), dim=-1)


def plant(seed: int, filters: int = 6, photos: int = 90, like: Planted | None = None) -> Planted:
    """Two patterns per filter, well apart, that follow one of 7 anchors by 0.8; two noise peaks on every map.

    With `like`, pattern k of filter f fires with and follows the same anchor as that of the other world, elsewhere.
    """
    rng = np.random.default_rng(seed)
    anchors = np.random.default_rng(0).normal(0, 0.06, (7, photos, 2))
    anchors -= anchors.mean(1, keepdims=True)
    rows = rng.uniform(0.25, 0.75, (filters, 1)).repeat(2, 1)
    columns = np.stack([rng.uniform(0.2, 0.3, filters), rng.uniform(0.7, 0.8, filters)], 1)
    place = np.stack([rows, columns], 2)
    parent = like.parent if like else rng.integers(0, len(anchors), (filters, 2))
    strength = like.strength if like else rng.uniform(0.5, 4, (filters, 2, photos))
    strength = strength * rng.uniform(0.9, 1.1, strength.shape)
    found = place[:, :, None] + 0.8 * anchors[parent] + rng.normal(0, 0.004, (filters, 2, photos, 2))
    values = rng.uniform(0, 0.3, (filters + 1, photos, PEAKS))
    places = rng.uniform(0, 1, (filters + 1, photos, PEAKS, 2))
    values[:filters, :, :2] = strength.transpose(0, 2, 1)
    places[:filters, :, :2] = found.transpose(0, 2, 1, 3)
    values[filters] = rng.uniform(0.5, 4, (photos, PEAKS))
    contexts = directions(rng, filters + 1, photos, PEAKS, NUMBERS).numpy()
    seen = directions(rng, filters, 1, 2, NUMBERS).numpy()
    # what is strong looks more like the thing, so that pairs which share their strength fire on the same photos
    blur = 0.5 - 0.1 * strength.transpose(0, 2, 1)[..., None]
    contexts[:filters, :, :2] = F.normalize(torch.from_numpy(seen + blur * contexts[:filters, :, :2]), dim=-1).numpy()
    order = np.argsort(-values, axis=2)
    values = np.take_along_axis(values, order, 2)
    places, contexts = (np.take_along_axis(array, order[..., None], 2) for array in (places, contexts))
    return Planted(place, found, strength, parent, anchors, values, places, contexts.transpose(0, 2, 1, 3))
