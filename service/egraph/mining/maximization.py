"""M-step: where each pattern is expected before an object is seen, in closed form."""

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.expectation import Assigned

SMALLEST_MASS = 1e-6


def updated_places(place: Tensor, assigned: Assigned, group: Group = ALONE) -> Tensor:
    """mu_V + (sum over photos of pull) / (sum over photos of mass), kept on the crop: (d, N, 2).

    This is the mean of the peaks won, weighted, each seen from where the pattern was expected on its photo. With
    w = r v it is largest in the likelihood's lower bound: the likelihood never falls while offsets and sigma stay.
    """
    won = group.sum(torch.cat([assigned.mass.sum(2)[..., None], assigned.pull.sum(2)], -1))
    return (place + won[..., 1:] / won[..., :1].clamp_min(SMALLEST_MASS)).clamp(0.0, 1.0)


def initial_places(filters: int, patterns: int, generator: torch.Generator) -> Tensor:
    """(filters, patterns, 2): distinct cells of the smallest square grid that holds all patterns, jittered inside."""
    side = int(torch.tensor(patterns).sqrt().ceil())
    cells = torch.stack(torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij"), -1).reshape(-1, 2)
    chosen = cells[torch.randperm(side * side, generator=generator)[:patterns]]
    return (chosen + torch.rand(filters, patterns, 2, generator=generator)) / side
