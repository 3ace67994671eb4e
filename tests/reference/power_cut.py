"""Power cuts, simulated: what a disk may hold when the machine stops, for every call that brings something to it.

Until a file was brought to the disk, each of its pages may be the old or the new one, whatever was written first; until
its folder was, so may be what each name in it stands for. Folders themselves are there as soon as they are made.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

PAGE = 4096

Names = dict[str, int]
Contents = dict[int, bytes]


@dataclass(frozen=True)
class PowerCut:
    """Names to files and files' contents: those that are surely on the disk, and those that programs see."""

    kept_names: Names
    kept: Contents
    seen_names: Names
    seen: Contents

    def waits(self, name: str) -> bool:
        """Whether the disk may hold something else under this name than programs see."""
        file = self.seen_names.get(name, 0)
        return self.kept_names.get(name, 0) != file or self.kept.get(file, b"") != self.seen.get(file, b"")

    def leave(self, folder: Path, generator: random.Random) -> None:
        """Make a folder of what one legal order of writes leaves."""
        fate = generator.choice(["old", "new", "names first", "any file", "any page"])
        for name in {**self.kept_names, **self.seen_names}:
            new_name = fate in ("new", "names first") or (fate.startswith("any") and generator.random() < 0.5)
            file = (self.seen_names if new_name else self.kept_names).get(name)
            if file is None:
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._content(file, fate, generator))

    def _content(self, file: int, fate: str, generator: random.Random) -> bytes:
        old, new = self.kept.get(file, b""), self.seen.get(file, self.kept.get(file, b""))
        if fate == "new" or (fate == "any file" and generator.random() < 0.5):
            return new
        if fate != "any page" or old == new:
            return old
        mixed = bytearray(new if generator.random() < 0.8 else old)
        for start in range(0, len(mixed), PAGE):
            page = generator.choice([old, new])[start : start + PAGE]
            mixed[start : start + PAGE] = page.ljust(len(mixed[start : start + PAGE]), b"\0")[: len(mixed) - start]
        return bytes(mixed)


class Disk:
    """Watches a folder: `cuts` has a power cut for every call of fsync or msync, just before it took effect."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cuts: list[PowerCut] = []
        self._names: Names = {}
        self._kept: Contents = {}
        self._open: dict[int, int] = {}
        """a descriptor of every file that was seen, so that its number is not given to another one"""

    @contextmanager
    def watching(self) -> Iterator["Disk"]:
        """Notice what this process brings to the disk, instead of bringing it there."""

        def fsync(number: int) -> None:
            self._notice(os.fstat(number).st_ino, Path(f"/proc/self/fd/{number}").readlink())

        def flush(array: np.memmap) -> None:
            path = Path(str(array.filename))
            self._notice(path.stat().st_ino, path)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", fsync)
            patch.setattr(np.memmap, "flush", flush)
            yield self
        for number in self._open.values():
            os.close(number)

    def _notice(self, file: int, path: Path) -> None:
        if self.root not in (path, *path.parents):
            return
        names, contents = self._look()
        self.cuts.append(PowerCut(dict(self._names), dict(self._kept), names, contents))
        if not path.is_dir():
            self._kept[file] = contents[file]
            return
        inside = str(path.relative_to(self.root))
        here = {name: file for name, file in names.items() if str(Path(name).parent) == inside}
        others = {name: file for name, file in self._names.items() if str(Path(name).parent) != inside}
        self._names = others | here

    def _look(self) -> tuple[Names, Contents]:
        names, contents = {}, {}
        for path in self.root.rglob("*"):
            if path.is_file():
                file = path.stat().st_ino
                if file not in self._open:
                    self._open[file] = os.open(path, os.O_RDONLY)
                names[str(path.relative_to(self.root))] = file
                content = path.read_bytes()
                contents[file] = self._kept[file] if self._kept.get(file) == content else content
        return names, contents
