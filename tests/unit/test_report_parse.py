"""Pictures of parts that were found: what must be seen is there, whatever was found."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from egraph.aog.locate import Contribution, LocatedPart
from egraph.photos.image import PhotoError
from egraph.photos.photo import Box, PhotoObject
from egraph.report.files import NewFile, ReportError
from egraph.report.lettering import fitted, font_for
from egraph.report.parse_album import ParseFolder, ParsePage, Parses
from egraph.report.parse_picture import (
    BOX,
    LEGEND_WIDTH,
    MOST_PATTERNS,
    PANEL_PIXELS,
    layer_colours,
    parse_panel,
    parse_picture,
)

WIDTH, HEIGHT = 200, 160
LAYERS = ["layer2", "layer3", "layer4"]
COLOURS = layer_colours(LAYERS)
GRAPH = "net@0123456789ab/horse/default"


def contributions(count: int) -> list[Contribution]:
    return [
        Contribution(f"{GRAPH}/layer{2 + k % 3}/{k}/{k}", 30.0 + 12 * (k % 12), 20.0 + 9 * (k // 12), 0.5 / (k + 1))
        for k in range(count)
    ]


PART = LocatedPart(
    part="head",
    box=Box(90, 60, 40, 50),
    x=110,
    y=85,
    score=1.5,
    prior=0.2,
    confidence=0.8,
    place_confidence=0.7,
    expected_error=0.05,
    template=f"{GRAPH}/head/default/2",
    mirrored=False,
    patterns=contributions(3),
    voting=20,
)
UNSURE = replace(PART, confidence=0.01)


@pytest.fixture
def photo(tmp_path: Path) -> PhotoObject:
    path = tmp_path / "photos" / "horse.png"
    path.parent.mkdir()
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    Image.fromarray(np.stack([columns, rows, 0 * rows], 2).astype(np.uint8), "RGB").save(path)
    return PhotoObject(path, "0" * 64, WIDTH, HEIGHT, Box(0, 0, WIDTH, HEIGHT))


def drawn(obj: PhotoObject, *parts: LocatedPart) -> np.ndarray:
    with Image.open(obj.path) as image:
        return np.asarray(parse_panel(image, obj, parts[0], COLOURS, parts)).astype(int)


def close(pixels: np.ndarray, colour: str) -> np.ndarray:
    return np.abs(pixels - ImageColor.getrgb(colour)).sum(-1) < 60


def test_the_box_stands_where_it_was_found(photo: PhotoObject) -> None:
    pixels = drawn(photo, replace(PART, patterns=[]))
    scale = PANEL_PIXELS / WIDTH
    assert pixels.shape == (HEIGHT * scale, WIDTH * scale, 3)
    white = close(pixels, BOX)
    for x in (90, 130):
        column = white[round(66 * scale) : round(104 * scale), round(x * scale) - 3 : round(x * scale) + 4]
        assert column.any(1).all(), "a line without gaps"
    for y in (60, 110):
        row = white[round(y * scale) - 3 : round(y * scale) + 4, round(96 * scale) : round(124 * scale)]
        assert row.any(0).all()
    assert white[round(85 * scale), round(110 * scale)], "the cross"
    assert not white[:, : round(80 * scale)].any() and not white[:, round(140 * scale) :].any()


def test_an_unsure_part_looks_unsure(photo: PhotoObject) -> None:
    sure, unsure = (drawn(photo, replace(part, patterns=[])) for part in (PART, UNSURE))
    scale = PANEL_PIXELS / WIDTH
    top = slice(round(60 * scale) - 3, round(60 * scale) + 4), slice(round(92 * scale), round(128 * scale))
    assert close(sure, BOX)[top].any(0).all()
    assert 0.3 < close(unsure, BOX)[top].any(0).mean() < 0.9, "dashes"
    corner = slice(0, 60), slice(-60, None)
    assert np.ptp(unsure[corner], -1).mean() < 0.3 * np.ptp(sure[corner], -1).mean(), "grey"
    with Image.open(photo.path) as image:
        sheets = [np.asarray(parse_picture(image, photo, [part], LAYERS)).astype(int) for part in (PART, UNSURE)]
    red = [close(sheet, "#b3261e")[:, -LEGEND_WIDTH:].sum() for sheet in sheets]
    assert red[1] > 10 * red[0], "and says so"


def test_patterns_stand_at_their_places_in_their_layers_colour(photo: PhotoObject) -> None:
    spoken = [Contribution(f"{GRAPH}/layer3/1/1", 30, 30, 0.5), Contribution(f"{GRAPH}/layer4/1/1", 170, 130, 0.1)]
    pixels = drawn(photo, replace(PART, patterns=spoken))
    scale = PANEL_PIXELS / WIDTH
    areas = []
    for pattern in spoken:
        colour = np.array(ImageColor.getrgb(COLOURS[pattern.id.split("/")[3]]))
        x, y = round(pattern.x * scale), round(pattern.y * scale)
        around = pixels[y - 16 : y + 17, x - 16 : x + 17]
        areas.append((np.abs(around - colour).sum(-1) < 200).sum())
        assert areas[-1] > 20
    line = pixels[round(57.5 * scale), round(70 * scale) - 4 : round(70 * scale) + 5]
    assert line.sum(-1).max() > 500, "a line leads to the centre"


@pytest.mark.parametrize(
    "part",
    [
        replace(PART, patterns=[]),
        replace(PART, patterns=contributions(40)),
        replace(PART, patterns=[Contribution(f"{GRAPH}/layer9/1/1", 110, 85, 0.0)] * 1),
        replace(PART, box=Box(110, 85, 0.0, 0.0)),
        replace(PART, box=Box(-500, -500, 10, 10), x=-495, y=-495),
        replace(UNSURE, box=Box(900, 700, 0.01, 0.01), x=900, y=700),
        replace(UNSURE, box=Box(-50, -50, 900, 900)),
        replace(PART, part="ein sehr langer Name " * 20),
        replace(PART, part="größe–頭\udcff"),
    ],
    ids=[
        "no patterns",
        "many patterns",
        "weightless",
        "no box",
        "outside",
        "outside and tiny",
        "huge",
        "long",
        "letters",
    ],
)
def test_any_part_can_be_drawn(photo: PhotoObject, part: LocatedPart) -> None:
    with Image.open(photo.path) as image:
        picture = parse_picture(image, photo, [part, PART], LAYERS)
    assert PANEL_PIXELS < picture.width < 1200 and picture.height > PANEL_PIXELS
    assert close(np.asarray(picture).astype(int)[70:600, 28 : 28 + PANEL_PIXELS], BOX).any()


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(0, 0, 200, 2), Box(198, 0, 2, 160)])
def test_thin_objects_can_be_drawn(photo: PhotoObject, box: Box) -> None:
    with Image.open(photo.path) as image:
        at = replace(PART, box=Box(box.x, box.y, box.width / 2, box.height / 2), x=box.x, y=box.y, patterns=[])
        picture = parse_picture(image, replace(photo, box=box), [at], LAYERS)
        bare = parse_picture(image, replace(photo, box=box), [], LAYERS)
    assert max(picture.width - LEGEND_WIDTH, picture.height) > PANEL_PIXELS and picture.width == bare.width


def test_pictures_of_one_name_do_not_replace_each_other(photo: PhotoObject, tmp_path: Path) -> None:
    folder = ParseFolder(tmp_path / "deep" / "out", LAYERS)
    names = ["horse.png", "HORSE.jpg", "other/horse.png", "x" * 240 + ".png", "x" * 240 + ".jpg", "ü" * 120 + ".png"]
    with Image.open(photo.path) as image:
        paths = [folder.add(image, replace(photo, path=tmp_path / name), [PART]) for name in names]
    assert len({str(path).casefold() for path in paths}) == len(names)
    assert paths[0].name == "horse-parse.png" and paths[2].name == "horse-parse-3.png"
    assert sorted(folder.folder.iterdir()) == sorted(paths)
    for path in paths:
        with Image.open(path) as picture:
            picture.load()


def test_a_page_is_whole_or_not_there(photo: PhotoObject, tmp_path: Path) -> None:
    destination = tmp_path / "page.html"
    destination.write_text("before")
    with pytest.raises(PhotoError), Parses("horse", LAYERS, None, destination) as parses:
        parses.add(photo, [PART])
        assert next(tmp_path.glob("page.*.new.html")).stat().st_size > 1000 and destination.read_text() == "before"
        parses.add(replace(photo, path=tmp_path / "gone.png"), [PART])
    assert destination.read_text() == "before" and not (tmp_path / "page.html.new").exists()
    hostile = replace(UNSURE, part="<script>alert('$body')</script>", patterns=contributions(MOST_PATTERNS + 5))
    with Parses("h<b>", LAYERS, None, destination) as parses:
        parses.add(photo, [PART, hostile])
    page = destination.read_text()
    assert page.endswith("</html>\n") and "<script>" not in page and "<b>" not in page
    assert page.count("data:image/jpeg;base64,") == 2
    assert "layer2/0/0" in page and "confidence 0.80" in page and "it is hardly there" in page


def test_what_cannot_be_written_is_one_sentence(
    photo: PhotoObject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"cannot be written to .*choose another place"):
        ParseFolder(tmp_path / "file" / "deep", LAYERS)
    with pytest.raises(ReportError), ParsePage(tmp_path / "photos", "horse", LAYERS):
        pass
    folder = ParseFolder(tmp_path / "out", LAYERS)

    def full(self: NewFile, content: bytes) -> None:
        with self._failures():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(NewFile, "write", full)
    with Image.open(photo.path) as image, pytest.raises(ReportError, match="No space left"):
        folder.add(image, photo, [PART])
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("width", [0, 30, 200])
def test_text_is_cut_to_fit(width: float) -> None:
    text = fitted("a very long name of a photo.png", 20, width)
    assert font_for(text, 20).getlength(text) <= width or len(text) <= 4
    assert fitted("short", 20, 500) == "short"
