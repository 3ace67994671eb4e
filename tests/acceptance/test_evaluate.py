"""Measuring a graph of generated photos, whose parts' places are known, beside every control."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from egraph.report.words import number

pytestmark = pytest.mark.slow

METHODS = {"egraph", "no_pose", "parents_only", "no_evidence", "still", "random", "raw_filters"}


@pytest.fixture
def egraph(egraph_here: Callable) -> Callable:
    """Inside this process, which imports torch once."""
    return egraph_here


def test_patterns_are_measured_beside_every_control(
    egraph: Callable, refused: Callable, world: Path, tmp_path: Path
) -> None:
    annotations = world / "annotations.json"
    network = ("--network", "egraph.demo.network:animals", "--category", "horse")
    egraph("mine", world, "--annotations", annotations, *network)
    about = ("--category", "horse", "--annotations", annotations)

    found = json.loads(
        egraph("evaluate", "tracking", *about, "--part", "head", "--draws", 4, "--keep", "--json").stdout
    )
    assert (found["task"], found["part"], found["draws"]) == ("tracking", "head", 4)
    assert found["photos"] > 60 and set(found["methods"]) == METHODS
    assert all(score["low"] <= score["error"] <= score["high"] for score in found["methods"].values())
    errors = {name: score["error"] for name, score in found["methods"].items()}
    assert errors["egraph"] < min(errors["still"], errors["raw_filters"], errors["random"])
    assert errors["no_evidence"] == pytest.approx(errors["still"], abs=1e-6), "what stands still scores alike"
    assert found["orientation"]["right"] > 0.9 > found["orientation"]["unmirrored"]

    table = egraph("evaluate", "instability", *about, "--part", "head", "--csv").stdout.splitlines()
    assert table[0] == "method,top20,top100" and {line.split(",")[0] for line in table[1:]} == METHODS
    by_method = {line.split(",")[0]: [float(v) for v in line.split(",")[1:]] for line in table[1:]}
    assert by_method["egraph"] < by_method["raw_filters"] < by_method["random"]

    lying = json.loads(egraph("evaluate", "parts", *about, "--part", "head", "--draws", 3, "--json").stdout)
    assert (lying["task"], lying["draws"], lying["shots"]) == ("parts", 3, 3)
    shares = {name: score["share"] for name, score in lying["methods"].items()}
    assert set(shares) == {"egraph", "labels_only", "random", "area", "best"}
    assert shares["area"] < shares["egraph"] <= shares["best"]
    assert lying["methods"]["random"]["named"] < 0.1 * lying["methods"]["egraph"]["named"]

    judge = ("--judge", "squeezenet1_1", "--judge-weights", "random")
    pure = json.loads(egraph("evaluate", "purity", *about, *judge, "--json").stdout)
    assert (pure["task"], pure["category"], pure["photos"]) == ("purity", "horse", pure["with_parts"])
    assert set(pure["methods"]) == {"egraph", "still", "raw_filters", "surest", "surest_still", "random"}
    assert pure["methods"]["egraph"]["purity"] > pure["methods"]["random"]["purity"]
    assert pure["methods"]["egraph"]["coherence"] > pure["methods"]["random"]["coherence"]
    assert abs(pure["methods"]["random"]["coherence"]) < 0.05
    sentence = refused("evaluate", "purity", "--category", "horse", "--judge", "egraph.demo.network:animals", code=2)
    assert "no part" in sentence

    stable = json.loads(egraph("evaluate", "stability", "--category", "horse", "--keep", "--json").stdout)
    assert (stable["task"], stable["category"]) == ("stability", "horse")
    assert set(stable["methods"]) == {"egraph", "surest", "next_filter"}
    assert stable["methods"]["egraph"]["found_again"] > 3 * stable["methods"]["next_filter"]["found_again"]

    one_seed = json.loads(egraph("evaluate", "stability", "--category", "horse", "--one-seed", "--json").stdout)
    again, photos_alone = (found["methods"]["egraph"]["found_again"] for found in (stable, one_seed))
    assert photos_alone > again, "a start of its own makes a half differ more"

    switched = json.loads(egraph("evaluate", "edges", "--category", "horse", "--photos", 8, "--json").stdout)
    assert (switched["task"], switched["category"], switched["photos"]) == ("edges", "horse", 8)
    assert set(switched["methods"]) == {"egraph", "non_partners"}
    # so few photos hold partners beyond chance between some of the layers only
    assert switched["layers"] and set(switched["layers"]) <= {"block2", "block3"}
    assert {"fall", "pairs"} <= set(switched["methods"]["egraph"])

    # What was kept stands in the report, each figure beside all of its controls.
    egraph("report", "-o", tmp_path / "report.html", "--single-file")
    cells = re.findall(r"<td[^>]*>(?:<b>)?([^<]*)", (tmp_path / "report.html").read_text())
    again = {name: of["found_again"] for name, of in stable["methods"].items()}
    controls = {"random places": errors["random"], "no evidence": errors["no_evidence"]}
    controls |= {"patterns of another filter": again["next_filter"]}
    assert {words: cells[cells.index(words) + 1] for words in controls} == {w: number(v) for w, v in controls.items()}
    assert {number(errors["egraph"]), number(again["egraph"])} <= set(cells)
    assert not any("loses when a partner" in cell for cell in cells), "edges were not kept"

    sentence = refused("evaluate", "tracking", *about, "--part", "wheel", code=3)
    assert "'wheel'" in sentence
    zebra = refused("evaluate", "tracking", "--category", "zebra", *about[2:], "--part", "head", code=3)
    assert "'zebra'" in zebra and "horse" in zebra
