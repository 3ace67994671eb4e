"""A mined graph, ready to be placed on objects: its anchors, the patterns of its layers, its pose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.errors import InputError, UsageError
from egraph.mining.anchors import AnchorPlaces, Anchors, place_anchors
from egraph.mining.contexts import Contexts, leading_directions, peak_contexts
from egraph.mining.graph_tables import ANCHORS, Displacements, MinedGraph, PatternTable
from egraph.mining.parents import Parents
from egraph.mining.patterns import Fits, infer_fits, pad_patterns
from egraph.mining.peaks import Peaks
from egraph.mining.pose import SCORE_FLOOR, placing_numbers, posed_displacements
from egraph.mining.pruning import exceeds
from egraph.network.layer import LayerGeometry
from egraph.network.load import Network
from egraph.photos.photo import PhotoObject
from egraph.responses.evidence import projected_direction, unit_places
from egraph.responses.forward import CONTEXT_CELLS, peaks_per_map, read_views, run_views
from egraph.responses.fresh import FreshResponses
from egraph.responses.store import VIEWS, Calibration, ResponsePlan

OWN = "egraph"
"""Name of egraph's own model."""


@dataclass(frozen=True)
class Placed:
    """Patterns on n objects, per conv layer; places are (row, column) in the canonical view, fractions of the crop.

    places: (P, n, 2) where the pose puts the patterns, which all of them told together: where they are expected on the
    object. alone, expected: (P, n, 2) where the parents and a pattern's own evidence put it, and the parents alone.
    prior: (P, 2) mu. mass, fires: (P, n) evidence, and whether it is a firing. units: (P, n, 2) centre of the unit that
    fits best, where a pattern fires if it does; activation, score, likeness: (P, n) of that unit, see `Firings`. peaks,
    peak_scores: (channels, n, 2) and (channels, n) strongest unit of every filter. mirrored: (n,) bool. posed: whether
    the pose put the patterns and contexts told their peaks apart, as egraph's own model does.
    """

    places: dict[str, Tensor]
    alone: dict[str, Tensor]
    expected: dict[str, Tensor]
    prior: dict[str, Tensor]
    mass: dict[str, Tensor]
    fires: dict[str, Tensor]
    units: dict[str, Tensor]
    activation: dict[str, Tensor]
    score: dict[str, Tensor]
    likeness: dict[str, Tensor]
    peaks: dict[str, Tensor]
    peak_scores: dict[str, Tensor]
    mirrored: np.ndarray
    posed: bool


