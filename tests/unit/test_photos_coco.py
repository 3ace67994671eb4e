import json

import pytest
from PIL import ExifTags, Image

from egraph.errors import InputError
from egraph.photos.annotations import read_annotations
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
        return read_annotations(file, folder or self.folder, category, **keywords)


@pytest.fixture
def coco(tmp_path):
    return Coco(tmp_path)


def test_objects_and_their_parts(coco):
    image = coco.photo("images/a.png")
    first = coco.box(image, 1, 0, 0, 60, 80)
    second = coco.box(image, 1, 40, 0, 60, 80)
    coco.box(image, 2, 42, 10, 10, 10, part_of=second)
    coco.box(image, 2, 45, 10, 14, 10, part_of=first)
    coco.box(image, 3, 1.5, 2.25, 10, 10, part_of=first)
    coco.box(image, 3, 5, 60, 10, 40, part_of=first)
    coco.box(image, 4, 0, 0, 30, 30)
    left, right = coco.read().objects
    assert left.box == Box(0, 0, 60, 80) and right.box == Box(40, 0, 60, 80)
    assert left.parts == {"head": (Box(45, 10, 14, 10),), "leg": (Box(1.5, 2.25, 10, 10), Box(5, 60, 10, 20))}
    assert right.parts == {"head": (Box(42, 10, 10, 10),)}
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


def test_a_part_is_clipped_to_its_object_and_refused_outside(coco):
    image = coco.photo("a.png")
    owner = coco.box(image, 1, 20, 20, 50, 50)
    coco.box(image, 2, 19, 30, 20, 10, part_of=owner)
    coco.box(image, 3, 10, 30, 20, 10, part_of=owner)
    photos = coco.read()
    assert photos.objects[0].parts == {"head": (Box(20, 30, 19, 10),)}
    assert [s.reason for s in photos.skipped] == ["annotation 3 (leg): it does not lie in the box of its horse"]


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


def test_one_id_for_two_photos_is_refused(coco):
    for name in ("a.png", "b.png"):
        coco.box(coco.photo(name), 1, 0, 0, 50, 50)
    coco.content["images"][1]["id"] = "1"
    with pytest.raises(InputError, match=r"image id 1 stands for a\.png and for b\.png"):
        coco.read()
    coco.content["images"][1]["file_name"] = "a.png"
    assert len(coco.read().objects) == 1


def test_equal_annotation_ids_keep_every_box(coco):
    for name in ("a.png", "b.png"):
        image = coco.photo(name)
        coco.box(image, 1, 0, 0, 50, 80, id=0)
        coco.box(image, 1, 50, 0, 50, 80, id=0)
        coco.box(image, 2, 55, 10, 10, 10, id=0)
        coco.box(image, 2, 5, 10, 10, 10, id=0, part_of=0)
    coco.box(image, 1, 40, 0, 20, 80, id=0)
    coco.box(image, 2, 42, 1, 5, 5, id=0, part_of=0)
    photos = coco.read()
    heads = [o.parts.get("head", ()) for o in photos.objects]
    assert heads == [(Box(5, 10, 10, 10),), (Box(55, 10, 10, 10),)] * 2 + [()]
    assert [s.reason for s in photos.skipped] == [
        "annotation 0 (head): it lies in several horse that bear the id 0 which part_of names"
    ]


def test_one_id_for_two_categories_is_refused(coco):
    coco.box(coco.photo("a.png"), 1, 0, 0, 50, 50)
    coco.content["categories"] = [*CATEGORIES, {"id": "1", "name": "dog"}]
    with pytest.raises(InputError, match=r"category id 1 stands for horse and for dog"):
        coco.read()
    coco.content["categories"] = [*CATEGORIES, {"id": 5, "name": "head", "supercategory": "horse"}]
    with pytest.raises(InputError, match=r"category id 5 stands for head of cow and for head of horse"):
        coco.read()


def test_an_image_that_is_listed_twice_keeps_the_boxes_of_both(coco):
    first, second = coco.photo("a.png"), coco.photo("./a.png", write=False)
    coco.box(first, 1, 0, 0, 50, 80)
    coco.box(second, 1, 50, 0, 50, 80)
    coco.box(second, 2, 5, 5, 10, 10)
    photos = coco.read()
    assert [(o.box.x, len(o.parts)) for o in photos.objects] == [(0, 1), (50, 0)] and not photos.skipped


def test_fractions_are_no_pixels(coco):
    for i in range(3):
        image = coco.photo(f"{i}.png")
        coco.box(image, 1, 0.1, 0.2, 0.5, 0.8)
        coco.box(image, 2, 0.2, 0.2, 0.1, 0.1)
    with pytest.raises(InputError, match="lie within 0 and 1; COCO counts pixels"):
        coco.read()
    coco.box(image, 1, 10, 10, 50, 50)
    photos = coco.read()
    assert [o.box for o in photos.objects] == [Box(10, 10, 50, 50)]
    assert len(photos.skipped) == 6 and "within 0 and 1" in photos.skipped[0].reason


