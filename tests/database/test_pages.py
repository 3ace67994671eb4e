"""What pages show is what the graph holds; names mean one thing; photos that are gone are said to be."""

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest

from egraph.commands.names import name_subject, unname_subject
from egraph.commands.requests import ShowRequest
from egraph.commands.show import Shown, show
from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import open_database
from egraph.graph.content_hash import content_hash
from egraph.graph.graphs import count_graph
from egraph.graph.parts import add_labels, remove_part
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.photo import Box
from egraph.report.views import FilterView, ObjectView, PartView, PatternView, Sighting
from egraph.settings import Settings
from support.pages import seen_graph

HOSTILE = "<b onclick=alert(1)>&\"'"


@pytest.fixture(scope="module")
def mined(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinedGraph]:
    """A graph with photos, a part and an And-Or graph; nothing here changes it."""
    with seen_graph(settings, tmp_path_factory.mktemp("photos") / HOSTILE, "seen", HOSTILE) as (_, graph):
        yield graph


def shown(settings: Settings, name: str, mined: MinedGraph) -> Shown:
    return show(settings, ShowRequest(name, mined.category))


def strongest(mined: MinedGraph, layer: str, row: int, most: int) -> list[tuple[str, float]]:
    """Where a pattern fires, by looking at every firing."""
    (table,) = [one for one in mined.firings if one.layer == layer]
    rows = [
        (mined.objects[o].id, float(score))
        for pattern, o, score in zip(table.pattern, table.object, table.score, strict=True)
        if pattern == row
    ]
    return sorted(rows, key=lambda pair: (-pair[1], pair[0]))[:most]


def seen_on(sightings: list[Sighting]) -> list[tuple[str, float]]:
    return [(one.object.id, one.score) for one in sightings]


def test_a_pattern_shows_what_the_graph_holds_of_it(settings: Settings, mined: MinedGraph) -> None:
    table = mined.patterns["layer1"]
    row = int(np.argmax(np.bincount(mined.firings[0].pattern, minlength=len(table))))
    label = f"layer1/{table.filter[row]}/{table.number[row]}"
    view = shown(settings, label, mined).view
    assert isinstance(view, PatternView)
    assert seen_on(view.pattern.seen) == strongest(mined, "layer1", row, 9)
    assert view.pattern.share == pytest.approx(float(table.share[row]))
    others = [n for n in range(len(table)) if table.filter[n] == table.filter[row] and n != row]
    others.sort(key=lambda n: -table.score[n])
    assert [one.label for one in view.siblings] == [f"layer1/{table.filter[n]}/{table.number[n]}" for n in others]
    ties, steps = mined.co_activations[0], mined.displacements[0]
    upper = mined.patterns["layer2"]
    expected = {}
    for source, target, strength in zip(ties.source, ties.target, ties.strength, strict=True):
        if source == row:
            at = np.flatnonzero((steps.source == source) & (steps.target == target))[0]
            # The graph says where the lower stands as seen from the upper one; the page leads to the partner.
            place = (strength, -steps.dx[at], -steps.dy[at], steps.sigma[at])
            expected[f"layer2/{upper.filter[target]}/{upper.number[target]}"] = tuple(float(v) for v in place)
    found = {one.pattern.label: (one.strength, one.dx, one.dy, one.sigma) for one in view.above}
    assert found.keys() == expected.keys() and view.below == []
    for name, values in found.items():
        assert values == pytest.approx(expected[name])


def test_a_filter_shows_the_share_of_each_pattern_and_the_rest(settings: Settings, mined: MinedGraph) -> None:
    view = shown(settings, "layer2/1", mined).view
    assert isinstance(view, FilterView)
    table = mined.patterns["layer2"]
    rows = [n for n in range(len(table)) if table.filter[n] == 1]
    shares = {f"layer2/1/{table.number[n]}": float(table.share[n]) for n in rows}
    assert {row.label: row.share for row in view.patterns} == pytest.approx(shares)
    assert view.unexplained == pytest.approx(max(0.0, 1 - sum(shares.values())))
    reading = mined.readings["layer2"]
    assert view.scattered == pytest.approx(float(reading.filter_scattered[1]))
    assert view.beside == pytest.approx(float(reading.filter_beside[1]))
    peaks = mined.peaks[1]
    assert [one.object.id for one in view.raw] == [
        mined.objects[o].id for f, o in zip(peaks.filter, peaks.object, strict=True) if f == 1
    ]


