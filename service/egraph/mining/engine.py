"""From photos and a network to a mined graph: responses, orientation, anchors, conv layers downwards, pose."""

import math
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import egraph
from egraph.errors import EgraphError
from egraph.mining.anchors import PLACE_WEIGHT, Anchors, mine_anchors, place_anchors, score_anchors
from egraph.mining.block import REASONS, LayerTask
from egraph.mining.checkpoint import Checkpoints
from egraph.mining.edges import CANDIDATES, EDGES
from egraph.mining.expectation import NOISE, PRIOR_MASS, SEARCHING_PRIOR_MASS
from egraph.mining.layer import MinedLayer, mine_layer
from egraph.mining.mined import ANCHORS, LayerReading, MinedGraph
from egraph.mining.noise import FIRING, SURE
from egraph.mining.orientation import NEIGHBOURS, solve_orientation, view_similarity
from egraph.mining.parents import PARENTS, RIDGE
from egraph.mining.patterns import SIGMAS
from egraph.mining.pose import POSE_NUMBERS, Pose, find_pose, orientation_weights
from egraph.mining.posing import PoseRecord
from egraph.mining.tables import (
    anchor_layer,
    anchor_table,
    co_activations,
    displacements,
    pattern_table,
    strongest_firings,
    with_pose,
)
from egraph.network.layer import LayerGeometry
from egraph.network.load import Network
from egraph.photos.photo import PhotoObject, Skipped
from egraph.responses.evidence import unit_places
from egraph.responses.forward import Progress, collect_responses, plan_responses
from egraph.responses.store import Calibration, ResponseStore

LayerWatch = Callable[[str, bool], None]
"""Told a layer's name as its mining begins (False), and when it is kept on disk (True); may raise to end there."""

CONTEXT_BLOCK = 64
"""Photos whose context is in memory at once."""


@dataclass(frozen=True)
class Mined:
    """A mined graph, the photos that could not be decoded, and the seconds of each stage."""

    graph: MinedGraph
    skipped: list[Skipped]
    seconds: dict[str, float]


def patterns_per_filter(width: int) -> int:
    """40, 20, 10 for maps 28, 14, 7 units wide, as in the papers; in proportion for other maps."""
    return math.ceil(1.4 * width)


def mining_parameters(layers: Sequence[LayerGeometry]) -> dict:
    """Every setting that decides what is mined, for the graph's provenance."""
    return {
        "model": "egraph",
        "layers": [layer.name for layer in layers],
        "patterns_per_filter": {layer.name: patterns_per_filter(layer.width) for layer in layers},
        "sigmas": list(SIGMAS),
        "noise": NOISE,
        "prior_mass": PRIOR_MASS,
        "searching_prior_mass": SEARCHING_PRIOR_MASS,
        "firing": FIRING,
        "noise_deviations": SURE,
        "parents": PARENTS,
        "parent_ridge": RIDGE,
        "edges": EDGES,
        "edge_candidates": CANDIDATES,
        "orientation_neighbours": NEIGHBOURS,
        "anchor_place_weight": PLACE_WEIGHT,
        "pose_numbers": POSE_NUMBERS,
        "pose_prior_mass": SEARCHING_PRIOR_MASS,
    }


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
) -> Mined:
    """Mine a category.

    Args:
        layers: the conv layers, from the input up.
        home: folder for responses and checkpoints; what is there already is used.

    Raises:
        InputError: too few photos can be used.
        EgraphError: the disk is full.
    """
    clock = _Clock()
    with _denormals_flushed():
        plan = plan_responses(network, layers, objects)
        store = collect_responses(network, plan, objects, home / "cache" / "responses", progress)
        clock.lap("forward")
        session = _Session(network, store, tuple(layers), seed, [objects[row] for row in store.usable()])
        try:
            graph = session.graph(category, name, home / "cache" / "mining", progress, at_layer)
        except OSError as error:
            raise EgraphError(
                f"The mined layers cannot be kept under {home} ({error.strerror}); make room or set EGRAPH_HOME to "
                "another disk, then run the same command again: it goes on where it stopped."
            ) from error
        clock.lap("mining")
    skipped = [Skipped(str(objects[row].path), reason) for row, reason in sorted(store.reasons.items())]
    return Mined(graph, skipped, clock.seconds)


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


