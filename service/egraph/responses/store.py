"""What is kept of the network's responses: memory-mapped files, filled photo by photo, resumable."""

import contextlib
import hashlib
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from egraph.atomic_file import whole_file
from egraph.network.layer import LayerGeometry

VIEWS = 2
"""As photographed, and mirrored left to right."""

BYTE = 255

_DONE, _UNREADABLE = 1, 2


@dataclass(frozen=True)
class ResponsePlan:
    """What is to be kept, and of what: two plans with the same content share a store.

    `peaks` gives the number of strongest peaks kept per map and layer, `context_layers` the layers whose evidence
    becomes the context (`context_channels` numbers at each of context_cells x context_cells places). Of at most
    `evidence_photos` photos, spread evenly, the evidence itself is kept: what And-Or graphs are learnt from.
    """

    network_id: str
    preprocessing: dict
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
            "format": 2,
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


class ResponseStore:
    """The strongest peaks of every map, the context and some of the evidence of every photo and mirror, on disk.

    Files in `folder`: per layer `<n>.values` float16 and `<n>.units` uint16 (uint32 where a map has more units than
    that can count), both (photos, 2, channels, peaks);
    `context` float16 (photos, 2, cells * cells, context channels); `evidence` uint8 (kept photos, 2, cells * cells,
    filters) in 255ths of `evidence.scale` float16 (kept photos, 2, cells * cells), the largest of each place; `state`
    one byte per photo, written last.
    """

    def __init__(self, root: Path, plan: ResponsePlan) -> None:
        self.plan = plan
        self.folder = root / plan.key[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        count = len(plan.objects)
        self._values: dict[str, np.ndarray] = {}
        self._units: dict[str, np.ndarray] = {}
        for number, layer in enumerate(plan.layers):
            shape = (count, VIEWS, layer.channels, plan.peaks[layer.name])
            self._values[layer.name] = self._open(f"{number}.values", np.float16, shape)
            unit = np.uint16 if layer.height * layer.width <= 2**16 else np.uint32
            self._units[layer.name] = self._open(f"{number}.units", unit, shape)
        cells = plan.context_cells**2
        self._context = self._open("context", np.float16, (count, VIEWS, cells, plan.context_channels))
        kept = len(plan.evidence_rows)
        self._evidence = self._open("evidence", np.uint8, (kept, VIEWS, cells, plan.evidence_channels))
        self._evidence_scale = self._open("evidence.scale", np.float16, (kept, VIEWS, cells))
        self._state = self._open("state", np.uint8, (count,))
        self.reasons: dict[int, str] = self._read_json("reasons.json", {})

    def _open(self, name: str, dtype: type, shape: tuple[int, ...]) -> np.ndarray:
        """Map a file, made with its full size on disk, so that a full disk is met here and not in the middle.

        Of two processes that make it at the same moment, both map the first one's.
        """
        path = self.folder / name
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if path.exists() and path.stat().st_size != size:
            path.unlink()
        if not path.exists():
            beside = path.with_name(f"{name}.{uuid.uuid4().hex}.new")
            try:
                with beside.open("xb") as file:
                    if size and hasattr(os, "posix_fallocate"):
                        os.posix_fallocate(file.fileno(), 0, size)
                    file.truncate(size)
                with contextlib.suppress(FileExistsError):
                    os.link(beside, path)
            finally:
                beside.unlink(missing_ok=True)
        return np.memmap(path, dtype=dtype, mode="r+", shape=shape) if size else np.zeros(shape, dtype)

    def _read_json(self, name: str, default: dict) -> dict[int, str]:
        path = self.folder / name
        return {int(k): v for k, v in json.loads(path.read_text()).items()} if path.exists() else default

    def waiting(self) -> list[int]:
        """Rows that were not read yet; those that could not be are tried again."""
        return np.flatnonzero(self._state != _DONE).tolist()

    def usable(self) -> list[int]:
        """Rows that hold responses."""
        return np.flatnonzero(self._state == _DONE).tolist()

    def put(
        self, rows: Sequence[int], peaks: dict[str, tuple[Tensor, Tensor]], context: Tensor, evidence: Tensor
    ) -> None:
        """Keep the responses of photos.

        Args:
            rows: n rows.
            peaks: per layer values and units, each (n, 2, channels, peaks).
            context: (n, 2, cells * cells, context channels).
            evidence: (n, 2, cells * cells, filters of the context layers), at least 0.
        """
        index = np.asarray(rows)
        for name, (values, units) in peaks.items():
            self._values[name][index] = values.half().cpu().numpy()
            self._units[name][index] = units.cpu().numpy().astype(self._units[name].dtype)
        self._context[index] = context.half().cpu().numpy()
        kept = np.flatnonzero(np.isin(index, self.plan.evidence_rows))
        if len(kept):
            codes, scale = _in_bytes(evidence[torch.from_numpy(kept)])
            where = np.searchsorted(self.plan.evidence_rows, index[kept])
            self._evidence[where], self._evidence_scale[where] = codes.cpu().numpy(), scale.cpu().numpy()
        self._state[index] = _DONE
        if self.reasons.keys() & set(rows):
            self.reasons = {row: reason for row, reason in self.reasons.items() if row not in rows}
            self._write_reasons()

    def refuse(self, row: int, reason: str) -> None:
        """Remember that a photo could not be read."""
        self.reasons[row] = reason
        self._write_reasons()
        self._state[row] = _UNREADABLE

    def _write_reasons(self) -> None:
        with whole_file(self.folder / "reasons.json") as file:
            file.write(json.dumps(self.reasons).encode())

    def flush(self) -> None:
        """Bring everything to the disk."""
        for array in (
            *self._values.values(),
            *self._units.values(),
            self._context,
            self._evidence,
            self._evidence_scale,
            self._state,
        ):
            if isinstance(array, np.memmap):
                array.flush()

    def write_calibration(self, calibration: Calibration) -> None:
        """Keep the statistics that all rows are read with."""
        path = self.folder / "calibration.npz"
        arrays = {f"mean {n}": v.cpu().numpy() for n, v in calibration.filter_mean.items()}
        arrays |= {f"deviation {n}": v.cpu().numpy() for n, v in calibration.filter_deviation.items()}
        arrays |= {
            "context": calibration.context_mean.cpu().numpy(),
            "projection": calibration.projection.cpu().numpy(),
        }
        with whole_file(path) as file:
            np.savez(file, allow_pickle=False, **arrays)

    def read_calibration(self) -> Calibration | None:
        """The statistics, or None where the sample was not read yet."""
        path = self.folder / "calibration.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            names = [layer.name for layer in self.plan.layers]
            return Calibration(
                {n: torch.from_numpy(file[f"mean {n}"]) for n in names},
                {n: torch.from_numpy(file[f"deviation {n}"]) for n in names},
                torch.from_numpy(file["context"]),
                torch.from_numpy(file["projection"]),
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

    def context(self, rows: Sequence[int], views: np.ndarray | None = None) -> Tensor:
        """Context of photos, float32: (n, cells * cells, context channels) of one view each, or of both (n, 2, …)."""
        index = np.asarray(rows)
        block = self._context[index] if views is None else self._context[index, views]
        return torch.from_numpy(np.asarray(block)).float()

    def with_evidence(self) -> list[int]:
        """Rows whose evidence is kept and could be read."""
        kept = self.plan.evidence_rows
        return kept[self._state[kept] == _DONE].tolist()

    def evidence(self, rows: Sequence[int], views: np.ndarray) -> Tensor:
        """Evidence of photos of `with_evidence` in one view each, float32: (n, cells * cells, filters)."""
        where = np.searchsorted(self.plan.evidence_rows, np.asarray(rows))
        scale = torch.from_numpy(self._evidence_scale[where, views].astype(np.float32) / BYTE)
        return torch.from_numpy(self._evidence[where, views]).float().mul_(scale[..., None])

    def context_cells(self, rows: Sequence[int], cells: slice) -> Tensor:
        """Context of both views at some cells of all photos, float32: (n, 2, cells of the slice, context channels)."""
        return torch.from_numpy(np.asarray(self._context[:, :, cells][np.asarray(rows)])).float()


def _in_bytes(evidence: Tensor) -> tuple[Tensor, Tensor]:
    """Evidence in 255ths of the largest of each place: uint8 codes of the same shape, and the largest as float16."""
    scale = evidence.amax(-1).half()
    step = scale.float().clamp_min(torch.finfo(torch.float16).tiny)[..., None] / BYTE
    return (evidence / step).round_().clamp_(0, BYTE).byte(), scale
