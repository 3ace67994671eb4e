"""What the engine found, brought into the tables of a graph."""

import itertools
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from egraph.mining.anchors import SIDE, AnchorPlaces, Anchors
from egraph.mining.graph_tables import (
    ANCHORS,
    CoActivations,
    Displacements,
    FilterPeaks,
    Firings,
    PatternTable,
    chosen_rows,
    joined,
)
from egraph.mining.mined_layer import MinedLayer
from egraph.network.layer import LayerGeometry
from egraph.photos.mirroring import turned_columns
from egraph.responses.evidence import unit_places
from egraph.responses.forward import CONTEXT_CELLS
from egraph.responses.store import ResponseStore


def anchor_layer(top: LayerGeometry, size: int) -> LayerGeometry:
    """The anchors' layer in the terms of a conv layer: its map is the context grid over a crop of `size` pixels."""
    stride = size / CONTEXT_CELLS
    return LayerGeometry(
        name=ANCHORS,
        index=top.index + 1,
        channels=SIDE**2,
        height=CONTEXT_CELLS,
        width=CONTEXT_CELLS,
        stride=stride,
        first_centre=stride / 2,
        receptive_field=top.receptive_field,
    )


def anchor_table(anchors: Anchors, placed: AnchorPlaces, projection: Tensor) -> PatternTable:
    """Anchors as patterns. Their templates are kept over the filters, so that nothing else is needed to use them.

    Args:
        projection: (filters of the context's layers, context channels) that the templates were learnt behind.
    """
    places = placed.places
    count, mean = len(places), places.mean(1)
    nothing = np.zeros(count, np.float32)
    return PatternTable(
        layer=ANCHORS,
        filter=np.arange(count, dtype=np.int32),
        number=np.zeros(count, np.int32),
        place=mean.numpy(),
        mean_place=mean.numpy(),
        spread=(places - mean[:, None]).square().sum(2).mean(1).sqrt().numpy(),
        support=np.full(count, places.shape[1], np.int32),
        score=placed.peak.mean(1).numpy(),
        likeness=nothing[:0],
        chance=nothing[:0],
        usual=nothing[:0],
        context=np.zeros((count, 0), np.float32),
        context_level=nothing[:0],
        share=nothing[:0],
        reach=nothing[:0],
        background=nothing[:0],
        advantage=(anchors.place_map.max(1).values * anchors.place_map.shape[1]).numpy(),
        parent_gain=nothing,
        pose=np.zeros((count, 0, 2), np.float32),
        orientation_weight=nothing,
        template=(anchors.templates @ projection.T).numpy(),
        place_map=anchors.place_map.numpy(),
        score_mean=anchors.score_mean.numpy(),
        score_deviation=anchors.score_deviation.numpy(),
    )


def pattern_table(name: str, mined: MinedLayer, pose: Tensor | None, side: Tensor | None) -> PatternTable:
    """The patterns of a conv layer.

    Args:
        pose: (P, r, 2) loadings, or None where the pose does not place them. side: (P,) orientation weights, or None
            where the layer does not tell the side.
    """
    count, columns = len(mined.patterns), dict(vars(mined.patterns))
    if not columns["context"].shape[1]:
        columns |= {name: columns[name][:0] for name in ("likeness", "context_level")}
    return PatternTable(
        layer=name,
        **columns,
        share=np.zeros(0, np.float32),
        reach=np.zeros(0, np.float32),
        background=np.zeros(0, np.float32),
        parent_gain=mined.parents.gain,
        pose=np.zeros((count, 0, 2), np.float32) if pose is None else pose.numpy(),
        orientation_weight=np.zeros(count, np.float32) if side is None else side.numpy(),
        template=np.zeros((count, 0), np.float32),
        place_map=np.zeros((count, 0), np.float32),
        score_mean=np.zeros(0, np.float32),
        score_deviation=np.zeros(0, np.float32),
    )


def co_activations(layers: Sequence[LayerGeometry], mined: dict[str, MinedLayer]) -> list[CoActivations]:
    """Between neighbouring conv layers, `layers` going from the input up."""
    return [
        CoActivations(lower.name, upper.name, edges.lower, edges.upper, edges.strength, edges.lift, edges.support)
        for lower, upper in itertools.pairwise(layers)
        for edges in (mined[lower.name].edges,)
    ]


