"""Files that can be made anew: whole, with a checksum, and set aside where they are damaged.

A file is a mark, the checksum of what follows, and what follows. The checksum is also over the file's name and
`belongs_to`, so that a file in the place of another one is found out.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import xxhash

from egraph.atomic_file import whole_file

MARK = b"egraph 1"
CHECKSUM_BYTES = 16
CHUNK = 1 << 20
DAMAGED = ".damaged"
"""What the name of a file that was set aside ends with."""

log = logging.getLogger(__name__)


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], belongs_to: str = "") -> None:
    """Keep arrays by name, instead of what the file held."""
    with _writing(path, belongs_to) as file:
        np.savez(file, allow_pickle=False, **arrays)


def read_arrays(path: Path, belongs_to: str = "") -> dict[str, np.ndarray] | None:
    """The arrays of a file; None where there is none, or a damaged one."""
    with _reading(path, belongs_to) as file:
        if file is None:
            return None
        with np.load(file, allow_pickle=False) as arrays:
            return dict(arrays)


def write_json(path: Path, content: Any, belongs_to: str = "") -> None:
    """Keep what JSON can say, instead of what the file held."""
    with _writing(path, belongs_to) as file:
        file.write(json.dumps(content).encode())


def read_json(path: Path, belongs_to: str = "") -> Any | None:
    """What a file says; None where there is none, or a damaged one."""
    with _reading(path, belongs_to) as file:
        return None if file is None else json.load(file)


@contextmanager
def _writing(path: Path, belongs_to: str) -> Iterator[IO[bytes]]:
    """A file behind its mark and the place of its checksum, which is filled in at the end."""
    with whole_file(path) as file:
        file.write(MARK + bytes(CHECKSUM_BYTES))
        yield file
        file.seek(len(MARK) + CHECKSUM_BYTES)
        checksum = _checksum(file, path, belongs_to)
        file.seek(len(MARK))
        file.write(checksum)


@contextmanager
def _reading(path: Path, belongs_to: str) -> Iterator[IO[bytes] | None]:
    """A file behind its checksum, which was compared; None where there is none, or a damaged one."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        start = len(MARK) + CHECKSUM_BYTES
        head = file.read(start)
        if len(head) == start and head.startswith(MARK) and _checksum(file, path, belongs_to) == head[len(MARK) :]:
            file.seek(start)
            yield file
            return
    _set_aside(path)
    yield None


def _checksum(file: IO[bytes], path: Path, belongs_to: str) -> bytes:
    digest = xxhash.xxh3_128(f"{belongs_to}/{path.name}".encode())
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.digest()


def _set_aside(path: Path) -> None:
    aside = path.with_name(path.name + DAMAGED)
    path.replace(aside)
    log.warning("The file %s is damaged; it was renamed to %s, and what it held is computed anew.", path, aside.name)
