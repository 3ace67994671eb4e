"""The stages of mining: orientation, anchors, the conv layers from the top down, pose, and the graph that they give."""

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import egraph
from egraph.distributed import Group
from egraph.mining.anchors import AnchorPlaces, Anchors, mine_anchors, place_anchors, score_anchors
from egraph.mining.block import REASONS, LayerTask
from egraph.mining.checkpoint import Checkpoints
from egraph.mining.contexts import leading_directions, peak_contexts
from egraph.mining.edges import Upper
from egraph.mining.expectation import planes
from egraph.mining.firings import STRONGEST_PHOTOS
from egraph.mining.graph_tables import ANCHORS, FilterPeaks, Firings, LayerReading, MinedGraph, PatternTable
from egraph.mining.layer import mine_layer
from egraph.mining.mined_layer import MinedLayer
from egraph.mining.models import MODELS, mining_parameters, patterns_per_filter
from egraph.mining.orientation import find_agreements, solve_orientation
from egraph.mining.peaks import Peaks
from egraph.mining.pose import Pose, find_pose, orientation_weights
from egraph.mining.pose_record import PoseRecord
from egraph.mining.pose_regression import layer_loadings, placed_by_pose
from egraph.mining.pruning import CONTROL_CELLS, CONTROL_PHOTOS
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
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress
from egraph.responses.evidence import unit_places
from egraph.responses.store import Calibration, ResponseStore

LayerWatch = Callable[[str, bool], None]
"""Told a layer's name as its mining begins (False), and when it is kept on disk (True); may raise to end there."""

CONTEXT_BLOCK = 64
"""Photos whose context is in memory at once."""


@dataclass(frozen=True)
class Seen:
    """What the conv layers are mined from besides their own peaks, on the n photos of this process.

    views: (n,) 1 where the mirrored view is the canonical one, else 0. confidence: (objects,) how sure that is, of
    those of all processes. contexts: (n, u, R) each, what is seen on the grid, in the canonical view and in the other
    one. anchors, anchors_other: (A, n, 2) displacements of the anchors from their mean places, in the same two.
    anchor_mean: (A, 2). backdrop: (places, photos, R), see `pruning.even_share`.
    """

    views: np.ndarray
    confidence: Tensor
    contexts: tuple[Tensor, Tensor]
    anchors: Tensor
    anchors_other: Tensor
    anchor_mean: Tensor
    backdrop: Tensor


@dataclass(frozen=True)
class PoseFound:
    """What the posed layer, the second from the top, tells of all objects.

    orientation_weights: (P,) of its patterns, in the decision which way an object faces.
    """

    pose: Pose
    orientation_weights: Tensor


