"""Names that a terminal, a file or the database cannot hold cost nothing but their look."""

import csv
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

NETWORK = ("--network", "egraph.demo.network:animals", "--category", "thing")
LATIN = os.fsdecode("café.png".encode("latin-1"))
NARROW = {"PYTHONIOENCODING": "cp1252"}
PLAIN = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "darwin", reason="its file systems keep only Unicode names"),
]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in (LATIN, "頭.png", "b.png", "c.png", "d.png"):
        noise = generator.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((120, 120)).save(folder / name)
    return folder


def test_photos_of_any_name_are_mined_labelled_and_listed(egraph: Callable, photos: Path) -> None:
    done = egraph("mine", photos, *NETWORK, "--json", environment=PLAIN)
    assert json.loads(done.stdout)["photos"] == {"used": 5, "skipped": []}
    for name in (LATIN, "頭.png", "b.png"):
        label = ("part", "label", photos / name, "--box", "10,10,40,40", "--category", "thing", "--part", "頭")
        egraph(*label, environment=NARROW)
    cypher = "MATCH (o:Object)-[:IN_GRAPH]->() RETURN o.path AS path ORDER BY path"
    for flag, read in (
        ("--json", lambda text: [row["path"] for row in json.loads(text)["rows"]]),
        ("--csv", lambda text: [row["path"] for row in csv.DictReader(text.splitlines())]),
    ):
        found = egraph("query", "--cypher", cypher, flag, environment=NARROW)
        assert {Path(path).name for path in read(found.stdout)} == {"caf\\xE9.png", "頭.png", "b.png", "c.png", "d.png"}
    table = egraph("query", "--cypher", cypher, environment=NARROW).stdout
    assert "caf\\xE9.png" in table and "?.png" in table
    built = json.loads(
        egraph("aog", "build", "--category", "thing", "--part", "頭", "--json", environment=PLAIN).stdout
    )
    assert built["labels"] == 3 and built["part"] == "頭"
    lines = egraph("aog", "locate", photos, "--category", "thing", "--json", environment=NARROW).stdout.splitlines()
    assert {Path(json.loads(line)["photo"]).name for line in lines} >= {"caf\\xE9.png", "頭.png"}


def test_a_bad_photo_of_such_a_name_is_named_and_costs_nothing_else(egraph: Callable, photos: Path) -> None:
    (photos / LATIN).write_bytes(b"no photo")
    report = json.loads(egraph("mine", photos, *NETWORK, "--json", environment=NARROW).stdout)
    assert report["photos"]["used"] == 4
    assert [Path(one["path"]).name for one in report["photos"]["skipped"]] == ["caf\\xE9.png"]


def test_a_category_that_is_no_text_is_refused_before_the_work(egraph: Callable, photos: Path) -> None:
    refused = egraph("mine", photos, *NETWORK[:2], "--category", os.fsdecode(b"caf\xe9"), code=2)
    assert "The name caf\\xE9 is no valid Unicode" in refused.stderr
