import base64
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from egraph.photos.photo import Box, PhotoObject, Skipped
from egraph.report.category import write_report
from egraph.report.files import ReportError
from egraph.report.page import displacement_words, number
from egraph.report.page_content import (
    CategoryReport,
    EdgeCount,
    Example,
    Figure,
    LayerRow,
    PartSection,
    PatternRow,
    Portrait,
    TogetherRow,
)

HOSTILE = "</style></title><script>alert('$style')</script>\"><img src=http://x.example onerror=alert(1)> & ${body}"
VOID_TAGS = {"br", "meta", "img"}


class Page(HTMLParser):
    """What a browser would make of the page: its tags with attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def images(self) -> list[Image.Image]:
        sources = [str(attributes["src"]) for tag, attributes in self.tags if tag == "img"]
        assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
        return [Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) for source in sources]


@pytest.fixture
def photo(tmp_path: Path) -> PhotoObject:
    path = tmp_path / "photos" / "horse.png"
    path.parent.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (80, 120, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return PhotoObject(path, "0" * 64, 120, 80, Box(10, 5, 100, 70), {"head": (Box(70, 8, 30, 25),)})


@pytest.fixture
def report(photo: PhotoObject) -> CategoryReport:
    return report_about(photo, "horse", "head")


def report_about(photo: PhotoObject, name: str, part: str) -> CategoryReport:
    """A report in which every word from outside contains `name` (or, for the part, `part`)."""
    layers = [f"low {name}", f"high {name}"]
    patterns = [
        PatternRow(f"g/{layer}/{7 + k}/{k}", layer, 7 + k, k, 40 + k, 0.25 * k, [Example(photo, 0.7, 0.2, 1.5)] * 2)
        for k, layer in enumerate(layers)
    ]
    together = [
        TogetherRow(patterns[0].id, patterns[1].id, 0.61, 33, 0.12, -0.3, 0.04),
        TogetherRow(patterns[0].id, f"g/elsewhere {name}/1/2", 0.42, 21),
    ]
    portrait = Portrait(photo, {patterns[0].id: (0.7, 0.2), patterns[1].id: (0.8, 0.25)})
    return CategoryReport(
        category=name,
        graph_id=f"net/{name}/first",
        network=f"net {name}",
        weights_sha256="ab12",
        weights_source=f"/weights/{name}.pth",
        seed=17,
        written_at="2026-01-02",
        photos_used=1234,
        photos_skipped=[Skipped(f"{name}.jpg", "the file is empty"), Skipped(f"{name}.jpg", f"because {name}")],
        layers=[LayerRow(layers[0], 4321, 46, 48, 24, 0.3), LayerRow(layers[1], 321)],
        edges=[EdgeCount(layers[0], layers[1], 5001, 6002)],
        dropped={f"too weak {name}": 77},
        settings={f"iterations {name}": 20, "layers": [name, 2]},
        versions={f"torch {name}": "2.6"},
        figures=[
            Figure(f"error {name}", 0.0412, f"centre {name}", 0.211),
            Figure(f"error {name}", 0.0412, "mean", 0.118),
            Figure("right", 0.985, "always left", None),
        ],
        parts=[PartSection(part, 3, patterns, together, portrait)],
        remarks=[f"Remark {name}"],
    )


def test_every_row_is_on_the_page(report: CategoryReport, tmp_path: Path) -> None:
    page = Page(write_report(tmp_path / "new" / "report.html", report).read_text())
    words = ["1,234", "4,642", "5,001", "6,002", "ab12", "17", "0.0412", "0.211", "0.118", "0.985", "always left"]
    words += [
        "low horse / 7 / 0",
        "high horse / 8 / 1",
        "g/elsewhere horse/1/2",
        "0.61",
        "0.42",
        "on the head in at least 25%",
    ]
    words += ["12% right, 30% above ± 4%", "too weak horse", "77", "iterations horse", "torch horse", "Remark horse"]
    words += ["the file is empty", "because horse", "3 labelled objects", "46 of 48 filters", "24 × 24 units"]
    assert [word for word in words if word not in page.text] == []


def test_a_figure_is_named_once_for_all_its_controls(report: CategoryReport, tmp_path: Path) -> None:
    page = Page(write_report(tmp_path / "report.html", report).read_text())
    assert page.text.count("error horse") == 1 and page.text.count("0.0412") == 1


def test_pictures_are_inside_the_page_and_decode(report: CategoryReport, tmp_path: Path) -> None:
    source = write_report(tmp_path / "report.html", report).read_text()
    portrait, *patches = Page(source).images()
    assert len(patches) == 4
    assert max(portrait.size) == 720 and {patch.size for patch in patches} == {(132, 132)}
    for picture in (portrait, *patches):
        picture.load()
    assert "http://" not in source and "https://" not in source and "url(" not in source
    assert "default-src 'none'" in source


def test_hostile_words_stay_words(photo: PhotoObject, tmp_path: Path) -> None:
    tame = Page(write_report(tmp_path / "tame.html", report_about(photo, "horse", "head")).read_text())
    part = replace(photo, parts={HOSTILE: photo.parts["head"]})
    source = write_report(tmp_path / "hostile.html", report_about(part, HOSTILE, HOSTILE)).read_text()
    page = Page(source)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in tame.tags]
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count(HOSTILE) > 15
    page.images()


def test_every_tag_is_closed(report: CategoryReport, tmp_path: Path) -> None:
    assert Page(write_report(tmp_path / "report.html", report).read_text()).open == []


def test_a_photo_that_has_gone_leaves_a_note(report: CategoryReport, photo: PhotoObject, tmp_path: Path) -> None:
    photo.path.unlink()
    page = Page(write_report(tmp_path / "report.html", report).read_text())
    assert page.text.count("horse.png cannot be read any more") == 5
    assert page.images() == []


def test_a_bare_report_is_written_too(report: CategoryReport, tmp_path: Path) -> None:
    bare = replace(report, parts=[PartSection("head", 1, [], [])], figures=[], layers=[], edges=[], dropped={})
    bare = replace(bare, settings={}, versions={}, photos_skipped=[], remarks=[])
    assert "1 labelled object." in Page(write_report(tmp_path / "report.html", bare).read_text()).text


def test_a_place_that_cannot_be_written_is_one_sentence(report: CategoryReport, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"cannot be written to .*choose another place"):
        write_report(tmp_path / "file" / "report.html", report)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ReportError):
        write_report(tmp_path / "folder", report)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder", "photos"]


def test_an_older_report_is_replaced(report: CategoryReport, tmp_path: Path) -> None:
    destination = tmp_path / "report.html"
    destination.write_text("old")
    assert write_report(destination, report) == destination
    assert destination.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (1234567, "1,234,567"),
        (0.04123, "0.0412"),
        (12345.6, "12,346"),
        ("<b>", "&lt;b&gt;"),
        (True, "True"),
    ],
)
def test_numbers_are_shown_as_people_read_them(value: float | str | None, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("dx", "dy", "sigma", "words"),
    [
        (0.1, 0.2, 0.031, "10% right, 20% below ± 3%"),
        (-0.1, -0.2, None, "10% left, 20% above"),
        (0.001, -0.25, None, "25% above"),
        (0.001, 0.002, 0.05, "same place ± 5%"),
        (None, None, None, "–"),
    ],
)
def test_displacements_in_words(dx: float | None, dy: float | None, sigma: float | None, words: str) -> None:
    assert displacement_words(dx, dy, sigma) == words
