"""What a graph's edges say of each pattern and each layer, summed up, so that no question need go through all of them.

It follows from what was mined, and stands in the properties of `Pattern` and of `READS`.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np

from egraph.mining.graph_tables import CoActivations, Displacements, MinedGraph, PatternTable

E = TypeVar("E", CoActivations, Displacements)

STRONGEST = 100
"""Patterns of each layer that are named with it."""


def pattern_summary(mined: MinedGraph, layer: str) -> dict[str, np.ndarray]:
    """Columns of P values each, None where a pattern has no such property.

    neighbours: patterns above that it is displaced from. sigma: how much those displacements vary, on average; apart:
    how much they would if both patterns moved on their own. above, below: partners in the layers above and below, where
    the graph has such a layer. alone: true where there is a layer above and it has no partner there.
    """
    neighbours, sigma, apart = _steps(mined, layer)
    above, below = _partners(mined, layer)
    moves = neighbours > 0
    alone = np.zeros(len(neighbours), bool) if above is None else above == 0
    some = np.maximum(neighbours, 1)
    return {
        "neighbours": neighbours,
        "sigma": _where(moves, sigma / some),
        "apart": _where(moves, apart / some),
        "above": np.empty(0) if above is None else above,
        "below": np.empty(0) if below is None else below,
        "alone": _where(alone, alone),
    }


def reading_summary(mined: MinedGraph, layer: str) -> dict[str, Any]:
    """What `READS` of a layer says of its patterns.

    filter_patterns, filter_advantage: for each filter, how many patterns it keeps, and their mean advantage (0 where
    there are none). kept_filters: how many keep any. support: mean share of the objects on which a pattern fires.
    advantage: mean over the patterns. steps, sigma, apart: how many displacements from layers above there are, their
    mean variation, and what it would be if patterns moved on their own. ties, lift: how many partners in the layer
    above there are, and their mean lift. strongest: `<filter>/<number>` of the patterns with most evidence, those with
    most first. A mean over nothing is None.
    """
    table = mined.patterns[layer]
    channels = next(geometry.channels for geometry in mined.layers if geometry.name == layer)
    kept = np.bincount(table.filter, minlength=channels)
    advantage = np.bincount(table.filter, table.advantage.astype(float), channels)
    steps, sigma, apart = _steps(mined, layer)
    lifts = np.concatenate([np.empty(0), *(co.lift for co in _from(mined.co_activations, layer))])
    return {
        "filter_patterns": kept.tolist(),
        "filter_advantage": (advantage / np.maximum(kept, 1)).tolist(),
        "kept_filters": int((kept > 0).sum()),
        "support": _mean(table.support.sum() / len(mined.objects), len(table)),
        "advantage": _mean(advantage.sum(), len(table)),
        "steps": int(steps.sum()),
        "sigma": _mean(sigma.sum(), int(steps.sum())),
        "apart": _mean(apart.sum(), int(steps.sum())),
        "ties": len(lifts),
        "lift": _mean(lifts.sum(dtype=float), len(lifts)),
        "strongest": _strongest(table),
    }


def _strongest(table: PatternTable) -> list[str]:
    """Equal ones in the order of their ids."""
    names = [
        f"{channel}/{number}" for channel, number in zip(table.filter.tolist(), table.number.tolist(), strict=True)
    ]
    scores = table.score.tolist()
    return [names[row] for row in sorted(range(len(names)), key=lambda row: (-scores[row], names[row]))[:STRONGEST]]


def _steps(mined: MinedGraph, layer: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each pattern: how many displacements it has, and the sums of `sigma` and of `apart` over them; (P,) each."""
    size = len(mined.patterns[layer])
    count, sigma, apart = np.zeros(size, np.int64), np.zeros(size), np.zeros(size)
    spread = mined.patterns[layer].spread.astype(float)
    for d in _from(mined.displacements, layer):
        upper = mined.patterns[d.upper].spread.astype(float)
        count += np.bincount(d.source, minlength=size)
        sigma += np.bincount(d.source, d.sigma.astype(float), size)
        apart += np.bincount(d.source, np.hypot(spread[d.source], upper[d.target]), size)
    return count, sigma, apart


def _partners(mined: MinedGraph, layer: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    """How many partners each pattern has above and below, (P,) each; None where the graph has no such layer.

    Anchors, which have templates, count for no layer: they take part in no co-activations of their own.
    """
    size = len(mined.patterns[layer])
    conv = [g.name for g in mined.layers if g.name in mined.patterns and not mined.patterns[g.name].template.shape[1]]
    above = below = None
    if layer in conv[:-1]:
        above = sum((np.bincount(co.source, minlength=size) for co in _from(mined.co_activations, layer)), _none(size))
    if layer in conv and layer != mined.layers[0].name:
        down = (np.bincount(co.target, minlength=size) for co in mined.co_activations if co.upper == layer)
        below = sum(down, _none(size))
    return above, below


def _none(size: int) -> np.ndarray:
    return np.zeros(size, np.int64)


def _from(tables: list[E], layer: str) -> Iterator[E]:
    """The edges whose lower end is in `layer`."""
    return (edges for edges in tables if edges.lower == layer)


def _where(there: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`values` as objects, None where they are not `there`."""
    found = values.astype(object)
    found[~there] = None
    return found


def _mean(total: float, count: int) -> float | None:
    return float(total) / count if count else None
