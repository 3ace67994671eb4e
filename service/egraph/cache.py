"""What can be computed anew, on disk: how much there is, who works with it, and clearing it away."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:
    # Without it nothing is mined, so that nobody works with a cache.
    fcntl = None  # type: ignore[assignment]

KINDS = {
    "responses": "what the network answered to the photos",
    "mining": "layers that are mined, of graphs that are not complete yet",
    "geometry": "where the units of networks look",
}
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Cache:
    """One kind: its bytes on disk, and how many of them a running process needs."""

    kind: str
    bytes: int
    needed: int


def hold(folder: Path) -> IO[str]:
    """Say that this process works in `folder`, which is made, as long as the returned file is open."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK).open("a")
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_SH)
        # it may have been cleared away while we waited for the lock
        if (folder / LOCK).exists() and (folder / LOCK).stat().st_ino == Path(f"/dev/fd/{file.fileno()}").stat().st_ino:
            return file
        file.close()


def caches(home: Path) -> list[Cache]:
    """How much there is of each kind."""
    return [_look(home, kind, lambda entry: None) for kind in KINDS]


def clean(home: Path) -> list[Cache]:
    """Delete all that no running process needs; what there was of each kind, and what stays."""
    return [
        _look(home, kind, lambda entry: shutil.rmtree(entry) if entry.is_dir() else entry.unlink()) for kind in KINDS
    ]


def _delete(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _look(home: Path, kind: str, free: Callable[[Path], None]) -> Cache:
    """Do something with all of a kind that nobody needs, while nobody can begin to need it."""
    whole = needed = 0
    for entry in entries(home, kind):
        bytes_ = size(entry)
        whole += bytes_
        with _claimed(entry) as ours:
            if ours:
                free(entry)
            else:
                needed += bytes_
    return Cache(kind, whole, needed)


def entries(home: Path, kind: str) -> Iterator[Path]:
    """The folders of runs and photos of a kind, or its files."""
    folder = home / "cache" / kind
    yield from sorted(folder.iterdir()) if folder.is_dir() else ()


def size(path: Path) -> int:
    """Bytes on disk of a file, or of all in a folder."""
    files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return sum(file.stat().st_blocks * 512 for file in files)


@contextmanager
def _claimed(entry: Path) -> Iterator[bool]:
    """Whether nobody works in a folder, which nobody then does until the block ends. Nobody works in a file."""
    if fcntl is None or not (entry / LOCK).exists():
        yield True
        return
    with (entry / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
