"""From photos and a network to a mined graph: responses first, then the stages of mining; what stays is on disk."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from egraph.distributed import ALONE, Group, share
from egraph.errors import EgraphError
from egraph.mining.graph_model import OWN
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.pose import Pose
from egraph.mining.stages import LayerWatch, Stages
from egraph.network.layer import LayerGeometry
from egraph.network.load import Network
from egraph.photos.photo import PhotoObject, Skipped
from egraph.progress import Progress
from egraph.responses.forward import collect_responses, plan_responses


@dataclass(frozen=True)
class Mined:
    """A mined graph, the pose of its objects, the photos that could not be decoded, and the seconds of each stage."""

    graph: MinedGraph
    pose: Pose
    skipped: list[Skipped]
    seconds: dict[str, float]


def mine(
    network: Network,
    layers: Sequence[LayerGeometry],
    objects: Sequence[PhotoObject],
    *,
    category: str,
    name: str,
    seed: int,
    home: Path,
    progress: Progress | None = None,
    at_layer: LayerWatch | None = None,
    model: str = OWN,
    group: Group = ALONE,
    mirrored: np.ndarray | None = None,
) -> Mined:
    """Mine a category.

    Args:
        layers: the conv layers, from the input up.
        objects: all of them; each process of a group takes its share.
        home: folder for responses and checkpoints; what is there already is used.
        model: one of `MODELS`.
        mirrored: (objects,) which of them stand mirrored in the canonical view, where that is known; else it is found.

    Raises:
        InputError: too few photos can be used, or the network gives NaN.
        EgraphError: the disk is full.
    """
    clock = _Clock()
    with _denormals_flushed():
        own = objects[share(objects, group.rank, group.size)]
        plan = plan_responses(network, layers, own)
        store = collect_responses(network, plan, own, home / "cache" / "responses", progress, group)
        clock.lap("forward")
        used = [o for some in group.collect([own[row] for row in store.usable()]) for o in some]
        sides = None
        if mirrored is not None:
            known = {o.id: bool(side) for o, side in zip(objects, mirrored, strict=True)}
            sides = np.array([known[o.id] for o in used])
        stages = Stages(network, store, tuple(layers), seed, used, model, group, sides)
        try:
            graph, pose = stages.graph(category, name, home / "cache" / "mining", progress, at_layer)
        except OSError as error:
            raise EgraphError(
                f"The mined layers cannot be kept under {home} ({error.strerror}); make room or set EGRAPH_HOME to "
                "another disk, then run the same command again: it goes on where it stopped."
            ) from error
        clock.lap("mining")
    skipped = [Skipped(str(own[row].path), reason) for row, reason in sorted(store.reasons.items())]
    return Mined(graph, pose, [s for some in group.collect(skipped) for s in some], clock.seconds)


@contextmanager
def _denormals_flushed() -> Iterator[None]:
    """Windows far from a peak are denormal numbers, on which processors are slow; they say no more than 0."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage], self._last = now - self._last, now
