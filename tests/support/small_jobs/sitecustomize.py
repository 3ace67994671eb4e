"""Kinds of jobs that take no time, for the workers of tests: Python reads this file as it starts."""

import errno
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egraph.worker import job_kinds

if os.environ.get("TEST_CLOCK_JUMPS"):
    # The time of day is anything, and another one whenever somebody looks.
    time.time = lambda: random.uniform(0, 2**31)


@dataclass
class Small:
    """Appends a line to `file`, in one write, after `steps` steps of `seconds` each."""

    file: str
    text: str = ""
    steps: int = 0
    seconds: float = 0.1
    category: str | None = None
    device: str = "cpu"


def count(request: Small, work: Any) -> None:
    """Leave a line."""
    for step in range(request.steps):
        work.progress("counting", step, request.steps)
        time.sleep(request.seconds)
    with Path(request.file).open("a") as file:
        file.write(f"{request.text}\n")


def kill(request: Small, work: Any) -> None:
    """Take the worker down."""
    os.kill(os.getpid(), signal.SIGKILL)


def fill(request: Small, work: Any) -> None:
    """Meet a full disk until the file `file` is there."""
    work.progress("filling", 0, 1)
    if not Path(request.file).exists():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), request.file)


job_kinds.KINDS |= {
    name: job_kinds.Kind(Small, does) for name, does in {"count": count, "kill": kill, "fill": fill}.items()
}
