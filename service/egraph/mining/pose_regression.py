"""Where the pose puts the patterns that were mined: the last look at a layer, when the pose of every photo is known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.contexts import Contexts
from egraph.mining.mined_layer import MinedLayer
from egraph.mining.parents import Parents
from egraph.mining.patterns import infer_patterns, pad_patterns
from egraph.mining.peaks import Peaks
from egraph.mining.pose import Pose, placing_loadings, placing_numbers, posed_spread

AT_ONCE = 2_000_000
"""Patterns x photos that are looked at together."""

PhotoReader = Callable[[slice], Peaks]
"""Gives the peaks of all filters on some photos, in the canonical view."""


def layer_loadings(
    mined: MinedLayer, filters: int, read: PhotoReader, anchors: Tensor, pose: Pose, first: int, group: Group = ALONE
) -> Tensor:
    """How a layer's patterns move with the pose, from their free places on all photos: (P, r, 2).

    Args:
        anchors: (A, n, 2) displacements of the anchors on the photos of this process. first: row of its first photo
            among all, in the pose.
    """
    device = anchors.device
    columns = mined.parents.index, mined.parents.weight, mined.parents.gain
    index, weight, gain = (torch.from_numpy(column).to(device) for column in columns)
    filter_, number = (
        torch.from_numpy(column).long().to(device) for column in (mined.patterns.filter, mined.patterns.number)
    )
    learnt = mined.patterns.place, mined.patterns.context, mined.patterns.context_level
    place, direction, log_mean = (torch.from_numpy(column).to(device) for column in learnt)
    patterns, slot = pad_patterns(
        filters, filter_, number, place, Parents(index.long(), weight, gain), Contexts(direction, log_mean)
    )
    mean = torch.from_numpy(mined.patterns.mean_place).to(device)[:, None]
    photos = anchors.shape[1]
    step = max(1, AT_ONCE // max(1, patterns.place[..., 0].numel()))
    total = torch.zeros((), device=device)
    for start in range(0, photos, step):
        some = slice(start, min(start + step, photos))
        inferred = infer_patterns(patterns, read(some), anchors[:, some])
        displacement = inferred.free_places().flatten(0, 1)[slot] - mean
        total = total + placing_loadings(displacement, pose, slice(first + some.start, first + some.stop))
    return group.sum(total).cpu()


def placed_by_pose(mined: MinedLayer, loadings: Tensor, pose: Pose, first: int) -> MinedLayer:
    """The same layer with its spread, and the places where its firings are expected, as the pose tells them."""
    numbers = placing_numbers(pose.vectors, pose.lengths)
    firings = mined.firings
    pattern, photo = firings.pattern.astype(np.int64), firings.object.astype(np.int64) + first
    moved = (loadings[pattern, : numbers.shape[1]] * numbers[photo, :, None]).sum(1)
    expected = mined.patterns.mean_place[pattern] + moved.numpy()
    return replace(
        mined,
        patterns=replace(mined.patterns, spread=posed_spread(loadings, numbers).numpy()),
        firings=replace(firings, expected=expected),
    )
