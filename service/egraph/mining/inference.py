"""Where the patterns of a mined graph are on any object, from nothing but the graph and the network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.errors import InputError
from egraph.mining.anchors import Anchors, place_anchors
from egraph.mining.mined import ANCHORS, Displacements, Firings, MinedGraph, PatternTable
from egraph.mining.noise import fires
from egraph.mining.parents import Parents
from egraph.mining.patterns import Patterns, infer_patterns
from egraph.mining.pose import SCORE_FLOOR
from egraph.network.layer import LayerGeometry
from egraph.network.load import Network
from egraph.photos.photo import PhotoObject
from egraph.responses.evidence import unit_places
from egraph.responses.forward import CONTEXT_CELLS, Progress, peaks_per_map, read_views, reduce_views
from egraph.responses.store import Calibration, ResponsePlan

BLOCK_OBJECTS = 8


@dataclass(frozen=True)
class Placed:
    """Patterns on n objects, per conv layer; places are (row, column) in the canonical view, fractions of the crop.

    places, expected: (P, n, 2) inferred, and where the parents alone expect the pattern. prior: (P, 2) mu. mass,
    fires: (P, n) evidence, and whether it is a firing. peaks, peak_scores: (channels, n, 2) and (channels, n) strongest
    unit of every filter. mirrored: (n,) bool.
    """

    places: dict[str, Tensor]
    expected: dict[str, Tensor]
    prior: dict[str, Tensor]
    mass: dict[str, Tensor]
    fires: dict[str, Tensor]
    peaks: dict[str, Tensor]
    peak_scores: dict[str, Tensor]
    mirrored: np.ndarray


def place_patterns(
    graph: MinedGraph,
    network: Network,
    objects: Sequence[PhotoObject],
    mirrored: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Placed:
    """Run the network over objects and their mirrors and infer all patterns of the graph.

    Args:
        mirrored: (n,) which objects stand mirrored, where it is known; else the patterns decide.

    Raises:
        InputError: the graph was mined with other weights, or a photo cannot be read.
    """
    if network.id != graph.network_id:
        raise InputError(
            f"The graph {graph.id} was mined with {graph.network_id}, not with {network.id}; "
            f"give the weights that it was mined with ({graph.weights_source})."
        )
    layers = [layer for layer in graph.layers if layer.name != ANCHORS]
    blocks = []
    model = _Graph(graph, network, layers)
    for start in range(0, len(objects), BLOCK_OBJECTS):
        some = slice(start, start + BLOCK_OBJECTS)
        blocks.append(model.place(objects[some], None if mirrored is None else mirrored[some]))
        if progress:
            progress("placing patterns", min(start + BLOCK_OBJECTS, len(objects)), len(objects))
    return _joined(blocks)


def firings(placed: Placed) -> list[Firings]:
    """All firings on the placed objects, counted as they were placed. See `Firings` for the columns."""
    found = []
    for layer, mass in placed.mass.items():
        pattern, column = (a.numpy() for a in placed.fires[layer].nonzero(as_tuple=True))
        place = placed.places[layer][pattern, column].numpy()
        x = np.where(placed.mirrored[column], 1 - place[:, 1], place[:, 1])
        found.append(
            Firings(
                layer=layer,
                pattern=pattern.astype(np.int32),
                object=column.astype(np.int32),
                score=mass[pattern, column].numpy(),
                x=x.astype(np.float32),
                y=place[:, 0].astype(np.float32),
            )
        )
    return found


class _Graph:
    """A mined graph, ready to be placed."""

    def __init__(self, graph: MinedGraph, network: Network, layers: Sequence[LayerGeometry]) -> None:
        self.network, self.layers = network, layers
        self.calibration = _calibration(graph, layers)
        self.models = {layer.name: _Model(graph, layer) for layer in layers}
        table = graph.patterns[ANCHORS]
        self.anchors = Anchors(*(torch.from_numpy(a) for a in _anchor_arrays(table)))
        self.anchor_mean = torch.from_numpy(table.mean_place)[:, None]
        self.plan = _plan(graph, network, layers)
        self.posed = next((i for i in layers if np.any(graph.patterns[i.name].orientation_weight)), layers[0])
        self.orientation_weight = torch.from_numpy(graph.patterns[self.posed.name].orientation_weight)

    def place(self, objects: Sequence[PhotoObject], mirrored: np.ndarray | None) -> Placed:
        peaks, context = reduce_views(self.network, self.plan, self.calibration, read_views(self.network, objects))
        rows = torch.arange(len(objects))
        if mirrored is None:
            photo, mirror = (
                self._infer(self.posed, rows, peaks, context, torch.full_like(rows, view))["mass"] for view in (0, 1)
            )
            ratio = (mirror + SCORE_FLOOR).log() - (photo + SCORE_FLOOR).log()
            mirrored = (self.orientation_weight @ ratio > 0).numpy()
        views = torch.from_numpy(mirrored.astype(np.int64))
        found = {layer.name: self._infer(layer, rows, peaks, context, views) for layer in self.layers}
        names = ("places", "expected", "prior", "mass", "fires", "peaks", "peak_scores")
        return Placed(**{n: {k: v[n] for k, v in found.items()} for n in names}, mirrored=mirrored)

    def _infer(
        self,
        layer: LayerGeometry,
        rows: Tensor,
        peaks: dict[str, tuple[Tensor, Tensor]],
        context: Tensor,
        views: Tensor,
    ) -> dict[str, Tensor]:
        scores = context[rows, views].permute(2, 0, 1).contiguous().cpu()
        displacement = place_anchors(scores, self.anchors).places - self.anchor_mean
        values, units = (t.cpu()[rows, views].transpose(0, 1) for t in peaks[layer.name])
        size = self.network.preprocessing.size
        places = unit_places(units.long(), layer.width, layer.first_centre, layer.stride, size)
        # Mining reads responses that were kept as half floats; the same rounding gives the same places.
        found = self.models[layer.name].infer(values.half().float(), places, displacement)
        return {**found, "peaks": places[:, :, 0], "peak_scores": values[:, :, 0].float()}


def _joined(blocks: Sequence[Placed]) -> Placed:
    """Objects of several blocks, in order."""

    def together(name: str) -> dict[str, Tensor]:
        return {layer: torch.cat([getattr(b, name)[layer] for b in blocks], 1) for layer in blocks[0].places}

    return Placed(
        **{name: together(name) for name in ("places", "expected", "mass", "fires", "peaks", "peak_scores")},
        prior=blocks[0].prior,
        mirrored=np.concatenate([b.mirrored for b in blocks]),
    )


class _Model:
    """The patterns of one conv layer, padded to the same number per filter; the missing ones stand nowhere."""

    def __init__(self, graph: MinedGraph, layer: LayerGeometry) -> None:
        table = graph.patterns[layer.name]
        filter_, number = torch.from_numpy(table.filter).long(), torch.from_numpy(table.number).long()
        self.per_filter = int(number.max()) + 1 if len(number) else 1
        self.slot = filter_ * self.per_filter + number
        slots = layer.channels * self.per_filter
        index, weight = _parents(graph, table)
        place = torch.full((slots, 2), torch.inf)
        place[self.slot] = torch.from_numpy(table.place)
        parents = Parents(
            torch.zeros(slots, index.shape[1], dtype=torch.long),
            torch.zeros(slots, index.shape[1]),
            torch.zeros(slots),
        )
        parents.index[self.slot] = index
        parents.weight[self.slot] = weight
        parents.gain[self.slot] = torch.from_numpy(table.parent_gain)
        self.patterns = Patterns(place.unflatten(0, (layer.channels, self.per_filter)), parents)

    def infer(self, values: Tensor, places: Tensor, anchors: Tensor) -> dict[str, Tensor]:
        """Places, expected (P, n, 2), prior (P, 2), mass and fires (P, n) of the table's patterns."""
        inferred = infer_patterns(self.patterns, values, places, anchors)
        mass = inferred.assigned.mass.flatten(0, 1)[self.slot]
        return {
            "places": inferred.places.flatten(0, 1)[self.slot],
            "expected": inferred.expected.flatten(0, 1)[self.slot],
            "prior": self.patterns.place.flatten(0, 1)[self.slot],
            "mass": mass,
            "fires": fires(mass, inferred.control.flatten(0, 1)[self.slot]),
        }


