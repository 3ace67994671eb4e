"""Displacements and scores of one layer's patterns on all photos, on disk: what pose and side are learnt from."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import ALONE, Group

BLOCK_NUMBERS = 8_000_000
"""Numbers that are read at once."""


class PoseRecord:
    """Three files of half floats, filled pattern by pattern: displacements (P, n, 2), scores in both views (P, n)."""

    def __init__(self, folder: Path, photos: int, group: Group = ALONE) -> None:
        self.photos, self._group = photos, group
        self._paths = [folder / name for name in ("displacements", "canonical", "other")]
        self._widths = (2 * photos, photos, photos)

    def open(self, patterns: int) -> None:
        """Keep the first patterns of what was recorded before, and add behind them."""
        for path, width in zip(self._paths, self._widths, strict=True):
            path.touch()
            os.truncate(path, patterns * width * 2)

    def add(self, displacement: Tensor, canonical: Tensor, other: Tensor) -> None:
        """Add patterns: (B, n, 2), (B, n), (B, n)."""
        for path, numbers in zip(self._paths, (displacement, canonical, other), strict=True):
            with path.open("ab") as file:
                file.write(numbers.half().cpu().contiguous().numpy().tobytes())

    def flush(self) -> None:
        """Bring everything to the disk."""
        for path in self._paths:
            with path.open("ab") as file:
                os.fsync(file.fileno())

    def read_displacements(self) -> Iterator[Tensor]:
        """Block by block, float32: (patterns of the block, n, 2), of the photos of all processes."""
        return (self._group.join(block.unflatten(1, (-1, 2)), 1) for block in self._blocks(0))

    def read_scores(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Block by block, float32: canonical view, other view, each (patterns of the block, n), of all processes."""
        for canonical, other in zip(self._blocks(1), self._blocks(2), strict=True):
            yield self._group.join(canonical, 1), self._group.join(other, 1)

    def remove(self) -> None:
        """Delete the files."""
        for path in self._paths:
            path.unlink(missing_ok=True)

    def _blocks(self, number: int) -> Iterator[Tensor]:
        path, width = self._paths[number], self._widths[number]
        patterns = path.stat().st_size // (2 * width)
        step = max(1, BLOCK_NUMBERS // (2 * self._group.total(self.photos)))
        if not patterns:
            yield torch.zeros(0, width)
        with path.open("rb") as file:
            for start in range(0, patterns, step):
                count = min(step, patterns - start) * width
                yield torch.from_numpy(np.fromfile(file, np.float16, count)).float().unflatten(0, (-1, width))
