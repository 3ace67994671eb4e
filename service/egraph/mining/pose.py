"""The pose of an object as a few numbers, and the weights that decide which way a new object faces.

Both read the patterns of one conv layer: how far each stands from its mean place on an object. Shapes: P patterns,
n photos, r pose numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

POSE_NUMBERS = 16
RIDGE = 0.3
SCORE_FLOOR = 0.02
SMALLEST_CONFIDENCE = 0.05

DisplacementReader = Callable[[], Iterator[Tensor]]
"""Gives displacements from the mean place block by block: (patterns of the block, n, 2)."""

ScoreReader = Callable[[], Iterator[tuple[Tensor, Tensor]]]
"""Gives scores in the canonical and in the other view, block by block: each (patterns of the block, n)."""


@dataclass(frozen=True)
class Pose:
    """loadings: (P, r, 2); vectors: (n, r). A new object's vector is the sum over patterns of loading . u / |u|."""

    loadings: Tensor
    vectors: Tensor


def find_pose(read: DisplacementReader, numbers: int = POSE_NUMBERS) -> Pose:
    """Leading directions of the photos' unit displacement vectors.

    With x_I = u_I / |u_I| over all patterns and K = x x^T = U diag(l) U^T: loadings x^T U / sqrt(l), vectors
    U sqrt(l), whose dot products are the best approximation of K by r numbers.
    """
    gram = _total(block.transpose(0, 1).flatten(1) @ block.transpose(0, 1).flatten(1).T for block in read())
    length = gram.diagonal().clamp_min(1e-12).sqrt()
    values, directions = torch.linalg.eigh((gram / length / length[:, None]).double())
    kept = min(numbers, len(gram))
    values, directions = values[-kept:].flip(0).clamp_min(1e-9).sqrt(), directions[:, -kept:].flip(1)
    sign = torch.where(directions.sum(0) < 0, -1.0, 1.0)
    mixing = (directions * sign / values / length[:, None].double()).float()
    loadings = torch.cat([torch.einsum("pnc,nr->prc", block, mixing) for block in read()])
    return Pose(loadings, (directions * sign * values).float())


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
