"""Pictures of a part found on generated photos, and of the tree that found it."""

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.slow

HEAD = ("--category", "horse", "--part", "head")


def test_pictures_of_what_was_found_and_of_the_tree(egraph_here, world: Path, tmp_path: Path) -> None:
    photos = Path(shutil.copytree(world, tmp_path / "photos"))
    annotations = photos / "annotations.json"
    mine = ("mine", photos, "--network", "egraph.demo.network:animals", "--category", "horse", "--limit", 24)
    egraph_here(*mine, "--annotations", annotations)
    egraph_here("part", "import", annotations, *HEAD, "--limit", 3)
    egraph_here("aog", "build", *HEAD)

    some = tmp_path / "some"
    for folder in ("a", "b"):
        (some / folder).mkdir(parents=True)
        shutil.copy(photos / "images" / f"horse_0000{'12'['ab'.index(folder)]}.png", some / folder / "same.png")
    out, page = tmp_path / "out", tmp_path / "page.html"
    found = egraph_here("aog", "locate", some, *HEAD, "--png", out, "--html", page, "--json", "--patterns", 4)
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert len(answers) == 2 and all(len(answer["parts"]["head"]["patterns"]) == 4 for answer in answers)
    assert sorted(path.name for path in out.iterdir()) == ["same-parse-2.png", "same-parse.png"]
    for path in out.iterdir():
        with Image.open(path) as picture:
            assert picture.width > 600 and picture.height > 300
    text = page.read_text()
    assert text.endswith("</html>\n") and text.count("data:image/jpeg;base64,") == 2
    named = {pattern["id"] for answer in answers for pattern in answer["parts"]["head"]["patterns"]}
    assert text.count('class="voter"') == len(named)
    for id in named:
        assert f"http://127.0.0.1:7480/pattern/{id}" in text
    assert text.count("data:image/webp;base64,") == 4 * len(named)
    egraph_here("aog", "locate", some, *HEAD, "--html", page, "--patterns", "all")
    every, links = page.read_text(), re.compile(r'href="#(pattern-[^"]+)"')
    voting = json.loads(egraph_here("aog", "show", *HEAD, "--json").stdout)["templates"][0]["patterns"]
    assert len(links.findall(every)) == 2 * len(voting), "each vote on both photos"
    assert set(links.findall(every)) == set(re.findall(r'class="voter" id="([^"]+)"', every))
    (tmp_path / "file").write_text("")
    refused = egraph_here("aog", "locate", some, *HEAD, "--png", tmp_path / "file" / "x", code=1).stderr
    assert "cannot be written" in refused.splitlines()[-1]

    tree = json.loads(egraph_here("aog", "show", *HEAD, "--json").stdout)
    assert tree["part"] == "head" and tree["aog"].endswith("/head/default") and len(tree["learnt_from"]) == 3
    lines = egraph_here("aog", "show", *HEAD, "--patterns", 2).stdout.splitlines()
    assert len(lines) == 2 + 3 * len(tree["templates"])
    for template in tree["templates"]:
        shares = [pattern["share"] for pattern in template["patterns"]]
        assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1, abs=1e-3)
        strongest = template["patterns"][0]
        name = f"{strongest['layer']}/{strongest['filter']}/{strongest['number']}"
        at = next(i for i, line in enumerate(lines) if f" template {template['number']}: " in line)
        assert name in lines[at + 1] and f"share {strongest['share']:5.1%}" in lines[at + 1]
        assert f"{template['objects']} object" in lines[at]

    drawn = ("aog", "show", *HEAD, "--patterns", 2, "--png", tmp_path / "tree.png", "--html", tmp_path / "tree.html")
    assert egraph_here(*drawn).stderr == ""
    assert (tmp_path / "tree.html").read_text().count("data:image/jpeg;base64,") > len(tree["templates"])
    shutil.rmtree(photos)
    assert "cannot be read any more; the tree is drawn" in egraph_here(*drawn).stderr
    assert "data:image" not in (tmp_path / "tree.html").read_text()
    with Image.open(tmp_path / "tree.png") as picture:
        assert picture.height > 250
    assert "no such And-Or graph" in egraph_here("aog", "show", "--category", "horse", "--part", "hoof", code=5).stderr
