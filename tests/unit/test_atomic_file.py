"""Files are the old one or the whole new one, whoever writes at the same time."""

import errno
import os
from pathlib import Path

import pytest

from egraph.atomic_file import whole_file


def write(path: Path, content: bytes) -> None:
    with whole_file(path) as file:
        file.write(content)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write(path, b"first")

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError):
        write(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_was_asleep_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with whole_file(path) as sleepy:
        sleepy.write(b"a long beg")
        sleepy.flush()
        write(path, b"short")
        assert path.read_bytes() == b"short"
        sleepy.write(b"inning")
    assert path.read_bytes() == b"a long beginning"
