"""`egraph show` and `egraph report` as one types them, on a small mined world."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from egraph.demo.world import write_world

pytestmark = pytest.mark.slow


@pytest.fixture
def egraph(egraph_here: Callable) -> Callable:
    """Inside this process, which imports torch once."""
    return egraph_here


def test_a_report_opens_from_the_disk_and_leads_only_to_itself(
    egraph: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_world(tmp_path / "photos", "horse", 24, seed=5)
    egraph("report", "-o", "none", code=5)
    annotations = tmp_path / "photos" / "annotations.json"
    mined = ("--network", "egraph.demo.network:animals", "--category", "horse", "--annotations", annotations)
    egraph("mine", "photos", *mined)
    egraph("part", "import", annotations, "--category", "horse", "--part", "head", "--limit", 3)
    shown = json.loads(egraph("show", "head", "--category", "horse", "--json", "--html", "head.html").stdout)
    assert shown["kind"] == "part" and len(shown["labelled"]) == 3
    assert (tmp_path / "head.html").stat().st_size > 10_000
    pattern = shown["patterns"][0]["label"]
    words = egraph("show", pattern, "--png", "pattern.png").stdout
    assert "times the evidence" in words and "Fires most strongly on" in words
    # Photos are found from any folder, whatever was typed when they were mined.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    written = json.loads(egraph("report", "-o", tmp_path / "report", "--json").stdout)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "report"
    pages = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
    assert written["pages"] == len(pages) > 50 and written["gone"] == []
    assert written["bytes"] == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert f"pattern-{pattern.replace('/', '-')}.html" in pages
    for name, page in pages.items():
        addresses = re.findall(r'(?:href|src|action)="([^"]*)"', page)
        for address in addresses:
            target = address.partition("#")[0].partition("?")[0]
            assert address.startswith("data:") or not target or (folder / target).is_file(), (name, address)
    egraph("report", "-o", "report.html", "--single-file")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    used = set(re.findall(r'href="#([^"]+)"', page))
    assert used - set(re.findall(r' id="([^"]+)"', page)) == set()
