"""The server of pages: what it gives on both databases, and to whom."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest

from egraph.browse.app import application
from egraph.browse.gate import Gate, Guarded
from egraph.errors import DatabaseError
from egraph.graph.connection import open_database
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.pages import Answered, ask, seen_graph

GATE = Gate(7480)
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


def test_a_database_that_goes_away_is_said_in_one_sentence(
    served: tuple[Guarded, MinedGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError("Nothing listens at bolt://there; start it.")

    with monkeypatch.context() as patched:
        patched.setattr("egraph.graph.connection.Database.ask", away)
        answered = get(served, address(served[1], "pattern"))
        assert answered.status == 503 and "Nothing listens at bolt://there" in answered.text
    assert get(served, address(served[1], "pattern")).status == 200
