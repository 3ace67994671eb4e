"""Many jobs under everything that can happen: `PYTHONPATH=tests python tests/benchmarks/endurance.py [JOBS]`.

Three workers mine the same generated photos under as many names, while at random one of them is killed and replaced, or
put to sleep for longer than its lease, graphs are removed, removals are killed in the middle, and the database is ended
twice (the embedded one is killed; a Neo4j that NEO4J_URI names, by EGRAPH_BENCH_NEO4J: see server.py). In the end every
graph is made again that was removed, and compared with one that nothing disturbed: its counts, and the hashes of
everything that is read back. Prints what was done and found; ends with 1 if anything differs, or a job failed for
another reason than a removal.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

import neo4j
from server import COMMAND, serve

from egraph.commands.mine import mine_category
from egraph.commands.requests import MineRequest
from egraph.demo.world import write_world
from egraph.errors import DatabaseError, EgraphError, NothingYetError
from egraph.graph import embedded
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph
from egraph.graph.graphs import count_graph, graphs
from egraph.graph.read import read_graph
from egraph.settings import Settings, load_settings
from egraph.worker.job_kinds import submit_request
from egraph.worker.jobs import DONE, ENDED, FAILED, RUNNING, Job, jobs, retry
from support.workers import Worker

WORKERS = 3
LEASE = 3.0
PHOTOS = 8
SEED = 0
DISTURBED_AFTER = 2
"""Something happens whenever so many jobs have ended."""

TOLD_SECONDS = 30.0
EGRAPH = str(Path(sys.executable).parent / "egraph")
FIRINGS = (Path(__file__).parent / "firings.cypher").read_text(encoding="utf-8")
REMOVED = ("removed", "being removed")


class Endurance:
    """One run: its workers, what was done to them, and what was seen."""

    def __init__(self, settings: Settings, request: MineRequest, number: int, folder: Path) -> None:
        self.settings, self.request, self.folder = settings, request, folder
        self.names = [f"graph-{n:03d}" for n in range(number)]
        self.random = random.Random(SEED)
        self.did: Counter[str] = Counter()
        self.workers: list[Worker] = []
        self.asleep: list[tuple[float, Worker]] = []
        self.removals: list[tuple[float, subprocess.Popen[bytes]]] = []
        self.dead: dict[str, tuple[int, float]] = {}
        """Jobs whose worker was killed: the token that it had, and when, put off by the time the database was away."""
        self.waits: list[float] = []
        self.unexplained: list[str] = []

    def start(self) -> None:
        """Start one more worker."""
        environment = {"EGRAPH_LEASE": str(LEASE), "OMP_NUM_THREADS": "1"}
        self.workers.append(Worker(self.folder, forked=True, **environment))

    def disturb(self, known: list[Job]) -> None:
        """Do one of the things that can happen."""
        what = self.random.choices(["kill", "sleep", "remove", "cut removal"], [4, 2, 1, 2])[0]
        worker = self.random.choice(self.workers)
        if what == "kill":
            for job in known:
                if job.state == RUNNING and str(job.worker).startswith(f"{os.uname().nodename}-{worker.pid}-"):
                    self.dead[job.id] = (job.token, time.monotonic())
            worker.kill()
            self.workers.remove(worker)
            self.start()
        elif what == "sleep":
            worker.signal(signal.SIGSTOP)
            self.workers.remove(worker)
            self.asleep.append((time.monotonic() + 1.5 * LEASE, worker))
            self.start()
        else:
            begun = [job.parameters["name"] for job in known if job.state != "queued"]
            if not begun:
                return
            graph = self.graph(self.random.choice(begun[-12:]))
            # In a group of its own, so that nothing of it outlives its end.
            command = [EGRAPH, "graph", "remove", graph, "--yes", "--quiet"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            ends = time.monotonic() + (1e9 if what == "remove" else self.random.uniform(1.5, 4.0))
            self.removals.append((ends, process))
        self.did[what] += 1

    def graph(self, name: str) -> str:
        """The id of a graph by its name."""
        return f"{self.network}/{self.request.category}/{name}"

    def tick(self, known: list[Job]) -> None:
        """What follows from earlier disturbances."""
        now = time.monotonic()
        for when, worker in [one for one in self.asleep if one[0] < now]:
            self.asleep.remove((when, worker))
            worker.signal(signal.SIGCONT)
            # It finds that it has lost its job, gives up what it took since, and ends.
            worker.signal(signal.SIGTERM)
        for ends, process in list(self.removals):
            if process.poll() is not None:
                self.removals.remove((ends, process))
            elif ends < now:
                process.kill()
        for job in known:
            token, when = self.dead.get(job.id, (job.token, now))
            if job.id in self.dead and (job.token != token or job.state != RUNNING):
                self.waits.append(now - when)
                del self.dead[job.id]
            if job.state == FAILED and not any(word in str(job.error) for word in REMOVED):
                self.unexplained.append(f"{job.parameters['name']}: {job.error}")

    def restart_database(self) -> None:
        """End the database as hard as can be done here, and have it started again."""
        self.did["database restart"] += 1
        if self.settings.embedded:
            pid = embedded.status(self.settings).pid
            if pid:
                os.kill(pid, signal.SIGKILL)
        elif COMMAND:
            serve("stop")
            serve("start")

    def run(self, network: str) -> None:
        """Queue all jobs, disturb them until all have ended, then make again what was removed."""
        self.network = network
        with self.open() as database:
            ensure_schema(database)
            for name in self.names:
                submit_request(database, "mine", replace(self.request, name=name))
        for _ in range(WORKERS):
            self.start()
        restarts = [len(self.names) // 3, 2 * len(self.names) // 3]
        disturbed, told = 0, time.monotonic()
        while True:
            time.sleep(0.5)
            asked = time.monotonic()
            known = self.known()
            self.dead = {job: (token, when + time.monotonic() - asked) for job, (token, when) in self.dead.items()}
            if known is None:
                continue
            self.tick(known)
            ended = [job for job in known if job.state in ENDED]
            if len(ended) == len(known):
                break
            if restarts and len(ended) >= restarts[0]:
                restarts.pop(0)
                self.restart_database()
            elif len(ended) >= disturbed + DISTURBED_AFTER:
                disturbed = len(ended)
                self.disturb(known)
            if time.monotonic() - told > TOLD_SECONDS:
                told = time.monotonic()
                print(dict(Counter(job.state for job in known)), dict(self.did), file=sys.stderr, flush=True)
        self.settle()

    def open(self) -> AbstractContextManager[Database]:
        """The database, as another process sees it."""
        return open_database(self.settings)

    def known(self) -> list[Job] | None:
        """All jobs; None while the database is away."""
        try:
            with self.open() as database:
                return jobs(database)
        except DatabaseError:
            return None

    def settle(self) -> None:
        """Finish removals, and have made again what is not there."""
        for _, process in self.removals:
            process.wait(300)
        for _, worker in self.asleep:
            worker.signal(signal.SIGCONT)
            worker.signal(signal.SIGTERM)
        with self.open() as database:
            for graph in graphs(database):
                if graph.state == "deleting":
                    self.did["unfinished removal"] += 1
                    with suppress(NothingYetError):
                        delete_graph(database, graph.id)
            there = {graph.name for graph in graphs(database) if graph.state == "complete"}
            known = {job.parameters["name"]: job for job in jobs(database)}
            for name in self.names:
                if name in there:
                    self.did["done job"] += known[name].state == DONE
                    continue
                self.did["made again"] += 1
                if known[name].state == DONE:
                    submit_request(database, "mine", replace(self.request, name=name))
                else:
                    retry(database, known[name])
        while any(job.state not in ENDED for job in self.known() or []):
            time.sleep(0.5)
        for worker in self.workers:
            worker.signal(signal.SIGTERM)
            worker.wait(60)

    def check(self, reference: tuple[dict[str, int], str, str]) -> int:
        """How many graphs are not the undisturbed one."""
        wrong = 0
        with self.open() as database:
            there = {graph.id: graph.state for graph in graphs(database)}
            for name in self.names:
                id_ = self.graph(name)
                found = seen(self.settings, database, id_) if there.get(id_) == "complete" else None
                if found != reference:
                    wrong += 1
                    print(f"  {id_} {there.get(id_)}: {found} instead of {reference}")
            wrong += len(there) - len(self.names)
        return wrong


def seen(settings: Settings, database: Database, graph: str) -> tuple[dict[str, int], str, str]:
    """A graph's counts, the hash of what is read back, and that of its firings, whatever its name."""
    read = replace(read_graph(database, graph), name="any")
    password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else ""
    if settings.embedded:
        password = embedded.status(settings).password_file.read_text().strip()
    with neo4j.GraphDatabase.driver(database.address, auth=(database.user, password)) as driver:
        rows = [r.data() for r in driver.execute_query(FIRINGS, graph=graph, database_=database.name).records]
    firings = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    return count_graph(database, graph), content_hash(read), firings


