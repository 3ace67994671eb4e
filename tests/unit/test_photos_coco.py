import json

import pytest
from PIL import ExifTags, Image

from egraph.errors import InputError
from egraph.photos.coco import read_coco
from egraph.photos.photo import Box

CATEGORIES = [
    {"id": 1, "name": "horse", "supercategory": "animal"},
    {"id": 2, "name": "head", "supercategory": "horse"},
    {"id": 3, "name": "leg", "supercategory": "horse"},
    {"id": 4, "name": "cow", "supercategory": "animal"},
    {"id": 5, "name": "head", "supercategory": "cow"},
]


class Coco:
    """A COCO file in the making: photos of 100 x 80 pixels in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.content = {"images": [], "annotations": [], "categories": CATEGORIES}

    def photo(self, name, write=True, **keys):
        number = len(self.content["images"]) + 1
        if write:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (100, 80), (number, 0, 0)).save(path)
        self.content["images"].append({"id": number, "file_name": name, "width": 100, "height": 80} | keys)
        return number

    def box(self, image, category, *bbox, **keys):
        number = len(self.content["annotations"]) + 1
        annotation = {"id": number, "image_id": image, "category_id": category, "bbox": list(bbox)}
        self.content["annotations"].append(annotation | keys)
        return number

    def read(self, category="horse", folder=None, **keywords):
        file = self.folder / "annotations.json"
        file.write_text(json.dumps(self.content))
        return read_coco(file, folder or self.folder, category, **keywords)


@pytest.fixture
def coco(tmp_path):
    return Coco(tmp_path)


def test_objects_and_their_parts(coco):
    image = coco.photo("images/a.png")
    first = coco.box(image, 1, 0, 0, 50, 80)
    second = coco.box(image, 1, 50, 0, 50, 80)
    coco.box(image, 2, 10, 10, 10, 10, part_of=second)
    coco.box(image, 2, 60, 10, 20, 10, part_of=first)
    coco.box(image, 3, 1.5, 2.25, 10, 10, part_of=first)
    coco.box(image, 3, 5, 60, 10, 40, part_of=first)
    coco.box(image, 4, 0, 0, 30, 30)
    left, right = coco.read().objects
    assert left.box == Box(0, 0, 50, 80) and right.box == Box(50, 0, 50, 80)
    assert left.parts == {"head": (Box(60, 10, 20, 10),), "leg": (Box(1.5, 2.25, 10, 10), Box(5, 60, 10, 20))}
    assert right.parts == {"head": (Box(10, 10, 10, 10),)}
    assert left.sha256 == right.sha256 and left.id != right.id
    assert (left.photo_width, left.photo_height) == (100, 80)


def test_parts_without_owner_go_to_the_smallest_box_around_their_centre(coco):
    image = coco.photo("a.png")
    coco.box(image, 1, 0, 0, 100, 80)
    coco.box(image, 1, 20, 20, 30, 30)
    coco.box(image, 2, 25, 25, 10, 10)
    coco.box(image, 2, 45, 45, 40, 30)
    photos = coco.read()
    assert [o.parts for o in photos.objects] == [{"head": (Box(45, 45, 40, 30),)}, {"head": (Box(25, 25, 10, 10),)}]
    assert not photos.skipped


def test_parts_of_another_kind_of_object_are_not_taken(coco):
    image = coco.photo("a.png")
    coco.box(image, 1, 0, 0, 100, 80)
    coco.box(image, 5, 20, 20, 10, 10)
    assert coco.read().objects[0].parts == {}


def test_boxes_are_clipped_and_rounded(coco):
    image = coco.photo("a.png")
    owner = coco.box(image, 1, -10, 10.4, 50.6, 200)
    coco.box(image, 2, -5, 20, 10, 10, part_of=owner)
    (horse,) = coco.read().objects
    assert horse.box == Box(0, 10, 41, 70)
    assert horse.parts == {"head": (Box(0, 20, 5, 10),)}


def test_what_cannot_be_used_is_named(coco):
    good = coco.photo("good.png")
    coco.box(good, 1, 0, 0, 50, 50)
    coco.box(good, 1, 200, 0, 50, 50)
    coco.box(good, 1, 10, 10, 0, 50)
    coco.box(good, 1, 10, 10, 50, -5)
    coco.box(good, 1, 0, 0, 99, 79, iscrowd=1)
    coco.box(good, 2, 5, 5, 0, 10, part_of=1)
    coco.box(good, 2, 70, 70, 4, 4)
    coco.box(good, 2, 5, 5, 4, 4, part_of=2)
    coco.box(coco.photo("gone.png", write=False), 1, 0, 0, 50, 50)
    coco.box(coco.photo("../out.png"), 1, 0, 0, 50, 50)
    coco.box(coco.photo("/etc/passwd", write=False), 1, 0, 0, 50, 50)
    coco.box(coco.photo("..\\out.png", write=False), 1, 0, 0, 50, 50)
    coco.box(coco.photo("other.png", width=200, height=160), 1, 0, 0, 50, 50)
    coco.photo("nothing_drawn.png", write=False)
    coco.box(77, 1, 0, 0, 50, 50)
    photos = coco.read()
    assert len(photos.objects) == 1 and photos.objects[0].parts == {}
    reasons = [((s.path.rpartition("/annotations")[0] and "file") or s.path, s.reason) for s in photos.skipped]
    assert sorted(reasons) == sorted(
        [
            ("good.png", "annotation 2: its box has no pixel inside the photo"),
            ("good.png", "annotation 3: its box has zero size"),
            ("good.png", "annotation 4: its box has zero size"),
            ("good.png", "annotation 5: it marks a crowd, not one object"),
            ("good.png", "annotation 6 (head): its box has zero size"),
            ("good.png", "annotation 7 (head): it belongs to no horse in this photo"),
            ("gone.png", "the file is missing"),
            ("../out.png", "its name leads out of the folder of the photos"),
            ("/etc/passwd", "its name leads out of the folder of the photos"),
            ("..\\out.png", "its name leads out of the folder of the photos"),
            ("other.png", "it has 100 x 80 pixels, its boxes were drawn on 200 x 160"),
            ("file", "annotation 14: there is no image 77"),
        ]
    )


@pytest.mark.parametrize(("name", "folder"), [("images/a.png", "."), ("images/a.png", "images"), ("a.png", ".")])
def test_photos_are_found_from_the_folder_or_its_images(coco, name, folder):
    coco.photo("images/a.png")
    coco.content["images"][0]["file_name"] = name
    coco.box(1, 1, 0, 0, 50, 50)
    assert coco.read(folder=coco.folder / folder).objects[0].path.samefile(coco.folder / "images/a.png")


def test_boxes_count_after_exif(coco):
    image = coco.photo("a.jpg")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (100, 80)).save(coco.folder / "a.jpg", exif=exif)
    coco.box(image, 1, 0, 0, 200, 200)
    (horse,) = coco.read().objects
    assert horse.box == Box(0, 0, 80, 100)


def test_equal_boxes_count_once(coco):
    image = coco.photo("a.png")
    coco.box(image, 1, 0, 0, 50, 50)
    coco.box(image, 1, 0.2, 0, 50, 50)
    photos = coco.read()
    assert len(photos.objects) == 1 and "same photo and box" in photos.skipped[0].reason


def test_a_limit_counts_objects(coco):
    for i in range(6):
        image = coco.photo(f"{i}.png")
        coco.box(image, 1, 0, 0, 50, 50)
        coco.box(image, 1, 50, 0, 50, 50)
    everything = [o.id for o in coco.read().objects]
    drawn = [o.id for o in coco.read(limit=5, seed=1).objects]
    assert len(drawn) == 5 and drawn == [i for i in everything if i in drawn]


def test_an_unknown_category_lists_the_valid_ones_nearest_first(coco):
    with pytest.raises(InputError, match=r"no category 'house' in .*; it has horse, .*head"):
        coco.read("house")


def test_no_usable_object_gives_the_counts(coco):
    coco.box(coco.photo("gone.png", write=False), 1, 0, 0, 50, 50)
    with pytest.raises(
        InputError, match=r"No usable horse .* photos named: 1, entries that cannot be used: 1 .*gone\.png"
    ):
        coco.read()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"images": [', "no valid JSON"),
        (b"\xff\xfe", "no valid JSON"),
        (b"[]", "no COCO file"),
        (b'{"images": [], "annotations": []}', "categories: Field required"),
        (b'{"images": [{"id": 1}], "annotations": [], "categories": []}', r"images\[0\]\.file_name: Field required"),
        (
            b'{"images": [], "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3]}],'
            b' "categories": []}',
            r"annotations\[0\]\.bbox",
        ),
        (
            b'{"images": [], "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, NaN, 3, 4]}],'
            b' "categories": []}',
            r"annotations\[0\]\.bbox\[1\]: Input should be a finite number",
        ),
    ],
)
def test_files_that_are_no_coco(tmp_path, content, words):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_coco(tmp_path / "a.json", tmp_path, "horse")
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path, coco):
    with pytest.raises(InputError, match="does not exist"):
        read_coco(tmp_path / "a.json", tmp_path, "horse")
    with pytest.raises(InputError, match="cannot be read"):
        read_coco(tmp_path, tmp_path, "horse")
    coco.box(coco.photo("a.png"), 1, 0, 0, 50, 50)
    with pytest.raises(InputError, match="does not exist"):
        coco.read(folder=tmp_path / "nowhere")


@pytest.mark.data
@pytest.mark.parametrize(
    ("category", "count"), [("horse", 323), ("cat", 334), ("dog", 338), ("cattle", 230), ("sheep", 217)]
)
def test_real_annotations(test_data, category, count):
    folder = test_data / "animalpart" / category
    photos = read_coco(folder / "annotations.json", folder, category)
    assert len(photos.objects) == count and photos.skipped == []
    named = sum("head" in o.parts for o in photos.objects)
    assert 0.5 < named / count < 0.9
    for o in photos.objects:
        assert o.box.x >= 0 and o.box.x + o.box.width <= o.photo_width
        assert all(len(boxes) >= 1 for boxes in o.parts.values())
