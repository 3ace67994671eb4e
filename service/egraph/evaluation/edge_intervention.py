"""Do edges say what the network does? Lower patterns are switched off, and how far upper ones fall is measured.

On a photo, a lower pattern's unit is set to 0 in the map of its layer, and the network runs on from there. The fall of
an upper pattern is the share of its unit's activation that goes with it. Its partners are compared with patterns of the
same layer that are no partners of it, at the same unit, of about the same activation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from egraph.network.layers import activations
from egraph.network.network import Network

AT_ONCE = 12
"""Lower patterns that are switched off in one pass, each in a copy of the photo."""

ALIKE = 1.25
"""Activations that differ by at most this factor are about the same."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

RESAMPLES = 1000


@dataclass(frozen=True)
class Firing:
    """Patterns that fire on one photo: P of them. pattern: (P,) rows of their table; filter, unit: (P,) which output of
    the layer's map (channel, row * width + column)."""

    pattern: Tensor
    filter: Tensor
    unit: Tensor


@dataclass(frozen=True)
class Fall:
    """Falls of N pairs. fall: mean; low, high: 95 % interval of the mean, photos drawn anew; quantiles: at 5, 25, 50,
    75 and 95 %. farther: share of the pairs whose fall is larger than that of one non-partner, drawn at random; None
    for those. pairs: N."""

    fall: float | None
    low: float | None
    high: float | None
    quantiles: list[float]
    farther: float | None
    pairs: int


@dataclass(frozen=True)
class Compared:
    """N pairs of a lower pattern and a partner, beside non-partners. photo: (N,); fall: (N,) of the partner; others:
    (N,) mean of all non-partners that may be compared; one: (N,) of one of them, drawn at random."""

    photo: np.ndarray
    fall: np.ndarray
    others: np.ndarray
    one: np.ndarray


def switch_off(network: Network, lower: str, upper: str, crop: Tensor, off: Firing, seen: Firing) -> Tensor:
    """Shares of the upper patterns' activation that go with each lower pattern: (P off, P seen).

    Args:
        crop: (1, 3, size, size) ready for the network. off: lower patterns. seen: upper ones, of activation above 0.
    """

    def at_units(maps: Tensor) -> Tensor:
        return maps.flatten(2)[:, seen.filter, seen.unit]

    before = at_units(activations(network, [upper], crop)[upper])
    falls = []
    for some in torch.arange(len(off.pattern)).split(AT_ONCE):
        copies = crop.expand(len(some), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        hook = _switching(off.filter[some], off.unit[some])
        handle = network.module.get_submodule(lower).register_forward_hook(hook)
        try:
            after = at_units(activations(network, [upper], copies)[upper])
        finally:
            handle.remove()
        falls.append((before - after) / before)
    return torch.cat(falls) if falls else torch.zeros(0, len(seen.pattern))


def _switching(filter_: Tensor, unit: Tensor) -> Callable[[nn.Module, object, Tensor], Tensor]:
    """A forward hook that sets one unit of each copy to 0."""

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        changed = output.clone()
        width = output.shape[3]
        changed[torch.arange(len(filter_)), filter_, unit // width, unit % width] = 0
        return changed

    return hook


def compare(
    falls: Tensor, activation: Tensor, off: Firing, seen: Firing, partners: set[tuple[int, int]], photo: int, seed: int
) -> Compared:
    """Partners beside non-partners at the same unit and of about the same activation, on one photo.

    Args:
        falls: (P off, P seen). activation: (P seen,) before. partners: rows of lower and upper patterns.
    """
    random = np.random.default_rng([seed, photo])
    found: list[tuple[float, float, float]] = []
    size = activation.log()
    for row, pattern in enumerate(off.pattern.tolist()):
        linked = torch.tensor([(pattern, other) in partners for other in seen.pattern.tolist()], dtype=torch.bool)
        for column in linked.nonzero()[:, 0].tolist():
            alike = (size - size[column]).abs() <= np.log(ALIKE)
            others = ((seen.unit == seen.unit[column]) & alike & ~linked).nonzero()[:, 0]
            # a filter may have several patterns at one unit: they are the same output
            others = others[seen.filter[others] != seen.filter[column]]
            if len(others):
                compared = falls[row, others]
                drawn = float(compared[random.integers(len(others))])
                found.append((float(falls[row, column]), float(compared.mean()), drawn))
    fall, others_, one = np.array(found, float).reshape(-1, 3).T
    return Compared(np.full(len(fall), photo), fall, others_, one)


def summarise(parts: Sequence[Compared], seed: int = 0) -> dict[str, Fall]:
    """`egraph`: the partners; `non_partners`: the mean of those that each is compared with."""
    photo, fall, others, one = (
        np.concatenate([getattr(part, name) for part in parts]) if parts else np.empty(0)
        for name in ("photo", "fall", "others", "one")
    )
    return {
        "egraph": _fall(fall, fall, photo, float((fall > one).mean()) if len(fall) else None, seed),
        "non_partners": _fall(others, one, photo, None, seed),
    }


def _fall(means: np.ndarray, each: np.ndarray, photo: np.ndarray, farther: float | None, seed: int) -> Fall:
    if not len(means):
        return Fall(None, None, None, [], None, 0)
    photos = np.unique(photo)
    sums = np.array([[means[photo == p].sum(), (photo == p).sum()] for p in photos])
    drawn = np.random.default_rng(seed).integers(0, len(photos), (RESAMPLES, len(photos)))
    total, count = sums[drawn].sum(1).T
    low, high = np.quantile(total / count, [0.025, 0.975])
    quantiles = [float(q) for q in np.quantile(each, QUANTILES)]
    return Fall(float(means.mean()), float(low), float(high), quantiles, farther, len(means))
