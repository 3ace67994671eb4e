"""Is a pattern found again on other photos? Two graphs, mined from two halves of the photos, seen on all of them.

P and Q patterns of one layer in the two graphs, n objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.evaluation.purity import STRONGEST

ALIKE = 0.5
"""Correlation of the scores from which on two patterns fire on the same photos."""


@dataclass(frozen=True)
class LayerPatterns:
    """The patterns of one layer on all objects. filter: (P,) int64. places: (P, 2) mean place in the canonical view.
    scores: (P, n). sureness: (P,)."""

    filter: Tensor
    places: Tensor
    scores: Tensor
    sureness: Tensor


@dataclass(frozen=True)
class Stability:
    """Means over patterns, over both directions, then over layers. found_again: share of the patterns of one half for
    which the other half has one of the same filter within a unit whose scores correlate. place: the same without asking
    for the scores. photos: share of the 20 strongest objects that the nearest one has too. patterns: of both halves
    together."""

    found_again: float
    place: float
    photos: float
    patterns: int


def evaluate_stability(
    first: dict[str, LayerPatterns], second: dict[str, LayerPatterns], units: dict[str, float], channels: dict[str, int]
) -> dict[str, dict[str, Stability]]:
    """All methods, per layer, and over all layers under `all`.

    `egraph`: all patterns. `surest`: of each half as many patterns as the layer has filters, sought among all of the
    other half. `next_filter`: the control; a pattern is sought among those of the filter behind its own.

    Args:
        units: size of a map unit of each layer, in fractions of the crop. channels: filters of each layer.
    """
    found = {
        layer: {
            "egraph": both_ways(first[layer], second[layer], units[layer], channels[layer]),
            "surest": both_ways(first[layer], second[layer], units[layer], channels[layer], surest=channels[layer]),
            "next_filter": both_ways(first[layer], second[layer], units[layer], channels[layer], shift=1),
        }
        for layer in first
    }
    methods = list(next(iter(found.values())))
    return found | {"all": {m: mean_of([of_layer[m] for of_layer in found.values()]) for m in methods}}


def both_ways(
    one: LayerPatterns, two: LayerPatterns, unit: float, channels: int, shift: int = 0, surest: int | None = None
) -> Stability:
    """Patterns of each sought among those of the other, of the filter `shift` behind."""
    found = [
        torch.cat(t)
        for t in zip(*(sought(*pair, unit, channels, shift, surest) for pair in ((one, two), (two, one))), strict=True)
    ]
    again, place, photos = (float(t.double().mean()) if len(t) else 0.0 for t in found)
    return Stability(again, place, photos, len(found[0]))


def sought(
    these: LayerPatterns, among: LayerPatterns, unit: float, channels: int, shift: int, surest: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Of each pattern (or of the `surest` ones, most first): found again, (P,) bool; near in place, (P,) bool; share of
    its strongest objects that the nearest one has, (P,)."""
    rows = torch.arange(len(these.filter))
    if surest is not None:
        rows = these.sureness.argsort(descending=True, stable=True)[:surest]
    again, near, shared = torch.zeros(3, len(rows)).unbind(0)
    top = _strongest_objects(these.scores), _strongest_objects(among.scores)
    standard = _standardised(these.scores), _standardised(among.scores)
    wanted = (these.filter[rows] + shift) % channels
    for filter_ in wanted.unique():
        mine, others = (wanted == filter_).nonzero()[:, 0], (among.filter == filter_).nonzero()[:, 0]
        if not len(others):
            continue
        row = rows[mine]
        distance = torch.cdist(these.places[row], among.places[others])
        alike = standard[0][row] @ standard[1][others].T / these.scores.shape[1]
        close = distance <= unit
        near[mine] = close.any(1).float()
        again[mine] = (close & (alike > ALIKE)).any(1).float()
        both = top[0][row] & top[1][others[distance.argmin(1)]]
        shared[mine] = both.sum(1) / top[0][row].sum(1)
    return again.bool(), near.bool(), shared


def mean_of(layers: Sequence[Stability]) -> Stability:
    """Over layers, each counting alike."""
    again, place, photos = np.mean([(layer.found_again, layer.place, layer.photos) for layer in layers], 0)
    return Stability(float(again), float(place), float(photos), sum(layer.patterns for layer in layers))


def _strongest_objects(scores: Tensor) -> Tensor:
    """(P, n) bool."""
    chosen = scores.topk(min(STRONGEST, scores.shape[1]), dim=1).indices
    return torch.zeros(scores.shape, dtype=torch.bool).scatter_(1, chosen, True)


def _standardised(scores: Tensor) -> Tensor:
    """Mean 0, standard deviation 1 over the objects; 0 where all are the same."""
    centred = scores - scores.mean(1, keepdim=True)
    return centred / centred.square().mean(1, keepdim=True).sqrt().clamp_min(1e-9)