class GraphModel:
    """A mined graph, ready to be placed on objects: everything that inference needs, from the graph alone.

    name: that of the mining model. posed: name of the layer whose patterns tell pose and side. plan: how its responses
    are read.
    """

    name = OWN

    def __init__(self, graph: MinedGraph, network: Network, whole: bool = True) -> None:
        """
        Args:
            whole: read all layers, and not only those that anchors, pose and And-Or graphs need.

        Raises:
            InputError: the graph was mined with other weights.
            UsageError: it was mined by a model that places patterns in another way.
        """
        require_model(graph, self.name)
        if network.id != graph.network_id:
            raise InputError(
                f"The graph {graph.id} was mined with {graph.network_id}, not with {network.id}; "
                f"give the weights that it was mined with ({graph.weights_source})."
            )
        self.graph, self.network = graph, network
        self.layers = {
            layer.name: layer
            for layer in graph.layers
            if layer.name != ANCHORS and (whole or len(graph.readings[layer.name].context_mean))
        }
        layers = list(self.layers.values())
        self.calibration = _calibration(graph, layers)
        self.models = self._models(graph, layers)
        table = graph.patterns[ANCHORS]
        self.anchors = Anchors(*(torch.from_numpy(a) for a in _anchor_arrays(table)))
        self.anchor_mean = torch.from_numpy(table.mean_place)[:, None]
        self.plan = _plan(graph, network, layers)
        self.posed = next((n for n in self.layers if np.any(graph.patterns[n].orientation_weight)), layers[0].name)
        self.orientation_weight = torch.from_numpy(graph.patterns[self.posed].orientation_weight)
        self.mean_place = {name: torch.from_numpy(graph.patterns[name].mean_place)[:, None] for name in self.layers}
        self.loadings = {name: torch.from_numpy(graph.patterns[name].pose) for name in self.layers}

    def _models(self, graph: MinedGraph, layers: Sequence[LayerGeometry]) -> dict[str, "LayerModel"]:
        return {layer.name: LayerModel(graph, layer, ANCHORS) for layer in layers}

    def run(self, objects: Sequence[PhotoObject]) -> FreshResponses:
        """Responses of n objects and their mirrors, 2 n views; their context is what `anchor_scores` and `directions`
        are read from.

        Raises:
            InputError: a photo cannot be read.
        """
        return run_views(self.network, self.plan, self.calibration, read_views(self.network, objects))

    def find_anchors(self, seen: FreshResponses) -> AnchorPlaces:
        """The anchors in all views: places (A, 2 n, 2), peak (A, 2 n)."""
        return self.place_anchors(self.anchor_scores(seen.context().cpu()))

    def side(self, mass: Tensor) -> np.ndarray:
        """(n,) bool, which objects stand in the canonical view when mirrored, from the posed patterns' mass (P, 2 n) in
        all views."""
        photo, mirror = (mass + SCORE_FLOOR).log().unflatten(1, (-1, VIEWS)).unbind(2)
        turned: np.ndarray = (self.orientation_weight @ (mirror - photo) > 0).numpy()
        return turned

    def place(self, objects: Sequence[PhotoObject], mirrored: np.ndarray | None) -> Placed:
        """Infer all patterns on objects; `mirrored` as in `place_patterns`."""
        seen = self.run(objects)
        displacement = self.find_anchors(seen).places - self.anchor_mean
        if mirrored is None:
            mirrored = self.side(self.place_layer(self.posed, seen, displacement)["mass"])
        views = numbers_of(mirrored)
        found = {name: self.place_layer(name, seen, displacement[:, views], views) for name in self.layers}
        return self._placed(found, self.places(found), seen, mirrored)

    def _placed(
        self, found: dict[str, dict[str, Tensor]], places: dict[str, Tensor], seen: FreshResponses, mirrored: np.ndarray
    ) -> Placed:
        def column(name: str) -> dict[str, Tensor]:
            return {layer: found[layer][name] for layer in self.layers}

        strongest = {layer: self.peaks(layer, seen, numbers_of(mirrored)) for layer in self.layers}
        names = ("expected", "prior", "mass", "fires", "units", "activation", "score", "likeness")
        return Placed(
            places=places,
            alone=column("places"),
            **{name: column(name) for name in names},
            peaks={layer: peaks.places[:, :, 0] for layer, peaks in strongest.items()},
            peak_scores={layer: peaks.values[:, :, 0] for layer, peaks in strongest.items()},
            mirrored=mirrored,
            posed=axes_of(self.graph) > 0,
        )

    def place_layer(
        self, layer: str, seen: FreshResponses, displacement: Tensor, views: Tensor | None = None
    ) -> dict[str, Tensor]:
        """What `infer` says of one layer in some views (m,), or in all.

        Args:
            displacement: (A, m, 2) of the anchors in these views.
        """
        return self.infer(layer, self.peaks(layer, seen, views), displacement)

    def peaks(self, layer: str, seen: FreshResponses, views: Tensor | None = None) -> Peaks:
        """The peaks of all filters of a layer in some views, or in all."""
        values, units = seen.peaks(layer, views)
        activations = seen.activations(layer, units, views)
        context = seen.context().cpu()
        directions = self.directions(context if views is None else context[views])
        values, units, activations = (t.cpu().transpose(0, 1) for t in (values, units, activations))
        return self.peaks_at(layer, values, units, activations, directions)

    def peaks_at(self, layer: str, values: Tensor, units: Tensor, activations: Tensor, directions: Tensor) -> Peaks:
        """Peaks of all filters of a layer from what is known of them, (channels, m, K) each.

        Mining reads values that were kept as half floats; the same rounding gives the same places.

        Args:
            directions: (m, u, R) from `directions`.
        """
        geometry, size = self.layers[layer], self.network.preprocessing.size
        places = unit_places(units, geometry.width, geometry.first_centre, geometry.stride, size)
        return Peaks(values.half().float(), places, peak_contexts(directions, places), activations)

    def context(self, evidence: Tensor) -> Tensor:
        """What `anchor_scores` and `directions` are read from, of evidence (n, u, filters): (n, u, A + R)."""
        return projected_direction(evidence, self.calibration.context_mean, self.calibration.projection)

    def anchor_scores(self, context: Tensor) -> Tensor:
        """Agreement of every place with the anchors: (n, u, A + R) gives (A, n, u)."""
        return context[..., : self.anchors.templates.shape[0]].permute(2, 0, 1).contiguous()

    def directions(self, context: Tensor) -> Tensor:
        """What patterns see at every place: (n, u, A + R) gives (n, u, R), of length 1."""
        return leading_directions(context[..., self.anchors.templates.shape[0] :].half().float())

    def place_anchors(self, scores: Tensor) -> AnchorPlaces:
        """Where the anchors are, and how well they fit: scores (A, n, u)."""
        return place_anchors(scores, self.anchors)

    def infer(self, layer: str, peaks: Peaks, displacement: Tensor) -> dict[str, Tensor]:
        """What one layer's patterns alone say of n objects, and `free_places` (P, n, 2), which tell the pose.

        Args:
            peaks: of all filters. displacement: (A, n, 2) of the anchors.
        """
        model = self.models[layer]
        return model.infer(peaks.of(model.filters), displacement)

    def pose(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Pose vectors (n, r) and lengths (n,), from the free places (P, n, 2) of the posed layer's patterns."""
        moved = places - self.mean_place[self.posed]
        length = moved.square().sum((0, 2)).clamp_min(1e-12).sqrt()
        return torch.einsum("pnc,prc->nr", moved, self.loadings[self.posed]) / length[:, None], length

    def places(self, found: dict[str, dict[str, Tensor]]) -> dict[str, Tensor]:
        """Where the patterns of some layers are, (P, n, 2) each, from what `infer` said of them; the posed layer must
        be among them."""
        numbers = placing_numbers(*self.pose(found[self.posed]["free_places"]))
        return {name: self.posed_places(name, numbers) for name in found}

    def posed_places(self, layer: str, numbers: Tensor) -> Tensor:
        """Where the pose puts the patterns of a layer: (P, n, 2), `numbers` (n, s) being `placing_numbers`."""
        return self.mean_place[layer] + posed_displacements(self.loadings[layer], numbers)


def require_model(graph: MinedGraph, name: str = OWN) -> None:
    """Refuse a graph that was mined by another model, which places patterns in another way.

    Raises:
        UsageError: it was.
    """
    if model_of(graph) != name:
        raise UsageError(
            f"Parts are learnt from graphs of egraph's own model, and {graph.id} was mined by {model_of(graph)}; "
            "mine one without --model, under another --name."
        )


def model_of(graph: MinedGraph) -> str:
    """The name of the model by which a graph was mined."""
    return str(graph.parameters.get("model", OWN))


def numbers_of(mirrored: np.ndarray) -> Tensor:
    """Numbers of the views, photo and mirror in turn, in which n objects stand as `mirrored` (n,) says: (n,)."""
    return VIEWS * torch.arange(len(mirrored)) + torch.from_numpy(np.asarray(mirrored, np.int64))


class LayerModel:
    """The patterns of one conv layer, padded to the same number per filter; the missing ones stand nowhere. `above` is
    the layer whose patterns place them, if any. filters: (d,) those that have patterns, rising."""

    def __init__(self, graph: MinedGraph, layer: LayerGeometry, above: str | None) -> None:
        table = graph.patterns[layer.name]
        self.mean_place = torch.from_numpy(table.mean_place)
        parents = Parents(*_parents(graph, table, above), torch.from_numpy(table.parent_gain))
        self.filters, row = torch.from_numpy(table.filter).long().unique(return_inverse=True)
        number = torch.arange(len(row)) - torch.searchsorted(row, row)
        contexts = Contexts(torch.from_numpy(table.context), torch.from_numpy(table.context_level))
        if not len(table.context_level):
            contexts = Contexts(contexts.direction, torch.zeros(len(table)))
        place = torch.from_numpy(table.place)
        self.patterns, self.slot = pad_patterns(len(self.filters), row, number, place, parents, contexts)
        self.filter_row = row
        self.chance = torch.from_numpy(table.chance)
        self.likeness = torch.from_numpy(table.likeness)[:, None] if len(table.likeness) else torch.zeros(len(table), 1)

    def infer(self, peaks: Peaks, displacement: Tensor) -> dict[str, Tensor]:
        """Places, free places, expected and units (P, n, 2), prior (P, 2), mass, fires, activation, score and
        likeness (P, n) of the table's patterns.

        Args:
            peaks: of the filters that have patterns. displacement: (C, n, 2) of the patterns that place these.
        """
        inferred, fits = infer_fits(self.patterns, peaks, displacement)
        found = self._of_table(inferred.places(), inferred.expected, inferred.assigned.mass, fits, peaks)
        return {**found, "free_places": inferred.free_places().flatten(0, 1)[self.slot]}

    def _of_table(self, places: Tensor, expected: Tensor, mass: Tensor, fits: Fits, peaks: Peaks) -> dict[str, Tensor]:
        mass, score, likeness, peak = (
            column.flatten(0, 1)[self.slot] for column in (mass, fits.score, fits.likeness, fits.peak)
        )
        where = peak[..., None].long()
        activation = peaks.activations[self.filter_row].gather(2, where)[..., 0]
        control = self.chance[:, None] * peaks.values.sum(2)[self.filter_row]
        return {
            "places": places.flatten(0, 1)[self.slot],
            "expected": expected.flatten(0, 1)[self.slot],
            "prior": self.patterns.place.flatten(0, 1)[self.slot],
            "mass": mass,
            "fires": exceeds(mass, control) & (likeness >= self.likeness) & (activation > 0),
            "units": peaks.places[self.filter_row].gather(2, where[..., None].expand(-1, -1, -1, 2))[:, :, 0],
            "activation": activation,
            "score": score,
            "likeness": likeness,
        }


def _parents(graph: MinedGraph, table: PatternTable, above: str | None) -> tuple[Tensor, Tensor]:
    """Patterns of the layer `above` that place those of a layer: rows and weights, (P, M) each."""
    if above is None:
        return torch.zeros(len(table), 0, dtype=torch.long), torch.zeros(len(table), 0)
    edges: Displacements = next(d for d in graph.displacements if (d.lower, d.upper) == (table.layer, above))
    order = np.argsort(edges.source, kind="stable")
    count = len(edges.source) // max(1, len(table))
    shape = (len(table), count)
    index = torch.from_numpy(edges.target[order].astype(np.int64).reshape(shape))
    return index, torch.from_numpy(edges.weight[order].reshape(shape))


def _anchor_arrays(table: PatternTable) -> tuple[np.ndarray, ...]:
    return table.template, table.place_map, table.score_mean, table.score_deviation


def _calibration(graph: MinedGraph, layers: Sequence[LayerGeometry]) -> Calibration:
    """The anchors' templates and the axes of contexts stand where mining has its projection: what is read are the
    anchors' scores, and behind them what patterns see."""
    readings = [graph.readings[layer.name] for layer in layers]
    axes = np.concatenate([r.context_axes for r in readings if len(r.context_axes)])
    return Calibration(
        {layer.name: torch.from_numpy(r.filter_mean) for layer, r in zip(layers, readings, strict=True)},
        {layer.name: torch.from_numpy(r.filter_deviation) for layer, r in zip(layers, readings, strict=True)},
        torch.from_numpy(np.concatenate([r.context_mean for r in readings])),
        torch.from_numpy(np.concatenate([graph.patterns[ANCHORS].template.T, axes], 1)),
    )


def _plan(graph: MinedGraph, network: Network, layers: Sequence[LayerGeometry]) -> ResponsePlan:
    return ResponsePlan(
        network_id=graph.network_id,
        preprocessing=network.preprocessing.to_dict(),
        layers=tuple(layers),
        peaks={layer.name: peaks_per_map(layer.width) for layer in layers},
        context_layers=tuple(layer.name for layer in layers if len(graph.readings[layer.name].context_mean)),
        context_cells=CONTEXT_CELLS,
        context_channels=len(graph.patterns[ANCHORS]) + axes_of(graph),
        evidence_photos=0,
        objects=(),
    )


def axes_of(graph: MinedGraph) -> int:
    """How many numbers of a peak's context the patterns of a graph look at."""
    return max(int(reading.context_axes.shape[1]) for reading in graph.readings.values())
