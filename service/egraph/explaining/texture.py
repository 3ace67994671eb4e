"""What does not care how the object is arranged: measured by shuffling the object's tiles on this very photo."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from egraph.network.layers import activations
from egraph.network.network import Network

TILES = 4
"""Rows and columns of tiles."""
SHUFFLES = 2


def shuffled(crop: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A crop (size, size, 3) whose tiles are exchanged at random; tiles differ by a pixel where they must."""
    edges = np.linspace(0, len(crop), TILES + 1).round().astype(int)
    side = int(np.diff(edges).min())
    corners = [(top, left) for top in edges[:-1] for left in edges[:-1]]
    made = crop.copy()
    for (top, left), number in zip(corners, torn_apart(random), strict=True):
        y, x = corners[number]
        made[top : top + side, left : left + side] = crop[y : y + side, x : x + side]
    return made


def torn_apart(random: np.random.Generator) -> np.ndarray:
    """An order of the tiles, row by row, in which none is where it was and none has its old neighbour on its right, or
    below it: what stays together by chance would be taken for texture, now more and now less of it."""
    while True:
        order = random.permutation(TILES * TILES)
        row, column = (axis.reshape(TILES, TILES) for axis in divmod(order, TILES))
        beside = (row[:, 1:] == row[:, :-1]) & (column[:, 1:] == column[:, :-1] + 1)
        below = (column[1:] == column[:-1]) & (row[1:] == row[:-1] + 1)
        if not (beside.any() or below.any() or (order == np.arange(len(order))).any()):
            return order


def texture_shares(
    network: Network, before: Mapping[str, Tensor], crop: np.ndarray, shuffles: int = SHUFFLES, seed: int = 0
) -> dict[str, Tensor]:
    """Of each filter, how much of its activation on the object is left when the tiles are shuffled, at most 1: (C,) of
    each layer. A filter that is silent on the object has 0.

    Args:
        before: (C,) of each layer, the mean activation on the crop as it is, what is below 0 counting as 0.
        crop: (size, size, 3) uint8, the object alone.
    """
    random = np.random.default_rng(seed)
    crops = network.preprocess(np.stack([shuffled(crop, random) for _ in range(shuffles)]))
    after = activations(network, list(before), crops, lambda maps: maps.clamp_min(0).mean((2, 3)))
    return {layer: survival(mean, after[layer].mean(0)) for layer, mean in before.items()}


def survival(before: Tensor, after: Tensor) -> Tensor:
    """after / before, at most 1, and 0 where there was nothing before; (C,) each."""
    return torch.where(before > 0, after / before.clamp_min(1e-12), 0.0).clamp_max(1.0).cpu()
