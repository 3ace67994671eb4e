"""The objects on which a part is known: those of the same pose tell where it is on another one.

Poses are the vectors that the explanatory graph keeps of every object; their dot product says how alike two objects'
patterns are displaced. An exemplar is the finest template of the And-Or graph: exemplars of alike pose share one.
n objects, o exemplars, k of them near.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Exemplars:
    """What is known of a part on o objects.

    pose: (o, r). trust: (o,) how far each is believed. template: (o,) which of the T templates each belongs to.
    residual: (o, 2) how far the part is from where the And-Or graph's patterns put it together. row_of: row by id.
    """

    pose: Tensor
    trust: Tensor
    template: Tensor
    residual: Tensor
    row_of: Mapping[str, int]


@dataclass(frozen=True)
class Near:
    """The exemplars that speak for each of n objects. index: (n, k) rows. share: (n, k), rows sum to 1."""

    index: Tensor
    share: Tensor

    def rows(self, some: slice) -> "Near":
        """The same of some objects."""
        return Near(self.index[some], self.share[some])

    def split(self, size: int) -> "list[Near]":
        """The same, `size` objects at a time."""
        return [Near(index, share) for index, share in zip(self.index.split(size), self.share.split(size), strict=True)]

    def templates(self, template: Tensor, count: int) -> Tensor:
        """Share of each template: (o,) rows of the templates give (n, T), rows sum to 1."""
        return torch.einsum("nk,nkt->nt", self.share, F.one_hot(template[self.index], count).to(self.share.dtype))

    def full(self, exemplars: int) -> Tensor:
        """The shares as a table: (n, o)."""
        return torch.zeros(len(self.index), exemplars).scatter_(1, self.index, self.share)


def nearest(pose: Tensor, others: Tensor, trust: Tensor, same: Tensor, count: int, temperature: float) -> Near:
    """The nearest objects by pose, weighted by likeness and trust.

    Args:
        pose: (n, r). others: (o, r). trust: (o,). same: (n,) row of `others` that is the object itself, -1 where none
            is; an object never tells its own place. count: k. temperature: of the softmax over the dot products.
    """
    likeness = pose @ others.T
    known = (same >= 0).nonzero()[:, 0]
    likeness[known, same[known]] = -torch.inf
    best, index = likeness.topk(min(count, likeness.shape[1]), dim=1)
    share = torch.softmax(best / temperature, 1) * trust[index]
    return Near(index, share / share.sum(1, keepdim=True).clamp_min(1e-12))
