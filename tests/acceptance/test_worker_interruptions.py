"""A mining worker is killed, stopped, paused and cut off at every step: the graph is the same, bit for bit."""

import json
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from egraph.commands.mine import mine_category
from egraph.commands.requests import MineRequest
from egraph.graph import embedded
from egraph.graph.connection import Database, open_database
from egraph.graph.delete import delete_graph
from egraph.graph.graphs import count_graph, graphs
from egraph.graph.parts import add_labels, remove_part
from egraph.photos.annotations import read_annotations
from egraph.settings import Settings, load_settings
from egraph.worker.job_kinds import submit_request
from egraph.worker.jobs import DEATHS, DONE, QUEUED, RUNNING, Job, find_job, retry
from support.line import Line
from support.servers import on_every_database, on_every_neo4j
from support.workers import COMMAND, Worker, seen, until

pytestmark = pytest.mark.slow

KILLED_AT = [
    "claimed",
    "running the network",
    "file written beside:2",
    "layer kept",
    "nodes written",
    "before the last commit",
]
"""In the order in which a job comes by; the first file is the responses' calibration, the second the top layer."""

STOPPED_AT = [
    "reading photos",
    "running the network:2",
    "solving orientation",
    "mining anchors",
    "mining patterns",
    "running the network on surroundings",
    "explaining activation",
    "writing:2",
    "placing patterns on labelled objects",
]


@pytest.fixture(scope="module")
def category() -> str:
    """A category that no other file's tests know."""
    return f"horse-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def request_(world: Path, tmp_path_factory: pytest.TempPathFactory, category: str) -> MineRequest:
    """What is mined: twelve of the generated photos."""
    coco = json.loads((world / "annotations.json").read_text())
    for one in coco["categories"]:
        one |= {key: category for key in ("name", "supercategory") if one[key] == "horse"}
    file = tmp_path_factory.mktemp("asked") / "annotations.json"
    file.write_text(json.dumps(coco))
    return MineRequest(world, "egraph.demo.network:animals", None, category, file, limit=12)


@pytest.fixture(scope="module")
def undisturbed(request_: MineRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, dict[str, int]]:
    """The graph's id, content and counts where nothing disturbs the mining."""
    settings = Settings(home=tmp_path_factory.mktemp("undisturbed"), wal_flush=0)
    with open_database(settings) as database:
        label(database, request_)
    report = mine_category(settings, request_)
    with open_database(settings) as database:
        found = report.graph, content(database, report.graph), count_graph(database, report.graph)
    embedded.stop(settings)
    return found


def label(database: Database, request: MineRequest) -> None:
    """Name a part, so that patterns are placed on the labelled objects too."""
    assert request.annotations
    photos = read_annotations(request.annotations, request.photos, request.category, limit=12)
    add_labels(database, photos.objects[:3], request.category, "head")


def content(database: Database, graph: str) -> str:
    """The hash of everything that was mined."""
    return database.read("read/graph", graph=graph)[0]["graph"]["content"]


def assert_same(database: Database, job: str, undisturbed: tuple[str, str, dict[str, int]]) -> Job:
    """The job is done, and its graph is the undisturbed one, with every node and edge once."""
    graph, whole, counts = undisturbed
    ended = find_job(database, job)
    assert (ended.state, ended.graph) == (DONE, graph)
    assert content(database, graph) == whole
    assert count_graph(database, graph) == counts
    return ended


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start a worker, to be killed at a failpoint if one is named; it is gone at the end."""
    started: list[Worker] = []

    def start(at: str = "", *arguments: str, forked: bool = True, **environment: str) -> Worker:
        more = {"EGRAPH_FAILPOINT": at, **environment}
        started.append(Worker(tmp_path, "--once", *arguments, forked=forked, **more))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


@pytest.fixture
def database(database_settings: Settings, request_: MineRequest) -> Iterator[Database]:
    """The database of the test's workers; what the test made is removed from a server."""
    with open_database(database_settings) as database:
        label(database, request_)
        yield database
        if database.embedded:
            return
        for graph in graphs(database):
            if graph.category == request_.category:
                delete_graph(database, graph.id)
        remove_part(database, request_.category, "head")


