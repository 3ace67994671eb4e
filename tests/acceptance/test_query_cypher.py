"""`egraph query --cypher` and `--file`, as typed."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from egraph.graph.connection import open_database
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import load_settings
from support.synthetic import synthetic_graph

COUNT = """// How many?
MATCH (p:Pattern) WHERE p.support >= $least RETURN p.layer AS layer, count(*) AS patterns ORDER BY layer"""


@pytest.fixture
def mined(egraph_home: Path) -> MinedGraph:
    graph = synthetic_graph("horse")
    with open_database(load_settings()) as database:
        write_graph(database, graph)
    return graph


def test_own_cypher(egraph_here, mined: MinedGraph, tmp_path: Path) -> None:
    expected = [
        {"layer": layer, "patterns": int((mined.patterns[layer].support >= 6).sum())}
        for layer in sorted(mined.patterns)
    ]
    (tmp_path / "how many.cypher").write_text(COUNT, encoding="utf-8-sig")
    for where in (("--cypher", COUNT), ("-f", "how many.cypher"), ("--file", "how many.cypher")):
        answer = json.loads(egraph_here("query", *where, "-P", "least=6", "--json").stdout)
        assert answer["rows"] == expected and answer["columns"] == ["layer", "patterns"] and not answer["truncated"]
    rows = list(csv.reader(io.StringIO(egraph_here("query", "--cypher", COUNT, "-P", "least=6", "--csv").stdout)))
    assert rows == [["layer", "patterns"], *([r["layer"], str(r["patterns"])] for r in expected)]
    cut = egraph_here("query", "--cypher", COUNT, "-P", "least=6", "--limit", 1, "--nl")
    assert [json.loads(line) for line in cut.stdout.splitlines()] == expected[:1] and "first 1 rows" in cut.stderr


@pytest.mark.parametrize(
    "text",
    [
        "MATCH (p:Pattern) DETACH DELETE p",
        "MATCH (g:ExplanatoryGraph) SET g.state = 'complete' RETURN g.id",
        "RETURN 1 AS one; MATCH (n) DETACH DELETE n",
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    ],
)
def test_what_writes_or_reads_files_is_refused(egraph_here, mined: MinedGraph, text: str) -> None:
    refused = egraph_here("query", "--cypher", text, code=2)
    assert refused.stdout == "" and refused.stderr.startswith("Error: ")
    left = json.loads(egraph_here("query", "overview", "--json").stdout)["rows"]
    assert [row["patterns"] for row in left] == [sum(len(t) for t in mined.patterns.values())]


def test_what_is_wrong_with_the_options_is_said(egraph_here, mined: MinedGraph, tmp_path: Path) -> None:
    (tmp_path / "bytes.cypher").write_bytes(b"RETURN '\xff'")
    for arguments, word in (
        (("--cypher", "RETRUN 1"), "RETRUN"),
        (("--cypher", "RETURN $x AS x"), "x"),
        (("-f", "nowhere.cypher"), "nowhere.cypher"),
        (("-f", "bytes.cypher"), "UTF-8"),
        (("overview", "--cypher", "RETURN 1"), "--cypher"),
        (("--cypher", "RETURN 1", "-f", "x"), "--file"),
        (("overview", "--timeout", "5"), "--timeout"),
    ):
        assert word in egraph_here("query", *arguments, code=2).stderr, arguments


def test_cypher_from_stdin(mined: MinedGraph) -> None:
    command = [Path(sys.executable).parent / "egraph", "query", "-f", "-", "--nl"]
    done = subprocess.run(command, input="RETURN 1 AS one, 'ä' AS two", capture_output=True, text=True, timeout=60)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"one": 1, "two": "ä"}), done.stderr


def test_jobs_are_asked_about_before_there_is_any_graph(egraph_here: Callable) -> None:
    assert json.loads(egraph_here("query", "jobs", "--json").stdout)["rows"] == []
    assert "there are: running, " in egraph_here("query", "jobs", "-P", "state=runing", code=2).stderr
    assert "egraph mine" in egraph_here("query", "overview", code=5).stderr
