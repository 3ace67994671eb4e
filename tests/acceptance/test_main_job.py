"""The main job as a user types it: photos and a network in, an answer out."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

HEAD = ("-P", "category=creature", "-P", "part=head")


@pytest.fixture
def annotated(photos: Path, small_network: tuple[str, str]) -> tuple[object, ...]:
    """The command that mines the drawn photos."""
    return ("mine", photos, "--annotations", photos / "annotations.json", *small_network, "--category", "creature")


def ask(egraph: Callable, *arguments: str) -> dict:
    return json.loads(egraph("query", "fires-together", *HEAD, "--json", *arguments).stdout)


def whole_job(egraph: Callable, annotated: tuple[object, ...]) -> tuple[dict, dict]:
    """Mine, name the head, ask; the report of mining and the answer."""
    report = json.loads(egraph(*annotated, "--json").stdout)
    egraph("part", "import", annotated[3], "--category", "creature", "--part", "head", "--limit", 3)
    return report, ask(egraph)


def check_job(report: dict, answer: dict) -> None:
    assert report["photos"] == {"used": 12, "skipped": []}
    assert report["patterns"] > 0 and report["edges"]["CO_ACTIVATES_WITH"] > 0
    assert set(report["seconds"]) >= {"forward", "mining", "writing"}
    assert answer["question"] == "fires-together"
    assert answer["parameters"]["part"] == "head"
    assert answer["rows"], "no pattern of the head was found"
    for row in answer["rows"]:
        assert list(row) == answer["columns"]
        assert row["pattern"].startswith(report["graph"])
        assert 0 < row["on_part"] <= 1
        assert 0 < row["by_chance"] <= row["on_part"] + 1e-8, "as often as chance may have it, or more"
        if row["partner"] is not None:
            assert -1 <= row["strength"] <= 1 and row["photos"] <= 12


@pytest.mark.slow
def test_mine_name_ask_and_mine_again(egraph_here, annotated) -> None:
    report, answer = whole_job(egraph_here, annotated)
    check_job(report, answer)

    again = json.loads(egraph_here(*annotated, "--json").stdout)
    assert {**again, "seconds": 0, "already": 0} == {**report, "seconds": 0, "already": 0}

    assert ask(egraph_here) == answer

    graphs = json.loads(egraph_here("graph", "list", "--json").stdout)
    assert [(g["id"], g["state"], g["images"]) for g in graphs] == [(report["graph"], "complete", 12)]
    parts = json.loads(egraph_here("part", "list", "--json").stdout)
    there = {"category": "creature", "part": "head", "objects": 3, "boxes": 3}
    assert parts == [there | {"without_graph": 0, "photos_without_graph": []}]

    lines = egraph_here("query", "fires-together", *HEAD, "--nl", "--limit", 2).stdout.splitlines()
    assert [json.loads(line) for line in lines] == answer["rows"][:2]
    table = list(csv.DictReader(io.StringIO(egraph_here("query", "fires-together", *HEAD, "--csv").stdout)))
    assert [row["pattern"] for row in table] == [row["pattern"] for row in answer["rows"]]

    egraph_here("part", "remove", "--category", "creature", "--part", "head", "--yes")
    assert json.loads(egraph_here("part", "list", "--json").stdout) == []
    egraph_here("graph", "remove", report["graph"], "--yes")
    assert json.loads(egraph_here("graph", "list", "--json").stdout) == []


@pytest.mark.slow
def test_a_folder_without_annotations(egraph_here, photos: Path, small_network: tuple[str, str]) -> None:
    (photos / "annotations.json").unlink()
    command = ("mine", photos, *small_network, "--category", "creature", "--limit", 8)
    process = egraph_here(*command)
    assert "8 objects used, 0 skipped" in process.stdout
    assert "egraph part import" in process.stdout
    assert "running the network: 8 done" in process.stderr
    assert egraph_here(*command, "--quiet").stderr == ""


def test_a_failure_is_one_sentence(refused, tmp_path: Path, small_network: tuple[str, str]) -> None:
    sentence = refused("mine", tmp_path / "nowhere", *small_network, "--category", "creature", code=3)
    assert str(tmp_path / "nowhere") in sentence
