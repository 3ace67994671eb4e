"""The OR over poses: objects of alike pose share a template, which says how the part stands to its patterns."""

import numpy as np
import torch
from torch import Tensor

from egraph.aog.learn import LearntPart
from egraph.aog.model import Template

POSES = 8
FEWEST_OBJECTS = 12
"""Objects to a template, on average, below which there are fewer templates."""


def group_poses(pose: Tensor, seed: int) -> Tensor:
    """Objects by pose, k-means on the unit pose vectors: (n, r) gives (n,) numbers from 0, the largest group first."""
    from sklearn.cluster import KMeans  # as long to import as the rest of what a label needs

    count = max(1, min(POSES, len(pose) // FEWEST_OBJECTS))
    direction = torch.nn.functional.normalize(pose, dim=1).numpy()
    groups = KMeans(count, n_init=4, random_state=seed).fit_predict(direction)
    order = np.argsort(-np.bincount(groups, minlength=count), kind="stable")
    return torch.from_numpy(np.argsort(order)[groups])


def describe_templates(learnt: LearntPart, pose: Tensor, box: np.ndarray) -> list[Template]:
    """What one label set taught of each group of objects.

    Args:
        pose: (n, r) of the pool's objects. box: (2,) height and width of the part.
    """
    voters, known = learnt.model.voters, learnt.model.exemplars
    templates = []
    for number in range(voters.weight.shape[1]):
        rows = (known.template == number).nonzero()[:, 0]
        trust = known.trust[rows] / known.trust[rows].sum()
        share = (trust @ learnt.votes[rows]).clamp_min(0)
        templates.append(
            Template(
                pose=pose[rows].mean(0).numpy(),
                box=box,
                objects=len(rows),
                weight=voters.weight[:, number].numpy().copy(),
                displacement=voters.displacement[:, number].numpy(),
                sigma=learnt.sigma[:, number].numpy(),
                response=voters.response[:, number].numpy(),
                share=(share / share.sum().clamp_min(1e-12)).numpy(),
            )
        )
    return templates
