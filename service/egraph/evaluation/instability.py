"""Location instability, the papers' own figure: how much the distance between a node and a part varies.

It is the standard deviation over objects of |p_V - p_k| in diagonals of the crop, averaged over a layer's best nodes,
then over layers. It rewards standing still: a fixed point has no instability of its own, only the part's. So it is to
be read beside its controls. Two protocols (Zhang et al., AAAI 2018, and Zhang, Wu and Zhu, "Interpretable Convolutional
Neural Networks", CVPR 2018): `top20`, the 167 nodes of a layer with the largest mean of their 20 best scores, each on
these 20 objects; `top100`, all nodes, each on its 100 best objects.
"""

import torch
from torch import Tensor

from egraph.evaluation.truth import Labelled, Nodes

BEST_NODES = 167


def evaluate_instability(labelled: Labelled) -> dict[str, dict[str, float]]:
    """`top20` and `top100` of every method of `Labelled.nodes`. Only objects that show the part are looked at."""
    return {
        name: {
            "top20": layer_mean(nodes, labelled.truth, objects=20, best=BEST_NODES),
            "top100": layer_mean(nodes, labelled.truth, objects=100, best=None),
        }
        for name, nodes in labelled.nodes.items()
    }


def layer_mean(nodes: Nodes, truth: Tensor, objects: int, best: int | None) -> float:
    """Instability averaged over the chosen nodes of each layer, then over layers."""
    found = [instability(nodes.places[layer], nodes.scores[layer], truth, objects, best) for layer in nodes.places]
    return float(torch.stack([layer.mean() for layer in found]).mean())


def instability(places: Tensor, scores: Tensor, truth: Tensor, objects: int, best: int | None) -> Tensor:
    """Standard deviation of the distance to the part, (nodes,) or (best,), over each node's objects of largest score.

    Args:
        places: (nodes, n, 2). scores: (nodes, n). truth: (n, 2). best: nodes with the largest mean score; None: all.
    """
    top, chosen = scores.topk(min(objects, scores.shape[1]), dim=1)
    if best is not None:
        nodes = top.mean(1).topk(min(best, len(top))).indices
        places, chosen = places[nodes], chosen[nodes]
    distance = (places - truth).norm(dim=2) / 2**0.5
    spread: Tensor = distance.gather(1, chosen).std(1)
    return spread
