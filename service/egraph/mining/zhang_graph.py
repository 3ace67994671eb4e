"""Mining and placing by the model of 2018: what differs from egraph's own."""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import Group
from egraph.mining import zhang2018
from egraph.mining.block import REASONS, BlockMiner, Kept, LayerTask
from egraph.mining.contexts import Contexts
from egraph.mining.firings import BlockFirings
from egraph.mining.graph_model import GraphModel, LayerModel, Placed, numbers_of
from egraph.mining.graph_tables import Displacements, MinedGraph
from egraph.mining.mined_layer import MinedLayer
from egraph.mining.patterns import Fits
from egraph.mining.peaks import PeakReader, Peaks
from egraph.mining.pruning import even_control
from egraph.mining.tables import parent_edges
from egraph.network.layer import LayerGeometry
from egraph.photos.photo import PhotoObject
from egraph.responses.store import VIEWS


class ZhangBlockMiner(BlockMiner):
    """Mines blocks of filters by the model of 2018: patterns follow patterns of the layer above, and all are kept."""

    def __init__(self, task: LayerTask, read: PeakReader, posed: bool, group: Group) -> None:
        super().__init__(task, read, posed, group)
        self.above = zhang2018.Above.nothing(task.anchors)
        if task.upper is not None:
            self.above = zhang2018.Above.of(task.upper, zhang2018.largest_spread(task.patterns_above), group)
        self.candidates, self.candidate_mean = self.above.displacement, self.above.mean
        self.candidate_row = self.above.row

    def _find(self, filters: slice) -> Kept:
        peaks = self.read(filters, False)
        patterns, prior, placed = zhang2018.mine_patterns(
            self.start[filters], peaks.values, peaks.places, self.above, self.group
        )
        share = zhang2018.even_share(patterns.place, prior)
        mass, peak = placed.assigned.mass.flatten(0, 1), placed.peak.flatten(0, 1)
        row = torch.arange(len(mass), device=mass.device)
        filter_ = row // patterns.place.shape[1]
        nothing = torch.zeros_like(mass)
        return Kept(
            filter=filter_,
            number=row % patterns.place.shape[1],
            place=patterns.place.flatten(0, 1),
            parents=patterns.parents,
            contexts=Contexts(patterns.contexts.direction.flatten(0, 1), patterns.contexts.log_mean.flatten()),
            likeness=nothing[:, 0],
            chance=share.flatten(),
            places=placed.places.flatten(0, 1),
            free=placed.places.flatten(0, 1),
            mass=mass,
            control=even_control(share, peaks.values).flatten(0, 1),
            other=mass,
            firings=BlockFirings(placed.best.flatten(0, 1), nothing, peak, prior.expected.flatten(0, 1)),
            active=peaks.activations[filter_].gather(2, peak[..., None].long())[..., 0] > 0,
            dropped=row.new_zeros(len(REASONS)),
            log_likelihood=placed.assigned.log_likelihood.double().sum(),
        )


class ZhangGraphModel(GraphModel):
    """A graph of the model of 2018: patterns follow patterns of the layer above, and the top layer's likelihood tells
    the side."""

    name = zhang2018.MODEL

    def _models(self, graph: MinedGraph, layers: Sequence[LayerGeometry]) -> dict[str, LayerModel]:
        above = [layer.name for layer in layers[1:]] + [None]
        return {layer.name: ZhangLayerModel(graph, layer, upper) for layer, upper in zip(layers, above, strict=True)}

    def place(self, objects: Sequence[PhotoObject], mirrored: np.ndarray | None) -> Placed:
        seen = self.run(objects)
        if mirrored is None:
            nothing, top = torch.zeros(0, VIEWS * len(objects), 2), list(self.layers)[-1]
            photo, mirror = self.place_layer(top, seen, nothing)["log_likelihood"].unflatten(0, (-1, VIEWS)).unbind(1)
            mirrored = (mirror > photo).numpy()
        displacement = torch.zeros(0, len(objects), 2)
        found: dict[str, dict[str, Tensor]] = {}
        for name in reversed(self.layers):
            found[name] = self.place_layer(name, seen, displacement, numbers_of(mirrored))
            displacement = found[name]["places"] - self.models[name].mean_place[:, None]
        return self._placed(found, {name: found[name]["places"] for name in self.layers}, seen, mirrored)


class ZhangLayerModel(LayerModel):
    """The same for the model of 2018, in which no pattern is missing."""

    def __init__(self, graph: MinedGraph, layer: LayerGeometry, above: str | None) -> None:
        super().__init__(graph, layer, above)
        self.spread = _spread(graph, layer.name).unflatten(0, self.patterns.place.shape[:2])
        self.widths = torch.zeros(0) if above is None else _spread(graph, above)

    def infer(self, peaks: Peaks, displacement: Tensor) -> dict[str, Tensor]:
        """As in `LayerModel` but for the free places, and log_likelihood (n,)."""
        place = self.patterns.place
        prior = zhang2018.prior(place, self.spread, self.patterns.parents, displacement, self.widths)
        placed = zhang2018.place_units(prior, peaks.values, peaks.places)
        fits = Fits(placed.best, torch.zeros_like(placed.best), placed.peak)
        found = self._of_table(placed.places, prior.expected, placed.assigned.mass, fits, peaks)
        return {**found, "log_likelihood": placed.log_likelihood.sum(0)}


def _spread(graph: MinedGraph, layer: str) -> Tensor:
    largest = zhang2018.largest_spread(graph.parameters["patterns_per_filter"][layer])
    return zhang2018.clamped(torch.from_numpy(graph.patterns[layer].spread), largest)


def layer_displacements(layers: Sequence[LayerGeometry], mined: dict[str, MinedLayer]) -> list[Displacements]:
    """The patterns of the layer above place those of a layer."""
    return [parent_edges(lower.name, upper.name, mined[lower.name]) for lower, upper in itertools.pairwise(layers)]
