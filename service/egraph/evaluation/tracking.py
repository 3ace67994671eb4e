"""Do patterns follow a part? Displacement-vector error of the best nodes, beside its controls.

A node is anything that has a place on every object. Nodes are chosen on half of the labelled objects and scored on
the other half; the mean vector from node to part is learnt with the choice. So a node that stands still scores what a
constant scores, and only following the part scores better.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from egraph.evaluation.truth import Labelled, Score

BEST = 20
"""Nodes chosen, the same number for every method."""

DRAWS = 12


def evaluate_tracking(labelled: Labelled, draws: int = DRAWS, seed: int = 0) -> dict[str, Score]:
    """Error of every method of `Labelled.nodes`, over random halves of the objects, both ways round."""
    halves = [torch.from_numpy(np.random.default_rng([seed, d]).permutation(len(labelled.truth))) for d in range(draws)]
    nodes: Mapping[str, Tensor] = {name: torch.cat(list(n.places.values())) for name, n in labelled.nodes.items()}
    return {
        name: Score.of([displacement_error(places, labelled.truth, order) for order in halves])
        for name, places in nodes.items()
    }


def displacement_error(places: Tensor, truth: Tensor, order: Tensor | None = None, best: int = BEST) -> float:
    """Mean distance between the part and the best nodes, moved by the mean vector, in diagonals of the crop.

    Args:
        places: (nodes, n, 2) row, column, fractions of the crop in the canonical view. truth: (n, 2) likewise.
        order: (n,) a permutation of the objects, whose halves are chosen on and scored on in turn.
    """
    order = torch.arange(len(truth)) if order is None else order
    first, second = order[0::2], order[1::2]
    scores = []
    for chosen_on, scored_on in ((first, second), (second, first)):
        vector = (truth[chosen_on] - places[:, chosen_on]).mean(1, keepdim=True)
        error = (places[:, chosen_on] + vector - truth[chosen_on]).norm(dim=2).mean(1)
        nodes = error.topk(min(best, len(error)), largest=False).indices
        guess = places[nodes][:, scored_on] + vector[nodes]
        scores.append((guess - truth[scored_on]).norm(dim=2).mean())
    return float(torch.stack(scores).mean() / 2**0.5)
