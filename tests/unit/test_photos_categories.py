"""Which categories a folder or annotations have."""

import json
from pathlib import Path

import pytest
from PIL import Image

from egraph.commands.each_category import each_category
from egraph.commands.requests import MineRequest
from egraph.errors import InputError
from egraph.photos.categories import CategoryPhotos, list_categories


def photos_in(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / f"{number}.png")


def test_subfolders_are_categories_and_small_ones_are_named(tmp_path: Path) -> None:
    for name, count in (("horse", 5), ("sea lion", 4), ("cat", 3), (".cache", 9)):
        photos_in(tmp_path / name, count)
    found = each_category(MineRequest(tmp_path, "resnet50", None, "", limit=2))
    assert [(r.category, r.photos, r.limit) for r in found.requests] == [
        ("horse", tmp_path / "horse", 2),
        ("sea lion", tmp_path / "sea lion", 2),
    ]
    assert [(one.path, one.reason) for one in found.left_out] == [("cat", "3 objects; mining needs 4")]


def test_labels_are_categories_but_not_those_of_parts(tmp_path: Path) -> None:
    kinds = [("horse", "animal"), ("head", "horse"), ("cart", ""), ("unseen", "")]
    content = {
        "images": [{"id": 1, "file_name": "a.png", "width": 8, "height": 8}],
        "categories": [{"id": n, "name": name, "supercategory": of} for n, (name, of) in enumerate(kinds)],
        "annotations": [
            {"id": n, "image_id": 1, "category_id": kind, "bbox": [0, 0, 4, 4]} for n, kind in enumerate([0, 1, 2, 0])
        ],
    }
    file = tmp_path / "coco.json"
    file.write_text(json.dumps(content))
    assert list_categories(tmp_path, file) == [
        CategoryPhotos("cart", tmp_path, 1),
        CategoryPhotos("horse", tmp_path, 2),
    ]


def test_where_there_is_none_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no subfolder; put each category's photos into one"):
        list_categories(tmp_path)
    photos_in(tmp_path / "cat", 3)
    with pytest.raises(InputError, match=r"None of the 1 categories .* has 4 objects"):
        each_category(MineRequest(tmp_path, "resnet50", None, ""))