def test_corners_are_no_sizes(coco):
    for i in range(4):
        image = coco.photo(f"{i}.png")
        coco.box(image, 1, 30, 20, 90 + i, 78)
        coco.box(image, 2, 35, 25, 50, 60)
    with pytest.raises(InputError, match=r"are corners .*8 of 8 would leave.* \[x, y, width, height\]"):
        coco.read()
    # one that cannot be a pair of corners: they are sizes, drawn carelessly
    coco.box(image, 1, 30, 20, 10, 78)
    assert len(coco.read().objects) == 5


def test_only_what_is_needed_is_checked(coco):
    image = coco.photo("a.png")
    coco.box(image, 1, 0, 0, 50, 50, iscrowd=None)
    for bbox in (None, [], [1, 2, float("nan"), 4], "none"):
        coco.box(image, 4, bbox=bbox)
        coco.box(coco.photo(f"{bbox}.png", write=False, file_name=None), 4, bbox=bbox)
    coco.content["images"].append({"no": "id"})
    photos = coco.read()
    assert len(photos.objects) == 1 and not photos.skipped


def test_odd_entries_cost_themselves_alone(coco):
    image = coco.photo("a.png")
    coco.box(image, 1, 0, 0, 50, 50)
    coco.box(image, 1, bbox=None)
    coco.box(image, 1, bbox=[1, 2, float("nan"), 4])
    coco.box(image, 1, bbox=[1, 2, 3])
    coco.box(image, 1, bbox=None, segmentation={"counts": "abc", "size": [1, 2]})
    coco.box(image, 1, bbox=[], segmentation=[[1, 2, "x", 4, 5, 6]])
    coco.box(coco.photo("no.png", write=False, file_name=None), 1, 0, 0, 9, 9)
    coco.box(None, 1, 0, 0, 9, 9)
    coco.box(image, 77, 0, 0, 9, 9)
    coco.content["annotations"] += [7, {"id": 11}]
    photos = coco.read()
    assert len(photos.objects) == 1
    assert sorted(s.reason for s in photos.skipped) == sorted(
        [
            "annotation 2: it has no box",
            "annotation 3: its box is not four numbers",
            "annotation 4: its box is not four numbers",
            "annotation 5: it has a mask but no box",
            "annotation 6: it has no box, and its polygons are not pairs of numbers",
            "annotation 7: image 2 has no file name",
            "annotation 8: it names no image",
            "annotation 9: it has no category of the file",
            "annotation number 10: it has no category of the file",
            "annotation 11: it has no category of the file",
        ]
    )


