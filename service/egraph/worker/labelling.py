"""What follows from boxes that were kept: at once where that takes seconds, else a job of the queue."""

from dataclasses import replace
from typing import TYPE_CHECKING

from egraph.commands.labels import LabelReport
from egraph.commands.requests import FollowRequest, LabelRequest
from egraph.progress import Progress
from egraph.settings import Settings
from egraph.worker.queue import enqueue

if TYPE_CHECKING:
    from torch import nn

AT_ONCE = 1_000_000
"""Places of patterns on objects of the graphs up to which learning takes a few seconds."""


def follow_up(
    settings: Settings,
    request: LabelRequest,
    kept: LabelReport,
    progress: Progress | None = None,
    module: "nn.Module | None" = None,
) -> LabelReport:
    """Learn from boxes that were kept, or let a worker do it; `kept` with what was done.

    A graph that was mined from a `module` in memory cannot wait for a worker.

    Raises:
        InputError: the weights at hand are not those of a graph.
    """
    if not kept.graphs:
        return kept
    follow = FollowRequest(request.category, request.part, request.weights, request.device)
    if module is None and kept.size > AT_ONCE:
        return replace(kept, job=enqueue(settings, "labels", follow).job)
    # It needs torch, which those who only keep a box need not load.
    from egraph.commands.parts import follow_labels

    return replace(kept, aogs=follow_labels(settings, follow, progress, module=module).aogs)
