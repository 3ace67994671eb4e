"""Files as people's exporters and cameras leave them, through the real command."""

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

CREATURE = ("--network", "own:network", "--category", "creature")
HEAD = ("--category", "creature", "--part", "head")


@pytest.fixture
def egraph(egraph_here: Callable) -> Callable:
    """Inside this process: many short commands."""
    return egraph_here


@pytest.fixture(autouse=True)
def network(small_network: tuple[str, str]) -> None:
    """The small network lies where the command runs."""


def edited(photos: Path, edit: Callable[[dict], object], encoding: str = "utf-8") -> Path:
    """The COCO file of the photos after `edit(coco)` changed it."""
    file = photos / "annotations.json"
    coco = json.loads(file.read_text())
    edit(coco)
    file.write_text(json.dumps(coco), encoding=encoding)
    return file


@pytest.mark.slow
def test_an_exporter_s_file_from_mining_to_finding(egraph, photos: Path, tmp_path: Path) -> None:
    def as_exported(coco: dict) -> None:
        for category in coco["categories"]:
            category["supercategory"] = "my project"
        for number, image in enumerate(coco["images"]):
            image["id"] = str(image["id"])
            image["file_name"] = ["C:\\photos\\{}", "/data/upload/3/{}", "../old%20photos/{}"][number % 3].format(
                image["file_name"]
            )
        for annotation in coco["annotations"]:
            annotation["id"], annotation["iscrowd"] = 0, None
            annotation.pop("part_of", None)
            x, y, width, height = annotation["bbox"]
            annotation["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
            annotation["bbox"] = []
        coco["categories"].append({"id": 9, "name": "tree", "supercategory": "my project"})
        coco["annotations"].append({"id": 0, "image_id": "3", "category_id": 9, "bbox": None})
        coco["annotations"].append({"id": 0, "image_id": "3", "category_id": 1, "bbox": [1, 2, 3]})

    file = edited(photos, as_exported, "utf-8-sig")
    mined = egraph("mine", photos, "--annotations", file, *CREATURE, "--json")
    report = json.loads(mined.stdout)
    assert report["photos"]["used"] == 12
    assert [one["reason"] for one in report["photos"]["skipped"]] == ["annotation 0: its box is not four numbers"]
    assert "Only 12 objects were mined" in mined.stderr

    labels = json.loads(egraph("part", "import", file, *HEAD, "--limit", 3, "--json").stdout)
    assert (labels["labels"], labels["graphs"]) == (3, [report["graph"]])
    assert egraph("part", "list").stderr == ""
    stranger = tmp_path / "stranger.png"
    Image.new("RGB", (200, 160), "grey").save(stranger)
    slip = egraph("part", "label", stranger, "--box", "9,9,9,9", "--category", "creatures", "--part", "head", code=2)
    assert "There is no graph of creatures; there are graphs of creature" in slip.stderr
    egraph("part", "label", stranger, "--box", "9,9,9,9", *HEAD)
    listed = egraph("part", "list")
    assert "is on 1 object that no complete graph of creature was mined from" in listed.stderr
    assert str(stranger) in listed.stderr
    egraph("part", "remove", *HEAD, "--photo", stranger, "--yes")

    egraph("aog", "build", *HEAD, "--graph", "network")
    found = egraph("aog", "locate", photos, *HEAD, "--annotations", file, "-q").stdout.splitlines()
    assert len(found) == 12 and all("pixels about its centre at" in line for line in found)
    asked = ("query", "fires-together", "-P", "category=creature", "-P", "part=head", "--json")
    by_network = json.loads(egraph(*asked, "-P", "graph=network").stdout)
    assert by_network["parameters"]["graph"] == report["graph"]
    egraph("mine", photos, "--annotations", file, *CREATURE, "--name", "second")
    several = egraph(*asked, code=2).stderr
    assert f"-P graph={report['graph']} or -P graph=" in several
    assert "--graph network@" in egraph("aog", "build", *HEAD, code=2).stderr


def test_what_would_be_joined_wrongly_is_refused(refused, photos: Path) -> None:
    original = (photos / "annotations.json").read_bytes()

    def refuse(edit: Callable[[dict], object]) -> str:
        (photos / "annotations.json").write_bytes(original)
        return refused("mine", photos, "--annotations", edited(photos, edit), *CREATURE, code=3)

    assert "image id 0 stands for 00.png and for 05.png" in refuse(lambda coco: coco["images"][5].update(id=0))
    assert "category id 1 stands for creature and for head" in refuse(lambda coco: coco["categories"][1].update(id=1))

    def fractions(coco: dict) -> None:
        for annotation in coco["annotations"]:
            x, y, width, height = annotation["bbox"]
            annotation["bbox"] = [x / 200, y / 160, width / 200, height / 160]

    def corners(coco: dict) -> None:
        for annotation in coco["annotations"]:
            x, y, width, height = annotation["bbox"]
            annotation["bbox"] = [x, y, x + width, y + height]

    assert "lie within 0 and 1; COCO counts pixels" in refuse(fractions)
    assert "are corners" in refuse(corners)
    (photos / "annotations.json").write_bytes(original)
    file = edited(photos, lambda coco: coco["annotations"].clear())
    assert "nobody drew a box of it" in refused("part", "import", file, *HEAD, code=3)


def test_linked_folders_and_names_in_another_normal_form(egraph, photos: Path, tmp_path: Path) -> None:
    name = "été.png"
    (photos / "00.png").rename(photos / unicodedata.normalize("NFD", name))
    edited(photos, lambda coco: coco["images"][0].update(file_name=name))
    file = photos / "annotations.json"
    report = json.loads(egraph("mine", photos, "--annotations", file, *CREATURE, "--json").stdout)
    assert report["photos"] == {"used": 12, "skipped": []}

    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    for number in range(1, 7):
        (photos / f"{number:02d}.png").rename(elsewhere / f"{number:02d}.png")
    (photos / "linked").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(photos)
    report = json.loads(egraph("mine", photos, *CREATURE, "--name", "folder", "--json").stdout)
    assert report["photos"]["used"] == 12
    assert [one["reason"] for one in report["photos"]["skipped"]] == [
        "this folder was looked at already, by another path"
    ]
    report = json.loads(egraph("mine", photos, "--annotations", file, *CREATURE, "--name", "links", "--json").stdout)
    assert report["photos"]["used"] == 6 and len(report["photos"]["skipped"]) == 6