def test_a_missing_box_is_that_around_the_polygons(coco):
    image = coco.photo("a.png")
    coco.box(image, 1, bbox=[], segmentation=[[10, 10, 40, 12, 20, 30], [35, 5, 36, 5, 36, 8]])
    coco.box(image, 1, bbox=None, segmentation=[50, 10, 90, 12, 60, 70])
    assert [o.box for o in coco.read().objects] == [Box(10, 5, 30, 25), Box(50, 10, 40, 60)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_read(coco, encoding):
    coco.box(coco.photo("頭.png"), 1, 0, 0, 50, 50)
    file = coco.folder / "annotations.json"
    file.write_text(json.dumps(coco.content, ensure_ascii=False), encoding=encoding)
    assert len(read_annotations(file, coco.folder, "horse").objects) == 1


def test_ids_as_text_and_as_number_are_the_same(coco):
    image = coco.photo("a.png")
    coco.box(str(image), "1", "0", 0, 50, 50.0)
    coco.box(float(image), 2.0, 5, 5, 10, 10, part_of="1")
    assert coco.read().objects[0].parts == {"head": (Box(5, 5, 10, 10),)}


@pytest.mark.parametrize("above", ["", None, "none", "my project", "group", "head"])
def test_a_part_needs_no_supercategory(coco, above):
    coco.content["categories"] = [
        {"id": 1, "name": "horse", "supercategory": above},
        {"id": 2, "name": "head", "supercategory": above},
        {"id": 4, "name": "cow", "supercategory": above},
        {"id": 9, "name": "group", "supercategory": "none"},
    ]
    image = coco.photo("a.png")
    coco.box(image, 1, 0, 0, 50, 80)
    coco.box(image, 4, 40, 0, 60, 80)
    coco.box(image, 2, 5, 5, 10, 10)
    coco.box(image, 2, 70, 5, 10, 10)
    coco.box(image, 2, 41, 5, 8, 10)
    assert coco.read().objects[0].parts == {}, "nothing says that it is a part"
    photos = coco.read(part="head")
    assert photos.objects[0].parts == {"head": (Box(5, 5, 10, 10),)}
    assert [s.reason for s in photos.skipped] == [
        "annotation 4 (head): it belongs to no horse in this photo",
        "annotation 5 (head): it lies in a horse and in something else, so name the horse that it is a part_of",
    ]


def test_a_box_around_everything_is_no_rival(coco):
    coco.content["categories"] = [{"id": i, "name": name} for i, name in enumerate(["horse", "head", "scene", "eye"])]
    image = coco.photo("a.png")
    coco.box(image, 0, 10, 10, 60, 60)
    coco.box(image, 1, 15, 15, 20, 20)
    coco.box(image, 2, 0, 0, 100, 80)
    coco.box(image, 3, 18, 18, 4, 4)
    assert coco.read(part="head").objects[0].parts == {"head": (Box(15, 15, 20, 20),)}
    assert coco.read(part="eye").objects[0].parts == {"eye": (Box(18, 18, 4, 4),)}


def test_a_part_that_is_not_there_says_what_is(coco):
    image = coco.photo("a.png")
    coco.box(image, 1, 0, 0, 50, 50)
    coco.box(image, 2, 5, 5, 10, 10)
    with pytest.raises(InputError, match=r"no box of 'wing' on a horse: it has head\."):
        coco.read(part="wing")
    coco.content["categories"] = [*CATEGORIES[:1], {"id": 2, "name": "head", "supercategory": "cow"}, CATEGORIES[3]]
    with pytest.raises(InputError, match="'head' is a part of cow"):
        coco.read(part="head")
    coco.content["categories"] = [CATEGORIES[0], {"id": 2, "name": "head"}, {"id": 3, "name": "leg"}]
    with pytest.raises(InputError, match="knows 'leg', but nobody drew a box of it"):
        coco.read(part="leg")
    coco.content["annotations"][1]["bbox"] = [60, 60, 10, 10]
    with pytest.raises(InputError, match=r"No box of head .* belongs to no horse in this photo"):
        coco.read(part="head")


def test_a_link_that_leads_out_of_the_folder_is_not_followed(coco, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    Image.new("RGB", (100, 80), "red").save(outside / "secret.png")
    coco.box(coco.photo("images/a.png"), 1, 0, 0, 50, 50)
    (coco.folder / "b.png").symlink_to(coco.folder / "images/a.png")
    (coco.folder / "c.png").symlink_to(outside / "secret.png")
    (coco.folder / "linked").symlink_to(outside)
    for name in ("b.png", "c.png", "linked/secret.png", "elsewhere/secret.png"):
        coco.box(coco.photo(name, write=False), 1, 10, 10, 50, 50)
    photos = coco.read()
    assert [o.path.name for o in photos.objects] == ["a.png", "b.png"]
    assert [(s.path, s.reason.partition(",")[0]) for s in photos.skipped] == [
        ("c.png", "a link leads from it out of the folder of the photos"),
        ("linked/secret.png", "a link leads from it out of the folder of the photos"),
        ("elsewhere/secret.png", "the file is missing"),
    ]
    given = coco.folder.parent / f"{coco.folder.name}-link"
    given.symlink_to(coco.folder)
    assert [o.path.name for o in coco.read(folder=given).objects] == ["a.png", "b.png"], "the user's own link"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"images": [', "no valid JSON"),
        (b"\xff\xfe", "no valid JSON"),
        (b"[]", "no COCO file"),
        (b'{"images": [], "annotations": []}', "no COCO file: it has no list of categories"),
        (b'{"images": 3, "annotations": [], "categories": []}', "no list of images"),
        (b'{"images": [], "annotations": [], "categories": [3, {"name": "horse"}]}', "it has none at all"),
        (b'{"images": [], "images": [], "annotations": [], "categories": []}', "'images' twice"),
        (b'{"images": [1' + b"0" * 5000 + b"]}", "no valid JSON"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_files_that_are_no_coco(tmp_path, content, words):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        read_annotations(tmp_path / "a.json", tmp_path, "horse")
    assert "\n" not in str(caught.value)


def test_missing_files(tmp_path, coco):
    with pytest.raises(InputError, match="does not exist"):
        read_annotations(tmp_path / "a.json", tmp_path, "horse")
    with pytest.raises(InputError, match="has no such file; give a COCO file, or a folder"):
        read_annotations(tmp_path, tmp_path, "horse")
    coco.box(coco.photo("a.png"), 1, 0, 0, 50, 50)
    with pytest.raises(InputError, match="does not exist"):
        coco.read(folder=tmp_path / "nowhere")


@pytest.mark.data
@pytest.mark.parametrize(
    ("category", "count"), [("horse", 323), ("cat", 334), ("dog", 338), ("cattle", 230), ("sheep", 217)]
)
def test_real_annotations(test_data, category, count):
    folder = test_data / "animalpart" / category
    photos = read_annotations(folder / "annotations.json", folder, category)
    assert len(photos.objects) == count and photos.skipped == []
    named = sum("head" in o.parts for o in photos.objects)
    assert 0.5 < named / count < 0.9
    for o in photos.objects:
        assert o.box.x >= 0 and o.box.x + o.box.width <= o.photo_width
        assert all(len(boxes) >= 1 for boxes in o.parts.values())
