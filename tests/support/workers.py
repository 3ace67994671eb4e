"""Workers as child processes, for the tests."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from egraph.graph.connection import Database
from egraph.worker.jobs import Job, find_job
from egraph_cli import main

COMMAND = Path(sys.executable).parent / "egraph"
SMALL_JOBS = Path(__file__).parent / "small_jobs"
LEASE = 1.0


FORKED = multiprocessing.get_context("forkserver")
"""Makes processes from one that has imported torch: a worker that mines starts in a moment."""


class Worker:
    """`egraph worker` as a child process; its standard error goes to a file.

    small: it knows the small jobs. forked: the same command and process, but not started from the shell.
    """

    def __init__(
        self, folder: Path, *arguments: str, small: bool = False, forked: bool = False, **environment: str
    ) -> None:
        self.log = folder / f"worker-{time.monotonic_ns()}.log"
        path = os.pathsep.join(filter(None, [str(SMALL_JOBS), os.environ.get("PYTHONPATH")]))
        own = {
            "EGRAPH_LEASE": str(LEASE),
            "EGRAPH_POLL": "0.1",
            "OMP_NUM_THREADS": "1",
            **({"PYTHONPATH": path} if small else {}),
        }
        whole = os.environ | own | environment
        if forked:
            FORKED.set_forkserver_preload(["egraph.commands.mine", "egraph.worker.worker", "egraph_cli.main"])
            process = FORKED.Process(target=run_here, args=(folder, self.log, arguments, dict(whole)))
            process.start()
            assert process.pid
            self.pid, self.wait = process.pid, partial(joined, process)
            return
        with self.log.open("w") as log:
            child = subprocess.Popen(
                [COMMAND, "worker", *arguments], cwd=folder, stdin=subprocess.DEVNULL, stderr=log, env=whole
            )
        self.pid, self.wait = child.pid, child.wait

    @property
    def said(self) -> str:
        """What it logged so far."""
        return self.log.read_text()

    def ends(self, code: int, seconds: float = 60) -> str:
        """Wait until it ends with this exit code; what it logged. No worker shows a traceback."""
        assert self.wait(seconds) == code, self.said
        assert "Traceback" not in self.said, self.said
        return self.said

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Make sure that it is gone."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.wait(10)

    def stopped(self) -> bool:
        """Whether it sleeps in SIGSTOP."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def lines(self) -> list[dict]:
        """Its log, where it is JSON."""
        return [json.loads(line) for line in self.said.splitlines()]


def run_here(folder: Path, log: Path, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    """Become `egraph worker`."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
    sys.argv = ["egraph", "worker", *arguments]
    main.run()


def joined(process: BaseProcess, seconds: float) -> int | None:
    """Wait for a process; its exit code."""
    process.join(seconds)
    return process.exitcode


def until(reached: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something.

    Raises:
        AssertionError: it does not come.
    """
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def seen(database: Database, job: str) -> Job:
    """A job as it is now."""
    return find_job(database, job)
