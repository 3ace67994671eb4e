"""What is found of the layers, on disk, so that a run that was cut off goes on behind it."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import uuid
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from egraph.cache_file import read_arrays, write_arrays
from egraph.mining.mined_layer import MinedLayer, flattened, unflattened
from egraph.mining.pose import Pose


class Checkpoints:
    """The finished layers of one run. `identity` is everything that decides the result; another one is another run.

    One object at a time has the folder of a run; another one that is made meanwhile works apart.
    """

    def __init__(self, root: Path, identity: dict[str, Any]) -> None:
        self._key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        self.folder = root / self._key
        self.folder.mkdir(parents=True, exist_ok=True)
        # Held as long as this object lives, and gone with the process, however it ends.
        self._lock = (self.folder / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._work_apart()

    def _work_apart(self) -> None:
        """Go on behind the finished layers in another folder, because a process has this one, be it asleep.

        It may wake while we mine, and would write into the same unfinished files.
        """
        shared, self.folder = self.folder, self.folder / uuid.uuid4().hex
        self.folder.mkdir()
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        for path in (*shared.glob("layer-*.mined"), shared / "pose.mined"):
            # a process that is writing one has given it a longer name
            if path.name.count(".") == 1:
                with contextlib.suppress(FileNotFoundError):
                    os.link(path, self.folder / path.name)

    def load(self, layer: int) -> MinedLayer | None:
        """A finished layer, or None where it must still be mined."""
        kept = self._layer(layer).load()
        return None if kept is None else unflattened(kept, MinedLayer)

    def save(self, layer: int, mined: MinedLayer) -> None:
        """Keep a finished layer."""
        self._layer(layer).save(flattened(mined))
        self.unfinished(layer).remove()

    def unfinished(self, layer: int) -> "KeptArrays":
        """What is found of a layer before all of it is."""
        return self._arrays(f"layer-{layer}.unfinished")

    def load_pose(self) -> tuple[Pose, Tensor] | None:
        """Pose and orientation weights of the posed layer, or None."""
        kept = self._pose.load()
        if kept is None:
            return None
        loadings, vectors, lengths, weights = (
            torch.from_numpy(kept[n]) for n in ("loadings", "vectors", "lengths", "weights")
        )
        return Pose(loadings, vectors, lengths), weights

    def save_pose(self, pose: Pose, weights: Tensor) -> None:
        """Keep pose and orientation weights."""
        arrays = {**vars(pose), "weights": weights}
        self._pose.save({name: value.numpy() for name, value in arrays.items()})

    @property
    def _pose(self) -> "KeptArrays":
        return self._arrays("pose.mined")

    def _layer(self, layer: int) -> "KeptArrays":
        return self._arrays(f"layer-{layer}.mined")

    def _arrays(self, name: str) -> "KeptArrays":
        return KeptArrays(self.folder / name, self._key)


class KeptArrays:
    """Arrays in one file of a run, which is either the old one or the whole new one; a damaged one is none."""

    def __init__(self, path: Path, run: str) -> None:
        self._path, self._run = path, run

    def load(self) -> dict[str, np.ndarray] | None:
        """The arrays, or None where there are none."""
        return read_arrays(self._path, self._run)

    def save(self, arrays: dict[str, np.ndarray]) -> None:
        """Keep them."""
        write_arrays(self._path, arrays, self._run)

    def remove(self) -> None:
        """Delete the file."""
        self._path.unlink(missing_ok=True)
