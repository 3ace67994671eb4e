"""From photos and a network to a mined graph: responses, orientation, anchors, conv layers downwards, pose."""

import math
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import egraph
from egraph.distributed import ALONE, Group, share
from egraph.errors import EgraphError
from egraph.mining.anchors import PLACE_WEIGHT, AnchorPlaces, Anchors, mine_anchors, place_anchors, score_anchors
from egraph.mining.block import REASONS, STRONGEST_PHOTOS, LayerTask
from egraph.mining.checkpoint import Checkpoints
from egraph.mining.contexts import leading_directions, peak_contexts
from egraph.mining.edges import CANDIDATES, EDGES, FALSE_DISCOVERIES
from egraph.mining.expectation import planes
from egraph.mining.graph_model import OWN
from egraph.mining.graph_tables import ANCHORS, FilterPeaks, Firings, LayerReading, MinedGraph
from egraph.mining.layer import mine_layer
from egraph.mining.mined_layer import MinedLayer
from egraph.mining.models import MODELS
from egraph.mining.orientation import NEIGHBOURS, solve_orientation, view_similarity
from egraph.mining.peaks import Peaks
from egraph.mining.pose import POSE_NUMBERS, Pose, find_pose, orientation_weights
from egraph.mining.pose_record import PoseRecord
from egraph.mining.pose_regression import layer_loadings, placed_by_pose
from egraph.mining.pruning import CONTROL_CELLS, CONTROL_PHOTOS, FIRING
from egraph.mining.tables import (
    anchor_layer,
    anchor_table,
    co_activations,
    filter_peaks,
    firing_table,
    pattern_table,
    strongest_of_filters,
    strongest_of_patterns,
)
from egraph.network.layer import LayerGeometry
from egraph.network.load import Network
from egraph.photos.photo import PhotoObject, Skipped
from egraph.progress import Progress
from egraph.responses.evidence import unit_places
from egraph.responses.forward import collect_responses, plan_responses
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


