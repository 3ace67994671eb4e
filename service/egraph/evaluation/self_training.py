"""A small head on the network's features, trained on the labels and by its own teacher on all other objects: what a
practitioner would train.

The head is one 1 x 1 convolution, F weights, whose scores over the grid become a map of the part. It learns from the
labelled photos and moved crops of them, and from agreement: on objects without a label, the mean teacher (the running
mean of its weights) looks at one view, and the head must say the same of the mirrored view with half of the filters
taken away. Shapes: see `correspondence`.
"""

import torch
from torch import Tensor

from egraph.aog.maps import gaussian_maps
from egraph.evaluation.correspondence import window_place
from egraph.photos.mirroring import mirror

STEPS = 300
RAMP = 100
"""Steps over which the teacher comes to count as much as the labels."""
LABELLED, UNLABELLED = 6, 8
"""Objects of each kind in a step, in both views."""
RATE = 0.03
KEPT = 0.5
"""Share of the filters that the head sees while it learns."""
MEMORY = 0.98
"""Share of the teacher that stays in each step."""
SHARPENED = 0.25
"""Temperature of the teacher's maps: an even map would teach the head to say nothing."""
TARGET_WIDTH = 16 / 224
"""Of the Gaussian about a label, in fractions of the crop."""
SCALE = 10.0
"""Of the scores: features are at most 1 long."""


def train_head(labelled: Tensor, places: Tensor, unlabelled: Tensor, grid: Tensor, seed: int) -> Tensor:
    """The teacher's weights after training: (F,).

    Args:
        labelled: (a, 2, u, F) crops that show a label, in both views. places: (a, 2) of the labels, as photographed.
            unlabelled: (n, 2, u, F). grid: (u, 2).
    """
    chance = torch.Generator().manual_seed(seed)
    both = torch.stack([places, torch.stack([places[:, 0], mirror(places[:, 1])], 1)], 1)
    wanted = gaussian_maps(both, grid, TARGET_WIDTH)
    head = torch.zeros(labelled.shape[-1], requires_grad=True)
    teacher = head.detach().clone()
    optimizer = torch.optim.Adam([head], lr=RATE)
    for step in range(STEPS):
        shown = torch.randint(len(labelled), (LABELLED,), generator=chance)
        others = torch.randint(len(unlabelled), (UNLABELLED,), generator=chance)
        kept = (torch.rand(len(head), generator=chance) < KEPT).float() / KEPT
        seen, unseen = labelled[shown].float(), unlabelled[others].float()
        taught = _flipped(torch.softmax(scores(unseen, teacher) / SHARPENED, -1))
        loss = _cross_entropy(wanted[shown], scores(seen, head * kept))
        loss = loss + min(1.0, step / RAMP) * _cross_entropy(taught, scores(unseen, head * kept))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        teacher = MEMORY * teacher + (1 - MEMORY) * head.detach()
    return teacher


def head_places(targets: Tensor, head: Tensor, grid: Tensor) -> Tensor:
    """Where a head finds the part, from both views together: (n, 2, u, F) give (n, 2)."""
    maps = torch.cat([scores(block.float(), head) for block in targets.split(UNLABELLED)])
    return window_place((maps + _flipped(maps))[:, 0] / 2, grid)


def scores(features: Tensor, head: Tensor) -> Tensor:
    """The head's scores of every place: (..., u, F) and (F,) give (..., u)."""
    scored: Tensor = SCALE * features @ head
    return scored


def _flipped(maps: Tensor) -> Tensor:
    """Maps of both views (n, 2, u), as each is seen from the other view."""
    cells = round(maps.shape[-1] ** 0.5)
    turned: Tensor = maps.unflatten(-1, (cells, cells)).flip(1, 3).flatten(2)
    return turned


def _cross_entropy(wanted: Tensor, score: Tensor) -> Tensor:
    loss: Tensor = -(wanted * torch.log_softmax(score, -1)).sum(-1).mean()
    return loss
