"""Fitting the mixtures of a graph that was just mined: one more pass of the network over some of its photos."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.cache_file import read_arrays, write_arrays
from egraph.distributed import ALONE, Group
from egraph.errors import EgraphError
from egraph.explaining import mixture as settings
from egraph.explaining.mixture import Mixture, fit_mixture
from egraph.explaining.view import MARGIN, View, layer_units, read_view, widened_view
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.pose import Pose, placing_numbers, posed_displacements
from egraph.network.finite import all_finite, damage
from egraph.network.layer import LayerGeometry
from egraph.network.layers import activations
from egraph.network.network import Network
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress, report
from egraph.threads import one_thread

PHOTOS = 80
"""Photos that mixtures are fitted on, spread evenly over the graph's."""

BATCH_PHOTOS = 8

FEWEST_UNITS = 9
"""A map is fitted on the coarsest grid of whole units that is at least so wide, because patterns reach farther than the
units of finer maps."""

KEPT = torch.bfloat16
"""How maps are kept in memory: half the bytes, and no activation is too large for it."""

PARAMETERS: dict[str, Any] = {
    "photos": PHOTOS,
    "margin": MARGIN,
    "rounds": settings.ROUNDS,
    "reach": [settings.REACH_LEAST, settings.REACH_MOST],
}
"""For the graph's provenance."""


@dataclass(frozen=True)
class Sample:
    """Some of a graph's objects as they are explained. rows: (n,) of the objects. views: n. places: of each layer's
    patterns (P, n, 2), as photographed."""

    rows: np.ndarray
    objects: list[PhotoObject]
    views: list[View]
    places: dict[str, Tensor]

    @classmethod
    def of(cls, graph: MinedGraph, pose: Pose, rows: np.ndarray) -> "Sample":
        """The objects in some rows of a graph, whose pose mining found."""
        objects = [graph.objects[row] for row in rows.tolist()]
        numbers = placing_numbers(pose.vectors[rows], pose.lengths[rows])
        places = {}
        for layer in conv_layers(graph):
            table = graph.patterns[layer.name]
            posed = torch.from_numpy(table.mean_place)[:, None] + posed_displacements(
                torch.from_numpy(table.pose), numbers
            )
            places[layer.name] = turned_places(posed, graph.mirrored[rows])
        return cls(rows, objects, [widened_view(o) for o in objects], places)


def conv_layers(graph: MinedGraph) -> list[LayerGeometry]:
    """The layers that are the network's own."""
    return [layer for layer in graph.layers if layer.name in graph.readings]


