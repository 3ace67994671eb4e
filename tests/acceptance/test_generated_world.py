"""The main job on generated photos with the network that was trained on them, from mining to removing the part."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import neo4j
import pytest

from egraph.graph.connection import open_database
from egraph.graph.read import graph_objects
from egraph.settings import load_settings

pytestmark = pytest.mark.slow

NETWORK = ("--network", "egraph.demo.network:animals", "--category", "horse")
HEAD = ("--category", "horse", "--part", "head")
ABOUT_HEAD = ("-P", "category=horse", "-P", "part=head")
HERE = Path(__file__).parent

Json = Callable[..., dict]


@pytest.fixture
def job(egraph: Callable, world: Path) -> Json:
    """`job(command, …)` runs a command with --json; its standard output is JSON and nothing else."""
    annotations = world / "annotations.json"
    typed = {
        "mine": ("mine", world, "--annotations", annotations, *NETWORK, "--limit", 16),
        "import": ("part", "import", annotations, *HEAD, "--limit", 3),
        "ask": ("query", "fires-together", *ABOUT_HEAD),
    }
    return lambda command, *more: json.loads(egraph(*typed[command], *more, "--json").stdout)


def census(egraph: Callable) -> dict[str, int]:
    """How many nodes of each label and relationships of each type the embedded database holds."""
    status = json.loads(egraph("db", "status", "--json").stdout)
    password = Path(status["password_file"]).read_text().strip()
    with neo4j.GraphDatabase.driver(status["address"], auth=(status["user"], password)) as driver:
        found = [
            record
            for name in ("nodes", "relationships")
            for record in driver.execute_query((HERE / f"{name}.cypher").read_text()).records
        ]
    return {record["kind"]: record["number"] for record in found}


def test_from_photos_to_an_answer_and_back(egraph, job: Json) -> None:
    report = job("mine")
    assert set(report) == {"graph", "patterns", "edges", "photos", "seconds"}
    assert set(report["edges"]) == {"CO_ACTIVATES_WITH", "DISPLACED_FROM"}
    assert set(report["seconds"]) == {"forward", "mining", "explaining", "writing"}
    assert report["photos"] == {"used": 16, "skipped": []}
    assert report["graph"].startswith("animals@") and report["graph"].endswith("/horse/default")

    labels = job("import")
    assert (labels["labels"], labels["graphs"]) == (3, [report["graph"]]) and labels["firings"] > 0
    held = census(egraph)
    # The patterns' edges to their filter and to their graph, and the objects' to the graph, come on top.
    assert held["Pattern"] == report["patterns"] == held["SEPARATED_FROM"]
    assert held["IN_GRAPH"] == held["Pattern"] + held["Object"]
    assert {kind: held.get(kind, 0) for kind in report["edges"]} == report["edges"]
    assert (held["ExplanatoryGraph"], held["Object"], held["Part"], held["SHOWS"]) == (1, 16, 1, 3)

    answer = job("ask")
    assert set(answer) == {"question", "parameters", "columns", "rows", "truncated", "hints"}
    assert "counted over 3 labelled objects alone" in answer["hints"][0]
    assert answer["question"] == "fires-together" and answer["parameters"]["category"] == "horse"
    assert answer["rows"] and all(list(row) == answer["columns"] for row in answer["rows"])
    assert all(row["photos"] > 0 for row in answer["rows"] if row["partner"]), "few photos show few partners"
    table = list(csv.DictReader(io.StringIO(egraph("query", "fires-together", *ABOUT_HEAD, "--csv").stdout)))
    assert [row["pattern"] for row in table] == [row["pattern"] for row in answer["rows"]]
    lines = egraph("query", "fires-together", *ABOUT_HEAD).stdout.splitlines()
    assert lines[0].split()[0] == "pattern" and len(lines) == len(answer["rows"]) + 1
    assert [line.split()[0] for line in lines[1:]] == [row["pattern"] for row in answer["rows"]]

    listed = {"category": "horse", "part": "head", "objects": 3, "boxes": 3, "without_graph": 0}
    assert json.loads(egraph("part", "list", "--json").stdout) == [listed | {"photos_without_graph": []}]
    egraph("part", "remove", *HEAD, "--yes")
    assert json.loads(egraph("part", "list", "--json").stdout) == []
    sentence = egraph("query", "fires-together", *ABOUT_HEAD, code=5).stderr
    assert "egraph part import annotations.json --category horse --part head" in sentence


def test_mining_again_changes_nothing_and_runs_no_network(egraph_here, world: Path, tmp_path: Path) -> None:
    annotations = world / "annotations.json"
    mine = ("mine", world, "--annotations", annotations, *NETWORK, "--limit", 16)
    name = ("part", "import", annotations, *HEAD, "--limit", 3, "--json")
    ask = ("query", "fires-together", *ABOUT_HEAD, "--json")
    first = json.loads(egraph_here(*mine, "--json").stdout)
    labels = egraph_here(*name).stdout
    held, answer = census(egraph_here), egraph_here(*ask).stdout
    again = egraph_here(*mine)
    assert "is there already" in again.stdout
    assert "running the network" not in again.stderr and "writing" not in again.stderr
    report = json.loads(egraph_here(*mine, "--json").stdout)
    assert report == {**first, "seconds": {"forward": 0, "mining": 0, "explaining": 0, "writing": 0}}
    assert egraph_here(*name).stdout == labels
    assert census(egraph_here) == held
    assert egraph_here(*ask).stdout == answer

    elsewhere = shutil.copytree(world, tmp_path / "moved")
    objects = ("query", "objects", "-P", "category=horse", "--json")
    assert "is there already" in egraph_here("mine", elsewhere, "--annotations", annotations, *mine[4:]).stdout
    photos = [row["photo"] for row in json.loads(egraph_here(*objects).stdout)["rows"]]
    assert len(photos) == 16 and {Path(photo).parents[1] for photo in photos} == {elsewhere}
    place = ("graph", "place", world, "--annotations", annotations, "--category", "horse", "--limit", 20)
    told = egraph_here(*place).stdout
    assert "Noted where the photos of 16 objects are now." in told
    photos = [row["photo"] for row in json.loads(egraph_here(*objects).stdout)["rows"]]
    assert {Path(photo).parents[1] for photo in photos} == {world}
    assert "Noted" not in egraph_here(*place).stdout


def test_labels_may_come_before_the_graph(egraph_here, world: Path, tmp_path: Path) -> None:
    mine = ("mine", world, "--annotations", world / "annotations.json", *NETWORK, "--limit", 16, "--json")
    name = ("part", "import", world / "annotations.json", *HEAD, "--json")
    answers = []
    for home, commands in (("after", (mine, name)), ("before", (name, mine))):
        try:
            for command in commands:
                egraph_here("--home", tmp_path / home, *command)
            asked = egraph_here("--home", tmp_path / home, "query", "fires-together", *ABOUT_HEAD, "--json")
            answers.append(json.loads(asked.stdout))
        finally:
            egraph_here("--home", tmp_path / home, "db", "stop")
    assert answers[0]["rows"]
    assert answers[0] == answers[1]


def test_a_second_graph_stands_beside(egraph_here, egraph_home: Path, world: Path) -> None:
    mine = ("mine", world, "--annotations", world / "annotations.json", *NETWORK, "--limit", 8, "--json")
    first = json.loads(egraph_here(*mine).stdout)
    alone = census(egraph_here)
    second = json.loads(egraph_here(*mine, "--name", "second").stdout)
    assert second["graph"] == first["graph"].removesuffix("default") + "second"
    assert {**second, "graph": 0, "seconds": 0} == {**first, "graph": 0, "seconds": 0}
    both = census(egraph_here)
    shared = ("Network", "Layer", "Filter", "Object", "IN_LAYER", "IN_NETWORK")
    assert all(both[kind] == alone[kind] for kind in shared)
    assert all(both[kind] == 2 * alone[kind] for kind in ("ExplanatoryGraph", "Pattern", "DISPLACED_FROM", "FIRES_ON"))

    egraph_here("part", "import", world / "annotations.json", *HEAD, "--limit", 3)
    asked = ("query", "fires-together", *ABOUT_HEAD, "--json")
    sentence = egraph_here(*asked, code=2).stderr
    assert first["graph"] in sentence and second["graph"] in sentence
    rows = [json.loads(egraph_here(*asked, "-P", f"graph={name}").stdout)["rows"] for name in ("default", "second")]
    assert rows[0] and [{k: v for k, v in row.items() if k not in ("pattern", "partner")} for row in rows[0]] == [
        {k: v for k, v in row.items() if k not in ("pattern", "partner")} for row in rows[1]
    ]
    sentence = egraph_here(*mine, "--seed", 3, code=2).stderr
    assert "--name" in sentence and f"egraph graph remove {first['graph']}" in sentence
    egraph_here("graph", "remove", second["graph"], "--yes")
    egraph_here("part", "remove", *HEAD, "--yes")
    left = census(egraph_here)
    assert {kind: left.get(kind, 0) for kind in alone} == alone | {"FIRES_ON": left["FIRES_ON"]}


def test_a_folder_limit_and_seed(egraph_here, egraph_home: Path, world: Path) -> None:
    def mined(name: str, *more: object) -> set[str]:
        command = ("mine", world / "images", *NETWORK, "--name", name, *more, "--json")
        report = json.loads(egraph_here(*command).stdout)
        with open_database(load_settings()) as database:
            ids = {o.id for o in graph_objects(database, report["graph"])}
        assert len(ids) == report["photos"]["used"]
        return ids

    six, same, other = mined("a", "--limit", 6), mined("b", "--limit", 6), mined("c", "--limit", 6, "--seed", 1)
    nine = mined("d", "--limit", 9)
    assert len(six) == 6 and six == same and six != other
    assert len(nine) == 9 and six < nine


def test_asking_imports_no_torch(egraph_here, egraph_home: Path, world: Path) -> None:
    egraph_here("mine", world, "--annotations", world / "annotations.json", *NETWORK, "--limit", 8)
    egraph_here("part", "import", world / "annotations.json", *HEAD, "--limit", 3)
    program = """
import sys
from egraph_cli.main import outcome
code = outcome()
sys.stdout.flush()
print(sorted({"torch", "torchvision", "scipy", "sklearn", "PIL"} & set(sys.modules)), file=sys.stderr)
sys.exit(code)
"""
    for command in (("query", "fires-together", *ABOUT_HEAD), ("part", "list"), ("graph", "list"), ("db", "status")):
        ran = subprocess.run(
            [sys.executable, "-c", program, *command], capture_output=True, text=True, env=os.environ, timeout=60
        )
        assert (ran.returncode, ran.stderr.splitlines()[-1]) == (0, "[]"), (command, ran.stderr)
        assert ran.stdout
