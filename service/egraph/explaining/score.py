"""The score that is explained: a weighted sum of the network's answers.

The score of a class is its answer less the mean of all classes' answers, because a constant that is added to all of
them changes no prediction; of a class instead of another one, the difference of the two. In dense tasks the answers
are first averaged over a region. Whatever it is, the score is linear in the answers.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.photos.photo import Box


@dataclass(frozen=True)
class Score:
    """direction: (classes,) weight of each class's answer. region: (height * width,) weight of each place of a dense
    answer, or None where the network answers once for each photo."""

    direction: Tensor
    region: Tensor | None = None

    def __call__(self, answers: Tensor) -> Tensor:
        """The scores of answers (n, classes) or (n, classes, height, width): (n,)."""
        return self.answers(answers) @ self.direction.to(answers)

    def answers(self, answers: Tensor) -> Tensor:
        """The answers, averaged over the region in dense tasks: (n, classes)."""
        return answers if self.region is None else answers.flatten(2) @ self.region.to(answers)


def class_score(classes: int, number: int, instead_of: int | None = None) -> Tensor:
    """The direction of a class's score, (classes,). Where there is but one answer, it is the score."""
    direction = torch.zeros(classes)
    direction[number] = 1
    if instead_of is not None:
        direction[instead_of] -= 1
    elif classes > 1:
        direction -= 1 / classes
    return direction


def region_weights(box: Box, height: int, width: int) -> Tensor:
    """How much each cell of a dense answer counts for a box in fractions of what the network sees: (height * width,),
    the share of the box that lies in the cell; they sum to 1.

    Args:
        box: with some of it inside.
    """
    weights = (cells(box.y, box.height, height)[:, None] * cells(box.x, box.width, width)).flatten()
    return weights / weights.sum()


def cells(start: float, length: float, count: int) -> Tensor:
    """How much of a stretch lies in each of `count` equal cells of 0 to 1: (count,)."""
    edges = torch.arange(count + 1, dtype=torch.float64) / count
    low, high = edges[:-1].clamp_min(start), edges[1:].clamp_max(start + length)
    return (high - low).clamp_min(0).float()


def probabilities(answers: Tensor) -> Tensor:
    """What the network thinks of each class, (n, classes): a softmax, or a sigmoid where there is but one answer."""
    return answers.softmax(1) if answers.shape[1] > 1 else answers.sigmoid()
