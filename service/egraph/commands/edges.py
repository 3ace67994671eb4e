"""Do a graph's co-activations say what the network does? Verified by switching lower patterns off."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from egraph.commands.network import network_of
from egraph.commands.requests import EdgesRequest
from egraph.evaluation.edge_intervention import Compared, Fall, Firing, compare, summarise, switch_off
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.graph_model import Placed
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.mining.inference import place_patterns
from egraph.network.layer import LayerGeometry
from egraph.network.network import Network
from egraph.photos.crop import read_crop
from egraph.progress import Progress, report
from egraph.results import Result
from egraph.settings import Settings


@dataclass(frozen=True)
class EdgesReport(Result):
    """How far partners fall, beside non-partners. methods: all pairs of layers together; layers: by the lower layer."""

    task: str
    category: str
    graph: str
    photos: int
    edges: int
    methods: dict[str, Fall]
    layers: dict[str, dict[str, Fall]]


@dataclass(frozen=True)
class _Seen:
    """What fires in one layer on one photo, and the activation there, (P,)."""

    firing: Firing
    activation: Tensor

    def only(self, rows: Tensor) -> "_Seen":
        f = self.firing
        return _Seen(Firing(f.pattern[rows], f.filter[rows], f.unit[rows]), self.activation[rows])


def measure_edges(
    settings: Settings, request: EdgesRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> EdgesReport:
    """Switch patterns off on some of a graph's own photos, and measure how far their partners fall. Nothing is written.

    Raises:
        InputError: a photo cannot be read, or the weights are not those of the graph.
        NothingYetError: there is no graph.
    """
    with open_database(settings) as database:
        mined = read_graph(database, find_graph(database, request.category, request.graph).id)
    network = network_of(mined, request, module)
    partners = {
        (c.lower, c.upper): set(zip(c.source.tolist(), c.target.tolist(), strict=True)) for c in mined.co_activations
    }
    rows = np.unique(np.linspace(0, len(mined.objects) - 1, request.photos).astype(int))
    found: dict[str, list[Compared]] = {lower: [] for lower, _ in partners}
    for done, (row, crop, seen) in enumerate(_looked_at(mined, network, rows), start=1):
        for (lower, upper), pairs in partners.items():
            off = _drawn(seen[lower], seen[upper], pairs, request.patterns, [request.seed, row])
            falls = switch_off(network, lower, upper, crop, off.firing, seen[upper].firing)
            part = compare(
                falls.cpu(), seen[upper].activation, off.firing, seen[upper].firing, pairs, row, request.seed
            )
            found[lower].append(part)
        report(progress, "switching patterns off", done, len(rows))
    return EdgesReport(
        task="edges",
        category=request.category,
        graph=mined.id,
        photos=len(rows),
        edges=sum(map(len, partners.values())),
        methods=summarise(list(itertools.chain(*found.values())), request.seed),
        layers={lower: summarise(parts, request.seed) for lower, parts in found.items()},
    )


def _looked_at(mined: MinedGraph, network: Network, rows: np.ndarray) -> Iterator[tuple[int, Tensor, dict[str, _Seen]]]:
    """Of each object its row, its crop in the canonical view, ready for the network, and what fires in each layer."""
    layers = [layer for layer in mined.layers if layer.name != ANCHORS]
    for row in rows.tolist():
        obj, turned = mined.objects[row], mined.mirrored[[row]]
        placed = place_patterns(mined, network, [obj], turned)
        crop = read_crop(obj, network.preprocessing.size)
        view = network.preprocess((np.fliplr(crop) if turned[0] else crop.copy())[None])
        seen = {layer.name: _seen(mined, layer, placed, network.preprocessing.size) for layer in layers}
        yield row, view, seen


def _seen(mined: MinedGraph, layer: LayerGeometry, placed: Placed, size: int) -> _Seen:
    """What fires in a layer on the one object that was looked at, whose crop is `size` pixels wide."""
    pattern = placed.fires[layer.name][:, 0].nonzero()[:, 0]
    row, column = ((placed.units[layer.name][pattern, 0] * size - layer.first_centre) / layer.stride).round().long().T
    filter_ = torch.from_numpy(mined.patterns[layer.name].filter).long()[pattern]
    seen = _Seen(Firing(pattern, filter_, row * layer.width + column), placed.activation[layer.name][pattern, 0])
    return seen.only((seen.activation > 0).nonzero()[:, 0])


def _drawn(lower: _Seen, upper: _Seen, pairs: set[tuple[int, int]], count: int, seed: list[int]) -> _Seen:
    """At most so many of the lower patterns that have a partner which fires, too, drawn at random."""
    above = set(upper.firing.pattern.tolist())
    linked = {low for low, up in pairs if up in above}
    rows = [row for row, pattern in enumerate(lower.firing.pattern.tolist()) if pattern in linked]
    drawn = np.random.default_rng(seed).permutation(rows)[:count] if rows else np.empty(0, int)
    return lower.only(torch.from_numpy(np.sort(drawn).astype(np.int64)))
