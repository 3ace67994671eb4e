"""What a confidence is worth: how large the error is where only the surest answers are kept. n objects."""

from dataclasses import dataclass

import torch
from torch import Tensor

FAR = 0.15
"""Diagonals of the object by which a gross error is off."""


@dataclass(frozen=True)
class Risk:
    """Mean error of the surest answers, in diagonals of the object. area: the mean over all shares of answers that may
    be kept; at50, at75, at90: where so many per cent are kept. far75: share of the surest 75 % that are off by more
    than .15 diagonals."""

    area: float
    at50: float
    at75: float
    at90: float
    far75: float


def risk(error: Tensor, sureness: Tensor) -> Risk:
    """Of answers with these errors (n,), the surest first; n is at least 1."""
    order = sureness.argsort(descending=True, stable=True)
    kept = torch.arange(1, len(error) + 1)
    mean = error[order].double().cumsum(0) / kept
    far = (error[order] > FAR).double().cumsum(0) / kept

    def at(share: float) -> int:
        return max(1, round(share * len(error))) - 1

    return Risk(
        area=float(mean.mean()),
        at50=float(mean[at(0.5)]),
        at75=float(mean[at(0.75)]),
        at90=float(mean[at(0.9)]),
        far75=float(far[at(0.75)]),
    )


def risks(error: Tensor, by: dict[str, Tensor]) -> dict[str, Risk]:
    """Of the same answers by several kinds of sureness (n,) each; beside them `random`, by which nothing is told apart,
    and `best`, which knows the errors."""
    everything = float(error.double().mean())
    far = float((error > FAR).double().mean())
    found = {name: risk(error, sureness) for name, sureness in by.items()}
    return found | {
        "random": Risk(everything, everything, everything, everything, far),
        "best": risk(error, -error),
    }
