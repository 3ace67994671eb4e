"""Whatever happens to a COCO file: an error with a sentence, or photos and boxes that were in it, each its owner's."""

import copy
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from egraph.errors import InputError
from egraph.photos.annotations import read_annotations
from egraph.photos.photo import Box

PHOTOS = ("a.png", "b.png", "sub/c.png")
HORSES = {name: (Box(i, 0, 40, 60 + i), Box(50 + i, 10, 40, 70)) for i, name in enumerate(PHOTOS)}
HEADS = {name: (Box(5 + i, 5, 10, 10), Box(60, 20 + i, 12, 12)) for i, name in enumerate(PHOTOS)}


def corners(box: Box) -> list[float]:
    right, bottom = box.x + box.width, box.y + box.height
    return [box.x, box.y, right, box.y, right, bottom, box.x, bottom]


def valid() -> dict:
    """Two horses on each photo, each with a head, drawn as box and as polygon."""
    images = [{"id": i, "file_name": name, "width": 100, "height": 80} for i, name in enumerate(PHOTOS)]
    annotations = []
    for image, name in enumerate(PHOTOS):
        for horse, head in zip(HORSES[name], HEADS[name], strict=True):
            owner = len(annotations) + 100
            for category, box in ((1, horse), (2, head)):
                annotations.append(
                    {
                        "id": len(annotations) + 100,
                        "image_id": image,
                        "category_id": category,
                        "bbox": [box.x, box.y, box.width, box.height],
                        "segmentation": [corners(box)],
                        "iscrowd": 0,
                    }
                    | ({"part_of": owner} if category == 2 else {})
                )
    categories = [{"id": 1, "name": "horse"}, {"id": 2, "name": "head", "supercategory": "horse"}]
    return {"images": images, "annotations": annotations, "categories": categories}


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as folder:
        for i, name in enumerate(PHOTOS):
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            Image.new("RGB", (100, 80), (i, 0, 0)).save(Path(folder) / name)
        yield Path(folder)


# No value that another entry could mean: such a file would say something else, not be damaged.
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(max_value=-1e3),
    st.sampled_from(
        [float("nan"), float("inf"), 10**400, -7, 1.5, "", " ", "junk", "\ud800", "\0", "../../etc/passwd"]
    ),
    st.sampled_from([[], [1], {}, {"counts": [1, 2], "size": [3, 4]}, [[1, 2]], [None] * 4, ["x"] * 6, [[[]]]]),
)


@st.composite
def damaged(draw):
    """A valid file after a few accidents.

    Where ids are given twice, no entry loses its own: a file that has lost one of the two says something else.
    """
    content = copy.deepcopy(valid())
    twice = draw(st.booleans())
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["images", "annotations", "annotations", "annotations", "categories"]))
        entries = content[kind]
        number = draw(st.integers(0, len(entries) - 1))
        losing = ["drop", "junk entry"] if kind == "annotations" or not twice else []
        accident = draw(st.sampled_from(["drop key", "junk", "copy", "shuffle", *losing] + ["same id"] * twice))
        entry = entries[number]
        if accident == "junk entry":
            entries[number] = draw(JUNK)
        elif accident == "drop" and len(entries) > 1:
            del entries[number]
        elif accident == "copy":
            entries.append(copy.deepcopy(entry))
        elif accident == "shuffle":
            entries.reverse()
        elif isinstance(entry, dict) and entry.keys() - {"id"}:
            keys = sorted(entry.keys() - ({"id"} if twice and kind != "annotations" else set()))
            other = draw(st.sampled_from(entries))
            if accident == "drop key":
                del entry[draw(st.sampled_from(keys))]
            elif accident == "junk":
                entry[draw(st.sampled_from(keys))] = draw(JUNK)
            elif accident == "same id" and isinstance(other, dict) and "id" in other:
                entry["id"] = draw(st.sampled_from([other["id"], str(other["id"])]))
    return content


def check(folder: Path, content: bytes) -> None:
    """Every box that comes out is on its photo, every head on its horse."""
    file = folder / "annotations.json"
    file.write_bytes(content)
    for part in (None, "head"):
        try:
            found = read_annotations(file, folder, "horse", part=part)
        except InputError as error:
            assert "\n" not in str(error)
            continue
        assert found.objects
        for o in found.objects:
            name = o.path.relative_to(folder).as_posix()
            assert o.box in HORSES[name]
            head = HEADS[name][HORSES[name].index(o.box)]
            assert all(boxes == (head,) for boxes in o.parts.values())
        assert len({(o.path, o.box) for o in found.objects}) == len(found.objects)
        for skipped in found.skipped:
            assert skipped.reason and str(skipped.path).encode()


@given(damaged())
@settings(max_examples=200, deadline=None)
def test_odd_entries(folder, content):
    check(folder, json.dumps(content).encode())


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_broken_bytes(folder, data):
    content = bytearray(json.dumps(valid()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[place] = data.draw(st.sampled_from(b'\0{}[]",:\xffen '))
        else:
            del content[place:]
            break
    check_bytes(folder, bytes(content))


def check_bytes(folder: Path, content: bytes) -> None:
    """What other bytes say is another file; it must only be read or refused."""
    file = folder / "annotations.json"
    file.write_bytes(content)
    try:
        read_annotations(file, folder, "horse", part="head")
    except InputError as error:
        assert "\n" not in str(error)


def test_the_valid_file(folder):
    check(folder, json.dumps(valid()).encode())
    found = read_annotations(folder / "annotations.json", folder, "horse")
    assert len(found.objects) == 6 and all(o.parts for o in found.objects) and not found.skipped
