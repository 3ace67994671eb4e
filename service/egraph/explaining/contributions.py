"""What each unit of a layer adds to a score: an account that adds up, from the map where nothing is detected.

Where the network ends in pooled maps and a linear layer, the account of the pooled maps is exact: weight times
activation over the number of units. Everywhere else it is that of integrated gradients along t a, t from 0 to 1
(Sundararajan, Taly, Yan: "Axiomatic Attribution for Deep Networks", ICML 2017), by the midpoint rule, and where that is
not enough by the mean of it and the trapezoid rule, whose errors have opposite signs: no step is taken twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from egraph.explaining.score import Score
from egraph.explaining.upper import UpperNetwork, answer_of

STEPS = 8
MOST_STEPS = 128
TOLERANCE = 0.01
"""Of the difference between the score and its baseline; while the remainder is larger, the steps are doubled."""

AT_ONCE = 9
"""Steps that run together."""

PROPORTIONAL = 1e-4
"""By so much, of the largest, numbers may differ that are the same but for rounding."""


@dataclass(frozen=True)
class Contributions:
    """values: (C, U) what each unit of a layer adds to the score. score = baseline + remainder + the sum of `values`.
    baseline: the score of the empty map. remainder: what the numerical integral lacks. steps: its steps, 0 where the
    account is exact."""

    values: Tensor
    score: float
    baseline: float
    remainder: float
    steps: int


def contributions(upper: UpperNetwork, score: Score, head: nn.Linear | None = None) -> Contributions:
    """The account of a layer.

    Args:
        head: the linear layer that reads this layer's pooled maps, from `pooled_head`; None where it is another.
    """
    with torch.no_grad():
        whole, empty = float(score(upper.answer)), float(score(upper(torch.zeros_like(upper.maps)[None])))
    if head is not None and score.region is None:
        weight = score.direction.to(head.weight) @ head.weight  # (C,)
        values = weight[:, None] * upper.maps.flatten(1) / upper.maps[0].numel()
        return Contributions(values, whole, empty, _remainder(whole, empty, values), 0)
    for steps, gradient in mean_gradients(upper, score):
        values = (gradient * upper.maps).flatten(1)
        remainder = _remainder(whole, empty, values)
        if abs(remainder) <= TOLERANCE * abs(whole - empty) or steps >= MOST_STEPS:
            return Contributions(values, whole, empty, remainder, steps)
    raise AssertionError


def mean_gradients(upper: UpperNetwork, score: Score) -> Iterator[tuple[int, Tensor]]:
    """The mean gradient on the way from the empty map to the layer's own, better and better: the number of equal steps
    and (C, H, W). Each doubling takes only the points between those that were taken."""
    steps, mean = STEPS, gradient_at(upper, score, midpoints(STEPS))
    yield steps, mean
    between = torch.arange(STEPS + 1) / STEPS
    weight = torch.ones(STEPS + 1)
    weight[[0, -1]] = 0.5
    mean = (mean + gradient_at(upper, score, between, weight)) / 2
    while True:
        steps *= 2
        yield steps, mean
        mean = (mean + gradient_at(upper, score, midpoints(steps))) / 2


def midpoints(steps: int) -> Tensor:
    """Of equal steps from 0 to 1: (steps,)."""
    return (torch.arange(steps) + 0.5) / steps


def gradient_at(upper: UpperNetwork, score: Score, points: Tensor, weight: Tensor | None = None) -> Tensor:
    """The mean gradient where the layer's maps are multiplied by each of some points (n,), with a weight (n,) for each:
    (C, H, W)."""
    weight = (torch.ones_like(points) if weight is None else weight).to(upper.maps)
    total = torch.zeros_like(upper.maps)
    for some, by in zip(points.to(upper.maps).split(AT_ONCE), weight.split(AT_ONCE), strict=True):
        maps = (some[:, None, None, None] * upper.maps).requires_grad_()
        (gradient,) = torch.autograd.grad((by * score(upper(maps))).sum(), maps)
        total += gradient.sum(0)
    return total / weight.sum()


def gradient_times_activation(upper: UpperNetwork, score: Score) -> Tensor:
    """The control: what the gradient at the view itself says, (C, U). It does not add up."""
    maps = upper.maps[None].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(score(upper(maps)).sum(), maps)
    return (gradient[0] * upper.maps).flatten(1)


def pooled_head(upper: UpperNetwork) -> nn.Linear | None:
    """The linear layer that gives the network's answer from the means of this layer's maps; None where there is none.

    It is found by what it is given: only where that is these means, and what it makes of them the answer, is the
    account by its weights exact.
    """
    found: list[tuple[nn.Linear, Tensor, Tensor]] = []

    def hook(module: nn.Linear, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        found.append((module, inputs[0], output))

    module = upper.network.module
    handles = [part.register_forward_hook(hook) for part in module.modules() if isinstance(part, nn.Linear)]
    try:
        with torch.no_grad():
            answer = answer_of(upper(upper.maps[None]), upper.network)
    finally:
        for handle in handles:
            handle.remove()
    if not found or answer.ndim != 2:
        return None
    head, given, output = found[-1]
    means = upper.maps.mean((1, 2))[None]
    if given.shape == means.shape and output.shape == answer.shape and _alike(given, means) and _alike(output, answer):
        return head
    return None


def _alike(some: Tensor, others: Tensor) -> bool:
    return bool((some - others).abs().max() <= PROPORTIONAL * others.abs().max())


def _remainder(whole: float, empty: float, values: Tensor) -> float:
    return whole - empty - float(values.double().sum())
