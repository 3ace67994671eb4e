"""The desk at which a person labels photos: boxes are in the database at once, and only where they belong."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from egraph.browse.labels import box_of, read_asked
from egraph.commands.labelling import Desk
from egraph.commands.requests import DeskRequest
from egraph.errors import InputError
from egraph.graph.connection import Database
from egraph.graph.parts import add_labels, labelled_objects
from egraph.photos.folder import read_photo
from egraph.photos.photo import Box
from egraph.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        Image.new("RGB", (60, 40), (number, number * 9, 0)).save(tmp_path / f"{number}.png")
    return tmp_path


@pytest.fixture
def desk(settings: Settings, folder: Path, category: str) -> Iterator[Desk]:
    made = Desk(settings, DeskRequest(folder, category, "head"))
    yield made
    made.close()


def test_a_box_is_kept_at_once_and_taken_back(desk: Desk, database: Database, category: str) -> None:
    first, second = list(desk.objects)[:2]
    assert desk.state()["boxes"] == 0
    desk.keep(first, Box(40, 20, 30, 30))
    (there,) = labelled_objects(database, category)
    assert there.id == first and there.parts == {"head": (Box(40, 20, 20, 20),)}, "clipped to the photo"
    desk.keep(second, Box(1, 2, 3, 4))
    desk.undo(first)
    desk.undo(first)
    state = desk.state()
    assert state["boxes"] == 1 and [f["id"] for f in state["frames"] if f["boxes"]] == [second]
    assert f"no graph of {category} yet" in state["told"]


def test_boxes_of_other_objects_on_the_same_photo_stay(
    desk: Desk, database: Database, folder: Path, category: str
) -> None:
    whole = read_photo(folder / "2.png")
    beside = replace(whole, box=Box(30, 0, 30, 40), parts={"head": (Box(31, 1, 5, 5),)})
    add_labels(database, [beside], category, "head")
    desk.keep(whole.id, Box(1, 1, 5, 5))
    desk.undo(whole.id)
    assert [o.id for o in labelled_objects(database, category)] == [beside.id]


def test_two_desks_see_each_others_boxes(desk: Desk, settings: Settings, folder: Path, category: str) -> None:
    other = Desk(settings, DeskRequest(folder, category, "head"))
    desk.keep(next(iter(desk.objects)), Box(1, 1, 5, 5))
    other.keep(next(iter(reversed(desk.objects))), Box(2, 2, 5, 5))
    assert desk.state()["boxes"] == other.state()["boxes"] == 2
    other.close()


def test_what_is_no_box_of_an_object_here_is_refused(desk: Desk) -> None:
    with pytest.raises(InputError, match="does not lie inside the object"):
        desk.keep(next(iter(desk.objects)), Box(70, 50, 5, 5))
    for name in ("../../etc/passwd", ""):
        with pytest.raises(InputError, match="not one of those"):
            desk.object(name)
    for bad in ([1, 2, 3], [1, 2, 0, 4], [1, 2, float("nan"), 4], [1, 2, True, 4], "1,2,3,4", None):
        with pytest.raises(InputError, match="no box"):
            box_of(bad)
    for body in (b"", b"[]", b'{"id": 1}', b"\xff"):
        with pytest.raises(InputError):
            read_asked(body)
    assert desk.state()["boxes"] == 0
