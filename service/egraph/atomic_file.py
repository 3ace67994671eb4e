"""Files that are either the old one or the whole new one, whenever the process or the machine ends."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from egraph.failpoint import failpoint


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file beside `path`, bring it to the disk and give it its name, if the block ends well.

    The file beside has a name of its own: a process that was stopped in the middle and wakes later cannot spoil what
    another one has written meanwhile.
    """
    beside = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.new{path.suffix}")
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            failpoint("file written beside")
            os.fsync(file.fileno())
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