@on_every_database
def test_killed_at_every_step(database: Database, request_: MineRequest, undisturbed: tuple, start: Callable) -> None:
    """Worker after worker is killed, each one step further on; the last one ends the job."""
    job = submit_request(database, "mine", request_)
    for number, step in enumerate(KILLED_AT):
        # Late, so that a beat has told how far it came: steps of small jobs are shorter than the time between beats.
        start(step if step == "claimed" else f"{step} LATE").ends(-signal.SIGKILL)
        held = find_job(database, job)
        assert (held.state, held.attempts, len(held.deaths)) == (RUNNING, number + 1, number)
        begun = [graph for graph in graphs(database) if graph.category == request_.category]
        assert step in ("nodes written", "before the last commit") or not begun
    start("after the last commit").ends(-signal.SIGKILL)
    ended = assert_same(database, job, undisturbed)
    # It got further every time, so it was never given up.
    assert len(ended.deaths) == len(KILLED_AT) and ended.stuck < DEATHS
    start().ends(0)
    assert assert_same(database, job, undisturbed) == ended


@on_every_database
def test_asked_to_stop_at_every_step(
    database: Database, request_: MineRequest, undisturbed: tuple, start: Callable
) -> None:
    """Worker after worker is asked to stop, each one stage further on, and gives the job back."""
    job = submit_request(database, "mine", request_)
    for step in STOPPED_AT:
        start(f"{step} TERM").ends(0)
        held = find_job(database, job)
        assert (held.state, held.attempts, held.worker) == (QUEUED, 0, None), step
        assert any("given back by" in line for line in held.log)
    start().ends(0)
    assert assert_same(database, job, undisturbed).attempts == 1


def test_a_worker_that_wakes_in_the_middle_of_a_layer_spoils_nothing(
    database: Database, request_: MineRequest, undisturbed: tuple, start: Callable
) -> None:
    """Both have the same home: what the first one goes on writing must not end in what the second one keeps."""
    job = submit_request(database, "mine", request_)
    sleepy = start("mining patterns:2 STOP")
    until(sleepy.stopped)
    second = start("mining patterns:2 STOP", "--lease", "20")
    until(second.stopped)
    sleepy.signal(signal.SIGCONT)
    until(lambda: "another worker's now" in sleepy.said)
    second.signal(signal.SIGCONT)
    second.ends(0)
    sleepy.ends(0)
    assert assert_same(database, job, undisturbed).attempts == 2


@on_every_database
def test_a_worker_that_wakes_after_its_lease_writes_nothing(
    database: Database, request_: MineRequest, undisturbed: tuple, start: Callable
) -> None:
    """One worker is killed while it writes, the next falls asleep between two batches; another one takes its job, and
    falls asleep itself before its last commit; the first wakes, finds that it may not write, and the second one goes
    on."""
    job = submit_request(database, "mine", request_)
    start("nodes written").ends(-signal.SIGKILL)
    assert [graph.state for graph in graphs(database) if graph.category == request_.category] == ["writing"]
    sleepy = start("nodes written STOP")
    until(sleepy.stopped)
    before = find_job(database, job).attempts
    second = start("before the last commit STOP", "--lease", "20")
    until(second.stopped)
    counted = count_graph(database, undisturbed[0])
    sleepy.signal(signal.SIGCONT)
    until(lambda: "another worker's now" in sleepy.said)
    assert count_graph(database, undisturbed[0]) == counted
    assert find_job(database, job).state == RUNNING
    second.signal(signal.SIGCONT)
    second.ends(0)
    sleepy.ends(0)
    assert assert_same(database, job, undisturbed).attempts == before + 1


@on_every_database
def test_a_removal_that_is_cut_off_stops_the_writer(
    database: Database, request_: MineRequest, undisturbed: tuple, start: Callable
) -> None:
    """`egraph graph remove` is killed behind its first batch while a worker writes: the graph is not called complete,
    the job says why it failed, the same command finishes the removal, and the job can be tried again."""
    graph = undisturbed[0]
    job = submit_request(database, "mine", request_)
    worker = start("writing:2 STOP", "--lease", "30")
    until(worker.stopped)

    def remove(at: str) -> int:
        environment = os.environ | {"EGRAPH_FAILPOINT": at}
        return subprocess.run([COMMAND, "graph", "remove", graph, "--yes", "--quiet"], env=environment).returncode

    assert remove("patterns removed") == -signal.SIGKILL
    worker.signal(signal.SIGCONT)
    worker.ends(0)
    failed = find_job(database, job)
    assert (failed.state, failed.graph) == ("failed", None)
    # The one at its next batch, the other when it tries again after a lost connection or a lock.
    assert any(words in str(failed.error) for words in ("a removal goes first", "is being removed"))
    assert [one.state for one in graphs(database) if one.id == graph] == ["deleting"]
    retry(database, failed)
    start().ends(0)
    assert "is being removed" in str(find_job(database, job).error)
    assert remove("") == 0
    assert graph not in [one.id for one in graphs(database)]
    retry(database, failed)
    start().ends(0)
    assert_same(database, job, undisturbed)


