"""Sums over edges and labels: those of an earlier egraph's graphs are added, and none says what is no longer so."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from database.conftest import run_file
from database.test_write import names
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph
from egraph.graph.firings import write_firings
from egraph.graph.mixtures import NAMED, Mixtures, note_mixtures, noted, read_mixtures
from egraph.graph.parts import add_labels, remove_part
from egraph.graph.places import refresh_places
from egraph.graph.questions import AS_CHANCE, LESS, ask
from egraph.graph.upgrade import add_summaries
from egraph.graph.version import OLDEST, VERSION
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import Firings, MinedGraph, chosen_rows, joined
from egraph.photos.photo import PhotoObject
from egraph.settings import Settings
from reference.questions import name, on_part, with_parts
from support.synthetic import synthetic_graph

PARTS = ("head", "leg")
ASKED = {
    "compare-networks": {},
    "fires-together": {"part": "head", "share": 0.2},
    "least-steady-patterns": {"support": 0},
    "lone-patterns": {},
    "mixed-filters": {"share": 0.1},
    "noisy-filters": {},
    "parts-relation": {"part": "head", "other_part": "leg", "share": 0.2},
    "steadiest-patterns": {"support": 0},
    "strongest-patterns": {"part": "head", "share": 0.2},
}


@pytest.fixture
def mined(category: str) -> MinedGraph:
    """A graph in which some patterns are without partners, not yet written."""
    mined = synthetic_graph(category, firings_per_object=16, filters=(8, 6, 4), objects=14)
    first, *others = mined.co_activations
    columns = ("source", "target", "strength", "lift", "support")
    return replace(
        mined, co_activations=[replace(first, **{c: getattr(first, c)[first.source > 3] for c in columns}), *others]
    )


def label(database: Database, mined: MinedGraph, objects: Sequence[PhotoObject] | None = None) -> None:
    for part in PARTS:
        add_labels(database, with_parts(mined) if objects is None else objects, mined.category, part)


def answers(database: Database, category: str) -> dict[str, list[dict]]:
    return {asked: ask(database, asked, {"category": category} | more).rows for asked, more in ASKED.items()}


def places(database: Database, category: str, part: str) -> dict[str, float]:
    """Each pattern that lies on the part, and on what share of the labelled objects."""
    rows = ask(database, "strongest-patterns", {"category": category, "part": part, "share": 0, "limit": 900}).rows
    found = {row["pattern"]: row["on_part"] for row in rows}
    assert len(found) == len(rows), "no pattern comes twice"
    return found


def expected_places(mined: MinedGraph, objects: list[PhotoObject], part: str) -> Any:
    return pytest.approx({name(mined, key): share for key, share in on_part(mined, objects, part).items()})


def named(database: Database, mined: MinedGraph) -> dict[str, list]:
    """The patterns that are named with each layer and each part, which pages begin with."""
    layers = {row["name"]: row["strongest"] for row in database.read("pages/layers", graph=mined.id)}
    asked = {"graph": mined.id, "limit": 200}
    rows = {p: database.read("pages/patterns_of_part", part=f"{mined.category}/{p}", **asked) for p in PARTS}
    return layers | {part: [row["id"] for row in some] for part, some in rows.items()}


def expected_names(database: Database, mined: MinedGraph) -> dict[str, list]:
    """The same, by looking at every pattern and at everything that lies on the parts."""
    found: dict[str, list] = {}
    for layer, table in mined.patterns.items():
        rows = zip(-table.score, [f"{f}/{n}" for f, n in zip(table.filter, table.number, strict=True)], strict=True)
        found[layer] = [label for _, label in sorted(rows)[:100]]
    for part in PARTS:
        asked = {"category": mined.category, "part": part, "share": 0, "limit": 900}
        rows = ask(database, "strongest-patterns", asked).rows
        rows.sort(key=lambda r: (r["on_part"] < r["by_chance"], -r["on_part"], -r["part_score"], r["pattern"]))
        found[part] = [row["pattern"] for row in rows[:200]]
    return found


@pytest.mark.parametrize("version", [None, OLDEST])
def test_a_graph_of_an_earlier_egraph_answers_the_same(
    settings: Settings, database: Database, mined: MinedGraph, version: int | None
) -> None:
    write_graph(database, mined)
    label(database, mined)
    before = answers(database, mined.category)
    assert [asked for asked, rows in before.items() if not rows] == [], "the test should test something"
    assert named(database, mined) == expected_names(database, mined)
    run_file(settings, database, "forget_sums.cypher", graph=mined.id)
    if version is not None:
        database.write("write/schema_version", version=version)
        ensure_schema(database)
        assert database.schema_version() == VERSION
        assert named(database, mined) == expected_names(database, mined)
    for asked, rows in answers(database, mined.category).items():
        assert rows == [pytest.approx(row) for row in before[asked]], asked


def test_a_graph_that_an_earlier_egraph_began_is_summed_up(
    settings: Settings, database: Database, mined: MinedGraph
) -> None:
    write_graph(database, replace(mined, name="whole"))
    label(database, mined)
    whole = {asked: ask(database, asked, {"category": mined.category} | more).rows for asked, more in ASKED.items()}

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_graph(database, mined, kill)
    run_file(settings, database, "forget_sums.cypher", graph=mined.id)
    write_graph(database, mined)
    delete_graph(database, f"{mined.network_id}/{mined.category}/whole")
    for asked, rows in answers(database, mined.category).items():
        for row in (row for rows in (rows, whole[asked]) for row in rows):
            for column, value in row.items():
                row[column] = value.replace("/whole/", "/default/") if isinstance(value, str) else value
            row.pop("graph", None)
        assert rows == [pytest.approx(row) for row in whole[asked]], asked


def test_places_follow_labels_and_firings(database: Database, settings: Settings, mined: MinedGraph) -> None:
    category, objects = mined.category, with_parts(mined)
    label(database, mined, objects[:5])
    write_graph(database, mined)
    assert places(database, category, "head") == expected_places(mined, objects[:5], "head") != {}
    label(database, mined, objects)
    for part in PARTS:
        assert places(database, category, part) == expected_places(mined, objects, part)
    more = synthetic_graph(category, firings_per_object=20, filters=(8, 6, 4), objects=2, seed=3).firings
    for _ in range(2):
        write_firings(database, mined.id, content_hash(mined), more, mined.objects[3:5], names(mined))
    changed = replace(mined, firings=[replaced(f, new, 3, 5) for f, new in zip(mined.firings, more, strict=True)])
    for part in PARTS:
        assert places(database, category, part) == expected_places(changed, objects, part)
    remove_part(database, category, "head")
    assert places(database, category, "leg") == expected_places(changed, objects, "leg")
    add_labels(database, objects[:2], category, "head")
    assert places(database, category, "head") == expected_places(changed, objects[:2], "head")
    assert run_file(settings, database, "count_sums.cypher", graph=mined.id)[0]["covers"] == 2
    delete_graph(database, mined.id)
    assert run_file(settings, database, "count_sums.cypher", graph=mined.id) == [{"covers": 0, "lies": 0}]


def replaced(old: Firings, new: Firings, start: int, stop: int) -> Firings:
    """The firings with those on the objects `start` to `stop` replaced by `new`, whose objects count from `start`."""
    kept = (old.object < start) | (old.object >= stop)
    return joined([chosen_rows(old, np.flatnonzero(kept)), replace(new, object=new.object + np.int32(start))])


def test_summing_up_twice_or_at_once_changes_nothing(settings: Settings, database: Database, mined: MinedGraph) -> None:
    write_graph(database, mined)
    label(database, mined)
    failed: list[Exception] = []

    def refresh() -> None:
        try:
            with open_database(settings) as own:
                refresh_places(own, mined.id, mined.category)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=refresh) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    counted = run_file(settings, database, "count_sums.cypher", graph=mined.id)
    expected = sum(len(on_part(mined, with_parts(mined), part)) for part in PARTS)
    assert counted == [{"covers": 2, "lies": expected}]
    add_summaries(database)
    write_graph(database, mined)
    assert run_file(settings, database, "count_sums.cypher", graph=mined.id) == counted


def test_which_filters_mix_is_noted_until_something_changes(
    settings: Settings, database: Database, mined: MinedGraph
) -> None:
    """What is noted is what the question answers, and nothing where it would be something else."""
    write_graph(database, mined)
    assert noted(database, mined.id) == Mixtures(0, True, [], [])
    label(database, mined)

    def halve_chance() -> None:
        refresh_places(database, mined.id, mined.category)
        run_file(settings, database, "halve_chance.cypher", category=mined.category)
        note_mixtures(database, mined.id, mined.category)

    halve_chance()
    answer = ask(database, "mixed-filters", {"category": mined.category})
    by_filter: dict[tuple[str, int], list[list[str]]] = {}
    for row in answer.rows:
        label_of = row["pattern"].removeprefix(f"{mined.id}/")
        by_filter.setdefault((row["layer"], row["filter"]), []).append([row["part"], label_of])
    assert by_filter, "the test should test something"
    found = noted(database, mined.id)
    assert found is not None and found.filters == len(by_filter) and set(found.parts) == set(PARTS)
    assert found.patterns == list(by_filter.values())[:NAMED]
    assert found.beyond_chance and not {AS_CHANCE, LESS} & set(answer.hints)

    database.write("parts/forget_places", category=mined.category, part=PARTS[0], all=True)
    assert noted(database, mined.id) is None, "one of the parts is no longer counted"
    assert read_mixtures(database, mined.id, mined.category).parts == [PARTS[1]]
    halve_chance()
    assert noted(database, mined.id) == found
    database.write("parts/forget_places", category=mined.category, part=PARTS[0], all=True)
    database.transaction(lambda t: t.run("parts/begin_places", graph=mined.id, category=mined.category, part=PARTS[0]))
    database.write("parts/cover", graph=mined.id, category=mined.category, part=PARTS[0])
    assert noted(database, mined.id) is None, "one of the parts was counted anew"
    remove_part(database, mined.category, PARTS[0])
    assert noted(database, mined.id) == Mixtures(0, True, [PARTS[1]], [])
