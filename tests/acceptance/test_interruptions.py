"""Ctrl-C and `kill -9` in the middle: what is done stays, and the next run ends with the same graph."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from egraph.graph.connection import Database, open_database
from egraph.graph.graphs import count_graph, graphs
from egraph.graph.write import LANES
from egraph.settings import Settings, load_settings
from egraph_cli.main import INTERRUPTED

pytestmark = pytest.mark.slow

COMMAND = Path(sys.executable).parent / "egraph"
DAWDLING = """
import time

from egraph.demo.network import animals


def network():
    \"\"\"The demo's network; a batch of photos with their mirrors takes it a moment.\"\"\"
    module = animals()
    module.register_forward_pre_hook(lambda _, inputs: time.sleep(0.25 if len(inputs[0]) == 16 else 0))
    return module
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands run; the network lies there."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "dawdling.py").write_text(DAWDLING)
    return folder


@pytest.fixture(scope="module")
def command(world: Path) -> list[str]:
    """What is interrupted, without the folder of its database."""
    annotations = str(world / "annotations.json")
    network = ["--network", "dawdling:network", "--category", "horse"]
    return ["mine", str(world), "--annotations", annotations, *network, "--json"]


@pytest.fixture(scope="module")
def undisturbed(folder: Path, command: list[str]) -> Iterator[tuple[dict, str, dict]]:
    """What the command reports, and the graph's content and counts, when nothing disturbs it."""
    home = folder / "undisturbed"
    # This is made before the fixtures of a single test take a Neo4j out of the environment.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("NEO4J_")}
    egraph = partial(subprocess.run, cwd=folder, capture_output=True, text=True, check=True, env=alone)
    report = json.loads(egraph([COMMAND, "--home", home, *command]).stdout)
    with open_database(load_settings(alone, home=home)) as database:
        yield report, content(database, report["graph"]), count_graph(database, report["graph"])
    egraph([COMMAND, "--home", home, "db", "stop"])


@pytest.fixture
def settings(egraph_home: Path) -> Settings:
    """The settings of the database that the test's commands use."""
    return load_settings()


def content(database: Database, graph: str) -> str:
    """The hash of everything that was mined."""
    return database.read("read/graph", graph=graph)[0]["graph"]["content"]


def start(folder: Path, command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen([COMMAND, *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until the process is in the middle of a stage.

    Raises:
        AssertionError: it ended before.
    """
    while not reached():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def photos_kept(home: Path) -> int:
    """How many photos' responses are kept."""
    return sum(int((np.fromfile(marks, np.uint64) > 1).sum()) for marks in home.glob("cache/responses/*/marks"))


def batches_written(database: Database) -> int:
    """How many batches are written of all graphs together."""
    found = [database.read("read/graph", graph=graph.id)[0]["graph"] for graph in graphs(database)]
    return sum(int(graph[lane]) for graph in found for lane in LANES)


def batches_added(database: Database, before: int) -> bool:
    """Whether some batches were written since, and others are not yet."""
    return batches_written(database) > before + 1


def end_as_undisturbed(
    folder: Path, command: list[str], settings: Settings, undisturbed: tuple[dict, str, dict]
) -> str:
    """Run the command again; it must end with the same graph. Returns what it said of its progress."""
    report, whole, counts = undisturbed
    done = subprocess.run([COMMAND, *command], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {**json.loads(done.stdout), "seconds": 0} == {**report, "seconds": 0}
    with open_database(settings) as database:
        assert content(database, report["graph"]) == whole
        assert count_graph(database, report["graph"]) == counts
    return done.stderr


def interrupt(process: subprocess.Popen[str]) -> None:
    """Ctrl-C: one sentence, exit code 130, nothing on standard output."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == "" and "Traceback" not in err
    assert err.splitlines()[-1] == INTERRUPTED


def test_ctrl_c_while_the_network_runs(
    folder: Path, command: list[str], settings: Settings, undisturbed: tuple[dict, str, dict]
) -> None:
    process = start(folder, command)
    wait_until(lambda: photos_kept(settings.home) > 0, process)
    interrupt(process)
    assert 0 < photos_kept(settings.home) < 80
    end_as_undisturbed(folder, command, settings, undisturbed)


def test_ctrl_c_and_kill_while_the_graph_is_written(
    folder: Path, command: list[str], settings: Settings, undisturbed: tuple[dict, str, dict]
) -> None:
    asked = [COMMAND, "query", "steadiest-patterns", "-P", "category=horse"]
    with open_database(settings) as database:
        for end in (interrupt, subprocess.Popen.kill):
            process = start(folder, command)
            wait_until(partial(batches_added, database, batches_written(database)), process)
            end(process)
            process.wait()
            assert [graph.state for graph in graphs(database)] == ["writing"]
            # Half a graph answers nothing.
            assert subprocess.run(asked, capture_output=True, env=os.environ).returncode == 5
    said = end_as_undisturbed(folder, command, settings, undisturbed)
    assert "mining patterns: 384 done" in said
