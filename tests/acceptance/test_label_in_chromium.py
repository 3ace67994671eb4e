"""A person draws boxes of a part with the mouse, in a real browser: each is kept, and what is found is corrected."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from egraph.demo.world import write_world
from egraph.graph import embedded
from egraph.photos.annotations import read_annotations
from egraph.settings import Settings
from support.chromium import MARKS, browser, playwright, serving, watched

pytestmark = MARKS
PHOTOS = 14
LEARNT = 180_000
"""Milliseconds that learning may take."""
NEAR = 0.03
"""Of a photo's width: so far a box may be from where the mouse was."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = Settings(home=tmp_path_factory.mktemp("home"), idle_minutes=5, wal_flush=0)
    yield made
    embedded.stop(made)


@pytest.fixture(scope="module")
def photos(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated horses that were mined, whose heads nobody has drawn."""
    folder = tmp_path_factory.mktemp("photos")
    annotations = write_world(folder, "horse", PHOTOS, seed=5)
    words = ["mine", folder, "--annotations", annotations, "--network", "egraph.demo.network:animals"]
    environment = {"EGRAPH_HOME": str(settings.home), "PATH": "/usr/bin:/bin"}
    subprocess.run(
        [Path(sys.executable).parent / "egraph", *words, "--category", "horse"],
        check=True,
        capture_output=True,
        env=environment,
        timeout=300,
    )
    return folder


@pytest.fixture
def chromium() -> Iterator[Any]:
    with browser() as opened:
        yield opened


def labelling(settings: Settings, photos: Path, part: str) -> AbstractContextManager[str]:
    words = ("label", photos, "--annotations", photos / "annotations.json", "--category", "horse", "--part", part)
    return serving(settings.home, *words, "--quiet", last="Stopped; all boxes are kept.\n")


class Person:
    """Looks at the page and moves the mouse; knows where heads are."""

    def __init__(self, chromium: Any, address: str, photos: Path) -> None:
        self.page = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
        self.complaints = watched(self.page)
        self.heads = {
            o.id: o.parts["head"][0]
            for o in read_annotations(photos / "annotations.json", photos, "horse", part="head").objects
            if o.parts.get("head")
        }
        self.page.goto(address)
        playwright.expect(self.page.locator("#photos li")).not_to_have_count(0)

    @property
    def state(self) -> dict[str, Any]:
        """What the server says there is, asked by the page's own session."""
        return dict(json.loads(self.page.request.get(self.page.url.replace("/label", "/label/state")).text()))

    @property
    def shown(self) -> dict[str, Any]:
        """The photo that is shown."""
        index = self.page.locator("#photos button").evaluate_all("all => all.findIndex((b) => b.ariaCurrent)")
        return dict(self.state["frames"][index])

    def kept(self, id: str) -> list[list[float]]:
        """The boxes of an object."""
        return next(frame["boxes"] for frame in self.state["frames"] if frame["id"] == id)

    def expects(self, count: int) -> None:
        """So many boxes stand on the page, and in the database."""
        playwright.expect(self.page.locator("#count")).to_have_text(str(count))
        assert self.state["boxes"] == count

    def drag(self, box: list[float]) -> None:
        """Draw a box, in pixels of the photo, from its upper left corner to the other."""
        corners = [[box[0], box[1]], [box[0] + box[2], box[1] + box[3]]]
        ends = self.page.evaluate(
            """(corners) => { const to = document.getElementById("stage").getScreenCTM();
            return corners.map(([x, y]) => new DOMPoint(x, y).matrixTransform(to)).map((at) => [at.x, at.y]); }""",
            corners,
        )
        self.page.mouse.move(*ends[0])
        self.page.mouse.down()
        self.page.mouse.move(*[(a + b) / 2 for a, b in zip(*ends, strict=True)])
        self.page.mouse.move(*ends[1])
        self.page.mouse.up()
        playwright.expect(self.page.locator("#stage .drawn")).to_be_visible()

    def draws_the_head(self) -> tuple[str, list[float]]:
        """Draw the head of the photo that is shown; skip photos that show none. The object and the box."""
        while (shown := self.shown)["id"] not in self.heads:
            self.page.keyboard.press("s")
        head = self.heads[shown["id"]]
        box = [head.x, head.y, head.width, head.height]
        self.drag(box)
        return shown["id"], box

    def keeps(self, id: str) -> None:
        """Keep what stands on a photo; the next one is shown."""
        name = self.name(id)
        self.page.keyboard.press("Enter")
        playwright.expect(self.page.locator("#about")).not_to_contain_text(name)

    def name(self, id: str) -> str:
        """The file of an object's photo."""
        return str(next(frame["name"] for frame in self.state["frames"] if frame["id"] == id))


def near(box: list[float], other: list[float], width: float) -> bool:
    """Whether a box is where the mouse drew it."""
    return max(abs(a - b) for a, b in zip(box, other, strict=True)) < NEAR * width


def test_boxes_are_drawn_kept_skipped_and_taken_back(settings: Settings, photos: Path, chromium: Any) -> None:
    with labelling(settings, photos, "face") as address:
        person = Person(chromium, address, photos)
        first, box = person.draws_the_head()
        person.expects(0)
        person.keeps(first)
        person.expects(1)
        width = person.state["frames"][0]["width"]
        (kept,) = person.kept(first)
        assert near(kept, box, width)
        skipped = person.shown["id"]
        person.page.get_by_role("button", name="Skip").click()
        assert person.shown["id"] not in (first, skipped) and person.kept(skipped) == []
        person.page.reload()
        person.expects(1)
        assert person.kept(first) == [kept]
        name = person.name(first)
        person.page.locator(f'#photos button[aria-label^="{name}"]').click()
        playwright.expect(person.page.locator("#stage .kept")).to_have_count(1)
        person.page.keyboard.press("u")
        person.expects(0)
        assert person.kept(first) == [] and person.page.locator("#stage .kept").count() == 0
        # A click draws nothing, and a box that was begun goes away with Escape.
        person.page.locator("#stage").click()
        assert person.page.locator("#stage .drawn").count() == 0
        person.drag(box)
        person.page.keyboard.press("Escape")
        assert person.page.locator("#stage .drawn").count() == 0
        person.expects(0)
        assert person.complaints == []


def test_after_three_boxes_the_part_is_found_and_can_be_corrected(
    settings: Settings, photos: Path, chromium: Any
) -> None:
    with labelling(settings, photos, "head") as address:
        person = Person(chromium, address, photos)
        for _ in range(3):
            id, _ = person.draws_the_head()
            person.keeps(id)
        person.expects(3)
        playwright.expect(person.page.locator("#told")).to_contain_text("Learnt from 3 objects", timeout=LEARNT)
        found = [frame for frame in person.state["frames"] if frame["found"] and not frame["boxes"]]
        assert len(found) == PHOTOS - 3
        person.page.locator('#photos button[aria-label$="found"]').first.click()
        playwright.expect(person.page.locator("#stage .found")).to_have_count(1)
        # What was found is kept as it is by Enter …
        shown = person.shown
        person.keeps(shown["id"])
        assert near(person.kept(shown["id"])[0], shown["found"]["box"], 0.1 * shown["width"])
        # … and another box is kept instead where one is drawn.
        corrected = person.shown
        assert corrected["found"] and not corrected["boxes"]
        x, y, width, height = corrected["object"]
        drawn = [x + width / 2, y + height / 2, width / 4, height / 4]
        person.drag(drawn)
        assert person.page.locator("#stage .found").count() == 0
        person.keeps(corrected["id"])
        assert near(person.kept(corrected["id"])[0], drawn, corrected["width"])
        person.expects(5)
        playwright.expect(person.page.locator("#told")).to_contain_text("Learnt from 5 objects", timeout=LEARNT)
        assert person.complaints == []


def test_two_browsers_label_at_once(settings: Settings, photos: Path, chromium: Any) -> None:
    with labelling(settings, photos, "muzzle") as address:
        one, other = Person(chromium, address, photos), Person(chromium, address, photos)
        first, _ = one.draws_the_head()
        one.keeps(first)
        other.expects(1)
        # Each on another photo, and then both on the same.
        second, _ = one.draws_the_head()
        other.page.locator("#photos button").last.click()
        third, _ = other.draws_the_head()
        assert second != third
        one.page.keyboard.press("Enter")
        other.page.keyboard.press("Enter")
        one.expects(3)
        other.expects(3)
        assert one.kept(second) and one.kept(third)
        assert one.complaints == other.complaints == []


def test_a_box_survives_a_database_that_goes_away(settings: Settings, photos: Path, chromium: Any) -> None:
    with labelling(settings, photos, "mouth") as address:
        person = Person(chromium, address, photos)
        first, _ = person.draws_the_head()
        person.keeps(first)
        embedded.stop(settings)
        second, box = person.draws_the_head()
        person.page.keyboard.press("Enter")
        playwright.expect(person.page.locator("#count")).to_have_text("2", timeout=60_000)
        (kept,) = person.kept(second)
        assert near(kept, box, person.state["frames"][0]["width"]) and person.kept(first)
