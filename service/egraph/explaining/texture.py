"""What does not care how the object is arranged: measured by shuffling the object's tiles on this very photo."""

import numpy as np
import torch
from torch import Tensor

from egraph.network.layers import activations
from egraph.network.network import Network

TILES = 4
"""Rows and columns of tiles."""
SHUFFLES = 2


def shuffled(crop: np.ndarray, random: np.random.Generator, tiles: int = TILES) -> np.ndarray:
    """A crop (size, size, 3) whose tiles are exchanged at random; tiles differ by a pixel where they must."""
    edges = np.linspace(0, len(crop), tiles + 1).round().astype(int)
    side = int(np.diff(edges).min())
    corners = [(top, left) for top in edges[:-1] for left in edges[:-1]]
    made = crop.copy()
    for (top, left), number in zip(corners, random.permutation(len(corners)), strict=True):
        y, x = corners[number]
        made[top : top + side, left : left + side] = crop[y : y + side, x : x + side]
    return made


def texture_shares(
    network: Network, layers: list[str], crop: np.ndarray, shuffles: int = SHUFFLES, seed: int = 0
) -> dict[str, Tensor]:
    """Of each filter, how much of its activation on the object is left when the tiles are shuffled, at most 1: (C,) of
    each layer. A filter that is silent on the object has 0.

    Args:
        crop: (size, size, 3) uint8, the object alone.
    """
    random = np.random.default_rng(seed)
    crops = np.stack([crop, *(shuffled(crop, random) for _ in range(shuffles))])
    means = activations(network, layers, network.preprocess(crops), lambda maps: maps.clamp_min(0).mean((2, 3)))
    return {layer: survival(mean[0], mean[1:].mean(0)) for layer, mean in means.items()}


def survival(before: Tensor, after: Tensor) -> Tensor:
    """after / before, at most 1, and 0 where there was nothing before; (C,) each."""
    return torch.where(before > 0, after / before.clamp_min(1e-12), 0.0).clamp_max(1.0).cpu()
