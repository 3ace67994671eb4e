"""Jobs in the database: claimed once, held by a lease, fenced off from who lost it, whatever happens in between."""

import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from database.test_write import names
from egraph.commands.requests import BuildRequest, PlaceRequest
from egraph.errors import EgraphError, NothingYetError, UsageError
from egraph.graph.connection import Database, Fence, Transaction, open_database
from egraph.graph.content_hash import content_hash
from egraph.graph.firings import write_firings
from egraph.graph.graphs import graphs
from egraph.graph.parts import add_labels
from egraph.graph.write import write_graph
from egraph.settings import Settings
from egraph.worker.job_kinds import submit_request
from egraph.worker.jobs import (
    CANCELLED,
    DEATHS,
    DONE,
    FAILED,
    QUEUED,
    RUNNING,
    Job,
    LostError,
    Product,
    cancel,
    claim,
    complete,
    fail,
    fence,
    find_job,
    jobs,
    queued,
    release,
    renew,
    retry,
    running,
    submit,
)
from egraph.worker.progress import JobProgress
from egraph.worker.submission import check_possible, same_job
from support.synthetic import synthetic_graph


def put(database: Database, **more: object) -> Job:
    return find_job(database, submit(database, "mine", {"n": 1}, **more))


def test_a_job_from_the_queue_to_its_graph(queue: Database, category: str) -> None:
    job = put(queue, category=category, priority=3)
    assert (job.state, job.priority, job.attempts, job.parameters, job.token) == (QUEUED, 3, 0, {"n": 1}, 0)
    assert "@" in job.submitted_by and job.created_at.startswith("20")
    held = claim(queue, job, "me", 60)
    assert held is not None and (held.state, held.attempts, held.worker, held.lease) == (RUNNING, 1, "me", 60)
    assert held.token > job.token
    renew(queue, held, 1, {"stage": "writing", "done": 2, "total": 5, "seconds_left": 3.5}, ["a line"])
    seen = find_job(queue, job.id[:8])
    assert (seen.beats, seen.stage, seen.done, seen.total, seen.seconds_left) == (1, "writing", 2, 5, 3.5)
    mined = synthetic_graph(category)
    write_graph(queue, mined)
    complete(queue, held, Product("jobs/produced_graph", mined.id))
    ended = find_job(queue, job.id)
    assert (ended.state, ended.graph, ended.error, ended.seconds_left) == (DONE, mined.id, None, None)
    assert [line.split(" ", 1)[1] for line in ended.log if line != "a line"] == ["taken by me", "done"]


def test_the_queue_is_by_priority_then_by_age(queue: Database) -> None:
    order = [put(queue, priority=p).id for p in (0, 5, -1, 5)]
    assert [job.id for job in queued(queue)] == [order[1], order[3], order[0], order[2]]


