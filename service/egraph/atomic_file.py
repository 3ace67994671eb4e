"""Files and folders that are either the old one or the whole new one, whenever the process or the machine ends."""

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from egraph.failpoint import failpoint


@contextmanager
def whole_file(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """Write a file beside `path`, bring it to the disk and give it its name, if the block ends well.

    The file beside has a name of its own: a process that was stopped in the middle and wakes later cannot spoil what
    another one has written meanwhile. It can be read back while it is written.
    """
    with _beside(path, mode) as (beside, file):
        yield file
        _bring_to_disk(file)
        beside.rename(path)
    sync_folder(path.parent)


@contextmanager
def first_file(path: Path, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """As `whole_file`, but where another process has made a file of this name meanwhile, that one stays."""
    with _beside(path, mode) as (beside, file):
        yield file
        _bring_to_disk(file)
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
        beside.unlink()
    sync_folder(path.parent)


@contextmanager
def new_entry(path: Path) -> Iterator[Path]:
    """A place where the block makes a file, or a folder of files, that gets the name `path` if the block ends well.

    All files are brought to the disk first. Whatever happens, nothing else is left beside `path`.
    """
    parent = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    parent.mkdir(mode=0o700)
    try:
        made = parent / path.name
        yield made
        sync_tree(made)
        failpoint("file written beside")
        made.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def sync_tree(path: Path) -> None:
    """Bring a file, or a folder with all that is in it, to the disk."""
    for written in (*path.rglob("*"), path) if path.is_dir() else (path,):
        if written.is_dir():
            sync_folder(written)
        else:
            with written.open("rb") as file:
                os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring the names of a folder to the disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _beside(path: Path, mode: int) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file beside `path`, which is gone after a failure."""
    beside = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.new{path.suffix}")
    try:
        with open(beside, "x+b", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield beside, file
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _bring_to_disk(file: IO[bytes]) -> None:
    file.flush()
    failpoint("file written beside")
    os.fsync(file.fileno())
