"""What is kept of the network's responses: memory-mapped files, filled photo by photo, resumable."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import xxhash
from torch import Tensor

from egraph.atomic_file import first_file, sync_folder
from egraph.cache import hold
from egraph.cache_file import read_arrays, read_json, write_arrays, write_json
from egraph.network.layer import LayerGeometry

VIEWS = 2
"""As photographed, and mirrored left to right."""

BYTE = 255

FLUSH_SHARE = 0.02
"""Of the time between two calls of `put`, at most this share goes into bringing responses to the disk."""

_WAITING, _UNREADABLE, _FIRST_CHECKSUM = 0, 1, 2

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ResponsePlan:
    """What is to be kept, and of what: two plans with the same content share a store.

    `peaks` gives the number of strongest peaks kept per map and layer, `context_layers` the layers whose evidence
    becomes the context (`context_channels` numbers at each of context_cells x context_cells places). Of at most
    `evidence_photos` photos, spread evenly, the evidence itself is kept: what And-Or graphs are learnt from.
    """

    network_id: str
    preprocessing: dict[str, Any]
    layers: tuple[LayerGeometry, ...]
    peaks: dict[str, int]
    context_layers: tuple[str, ...]
    context_cells: int
    context_channels: int
    evidence_photos: int
    objects: tuple[str, ...]

    @property
    def evidence_channels(self) -> int:
        """Filters of the context layers."""
        return sum(layer.channels for layer in self.layers if layer.name in self.context_layers)

    @property
    def evidence_rows(self) -> np.ndarray:
        """Rows of the photos whose evidence is kept, rising."""
        count = min(self.evidence_photos, len(self.objects))
        return np.unique(np.linspace(0, max(0, len(self.objects) - 1), count).astype(np.int64))

    @property
    def key(self) -> str:
        """Hex digest of everything that decides the content of the store."""
        content = {
            "format": 3,
            "network": self.network_id,
            "preprocessing": self.preprocessing,
            "layers": [[layer.name, layer.channels, layer.height, layer.width] for layer in self.layers],
            "peaks": self.peaks,
            "context": [self.context_layers, self.context_cells, self.context_channels],
            "evidence": self.evidence_photos,
            "objects": self.objects,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Calibration:
    """Statistics of a sample of the photos, taken once, before the rest is read.

    filter_mean, filter_deviation: per layer (channels,). context_mean: (all context channels,).
    projection: (all context channels, context_channels), orthonormal columns.
    """

    filter_mean: dict[str, Tensor]
    filter_deviation: dict[str, Tensor]
    context_mean: Tensor
    projection: Tensor


class LayerResponses(NamedTuple):
    """What is kept of one layer of n photos.

    values, units, activations: (n, 2, channels, peaks) evidence of the strongest peaks, where they are, and the
    network's own output there. largest, largest_unit: (n, 2, channels) its largest output on every map, and where.
    """

    values: Tensor
    units: Tensor
    activations: Tensor
    largest: Tensor
    largest_unit: Tensor


class ResponseStore:
    """The strongest peaks of every map, the context and some of the evidence of every photo and mirror, on disk.

    Files in `folder`: per layer `<n>.values` float16, `<n>.units` uint16 (uint32 where a map has more units than
    that can count) and `<n>.activations` float32, each (photos, 2, channels, peaks), `<n>.largest` float32 and
    `<n>.largest_unit`, (photos, 2, channels);
    `context` float16 (photos, 2, cells * cells, context channels); `evidence` uint8 (kept photos, 2, cells * cells,
    filters) in 255ths of `evidence.scale` float16 (kept photos, 2, cells * cells), the largest of each place; `marks`
    uint64 (photos,): the checksum of all that the other files hold of a photo, and of the calibration that it was read
    with. A mark reaches the disk after what it speaks for. Where it does not fit, the photo is read again.
    """

    def __init__(self, root: Path, plan: ResponsePlan) -> None:
        self.plan = plan
        self.folder = root / plan.key[:16]
        # Held as long as this object lives, so that nobody clears it away.
        self._held = hold(self.folder)
        count = len(plan.objects)
        self._values: dict[str, np.ndarray] = {}
        self._units: dict[str, np.ndarray] = {}
        self._activations: dict[str, np.ndarray] = {}
        self._largest: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for number, layer in enumerate(plan.layers):
            shape = (count, VIEWS, layer.channels, plan.peaks[layer.name])
            self._values[layer.name] = self._open(f"{number}.values", np.float16, shape)
            unit = np.uint16 if layer.height * layer.width <= 2**16 else np.uint32
            self._units[layer.name] = self._open(f"{number}.units", unit, shape)
            self._activations[layer.name] = self._open(f"{number}.activations", np.float32, shape)
            self._largest[layer.name] = (
                self._open(f"{number}.largest", np.float32, shape[:3]),
                self._open(f"{number}.largest_unit", unit, shape[:3]),
            )
        cells = plan.context_cells**2
        self._context = self._open("context", np.float16, (count, VIEWS, cells, plan.context_channels))
        kept = len(plan.evidence_rows)
        self._evidence = self._open("evidence", np.uint8, (kept, VIEWS, cells, plan.evidence_channels))
        self._evidence_scale = self._open("evidence.scale", np.float16, (kept, VIEWS, cells))
        self._marks = self._open("marks", np.uint64, (count,))
        sync_folder(self.folder)
        self.reasons: dict[int, str] = {int(k): v for k, v in (read_json(self._reasons_file, plan.key) or {}).items()}
        self._unmarked: dict[int, int] = {}
        self._flushed, self._flush_seconds = 0.0, 0.0
        self._calibration: Calibration | None = None
        self._done = np.zeros(count, bool)
        self._use(self._read_calibration())

    @property
    def _reasons_file(self) -> Path:
        return self.folder / "reasons"

    @property
    def _calibration_file(self) -> Path:
        return self.folder / "calibration"

    def _open(self, name: str, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
        """Map a file, made with its full size on disk, so that a full disk is met here and not in the middle.

        Of two processes that make it at the same moment, both map the first one's.
        """
        path = self.folder / name
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if path.exists() and path.stat().st_size != size:
            path.unlink()
        if not path.exists():
            with first_file(path) as file:
                if size and hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                file.truncate(size)
        return np.memmap(path, dtype=dtype, mode="r+", shape=shape) if size else np.zeros(shape, dtype)

    def _use(self, calibration: Calibration | None) -> None:
        """Take `calibration` as that of all rows; those that were read with another one, or are damaged, wait again."""
        self._calibration = calibration
        self._seed = b"" if calibration is None else _calibration_checksum(calibration)
        marked = np.flatnonzero(self._marks >= _FIRST_CHECKSUM)
        fits = np.array([self._marks[row] == self._checksum(row) for row in marked.tolist()], bool)
        self._done[:] = False
        self._done[marked[fits]] = True
        if not fits.all():
            log.warning(
                "The responses of %d photos under %s do not fit their checksums (the machine lost its power, or files "
                "were damaged); they are computed anew.",
                np.count_nonzero(~fits),
                self.folder,
            )

    def _checksum(self, row: int) -> int:
        """Of all that is kept of a photo; never one of the marks that mean something else."""
        arrays = [*self._of_layers(), self._context]
        digest = xxhash.xxh3_64(self._seed, seed=row)
        for array in arrays:
            digest.update(array[row].data)
        where = np.searchsorted(self.plan.evidence_rows, row)
        if where < len(self._evidence) and self.plan.evidence_rows[where] == row:
            digest.update(self._evidence[where].data)
            digest.update(self._evidence_scale[where].data)
        return max(digest.intdigest(), _FIRST_CHECKSUM)

    def _of_layers(self) -> Iterator[np.ndarray]:
        """All that is kept of the layers, each (photos, …)."""
        for name, values in self._values.items():
            yield from (values, self._units[name], self._activations[name], *self._largest[name])

    def waiting(self) -> list[int]:
        """Rows that were not read yet; those that could not be are tried again."""
        return np.flatnonzero(~self._done).tolist()

    def usable(self) -> list[int]:
        """Rows that hold responses."""
        return np.flatnonzero(self._done).tolist()

    def put(
        self,
        rows: Sequence[int],
        layers: dict[str, LayerResponses],
        context: Tensor,
        evidence: Callable[[int], Tensor],
    ) -> None:
        """Keep the responses of photos. They are surely on the disk after the next `flush`, which may be at once.

        Args:
            rows: n rows.
            layers: by name.
            context: (n, 2, cells * cells, context channels).
            evidence: of a photo among the n, by its number: (2, cells * cells, filters of the context layers), at least
                0. Asked only for photos whose evidence is kept, and one at a time, for which caches have room.
        """
        index = np.asarray(rows)
        for name, found in layers.items():
            self._values[name][index] = found.values.half().cpu().numpy()
            self._activations[name][index] = found.activations.cpu().numpy()
            largest, largest_unit = self._largest[name]
            largest[index] = found.largest.cpu().numpy()
            for units, there in ((found.units, self._units[name]), (found.largest_unit, largest_unit)):
                there[index] = units.cpu().numpy().astype(there.dtype)
        self._context[index] = context.half().cpu().numpy()
        for photo in np.flatnonzero(np.isin(index, self.plan.evidence_rows)).tolist():
            codes, scale = _in_bytes(evidence(photo))
            where = np.searchsorted(self.plan.evidence_rows, index[photo])
            self._evidence[where], self._evidence_scale[where] = codes.cpu().numpy(), scale.cpu().numpy()
        self._unmarked |= {row: self._checksum(row) for row in rows}
        self._done[index] = True
        if self.reasons.keys() & set(rows):
            self.reasons = {row: reason for row, reason in self.reasons.items() if row not in rows}
            write_json(self._reasons_file, self.reasons, self.plan.key)
        if self._flush_seconds <= FLUSH_SHARE * (time.monotonic() - self._flushed):
            self.flush()

    def refuse(self, row: int, reason: str) -> None:
        """Remember that a photo could not be read."""
        self.reasons[row] = reason
        write_json(self._reasons_file, self.reasons, self.plan.key)
        self._marks[row] = _UNREADABLE

    def flush(self) -> None:
        """Bring everything to the disk: the responses first, then the marks that speak for them."""
        started = time.monotonic()
        arrays = (*self._of_layers(), self._context, self._evidence, self._evidence_scale)
        for array in arrays:
            _flush(array)
        for row, mark in self._unmarked.items():
            self._marks[row] = mark
        self._unmarked = {}
        _flush(self._marks)
        self._flushed = time.monotonic()
        self._flush_seconds = self._flushed - started

    def write_calibration(self, calibration: Calibration) -> None:
        """Keep the statistics that all rows are read with, before any is put."""
        arrays = {f"mean {n}": v.cpu().numpy() for n, v in calibration.filter_mean.items()}
        arrays |= {f"deviation {n}": v.cpu().numpy() for n, v in calibration.filter_deviation.items()}
        arrays |= {
            "context": calibration.context_mean.cpu().numpy(),
            "projection": calibration.projection.cpu().numpy(),
        }
        write_arrays(self._calibration_file, arrays, self.plan.key)
        self.flush()
        self._use(calibration)

    def read_calibration(self) -> Calibration | None:
        """The statistics, or None where the sample was not read yet."""
        return self._calibration

    def _read_calibration(self) -> Calibration | None:
        arrays = read_arrays(self._calibration_file, self.plan.key)
        if arrays is None:
            return None
        found = {name: torch.from_numpy(array) for name, array in arrays.items()}
        names = [layer.name for layer in self.plan.layers]
        return Calibration(
            {n: found[f"mean {n}"] for n in names},
            {n: found[f"deviation {n}"] for n in names},
            found["context"],
            found["projection"],
        )

    def peaks(self, layer: str, rows: Sequence[int], views: np.ndarray, filters: slice) -> tuple[Tensor, Tensor]:
        """Peaks of some filters in one view per photo.

        Args:
            rows: n rows; views: (n,) 0 as photographed, 1 mirrored.

        Returns:
            values float32 and units int64, both (filters, n, peaks).
        """
        index = np.asarray(rows)
        values = torch.from_numpy(self._values[layer][index, views, filters]).float()
        units = self._units[layer][index, views, filters].astype(np.int64)
        return values.transpose(0, 1), torch.from_numpy(units).transpose(0, 1)

    def activations(self, layer: str, rows: Sequence[int], views: np.ndarray, filters: slice) -> Tensor:
        """The network's own output at the units that `peaks` gives, float32: (filters, n, peaks)."""
        found = self._activations[layer][np.asarray(rows), views, filters]
        return torch.from_numpy(found).transpose(0, 1)

    def at_peaks(
        self, layer: str, rows: np.ndarray, views: np.ndarray, filters: np.ndarray, peaks: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Units (F,) int64 of some peaks and the network's own output there, (F,) float32; each argument is (F,)."""
        where = rows, views, filters, peaks
        return self._units[layer][where].astype(np.int64), self._activations[layer][where]

    def largest(self, layer: str, rows: Sequence[int], views: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The largest output of every filter of photos in one view each and its unit, int64: (n, channels) each."""
        index = np.asarray(rows)
        largest, unit = self._largest[layer]
        return largest[index, views], unit[index, views].astype(np.int64)

    def context(self, rows: Sequence[int], views: np.ndarray | None = None) -> Tensor:
        """Context of photos, float32: (n, cells * cells, context channels) of one view each, or of both (n, 2, …)."""
        index = np.asarray(rows)
        block = self._context[index] if views is None else self._context[index, views]
        return torch.from_numpy(np.asarray(block)).float()

    def with_evidence(self) -> list[int]:
        """Rows whose evidence is kept and could be read."""
        kept = self.plan.evidence_rows
        return [int(row) for row in kept[self._done[kept]]]

    def evidence(self, rows: Sequence[int], views: np.ndarray) -> Tensor:
        """Evidence of photos of `with_evidence` in one view each, float32: (n, cells * cells, filters)."""
        where = np.searchsorted(self.plan.evidence_rows, np.asarray(rows))
        scale = torch.from_numpy(self._evidence_scale[where, views].astype(np.float32) / BYTE)
        return torch.from_numpy(self._evidence[where, views]).float().mul_(scale[..., None])

    def context_cells(self, rows: Sequence[int], cells: slice) -> Tensor:
        """Context of both views at some cells of all photos, float32: (n, 2, cells of the slice, context channels)."""
        return torch.from_numpy(np.asarray(self._context[:, :, cells][np.asarray(rows)])).float()


def _flush(array: np.ndarray) -> None:
    """Bring a mapped file to the disk; an array without numbers has no file."""
    if isinstance(array, np.memmap):
        array.flush()


def _calibration_checksum(calibration: Calibration) -> bytes:
    digest = xxhash.xxh3_128()
    for name in sorted(calibration.filter_mean):
        for tensor in (calibration.filter_mean[name], calibration.filter_deviation[name]):
            digest.update(f"{name} {tuple(tensor.shape)}".encode())
            digest.update(tensor.cpu().contiguous().numpy().data)
    for tensor in (calibration.context_mean, calibration.projection):
        digest.update(tensor.cpu().contiguous().numpy().data)
    return digest.digest()


def _in_bytes(evidence: Tensor) -> tuple[Tensor, Tensor]:
    """Evidence in 255ths of the largest of each place: uint8 codes of the same shape, and the largest as float16."""
    scale = evidence.amax(-1).half()
    step = scale.float().clamp_min(torch.finfo(torch.float16).tiny)[..., None] / BYTE
    return (evidence / step).round_().clamp_(0, BYTE).byte(), scale
