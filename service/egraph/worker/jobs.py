"""Jobs: nodes of the graph database that wait for a worker, and how they change from one state to the next.

Every change is a compare-and-set in one transaction (`cypher/jobs/change.cypher`): it takes the job's lock, looks
again, and changes nothing where another one was first. Nothing here compares clocks: see `egraph.worker.lease`.

    queued -> running -> done | failed | cancelled        queued -> cancelled        failed, cancelled -> queued (retry)
    running -> queued (given back)        running -> running (taken after its holder's lease) | failed (set aside)
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from egraph.errors import EgraphError, NothingYetError, UsageError
from egraph.graph.connection import Database, Fence, Transaction
from egraph.user import user, user_at_host

QUEUED, RUNNING, DONE, FAILED, CANCELLED = STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = (DONE, FAILED, CANCELLED)
DEATHS = 3
"""A job that took so many workers down, one after another and none of them further than before, is set aside."""

DEATHS_SHOWN = 20

SHORTEST_WRITE = 5.0

LOOKED_AT = 20
"""Waiting jobs that a worker reads at once; where others are faster with the first, it tries the next."""


class LostError(EgraphError):
    """Another worker has the job now, or somebody cancelled it; this one may write nothing more."""


@dataclass(frozen=True)
class Job:
    """A job as it was when it was read.

    token: grows with every worker that takes the job; who holds an older one may not write. beats: how often the holder
    said since that it is alive; lease: seconds of silence after which others may take the job. attempts: how often it
    was taken and not given back. stage, done, total, seconds_left: its progress. log: its last lines.

    deaths: where its workers died, or fell silent for their lease. stuck: how many of the last ones in a row without
    progress. reached: how far any worker came in each stage; advanced: whether one came further since the last death.
    """

    id: str
    kind: str
    parameters: dict[str, Any]
    state: str
    priority: int
    attempts: int
    submitted_by: str
    created_at: str
    token: int
    beats: int
    category: str | None = None
    stage: str | None = None
    done: int | None = None
    total: int | None = None
    seconds_left: float | None = None
    error: str | None = None
    worker: str | None = None
    lease: float | None = None
    started_at: str | None = None
    ended_at: str | None = None
    graph: str | None = None
    deaths: list[str] = field(default_factory=list)
    stuck: int = 0
    advanced: bool = False
    reached: dict[str, int] = field(default_factory=dict, repr=False)
    log: list[str] = field(default_factory=list, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Everything but the log and what only the next worker needs, for programs."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("log", "reached", "advanced")}

    @property
    def step(self) -> str:
        """The step at which it was when its worker was last heard of."""
        of = f", {self.done:,} of {self.total:,}" if self.done is not None and self.total else ""
        return f"{self.stage or 'its beginning'}{of}"


def read_job(properties: Mapping[str, Any], graph: str | None = None) -> Job:
    """A job from its node's properties."""
    known = {f.name for f in fields(Job)}
    values = {name: value for name, value in properties.items() if name in known}
    parsed = {
        "parameters": json.loads(properties["parameters"]),
        "reached": json.loads(properties.get("reached", "{}")),
    }
    return Job(**values | parsed | {"graph": graph})


def submit(
    database: Database, kind: str, parameters: Mapping[str, Any] | str, category: str | None = None, priority: int = 0
) -> str:
    """Put a job into the queue; returns its id. parameters: what it is asked, or that as JSON text."""
    job = str(uuid.uuid4())
    properties: dict[str, Any] = {
        "kind": kind,
        "category": category,
        "parameters": parameters if isinstance(parameters, str) else json.dumps(parameters, sort_keys=True),
        "state": QUEUED,
        "priority": priority,
        "attempts": 0,
        "token": 0,
        "beats": 0,
        "changes": 0,
        "submitted_by": user_at_host(),
        "created_at": now(),
        "log": [],
    }
    database.write("jobs/submit", id=job, properties=properties)
    return job


