"""How sure a share is that was counted on few objects, and how high the best of many patterns gets by chance."""

import numpy as np
from scipy.special import bdtrik

DEVIATIONS = 1.645
"""Of the lower bound: a share is below it with a probability of 5 %."""

DECIMALS = 1e9
"""What chance reaches is rounded up, so that a share that equals it does not exceed it, whoever computed it."""

BEYOND_CHANCE = 0.05
"""Probability that any pattern of a graph reaches more than `best_by_chance`, if all stand at random places."""


def lower_bound(hits: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The lower bound of the share hits / total (Wilson's, one-sided, 95 %); 0 where there was nothing to count.

    Args:
        hits, total: (P,) counts, or sums of weights.
    """
    z2, count = DEVIATIONS**2, np.maximum(total, 1e-9)
    share = hits / count
    deviation = np.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count * count)))
    bound: np.ndarray = np.where(hits > 0, (share + z2 / (2 * count) - deviation) / (1 + z2 / count), 0.0)
    return bound


def best_by_chance(total: np.ndarray, area: float, patterns: int) -> np.ndarray:
    """The largest lower bound that is no surprise for the best of `patterns` at random places, rounded up.

    Each is then inside on a binomial number of the objects that were counted, and one of them exceeds this with a
    probability of at most `BEYOND_CHANCE`. Patterns that stand at the same place make it less likely still.

    Args:
        total: (P,) how many objects were counted, rounded where weights are not whole. area: share of an object that
            the boxes cover.
    """
    counted = np.maximum(np.rint(total), 1)
    if area <= 0:
        return np.zeros(len(counted))
    inside = np.ceil(bdtrik(1 - BEYOND_CHANCE / max(1, patterns), counted, min(area, 1.0)) - 1e-9)
    # there is no count that full coverage exceeds
    inside = np.clip(np.nan_to_num(inside, nan=counted), 0, counted)
    best: np.ndarray = np.ceil(lower_bound(inside / counted * total, total) * DECIMALS) / DECIMALS
    return best


def chance_table(objects: int, area: float, patterns: int) -> list[float]:
    """`best_by_chance` of patterns that fire on 0, 1, 2, … up to all of some labelled objects."""
    return [float(chance) for chance in best_by_chance(np.arange(objects + 1.0), area, patterns)]