class _Session:
    """One run over the responses of a category: everything between the store and the graph."""

    def __init__(
        self,
        network: Network,
        store: ResponseStore,
        layers: tuple[LayerGeometry, ...],
        seed: int,
        objects: list[PhotoObject],
    ) -> None:
        calibration = store.read_calibration()
        assert calibration is not None
        self.network, self.store, self.layers, self.seed = network, store, layers, seed
        self.calibration: Calibration = calibration
        self.rows = store.usable()
        self.objects = objects
        self.device = network.device

    def graph(
        self, category: str, name: str, root: Path, progress: Progress | None, at_layer: LayerWatch | None
    ) -> MinedGraph:
        """Run all stages."""
        report = progress or (lambda stage, done, total: None)
        report("solving orientation", 0, 1)
        cells = self.store.plan.context_cells**2
        orientation = solve_orientation(view_similarity(self._context_cells, cells))
        views = (orientation > 0).numpy().astype(np.int64)
        report("solving orientation", 1, 1)
        report("mining anchors", 0, 1)
        anchors = mine_anchors(lambda: self._context(views), self.store.plan.context_cells)
        canonical = self._anchor_scores(anchors, views)
        places = place_anchors(canonical, anchors)
        other = place_anchors(self._anchor_scores(anchors, 1 - views), anchors).places
        anchor_mean = places.places.mean(1)
        report("mining anchors", 1, 1)
        parameters = mining_parameters(self.layers)
        identity = {
            "store": self.store.plan.key,
            "rows": self.rows,
            "parameters": parameters,
            "seed": self.seed,
            "version": egraph.__version__,
        }
        mined, pose, weights = self._conv_layers(
            Checkpoints(root, identity),
            views,
            (places.places - anchor_mean[:, None]).to(self.device),
            (other - anchor_mean[:, None]).to(self.device),
            anchor_mean.to(self.device),
            orientation.abs(),
            report,
            at_layer or (lambda layer, kept: None),
        )
        tables = {layer.name: pattern_table(layer.name, mined[layer.name]) for layer in self.layers}
        posed = self.layers[-2].name
        tables[posed] = with_pose(tables[posed], pose, weights)
        tables[ANCHORS] = anchor_table(anchors, places, self.calibration.projection)
        return MinedGraph(
            network_id=self.network.id,
            network_name=self.network.name,
            weights_sha256=self.network.weights_sha256,
            weights_source=self.network.weights_source,
            preprocessing=self.network.preprocessing.to_dict(),
            category=category,
            name=name,
            seed=self.seed,
            parameters=parameters,
            versions={"egraph": egraph.__version__, "torch": torch.__version__, "python": platform.python_version()},
            log_likelihood=float(sum(layer.log_likelihood.sum() for layer in mined.values())),
            layers=[*self.layers, anchor_layer(self.layers[-1], self.network.preprocessing.size)],
            readings=self._readings(),
            objects=self.objects,
            mirrored=views.astype(bool),
            pose=pose.vectors.numpy(),
            patterns=tables,
            co_activations=co_activations(self.layers, mined),
            displacements=displacements(self.layers, mined),
            firings=[strongest_firings(layer.name, mined[layer.name], views) for layer in self.layers],
            dropped={
                reason: int(sum(layer.dropped[i] for layer in mined.values())) for i, reason in enumerate(REASONS)
            },
        )

    def _conv_layers(
        self,
        checkpoints: Checkpoints,
        views: np.ndarray,
        anchors: Tensor,
        anchors_other: Tensor,
        anchor_mean: Tensor,
        confidence: Tensor,
        report: Progress,
        at_layer: LayerWatch,
    ) -> tuple[dict[str, MinedLayer], Pose, Tensor]:
        """Top layer first; each layer links to the one above it."""
        mined: dict[str, MinedLayer] = {}
        total = sum(layer.channels for layer in self.layers)
        done = 0
        pose, weights = None, None
        upper = None
        for index in reversed(range(len(self.layers))):
            layer = self.layers[index]
            posed = index == len(self.layers) - 2
            finished = checkpoints.load(index)
            extra = checkpoints.load_pose() if posed else None
            if finished is None or (posed and extra is None):
                at_layer(layer.name, False)
                record = PoseRecord(checkpoints.folder, len(self.rows)) if posed else None
                task = LayerTask(
                    filters=layer.channels,
                    patterns=patterns_per_filter(layer.width),
                    photos=len(self.rows),
                    unit=layer.stride / self.network.preprocessing.size,
                    anchors=anchors,
                    anchors_other=anchors_other,
                    anchor_mean=anchor_mean,
                    upper=upper,
                    generator=torch.Generator().manual_seed(self.seed * 1000 + index),
                )
                finished = mine_layer(
                    task,
                    self._peak_reader(layer, views),
                    record,
                    partial(_report_filters, report, done, total),
                    checkpoints.unfinished(index),
                )
                if record is not None:
                    extra = find_pose(record.read_displacements), orientation_weights(record.read_scores, confidence)
                    checkpoints.save_pose(*extra)
                    record.remove()
                checkpoints.save(index, finished)
                at_layer(layer.name, True)
            if extra is not None:
                pose, weights = extra
            done += layer.channels
            report("mining patterns", done, total)
            mined[layer.name] = finished
            upper = finished.upper(self.device)
        assert pose is not None and weights is not None
        return mined, pose, weights

    def _peak_reader(self, layer: LayerGeometry, views: np.ndarray) -> Callable[[slice, bool], tuple[Tensor, Tensor]]:
        size = self.network.preprocessing.size

        def read(filters: slice, other: bool) -> tuple[Tensor, Tensor]:
            values, units = self.store.peaks(layer.name, self.rows, 1 - views if other else views, filters)
            places = unit_places(units, layer.width, layer.first_centre, layer.stride, size)
            # one peak of all photos after the other: that is how the E-step goes through them
            values = values.permute(2, 0, 1).contiguous().permute(1, 2, 0)
            places = places.permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0)
            return values.to(self.device), places.to(self.device)

        return read

    def _context(self, views: np.ndarray) -> Iterator[Tensor]:
        for start in range(0, len(self.rows), CONTEXT_BLOCK):
            stop = start + CONTEXT_BLOCK
            yield self.store.context(self.rows[start:stop], views[start:stop])

    def _context_cells(self, cells: slice) -> Tensor:
        return self.store.context_cells(self.rows, cells)

    def _anchor_scores(self, anchors: Anchors, views: np.ndarray) -> Tensor:
        return torch.cat([score_anchors(block, anchors.templates) for block in self._context(views)], dim=1)

    def _readings(self) -> dict[str, LayerReading]:
        readings, start = {}, 0
        for layer in self.layers:
            used = layer.name in self.store.plan.context_layers
            stop = start + layer.channels if used else start
            readings[layer.name] = LayerReading(
                filter_mean=self.calibration.filter_mean[layer.name].numpy(),
                filter_deviation=self.calibration.filter_deviation[layer.name].numpy(),
                context_mean=self.calibration.context_mean[start:stop].numpy(),
            )
            start = stop
        return readings


def _report_filters(report: Progress, before: int, total: int, filters: int, _of: int) -> None:
    report("mining patterns", before + filters, total)
