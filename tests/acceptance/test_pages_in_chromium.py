"""The pages in a real browser: no error, nothing cut, nothing overlaps, usable by keyboard and by screen readers."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.chromium import MARKS, browser, playwright, serving, watched
from support.pages import seen_graph

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = MARKS
WIDTHS = (400, 900, 1400)
CUT = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  for (const one of document.querySelectorAll("main *, header *")) {
    const box = one.getBoundingClientRect();
    if (!box.width || one.closest(".wide, svg, pre, .unseen, details:not([open]) > :not(summary)")) continue;
    if (box.left < -1 || box.right > wide + 1) found.push(`${one.tagName} ${one.className} leaves the page`);
  }
  if (document.documentElement.scrollWidth > wide) found.push("the page scrolls sideways");
  const blocks = [...document.querySelectorAll("h1, h2, h3, p, figure, .cuts > li, .tiles > li, table, summary, pre")]
    .filter((one) => one.checkVisibility() && !one.closest("svg, details:not([open]) > :not(summary)"));
  for (let i = 0; i < blocks.length; i++) for (let j = i + 1; j < blocks.length; j++) {
    if (blocks[i].contains(blocks[j]) || blocks[j].contains(blocks[i])) continue;
    const a = blocks[i].getBoundingClientRect(), b = blocks[j].getBoundingClientRect();
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const along = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && along > 2) found.push(`${blocks[i].innerText} overlaps ${blocks[j].innerText}`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def mined(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinedGraph]:
    """A graph in an embedded database."""
    settings = Settings(home=home, idle_minutes=5, wal_flush=0)
    with seen_graph(settings, tmp_path_factory.mktemp("photos"), "horse") as (_, graph):
        yield graph
    from egraph.graph import embedded

    embedded.stop(settings)


@pytest.fixture(scope="module")
def opened(home: Path, mined: MinedGraph) -> Iterator[str]:
    """The address that `egraph browse` prints."""
    with serving(home, "browse", last="Stopped.\n") as address:
        yield address


@pytest.fixture(scope="module")
def tab(opened: str) -> Iterator["playwright.Page"]:
    """A tab of a browser that has opened the printed address; whatever it complains of fails the test."""
    with browser() as chromium:
        page = chromium.new_page()
        complaints = watched(page)
        page.goto(opened)
        assert "token" not in page.url
        yield page
        assert complaints == []


def pages_of(mined: MinedGraph) -> dict[str, str]:
    graph = quote(mined.id)
    return {
        "overview": "/",
        "graph": f"/graph/{graph}",
        "pattern": f"/pattern/{graph}/layer1/0/0",
        "filter": f"/filter/{graph}/layer1/0",
        "part": f"/part/{graph}/head",
        "object": f"/object/{graph}/{quote(mined.objects[0].id)}",
        "drawing": f"/draw?graph={graph}&open=layer1/0/0",
        "search": "/search?q=0",
    }


@pytest.mark.parametrize("name", ["overview", "graph", "pattern", "filter", "part", "object", "drawing", "search"])
def test_a_page_is_whole_at_every_width_and_accessible(
    tab: "playwright.Page", opened: str, mined: MinedGraph, name: str
) -> None:
    origin = opened.partition("/?")[0]
    tab.goto(origin + pages_of(mined)[name])
    assert tab.locator("h1").count() == 1
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate(CUT) == [], f"{name} at {width} pixels"
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        broken = axe.Axe().run(tab)
        assert broken.violations_count == 0, broken.generate_report()


def test_a_click_and_the_keyboard_show_the_neighbours_only(
    tab: "playwright.Page", opened: str, mined: MinedGraph
) -> None:
    origin = opened.partition("/?")[0]
    tab.goto(origin + pages_of(mined)["drawing"])
    said = tab.locator(".picked[role=status]")
    node = tab.locator('.node[data-label="layer1/0/0"]')
    node.click()
    near = set(tab.locator(".node.near").evaluate_all("all => all.map((one) => one.dataset.label)"))
    ties, upper = mined.co_activations[0], mined.patterns["layer2"]
    ends = ties.source, ties.target
    partners = {f"layer2/{upper.filter[t]}/{upper.number[t]}" for s, t in zip(*ends, strict=True) if s == 0}
    assert near == partners | {"layer1/0/0"} and all(one in said.inner_text() for one in partners)
    tab.keyboard.press("Escape")
    assert tab.locator(".node.near").count() == 0
    tab.keyboard.press("Tab")
    other = tab.locator(f'.node[data-label="{sorted(partners)[0]}"]')
    other.focus()
    tab.keyboard.press("Enter")
    assert "chosen" in (other.get_attribute("class") or "")
    said.get_by_role("link", name=sorted(partners)[0]).click()
    assert tab.locator("h1").inner_text() == sorted(partners)[0]


def test_a_drawing_is_saved_and_opened_again(
    tab: "playwright.Page", opened: str, mined: MinedGraph, tmp_path: Path
) -> None:
    tab.goto(opened.partition("/?")[0] + pages_of(mined)["drawing"])
    address = tab.url
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Save as a file").click()
    download.value.save_as(tmp_path / "drawing.json")
    tab.goto(opened.partition("/?")[0] + "/draw?graph=" + quote(mined.id))
    tab.locator("input.opens").set_input_files(tmp_path / "drawing.json")
    tab.wait_for_url(re.compile(r"p=layer1"))
    assert set(tab.url.partition("?")[2].split("&")) == set(address.partition("?")[2].split("&"))


def test_a_report_works_from_the_disk(tab: "playwright.Page", home: Path, mined: MinedGraph, tmp_path: Path) -> None:
    from egraph.commands.report import write_report
    from egraph.commands.requests import ReportRequest

    settings = Settings(home=home, idle_minutes=5, wal_flush=0)
    write_report(settings, ReportRequest(tmp_path / "report", "horse"))
    tab.set_viewport_size({"width": 900, "height": 900})
    tab.goto((tmp_path / "report" / "index.html").as_uri())
    tab.locator("input[type=search]").fill("layer1/0/0")
    assert tab.locator("ul.index li:visible").count() == 1
    tab.keyboard.press("Enter")
    assert tab.locator("h1").inner_text() == "layer1/0/0"
    sizes = tab.locator("img").evaluate_all("all => all.map((one) => one.complete && one.naturalWidth)")
    assert sizes and all(sizes)
    assert tab.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"
    write_report(settings, ReportRequest(tmp_path / "report.html", "horse", single_file=True))
    tab.goto((tmp_path / "report.html").as_uri())
    assert tab.locator("h1:visible").inner_text() == "Horse"
    tab.locator(".tiles a:visible").first.click()
    assert tab.locator("article.subject:visible").count() == 1 and tab.locator(".front:visible").count() == 0
    assert tab.evaluate(CUT) == []
