"""The worker: takes jobs one after another, and loses nothing.

What can happen to a job, and what is done: it ends; it fails for its own fault, and says why; the worker is asked to
stop, and gives it back; the lease is lost, and the job is left to whom it belongs; the database is away or a disk is
full, and the job pauses, its lease kept where that is possible, and goes on from what is kept.
"""

import errno
import os
import socket
import time
import uuid
from collections.abc import Callable
from typing import TypeVar

from egraph.errors import DatabaseError, EgraphError
from egraph.failpoint import failpoint
from egraph.graph.connection import Database, Fence, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.failures import AwayError, FullError
from egraph.settings import Settings
from egraph.worker.health import HealthFile
from egraph.worker.job_kinds import Work, run_job
from egraph.worker.jobs import Job, LostError, claim, complete, fail, fence, queued, release, running, write_seconds
from egraph.worker.lease import Heartbeat, Watch, beat_seconds
from egraph.worker.log import LOGGER, Fields, JobLines
from egraph.worker.metrics import Metrics
from egraph.worker.progress import JobProgress
from egraph.worker.stop import Stop, Stopped

T = TypeVar("T")

PAUSE = 10.0
"""Seconds, at most, until a job whose disk was full, or whose database failed, is tried again."""

FAILURES = 3
"""A job during which the database failed so often, though it answers in between and nothing got done, has failed."""

LOG_SECONDS = 10.0
"""A stage that lasts says so often how far it is."""


class Pause(Exception):
    """The work cannot go on now; what is done is kept."""


class Worker:
    """Takes jobs from the database until it is asked to stop."""

    def __init__(self, settings: Settings, stop: Stop, metrics: Metrics | None = None) -> None:
        self.name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
        self.settings, self.stop = settings, stop
        self.metrics = metrics or Metrics()
        self.watch = Watch(max(settings.lease, 2 * settings.poll))
        self._log = Fields(LOGGER, {"worker": self.name})
        self.health = HealthFile(settings.home, self.name, os.getpid())

    def run(self, once: bool = False) -> None:
        """Work until asked to stop; with `once`, until no job waits and whoever holds the others is alive.

        Raises:
            DatabaseError: at the beginning, the database refuses us, or with `once`, does not answer.
        """
        self._log.info("worker started")
        connected = False
        try:
            while not self.stop.asked:
                try:
                    with open_database(self.settings) as database:
                        ensure_schema(database)
                    connected = True
                    limit = Fence(write_seconds(self.settings.lease))
                    with open_database(self.settings, fence=limit) as database:
                        self._serve(database, once)
                        return
                except DatabaseError as error:
                    if not connected and (once or not isinstance(error, AwayError)):
                        raise
                    self._log.warning("%s Trying again.", error)
                    self.health.say("waiting for the database")
                    self.watch.forget()
                    self.stop.wait(max(self.settings.poll, 1.0))
        finally:
            self._log.info("worker stopped")
            self.health.close()

    def _serve(self, database: Database, once: bool) -> None:
        idle_since: float | None = None
        while not self.stop.asked:
            self.health.say("idle")
            job = self._next(database)
            if job is not None:
                _Task(self, database, job).run()
                idle_since = None
                continue
            idle_since = self.watch.now() if idle_since is None else idle_since
            if once and not self.watch.undecided(idle_since):
                return
            self.stop.wait(self.settings.poll)

    def _next(self, database: Database) -> Job | None:
        """Take the next job: first one whose holder was silent for its lease, whatever waits; then one that waits."""
        for seen in [*self.watch.silent(running(database)), *queued(database)]:
            if job := claim(database, seen, self.name, self.settings.lease):
                return job
        return None