def main() -> None:
    """Run, compare and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    os.environ |= {"EGRAPH_POLL": "0.5", "OMP_NUM_THREADS": "1", "EGRAPH_PATIENCE": "30"}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_world(folder / "world", "horse", 2 * PHOTOS, seed=5)
        request = MineRequest(
            *(folder / "world", "egraph.demo.network:animals", None, "horse", folder / "world" / "annotations.json"),
            layers=["block3", "block4"],
            limit=PHOTOS,
        )
        alone = Settings(home=folder / "alone", wal_flush=0)
        network = mine_category(alone, request).graph.partition("/")[0]
        with open_database(alone) as database:
            reference = seen(alone, database, f"{network}/horse/default")
        embedded.stop(alone)
        os.environ["EGRAPH_HOME"] = str(folder / "home")
        (folder / "home").mkdir()
        settings = load_settings()
        run = Endurance(settings, request, number, folder)
        began = time.monotonic()
        try:
            run.run(network)
            minutes = (time.monotonic() - began) / 60
            wrong = run.check(reference)
        finally:
            for worker in (*run.workers, *(worker for _, worker in run.asleep)):
                worker.kill()
            if settings.embedded:
                with suppress(EgraphError):
                    embedded.stop(settings)
    print(f"{'embedded' if settings.embedded else 'Neo4j'}: {number} jobs in {minutes:.1f} minutes")
    print("  " + ", ".join(f"{what}: {count}" for what, count in sorted(run.did.items())))
    waits = sorted(run.waits)
    if waits:
        print(
            f"  {len(waits)} jobs of dead workers were taken after {waits[len(waits) // 2]:.1f} s (median), at most "
            f"{waits[-1]:.1f} s, not counted while the database was away; the lease is {LEASE:.0f} s"
        )
    print(f"  jobs that failed for another reason than a removal: {len(set(run.unexplained))}")
    for line in sorted(set(run.unexplained)):
        print(f"    {line}")
    print(f"  graphs that are not the undisturbed one: {wrong}")
    sys.exit(1 if wrong or run.unexplained else 0)


if __name__ == "__main__":
    main()