def test_only_one_of_many_takes_a_job(settings: Settings, queue: Database) -> None:
    seen = [put(queue) for _ in range(8)]
    taken: list[str] = []
    barrier = threading.Barrier(6)

    def take(worker: str) -> None:
        with open_database(settings) as database:
            barrier.wait()
            taken.extend(job.id for one in seen if (job := claim(database, one, worker, 60)))

    threads = [threading.Thread(target=take, args=(f"w{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(job.id for job in seen)


def test_a_holder_that_beats_after_the_onlooker_looked_keeps_its_job(queue: Database) -> None:
    held = claim(queue, put(queue), "one", 60)
    assert held
    seen = running(queue)[0]
    renew(queue, held, 1, {})
    assert claim(queue, seen, "two", 60) is None
    assert find_job(queue, held.id).worker == "one"


def test_who_lost_its_lease_writes_nothing(settings: Settings, queue: Database, category: str) -> None:
    old = claim(queue, put(queue), "old", 60)
    assert old
    mined = synthetic_graph(category, firings_per_object=5)
    with open_database(settings, fence=fence(old)) as writer:
        write_graph(writer, mined)
        new = claim(queue, running(queue)[0], "new", 60)
        assert new and new.token > old.token
        other = replace(mined, name="other")
        with pytest.raises(LostError):
            write_graph(writer, other)
        with pytest.raises(LostError):
            write_firings(writer, mined.id, content_hash(mined), mined.firings, mined.objects[:1], names(mined))
    for attempt in (
        lambda: renew(queue, old, 5, {}),
        lambda: complete(queue, old, Product("jobs/produced_graph", mined.id)),
        lambda: fail(queue, old, "no"),
        lambda: release(queue, old),
    ):
        with pytest.raises(LostError):
            attempt()
    assert [g.name for g in graphs(queue) if g.category == category] == ["default"]
    now = find_job(queue, old.id)
    assert (now.worker, now.state, now.attempts, now.beats, now.graph) == ("new", RUNNING, 2, 0, None)
    with open_database(settings, fence=fence(new)) as writer:
        write_graph(writer, other)


def test_a_lease_lost_in_the_middle_of_a_transaction_stops_it(settings: Settings, queue: Database) -> None:
    """The new holder comes between the old one's statement and its commit."""
    old = claim(queue, put(queue), "old", 60)
    assert old
    check = fence(old).check

    def late(transaction: Transaction) -> None:
        assert claim(queue, running(queue)[0], "new", 60)
        check(transaction)

    mark = uuid.uuid4().hex
    with open_database(settings, fence=Fence(60, late)) as writer, pytest.raises(LostError):
        submit(writer, mark, {})
    assert all(job.kind != mark for job in jobs(queue))


def test_the_next_holder_waits_for_a_commit_that_passed_the_fence(settings: Settings, queue: Database) -> None:
    """The old holder is past its fence but not committed: whoever takes the job then comes after that commit."""
    old = claim(queue, put(queue), "old", 60)
    assert old
    check, seen = fence(old).check, running(queue)[0]
    order: list[str] = []

    def take() -> None:
        with open_database(settings) as database:
            if claim(database, seen, "new", 60):
                order.append("taken")

    taker = threading.Thread(target=take)

    def slowly(transaction: Transaction) -> None:
        check(transaction)
        if not taker.ident:
            taker.start()
            taker.join(0.5)
        order.append("passed")

    mark = uuid.uuid4().hex
    try:
        with open_database(settings, fence=Fence(60, slowly)) as writer:
            submit(writer, mark, {})
        order.append("committed")
    except LostError:
        order.append("lost")
    taker.join()
    written = any(job.kind == mark for job in jobs(queue))
    if settings.embedded:
        # Without locks, one of the two is tried again: either the taker, or the writer, which then finds the fence.
        assert written == ("committed" in order) != ("lost" in order)
    else:
        assert order[:2] == ["passed", "committed"] and written
    assert "taken" in order


def test_a_holder_that_falls_asleep_in_a_transaction_keeps_nobody_waiting(settings: Settings, queue: Database) -> None:
    old = claim(queue, put(queue), "old", 60)
    assert old
    check, seen, woken = fence(old).check, running(queue)[0], threading.Event()
    asleep: list[float] = []

    def sleep(transaction: Transaction) -> None:
        assert check
        check(transaction)
        asleep.append(time.monotonic())
        woken.wait(30)

    def write() -> None:
        with open_database(settings, fence=Fence(1, sleep)) as writer, pytest.raises(EgraphError):
            submit(writer, "mine", {})

    sleeper = threading.Thread(target=write)
    sleeper.start()
    while not asleep:
        time.sleep(0.02)
    assert claim(queue, seen, "new", 60)
    assert time.monotonic() - asleep[0] < 20
    woken.set()
    sleeper.join()
    assert len(jobs(queue)) == 1


def test_a_job_that_takes_its_workers_down_is_set_aside(queue: Database) -> None:
    put(queue)
    for attempt in range(1, DEATHS + 1):
        held = claim(queue, (queued(queue) or running(queue))[0], "w", 60)
        assert held and (held.attempts, held.stuck) == (attempt, attempt - 1)
    assert claim(queue, running(queue)[0], "w", 60) is None
    job = jobs(queue)[0]
    assert job.state == FAILED and "took 3 workers down" in str(job.error)
    assert len(job.deaths) == DEATHS and all("w at its beginning" in death for death in job.deaths)
    again = retry(queue, job)
    assert (again.attempts, again.stuck, len(again.deaths)) == (0, 0, DEATHS)


def test_deaths_count_only_where_the_job_gets_no_further(queue: Database) -> None:
    put(queue)

    def die(done: int) -> Job | None:
        """A worker takes the job, is told how far it is, and is heard of no more."""
        held = claim(queue, (queued(queue) or running(queue))[0], f"worker-{done}", 60)
        if held is not None:
            progress = JobProgress(reached=held.reached, advanced=held.advanced)
            progress.tell("mining patterns", done, 100)
            renew(queue, held, 1, progress.report())
        return held

    for done in range(0, 10 * DEATHS, 10):
        assert die(done), "each gets further than the one before"
    job = jobs(queue)[0]
    assert (job.state, job.attempts, job.stuck) == (RUNNING, DEATHS, 1)
    assert "worker-10 at mining patterns, 10 of 100" in job.deaths[-1] and "no further" not in job.deaths[-1]
    for done in (20, 5):
        assert die(done)
    # It was never further than 20 since: one death there, then those of the two that came no further.
    assert claim(queue, running(queue)[0], "last", 60) is None
    job = jobs(queue)[0]
    assert (job.state, job.stuck) == (FAILED, DEATHS)
    assert "without getting any further, at mining patterns, 5 of 100" in str(job.error)
    assert job.deaths[-1].endswith("no further than before")


def test_a_job_whose_graph_was_removed_before_it_ended_has_failed(queue: Database, category: str) -> None:
    mined = synthetic_graph(category)
    write_graph(queue, mined)
    held = claim(queue, put(queue), "w", 60)
    assert held
    queue.write("write/graph_deleting", graph=mined.id)
    assert complete(queue, held, Product("jobs/produced_graph", mined.id)).state == FAILED
    job = find_job(queue, held.id)
    assert (job.state, job.graph) == (FAILED, None)
    assert f"{mined.id} was removed before the job had ended" in str(job.error)
    assert "egraph jobs retry" in str(job.error)
    with pytest.raises(LostError):
        renew(queue, held, 1, {})


def test_what_must_fail_is_not_queued(queue: Database, category: str) -> None:
    build = BuildRequest(category, "head")
    mined, other = synthetic_graph(category), synthetic_graph(category, name="other", objects=3, salt=category)
    with pytest.raises(NothingYetError, match=f"no graph of {category}"):
        check_possible(queue, PlaceRequest(Path("photos"), category))
    with pytest.raises(NothingYetError, match="has no boxes of head yet"):
        submit(queue, "mine", {}, category)
        check_possible(queue, build)
    add_labels(queue, [replace(other.objects[0], parts={"head": (other.objects[0].box,)})], category, "head")
    # Its mining waits in the queue.
    check_possible(queue, build)
    cancel(queue, queued(queue)[0])
    write_graph(queue, mined)
    with pytest.raises(NothingYetError, match="None of the 1 objects with a box of head was mined into"):
        check_possible(queue, build)
    add_labels(queue, [replace(mined.objects[0], parts={"head": (mined.objects[0].box,)})], category, "head")
    check_possible(queue, build)
    check_possible(queue, PlaceRequest(Path("photos"), category))
    with pytest.raises(NothingYetError, match="no such graph"):
        check_possible(queue, replace(build, graph="another"))


def test_the_same_job_is_known(queue: Database) -> None:
    build = BuildRequest("horse", "head")
    assert same_job(queue, "aog", build) is None
    first = submit_request(queue, "aog", build)
    assert same_job(queue, "aog", replace(build, seed=1)) is None
    held = claim(queue, find_job(queue, first), "w", 60)
    assert held
    found = same_job(queue, "aog", build)
    assert found and (found.id, found.state) == (first, RUNNING)
    second = submit_request(queue, "aog", build)
    found = same_job(queue, "aog", build)
    assert found and (found.id, found.state) == (second, QUEUED), "the one that waits"
    for job in (first, second):
        cancel(queue, find_job(queue, job))
    assert same_job(queue, "aog", build) is None


def test_a_done_job_does_not_look_unfinished(queue: Database) -> None:
    held = claim(queue, put(queue), "w", 60)
    assert held
    renew(queue, held, 1, {"stage": "writing", "done": 6151, "total": 67591, "seconds_left": 3.0})
    complete(queue, held, None)
    job = find_job(queue, held.id)
    assert (job.state, job.stage, job.done, job.total, job.seconds_left) == (DONE, None, None, None, None)


def test_a_job_that_was_given_back_counts_no_attempt(queue: Database) -> None:
    put(queue)
    for _ in range(DEATHS + 2):
        held = claim(queue, queued(queue)[0], "w", 60)
        assert held and held.attempts == 1
        release(queue, held)


def test_cancelling_shuts_the_worker_out(queue: Database) -> None:
    held = claim(queue, put(queue), "w", 60)
    assert held
    assert cancel(queue, held).state == CANCELLED
    with pytest.raises(LostError):
        complete(queue, held, None)
    with pytest.raises(UsageError, match="ended already"):
        cancel(queue, held)
    assert retry(queue, held).state == QUEUED
    with pytest.raises(LostError):
        renew(queue, held, 1, {})
    with pytest.raises(UsageError, match="neither failed nor"):
        retry(queue, held)


def test_jobs_are_found_by_the_beginning_of_their_id(queue: Database) -> None:
    with pytest.raises(NothingYetError, match="jobs list"):
        find_job(queue, "nothing")
    with pytest.raises(NothingYetError):
        find_job(queue, "")
    for _ in range(17):
        last = put(queue)
    with pytest.raises(UsageError, match="give more"):
        find_job(queue, next(a.id[0] for a in jobs(queue) if sum(a.id[0] == b.id[0] for b in jobs(queue)) > 1))
    assert find_job(queue, last.id) == last


def test_the_log_keeps_its_last_lines(queue: Database) -> None:
    held = claim(queue, put(queue), "w", 60)
    assert held
    for start in range(0, 300, 100):
        renew(queue, held, start, {}, [str(n) for n in range(start, start + 100)])
    assert find_job(queue, held.id).log == [str(n) for n in range(100, 300)]


@dataclass
class Model:
    """What a job should be."""

    state: str = QUEUED
    attempts: int = 0
    stuck: int = 0
    advanced: bool = False
    holder: Job | None = None
    former: list[Job] = field(default_factory=list)


class Queue(RuleBasedStateMachine):
    """Any order of what people and workers do: the database says what the simple model says."""

    database: Database
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Model] = {}

    @rule()
    def submit(self) -> None:
        self.model[submit(self.database, "mine", {})] = Model()

    @rule(target=held, data=st.data())
    def claim(self, data: st.DataObject) -> object:
        open_ = [i for i, m in self.model.items() if m.state in (QUEUED, RUNNING)]
        if not open_:
            return multiple()
        chosen = data.draw(st.sampled_from(open_))
        model = self.model[chosen]
        taken = claim(self.database, find_job(self.database, chosen), "w", 60)
        if model.holder:
            model.former.append(model.holder)
        if model.state == RUNNING:
            model.stuck, model.advanced = 1 if model.advanced else model.stuck + 1, False
        if model.stuck >= DEATHS:
            assert taken is None
            model.state, model.holder = FAILED, None
            return multiple()
        assert taken is not None and all(taken.token > f.token for f in model.former)
        model.state, model.holder, model.attempts = RUNNING, taken, model.attempts + 1
        return taken

    def holds(self, job: Job) -> bool:
        return self.model[job.id].holder == job

    @rule(job=held, advanced=st.booleans())
    def renew(self, job: Job, advanced: bool) -> None:
        said = {"done": 1, "advanced": advanced}
        if self.holds(job):
            renew(self.database, job, 1, said)
            self.model[job.id].advanced = advanced
        else:
            with pytest.raises(LostError):
                renew(self.database, job, 1, said)

    @rule(job=consumes(held), way=st.sampled_from(["complete", "fail", "release"]))
    def end(self, job: Job, way: str) -> None:
        does = {
            "complete": lambda: complete(self.database, job, None),
            "fail": lambda: fail(self.database, job, "sentence"),
            "release": lambda: release(self.database, job),
        }[way]
        if not self.holds(job):
            with pytest.raises(LostError):
                does()
            return
        does()
        model = self.model[job.id]
        model.state = {"complete": DONE, "fail": FAILED, "release": QUEUED}[way]
        model.attempts -= way == "release"
        model.former.append(job)
        model.holder = None

    @rule(job=held)
    def write_behind_the_fence(self, job: Job) -> None:
        kind = uuid.uuid4().hex
        check = fence(job).check
        if self.holds(job):
            written = self.database.transaction(lambda t: check(t) or kind)
            assert written == kind
        else:
            with pytest.raises(LostError):
                self.database.transaction(check)

    @rule(data=st.data(), way=st.sampled_from(["cancel", "retry"]))
    def decide(self, data: st.DataObject, way: str) -> None:
        if not self.model:
            return
        chosen = data.draw(st.sampled_from(list(self.model)))
        model, job = self.model[chosen], find_job(self.database, chosen)
        allowed = (QUEUED, RUNNING) if way == "cancel" else (FAILED, CANCELLED)
        act = cancel if way == "cancel" else retry
        if model.state not in allowed:
            with pytest.raises(UsageError):
                act(self.database, job)
            return
        act(self.database, job)
        if model.holder:
            model.former.append(model.holder)
        model.holder = None
        model.state = CANCELLED if way == "cancel" else QUEUED
        if way == "retry":
            model.attempts, model.stuck, model.advanced = 0, 0, False

    @invariant()
    def the_database_agrees(self) -> None:
        there = {job.id: job for job in jobs(self.database) if job.id in self.model}
        assert {i: (j.state, j.attempts, j.stuck) for i, j in there.items()} == {
            i: (m.state, m.attempts, m.stuck) for i, m in self.model.items()
        }
        for i, model in self.model.items():
            assert (there[i].error is not None) == (model.state == FAILED)


def test_any_order_of_events(queue: Database) -> None:
    machine = type("QueueHere", (Queue,), {"database": queue})
    machine.TestCase.settings = hypothesis_settings(
        max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine.TestCase().runTest()
