"""How sure an answer is, in two ways: whether the part is there, and whether the place is right.

It is there where the part, and the object around it, look as they did on the photos learnt from: the sum of the votes'
first halves at the place that was found, and how well the graph's anchors, which know nothing of the part, fit the
object as a whole. The place is right where the votes agree: the score says by how much it expects to be off. Both are
compared with the photos learnt from. n objects.
"""

import torch
from torch import Tensor

LEVELS = 101
UNSURE = 0.05
"""Confidence below which the part is hardly there: at most so many of the learning photos look less familiar."""
DOUBTFUL = 0.1
"""Confidence below which a place is in doubt: on at most so many of the learning photos it was less certain."""


def habit(score: Tensor, wholeness: Tensor) -> Tensor:
    """Mean and standard deviation of the scores and of the wholeness of objects, (n,) each: (4,)."""
    pairs = [(x.mean(), x.std(correction=0).clamp_min(1e-6)) for x in (score, wholeness)]
    return torch.stack([number for pair in pairs for number in pair])


def familiarity(score: Tensor, wholeness: Tensor, of: Tensor) -> Tensor:
    """Sum of both in standard deviations from a habit (4,): (n,)."""
    return (score - of[0]) / of[1] + (wholeness - of[2]) / of[3]


def levels(values: Tensor) -> Tensor:
    """Percentiles of a value of the learning photos, rising: (n,) give (LEVELS,)."""
    return torch.quantile(values, torch.linspace(0, 1, LEVELS))


def confidence(familiar: Tensor, of: Tensor) -> Tensor:
    """Share of the learning photos that look less familiar: (n,) against levels."""
    return torch.searchsorted(of, familiar.contiguous()).float() / len(of)


def place_confidence(expected_error: Tensor, of: Tensor) -> Tensor:
    """Share of the learning photos on which the place was less certain: (n,) against levels of the expected error."""
    return 1 - torch.searchsorted(of, expected_error.contiguous()).float() / len(of)


def error_at(place_confidence: Tensor, of: Tensor) -> Tensor:
    """The expected error at which a place has this confidence, to one level: (n,) against levels."""
    below = ((1 - place_confidence) * len(of)).round().long()
    return of[below.clamp(0, len(of) - 1)]
