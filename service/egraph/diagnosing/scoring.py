"""Which answers are right, and the scores that a diagnosis looks at: weighted sums of the network's answers.

Shapes: n photos, K classes. A direction (K,) holds the weight of each class's answer.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

Accepted = Sequence[Sequence[int]]
"""For each photo the classes that are right."""


def best_accepted(answers: Tensor, accepted: Accepted) -> Tensor:
    """For each photo the class with the largest answer among the right ones: (n,)."""
    return torch.tensor(
        [max(right, key=lambda c: float(answer[c])) for answer, right in zip(answers, accepted, strict=True)],
        dtype=torch.long,
    )


def is_right(answers: Tensor, accepted: Accepted) -> Tensor:
    """Whether the class with the largest answer is a right one: (n,) bool."""
    return answers.argmax(1) == best_accepted(answers, accepted)


def class_directions(classes: Tensor, count: int) -> Tensor:
    """The scores of some classes, each its answer less the mean of all answers: (n,) gives (n, count)."""
    directions = torch.full((len(classes), count), -1 / count)
    directions[torch.arange(len(classes)), classes] += 1
    return directions


def margin_directions(over: Tensor, under: Tensor, count: int) -> Tensor:
    """The margins of classes `over` others, by their answers: (n,) each gives (n, count)."""
    directions = torch.zeros(len(over), count)
    rows = torch.arange(len(over))
    directions[rows, over] += 1
    directions[rows, under] -= 1
    return directions


def scores(answers: Tensor, directions: Tensor) -> Tensor:
    """(n,)"""
    return (answers * directions).sum(1)
