"""Parents: the upper patterns with which a pattern moves, and how far it follows them.

A parent is worth something where it moves with its child. So parents are chosen by the correlation of displacements
from the mean place, over the photos, weighted by the child's evidence. Shapes: B patterns, C candidates, n photos.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group

PARENTS = 5
RIDGE = 0.1
"""Of the regression on the parents, in mean squares of their movement: parents that move alike share the weight."""

FEW_PHOTOS = 2.0
"""Times parents per photo, added to RIDGE: on few photos a regression fits noise."""

STILL = 1e-6
"""Squared fractions of the crop: parents that move less are not followed."""


@dataclass(frozen=True)
class Parents:
    """index: (B, M) int64 rows of the candidates, best first. weight: (B, M), share of each, negative where the pattern
    moves against it; absolute values sum to 1, or all are 0. gain: (B,) how far the pattern follows, at least 0."""

    index: Tensor
    weight: Tensor
    gain: Tensor


@dataclass(frozen=True)
class Movement:
    """How B patterns move with C candidates; <a, b> = sum over photos of w_VI a_I . b_I, with w the share of photo I in
    V's evidence and u the displacement from the mean place, weighted alike.

    correlation: (B, C) <u_V, u_P> / sqrt(<u_V, u_V> <u_P, u_P>). cross: (B, C) <u_V, u_P>. own: (B, 1) <u_V, u_V>.
    mean: (B, 2) mean place. terms: (B, T) sums of w times the numbers that were given.
    """

    correlation: Tensor
    cross: Tensor
    own: Tensor
    mean: Tensor
    terms: Tensor


def movement(places: Tensor, mass: Tensor, candidates: Tensor, numbers: Tensor, group: Group = ALONE) -> Movement:
    """Sum up over the photos.

    Args:
        places: (B, n, 2) inferred places. mass: (B, n) evidence. candidates: (C, n, 2) displacements u_P.
        numbers: (n, T) numbers of each photo to be summed too, the first C of them |u_P|^2.
    """
    rows, columns = places.unbind(-1)
    won = group.sum(torch.stack([mass.sum(1), (mass * rows).sum(1), (mass * columns).sum(1)], 1))
    total = won[:, :1].clamp_min(1e-9)
    mean = won[:, 1:] / total
    share = mass / total
    dy, dx = rows - mean[:, :1], columns - mean[:, 1:]
    wy, wx = share * dy, share * dx
    cross = wy @ candidates[..., 0].T + wx @ candidates[..., 1].T
    own = wy.mul_(dy).addcmul_(wx, dx).sum(1, keepdim=True)
    sums = group.sum(torch.cat([cross, own, share @ numbers], 1))
    cross, own, terms = sums.split([len(candidates), 1, numbers.shape[1]], 1)
    squares = terms[:, : len(candidates)]
    return Movement(cross / (own * squares).clamp_min(1e-12).sqrt(), cross, own, mean, terms)


def parent_products(candidates: Tensor) -> tuple[Tensor, Tensor]:
    """u_P . u_Q of all pairs of candidates on every photo: (n, C (C + 1) / 2), squares first, and the column in which
    each pair stands, (C, C) int64."""
    count = len(candidates)
    index = torch.arange(count, device=candidates.device)
    upper = torch.triu_indices(count, count, 1, device=candidates.device)
    first, second = torch.cat([index, upper[0]]), torch.cat([index, upper[1]])
    column = torch.zeros(count, count, dtype=torch.long, device=candidates.device)
    column[first, second] = column[second, first] = torch.arange(len(first), device=candidates.device)
    rows, columns = (c.T.contiguous() for c in candidates.unbind(-1))
    return (rows[:, first] * rows[:, second]).addcmul_(columns[:, first], columns[:, second]), column


def choose_parents(
    places: Tensor,
    mass: Tensor,
    candidates: Tensor,
    products: tuple[Tensor, Tensor] | None = None,
    count: int = PARENTS,
    group: Group = ALONE,
) -> Parents:
    """The `count` best correlated candidates, and how the pattern's displacement follows theirs.

    The coefficients b minimise sum over photos of w_VI |u_VI - sum over parents of b_P u_PI|^2 + ridge |b|^2, with
    ridge = (RIDGE + FEW_PHOTOS parents / photos) times the parents' mean square movement; gain = sum of |b|,
    weight = b / gain. Arguments as in `movement`; products: `parent_products(candidates)`, which do
    not change from one call to the next.
    """
    numbers, column = products or parent_products(candidates)
    moves = movement(places, mass, candidates, numbers, group)
    index = moves.correlation.topk(min(count, len(candidates)), dim=1).indices
    pairs = column[index[:, :, None], index[:, None]]
    together = moves.terms.gather(1, pairs.flatten(1)).unflatten(1, pairs.shape[1:])
    mean_square = together.diagonal(dim1=1, dim2=2).mean(1)
    relative = RIDGE + FEW_PHOTOS * index.shape[1] / group.total(places.shape[1])
    ridge = torch.diag_embed((relative * mean_square + STILL)[:, None].expand(index.shape))
    coefficient = torch.linalg.solve(together + ridge, moves.cross.gather(1, index)[..., None])[..., 0]
    gain = coefficient.abs().sum(1)
    return Parents(index, coefficient / gain.clamp_min(1e-9)[:, None], gain)


def parent_offsets(parents: Parents, candidates: Tensor) -> Tensor:
    """m_VI = gain_V sum over parents of weight u_P: (B, n, 2)."""
    index = parents.index
    mixing = torch.zeros(len(index), len(candidates), dtype=candidates.dtype, device=candidates.device)
    mixing.scatter_(1, index, parents.gain[:, None] * parents.weight)
    return (mixing @ candidates.permute(2, 0, 1)).permute(1, 2, 0)
