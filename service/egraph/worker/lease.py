"""A job's lease: its holder says again and again that it is alive; who has not heard from it for long may take the job.

No clock is compared with another one. A holder counts its beats in the database; an onlooker measures by its own
monotonic clock how long that number has stood still. So it does not matter what the time of day is anywhere, nor
whether it jumps. What matters in the end is the fence (`jobs.fence`): who was thought dead and is not writes nothing.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from egraph.errors import DatabaseError
from egraph.graph.connection import Database, Fence
from egraph.settings import Settings
from egraph.worker.jobs import Job, LostError, renew, running, write_seconds

SLOWEST_BEAT = 5.0
"""Seconds between two beats, at most; a job's progress in the database is as old."""

SOON = 0.5
"""Seconds, at most, until a beat that somebody asked for."""


def beat_seconds(lease: float) -> float:
    """Seconds between two beats: four or more in a lease."""
    return min(lease / 4, SLOWEST_BEAT)


@dataclass
class _Seen:
    token: int
    beats: int
    since: float
    moved: bool = False


class Watch:
    """What an onlooker knows of the holders of jobs.

    gap: seconds between two looks above which everything is forgotten. Somebody who did not look for so long, because
    it was suspended, or the database was away, cannot tell a silent holder from one that nobody could hear. Who works
    looks too, with every beat of its own job, so that it knows whose lease is over when it has done.
    """

    def __init__(self, gap: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap = gap
        self._clock = clock
        self._looked = clock()
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Begin again, because the database was away."""
        with self._lock:
            self._seen.clear()

    def silent(self, running: Sequence[Job]) -> list[Job]:
        """Look at the jobs that are held; those whose holders were silent for their whole lease."""
        with self._lock:
            now = self._clock()
            if now - self._looked > self._gap:
                self._seen.clear()
            self._looked = now
            before, self._seen = self._seen, {}
            for job in running:
                seen = before.get(job.id) or _Seen(job.token, job.beats, now)
                if (seen.token, seen.beats) != (job.token, job.beats):
                    seen = _Seen(job.token, job.beats, now, moved=True)
                self._seen[job.id] = seen
            return [job for job in running if now - self._seen[job.id].since > (job.lease or 0)]

    def undecided(self, since: float) -> bool:
        """Whether some holder was not heard of since then, nor silent for long enough yet."""
        with self._lock:
            return any(not seen.moved or seen.since < since for seen in self._seen.values())

    def now(self) -> float:
        """The time by the onlooker's clock."""
        return self._clock()


class Heartbeat:
    """Renews the lease of a job from a thread of its own, while its `with` block lasts.

    report: gives the job's progress, to be kept in its node. lines: what was logged, taken out as it is sent. beaten:
    called with every beat, whether the database hears it or not. watch: looks at the other jobs with every beat.
    """

    def __init__(
        self,
        settings: Settings,
        job: Job,
        report: Callable[[], dict[str, Any]],
        lines: list[str],
        watch: Watch,
        beaten: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._job, self._report, self._beaten = settings, job, report, beaten
        self.lines, self._watch = lines, watch
        self._limit = Fence(write_seconds(settings.lease))
        self._ended, self._asked = threading.Event(), threading.Event()
        self._heard = time.monotonic()
        self._lost: LostError | None = None
        self._thread = threading.Thread(target=self._run, name="egraph-heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._asked.set()
        # One that is stuck in a database that does not answer ends with the process.
        self._thread.join(timeout=SLOWEST_BEAT)

    def beat_soon(self) -> None:
        """Let the database know before long how far the job is: should its worker die, it is known where."""
        self._asked.set()

    def _rest(self) -> bool:
        """Wait until the next beat; whether there is one."""
        seconds = beat_seconds(self._settings.lease)
        if self._asked.wait(seconds):
            self._asked.clear()
            # A little later, so that a short stage costs nothing.
            self._ended.wait(min(SOON, seconds))
        return not self._ended.is_set()

    def check(self) -> None:
        """Raise if the lease is lost.

        Raises:
            LostError: another worker has the job, or somebody cancelled it.
        """
        if self._lost is not None:
            raise self._lost

    @property
    def away(self) -> float:
        """Seconds since the database was last heard of."""
        return time.monotonic() - self._heard

    def _run(self) -> None:
        beats, database = 0, None
        while self._rest():
            self._beaten()
            sent = list(self.lines)
            try:
                database = database or Database(self._settings, fence=self._limit)
                renew(database, self._job, beats + 1, self._report(), sent)
                self._watch.silent(running(database))
            except LostError as error:
                # Also where the job has just ended: then nobody asks any more.
                self._lost = error
                break
            except DatabaseError:
                # Next time over a new connection: also where the driver could not mend this one.
                self._watch.forget()
                if database is not None:
                    database.close()
                database = None
            else:
                beats += 1
                del self.lines[: len(sent)]
                self._heard = time.monotonic()
        if database is not None:
            database.close()
