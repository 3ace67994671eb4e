"""Displacements and scores of one layer's patterns on all photos, on disk: what pose and side are learnt from."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import xxhash
from torch import Tensor

from egraph.distributed import ALONE, Group

BLOCK_NUMBERS = 8_000_000
"""Numbers that are read at once."""

CHUNK = 1 << 20

log = logging.getLogger(__name__)


class PoseRecord:
    """Three files of half floats, filled pattern by pattern: displacements (P, n, 2), scores in both views (P, n)."""

    def __init__(self, folder: Path, photos: int, group: Group = ALONE) -> None:
        self.photos, self._group = photos, group
        self._paths = [folder / name for name in ("displacements", "canonical", "other")]
        self._widths = (2 * photos, photos, photos)
        self._digests = [xxhash.xxh3_64() for _ in self._paths]

    @property
    def checksum(self) -> np.ndarray:
        """Of all that was recorded, (3,) uint64: kept beside the number of patterns, it tells whether they are whole.

        The files grow without being renamed, so what a power cut leaves of them may be anything.
        """
        return np.array([digest.intdigest() for digest in self._digests], np.uint64)

    def open(self, patterns: int, checksum: np.ndarray | None = None) -> bool:
        """Keep the first patterns of what was recorded before, and add behind them.

        Returns whether they have this checksum; if not, the record is empty.
        """
        sizes = [2 * patterns * width for width in self._widths]
        self._digests = [_digest(path, size) for path, size in zip(self._paths, sizes, strict=True)]
        whole = patterns == 0 or (checksum is not None and np.array_equal(self.checksum, checksum))
        if not whole:
            log.warning("The files in %s are damaged; the layer is mined anew.", self._paths[0].parent)
            sizes, self._digests = [0, 0, 0], [xxhash.xxh3_64() for _ in self._paths]
        for path, size in zip(self._paths, sizes, strict=True):
            path.touch()
            os.truncate(path, size)
        return whole

    def add(self, displacement: Tensor, canonical: Tensor, other: Tensor) -> None:
        """Add patterns: (B, n, 2), (B, n), (B, n)."""
        for path, digest, numbers in zip(self._paths, self._digests, (displacement, canonical, other), strict=True):
            written = numbers.half().cpu().contiguous().numpy().tobytes()
            digest.update(written)
            with path.open("ab") as file:
                file.write(written)

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


def _digest(path: Path, size: int) -> "xxhash.xxh3_64":
    """Of the first bytes of a file, or of all where it has fewer."""
    digest = xxhash.xxh3_64()
    if size and path.exists():
        with path.open("rb") as file:
            while size and (chunk := file.read(min(CHUNK, size))):
                digest.update(chunk)
                size -= len(chunk)
    return digest
