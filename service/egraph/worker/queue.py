"""The queue as those see it who put jobs in and wait for them."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from egraph.commands.requests import BuildRequest, FollowRequest, MineRequest, PlaceRequest
from egraph.errors import UsageError
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.objects import check_names
from egraph.progress import Progress, report
from egraph.results import Result
from egraph.settings import Settings
from egraph.worker import jobs
from egraph.worker.job_kinds import submit_request
from egraph.worker.jobs import ENDED, QUEUED, STATES, Job
from egraph.worker.submission import check_possible, same_job

WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class Submission(Result):
    """A job's id; `already`: the same job waited already, and none was added; `running`: the id of one that runs
    already and asks for the same."""

    job: str
    already: bool
    running: str | None

    def to_json(self) -> dict[str, Any]:
        """For programs; which one runs is said to people."""
        return {"job": self.job, "already": self.already}


Request = MineRequest | PlaceRequest | BuildRequest | FollowRequest


def enqueue(settings: Settings, kind: str, request: Request, priority: int = 0) -> Submission:
    """Put a request into the queue. Files are named as every worker sees them: from the root.

    Raises:
        UsageError: a name cannot be one, or several graphs fit.
        NothingYetError: the job could not but fail: there is no graph, or there are no boxes.
    """
    return enqueue_all(settings, kind, [request], priority)[0]


def enqueue_all(settings: Settings, kind: str, requests: Sequence[Request], priority: int = 0) -> list[Submission]:
    """Put requests into the queue, one after the other, as `enqueue` does; none if a name cannot be one."""
    ready = [_as_workers_see(request) for request in requests]
    with open_database(settings) as database:
        ensure_schema(database)
        return [_enqueue(database, kind, request, priority) for request in ready]


def _as_workers_see(request: Request) -> Request:
    """With names that can be ids, and files named from the root."""
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    check_names(*(values[name] for name in ("category", "part", "name") if name in values))
    named: dict[str, Any] = {name: value.absolute() for name, value in values.items() if isinstance(value, Path)}
    if (weights := values["weights"]) and Path(weights).exists():
        named["weights"] = str(Path(weights).absolute())
    return replace(request, **named)


def _enqueue(database: Database, kind: str, request: Request, priority: int) -> Submission:
    check_possible(database, request)
    same = same_job(database, kind, request)
    if same is not None and same.state == QUEUED:
        return Submission(same.id, True, None)
    return Submission(submit_request(database, kind, request, priority), False, same.id if same else None)


def list_jobs(settings: Settings, state: str | None = None) -> list[Job]:
    """All jobs, or those in one state, the newest last.

    Raises:
        UsageError: there is no such state.
    """
    if state not in (None, *STATES):
        raise UsageError(f"There is no state {state}; there are: {', '.join(STATES)}.")
    with open_database(settings) as database:
        return jobs.jobs(database, state)


def find_job(settings: Settings, job: str) -> Job:
    """A job by its id, or by what that begins with.

    Raises:
        UsageError: there is none, or there are several.
    """
    with open_database(settings) as database:
        return jobs.find_job(database, job)


def cancel(settings: Settings, job: str) -> Job:
    """Cancel a job that waits or runs; its worker stops soon, and what it kept stays.

    Raises:
        UsageError: there is none, or it has ended.
    """
    with open_database(settings) as database:
        return jobs.cancel(database, jobs.find_job(database, job))


def retry(settings: Settings, job: str) -> Job:
    """Put a job that failed or was cancelled into the queue again.

    Raises:
        UsageError: there is none, or it is in another state.
    """
    with open_database(settings) as database:
        return jobs.retry(database, jobs.find_job(database, job))


def wait(settings: Settings, job: str, timeout: float | None = None, progress: Progress | None = None) -> Job:
    """Wait until a job has ended, or so many seconds; returns it as it then is.

    Raises:
        UsageError: there is no such job.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with open_database(settings) as database:
        found = jobs.find_job(database, job)
        while found.state not in ENDED and (deadline is None or time.monotonic() < deadline):
            if found.stage and found.total:
                report(progress, found.stage, found.done or 0, found.total)
            time.sleep(WAIT_SECONDS if deadline is None else min(WAIT_SECONDS, max(0.0, deadline - time.monotonic())))
            found = jobs.find_job(database, found.id)
    return found


def follow(settings: Settings, job: str) -> Iterator[str]:
    """What a job's workers logged, and what they log until it has ended.

    Raises:
        UsageError: there is no such job.
    """
    with open_database(settings) as database:
        found = jobs.find_job(database, job)
        told: list[str] = []
        while True:
            # Lines that were told may have been pushed out at the beginning.
            yield from found.log[found.log.index(told[-1]) + 1 :] if told and told[-1] in found.log else found.log
            told = found.log
            if found.state in ENDED:
                return
            time.sleep(WAIT_SECONDS)
            found = jobs.find_job(database, found.id)
