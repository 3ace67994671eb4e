"""Objects of the same pose: where the part is on them tells where it is on this one.

Poses are the vectors that the explanatory graph keeps of every object; their dot product says how alike two objects'
patterns are displaced.
"""

import torch
from torch import Tensor

NEAREST = 12
TEMPERATURE = 0.05


def pose_weights(pose: Tensor, others: Tensor, same: Tensor | None = None) -> Tensor:
    """How much each of the nearest objects says about an object: (n, o), rows sum to 1.

    Args:
        pose: (n, r). others: (o, r). same: (n,) row of `others` that is the object itself, -1 where none is; an
            object never tells its own place.
    """
    likeness = pose @ others.T
    if same is not None:
        known = (same >= 0).nonzero()[:, 0]
        likeness[known, same[known]] = -torch.inf
    kept = min(NEAREST, likeness.shape[1])
    nearest, index = likeness.topk(kept, dim=1)
    return torch.zeros_like(likeness).scatter_(1, index, torch.softmax(nearest / TEMPERATURE, 1))


def neighbour_map(weights: Tensor, trust: Tensor, maps: Tensor) -> Tensor:
    """Mean over the nearest objects of where the part is on them, weighted by pose and trust.

    Args:
        weights: (n, o). trust: (m, o). maps: (m, o, u).

    Returns:
        (m, n, u), sums to 1.
    """
    mixed = torch.einsum("no,mou->mnu", weights, maps * trust[..., None])
    return mixed / (trust @ weights.T).clamp_min(1e-12)[..., None]
