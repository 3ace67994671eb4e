"""The same job on the embedded database and on a Neo4j: the same rows for every question."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from egraph.errors import EgraphError
from egraph.graph.connection import open_database
from egraph.graph.parts import labelled_objects
from egraph.graph.questions import ask, questions
from egraph.settings import load_settings

pytestmark = [pytest.mark.slow, pytest.mark.neo4j]

TOLD = {
    "fires-together",
    "strongest-patterns",
    "steadiest-patterns",
    "patterns-of-filter",
    "belongs-to",
    "made-of",
    "overview",
}
"""Questions that the graph of this test surely answers with some rows."""


@pytest.fixture
def category() -> str:
    """A kind of animal that no other test knows: a server may hold more than this test's graph."""
    return f"horse-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def annotations(world: Path, tmp_path: Path, category: str) -> Path:
    """The generated photos' COCO file with the kind renamed."""
    coco = json.loads((world / "annotations.json").read_text())
    for one in coco["categories"]:
        one |= {key: category for key in ("name", "supercategory") if one[key] == "horse"}
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(coco))
    return file


def answers(egraph: Callable, category: str, world: Path, annotations: Path) -> dict[str, Any]:
    """Mine, name two parts, find one of them, and ask every question; a question's rows, or the sentence with which it
    is refused."""
    network = ("--network", "egraph.demo.network:animals", "--category", category)
    mine = ("mine", world, "--annotations", annotations, *network, "--limit", 24, "--json")
    report = json.loads(egraph(*mine).stdout) | {"seconds": None}
    for part in ("head", "body"):
        egraph("part", "import", annotations, "--photos", world, "--category", category, "--part", part, "--limit", 3)
    egraph("aog", "build", "--category", category, "--part", "head")
    some = sorted((world / "images").iterdir())[:8]
    place = ("aog", "locate", *some, "--category", category, "--annotations", annotations, "--json", "-q")
    lines = egraph(*place).stdout.splitlines()
    with open_database(load_settings()) as database:
        first = ask(database, "fires-together", {"category": category, "part": "head"})
        tie = next(row for row in first.rows if row["partner"])
        known = {
            "category": category,
            "part": "head",
            "other_category": category,
            "other_part": "body",
            "layer": tie["layer"],
            "filter": tie["filter"],
            "pattern": tie["partner"],
            "photo": labelled_objects(database, category)[0].path.name,
        }
        found: dict[str, Any] = {"mine": report, "aog locate": [json.loads(line) for line in lines]}
        for question in questions():
            name = question.name.rpartition("/")[2]
            given = {p.name: known[p.name] for p in question.parameters if p.required}
            if name == "belongs-to":
                given["pattern"] = tie["pattern"]
            try:
                found[name] = [plain(row) for row in ask(database, name, given).rows if named(row, category)]
            except EgraphError as error:
                found[name] = str(error)
        return found


def named(row: dict[str, Any], category: str) -> bool:
    """Whether a row is about the category, or about none at all."""
    return row.get("category", category) == category


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the time at which it was written."""
    return {key: value for key, value in row.items() if key != "created_at"}


def test_every_question_has_the_same_rows(
    egraph_here: Callable,
    world: Path,
    annotations: Path,
    category: str,
    neo4j_uri: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("NEO4J_URI", "NEO4J_DATABASE"):
        monkeypatch.delenv(variable, raising=False)
    embedded = answers(egraph_here, category, world, annotations)
    assert {name for name in TOLD if embedded[name]} == TOLD, embedded
    monkeypatch.setenv("NEO4J_URI", neo4j_uri)
    try:
        there = answers(egraph_here, category, world, annotations)
    finally:
        for row in json.loads(egraph_here("graph", "list", "--json").stdout):
            if row["category"] == category:
                egraph_here("graph", "remove", row["id"], "--yes")
        for row in json.loads(egraph_here("part", "list", "--json").stdout):
            if row["category"] == category:
                egraph_here("part", "remove", "--category", category, "--part", row["part"], "--yes")
    # The numbers are the same; only sums over them (a mean) may be added up in another order.
    for question, rows in embedded.items():
        assert approximately(rows) == there[question], question


def approximately(value: Any) -> Any:
    """The same value, whose numbers equal those that are nearly the same."""
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-9)
    if isinstance(value, dict):
        return {key: approximately(one) for key, one in value.items()}
    return [approximately(one) for one in value] if isinstance(value, list) else value