def test_a_part_and_an_object_show_where_it_was_found(settings: Settings, mined: MinedGraph) -> None:
    part = shown(settings, HOSTILE, mined).view
    assert isinstance(part, PartView)
    (found,) = part.found
    sure = [place.confidence for place in found.surest]
    assert sure == sorted(sure, reverse=True) and [p.confidence for p in found.unsure] == sorted(
        p.confidence for p in found.unsure
    )
    assert {place.object.id for place in part.labelled} == {o.id for o in mined.objects[:3]}
    obj = shown(settings, mined.objects[0].path.name, mined).view
    assert isinstance(obj, ObjectView)
    assert obj.object.id == mined.objects[0].id and obj.drawn == [(HOSTILE, Box(20, 20, 60, 50))]
    assert [name for name, _ in obj.found] == [HOSTILE]
    for layer, fired in obj.layers.items():
        (table,) = [one for one in mined.firings if one.layer == layer]
        scores = sorted((float(s) for s, o in zip(table.score, table.object, strict=True) if o == 0), reverse=True)
        assert [one.seen.score for one in fired] == pytest.approx(scores[:12])


def test_several_boxes_on_one_object_stand_in_one_order(settings: Settings, mined: MinedGraph) -> None:
    boxes = tuple(Box(x, 30, 20, 20) for x in (70, 10, 50, 30))
    with open_database(settings) as database:
        add_labels(database, [replace(mined.objects[4], parts={"legs": boxes})], mined.category, "legs")
        try:
            part = shown(settings, "legs", mined).view
        finally:
            remove_part(database, mined.category, "legs")
    assert isinstance(part, PartView)
    assert [place.box.x for place in part.labelled] == [10, 30, 50, 70]


class Markup(HTMLParser):
    """The tags of a page, and all their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]


@pytest.mark.parametrize("name", ["layer1/0/0", "layer1/0", HOSTILE, "photo 0.png"])
def test_a_page_escapes_every_name_and_asks_for_nothing_remote(
    settings: Settings, mined: MinedGraph, name: str
) -> None:
    page = shown(settings, name, mined).page()
    assert HOSTILE not in page
    for tag, attribute, value in Markup(page).attributes:
        assert attribute != "style" and not attribute.startswith("on"), (tag, attribute)
        if attribute in ("src", "href"):
            assert value and value.startswith(("data:image/webp;base64,", "#")), (tag, value)


def test_photos_that_are_gone_are_said_to_be(settings: Settings, mined: MinedGraph) -> None:
    for obj in mined.objects:
        obj.path.rename(obj.path.with_suffix(".moved"))
    row = int(mined.firings[0].pattern[0])
    table = mined.patterns["layer1"]
    result = shown(settings, f"layer1/{table.filter[row]}/{table.number[row]}", mined)
    assert "is no longer there" in result.page() and result.picture().width > 500
    assert "cannot be read any more" in result.remarks[0]
    for obj in mined.objects:
        obj.path.with_suffix(".moved").rename(obj.path)


def test_a_name_that_is_not_there_or_means_several_things_is_refused(settings: Settings, mined: MinedGraph) -> None:
    with pytest.raises(NothingYetError, match="no pattern, filter, part or object layer1/99"):
        shown(settings, "layer1/99", mined)
    with pytest.raises(UsageError, match="layer1/1, layer2/1"):
        shown(settings, "1", mined)
    with pytest.raises(NothingYetError, match="no graph of nothing yet"):
        show(settings, ShowRequest("layer1/0", "nothing"))


@pytest.mark.parametrize(("text", "kind"), [("layer1/0/1", "pattern"), ("layer1/0", "filter"), (HOSTILE, "part")])
def test_a_name_of_ones_own_is_shown_found_and_taken_away_and_is_no_part_of_the_graph(
    settings: Settings, mined: MinedGraph, text: str, kind: str
) -> None:
    own = f"My {kind} <i>"
    name_subject(settings, text, own, "a note", mined.category)
    assert name_subject(settings, text, f" {own} ", category=mined.category).name == own
    result = shown(settings, own.upper(), mined)
    view = result.view.pattern if isinstance(result.view, PatternView) else result.view
    assert (result.kind, view.own_name, view.note) == (kind, own, "a note")
    assert escape(own) in result.page() and own not in result.page()
    with open_database(settings) as database:
        assert count_graph(database, mined.id)["patterns"] == sum(map(len, mined.patterns.values()))
        assert content_hash(read_graph(database, mined.id)) == content_hash(replace(mined, firings=[], peaks=[]))
    assert unname_subject(settings, text, mined.category).name is None
    with pytest.raises(NothingYetError, match="no name of its own"):
        unname_subject(settings, text, mined.category)
    with pytest.raises(UsageError, match="empty"):
        name_subject(settings, text, " ", None, mined.category)
