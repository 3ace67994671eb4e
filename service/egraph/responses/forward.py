"""One pass of the network over every photo and its mirror, kept as peaks and context."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.errors import EgraphError, InputError
from egraph.network.finite import all_finite, damage
from egraph.network.layer import LayerGeometry
from egraph.network.layers import activations
from egraph.network.load import Network
from egraph.photos.crop import read_crop
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress
from egraph.responses.evidence import context_direction, filter_statistics, main_directions
from egraph.responses.fresh import FreshResponses
from egraph.responses.store import VIEWS, Calibration, LayerResponses, ResponsePlan, ResponseStore
from egraph.threads import one_thread

CONTEXT_CELLS = 14
CONTEXT_CHANNELS = 256
EVIDENCE_PHOTOS = 1000
"""Photos whose evidence is kept as well: 1.2 MB each for ResNet-50."""
CALIBRATION_PHOTOS = 64
BATCH_PHOTOS = 8
HALF_LIMIT = 65504.0
"""The largest half float, in which the sample's activations are kept; those of a layer with larger ones as they are."""
FEWEST_PHOTOS = 4
"""Below this, nothing can be said about what goes together."""


def plan_responses(network: Network, layers: Sequence[LayerGeometry], objects: Sequence[PhotoObject]) -> ResponsePlan:
    """Decide what is kept: more peaks on finer maps, the two top layers as context."""
    context = tuple(layer.name for layer in layers[-2:])
    channels = sum(layer.channels for layer in layers[-2:])
    return ResponsePlan(
        network_id=network.id,
        preprocessing=network.preprocessing.to_dict(),
        layers=tuple(layers),
        peaks={layer.name: peaks_per_map(layer.width) for layer in layers},
        context_layers=context,
        context_cells=CONTEXT_CELLS,
        context_channels=min(CONTEXT_CHANNELS, channels),
        evidence_photos=EVIDENCE_PHOTOS,
        objects=tuple(o.id for o in objects),
    )


def peaks_per_map(width: int) -> int:
    """4 on maps 7 units wide, one more for each doubling: 5 at 14, 6 at 28, 7 at 56."""
    return max(1, round(4 + math.log2(width / 7)))


def collect_responses(
    network: Network,
    plan: ResponsePlan,
    objects: Sequence[PhotoObject],
    root: Path,
    progress: Progress | None = None,
    group: Group = ALONE,
) -> ResponseStore:
    """Run the network once over every photo and mirror that the store under `root` does not hold yet.

    Each process of a group has photos and a store of its own; the calibration is that of all photos. A photo that
    cannot be decoded is remembered in `store.reasons` and left out.

    Raises:
        InputError: fewer than four photos can be used, or the network gives NaN.
        EgraphError: the disk is full.
    """
    try:
        store = ResponseStore(root, plan)
        calibration = store.read_calibration()
        if not all(group.collect(calibration is not None)) or calibration is None:
            calibration = _calibrate(network, plan, objects, store, progress, group)
        waiting = store.waiting()
        done = len(objects) - len(waiting)
        sample = set(_sample(objects, group))
        try:
            # those of the sample are read as they were when it was taken, so that their responses are the same
            for some, read in (
                ([row for row in waiting if row in sample], _half_maps),
                ([row for row in waiting if row not in sample], _maps),
            ):
                for rows, views in _batches(network, objects, some, store):
                    _keep(store, rows, read(network, plan, views), calibration)
                    done += len(rows)
                    _report(progress, done, len(objects))
        finally:
            store.flush()
    except OSError as error:
        raise EgraphError(
            f"The responses cannot be kept under {root} ({error.strerror}); make room or set EGRAPH_HOME to another "
            "disk, then run the same command again: it goes on where it stopped."
        ) from error
    usable, all_photos = (sum(group.collect(n)) for n in (len(store.usable()), len(objects)))
    if usable < FEWEST_PHOTOS:
        raise InputError(f"Only {usable} of {all_photos} photos can be used; mining needs at least {FEWEST_PHOTOS}.")
    if not all(group.collect(len(store.usable()) > 0)):
        raise InputError(f"There are too few photos for {group.size} processes; start fewer.")
    return store


def read_views(network: Network, objects: Sequence[PhotoObject]) -> Tensor:
    """Crops of objects and their mirrors, ready for the network: (2 n, 3, size, size), photo and mirror in turn."""
    crops = network.preprocess(np.stack([read_crop(o, network.preprocessing.size) for o in objects]))
    return torch.stack([crops, crops.flip(3)], 1).flatten(0, 1).contiguous(memory_format=torch.channels_last)


def run_views(network: Network, plan: ResponsePlan, calibration: Calibration, views: Tensor) -> FreshResponses:
    """Responses of photos that are in no store, from their views as `read_views` gives them."""
    return FreshResponses(_maps(network, plan, views), plan, calibration)


def _maps(network: Network, plan: ResponsePlan, views: Tensor) -> dict[str, Tensor]:
    names = [layer.name for layer in plan.layers]
    maps = activations(network, names, views)
    if not all_finite(maps):
        raise damage(network, names, views)
    return maps