@on_every_neo4j
def test_the_database_goes_away_and_comes_back(
    database: Database, request_: MineRequest, undisturbed: tuple, start: Callable
) -> None:
    line = Line(database.address)
    job = submit_request(database, "mine", request_)
    worker = start("layer kept STOP", "--log-format", "json", NEO4J_URI=line.uri, EGRAPH_PATIENCE="0.5")
    until(worker.stopped)
    with line.cut():
        # It goes on without the database up to its patience, keeps what it has, and waits.
        worker.signal(signal.SIGCONT)
        until(lambda: "paused" in worker.said)
    until(lambda: "going on" in worker.said)
    assert all(line["worker"] for line in map(json.loads, worker.ends(0).splitlines()))
    assert assert_same(database, job, undisturbed).attempts == 1
    line.close()


def test_the_database_is_killed_in_the_middle_of_writing(
    database: Database, request_: MineRequest, undisturbed: tuple, start: Callable
) -> None:
    job = submit_request(database, "mine", request_)
    worker = start("writing:2 STOP", "--lease", "30")
    until(worker.stopped)
    pid = embedded.status(load_settings()).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    worker.signal(signal.SIGCONT)
    worker.ends(0)
    assert assert_same(database, job, undisturbed).attempts == 1


def test_a_job_that_cannot_work_fails_once_with_the_sentence(
    database: Database, request_: MineRequest, start: Callable, tmp_path: Path
) -> None:
    job = submit_request(database, "mine", replace(request_, photos=tmp_path / "nowhere", annotations=None))
    other = submit_request(database, "mine", replace(request_, device="no such thing"))
    start(forked=False).ends(0)
    failed = seen(database, job)
    assert (failed.state, failed.attempts) == ("failed", 1)
    assert str(tmp_path / "nowhere") in str(failed.error) and str(failed.error).endswith(".")
    assert seen(database, other).state == "failed"


def test_every_kind_of_job_from_the_command_line(
    database: Database, request_: MineRequest, world: Path, start: Callable, egraph_here: Callable
) -> None:
    kind, network = ("--category", request_.category), ("--network", request_.network)
    boxes = ("--annotations", request_.annotations)
    first = json.loads(egraph_here("mine", world, *boxes, *kind, *network, "--limit", 12, "--queue", "--json").stdout)
    place = ("graph", "place", world, *boxes, *kind)
    once, twice = (egraph_here(*place, "--limit", 16, "--queue") for _ in range(2))
    assert once.stdout == twice.stdout and "The same" not in once.stderr
    assert "The same job waits already" in twice.stderr
    assert "no boxes of tail" in egraph_here("aog", "build", *kind, "--part", "tail", "--queue", code=5).stderr
    # Taken in this order: the others need the graph.
    queued = [
        first["job"],
        twice.stdout.strip(),
        egraph_here("aog", "build", *kind, "--part", "head", "--queue", "--priority", -1).stdout.strip(),
    ]
    start().ends(0)
    mined, placed, built = (json.loads(egraph_here("jobs", "wait", job, "--json").stdout) for job in queued)
    assert [job["kind"] for job in (mined, placed, built)] == ["mine", "firings", "aog"]
    assert mined["graph"] == placed["graph"] == f"animals@{mined['graph'][8:20]}/{request_.category}/default"
    assert built["graph"] == f"{mined['graph']}/head/default"
    again = json.loads(egraph_here(*place, "--limit", 20, "--json").stdout)
    assert again["photos"] == {"placed": 4, "already": 16, "skipped": []} and again["firings"] > 0
    sentence = egraph_here("mine", world, *network, "--category", "a/b", "--queue", code=2).stderr
    assert "has no slash" in sentence
