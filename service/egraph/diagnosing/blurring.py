"""Taking something out of a picture: a piece of it is blurred until nothing can be recognised there.

Masks are (n, 1, size, size), 1 where the picture is blurred. Shapes: n pictures of `size` pixels a side.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.explaining.view import View

WINDOW = 65 / 224
"""Of the picture's side, over which its colours are averaged."""
PIECE = 2 / 7
"""Side of a square that is blurred, as a share of the picture's."""
CELLS = 14
"""Rows and columns of cells of which as many are blurred at random as a region has."""


def blurred(inputs: Tensor, mask: Tensor) -> Tensor:
    """Pictures (n, 3, size, size), or one (1, 3, size, size), with what each of n masks names blurred."""
    reach = max(1, round(WINDOW * inputs.shape[2]) // 2)
    window = 2 * reach + 1
    padded = F.pad(inputs, (reach,) * 4, mode="reflect")
    smooth = F.avg_pool2d(F.avg_pool2d(padded, (window, 1), stride=1), (1, window), stride=1)
    made: Tensor = inputs * (1 - mask) + smooth * mask
    return made


def squares(centres: Tensor, size: int, piece: float = PIECE) -> Tensor:
    """Masks of squares about places (n, 2), row and column in fractions of the picture; those at its edge are moved
    inwards, so that all have one area."""
    side = max(1, round(piece * size))
    corner = (centres * size - side / 2).round().clamp(0, size - side)
    at = torch.arange(size)
    rows, columns = ((at >= c[:, None]) & (at < c[:, None] + side) for c in corner.T)
    masks: Tensor = (rows[:, :, None] & columns[:, None]).float()[:, None]
    return masks


def box_masks(views: Sequence[View], size: int) -> Tensor:
    """Masks of the objects' boxes."""
    masks = torch.zeros(len(views), 1, size, size)
    for mask, view in zip(masks, views, strict=True):
        top, left = round(view.box.y * size), round(view.box.x * size)
        bottom, right = round((view.box.y + view.box.height) * size), round((view.box.x + view.box.width) * size)
        mask[0, max(0, top) : bottom, max(0, left) : right] = 1
    return masks


def scattered(like: Tensor, random: np.random.Generator) -> Tensor:
    """The control of masks: cells drawn at random over the whole picture, as large together as each mask."""
    size = like.shape[2]
    area = like.flatten(1).mean(1)
    made = torch.zeros(len(like), CELLS * CELLS)
    for row, share in zip(made, area.tolist(), strict=True):
        row[torch.from_numpy(random.permutation(CELLS * CELLS)[: round(share * CELLS * CELLS)])] = 1
    return F.interpolate(made.view(-1, 1, CELLS, CELLS), size=(size, size), mode="nearest")