def mining_parameters(layers: Sequence[LayerGeometry], model: str = OWN) -> dict[str, Any]:
    """Every setting that decides what is mined, for the graph's provenance."""
    return {
        "model": model,
        "layers": [layer.name for layer in layers],
        "patterns_per_filter": {layer.name: patterns_per_filter(layer.width) for layer in layers},
        "orientation_neighbours": NEIGHBOURS,
        "anchor_place_weight": PLACE_WEIGHT,
        "pose_numbers": POSE_NUMBERS,
        "firing": FIRING,
        "edges": EDGES,
        "edge_false_discoveries": FALSE_DISCOVERIES,
        "edge_candidates": CANDIDATES,
        **MODELS[model].parameters,
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
        session = _Session(network, store, tuple(layers), seed, used, model, group, sides)
        try:
            graph = session.graph(category, name, home / "cache" / "mining", progress, at_layer)
        except OSError as error:
            raise EgraphError(
                f"The mined layers cannot be kept under {home} ({error.strerror}); make room or set EGRAPH_HOME to "
                "another disk, then run the same command again: it goes on where it stopped."
            ) from error
        clock.lap("mining")
    skipped = [Skipped(str(own[row].path), reason) for row, reason in sorted(store.reasons.items())]
    return Mined(graph, [s for some in group.collect(skipped) for s in some], clock.seconds)


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
        model: str,
        group: Group,
        sides: np.ndarray | None,
    ) -> None:
        calibration = store.read_calibration()
        assert calibration is not None
        self.model, self.group = MODELS[model], group
        self.network, self.store, self.layers, self.seed = network, store, layers, seed
        self.calibration: Calibration = calibration
        self.rows = store.usable()
        self.objects = objects
        group.count(len(self.rows))
        counts = group.collect(len(self.rows))
        self.first = sum(counts[: group.rank])
        self.device = network.device
        self.sides = sides

    def graph(
        self, category: str, name: str, root: Path, progress: Progress | None, at_layer: LayerWatch | None
    ) -> MinedGraph:
        """Run all stages."""
        report = progress or (lambda stage, done, total: None)
        report("solving orientation", 0, 1)
        orientation = self._orientation()
        everyone = (orientation > 0).numpy().astype(np.int64)
        views = everyone[self.first : self.first + len(self.rows)]
        report("solving orientation", 1, 1)
        report("mining anchors", 0, 1)
        anchors = mine_anchors(lambda: self._context(views), self.store.plan.context_cells, self.group)
        places = place_anchors(self._anchor_scores(anchors, views), anchors)
        other = place_anchors(self._anchor_scores(anchors, 1 - views), anchors).places
        anchor_mean = self.group.sum(places.places.sum(1)) / len(self.objects)
        report("mining anchors", 1, 1)
        parameters = mining_parameters(self.layers, self.model.name)
        identity = {
            "store": self.store.plan.key,
            "rows": self.rows,
            "parameters": parameters,
            "seed": self.seed,
            "version": egraph.__version__,
            "process": [self.group.rank, self.group.size],
            **({} if self.sides is None else {"mirrored": self.sides.tolist()}),
        }
        moved = planes((places.places - anchor_mean[:, None]).to(self.device))
        contexts = self._contexts(views), self._contexts(1 - views)
        mined, pose, side = self._conv_layers(
            Checkpoints(root, identity),
            views,
            contexts,
            moved,
            planes((other - anchor_mean[:, None]).to(self.device)),
            anchor_mean.to(self.device),
            orientation.abs(),
            report,
            at_layer or (lambda layer, kept: None),
        )
        found = AnchorPlaces(self.group.join(places.places, 1), self.group.join(places.peak, 1))
        posed = self.layers[-2].name
        loadings = {posed: pose.loadings}
        if self.model.posed:
            loadings = self._loadings(mined, pose, moved, views, contexts)
            mined = {name: placed_by_pose(layer, loadings[name], pose, self.first) for name, layer in mined.items()}
        tables = {
            layer.name: pattern_table(
                layer.name, mined[layer.name], loadings.get(layer.name), side if layer.name == posed else None
            )
            for layer in self.layers
        }
        tables[ANCHORS] = anchor_table(anchors, found, self.calibration.projection)
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
            mirrored=everyone.astype(bool),
            pose=pose.vectors.numpy(),
            patterns=tables,
            co_activations=co_activations(self.layers, mined),
            displacements=self.model.displacements(self.layers, mined),
            firings=[self._firings(layer, mined[layer.name], views) for layer in self.layers],
            peaks=[self._peaks(layer, views) for layer in self.layers],
            dropped={
                reason: int(sum(layer.dropped[i] for layer in mined.values())) for i, reason in enumerate(REASONS)
            },
        )

    def _orientation(self) -> Tensor:
        """Of all objects, see `solve_orientation`."""
        if self.sides is not None:
            return torch.where(torch.from_numpy(self.sides), 1.0, -1.0)
        similarity = view_similarity(self._context_cells, self.store.plan.context_cells**2, group=self.group)
        return self.group.first(solve_orientation(similarity))

    def _conv_layers(
        self,
        checkpoints: Checkpoints,
        views: np.ndarray,
        contexts: tuple[Tensor, Tensor],
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
        backdrop = self._backdrop(contexts[0])
        for index in reversed(range(len(self.layers))):
            layer = self.layers[index]
            posed = index == len(self.layers) - 2
            finished = checkpoints.load(index)
            extra = checkpoints.load_pose() if posed else None
            # a process that lost some of it would wait for the others' sums for ever
            there = self.group.collect(finished is not None and (extra is not None or not posed))
            if finished is None or not all(there):
                at_layer(layer.name, False)
                record = PoseRecord(checkpoints.folder, len(self.rows), self.group) if posed else None
                task = LayerTask(
                    filters=layer.channels,
                    patterns=patterns_per_filter(layer.width),
                    photos=len(self.rows),
                    unit=layer.stride / self.network.preprocessing.size,
                    anchors=anchors,
                    anchors_other=anchors_other,
                    anchor_mean=anchor_mean,
                    backdrop=backdrop,
                    upper=upper,
                    generator=torch.Generator().manual_seed(self.seed * 1000 + index),
                    patterns_above=0 if upper is None else patterns_per_filter(self.layers[index + 1].width),
                )
                finished = mine_layer(
                    task,
                    self._peak_reader(layer, views, contexts),
                    record,
                    partial(_report_filters, report, done, total),
                    checkpoints.unfinished(index),
                    self.group,
                    self.model.mines,
                )
                if record is not None:
                    extra = find_pose(record.read_displacements), orientation_weights(record.read_scores, confidence)
                    checkpoints.save_pose(*extra)
                checkpoints.save(index, finished)
                if record is not None:
                    # last: until the layer is kept, it may be gone on with
                    record.remove()
                at_layer(layer.name, True)
            if extra is not None:
                pose, weights = extra
            done += layer.channels
            report("mining patterns", done, total)
            mined[layer.name] = finished
            upper = finished.candidates.upper(self.device, layer.stride / self.network.preprocessing.size)
        assert pose is not None and weights is not None
        return mined, pose, weights

    def _loadings(
        self,
        mined: dict[str, MinedLayer],
        pose: Pose,
        anchors: Tensor,
        views: np.ndarray,
        contexts: tuple[Tensor, Tensor],
    ) -> dict[str, Tensor]:
        """How the patterns of each layer move with the pose."""
        loadings = {self.layers[-2].name: pose.loadings}
        for layer in (layer for layer in self.layers if layer.name not in loadings):
            read = partial(self._peak_reader(layer, views, contexts), slice(None), False)
            loadings[layer.name] = layer_loadings(
                mined[layer.name], layer.channels, read, anchors, pose, self.first, self.group
            )
        return loadings

    def _peak_reader(
        self, layer: LayerGeometry, views: np.ndarray, contexts: tuple[Tensor, Tensor]
    ) -> Callable[..., Peaks]:
        size = self.network.preprocessing.size

        def read(filters: slice, other: bool, photos: slice = slice(None)) -> Peaks:
            rows, seen = self.rows[photos], (1 - views if other else views)[photos]
            values, units = self.store.peaks(layer.name, rows, seen, filters)
            places = unit_places(units, layer.width, layer.first_centre, layer.stride, size)
            # one peak of all photos after the other: that is how the E-step goes through them
            values = values.permute(2, 0, 1).contiguous().permute(1, 2, 0).to(self.device)
            places = places.permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0).to(self.device)
            activations = self.store.activations(layer.name, rows, seen, filters).to(self.device)
            return Peaks(values, places, peak_contexts(contexts[other][photos], places), activations)

        return read

    def _contexts(self, views: np.ndarray) -> Tensor:
        """Directions of what is seen on the grid: (n, u, R)."""
        numbers = self.model.context_numbers
        return torch.cat([leading_directions(block, numbers) for block in self._context(views)]).to(self.device)

    def _backdrop(self, contexts: Tensor) -> Tensor:
        """What is seen at evenly scattered places of photos spread evenly over all processes: (places, photos, R)."""
        total = len(self.objects)
        spread = np.unique(np.linspace(0, total - 1, min(CONTROL_PHOTOS, total)).astype(int)) - self.first
        sample = spread[(spread >= 0) & (spread < len(self.rows))].tolist()
        cells = self.store.plan.context_cells
        middle = ((torch.arange(CONTROL_CELLS) + 0.5) * (cells / CONTROL_CELLS)).long()
        places = (middle[:, None] * cells + middle).flatten().to(self.device)
        return self.group.join(contexts[sample][:, places]).float().transpose(0, 1).contiguous()

    def _firings(self, layer: LayerGeometry, mined: MinedLayer, views: np.ndarray) -> Firings:
        """Those of all processes."""
        own = firing_table(layer, mined, self.store, self.rows, views, self.network.preprocessing.size)
        own = replace(own, object=own.object + np.int32(self.first))
        parts, stays = zip(*self.group.collect((own, mined.firings.of_object)), strict=True)
        return strongest_of_patterns(parts, stays, STRONGEST_PHOTOS)

    def _peaks(self, layer: LayerGeometry, views: np.ndarray) -> FilterPeaks:
        """Those of all processes."""
        size = self.network.preprocessing.size
        own = filter_peaks(layer, self.store, self.rows, views, size, STRONGEST_PHOTOS)
        parts = self.group.collect(replace(own, object=own.object + np.int32(self.first)))
        return strongest_of_filters(parts, STRONGEST_PHOTOS)

    def _context(self, views: np.ndarray) -> Iterator[Tensor]:
        for start in range(0, len(self.rows), CONTEXT_BLOCK):
            stop = start + CONTEXT_BLOCK
            yield self.store.context(self.rows[start:stop], views[start:stop])

    def _context_cells(self, cells: slice) -> Tensor:
        return self.store.context_cells(self.rows, cells)

    def _anchor_scores(self, anchors: Anchors, views: np.ndarray) -> Tensor:
        return torch.cat([score_anchors(block, anchors.templates) for block in self._context(views)], dim=1)

    def _readings(self) -> dict[str, LayerReading]:
        readings, start, numbers = {}, 0, self.model.context_numbers
        for layer in self.layers:
            used = layer.name in self.store.plan.context_layers
            stop = start + layer.channels if used else start
            readings[layer.name] = LayerReading(
                filter_mean=self.calibration.filter_mean[layer.name].numpy(),
                filter_deviation=self.calibration.filter_deviation[layer.name].numpy(),
                context_mean=self.calibration.context_mean[start:stop].numpy(),
                context_axes=self.calibration.projection[start:stop, : numbers if used else 0].numpy(),
            )
            start = stop
        return readings


def _report_filters(report: Progress, before: int, total: int, filters: int, _of: int) -> None:
    report("mining patterns", before + filters, total)
