"""Where patterns lie on a part as its And-Or graph tells: kept, renewed, and told where it rests on fewer labels."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from database.conftest import run_file
from egraph.aog.pool import Pool
from egraph.aog.storage import remove_aog, write_aog
from egraph.evaluation.on_part import fires_together
from egraph.graph.batches import suffixes
from egraph.graph.connection import Database
from egraph.graph.content_hash import content_hash
from egraph.graph.firings import of_object, write_firings
from egraph.graph.lying import Lying, write_lying
from egraph.graph.parts import add_labels, remove_labels, remove_part
from egraph.graph.questions import AS_CHANCE, ask
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.settings import Settings
from reference.questions import name, on_part, with_parts
from support.synthetic import synthetic_aog, synthetic_graph

LABELLED = 3


@pytest.fixture
def mined(database: Database, category: str) -> MinedGraph:
    mined = synthetic_graph(category, firings_per_object=16, filters=(8, 6, 4), objects=14)
    write_graph(database, mined)
    add_labels(database, with_parts(mined)[:LABELLED], category, "head")
    return mined


def names_of(mined: MinedGraph) -> list[str]:
    tables = [table for layer, table in mined.patterns.items() if layer != ANCHORS]
    return [f"{t.layer}/{f}/{n}" for t in tables for f, n in zip(t.filter.tolist(), t.number.tolist(), strict=True)]


def told(mined: MinedGraph, seed: int = 0) -> Lying:
    """What an And-Or graph may tell: random numbers for half of the patterns."""
    random = np.random.default_rng(seed)
    names = sorted(random.choice(names_of(mined), 40, replace=False).tolist())
    shares, fires, chance, score = random.random((4, len(names)))
    objects = random.integers(1, 14, len(names))
    return Lying(names, shares, fires, chance, objects, objects // 3, score, LABELLED, 9, 0.25)


def build(database: Database, mined: MinedGraph) -> Lying:
    """Write an And-Or graph, and what it tells."""
    aog, lying = synthetic_aog(mined), told(mined)
    write_aog(database, aog, {o.id: bool(m) for o, m in zip(mined.objects, mined.mirrored, strict=True)})
    write_lying(database, mined.id, content_hash(mined), mined.category, "head", aog.id, lying)
    return lying


def shares(database: Database, mined: MinedGraph) -> dict[str, float]:
    given = {"category": mined.category, "part": "head", "share": 0, "limit": 900}
    rows = ask(database, "strongest-patterns", given).rows
    return {row["pattern"].removeprefix(f"{mined.id}/"): row["on_part"] for row in rows}


def over_labels(mined: MinedGraph, labelled: int) -> object:
    found = on_part(mined, with_parts(mined)[:labelled], "head")
    return pytest.approx({name(mined, key).removeprefix(f"{mined.id}/"): share for key, share in found.items()})


def hints(database: Database, mined: MinedGraph) -> list[str]:
    return ask(database, "fires-together", {"category": mined.category, "part": "head"}).hints


def test_what_the_and_or_graph_tells_stays_until_it_or_a_label_goes(
    settings: Settings, database: Database, mined: MinedGraph
) -> None:
    assert shares(database, mined) == over_labels(mined, LABELLED)
    assert hints(database, mined) == [
        f"Patterns on head were counted over 3 labelled objects alone; `egraph aog build --category {mined.category} "
        "--part head` also counts over those on which the part is found.",
        AS_CHANCE,
    ]
    lying = build(database, mined)
    expected = dict(zip(lying.pattern, lying.share.tolist(), strict=True))
    assert shares(database, mined) == expected and hints(database, mined) == []

    objects = with_parts(mined)
    add_labels(database, objects[:5], mined.category, "head")
    assert shares(database, mined) == expected
    assert hints(database, mined) == [
        f"Patterns on head were counted over 3 of 5 labelled objects; `egraph aog build --category {mined.category} "
        "--part head` counts over all that the graph was mined from."
    ]
    counted = run_file(settings, database, "count_sums.cypher", graph=mined.id)
    assert counted == [{"covers": 1, "lies": len(lying.pattern)}]

    remove_aog(database, f"{mined.id}/head/default")
    assert shares(database, mined) == over_labels(mined, 5), "counted over all labels"
    build(database, mined)
    remove_labels(database, mined.category, "head", objects[4].sha256)
    assert shares(database, mined) == over_labels(mined, 4), "what rests on a label that is gone is gone"
    build(database, mined)
    remove_part(database, mined.category, "head")
    assert run_file(settings, database, "count_sums.cypher", graph=mined.id) == [{"covers": 0, "lies": 0}]


def test_nothing_is_written_for_what_is_gone(settings: Settings, database: Database, mined: MinedGraph) -> None:
    build(database, mined)
    before = shares(database, mined)
    changed = replace(told(mined), share=np.ones(40))
    of = (mined.category, "head")
    write_lying(database, mined.id, "another content", *of, f"{mined.id}/head/default", changed)
    write_lying(database, mined.id, content_hash(mined), *of, f"{mined.id}/head/other", changed)
    assert shares(database, mined) == before
    write_lying(database, mined.id, content_hash(mined), *of, f"{mined.id}/head/default", changed)
    assert set(shares(database, mined).values()) == {1.0}


def test_the_order_that_is_scored_is_that_of_the_question(database: Database, mined: MinedGraph) -> None:
    lying = build(database, mined)
    rows = ask(database, "fires-together", {"category": mined.category, "part": "head"}).rows
    assert len(rows) < 100 and {row["partner"] is None for row in rows} == {True, False}
    ends = [row[end].removeprefix(f"{mined.id}/") for row in rows for end in ("pattern", "partner") if row[end]]
    names = names_of(mined)
    pool = cast(Pool, SimpleNamespace(graph=mined, names=names))
    assert [names[row] for row in fires_together(pool, lying)] == list(dict.fromkeys(ends))


def test_an_object_counts_when_all_its_firings_are_written(database: Database, mined: MinedGraph) -> None:
    objects = with_parts(mined)
    add_labels(database, objects[3:5], mined.category, "head", unplaced=True)
    assert [row["object"] for row in database.read("parts/unplaced_objects", graph=mined.id)] == sorted(
        o.id for o in objects[3:5]
    )
    assert shares(database, mined) == over_labels(mined, 3)
    assert "over 3 of 5 labelled objects" in hints(database, mined)[0]
    add_labels(database, objects[:1], mined.category, "leg", unplaced=True)
    assert len(database.read("parts/unplaced_objects", graph=mined.id)) == 2, "the first was placed for its head"
    for row in (3, 4):
        there = [of_object(f, row) for f in mined.firings]
        firings = [replace(f, object=np.zeros(len(f.object), np.int32)) for f in there]
        names = {layer: suffixes(table) for layer, table in mined.patterns.items()}
        write_firings(database, mined.id, content_hash(mined), firings, mined.objects[row : row + 1], names)
    assert database.read("parts/unplaced_objects", graph=mined.id) == []
    assert shares(database, mined) == over_labels(mined, 5)


def test_what_equals_chance_is_not_named_unless_nothing_exceeds_it(database: Database, mined: MinedGraph) -> None:
    lying = build(database, mined)
    asked = {"category": mined.category, "part": "head"}

    def write(share: np.ndarray) -> tuple[list[str], list[str]]:
        changed = replace(lying, share=share, by_chance=np.full(len(share), 0.5))
        write_lying(
            database, mined.id, content_hash(mined), mined.category, "head", f"{mined.id}/head/default", changed
        )
        answer = ask(database, "strongest-patterns", asked)
        return sorted(row["pattern"].removeprefix(f"{mined.id}/") for row in answer.rows), answer.hints

    share = np.linspace(0.1, 0.4, len(lying.pattern))
    share[3:9] = 0.5
    share[5] = 0.6
    assert write(share) == ([lying.pattern[5]], [])
    share[5] = 0.5
    assert write(share) == (lying.pattern[3:9], [AS_CHANCE])
    share[4:9] = 0.45
    assert write(share) == ([lying.pattern[3]], [AS_CHANCE])
    near = ask(database, "strongest-patterns", asked | {"allowance": 0.06}).rows
    assert len(near) == 6, "a person may allow more"
