"""On which objects a person's box would teach most: where the place is in doubt, and the object speaks for many others.

Once it is labelled, an object says more of those of alike pose than any that was only found. What is said of an object
by labels already need not be said again, so that of objects in one pose only the first is worth much. n objects, k of
them near each.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.aog.exemplars import nearest
from egraph.aog.votes import VoteSettings


@dataclass(frozen=True)
class Proposal:
    """An object worth a box. row: which. speaks_for: how many others it would speak for, which no label speaks for
    yet. worth: of a box, the expected error times one more than that."""

    row: int
    speaks_for: float
    worth: float


def propose(
    pose: Tensor,
    trust: Tensor,
    expected_error: Tensor,
    labelled: Tensor,
    free: Tensor,
    settings: VoteSettings,
    count: int,
) -> list[Proposal]:
    """The objects that are most worth a box, one after the other, each as if those before it were labelled.

    Args:
        pose: (n, r). trust: (n,) as learnt. expected_error: (n,). labelled: (n,) bool, what was learnt from, at least
            one. free: (n,) bool, which may be proposed; a labelled one never is.
    """
    objects = torch.arange(len(pose))
    near = nearest(pose, pose, torch.ones(len(pose)), objects, settings.nearest, settings.temperature)
    of_label = trust[labelled].max()
    said = near.share * trust[near.index]
    heard = said.sum(1, keepdim=True).clamp_min(1e-12)
    as_label = near.share * of_label
    speaking = as_label / (heard - said + as_label).clamp_min(1e-12)
    unsaid = 1 - (said / heard * labelled[near.index]).sum(1)
    unsaid[labelled] = 0
    free = free & ~labelled
    proposals: list[Proposal] = []
    for _ in range(min(count, int(free.sum()))):
        speaks_for = torch.zeros(len(pose)).index_add_(0, near.index.flatten(), (speaking * unsaid[:, None]).flatten())
        worth = (expected_error * unsaid * (1 + speaks_for)).masked_fill(~free, -torch.inf)
        best = int(worth.argmax())
        proposals.append(Proposal(best, float(speaks_for[best]), float(worth[best])))
        unsaid = unsaid * (1 - (speaking * (near.index == best)).sum(1))
        unsaid[best], free = 0, free & (objects != best)
    return proposals
