"""Whether the workers of this machine are well: each keeps a small file that it locks and renews.

The lock is the operating system's and ends with the process; the age is counted by the system's monotonic clock, which
all processes of a machine share.
"""

import contextlib
import fcntl
import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from egraph.errors import EgraphError

SECONDS = 5.0
"""A worker renews its file so often, at least."""

SILENT_SECONDS = 120.0
"""A worker that did not renew its file for so long is stuck."""


@dataclass(frozen=True)
class WorkerState:
    """A worker that lives: what it does, the job it has, and how many seconds ago it said so."""

    worker: str
    pid: int
    state: str
    job: str | None
    age: float

    @property
    def well(self) -> bool:
        """Whether it was heard of lately."""
        return self.age <= SILENT_SECONDS


class HealthFile:
    """This worker's own file, under `home`."""

    def __init__(self, home: Path, worker: str, pid: int) -> None:
        self._worker, self._pid = worker, pid
        self._said: tuple[str, str | None] = ("", None)
        self._when = 0.0
        folder = home / "workers" / socket.gethostname()
        self._path = folder / f"{worker}.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] = self._path.open("w", encoding="utf-8")
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as error:
            raise EgraphError(
                f"The folder {folder} cannot be used ({error.strerror}); set EGRAPH_HOME to one that you may write to."
            ) from error

    def say(self, state: str, job: str | None = None) -> None:
        """Say what the worker does now; written if it changed, or now and then."""
        now = time.monotonic()
        if (state, job) == self._said and now - self._when < SECONDS:
            return
        self._said, self._when = (state, job), now
        line = {"worker": self._worker, "pid": self._pid, "state": state, "job": job, "beat": now}
        # A full disk is no reason to stop: the job's own writing meets it too, and pauses.
        with contextlib.suppress(OSError):
            self._file.seek(0)
            # One write, padded, so that a reader never sees the end of an older line.
            self._file.write(json.dumps(line).ljust(400))
            self._file.flush()

    def close(self) -> None:
        """The worker ends."""
        self._path.unlink(missing_ok=True)
        self._file.close()


def workers(home: Path) -> list[WorkerState]:
    """The workers of this machine and home that live; what dead ones left behind is cleared away."""
    found = []
    for path in sorted((home / "workers" / socket.gethostname()).glob("*.json")):
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read()
            else:
                path.unlink(missing_ok=True)
                continue
        if text.strip():
            line = json.loads(text)
            age = time.monotonic() - line.pop("beat")
            found.append(WorkerState(**line, age=round(age, 1)))
    return found


def check_workers(home: Path) -> list[WorkerState]:
    """The workers of this machine, if there is one and all are well.

    Raises:
        EgraphError: none lives, or one is stuck.
    """
    found = workers(home)
    if not found:
        raise EgraphError(f"No worker lives on this machine with the home {home}; start one with `egraph worker`.")
    for worker in found:
        if not worker.well:
            raise EgraphError(f"The worker {worker.worker} was not heard of for {worker.age:.0f} s; end it by its pid.")
    return found
