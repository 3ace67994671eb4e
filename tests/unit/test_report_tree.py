"""The tree of an And-Or graph as a picture and as a page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from egraph.aog.show import Sighting, Tree, TreePattern, TreeTemplate
from egraph.aog.storage import AndOrGraphSummary
from egraph.photos.photo import Box, PhotoObject
from egraph.report.files import ReportError
from egraph.report.parse_picture import MARGIN, layer_colours
from egraph.report.tree import CROP, GAP, GONE, HEAD, ROOT_WIDTH, ROW, template_pictures, tree_picture
from egraph.report.tree_page import draw_tree

SIDE = 120
LAYERS = ["layer2", "layer3"]
FIRST = MARGIN + ROOT_WIDTH + GAP
HOSTILE = "<script>alert('$body')</script>"


@pytest.fixture
def seen(tmp_path: Path) -> Sighting:
    """An object whose left half is red and whose right half is blue; the part lies at the top left."""
    path = tmp_path / "photos" / "two.png"
    path.parent.mkdir()
    photo = Image.new("RGB", (SIDE, SIDE), "#ff0000")
    photo.paste("#0000ff", (SIDE // 2, 0, SIDE, SIDE))
    photo.save(path)
    obj = PhotoObject(path, "0" * 64, SIDE, SIDE, Box(0, 0, SIDE, SIDE))
    return Sighting(obj, Box(10, 10, 30, 40), False, 0.25, 0.25, 1.0)


def tree_of(*templates: list[Sighting], patterns: int = 3, shown: int = 3) -> Tree:
    id = "net@0123456789ab/horse/default/head/default"
    summary = AndOrGraphSummary(
        id, "horse", "head", "default", id[:-13], 3, 3, len(templates), patterns, "2026-01-01T00:00:00+00:00", True
    )

    def pattern(k: int, seen: list[Sighting]) -> TreePattern:
        return TreePattern(f"{id}/{k}", LAYERS[k % 2], k, k, 0.5, 0.5 / (k + 1), 0.1, -0.2, 0.03, seen)

    rows = [
        TreeTemplate(f"{id}/{n}", n, 5, 0.3, 0.4, [0.0], [pattern(k, seen) for k in range(patterns)], seen)
        for n, seen in enumerate(templates, start=1)
    ]
    return Tree(summary, 0, {"poses": 8}, {"egraph": "1"}, ["a", "b", "c"], LAYERS, rows, shown)


def close(pixels: np.ndarray, colour: str) -> np.ndarray:
    return np.abs(pixels.astype(int) - ImageColor.getrgb(colour)).sum(-1) < 60


def test_every_template_shows_its_object_and_its_patterns(seen: Sighting) -> None:
    tree, gone = tree_of([seen], [replace(seen, mirrored=True)]), set()
    rows = list(template_pictures(tree, gone))
    assert not gone and [len(row.patches) for row in rows] == [3, 3]
    picture = np.asarray(tree_picture(tree, rows))
    red, blue = close(picture, "#ff0000"), close(picture, "#0000ff")
    for k, mirrored in enumerate((False, True)):
        crop = (slice(HEAD + k * ROW, HEAD + k * ROW + CROP), slice(FIRST, FIRST + CROP))
        left, right = np.nonzero(red[crop])[1].mean(), np.nonzero(blue[crop])[1].mean()
        assert (left < right) != mirrored, "in the canonical view"
        rows_, columns = np.nonzero(close(picture[crop], "#ffffff") & ~close(picture[crop], "#ff0000"))
        inside = (columns > 0.1 * CROP) & (columns < 0.9 * CROP) & (rows_ > 0.1 * CROP) & (rows_ < 0.9 * CROP)
        assert (columns[inside].mean() < CROP / 2) != mirrored, "the part's box"
    colours = layer_colours(LAYERS)
    assert close(picture[: HEAD + ROW], colours["layer2"]).any() and close(picture, colours["layer3"]).any()
    assert picture.shape[0] == HEAD + 2 * ROW + 60


def test_gone_photos_leave_the_tree(seen: Sighting, tmp_path: Path) -> None:
    lost = replace(seen, object=replace(seen.object, path=tmp_path / "lost.png"))
    changed = replace(seen, object=replace(seen.object, photo_width=SIDE + 1))
    gone: set[Path] = set()
    rows = list(template_pictures(tree_of([lost, seen], [lost]), gone))
    assert gone == {lost.object.path}
    assert rows[0].crop is not None and rows[1].crop is None and rows[1].patches[0][1] is None
    said = draw_tree(tree_of([lost], [changed]), tmp_path / "tree.png", tmp_path / "tree.html")
    assert len(said) == 1 and "1 more photo" in said[0] and said[0].endswith("that are left.")
    assert (tmp_path / "tree.html").read_text().count(GONE) == 8
    with Image.open(tmp_path / "tree.png") as picture:
        assert picture.width > FIRST + CROP


@pytest.mark.parametrize("box", [Box(0, 0, 0, 0), Box(-300, -300, 9, 9), Box(-40, -40, 400, 400), Box(60, 60, 0.1, 50)])
@pytest.mark.parametrize("frame", [Box(0, 0, SIDE, SIDE), Box(0, 0, 1, SIDE), Box(119, 119, 1, 1)])
def test_any_box_can_be_drawn(seen: Sighting, box: Box, frame: Box) -> None:
    tree = tree_of([replace(seen, part=box, object=replace(seen.object, box=frame))], patterns=1)
    assert tree_picture(tree, list(template_pictures(tree, set()))).height == HEAD + ROW + 60


def test_trees_without_patterns_and_with_long_names(seen: Sighting) -> None:
    for tree in (tree_of([], patterns=0), tree_of(), tree_of([seen], patterns=2, shown=40)):
        summary = replace(tree.summary, part="größe " * 40, name="n" * 300)
        named = replace(tree, summary=summary)
        assert tree_picture(named, list(template_pictures(named, set()))).width < 2000


def test_the_page_escapes_what_comes_from_outside(seen: Sighting, tmp_path: Path) -> None:
    tree = tree_of([seen])
    tree = replace(tree, summary=replace(tree.summary, part=HOSTILE, category=HOSTILE), parameters={HOSTILE: HOSTILE})
    assert draw_tree(tree, None, tmp_path / "tree.html") == []
    page = (tmp_path / "tree.html").read_text()
    assert "<script>" not in page and page.count("data:image/jpeg;base64,") == 4
    assert "layer2/0/0" in page and "10% right, 20% above ± 3%" in page
    with pytest.raises(ReportError):
        draw_tree(tree, tmp_path, None)
