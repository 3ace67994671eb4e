"""What a score loses without some units: measured, by running the network above their layer once more."""

from collections.abc import Iterator

import torch
from torch import Tensor

from egraph.explaining.score import Score
from egraph.explaining.upper import UpperNetwork

AT_ONCE = 12
"""Groups of units that are taken away in one pass, each from a copy of the maps."""


def measured_drops(upper: UpperNetwork, score: Score, share: Tensor, usual: Tensor | None = None) -> Tensor:
    """How far the score falls when each group's share of the units is taken away: (G,), below 0 where it rises.

    Args:
        share: (G, C, U) how much of each unit goes. usual: (C,) what is put in its place, as far as the activation is
            above it; nothing, unless given.
    """
    with torch.no_grad():
        whole = score(upper.answer)
        return torch.cat([whole - score(upper(maps)) for maps in _without(upper.maps, share, usual)])


def _without(maps: Tensor, share: Tensor, usual: Tensor | None) -> Iterator[Tensor]:
    for some in share.to(maps).split(AT_ONCE):
        yield lowered(maps, some.unflatten(2, maps.shape[1:]), usual)


def lowered(maps: Tensor, share: Tensor, usual: Tensor | None = None) -> Tensor:
    """Maps (C, H, W) without a share (..., C, H, W) of each unit; see `measured_drops` for `usual`."""
    if usual is None:
        return maps * (1 - share)
    return maps - share * (maps - usual.to(maps)[:, None, None]).clamp_min(0)
