"""Files that appear when they are whole, or not at all."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from egraph.atomic_file import whole_file
from egraph.errors import EgraphError


class ReportError(EgraphError):
    """The report cannot be written to {destination} ({reason}); choose another place or make room."""

    def __init__(self, destination: Path, reason: str) -> None:
        super().__init__(
            f"The report cannot be written to {destination} ({reason}); choose another place or make room."
        )


class NewFile:
    """A file to write piece by piece in a `with` block; at its end it takes the place of what was there before, and
    after a failure it goes away."""

    def __init__(self, destination: Path) -> None:
        self.destination = destination

    def __enter__(self) -> "NewFile":
        """
        Raises:
            ReportError: there can be no such file.
        """
        with self._failures():
            self.destination.parent.mkdir(parents=True, exist_ok=True)
            if self.destination.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self._whole = whole_file(self.destination)
            self._file = self._whole.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._failures():
            self._whole.__exit__(kind, error, trace)

    def write(self, content: bytes) -> None:
        """Add a piece.

        Raises:
            ReportError: it cannot be written.
        """
        with self._failures():
            self._file.write(content)

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ReportError(self.destination, error.strerror or str(error)) from error


def write_whole(destination: Path, content: bytes) -> Path:
    """Write a file and return its path; a reader never sees half of it.

    Raises:
        ReportError: it cannot be written.
    """
    with NewFile(destination) as file:
        file.write(content)
    return destination
