"""The pose of an object as a few numbers, where it puts the patterns, and which way a new object faces.

Pose and side are read from the patterns of one conv layer: how far each stands from its mean place on an object. One
pattern's evidence says little of where it is; that of all patterns together says how the object stands, and so where
each of them is. Shapes: P patterns, n photos, r pose numbers; |u_I| is the length of an object's displacements u over
all patterns of that layer.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse.linalg
import torch
from torch import Tensor

POSE_NUMBERS = 16
PLACING_NUMBERS = 8
"""The leading numbers, which place patterns; the others follow single objects more than what moves together."""

FEW = 8
"""Photos for each number of the pose, up to which all eigenvectors are found and not only the leading ones."""

RIDGE = 0.3
SCORE_FLOOR = 0.02
SMALLEST_CONFIDENCE = 0.05

DisplacementReader = Callable[[], Iterator[Tensor]]
"""Gives displacements from the mean place block by block: (patterns of the block, n, 2)."""

ScoreReader = Callable[[], Iterator[tuple[Tensor, Tensor]]]
"""Gives scores in the canonical and in the other view, block by block: each (patterns of the block, n)."""


@dataclass(frozen=True)
class Pose:
    """loadings: (P, r, 2); vectors: (n, r); lengths: (n,) |u|. A new object's vector is the sum over patterns of
    loading . u / |u|."""

    loadings: Tensor
    vectors: Tensor
    lengths: Tensor


def find_pose(read: DisplacementReader, numbers: int = POSE_NUMBERS) -> Pose:
    """Leading directions of the photos' unit displacement vectors.

    With x_I = u_I / |u_I| over all patterns and K = x x^T = U diag(l) U^T: loadings x^T U / sqrt(l), vectors
    U sqrt(l), whose dot products are the best approximation of K by r numbers.
    """
    gram = _total(block.transpose(0, 1).flatten(1) @ block.transpose(0, 1).flatten(1).T for block in read())
    length = gram.diagonal().clamp_min(1e-12).sqrt()
    values, directions = _leading_eigenvectors((gram / length / length[:, None]).double(), min(numbers, len(gram)))
    values = values.clamp_min(1e-9).sqrt()
    sign = torch.where(directions.sum(0) < 0, -1.0, 1.0)
    mixing = (directions * sign / values / length[:, None].double()).float()
    loadings = torch.cat([torch.einsum("pnc,nr->prc", block, mixing) for block in read()])
    return Pose(loadings, (directions * sign * values).float(), length)


def _leading_eigenvectors(symmetric: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The largest eigenvalues, falling, and their eigenvectors as columns."""
    if count * FEW >= len(symmetric):
        values, vectors = torch.linalg.eigh(symmetric)
        return values[-count:].flip(0), vectors[:, -count:].flip(1)
    start = np.random.default_rng(0).standard_normal(len(symmetric))
    found = scipy.sparse.linalg.eigsh(symmetric.cpu().numpy(), count, which="LA", v0=start)
    order = np.argsort(-found[0])
    return torch.from_numpy(found[0][order]).to(symmetric), torch.from_numpy(found[1][:, order]).to(symmetric)


def placing_loadings(displacement: Tensor, pose: Pose, photos: slice = slice(None)) -> Tensor:
    """How any patterns move with the pose, summed over some photos: (P, PLACING_NUMBERS or fewer, 2).

    The regression of u_VI / |u_I| on the pose vectors z_I, whose numbers are orthogonal over all photos:
    b_V = (sum over I of u_VI z_I / |u_I|) / (sum over I of z_I^2). For the layer that the pose was found from these are
    its leading loadings.

    Args:
        displacement: (P, n, 2) from the mean places, of the photos that `photos` names.
    """
    vectors = pose.vectors[:, :PLACING_NUMBERS].to(displacement.device)
    square = vectors.square().sum(0).clamp_min(1e-12)
    mixing = (vectors / square / pose.lengths.to(vectors)[:, None])[photos]
    return torch.einsum("pnc,nr->prc", displacement, mixing)


def placing_numbers(vectors: Tensor, lengths: Tensor) -> Tensor:
    """The numbers of the pose that place patterns, with the length of the object's displacements: (n, r) and (n,) give
    (n, PLACING_NUMBERS or fewer)."""
    return vectors[:, :PLACING_NUMBERS] * lengths[:, None]


def unseen_vectors(vectors: Tensor) -> Tensor:
    """The pose vectors (n, r) of objects that the pose was found from, as if it had been found without them.

    An object pulls the directions towards itself. With l_r the sum over objects of z_Ir^2, the leave-one-out vector is
    z_Ir (1 - 1 / l_r): exactly so, because every object's likeness to itself is 1.
    """
    return vectors * (1 - 1 / vectors.square().sum(0).clamp_min(1e-12)).clamp_min(0)


def posed_displacements(loadings: Tensor, numbers: Tensor) -> Tensor:
    """Where the pose puts patterns, from their mean places: |u_I| b_V . z_I, (P, n, 2).

    Args:
        loadings: (P, r, 2) of at least as many numbers as there are. numbers: (n, s) from `placing_numbers`.
    """
    return torch.einsum("prc,nr->pnc", loadings[:, : numbers.shape[1]], numbers)


def posed_spread(loadings: Tensor, numbers: Tensor) -> Tensor:
    """Root mean square over all objects of `posed_displacements`: (P,)."""
    moment = numbers.T @ numbers / len(numbers)
    leading = loadings[:, : numbers.shape[1]]
    return torch.einsum("prc,rs,psc->p", leading, moment, leading).clamp_min(0).sqrt()


def orientation_weights(read: ScoreReader, confidence: Tensor) -> Tensor:
    """Weight of each pattern in the left/right decision: (P,).

    Ridge regression from d_IV = log(score in the canonical view) - log(score in the other one) to 1, photos weighted
    by how sure their orientation is. A new object stands in the canonical view where sum over V of a_V d_V > 0.

    Args:
        confidence: (n,) absolute value of the solved orientation.
    """

    def ratios() -> Iterator[Tensor]:
        for canonical, other in read():
            yield (canonical + SCORE_FLOOR).log() - (other + SCORE_FLOOR).log()

    kernel = _total(ratio.T @ ratio for ratio in ratios())
    scale = kernel.diagonal().mean().clamp_min(1e-9)
    sure = confidence.abs().clamp_min(SMALLEST_CONFIDENCE)
    regular = kernel / scale + RIDGE * torch.diag(sure.mean() / sure)
    dual = torch.linalg.solve(regular.double(), torch.ones(len(sure), dtype=torch.float64)).float()
    return torch.cat([ratio @ dual for ratio in ratios()]) / scale


def _total(terms: Iterator[Tensor]) -> Tensor:
    total = next(terms)
    for term in terms:
        total = total + term
    return total
