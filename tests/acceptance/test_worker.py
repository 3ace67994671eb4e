"""The worker as a child process, with jobs that take no time: each is done once, whatever happens."""

import json
import os
import signal
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j
import pytest

from egraph.graph import embedded
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.engine_process import free_port
from egraph.settings import Settings
from egraph.worker.jobs import DONE, FAILED, QUEUED, RUNNING, jobs, submit
from support.servers import on_every_database
from support.workers import LEASE, Worker, seen, until

pytestmark = pytest.mark.slow

DELETE_JOBS = (Path(__file__).parents[1] / "database" / "jobs.cypher").read_text()
"""A job's node, whatever its relationships."""


@pytest.fixture
def database(database_settings: Settings) -> Iterator[Database]:
    """The database of the test's workers; a server is left without jobs."""
    with open_database(database_settings) as database:
        ensure_schema(database)
        yield database
        if not database.embedded:
            assert database_settings.neo4j_password
            auth = (database.user, database_settings.neo4j_password.get_secret_value())
            with neo4j.GraphDatabase.driver(database.address, auth=auth) as driver:
                driver.execute_query(DELETE_JOBS, database_=database.name)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start a worker that knows small jobs; it is gone at the end."""
    started: list[Worker] = []

    def start(*arguments: str, **environment: str) -> Worker:
        started.append(Worker(tmp_path, *arguments, small=True, **environment))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def count(database: Database, file: Path, number: int = 1, **more: object) -> list[str]:
    """Queue jobs that each leave a line with their number."""
    return [submit(database, "count", {"file": str(file), "text": str(n), **more}) for n in range(number)]


@on_every_database
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_race_for_200_jobs(
    database: Database, tmp_path: Path, start: Callable[..., Worker], workers: int
) -> None:
    """Each is done exactly once, and no worker does all."""
    racing = [start() for _ in range(workers)]
    until(lambda: all("worker started" in worker.said for worker in racing))
    # Long enough altogether that every worker looks for jobs before the others have done all.
    queued = count(database, tmp_path / "done", 200, steps=1, seconds=0.02)
    until(lambda: not any(job.state in (QUEUED, RUNNING) for job in jobs(database)), 120)
    for worker in racing:
        worker.signal(signal.SIGTERM)
        worker.ends(0)
    assert Counter((tmp_path / "done").read_text().split()) == {str(n): 1 for n in range(200)}
    done = [job for job in jobs(database) if job.id in queued]
    assert Counter((job.state, job.attempts, job.token) for job in done) == {(DONE, 1, 1): 200}
    assert len({job.worker for job in done}) > 1


def test_a_worker_that_sleeps_beyond_its_lease_has_lost_its_job(
    database: Database, tmp_path: Path, start: Callable[..., Worker]
) -> None:
    file = tmp_path / "done"
    (job,) = count(database, file, steps=3)
    sleepy = start("--once", EGRAPH_FAILPOINT="counting:2 STOP")
    until(sleepy.stopped)
    awake = start("--once")
    awake.ends(0)
    sleepy.signal(signal.SIGCONT)
    assert "another worker's now" in sleepy.ends(0)
    assert file.read_text() == "0\n"
    after = seen(database, job)
    assert (after.state, after.attempts, after.token) == (DONE, 2, 2)
    assert str(awake.pid) in str(after.worker)


def test_a_dead_workers_job_is_taken_after_its_lease_whatever_else_waits(
    database: Database, tmp_path: Path, start: Callable[..., Worker], egraph_here: Callable
) -> None:
    file = tmp_path / "done"
    dead = submit(database, "count", {"file": str(file), "text": "dead", "steps": 12}, priority=-1)
    start(EGRAPH_FAILPOINT="counting:9").ends(-signal.SIGKILL)
    # Each takes longer than the lease, so that whoever does them has no time in between.
    count(database, file, 5, steps=15)
    start("--once").ends(0)
    assert file.read_text().split() == ["0", "dead", "1", "2", "3", "4"]
    job = seen(database, dead)
    assert (job.state, job.attempts, len(job.deaths)) == (DONE, 2, 1)
    shown = egraph_here("jobs", "show", dead).stdout
    assert "deaths: 1" in shown and "at counting" in shown and "attempts: 2" in shown
    assert not {"token", "beats", "stage"} & {line.partition(":")[0] for line in shown.splitlines()}
    assert {"token", "beats"} < json.loads(egraph_here("jobs", "show", dead, "--json").stdout).keys()


def test_once_waits_for_the_lease_of_a_worker_that_was_alive_before(
    database: Database, tmp_path: Path, start: Callable[..., Worker]
) -> None:
    file, room = tmp_path / "done", tmp_path / "room"
    doomed = submit(database, "fill", {"file": str(room)})
    dying = start()
    until(lambda: "paused" in str(seen(database, doomed).stage))
    count(database, file, 2, steps=6)
    once = start("--once")
    # It has heard of the other one between its two jobs.
    until(file.exists)
    dying.kill()
    room.touch()
    once.ends(0)
    assert file.read_text().split() == ["0", "1"]
    assert (seen(database, doomed).state, seen(database, doomed).attempts) == (DONE, 2)


def test_the_time_of_day_does_not_matter(database: Database, tmp_path: Path, start: Callable[..., Worker]) -> None:
    file = tmp_path / "done"
    queued = count(database, file, 2, steps=25)
    jumping = [start("--once", TEST_CLOCK_JUMPS="1") for _ in range(2)]
    for worker in jumping:
        worker.ends(0)
    assert Counter(file.read_text().split()) == {str(n): 1 for n in range(2)}
    assert 2 * LEASE < 25 * 0.1
    assert {(job.state, job.attempts) for job in jobs(database) if job.id in queued} == {(DONE, 1)}


def test_asked_once_it_gives_the_job_back_asked_twice_it_ends_at_once(
    database: Database, tmp_path: Path, start: Callable[..., Worker], egraph_here: Callable
) -> None:
    file = tmp_path / "done"
    (job,) = count(database, file, steps=60)
    worker = start()
    until(lambda: seen(database, job).state == RUNNING)
    worker.signal(signal.SIGINT)
    assert "once more stops now" in worker.ends(0, 5)
    before = seen(database, job)
    assert (before.state, before.attempts, before.worker) == (QUEUED, 0, None)
    egraph_here("jobs", "cancel", job)
    (job,) = count(database, file, steps=1, seconds=30)
    busy = start()
    until(lambda: seen(database, job).state == RUNNING)
    busy.signal(signal.SIGTERM)
    until(lambda: "finishing the step" in busy.said)
    busy.signal(signal.SIGTERM)
    assert busy.wait(2) == -signal.SIGTERM


def test_a_full_disk_pauses_the_job(
    database: Database, tmp_path: Path, start: Callable[..., Worker], egraph_here: Callable
) -> None:
    room = tmp_path / "room"
    job = submit(database, "fill", {"file": str(room)})
    worker = start()
    until(lambda: "paused" in str(seen(database, job).stage))
    assert "No space left" in str(seen(database, job).stage) and seen(database, job).state == RUNNING
    health = json.loads(egraph_here("worker", "health", "--json").stdout)
    assert [(one["state"], one["job"]) for one in health] == [("working", job)]
    room.touch()
    until(lambda: seen(database, job).state == DONE)
    assert seen(database, job).attempts == 1
    until(lambda: "idle" in egraph_here("worker", "health").stdout)
    worker.signal(signal.SIGTERM)
    worker.ends(0)
    assert "start one with" in egraph_here("worker", "health", code=1).stderr
    nobody = egraph_here("worker", "health", "--json", code=1)
    assert json.loads(nobody.stdout) == [] and "start one with" in nobody.stderr


def test_a_job_that_kills_its_workers_is_set_aside_and_takes_nothing_else_down(
    database: Database, tmp_path: Path, start: Callable[..., Worker], egraph_here: Callable
) -> None:
    file = tmp_path / "done"
    deadly = submit(database, "kill", {"file": ""}, priority=1)
    others = count(database, file, 3)
    crew = start("--concurrency", "2")
    until(lambda: all(seen(database, job).state == DONE for job in others))
    until(lambda: seen(database, deadly).state == FAILED)
    crew.signal(signal.SIGTERM)
    crew.ends(0)
    assert sorted(file.read_text().split()) == ["0", "1", "2"]
    last = count(database, file)[0]
    assert "was ended by signal" not in start("--concurrency", "2", "--once").ends(0)
    assert seen(database, last).state == DONE
    waited = json.loads(egraph_here("jobs", "wait", deadly, "--json", code=1).stdout)
    assert waited["attempts"] == 3 and "took 3 workers down" in waited["error"]


def test_what_a_person_does_with_jobs(
    database: Database, tmp_path: Path, start: Callable[..., Worker], egraph_here: Callable
) -> None:
    (job,) = count(database, tmp_path / "done", steps=100)
    worker = start("--log-format", "json", EGRAPH_METRICS_PORT="0")
    until(lambda: bool(seen(database, job).done))
    shown = json.loads(egraph_here("jobs", "show", job[:8], "--json").stdout)
    assert shown["state"] == RUNNING and shown["stage"] == "counting" and shown["total"] == 100
    assert 0 < shown["seconds_left"] < 60 and shown["parameters"]["steps"] == 100
    assert egraph_here("jobs", "wait", job, "--timeout", 0.1, code=1).stdout == f"{job} running\n"
    assert egraph_here("jobs", "cancel", job).stdout == f"Cancelled {job}.\n"
    until(lambda: any(line["message"] == "lost" for line in worker.lines()))
    lost = next(line for line in worker.lines() if line["message"] == "counting")
    assert (lost["job"], lost["iteration"], lost["total"]) == (job, 0, 100) and lost["worker"]
    assert "ended already" in egraph_here("jobs", "cancel", job, code=2).stderr
    assert [row["state"] for row in json.loads(egraph_here("jobs", "list", "--json").stdout)] == ["cancelled"]
    assert egraph_here("jobs").stdout.splitlines()[1].split()[:3] == [job, "count", "cancelled"]
    assert json.loads(egraph_here("jobs", "retry", job, "--json").stdout)["state"] == QUEUED
    until(lambda: seen(database, job).state == RUNNING)
    logged = egraph_here("jobs", "logs", job).stdout
    assert "taken by" in logged and "cancelled by" in logged and "tried again by" in logged
    egraph_here("jobs", "cancel", job)
    assert "nothing" in egraph_here("jobs", "show", "nothing", code=5).stderr
    assert "queued, running" in egraph_here("jobs", "list", "--state", "ill", code=2).stderr
    asked = json.loads(egraph_here("query", "jobs", "--json").stdout)
    assert [row["job"] for row in asked["rows"]] == [job]


def test_metrics_count_what_ended(database: Database, tmp_path: Path, start: Callable[..., Worker]) -> None:
    port = str(free_port())
    queued = count(database, tmp_path / "done", 3)
    unknown = submit(database, "unheard-of", {})
    start("--metrics-port", port)
    until(lambda: all(seen(database, job).state == DONE for job in queued))
    until(lambda: seen(database, unknown).state == FAILED)
    assert "knows no jobs of the kind unheard-of" in str(seen(database, unknown).error)

    def metrics() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
            return page.read().decode()

    until(lambda: 'outcome="failed"' in metrics())
    lines = metrics().splitlines()
    assert 'egraph_jobs_total{kind="count",outcome="done"} 3.0' in lines
    assert 'egraph_jobs_total{kind="unheard-of",outcome="failed"} 1.0' in lines
    assert "egraph_worker_busy 0.0" in lines


def test_the_embedded_database_is_killed_again_and_again(
    database: Database, database_settings: Settings, tmp_path: Path, start: Callable[..., Worker]
) -> None:
    file = tmp_path / "done"
    queued = count(database, file, 30, steps=1, seconds=0.05)
    worker = start()
    until(file.exists)
    for _ in range(3):
        before = len(file.read_text().split())
        until(lambda: len(file.read_text().split()) > before + 2)  # noqa: B023
        pid = embedded.status(database_settings).pid
        assert pid and len(file.read_text().split()) < 30
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(seen(database, job).state == DONE for job in queued), 60)
    assert Counter(file.read_text().split()) == {str(n): 1 for n in range(30)}
    worker.signal(signal.SIGTERM)
    worker.ends(0)