def coarse(layer: LayerGeometry) -> tuple[LayerGeometry, int]:
    """The grid on which a layer is fitted, and how many of the layer's units stand along an edge of one of its own."""
    sides = range(1, layer.width + 1)
    factor = max((side for side in sides if layer.width % side == 0 and layer.width // side >= FEWEST_UNITS), default=1)
    grid = replace(
        layer,
        height=layer.height // factor,
        width=layer.width // factor,
        stride=layer.stride * factor,
        first_centre=layer.first_centre + layer.stride * (factor - 1) / 2,
    )
    return grid, factor


def fit_graph(
    graph: MinedGraph,
    pose: Pose,
    network: Network,
    home: Path,
    progress: Progress | None = None,
    group: Group = ALONE,
) -> MinedGraph:
    """The graph with what its filters' activation is made of.

    What was fitted is kept under `home`, so that a run that is cut off afterwards does not fit it again. The photos
    are shared out among the processes of a group, and then the filters; any number of processes gives the same.

    Raises:
        InputError: a photo has changed since it was mined.
        EgraphError: the disk is full.
    """
    path = home / "cache" / "mining" / f"{_key(graph, pose)}.mixtures"
    found = group.first(_read(path, graph))
    if found is None:
        rows = np.unique(np.linspace(0, len(graph.objects) - 1, min(PHOTOS, len(graph.objects))).astype(int))
        with one_thread():
            sample = Sample.of(graph, pose, rows)
        found = fit_layers(graph, sample, network, progress, group)
        if group.rank == 0:
            _write(path, found)
    return with_shares(graph, found)


def fit_layers(
    graph: MinedGraph, sample: Sample, network: Network, progress: Progress | None = None, group: Group = ALONE
) -> dict[str, Mixture]:
    """The mixtures of all layers, from the views of a sample."""
    layers = conv_layers(graph)
    maps = read_maps(network, layers, sample, progress, group)
    found, done, total = {}, 0, sum(layer.channels for layer in layers)
    for layer in layers:

        def tell(filters: int, _of: int, before: int = done) -> None:
            report(progress, "explaining activation", before + filters, total)

        mass, places = maps.pop(layer.name), sample.places[layer.name]
        filter_ = torch.from_numpy(graph.patterns[layer.name].filter).long()
        units = layer_units(sample.views, coarse(layer)[0], network.preprocessing.size)
        with one_thread():
            found[layer.name] = fit_mixture(mass, filter_, places, units, group=group, progress=tell)
        done += layer.channels
    report(progress, "explaining activation", total, total)
    return found


def with_shares(graph: MinedGraph, fitted: dict[str, Mixture]) -> MinedGraph:
    """The graph with what was fitted to it."""
    patterns, readings = dict(graph.patterns), dict(graph.readings)
    for layer, mixture in fitted.items():
        patterns[layer] = replace(
            patterns[layer],
            share=mixture.share.numpy(),
            reach=mixture.reach.numpy(),
            background=mixture.background.numpy(),
        )
        readings[layer] = replace(
            readings[layer],
            filter_scattered=mixture.scattered.numpy(),
            filter_beside=mixture.beside.numpy(),
        )
    return replace(graph, patterns=patterns, readings=readings)


def mixture_of(graph: MinedGraph, layer: str) -> Mixture | None:
    """The mixture of one layer of a graph; None where none was fitted."""
    table, reading = graph.patterns[layer], graph.readings[layer]
    if not len(reading.filter_scattered):
        return None
    numbers = table.share, table.reach, reading.filter_scattered, reading.filter_beside, table.background
    return Mixture(torch.from_numpy(table.filter).long(), *map(torch.from_numpy, numbers))


def read_maps(
    network: Network,
    layers: Sequence[LayerGeometry],
    sample: Sample,
    progress: Progress | None = None,
    group: Group = ALONE,
) -> dict[str, Tensor]:
    """What every filter gives out on the views of a sample, what is below 0 as 0, on the `coarse` grid of each layer:
    (channels, n, units).

    The same batches are run whatever the number of processes, so that the network's numbers are the same.
    """
    count = len(sample.objects)
    own = [row for start in _starts(count)[group.rank :: group.size] for row in range(start, _stop(start, count))]
    grids = [coarse(layer)[0] for layer in layers]
    maps = {g.name: torch.empty(g.channels, len(own), g.height * g.width, dtype=KEPT) for g in grids}
    done = 0
    for batch in _batches(own):
        seen = _run(network, layers, sample, batch)
        for name, values in seen.items():
            maps[name][:, done : done + len(batch)] = values
        done += len(batch)
        report(progress, "running the network on surroundings", done, len(own))
    if group.size == 1:
        return maps
    order = torch.tensor([row for some in group.collect(own) for row in some]).argsort()
    return {name: _together(values, group)[:, order] for name, values in maps.items()}


def _together(values: Tensor, group: Group) -> Tensor:
    """Those of all processes side by side; bytes are what every way of exchange can carry."""
    return group.join(values.view(torch.uint8), 1).view(KEPT)


def _starts(count: int) -> list[int]:
    return list(range(0, count, BATCH_PHOTOS))


def _stop(start: int, count: int) -> int:
    return min(start + BATCH_PHOTOS, count)


def _batches(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in _starts(len(rows)):
        yield rows[start : start + BATCH_PHOTOS]


def _run(network: Network, layers: Sequence[LayerGeometry], sample: Sample, rows: Sequence[int]) -> dict[str, Tensor]:
    """(channels, rows, units) of each layer."""
    names = [layer.name for layer in layers]
    pixels = [read_view(sample.objects[row], sample.views[row], network.preprocessing.size) for row in rows]
    inputs = network.preprocess(np.stack(pixels)).contiguous(memory_format=torch.channels_last)
    maps = activations(network, names, inputs)
    if not all_finite(maps):
        raise damage(network, names, inputs)
    found = {}
    for layer in layers:
        factor = coarse(layer)[1]
        summed = F.avg_pool2d(maps[layer.name].float().clamp_min(0), factor, divisor_override=1)
        found[layer.name] = summed.flatten(2).transpose(0, 1).to(KEPT).cpu()
    return found


def _key(graph: MinedGraph, pose: Pose) -> str:
    """Hex digits of everything that decides the mixtures."""
    digest = hashlib.sha256(repr([graph.network_id, graph.preprocessing, PARAMETERS]).encode())
    digest.update(repr([(o.id, astuple(o.box)) for o in graph.objects]).encode())
    tables = [graph.patterns[layer.name] for layer in conv_layers(graph)]
    arrays = [a for table in tables for a in (table.filter, table.mean_place, table.pose)]
    for array in (*arrays, graph.mirrored, pose.vectors.numpy(), pose.lengths.numpy()):
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _read(path: Path, graph: MinedGraph) -> dict[str, Mixture] | None:
    kept = read_arrays(path)
    if kept is None:
        return None
    columns = {name: torch.from_numpy(array) for name, array in kept.items()}
    return {
        layer.name: Mixture(**{field.name: columns[f"{layer.name} {field.name}"] for field in fields(Mixture)})
        for layer in conv_layers(graph)
    }


def _write(path: Path, fitted: dict[str, Mixture]) -> None:
    columns = {f"{layer} {name}": values for layer, mixture in fitted.items() for name, values in vars(mixture).items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(path, {name: values.numpy() for name, values in columns.items()})
    except OSError as error:
        raise EgraphError(
            f"What was fitted cannot be kept under {path.parent} ({error.strerror}); make room or set EGRAPH_HOME to "
            "another disk, then run the same command again: it goes on where it stopped."
        ) from error
