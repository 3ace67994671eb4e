"""The server of pages: what it gives on both databases, and to whom."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from egraph.browse.app import application
from egraph.browse.gate import Gate, Guarded
from egraph.errors import NothingYetError
from egraph.graph import embedded
from egraph.graph.connection import open_database
from egraph.graph.content_hash import content_hash
from egraph.graph.measured import keep_measured
from egraph.graph.objects import note_paths
from egraph.graph.parts import add_labels, remove_part
from egraph.graph.questions import ask as ask_question
from egraph.graph.read import read_graph
from egraph.graph.statements import statement
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.photo import Box
from egraph.settings import Settings
from support.line import Line
from support.pages import Answered, ask, seen_graph

GATE = Gate(7480)
PATIENCE = 15.0
"""Seconds after which a page must say that the database is gone."""
HOSTILE = "<b onclick=alert(1)>&\"'"


@pytest.fixture(scope="module")
def served(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Guarded, MinedGraph]]:
    """The application, reading only, over one graph."""
    folder = tmp_path_factory.mktemp("photos") / HOSTILE
    with (
        seen_graph(settings, folder, "browsed", HOSTILE) as (_, mined),
        open_database(settings, reader=True) as reader,
    ):
        yield application(reader, GATE), mined


def get(served: tuple[Guarded, MinedGraph], address: str, **headers: str) -> Answered:
    return ask(served[0], GATE, address, **headers)


def address(mined: MinedGraph, kind: str) -> str:
    names = {
        "graph": mined.id,
        "pattern": f"{mined.id}/layer1/0/0",
        "filter": f"{mined.id}/layer1/0",
        "part": f"{mined.id}/{HOSTILE}",
        "object": f"{mined.id}/{mined.objects[0].id}",
    }
    return f"/{kind}/{quote(names[kind])}"


@pytest.mark.parametrize("kind", ["graph", "pattern", "filter", "part", "object"])
def test_every_link_and_every_picture_of_a_page_is_there(served: tuple[Guarded, MinedGraph], kind: str) -> None:
    page = get(served, address(served[1], kind))
    assert page.status == 200 and HOSTILE not in page.text
    targets = {t.replace("&amp;", "&") for t in re.findall(r'(?:href|src|action)="([^"]+)"', page.text)}
    for target in sorted(targets)[:60]:
        assert target.startswith(("/", "#", "data:,")), target
        if target.startswith("/"):
            answered = get(served, target)
            assert answered.status in (200, 303), (target, answered.text[:200])
            if target.startswith(("/cut/", "/whole/")):
                assert answered.content[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("drawing", "kind"),
    [
        *(("overview", "graph"), ("pattern", "pattern"), ("filter", "filter"), ("part", "part")),
        *(("and-or-graph", "part"), ("photo", "object")),
    ],
)
def test_what_neo4j_browser_draws_has_an_address_that_opens(
    settings: Settings, served: tuple[Guarded, MinedGraph], drawing: str, kind: str
) -> None:
    mined = served[1]
    values = {"category": mined.category, "graph": mined.name, "part": HOSTILE, "name": "default", "share": 0}
    values |= {"layer": "layer1", "filter": 0, "pattern": f"{mined.id}/layer1/0/0", "photo": mined.objects[0].id}
    values |= {"port": GATE.port, "limit": 50}
    drawn = statement(f"browser/draw-{drawing}")
    with open_database(settings) as database:
        rows = database.read(drawn, **{name: values[name] for name in drawn.takes})
    given = {row["address"] for row in rows}
    assert f"{GATE.origin}{unquote(address(mined, kind))}".replace(" ", "%20").replace("#", "%23") in given
    for one in given:
        assert get(served, one.removeprefix(GATE.origin)).status == 200


def test_filters_that_mix_have_a_page(settings: Settings, served: tuple[Guarded, MinedGraph]) -> None:
    mined = served[1]
    page = f"/mixed/{quote(mined.id)}"
    assert "at least two parts have boxes" in get(served, page).text
    with open_database(settings) as database:
        below = [replace(o, parts={"below": (Box(o.box.x, o.box.y + 1, o.box.width, 70),)}) for o in mined.objects]
        add_labels(database, below, mined.category, "below")
        asked = ask_question(database, "mixed-filters", {"category": mined.category, "graph": mined.name})
        mixing = {f"{row['layer']}/{row['filter']}" for row in asked.rows}
        answered = get(served, page)
        remove_part(database, mined.category, "below")
    assert mixing and answered.text.count('<li class="row">') == len(mixing)
    for one in mixing:
        assert f'/filter/{quote(mined.id, "/@:,")}/{one}"' in answered.text
    assert get(served, page + "x").status == 404


def test_kept_figures_stand_on_the_page_and_are_no_part_of_the_graph(
    settings: Settings, served: tuple[Guarded, MinedGraph]
) -> None:
    mined = served[1]
    with open_database(settings) as database:
        before = content_hash(read_graph(database, mined.id))
        keep_measured(database, mined.id, "tracking", [("an older distance", 0.75, "random places", 0.5)])
        keep_measured(database, mined.id, "purity", [("coherence", 0.625, HOSTILE, 0.375)])
        rows = [("distance", 0.125, "a still point", 0.25), ("distance", 0.125, "random places", 0.5)]
        keep_measured(database, mined.id, "tracking", rows)
        assert content_hash(read_graph(database, mined.id)) == before
        with pytest.raises(NothingYetError):
            keep_measured(database, mined.id + "x", "tracking", rows)
    text = get(served, address(mined, "graph")).text
    cells = [unescape(cell) for cell in re.findall(r"<td[^>]*>(?:<b>)?([^<]*)", text[text.index("controls</h2>") :])][
        :12
    ]
    assert cells == [
        *("distance", "0.125", "a still point", "0.25", "", "", "random places", "0.5"),
        *("coherence", "0.625", HOSTILE, "0.375"),
    ]


def test_a_drawing_is_kept_by_its_address_and_as_a_file(served: tuple[Guarded, MinedGraph]) -> None:
    mined = served[1]
    opened = get(served, f"/draw?graph={quote(mined.id)}&open=layer1/0/0")
    assert opened.status == 303
    there = opened.headers["location"]
    page = get(served, there)
    assert page.status == 200 and ":param patterns" in page.text and "MATCH (p:Pattern)" in page.text
    kept = json.loads(get(served, there.replace("/draw?", "/drawing.json?")).text)
    upper = {target for source, target in zip(*_ends(mined), strict=True) if source == 0}
    table = mined.patterns["layer2"]
    expected = {"layer1/0/0"} | {f"layer2/{table.filter[n]}/{table.number[n]}" for n in upper}
    assert (kept["egraph"], kept["graph"], set(kept["patterns"])) == ("drawing", mined.id, expected)


def _ends(mined: MinedGraph) -> tuple[list[int], list[int]]:
    ties = mined.co_activations[0]
    return ties.source.tolist(), ties.target.tolist()


def test_search_leads_to_the_page_or_lists_several(served: tuple[Guarded, MinedGraph]) -> None:
    mined = served[1]
    one = get(served, "/search?q=layer1/0/0&graph=" + quote(mined.id))
    assert unquote(one.headers["location"]) == unquote(address(mined, "pattern"))
    several = get(served, "/search?q=0&graph=" + quote(mined.id))
    assert several.status == 200 and several.text.count("/filter/") == 2
    nothing = get(served, "/search?q=" + quote("<script>alert(1)</script>"))
    assert nothing.status == 200 and "<script>alert" not in nothing.text and "Nothing is called so" in nothing.text


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../../../etc/passwd", "/static/..%2f..%2fpages.py", "/cut/..%2F..%2Fetc%2Fpasswd"),
        *(
            "/whole//etc/passwd",
            "/pattern/" + quote("a' OR 1=1 //"),
            "/filter/nothing/layer1/x",
            "/nothing",
            "/object/",
        ),
    ],
)
def test_nothing_but_what_the_graphs_hold_is_served(served: tuple[Guarded, MinedGraph], path: str) -> None:
    answered = get(served, path)
    assert answered.status == 404 and "root:" not in answered.text and "Traceback" not in answered.text


def test_only_a_browser_with_the_token_that_asks_for_itself_gets_in(served: tuple[Guarded, MinedGraph]) -> None:
    page, app = address(served[1], "pattern"), served[0]
    assert ask(app, GATE, page, session=False).status == 403
    assert ask(app, GATE, f"{page}?token=wrong", session=False).status == 403
    first = ask(app, GATE, f"{page}?token={GATE.token}&x=1", session=False)
    assert (first.status, first.headers["location"]) == (303, f"{page}?x=1")
    cookie = first.headers["set-cookie"].partition(";")[0]
    assert {"HttpOnly", "SameSite=lax"} <= set(first.headers["set-cookie"].split("; "))
    assert ask(app, GATE, page, session=False, cookie=cookie).status == 200
    assert get(served, page, host="evil.example:7480").status == 421
    assert get(served, page, host="127.0.0.1:80").status == 421
    assert get(served, page, origin="http://evil.example").status == 403
    assert get(served, page, origin="null").status == 403
    assert get(served, page, origin="http://127.0.0.1:7480").status == 200
    # A link from another page opens one of these, but no other page may load them as a part of itself.
    other = {"sec_fetch_site": "cross-site"}
    assert get(served, page, sec_fetch_mode="navigate", **other).status == 200
    assert get(served, page, sec_fetch_mode="no-cors", **other).status == 403
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(app, GATE, page, method).status == 405
    answered = get(served, page)
    assert "default-src 'none'" in answered.headers["content-security-policy"]
    assert "script-src 'self'" in answered.headers["content-security-policy"]
    assert GATE.token not in answered.text and GATE.session not in answered.text


def test_photos_that_moved_are_said_to_be_gone(served: tuple[Guarded, MinedGraph]) -> None:
    mined = served[1]
    obj = mined.objects[0]
    picture = f"/whole/{quote(obj.id)}?pixels=100"
    assert get(served, picture).status == 200
    moved = obj.path.rename(obj.path.with_suffix(".moved"))
    try:
        assert "is no longer there" in get(served, address(mined, "object")).text
        gone = get(served, picture)
        assert gone.status == 404 and "photo is gone" in gone.text
    finally:
        moved.rename(obj.path)
    assert get(served, picture).status == 200


def test_photos_are_seen_again_when_the_database_is_told_where_they_are(
    settings: Settings, served: tuple[Guarded, MinedGraph], tmp_path: Path
) -> None:
    mined = served[1]
    objects = mined.objects[:3]
    paths = {o.id: o.path for o in objects}
    pictures = [f"/whole/{quote(o.id)}?pixels=100" for o in objects]
    before = [get(served, picture).content for picture in pictures]
    moved = [replace(o, path=o.path.rename(tmp_path / o.path.name)) for o in objects]
    with open_database(settings) as database:
        try:
            assert [get(served, picture).status for picture in pictures] == [404] * 3
            assert note_paths(database, moved[:2]) == 2
            assert [get(served, picture).status for picture in pictures] == [200, 200, 404]
            assert note_paths(database, moved) == 1 and note_paths(database, moved) == 0
            assert [get(served, picture).content for picture in pictures] == before
        finally:
            note_paths(database, [replace(o, path=o.path.rename(paths[o.id])) for o in moved])
    assert [get(served, picture).content for picture in pictures] == before


def test_a_database_that_goes_away_is_said_in_one_sentence_until_it_is_back(
    settings: Settings, served: tuple[Guarded, MinedGraph]
) -> None:
    """A server's way is cut under the pages; the embedded database is stopped, and starts by itself."""
    mined = served[1]
    pages = [address(mined, "pattern"), f"/whole/{quote(mined.objects[1].id)}?pixels=90"]
    if settings.neo4j_uri is None:
        embedded.stop(settings)
        assert [get(served, page).status for page in pages] == [200, 200]
        return
    line = Line(settings.neo4j_uri)
    try:
        with open_database(settings.model_copy(update={"neo4j_uri": line.uri}), reader=True) as reader:
            cut_off = application(reader, GATE), mined
            assert get(cut_off, pages[0]).status == 200
            with line.cut():
                began = time.monotonic()
                for page in pages:
                    answered = get(cut_off, page)
                    assert answered.status == 503 and "This page can be loaded again then." in answered.text
                    assert line.uri.rpartition("/")[2] in answered.text and "Traceback" not in answered.text
                assert time.monotonic() - began < 2 * PATIENCE
            assert [get(cut_off, page).status for page in pages] == [200, 200]
    finally:
        line.close()
