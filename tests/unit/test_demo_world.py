import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from egraph.demo.animals import KINDS, PARTS
from egraph.demo.world import LEAST_SIDE, GeneratedPhoto, make_photo, make_scene, write_world
from egraph.errors import UsageError
from egraph.photos.annotations import read_annotations

SEEDS = range(8)


@pytest.fixture(scope="module")
def photos() -> dict[str, list[GeneratedPhoto]]:
    return {kind: [make_photo(np.random.default_rng([7, seed]), kind) for seed in SEEDS] for kind in KINDS}


def centre(photo: GeneratedPhoto, part: str) -> float:
    box = photo.parts[part]
    return box.x + box.width / 2


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_lie_in_the_object_and_the_object_in_the_photo(
    kind: str, photos: dict[str, list[GeneratedPhoto]]
) -> None:
    for photo in photos[kind]:
        width, height = photo.image.size
        assert 144 <= width <= 208 and 144 <= height <= 208
        whole = photo.box
        assert whole.x >= 0 and whole.y >= 0
        assert whole.x + whole.width <= width and whole.y + whole.height <= height
        for box in photo.parts.values():
            assert min(box.width, box.height) >= LEAST_SIDE
            assert box.x >= whole.x and box.x + box.width <= whole.x + whole.width + 1e-9
            assert box.y >= whole.y and box.y + box.height <= whole.y + whole.height + 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_is_seen_sooner_or_later_and_both_facings_are(
    kind: str, photos: dict[str, list[GeneratedPhoto]]
) -> None:
    assert set().union(*(photo.parts for photo in photos[kind])) == set(PARTS[kind])
    assert {photo.facing for photo in photos[kind]} == {"left", "right"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_head_is_where_the_animal_faces(kind: str, photos: dict[str, list[GeneratedPhoto]]) -> None:
    shown = [photo for photo in photos[kind] if {"head", "tail"} <= set(photo.parts)]
    assert len(shown) >= 4
    for photo in shown:
        ahead = centre(photo, "head") - centre(photo, "tail")
        assert (ahead > 0) == (photo.facing == "right")


def test_a_grazing_horse_keeps_its_head_low() -> None:
    heights = []
    for seed in range(30):
        photo = make_photo(np.random.default_rng([1, seed]), "horse")
        if "head" in photo.parts:
            head = photo.parts["head"]
            heights.append((head.y + head.height / 2 - photo.box.y) / photo.box.height)
    assert min(heights) < 0.3 and max(heights) > 0.55


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no unicorn; it has horse, giraffe"):
        make_photo(np.random.default_rng(0), "unicorn")


def test_a_scene_differs_from_seed_to_seed() -> None:
    first, again, other = (np.asarray(make_scene(np.random.default_rng(seed))) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or (first != other).any()


def test_the_written_world_is_coco_and_does_not_depend_on_the_count(tmp_path: Path) -> None:
    long = write_world(tmp_path / "long", ["horse", "bird"], 3, seed=5)
    short = write_world(tmp_path / "short", "bird", 2, seed=5)
    for index in range(2):
        name = f"images/bird_{index:05d}.png"
        assert (long.parent / name).read_bytes() == (short.parent / name).read_bytes()
    content = json.loads(long.read_text())
    assert [image["id"] for image in content["images"]] == [1, 2, 3, 4, 5, 6]
    for image in content["images"]:
        with Image.open(long.parent / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])
    names = {category["id"]: category for category in content["categories"]}
    assert len(names) == 2 + len(PARTS["horse"]) + len(PARTS["bird"])
    objects = {row["id"]: row for row in content["annotations"] if "part_of" not in row}
    assert len(objects) == 6 and {row["facing"] for row in objects.values()} <= {"left", "right"}
    for row in content["annotations"]:
        if "part_of" in row:
            owner = objects[row["part_of"]]
            assert owner["image_id"] == row["image_id"]
            assert names[row["category_id"]]["supercategory"] == names[owner["category_id"]]["name"]


def test_the_boxes_on_disk_are_those_of_the_photo(tmp_path: Path) -> None:
    content = json.loads(write_world(tmp_path, "rabbit", 1, seed=9).read_text())
    photo = make_photo(np.random.default_rng([9, *b"rabbit", 0]), "rabbit")
    names = {category["id"]: category["name"] for category in content["categories"]}
    written = {names[row["category_id"]]: row["bbox"] for row in content["annotations"]}
    expected = {"rabbit": photo.box} | photo.parts
    assert written.keys() == expected.keys()
    for name, box in expected.items():
        np.testing.assert_allclose(written[name], [box.x, box.y, box.width, box.height], atol=0.006)


def test_the_world_is_read_like_any_other_photos(tmp_path: Path) -> None:
    annotations = write_world(tmp_path, ["horse", "giraffe"], 3, seed=2)
    photos = read_annotations(annotations, tmp_path, "giraffe")
    assert len(photos.objects) == 3 and photos.skipped == []
    content = json.loads(annotations.read_text())
    names = {category["id"]: category["name"] for category in content["categories"]}
    parts = [names[row["category_id"]] for row in content["annotations"] if row["image_id"] > 3 and "part_of" in row]
    assert sorted(part for found in photos.objects for part in found.parts) == sorted(parts)