def now() -> str:
    """The time for people to read and to sort by; no decision of the worker rests on it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def jobs(database: Database, state: str | None = None) -> list[Job]:
    """All jobs, or those in one state, the newest last."""
    rows = database.read("jobs/list", id="", state=state)
    return [read_job(row["job"], row["graph"]) for row in rows]


def find_job(database: Database, job: str) -> Job:
    """The job whose id is `job`, or begins so.

    Raises:
        NothingYetError: there is none.
        UsageError: several begin so.
    """
    rows = database.read("jobs/list", id=job, state=None) if job else []
    if not rows:
        raise NothingYetError(f"There is no job {job}; `egraph jobs list` shows those there are.")
    if len(rows) > 1:
        raise UsageError(f"There are {len(rows)} jobs whose id begins with {job}; give more of it.")
    return read_job(rows[0]["job"], rows[0]["graph"])


def queued(database: Database) -> list[Job]:
    """The first waiting jobs, in the order in which they are to be taken."""
    return [read_job(row["job"]) for row in database.read("jobs/queued", limit=LOOKED_AT)]


def running(database: Database) -> list[Job]:
    """The jobs that a worker holds, or held when it was last heard of."""
    return [read_job(row["job"]) for row in database.read("jobs/running")]


def claim(database: Database, seen: Job, worker: str, lease: float) -> Job | None:
    """Take a job that waits, or whose holder was silent for its lease; None where another was first.

    The latter is a death. A job that has taken down `DEATHS` workers without any progress is set aside instead.
    """
    taken: dict[str, Any] = {
        "state": RUNNING,
        "token": seen.token + 1,
        "beats": 0,
        "attempts": seen.attempts + 1,
        "worker": worker,
        "lease": float(lease),
        "started_at": now(),
        "error": None,
    }
    line = f"{now()} taken by {worker}"
    if seen.state == RUNNING:
        stuck = 1 if seen.advanced else seen.stuck + 1
        further = "" if seen.advanced else ", no further than before"
        death = f"{now()} {seen.worker} at {seen.step}{further}"
        dead = {"deaths": [*seen.deaths, death][-DEATHS_SHOWN:], "stuck": stuck, "advanced": False}
        taken |= dead
        if stuck >= DEATHS:
            ended = (
                f"It took {stuck} workers down with it without getting any further, at {seen.step}; the last one was "
                f"{seen.worker}."
            )
            taken = {"state": FAILED, "error": ended, "ended_at": now(), "seconds_left": None, **dead}
            line = f"{now()} set aside: {ended}"
    job = _change(database, seen.id, [seen.state], taken, [line], seen.token, seen.beats)
    return job if job is not None and job.state == RUNNING else None


def renew(database: Database, job: Job, beats: int, progress: Mapping[str, Any], lines: Sequence[str] = ()) -> None:
    """Say that the job's holder is alive, how far it is, and what it logged.

    Raises:
        LostError: the job is another's, or was cancelled.
    """
    _hold(database, job, {"beats": beats, **progress}, lines)


def release(database: Database, job: Job, lines: Sequence[str] = ()) -> None:
    """Give a job back into the queue; this was no attempt of it. `lines` go into its log, as below.

    Raises:
        LostError: the job is another's, or was cancelled.
    """
    changes = {"state": QUEUED, "attempts": job.attempts - 1, "worker": None, "seconds_left": None}
    _hold(database, job, changes, [*lines, f"{now()} given back by {job.worker}"])


def fail(database: Database, job: Job, error: str, lines: Sequence[str] = ()) -> None:
    """End a job with the sentence that says why.

    Raises:
        LostError: the job is another's, or was cancelled.
    """
    changes = {"state": FAILED, "error": error, "ended_at": now(), "seconds_left": None}
    _hold(database, job, changes, [*lines, f"{now()} failed: {error}"])


@dataclass(frozen=True)
class Product:
    """What a job made: its id, and the statement that notes it."""

    statement: str
    id: str


def complete(database: Database, job: Job, product: Product | None, lines: Sequence[str] = ()) -> Job:
    """End a job that is done, and note what it made; where that was removed before the job could end, it has failed.

    Raises:
        LostError: the job is another's, or was cancelled.
    """

    def work(transaction: Transaction) -> Job:
        changes = {"state": DONE, "error": None, "stage": None, "done": None, "total": None}
        line = "done"
        if product is not None and not transaction.run(product.statement, job=job.id, product=product.id)[0]["found"]:
            error = (
                f"{product.id} was removed before the job had ended; `egraph jobs retry {job.id[:8]}` makes it anew."
            )
            changes, line = {"state": FAILED, "error": error}, f"failed: {error}"
        changes |= {"ended_at": now(), "seconds_left": None}
        changed = _changed(transaction, job.id, [RUNNING], changes, [*lines, f"{now()} {line}"], job.token)
        if changed is None:
            raise lost(job)
        return changed

    return database.transaction(work, shared=False)


def cancel(database: Database, job: Job) -> Job:
    """End a job that waits or runs; its worker can write nothing more from now on, and stops soon.

    Raises:
        UsageError: it has ended already.
    """
    changes = {"state": CANCELLED, "ended_at": now(), "seconds_left": None}
    changed = _change(database, job.id, [QUEUED, RUNNING], changes, [f"{now()} cancelled by {user()}"])
    if changed is None:
        raise UsageError(f"The job {job.id} has ended already; `egraph jobs show {job.id}` says how.")
    return changed


def retry(database: Database, job: Job) -> Job:
    """Put a job that failed or was cancelled into the queue again.

    Raises:
        UsageError: it waits, runs, or is done.
    """
    begun = {"attempts": 0, "stuck": 0, "advanced": False, "reached": "{}"}
    changes = {"state": QUEUED, "error": None, "ended_at": None, "worker": None, **begun}
    changed = _change(database, job.id, [FAILED, CANCELLED], changes, [f"{now()} tried again by {user()}"])
    if changed is None:
        raise UsageError(f"The job {job.id} neither failed nor was cancelled, so it cannot be tried again.")
    return changed


def fence(job: Job) -> Fence:
    """What lets a transaction pass only while the job is held by whom it was claimed for.

    It takes the job's lock, which the next claim needs too: what passes is committed before another one has the job.
    """

    def check(transaction: Transaction) -> None:
        if _changed(transaction, job.id, [RUNNING], {}, [], job.token) is None:
            raise lost(job)

    return Fence(write_seconds(job.lease or 0.0), check)


def write_seconds(lease: float) -> float:
    """How long a transaction of a worker may last: who waits for a lease waits no longer for a lock."""
    return max(lease, SHORTEST_WRITE)


def lost(job: Job) -> LostError:
    """The error of who does not hold the job any more."""
    return LostError(f"The job {job.id} was cancelled or is another worker's now.")


def _hold(database: Database, job: Job, changes: Mapping[str, Any], lines: Sequence[str]) -> None:
    if _change(database, job.id, [RUNNING], changes, lines, job.token) is None:
        raise lost(job)


def _change(
    database: Database,
    job: str,
    states: Sequence[str],
    changes: Mapping[str, Any],
    lines: Sequence[str],
    token: int | None = None,
    beats: int | None = None,
) -> Job | None:
    """Change a job in a transaction of its own; the job as it is then, or None where it was not as given."""
    return database.transaction(lambda t: _changed(t, job, states, changes, lines, token, beats), shared=False)


def _changed(
    transaction: Transaction,
    job: str,
    states: Sequence[str],
    changes: Mapping[str, Any],
    lines: Sequence[str],
    token: int | None = None,
    beats: int | None = None,
) -> Job | None:
    rows = transaction.run(
        "jobs/change",
        job=job,
        states=list(states),
        token=token,
        beats=beats,
        properties=dict(changes),
        lines=list(lines),
    )
    return read_job(rows[0]["job"]) if rows else None
