"""Bad input, as typed: one sentence with the remedy, the exit code of its kind, no traceback, nothing lost."""

import json
import os
import pickle
import struct
import zlib
from pathlib import Path

import pytest
import torch

OWN = ("--network", "own:network")
CREATURE = (*OWN, "--category", "creature")


@pytest.fixture
def egraph(egraph_here):
    """Inside this process; that a spawned command fails in the same way, `test_main_job` and `test_db` show."""
    return egraph_here


@pytest.fixture(autouse=True)
def network(small_network: tuple[str, str]) -> None:
    """The small network lies where the command runs."""


def edited(photos: Path, edit) -> Path:
    """The COCO file of the photos after `edit(coco)` changed it."""
    file = photos / "annotations.json"
    coco = json.loads(file.read_text())
    edit(coco)
    file.write_text(json.dumps(coco))
    return file


def bomb() -> bytes:
    """A PNG that claims 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(60_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_missing_folder(refused, tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in refused("mine", tmp_path / "nowhere", *CREATURE, code=3)


def test_a_folder_without_photos(refused, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "No usable photo" in refused("mine", tmp_path / "empty", *CREATURE, code=3)
    (tmp_path / "empty" / "broken.jpg").write_bytes(b"no photo")
    assert "broken.jpg" in refused("mine", tmp_path / "empty", *CREATURE, code=3)


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_folder_that_may_not_be_read(refused, photos: Path) -> None:
    photos.chmod(0)
    try:
        assert str(photos) in refused("mine", photos, *CREATURE, code=3)
    finally:
        photos.chmod(0o755)


def test_unusable_files_among_good_ones_are_named(egraph, photos: Path) -> None:
    (photos / "annotations.json").unlink()
    good = (photos / "00.png").read_bytes()
    (photos / "truncated.png").write_bytes(good[: len(good) // 2])
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.jpg").write_text("not a photo at all")
    (photos / "bomb.png").write_bytes(bomb())
    report = json.loads(egraph("mine", photos, *CREATURE, "--json").stdout)
    assert report["photos"]["used"] == 12
    skipped = {Path(one["path"]).name: one["reason"] for one in report["photos"]["skipped"]}
    assert set(skipped) == {"truncated.png", "empty.jpg", "text.jpg", "bomb.png"}
    assert all(skipped.values())


def test_a_wrong_category_or_part(refused, photos: Path) -> None:
    file = photos / "annotations.json"
    sentence = refused("mine", photos, "--annotations", file, *OWN, "--category", "horse", code=3)
    assert "horse" in sentence and "creature" in sentence
    sentence = refused("part", "import", file, "--category", "creature", "--part", "wing", code=3)
    assert "wing" in sentence and "head" in sentence


def test_annotations_that_are_no_coco(refused, photos: Path) -> None:
    file = photos / "annotations.json"
    for text in ("{", "[]", '{"images": 3}'):
        file.write_text(text)
        assert str(file) in refused("mine", photos, "--annotations", file, *CREATURE, code=3)
    file.unlink()
    assert str(file) in refused("mine", photos, "--annotations", file, *CREATURE, code=3)


def test_annotations_with_bad_entries_use_the_rest(egraph, photos: Path) -> None:
    def spoil(coco: dict) -> None:
        coco["images"][0]["file_name"] = "gone.png"
        whole = [a for a in coco["annotations"] if a["category_id"] == 1]
        whole[1]["bbox"] = [500, 500, 50, 50]
        whole[2]["bbox"] = [10, 10, 0, 30]

    file = edited(photos, spoil)
    report = json.loads(egraph("mine", photos, "--annotations", file, *CREATURE, "--json").stdout)
    assert report["photos"]["used"] == 9
    named = " ".join(one["path"] for one in report["photos"]["skipped"])
    assert len(report["photos"]["skipped"]) == 3
    assert "gone.png" in named and "01.png" in named and "02.png" in named


def test_a_wrong_layer_lists_the_valid_ones_nearest_first(refused, photos: Path) -> None:
    network = ("--network", "alexnet", "--weights", "random", "--category", "creature")
    sentence = refused("mine", photos, *network, "--layers", "feature.10,features.3", code=2)
    assert "feature.10" in sentence
    assert sentence.index("features.10") < sentence.index("features.0")


def test_a_wrong_network(refused) -> None:
    sentence = refused("layers", "resnet5", code=2)
    assert "resnet50" in sentence
    assert "nothere" in refused("layers", "nothere:network", code=2)


def test_weights_that_do_not_fit(refused, photos: Path, tmp_path: Path) -> None:
    network = ("--network", "squeezenet1_1", "--category", "creature")
    file = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(2, 2), "mystery.bias": torch.zeros(1)}, file)
    sentence = refused("mine", photos, *network, "--weights", file, code=3)
    assert "mystery.bias" in sentence or "features.0" in sentence
    assert "gone.pth" in refused("mine", photos, *network, "--weights", tmp_path / "gone.pth", code=3)


class Payload:
    """Unpickling it would make a file."""

    def __init__(self, file: Path):
        self.file = file

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.file),)


def test_a_pickle_that_would_execute_code(refused, photos: Path, tmp_path: Path) -> None:
    trap = tmp_path / "executed"
    network = ("--network", "squeezenet1_1", "--category", "creature")
    torch.save({"features.0.weight": Payload(trap)}, tmp_path / "zipped.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Payload(trap)))
    for name in ("zipped.pth", "plain.pth"):
        assert name in refused("mine", photos, *network, "--weights", tmp_path / name, code=3)
    assert not trap.exists()


def test_a_device_that_is_not_there(refused, photos: Path) -> None:
    assert "quantum" in refused("mine", photos, *CREATURE, "--device", "quantum", code=2)


def test_a_database_that_is_down(refused, photos: Path) -> None:
    down = {"NEO4J_URI": "bolt://127.0.0.1:9", "NEO4J_PASSWORD": "unused"}
    for command in (("query", "overview"), ("part", "list"), ("mine", photos, *CREATURE)):
        assert "127.0.0.1:9" in refused(*command, code=4, environment=down)
    assert "NEO4J_URI" in refused("query", "overview", code=4, environment={"NEO4J_URI": "http://127.0.0.1:9"})


def test_nothing_to_answer_with_yet(refused) -> None:
    asked = ("query", "fires-together", "-P", "category=creature", "-P", "part=head")
    assert "egraph mine" in refused(*asked, code=5)


def test_wrong_questions_and_parameters(refused) -> None:
    assert "fires-together" in refused("query", "fire-together", code=2)
    assert "-P part=" in refused("query", "fires-together", "-P", "category=creature", code=2)
    assert "colour" in refused("query", "overview", "-P", "colour=red", code=2)
    assert "key=value" in refused("query", "overview", "-P", "category", code=2)
    assert "limit" in refused("query", "belongs-to", "-P", "pattern=x", "-P", "limit=many", code=2)


def test_removing_asks_first(refused) -> None:
    assert "--yes" in refused("part", "remove", "--category", "creature", "--part", "head", code=2)
    assert "--yes" in refused("graph", "remove", "own@0/creature/default", code=2)
    assert "part list" in refused("part", "remove", "--category", "creature", "--part", "head", "--yes", code=5)
    refused("graph", "remove", "own@0/creature/default", "--yes", code=5)


def test_a_settings_file_that_cannot_be_read(refused, tmp_path: Path) -> None:
    file = tmp_path / "egraph.toml"
    file.write_text("home = ")
    environment = {"EGRAPH_CONFIG": str(file)}
    assert str(file) in refused("db", "status", code=2, environment=environment)
    file.write_text('colour = "red"')
    assert "colour" in refused("db", "status", code=2, environment=environment)


def test_a_home_that_cannot_be_used(refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused("--home", tmp_path / "file", "db", "start", code=4)
