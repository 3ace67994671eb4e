"""Finished layers on disk, so that a run that was cut off goes on behind them."""

import hashlib
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from egraph.mining.layer import MinedLayer
from egraph.mining.pose import Pose
from egraph.whole import whole_file


class Checkpoints:
    """The finished layers of one run. `identity` is everything that decides the result; another one is another run."""

    def __init__(self, root: Path, identity: dict) -> None:
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        self.folder = root / key
        self.folder.mkdir(parents=True, exist_ok=True)

    def load(self, layer: int) -> MinedLayer | None:
        """A finished layer, or None where it must still be mined."""
        path = self._path(layer)
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            return MinedLayer(**{field.name: file[field.name] for field in fields(MinedLayer)})

    def save(self, layer: int, mined: MinedLayer) -> None:
        """Keep a finished layer: written beside, brought to the disk, then renamed."""
        self._write(self._path(layer), {field.name: getattr(mined, field.name) for field in fields(mined)})

    def load_pose(self) -> tuple[Pose, Tensor] | None:
        """Pose and orientation weights of the posed layer, or None."""
        path = self.folder / "pose.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as file:
            loadings, vectors, weights = (torch.from_numpy(file[n]) for n in ("loadings", "vectors", "weights"))
        return Pose(loadings, vectors), weights

    def save_pose(self, pose: Pose, weights: Tensor) -> None:
        """Keep pose and orientation weights."""
        arrays = {"loadings": pose.loadings, "vectors": pose.vectors, "weights": weights}
        self._write(self.folder / "pose.npz", {name: value.numpy() for name, value in arrays.items()})

    def _write(self, path: Path, arrays: dict[str, np.ndarray]) -> None:
        with whole_file(path) as file:
            np.savez(file, allow_pickle=False, **arrays)

    def _path(self, layer: int) -> Path:
        return self.folder / f"layer-{layer}.npz"
