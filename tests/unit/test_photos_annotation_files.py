"""Pascal VOC, labelme and YOLO: what `globox` writes is read, and what people's tools write besides."""

import json

import pytest
from globox import Annotation, AnnotationSet, BoundingBox
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from egraph.errors import InputError
from egraph.photos.annotations import read_annotations
from egraph.photos.photo import Box

HORSE, HEAD = Box(10, 10, 60, 60), Box(20, 15, 20, 24)
CLASSES = {"head": 0, "horse": 1}


def corners(box):
    return box.x, box.y, box.x + box.width, box.y + box.height


@pytest.fixture
def folder(tmp_path):
    """Photos with annotations of nobody yet, as VOC lays them out."""
    for i in range(3):
        path = tmp_path / "images" / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (100, 80), (i, 0, 0)).save(path)
    return tmp_path


def by_globox():
    """The same horse and head on three photos, as another library holds them."""
    boxes = [("horse", HORSE), ("head", HEAD)]
    return AnnotationSet(
        Annotation(
            f"{i}.png",
            (100, 80),
            [
                BoundingBox(label=label, xmin=x, ymin=y, xmax=right, ymax=bottom)
                for label, (x, y, right, bottom) in ((label, corners(box)) for label, box in boxes)
            ],
        )
        for i in range(3)
    )


def check(annotations, photos):
    found = read_annotations(annotations, photos, "horse", part="head")
    assert [o.path.name for o in found.objects] == ["0.png", "1.png", "2.png"] and not found.skipped
    for o in found.objects:
        assert o.box == HORSE
        ((box,),) = o.parts.values()
        assert corners(box) == pytest.approx(corners(HEAD), abs=1e-3)


def test_pascal_voc(folder):
    by_globox().save_pascal_voc(folder / "Annotations")
    check(folder / "Annotations", folder)
    check(folder / "Annotations", folder / "images")


def test_labelme(folder):
    by_globox().save_labelme(folder / "images")
    check(folder / "images", folder / "images")


@pytest.mark.parametrize("names", ["classes.txt", "obj.names", "list.yaml", "mapping.yaml"])
def test_yolo(folder, names):
    by_globox().save_yolo_v5(folder / "labels", label_to_id=CLASSES)
    texts = {
        "list.yaml": "train: ../train\nnc: 2\nnames: ['head', 'horse']\n",
        "mapping.yaml": "names:\n  0: head\n  1: horse\n",
    }
    file = folder / "labels" / names if names not in texts else folder / "data.yaml"
    file.write_text(texts.get(names, "head\nhorse\n"), encoding="utf-8-sig")
    check(folder / "labels", folder)


def test_yolo_without_names_says_what_is_missing(folder):
    by_globox().save_yolo_v5(folder / "labels", label_to_id=CLASSES)
    with pytest.raises(InputError, match=r"no file with the names of the classes; put classes\.txt"):
        read_annotations(folder / "labels", folder, "horse")
    (folder / "labels" / "classes.txt").write_text("head\n")
    with pytest.raises(InputError, match=r"line 1: there is no class 1"):
        read_annotations(folder / "labels", folder, "horse")


def test_yolo_polygons(folder):
    (folder / "labels").mkdir()
    (folder / "labels" / "classes.txt").write_text("horse")
    (folder / "labels" / "0.txt").write_text("0 0.1 0.25 0.4 0.25 0.2 0.75\n0 0.5 0.5\n")
    found = read_annotations(folder / "labels", folder, "horse")
    assert [o.box for o in found.objects] == [Box(10, 20, 30, 40)]
    assert [s.reason for s in found.skipped] == ["line 2: it is neither a box nor a polygon"]


def test_parts_of_pascal_voc_belong_to_their_object(folder):
    head = "<name>head</name><bndbox><xmin>20</xmin><ymin>15</ymin><xmax>40</xmax><ymax>39</ymax></bndbox>"
    boxes = [(10, 10, 70, 70), (15, 10, 60, 60)]
    objects = [
        f"<object><name>horse</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>{right}</xmax><ymax>{bottom}</ymax>"
        f"</bndbox>{f'<part>{head}</part>' if number == 0 else ''}</object>"
        for number, (x, y, right, bottom) in enumerate(boxes)
    ]
    (folder / "0.xml").write_text(f"<annotation><filename>stale.jpg</filename>{''.join(objects)}</annotation>")
    found = read_annotations(folder / "0.xml", folder, "horse")
    assert [o.parts for o in found.objects] == [{"head": (HEAD,)}, {}], "named, though the other box is smaller"


def test_one_bad_file_or_box_costs_itself_alone(folder):
    by_globox().save_labelme(folder / "images")
    (folder / "images" / "0.json").write_text("{")
    content = json.loads((folder / "images" / "1.json").read_text())
    content["shapes"] += [{"label": "horse", "points": [[1, 2]], "shape_type": "point"}, 7]
    (folder / "images" / "1.json").write_text(json.dumps(content))
    (folder / "images" / "2.png").rename(folder / "images" / "other.png")
    found = read_annotations(folder / "images", folder / "images", "horse")
    assert [o.path.name for o in found.objects] == ["1.png"]
    assert sorted(s.reason for s in found.skipped) == [
        "it is no JSON",
        "shape 3: it is no rectangle or polygon",
        "the file is missing",
    ]


def test_files_of_two_kinds_are_refused(folder):
    by_globox().save_labelme(folder / "images")
    by_globox().save_pascal_voc(folder / "images")
    with pytest.raises(InputError, match=r"has files of Pascal VOC and of labelme; give .* of one kind"):
        read_annotations(folder / "images", folder, "horse")
    (folder / "cvat.xml").write_text("<annotations><version>1.1</version></annotations>")
    with pytest.raises(InputError, match="begins with <annotations>"):
        read_annotations(folder / "cvat.xml", folder, "horse")


@given(st.data())
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("kind", ["xml", "json", "txt"])
def test_damaged_files_are_read_or_refused(tmp_path_factory, kind, data):
    folder = tmp_path_factory.mktemp("damaged")
    Image.new("RGB", (100, 80)).save(folder / "0.png")
    saved = by_globox()
    {"xml": saved.save_pascal_voc, "json": saved.save_labelme}.get(
        kind, lambda to: saved.save_yolo_v5(to, label_to_id=CLASSES)
    )(folder / "a")
    (folder / "classes.txt").write_text("head\nhorse")
    content = bytearray((folder / "a" / f"0.{kind}").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.sampled_from(b'\0{}[]<>&",:\xffen -.9'))
    (folder / "a" / f"0.{kind}").write_bytes(bytes(content))
    try:
        read_annotations(folder / "a", folder, "horse", part="head")
    except InputError as error:
        assert "\n" not in str(error)
