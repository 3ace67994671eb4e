"""How sure an answer is: whether the part, and the object around it, look as they did on the photos learnt from.

Two things are looked at: the patterns' score at the place that was found, and how well the graph's anchors, which know
nothing of the part, fit the object as a whole. n objects.
"""

import torch
from torch import Tensor

LEVELS = 101
UNSURE = 0.05
"""Confidence below which an answer is called unsure: at most so many of the learning photos look less familiar."""


def habit(score: Tensor, wholeness: Tensor) -> Tensor:
    """Mean and deviation of the scores and of the wholeness of objects, (n,) each: (4,)."""
    pairs = [(x.mean(), x.std(correction=0).clamp_min(1e-6)) for x in (score, wholeness)]
    return torch.stack([number for pair in pairs for number in pair])


def familiarity(score: Tensor, wholeness: Tensor, of: Tensor) -> Tensor:
    """Sum of both in deviations from a habit (4,): (n,)."""
    return (score - of[0]) / of[1] + (wholeness - of[2]) / of[3]


def levels(familiar: Tensor) -> Tensor:
    """Percentiles of the familiarity of the learning photos, rising: (LEVELS,)."""
    return torch.quantile(familiar, torch.linspace(0, 1, LEVELS))


def confidence(familiar: Tensor, of: Tensor) -> Tensor:
    """Share of the learning photos that look less familiar: (n,) against levels."""
    return torch.searchsorted(of, familiar.contiguous()).float() / len(of)
