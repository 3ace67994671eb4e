"""Parents: the upper patterns with which a pattern moves, and how far it follows them.

A parent is worth something where it moves with its child. So parents are chosen by the correlation of displacements
from the mean place, over the photos, weighted by the child's evidence. Shapes: B patterns, C candidates, n photos.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

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


def displacement_correlation(places: Tensor, mass: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Correlation of displacement vectors, the patterns' displacements, and the photos' shares in their evidence.

    cor(V, P) = <u_V, u_P> / sqrt(<u_V, u_V> <u_P, u_P>), <a, b> = sum over photos of w_VI a_I . b_I, with w the share
    of photo I in V's evidence and u the displacement from the mean place.

    Args:
        places: (B, n, 2) inferred places. mass: (B, n) evidence. candidates: (C, n, 2) displacements u_P.

    Returns:
        correlation (B, C), displacement (B, n, 2), share (B, n).
    """
    share = mass / mass.sum(1, keepdim=True).clamp_min(1e-9)
    displacement = places - (share[..., None] * places).sum(1, keepdim=True)
    weighted = (share[..., None] * displacement).flatten(1)
    cross = weighted @ candidates.flatten(1).T
    own = (weighted * displacement.flatten(1)).sum(1, keepdim=True)
    theirs = share @ candidates.square().sum(2).T
    return cross / (own * theirs).clamp_min(1e-12).sqrt(), displacement, share


def choose_parents(places: Tensor, mass: Tensor, candidates: Tensor, count: int = PARENTS) -> Parents:
    """The `count` best correlated candidates, and how the pattern's displacement follows theirs.

    The coefficients b minimise sum over photos of w_VI |u_VI - sum over parents of b_P u_PI|^2 + ridge |b|^2, with
    ridge = (RIDGE + FEW_PHOTOS parents / photos) times the parents' mean square movement; gain = sum of |b|,
    weight = b / gain. Arguments as in `displacement_correlation`.
    """
    correlation, displacement, share = displacement_correlation(places, mass, candidates)
    index = correlation.topk(min(count, len(candidates)), dim=1).indices
    moves = candidates[index].flatten(2)
    weighted = moves * share.repeat_interleave(2, 1)[:, None]
    products = weighted @ moves.transpose(1, 2)
    mean_square = products.diagonal(dim1=1, dim2=2).mean(1)
    relative = RIDGE + FEW_PHOTOS * index.shape[1] / places.shape[1]
    ridge = torch.diag_embed((relative * mean_square + STILL)[:, None].expand(index.shape))
    follows = weighted @ displacement.flatten(1)[..., None]
    coefficient = torch.linalg.solve(products + ridge, follows)[..., 0]
    gain = coefficient.abs().sum(1)
    return Parents(index, coefficient / gain.clamp_min(1e-9)[:, None], gain)


def mean_displacement(index: Tensor, weight: Tensor, candidates: Tensor) -> Tensor:
    """(B, n, 2) sum over parents of weight times displacement."""
    mixing = torch.zeros(len(index), len(candidates), dtype=candidates.dtype, device=candidates.device)
    mixing.scatter_(1, index, weight)
    return (mixing @ candidates.flatten(1)).unflatten(1, candidates.shape[1:])


def parent_offsets(parents: Parents, candidates: Tensor) -> Tensor:
    """m_VI = gain_V sum over parents of weight u_P: (B, n, 2)."""
    return parents.gain[:, None, None] * mean_displacement(parents.index, parents.weight, candidates)