def _half_maps(network: Network, plan: ResponsePlan, views: Tensor) -> dict[str, Tensor]:
    """Maps in main memory, in half precision and, where they fit, in half the space; each view for itself."""
    maps = {}
    for name, exact in _maps(network, plan, views).items():
        flat = exact.permute(0, 2, 3, 1).flatten(1)  # as the numbers lie in memory
        fits = torch.maximum(flat.amax(1), -flat.amin(1)) <= HALF_LIMIT
        rounded = exact.half()
        maps[name] = (rounded if fits.all() else torch.where(fits[:, None, None, None], rounded, exact)).cpu()
    return maps


def _sample(objects: Sequence[PhotoObject], group: Group) -> list[int]:
    """Rows of this process's photos among those, spread evenly over all, that the statistics are taken from."""
    counts = group.collect(len(objects))
    first, total = sum(counts[: group.rank]), sum(counts)
    spread = np.unique(np.linspace(0, total - 1, min(CALIBRATION_PHOTOS, total)).astype(int)) - first
    return [int(row) for row in spread if 0 <= row < len(objects)]


def _batches(
    network: Network, objects: Sequence[PhotoObject], rows: Sequence[int], store: ResponseStore
) -> Iterator[tuple[list[int], Tensor]]:
    """Rows whose photos could be read, with their views, a batch at a time."""
    for start in range(0, len(rows), BATCH_PHOTOS):
        readable, views = [], []
        for row in rows[start : start + BATCH_PHOTOS]:
            try:
                views.append(read_views(network, [objects[row]]))
                readable.append(row)
            except InputError as error:
                store.refuse(row, str(error))
        if readable:
            yield readable, torch.cat(views)


def _calibrate(
    network: Network,
    plan: ResponsePlan,
    objects: Sequence[PhotoObject],
    store: ResponseStore,
    progress: Progress | None,
    group: Group,
) -> Calibration:
    """Take the statistics from photos spread evenly over the set, and keep these photos' responses at once."""
    sample = _sample(objects, group)
    rows: list[int] = []
    kept = {g.name: [torch.zeros(0, g.channels, g.height, g.width, dtype=torch.half)] for g in plan.layers}
    for batch, views in _batches(network, objects, sample, store):
        for name, maps in _half_maps(network, plan, views).items():
            kept[name].append(maps)
        rows += batch
        _report(progress, len(rows), len(objects))
    done = sum(group.collect(len(rows)))
    if done < FEWEST_PHOTOS:
        raise InputError(
            f"Only {done} of the first {sum(group.collect(len(sample)))} photos can be used; check the photos."
        )
    own = {name: torch.cat(maps) for name, maps in kept.items()}
    for name in own:
        if torch.float32 in group.collect(own[name].dtype):
            own[name] = own[name].float()
    whole = {name: group.join(maps) for name, maps in own.items()}
    statistics = {name: filter_statistics(maps[::3]) for name, maps in whole.items()}
    mean = {name: m for name, (m, _) in statistics.items()}
    deviation = {name: d for name, (_, d) in statistics.items()}
    channels = sum(layer.channels for layer in plan.layers if layer.name in plan.context_layers)
    unprojected = Calibration(mean, deviation, torch.zeros(channels), torch.eye(channels))
    some = {name: whole[name][::7] for name in plan.context_layers}
    with one_thread():
        evidence = FreshResponses(some, plan, unprojected).evidence().flatten(0, 1)
        context_mean = evidence.mean(0)
        projection = main_directions(context_direction(evidence[::2], context_mean), plan.context_channels)
    calibration = Calibration(unprojected.filter_mean, deviation, context_mean, projection)
    store.write_calibration(calibration)
    for start in range(0, len(rows), BATCH_PHOTOS):
        block = {name: maps[2 * start : 2 * (start + BATCH_PHOTOS)] for name, maps in own.items()}
        _keep(store, rows[start : start + BATCH_PHOTOS], block, calibration)
    store.flush()
    return calibration


def _keep(store: ResponseStore, rows: Sequence[int], maps: dict[str, Tensor], calibration: Calibration) -> None:
    """Reduce the maps of photos and their mirrors, and put them into the store."""
    plan = store.plan
    fresh = FreshResponses(maps, plan, calibration)
    layers = {}
    for layer in plan.layers:
        values, units = fresh.peaks(layer.name)
        found = values, units, fresh.activations(layer.name, units), *fresh.largest(layer.name)
        layers[layer.name] = LayerResponses(*(tensor.unflatten(0, (-1, VIEWS)) for tensor in found))
    views = fresh.views.unflatten(0, (-1, VIEWS))
    store.put(rows, layers, fresh.context().unflatten(0, (-1, VIEWS)), lambda photo: fresh.evidence(views[photo]))


def _report(progress: Progress | None, done: int, total: int) -> None:
    if progress:
        progress("running the network", done, total)