class _Task:
    """One job in the hands of a worker."""

    def __init__(self, worker: Worker, database: Database, job: Job) -> None:
        self._worker, self._database, self._job = worker, database, job
        self._settings, self._stop = worker.settings, worker.stop
        self._log = Fields(LOGGER, {"worker": worker.name, "job": job.id})
        self._lines = JobLines()
        self._progress = JobProgress(reached=job.reached, advanced=job.advanced)
        self._told = time.monotonic()
        self._failures, self._failed_at = 0, ("", 0)
        self._heartbeat = Heartbeat(
            self._settings, job, self._progress.report, self._lines.lines, worker.watch, self._beaten
        )

    def run(self) -> None:
        """Do the job to whatever end it comes to."""
        job, metrics, started = self._job, self._worker.metrics, time.monotonic()
        LOGGER.addHandler(self._lines)
        try:
            self._log.info("%s of %s, attempt %d", job.kind, job.category, job.attempts)
            failpoint("claimed")
            with self._heartbeat:
                outcome = self._until_it_ends()
            self._log.info("%s", outcome)
        finally:
            LOGGER.removeHandler(self._lines)
        metrics.ended(job.kind, outcome, time.monotonic() - started)
        metrics.busy(None, JobProgress().step)

    def _until_it_ends(self) -> str:
        """Try the job, again after every pause; its outcome."""
        pause = None
        while True:
            try:
                if pause is not None:
                    self._rest(pause)
                return self._attempt()
            except Pause as error:
                pause = error
            except LostError as error:
                self._log.warning("%s", error)
                return "lost"
            except Stopped:
                return self._give_back()

    def _attempt(self) -> str:
        """Do the job, behind what is kept of earlier attempts.

        Raises:
            Pause: it cannot go on now.
            LostError: it is not ours any more.
            Stopped: the worker was asked to stop.
        """
        work = Work(self._settings, self._tell, self._at_layer, fence(self._job))
        try:
            product = run_job(self._job, work)
        except (Pause, LostError, Stopped):
            raise
        except Exception as error:
            if self._passes(error):
                raise Pause(str(error)) from error
            reason = sentence(error)
            self._log.error("%s", reason, exc_info=bool(os.environ.get("EGRAPH_DEBUG")))
            self._settle(lambda: fail(self._database, self._job, reason, self._lines.lines))
            return "failed"
        failpoint("before the last commit")
        ended = self._settle(lambda: complete(self._database, self._job, product, self._lines.lines))
        failpoint("after the last commit")
        if ended.error is not None:
            self._log.error("%s", ended.error)
        return ended.state

    def _passes(self, error: Exception) -> bool:
        """Whether to try again after a while: the disk is full, or the database failed. Not where it always does."""
        if isinstance(error, AwayError) or disk_is_full(error):
            return True
        if not isinstance(error, DatabaseError):
            return False
        at = self._progress.step.stage, self._progress.step.done
        self._failures = self._failures + 1 if at == self._failed_at else 1
        self._failed_at = at
        return self._failures < FAILURES

    def _rest(self, pause: Pause) -> None:
        """Wait a while, and as long as the database does not answer."""
        self._log.warning("paused: %s", pause)
        self._progress.pause(str(pause))
        until = time.monotonic() + min(PAUSE, self._settings.lease)
        while time.monotonic() < until or self._heartbeat.away > 2 * beat_seconds(self._settings.lease):
            if self._stop.wait(0.2):
                raise Stopped
            self._heartbeat.check()
        self._log.info("going on")

    def _settle(self, end: Callable[[], T]) -> T:
        """Write how the job ended, as soon as the database answers."""
        while True:
            try:
                return end()
            except DatabaseError as error:
                self._log.warning("%s Trying again.", error)
                if self._stop.wait(1.0):
                    raise Stopped from error

    def _give_back(self) -> str:
        try:
            release(self._database, self._job, self._lines.lines)
        except (DatabaseError, LostError) as error:
            # Then the lease runs out, if it is ours still.
            self._log.warning("not given back: %s", error)
        return "given back"

    def _tell(self, stage: str, done: int, total: int) -> None:
        """Note the progress of the work, which has just kept what it did; end it here if there is a reason."""
        now = time.monotonic()
        another = self._progress.tell(stage, done, total)
        if another:
            self._heartbeat.beat_soon()
        if another or now - self._told >= LOG_SECONDS:
            self._told = now
            layer = self._progress.step.layer
            self._log.info("%s", stage, extra={"layer": layer, "iteration": done, "total": total})
        failpoint(stage)
        self._heartbeat.check()
        self._stop.check()
        if self._heartbeat.away > self._settings.patience:
            raise Pause("The database is away; what is done is kept.")

    def _at_layer(self, layer: str, kept: bool) -> None:
        self._progress.enter(None if kept else layer)
        self._log.info("layer %s", "kept" if kept else "begun", extra={"layer": layer})
        if kept:
            self._heartbeat.beat_soon()
            failpoint("layer kept")

    def _beaten(self) -> None:
        worker = self._worker
        worker.health.say("working", self._job.id)
        worker.metrics.busy(self._job.kind, self._progress.step)
        worker.metrics.away(self._heartbeat.away)


def disk_is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, is a full disk, here or of the database."""
    while error is not None:
        if isinstance(error, FullError):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__
    return False


def sentence(error: Exception) -> str:
    """Why a job failed, for whoever asked for it."""
    if isinstance(error, EgraphError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The memory is full; use fewer photos (--limit) or fewer layers (--layers)."
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"egraph failed ({what}); start the worker with EGRAPH_DEBUG=1 to see where, and report it."
