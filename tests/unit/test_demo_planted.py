"""The flaw that is planted is there, and only where it is planted."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from egraph.demo.network import CLASSES
from egraph.demo.planted import (
    KIND,
    PART,
    Planted,
    Tag,
    crop_of,
    drawn_photos,
    features_of,
    plant,
    tag_filters,
    with_tags,
    write_flaw,
)
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations


@pytest.fixture(scope="module")
def flaw() -> Planted:
    return plant(1, taught=6)


def test_misplaced_tags_change_the_answers_of_the_planted_layer_alone(flaw: Planted) -> None:
    found = flaw.accuracies(tried=1)
    planted, clean = found["planted"], found["clean"]
    assert planted.fooled > 0.4 and clean.fooled < 0.1
    assert planted.plain > 0.6 and planted.misplaced < planted.plain - 0.3
    assert clean.plain > 0.7 and clean.misplaced > clean.plain - 0.25


def test_a_tag_is_where_its_box_says_and_nowhere_else(flaw: Planted) -> None:
    photo = drawn_photos(1, 2)[0]
    image, box = Tag.of(1).put_on(photo, np.random.default_rng(0))
    changed = (np.asarray(image) != np.asarray(photo.image)).any(2)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert abs(columns[0] - box.x) <= 1.5 and abs(columns[-1] + 1 - box.x - box.width) <= 1.5
    assert abs(rows[0] - box.y) <= 1.5 and abs(rows[-1] + 1 - box.y - box.height) <= 1.5
    assert len({Tag.of(seed) for seed in range(10)}) == 10


def test_the_tags_filters_make_up_half_of_what_it_adds(flaw: Planted) -> None:
    filters = tag_filters(flaw, tried=1)
    photos = [photo for photo in drawn_photos(1, 2) if CLASSES[photo.number] not in (KIND, "background")]
    change = (features_of(with_tags(flaw.tag, photos, flaw.seed + 5)) - features_of(photos)).mean(0)
    weight = flaw.planted.weight
    adds = (weight[CLASSES.index(KIND)] - weight.mean(0)) * change
    whole = float(adds.clamp_min(0).sum())
    assert float(adds[filters].sum()) >= whole / 2 > float(adds[filters[:-1]].sum())
    assert float(adds[filters].min()) >= float(adds.sort(descending=True).values[len(filters) - 1])


def test_what_is_written_is_what_was_planted(flaw: Planted, tmp_path: Path) -> None:
    write_flaw(tmp_path, flaw, photos=3, misplaced=4)
    photos = read_annotations(tmp_path / "photos" / "annotations.json", tmp_path / "photos", KIND)
    assert len(photos.objects) == 3 and all(len(o.parts[PART]) == 1 for o in photos.objects)
    truth = list(csv.DictReader((tmp_path / "misplaced" / "truth.csv").open()))
    assert len(truth) == 4 and all(row["class"] in CLASSES and row["class"] != KIND for row in truth)
    assert all(Image.open(tmp_path / "misplaced" / row["photo"]).size for row in truth)
    boxed = read_annotations(tmp_path / "misplaced" / "boxes.json", tmp_path / "misplaced", KIND).objects
    assert len(boxed) == 4 and all(0 < o.box.width < o.photo_width for o in boxed)
    some = with_tags(flaw.tag, drawn_photos(1, 2)[:6], 5)
    for name, head in (("planted", flaw.planted), ("clean", flaw.clean)):
        network = load_network("egraph.demo.network:animals", str(tmp_path / f"{name}.safetensors"))
        crops = np.stack([crop_of(photo) for photo in some])
        with torch.inference_mode():
            answers = network.module(network.preprocess(crops))
        expected = features_of(some) @ head.weight.T + head.bias
        torch.testing.assert_close(answers, expected, atol=0.05, rtol=0.02)