class Stages:
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
        self.parameters = mining_parameters(self.layers, model)

    def graph(
        self, category: str, name: str, root: Path, progress: Progress | None, at_layer: LayerWatch | None
    ) -> tuple[MinedGraph, Pose]:
        """Run all stages; what is found of the layers is kept in a folder under `root`."""
        report = progress or (lambda stage, done, total: None)
        facing = self._facing(report)
        mirrored = (facing > 0).numpy()
        views = mirrored[self.first : self.first + len(self.rows)].astype(np.int64)
        anchors, places, places_other = self._anchors(views, report)
        seen = self._seen(views, facing.abs(), places.places, places_other)
        checkpoints = Checkpoints(root, self._identity())
        mined, found = self._conv_layers(checkpoints, seen, report, at_layer or (lambda layer, kept: None))
        loadings = self._loadings(mined, found.pose, seen)
        if self.model.posed:
            mined = {layer: placed_by_pose(mined[layer], loadings[layer], found.pose, self.first) for layer in mined}
        tables = self._pattern_tables(mined, loadings, found)
        everywhere = AnchorPlaces(self.group.join(places.places, 1), self.group.join(places.peak, 1))
        tables[ANCHORS] = anchor_table(anchors, everywhere, self.calibration.projection)
        return self._assembled(category, name, mirrored, found.pose, mined, tables, views), found.pose

    def _facing(self, report: Progress) -> Tensor:
        """Which way all objects face, and how surely: (objects,), above 0 where one stands mirrored."""
        report("solving orientation", 0, 1)
        if self.sides is not None:
            facing = torch.where(torch.from_numpy(self.sides), 1.0, -1.0)
        else:
            cells = self.store.plan.context_cells**2
            agreements = find_agreements(self._context_cells, cells, len(self.rows), group=self.group)
            facing = self.group.first(solve_orientation(agreements))
        report("solving orientation", 1, 1)
        return facing

    def _anchors(self, views: np.ndarray, report: Progress) -> tuple[Anchors, AnchorPlaces, Tensor]:
        """The anchors, where they are on this process's photos in the canonical view, and in the other: (A, n, 2)."""
        report("mining anchors", 0, 1)
        anchors = mine_anchors(lambda: self._context(views), self.store.plan.context_cells, self.group)
        places = place_anchors(self._anchor_scores(anchors, views), anchors)
        other = place_anchors(self._anchor_scores(anchors, 1 - views), anchors).places
        report("mining anchors", 1, 1)
        return anchors, places, other

    def _seen(self, views: np.ndarray, confidence: Tensor, places: Tensor, places_other: Tensor) -> Seen:
        """What all conv layers have in common, on the device; `places`: (A, n, 2) of the anchors in the two views."""
        mean = self.group.sum(places.sum(1)) / len(self.objects)  # (A, 2)
        contexts = self._contexts(views), self._contexts(1 - views)
        return Seen(
            views=views,
            confidence=confidence,
            contexts=contexts,
            anchors=planes((places - mean[:, None]).to(self.device)),
            anchors_other=planes((places_other - mean[:, None]).to(self.device)),
            anchor_mean=mean.to(self.device),
            backdrop=self._backdrop(contexts[0]),
        )

    def _identity(self) -> dict[str, Any]:
        """Everything that decides what is found of the layers: checkpoints of another identity are another run's."""
        return {
            "store": self.store.plan.key,
            "rows": self.rows,
            "parameters": self.parameters,
            "seed": self.seed,
            "version": egraph.__version__,
            "process": [self.group.rank, self.group.size],
            **({} if self.sides is None else {"mirrored": self.sides.tolist()}),
        }

    def _conv_layers(
        self, checkpoints: Checkpoints, seen: Seen, report: Progress, at_layer: LayerWatch
    ) -> tuple[dict[str, MinedLayer], PoseFound]:
        """Top layer first; each layer links to the one above it."""
        mined: dict[str, MinedLayer] = {}
        found, upper = None, None
        done, total = 0, sum(layer.channels for layer in self.layers)
        for index in reversed(range(len(self.layers))):
            layer = self.layers[index]
            kept = self._kept_layer(checkpoints, index)
            if kept is None:
                at_layer(layer.name, False)
                tell = partial(_report_filters, report, done, total)
                kept = self._mine_layer(index, seen, upper, checkpoints, tell)
                at_layer(layer.name, True)
            mined[layer.name], posed = kept
            found = posed or found
            done += layer.channels
            report("mining patterns", done, total)
            upper = mined[layer.name].candidates.upper(self.device, self._unit(layer))
        assert found is not None
        return mined, found

    def _kept_layer(self, checkpoints: Checkpoints, index: int) -> tuple[MinedLayer, PoseFound | None] | None:
        """A layer that was finished before, and the pose where it tells it; None where it must still be mined."""
        layer = checkpoints.load(index)
        pose = checkpoints.load_pose() if self._is_posed(index) else None
        # a process that lost some of it would wait for the others' sums for ever
        there = self.group.collect(layer is not None and (pose is not None or not self._is_posed(index)))
        if layer is None or not all(there):
            return None
        return layer, None if pose is None else PoseFound(*pose)

    def _mine_layer(
        self,
        index: int,
        seen: Seen,
        upper: Upper | None,
        checkpoints: Checkpoints,
        progress: Callable[[int, int], None],
    ) -> tuple[MinedLayer, PoseFound | None]:
        """Mine a layer, find the pose where it tells it, and keep both on disk."""
        record = PoseRecord(checkpoints.folder, len(self.rows), self.group) if self._is_posed(index) else None
        mined = mine_layer(
            self._task(index, seen, upper),
            self._peak_reader(self.layers[index], seen),
            record,
            progress,
            checkpoints.unfinished(index),
            self.group,
            self.model.mines,
        )
        if record is None:
            checkpoints.save(index, mined)
            return mined, None
        weights = orientation_weights(record.read_scores, seen.confidence)
        found = PoseFound(find_pose(record.read_displacements), weights)
        checkpoints.save_pose(found.pose, found.orientation_weights)
        checkpoints.save(index, mined)
        # last: until the layer is kept, it may be gone on with
        record.remove()
        return mined, found

    def _task(self, index: int, seen: Seen, upper: Upper | None) -> LayerTask:
        """What mining a layer needs; `upper`: None for the top layer."""
        layer = self.layers[index]
        return LayerTask(
            filters=layer.channels,
            patterns=patterns_per_filter(layer.width),
            photos=len(self.rows),
            unit=self._unit(layer),
            anchors=seen.anchors,
            anchors_other=seen.anchors_other,
            anchor_mean=seen.anchor_mean,
            backdrop=seen.backdrop,
            upper=upper,
            generator=torch.Generator().manual_seed(self.seed * 1000 + index),
            patterns_above=0 if upper is None else patterns_per_filter(self.layers[index + 1].width),
        )

    def _is_posed(self, index: int) -> bool:
        """Whether the pose is found from this layer."""
        return index == len(self.layers) - 2

    def _unit(self, layer: LayerGeometry) -> float:
        """Size of a map's unit in fractions of the crop."""
        return layer.stride / self.network.preprocessing.size

    def _loadings(self, mined: dict[str, MinedLayer], pose: Pose, seen: Seen) -> dict[str, Tensor]:
        """How the patterns of a layer move with the pose, (P, r, 2) for each layer whose places the pose tells."""
        posed = self.layers[-2].name
        loadings = {posed: pose.loadings}
        for layer in self.layers if self.model.posed else ():
            if layer.name != posed:
                read = partial(self._peak_reader(layer, seen), slice(None), False)
                loadings[layer.name] = layer_loadings(
                    mined[layer.name], layer.channels, read, seen.anchors, pose, self.first, self.group
                )
        return loadings

    def _pattern_tables(
        self, mined: dict[str, MinedLayer], loadings: dict[str, Tensor], found: PoseFound
    ) -> dict[str, PatternTable]:
        """The patterns of all conv layers; the posed layer's have weights in the decision which way an object faces."""
        weights = {self.layers[-2].name: found.orientation_weights}
        names = [layer.name for layer in self.layers]
        return {n: pattern_table(n, mined[n], loadings.get(n), weights.get(n)) for n in names}

    def _assembled(
        self,
        category: str,
        name: str,
        mirrored: np.ndarray,
        pose: Pose,
        mined: dict[str, MinedLayer],
        patterns: dict[str, PatternTable],
        views: np.ndarray,
    ) -> MinedGraph:
        """The graph, of what was found by all processes; mirrored: (objects,) bool, views: of this process's."""
        dropped = np.sum([layer.dropped for layer in mined.values()], 0)  # (reasons,)
        return MinedGraph(
            network_id=self.network.id,
            network_name=self.network.name,
            weights_sha256=self.network.weights_sha256,
            weights_source=self.network.weights_source,
            preprocessing=self.network.preprocessing.to_dict(),
            category=category,
            name=name,
            seed=self.seed,
            parameters=self.parameters,
            versions={"egraph": egraph.__version__, "torch": torch.__version__, "python": platform.python_version()},
            log_likelihood=float(sum(layer.log_likelihood.sum() for layer in mined.values())),
            layers=[*self.layers, anchor_layer(self.layers[-1], self.network.preprocessing.size)],
            readings=self._readings(),
            objects=self.objects,
            mirrored=mirrored,
            pose=pose.vectors.numpy(),
            patterns=patterns,
            co_activations=co_activations(self.layers, mined),
            displacements=self.model.displacements(self.layers, mined),
            firings=[self._firings(layer, mined[layer.name], views) for layer in self.layers],
            peaks=[self._peaks(layer, views) for layer in self.layers],
            dropped={reason: int(count) for reason, count in zip(REASONS, dropped, strict=True)},
        )

    def _peak_reader(self, layer: LayerGeometry, seen: Seen) -> Callable[..., Peaks]:
        """Reads the peaks of some filters on some of the n photos, in the canonical view or (True) in the other one."""
        size = self.network.preprocessing.size

        def read(filters: slice, other: bool, photos: slice = slice(None)) -> Peaks:
            rows, views = self.rows[photos], (1 - seen.views if other else seen.views)[photos]
            values, units = self.store.peaks(layer.name, rows, views, filters)  # (d, n, K) both
            places = unit_places(units, layer.width, layer.first_centre, layer.stride, size)  # (d, n, K, 2)
            # one peak of all photos after the other: that is how the E-step goes through them
            values = values.permute(2, 0, 1).contiguous().permute(1, 2, 0).to(self.device)
            places = places.permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0).to(self.device)
            activations = self.store.activations(layer.name, rows, views, filters).to(self.device)  # (d, n, K)
            return Peaks(values, places, peak_contexts(seen.contexts[other][photos], places), activations)

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
                filter_scattered=np.zeros(0, np.float32),
                filter_beside=np.zeros(0, np.float32),
            )
            start = stop
        return readings


def _report_filters(report: Progress, before: int, total: int, filters: int, _of: int) -> None:
    report("mining patterns", before + filters, total)