def _parents(graph: MinedGraph, table: PatternTable) -> tuple[Tensor, Tensor]:
    """Anchors that place the patterns of a layer: rows and weights, (P, M) each."""
    edges: Displacements = next(d for d in graph.displacements if d.lower == table.layer and d.upper == ANCHORS)
    order = np.argsort(edges.source, kind="stable")
    count = len(edges.source) // max(1, len(table))
    shape = (len(table), count)
    index = torch.from_numpy(edges.target[order].astype(np.int64).reshape(shape))
    return index, torch.from_numpy(edges.weight[order].reshape(shape))


def _anchor_arrays(table: PatternTable) -> tuple[np.ndarray, ...]:
    return table.template, table.place_map, table.score_mean, table.score_deviation


def _calibration(graph: MinedGraph, layers: Sequence[LayerGeometry]) -> Calibration:
    """The anchors' templates stand where mining has its projection, so that the context is the anchors' scores."""
    readings = [graph.readings[layer.name] for layer in layers]
    return Calibration(
        {layer.name: torch.from_numpy(r.filter_mean) for layer, r in zip(layers, readings, strict=True)},
        {layer.name: torch.from_numpy(r.filter_deviation) for layer, r in zip(layers, readings, strict=True)},
        torch.from_numpy(np.concatenate([r.context_mean for r in readings])),
        torch.from_numpy(graph.patterns[ANCHORS].template.T.copy()),
    )


def _plan(graph: MinedGraph, network: Network, layers: Sequence[LayerGeometry]) -> ResponsePlan:
    return ResponsePlan(
        network_id=graph.network_id,
        preprocessing=network.preprocessing.to_dict(),
        layers=tuple(layers),
        peaks={layer.name: peaks_per_map(layer.width) for layer in layers},
        context_layers=tuple(layer.name for layer in layers if len(graph.readings[layer.name].context_mean)),
        context_cells=CONTEXT_CELLS,
        context_channels=len(graph.patterns[ANCHORS]),
        objects=(),
    )
