"""What an And-Or graph is learnt from: the objects of a mined graph, their evidence and where their patterns are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.mining.graph_model import GraphModel, numbers_of
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.mining.pose import PLACING_NUMBERS, placing_numbers, posed_displacements, unseen_vectors
from egraph.network.load import Network
from egraph.photos.photo import PhotoObject
from egraph.responses.evidence import grid_places
from egraph.responses.store import ResponseStore

BLOCK = 16
"""Objects whose evidence is in memory at once: 40 MB for ResNet-50."""

EvidenceReader = Callable[[], Iterator[Tensor]]
"""Gives the evidence of all objects of a pool in the canonical view, block by block: (objects of the block, u, F)."""


@dataclass(frozen=True)
class Sightings:
    """All patterns of the conv layers, layer by layer, on b objects of a pool, in the canonical view: places (P, b, 2)
    where they are expected, units (P, b, 2) centre of the unit that fits best, fires (P, b) bool whether they fire
    there, score (P, b)."""

    places: Tensor
    units: Tensor
    fires: Tensor
    score: Tensor


SightingsReader = Callable[[], Iterator[Sightings]]
"""Gives the sightings on all objects of a pool, block by block."""


@dataclass(frozen=True)
class Stance:
    """How n objects stand. pose: (n, r). numbers: (n, s) of the pose that place patterns."""

    pose: Tensor
    numbers: Tensor


@dataclass(frozen=True)
class Pool:
    """n objects of a graph in their canonical views; F filters of its context layers, u places of the grid.

    rows: (n,) which of the graph's objects. grid: (u, 2). evidence: see `EvidenceReader`. evidence_mean,
    evidence_deviation: (F,) over objects and places. stance, expected: how the objects stand by their evidence, as if
    the pose had been learnt without them, and by where the patterns' parents alone expect them. mined_numbers: (n, s)
    by which mining placed the patterns. layers: names of the context layers, with P patterns in all. column: (P,) which
    of the F filters a pattern belongs to. mean_place (P, 2), loadings (P, s, 2): where the pose puts them. fires:
    (P, n) bool. wholeness: (n,) how well the anchors fit. sightings: see `SightingsReader`.
    """

    graph: MinedGraph
    rows: np.ndarray
    grid: Tensor
    evidence: EvidenceReader
    evidence_mean: Tensor
    evidence_deviation: Tensor
    stance: Stance
    expected: Stance
    mined_numbers: Tensor
    layers: tuple[str, ...]
    column: Tensor
    mean_place: Tensor
    loadings: Tensor
    fires: Tensor
    wholeness: Tensor
    sightings: SightingsReader

    @property
    def names(self) -> list[str]:
        """What the ids of the patterns of all conv layers end with, `<layer>/<filter>/<number>`, as in `sightings`."""
        tables = [self.graph.patterns[layer.name] for layer in self.graph.layers if layer.name != ANCHORS]
        return [f"{t.layer}/{f}/{n}" for t in tables for f, n in zip(t.filter.tolist(), t.number.tolist(), strict=True)]

    @property
    def row_of(self) -> dict[str, int]:
        """Row of each object by its id."""
        return {self.graph.objects[row].id: i for i, row in enumerate(self.rows.tolist())}

    def standing(self, numbers: Tensor) -> Tensor:
        """Where the pose puts all patterns: (n, s) give (P, n, 2)."""
        return self.mean_place[:, None] + posed_displacements(self.loadings, numbers)

    def at(self, maps: Tensor) -> Tensor:
        """Evidence of every object where its map says, summed over objects: (m, n, u) gives (m, F)."""
        total, start = torch.zeros(len(maps), len(self.evidence_mean)), 0
        for block in self.evidence():
            stop = start + len(block)
            total += maps[:, start:stop].reshape(len(maps), -1) @ block.flatten(0, 1)
            start = stop
        return total

    def scores(self, weights: Tensor) -> Tensor:
        """Agreement of every place with weights over the filters: (m, F) gives (m, n, u)."""
        blocks = [(block.flatten(0, 1) @ weights.T).T.unflatten(1, block.shape[:2]) for block in self.evidence()]
        return torch.cat(blocks, 1)


def gather_pool(
    graph: MinedGraph, network: Network, store: ResponseStore, rows: dict[str, int], labelled: Sequence[str] = ()
) -> Pool:
    """The objects of a graph whose evidence a store holds, and the labelled ones whose evidence it does not.

    Args:
        rows: row in the store of every object, by the object's id. labelled: ids of objects that must be there.

    Raises:
        InputError: the graph was mined with other weights, or the photo of a labelled object cannot be read.
    """
    model, layers = GraphModel(graph, network), store.plan.context_layers
    with_evidence = set(store.with_evidence())
    inside = [row for row, o in enumerate(graph.objects) if rows.get(o.id) in with_evidence]
    beside = [
        row for row, o in enumerate(graph.objects) if o.id in set(labelled) - {graph.objects[i].id for i in inside}
    ]
    there = [rows[graph.objects[row].id] for row in inside]
    views = graph.mirrored[inside].astype(np.int64)
    read = _Beside(model, [graph.objects[row] for row in beside], graph.mirrored[beside])

    def evidence() -> Iterator[Tensor]:
        for start in range(0, len(there), BLOCK):
            yield store.evidence(there[start : start + BLOCK], views[start : start + BLOCK])
        if beside:
            yield read.evidence

    context = torch.cat([model.context(block) for block in evidence()])
    anchors = model.place_anchors(model.anchor_scores(context))
    displacement, directions = anchors.places - model.anchor_mean, model.directions(context)

    def peaks(layer: str, some: slice) -> tuple[Tensor, Tensor, Tensor]:
        """Values, units and activations of some of the objects, of which those that are read anew come last."""
        kept, begin, end = there[some], max(some.start - len(there), 0), max(some.stop - len(there), 0)
        columns: list[tuple[Tensor, ...]] = []
        if kept:
            values, units = store.peaks(layer, kept, views[some], slice(None))
            columns.append((values, units, store.activations(layer, kept, views[some], slice(None))))
        if end:
            columns.append(tuple(column[:, begin:end] for column in read.peaks[layer]))
        pairs = zip(*columns, strict=True)
        values, units, activations = (pair[0] if len(pair) == 1 else torch.cat(pair, 1) for pair in pairs)
        return values, units, activations

    everything = slice(0, len(inside) + len(beside))
    gathered = {}
    for layer in layers:
        seen = model.peaks_at(layer, *peaks(layer, everything), directions)
        gathered[layer] = model.infer(layer, seen, displacement)
    mean, deviation = _statistics(evidence)
    chosen = np.array(inside + beside, np.int64)
    kept_pose, (_, length) = torch.from_numpy(graph.pose), model.pose(gathered[model.posed]["free_places"])
    mined_numbers = placing_numbers(kept_pose[chosen], length)

    def sightings() -> Iterator[Sightings]:
        start = 0
        for block in evidence():
            some = slice(start, start + len(block))
            context = model.context(block)
            displacement = model.place_anchors(model.anchor_scores(context)).places - model.anchor_mean
            directions, columns = model.directions(context), []
            for layer in model.layers:
                found = model.infer(layer, model.peaks_at(layer, *peaks(layer, some), directions), displacement)
                places = model.posed_places(layer, mined_numbers[some])
                columns.append((places, found["units"], found["fires"], found["score"]))
            yield Sightings(*(torch.cat(column) for column in zip(*columns, strict=True)))
            start = some.stop

    expected, expected_length = model.pose(gathered[model.posed]["expected"])
    return Pool(
        graph=graph,
        rows=chosen,
        grid=grid_places(store.plan.context_cells),
        evidence=evidence,
        evidence_mean=mean,
        evidence_deviation=deviation,
        stance=Stance(kept_pose[chosen], placing_numbers(unseen_vectors(kept_pose)[chosen], length)),
        mined_numbers=mined_numbers,
        expected=Stance(expected, placing_numbers(unseen_vectors(expected), expected_length)),
        layers=layers,
        column=filter_columns(graph, layers),
        mean_place=torch.cat([model.mean_place[layer][:, 0] for layer in layers]),
        loadings=torch.cat([model.loadings[layer][:, :PLACING_NUMBERS] for layer in layers]),
        fires=torch.cat([gathered[layer]["fires"] for layer in layers]),
        wholeness=anchors.peak.mean(0),
        sightings=sightings,
    )


class _Beside:
    """Responses of objects that no store holds: evidence (n, u, F); values, units and activations of the peaks per
    layer, (channels, n, K) each."""

    def __init__(self, model: GraphModel, objects: Sequence[PhotoObject], mirrored: np.ndarray) -> None:
        if not objects:
            return
        seen, views = model.run(objects), numbers_of(mirrored)
        self.evidence = seen.evidence(views).cpu()
        self.peaks = {}
        for layer in model.layers:
            values, units = seen.peaks(layer, views)
            columns = values, units, seen.activations(layer, units, views)
            self.peaks[layer] = tuple(column.cpu().transpose(0, 1) for column in columns)


def filter_columns(graph: MinedGraph, layers: tuple[str, ...]) -> Tensor:
    """Which filter of several layers side by side every pattern of these layers belongs to: (P,)."""
    columns, start = [], 0
    channels = {layer.name: layer.channels for layer in graph.layers}
    for name in layers:
        columns.append(torch.from_numpy(graph.patterns[name].filter).long() + start)
        start += channels[name]
    return torch.cat(columns)


def _statistics(evidence: EvidenceReader) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every filter over objects and places."""
    count, total, square = 0, None, None
    for block in evidence():
        flat = block.flatten(0, 1)
        count += len(flat)
        total = flat.sum(0) if total is None else total + flat.sum(0)
        square = flat.square().sum(0) if square is None else square + flat.square().sum(0)
    assert total is not None and square is not None
    mean = total / count
    return mean, (square / count - mean.square()).clamp_min(0).sqrt().clamp_min(1e-6)
