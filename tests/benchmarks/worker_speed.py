"""What a worker costs: `python tests/benchmarks/worker_speed.py [NUMBER OF PHOTOS]`.

Processor time and memory of an idle worker before its first job; processor time of mining by a worker beside mining by
the command, each a process of its own, in turn; how busy two workers on two categories, of three times as many photos,
keep the processors, the database's work among it. On generated photos, with random weights of a ResNet-18, in an
embedded database in a fresh folder.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from egraph.demo.world import write_world
from egraph.graph import embedded
from egraph.graph.connection import open_database
from egraph.settings import load_settings
from egraph.worker.jobs import DONE, find_job

EGRAPH = str(Path(sys.executable).parent / "egraph")
TICK = os.sysconf("SC_CLK_TCK")
IDLE_SECONDS = 20.0
PAIRS = 5


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def memory_mb(pid: int) -> float:
    """Memory that a process holds, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def machine_seconds() -> float:
    """Processor time that the whole machine has used."""
    user, nice, system, _idle, _wait, *interrupts = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8]
    )
    return (user + nice + system + sum(interrupts)) / TICK


def run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Processor and wall seconds of a command."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return used, time.perf_counter() - start


def main() -> None:
    """Print what was measured."""
    photos = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {"EGRAPH_HOME": f"{scratch}/home", "EGRAPH_IDLE_MINUTES": "60"}
        environment.pop("NEO4J_URI", None)
        settings = load_settings(environment)
        subprocess.run([EGRAPH, "db", "init"], check=True, env=environment, stdout=subprocess.DEVNULL)
        write_world(Path(scratch) / "bird", "bird", photos, seed=1)
        for kind in ("horse", "rabbit"):
            write_world(Path(scratch) / kind, kind, 3 * photos, seed=1)

        def mine(kind: str, name: str) -> list[str]:
            annotations = f"{scratch}/{kind}/annotations.json"
            what = ["--network", "resnet18", "--weights", "random", "--category", kind, "--name", name]
            return [EGRAPH, "mine", f"{scratch}/{kind}", "--annotations", annotations, *what, "--quiet"]

        def put(command: list[str]) -> str:
            command = [*command, "--queue"]
            done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
            return done.stdout.strip()

        def forget() -> None:
            shutil.rmtree(f"{scratch}/home/cache", ignore_errors=True)

        idle = subprocess.Popen([EGRAPH, "worker"], env=environment, stderr=subprocess.DEVNULL)
        time.sleep(5)
        used = processor_seconds(idle.pid)
        time.sleep(IDLE_SECONDS)
        share = (processor_seconds(idle.pid) - used) / IDLE_SECONDS
        print(f"idle worker: {share:.2%} of one processor, {memory_mb(idle.pid):.0f} MB")
        idle.terminate()
        idle.wait()

        pairs = []
        for number in range(PAIRS):
            forget()
            direct = run(mine("bird", f"direct{number}"), environment)
            forget()
            put(mine("bird", f"worker{number}"))
            pairs.append((direct, run([EGRAPH, "worker", "--once"], environment)))
            print(f"mining, processor (wall) seconds: command {direct[0]:.1f} ({direct[1]:.1f}),", end=" ")
            print(f"worker {pairs[-1][1][0]:.1f} ({pairs[-1][1][1]:.1f})")
        overhead = statistics.median(worker[0] / direct[0] - 1 for direct, worker in pairs)
        print(f"overhead of the worker: {overhead:+.1%} of the processor time of mining (median of {PAIRS})")

        forget()
        queued = [put(mine(kind, "two")) for kind in ("horse", "rabbit")]
        two = {**environment, "OMP_NUM_THREADS": "1"}
        before = machine_seconds()
        used, wall = run([EGRAPH, "worker", "--once", "--concurrency", "2"], two)
        busy = (machine_seconds() - before) / wall
        with open_database(settings) as database:
            assert all(find_job(database, job).state == DONE for job in queued)
        print(f"two categories, two workers of one thread: {used:.1f} processor seconds in {wall:.1f};", end=" ")
        print(f"the workers kept {used / wall:.2f}, with the database {busy:.2f} of {os.cpu_count()} processors busy")
        embedded.stop(settings)


if __name__ == "__main__":
    main()