def displacements(layers: Sequence[LayerGeometry], mined: dict[str, MinedLayer]) -> list[Displacements]:
    """Between neighbouring conv layers for asking, where they are steady, and from every conv layer to the anchors that
    place its patterns."""
    found = []
    for lower, upper in itertools.pairwise(layers):
        edges = mined[lower.name].edges
        rows = np.flatnonzero(edges.steady)
        found.append(
            Displacements(
                lower=lower.name,
                upper=upper.name,
                source=edges.lower[rows],
                target=edges.upper[rows],
                dx=edges.dx[rows],
                dy=edges.dy[rows],
                sigma=edges.sigma[rows],
                weight=np.zeros(len(rows), np.float32),
                support=edges.support[rows],
            )
        )
    return found + [parent_edges(layer.name, ANCHORS, mined[layer.name]) for layer in layers]


def parent_edges(lower: str, upper: str, mined: MinedLayer) -> Displacements:
    """From the patterns of a layer to those of another one that place them."""
    parents = mined.parents
    count, each = parents.index.shape
    return Displacements(
        lower=lower,
        upper=upper,
        source=np.repeat(np.arange(count, dtype=np.int32), each),
        target=parents.index.ravel().astype(np.int32),
        dx=parents.mean[..., 1].ravel(),
        dy=parents.mean[..., 0].ravel(),
        sigma=parents.sigma.ravel(),
        weight=parents.weight.ravel(),
        support=np.repeat(mined.patterns.support, each),
    )


def firing_table(
    layer: LayerGeometry, mined: MinedLayer, store: ResponseStore, rows: Sequence[int], views: np.ndarray, size: int
) -> Firings:
    """The firings that are kept of a layer.

    Args:
        rows: of this process's objects in the store. views: (objects,) 1 where the mirrored view is the canonical one.
        size: of a crop, in pixels.
    """
    firings = mined.firings
    seen = views[firings.object]
    where = np.asarray(rows)[firings.object], seen, mined.patterns.filter[firings.pattern], firings.peak
    units, activation = store.at_peaks(layer.name, *where)
    place = unit_places(torch.from_numpy(units), layer.width, layer.first_centre, layer.stride, size).numpy()
    return Firings(
        layer=layer.name,
        pattern=firings.pattern,
        object=firings.object,
        x=turned_columns(place[:, 1], seen),
        y=place[:, 0],
        activation=activation,
        score=firings.score,
        likeness=firings.likeness if mined.patterns.context.shape[1] else firings.likeness[:0],
        expected_x=turned_columns(firings.expected[:, 1], seen),
        expected_y=firings.expected[:, 0],
    )


def strongest_of_patterns(firings: Sequence[Firings], of_object: Sequence[np.ndarray], count: int) -> Firings:
    """The firings of all processes, of which each has kept more of every pattern than are wanted of all together.

    Args:
        of_object: per process (F,) bool, which stay whatever the others have. count: that stay of every pattern.
    """
    whole = joined(firings)
    order = np.lexsort((-whole.score, whole.pattern))
    pattern = whole.pattern[order]
    rank = np.arange(len(order)) - np.searchsorted(pattern, pattern)
    stays = np.concatenate(of_object)
    stays[order[rank < count]] = True
    return chosen_rows(whole, stays)


def filter_peaks(
    layer: LayerGeometry, store: ResponseStore, rows: Sequence[int], views: np.ndarray, size: int, count: int
) -> FilterPeaks:
    """Of every filter the objects of this process on which its output is largest, at most `count`, where it is above 0;
    arguments as in `firing_table`."""
    largest, units = (torch.from_numpy(column) for column in store.largest(layer.name, rows, views))
    best, object_ = largest.T.topk(min(count, len(largest)), dim=1)
    filter_, rank = (best > 0).nonzero(as_tuple=True)
    chosen = object_[filter_, rank]
    place = unit_places(units[chosen, filter_], layer.width, layer.first_centre, layer.stride, size).numpy()
    return FilterPeaks(
        layer=layer.name,
        filter=filter_.int().numpy(),
        object=chosen.int().numpy(),
        x=turned_columns(place[:, 1], views[chosen.numpy()]),
        y=place[:, 0],
        activation=best[filter_, rank].numpy(),
    )


def strongest_of_filters(peaks: Sequence[FilterPeaks], count: int) -> FilterPeaks:
    """Those of all processes together."""
    whole = joined(peaks)
    order = np.lexsort((-whole.activation, whole.filter))
    filter_ = whole.filter[order]
    stays = order[np.arange(len(order)) - np.searchsorted(filter_, filter_) < count]
    return chosen_rows(whole, stays)
