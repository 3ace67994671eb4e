"""What a person changes in an And-Or graph: what is read then, and that all of it can be undone exactly."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from database.conftest import run_file
from database.test_and_or_graphs import assert_same, mined, sides, synthetic_aog
from egraph.aog.edits import Change, edit, restore, versions
from egraph.aog.model import AndOrGraph
from egraph.aog.show import read_tree
from egraph.aog.storage import AndOrGraphSummary, find_aogs, list_aogs, read_aog, remove_aog, write_aog
from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.delete import delete_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings

__all__ = ["mined"]


@pytest.fixture
def aog(database: Database, mined: MinedGraph) -> AndOrGraph:
    """A written And-Or graph."""
    made = synthetic_aog(mined)
    write_aog(database, made, sides(mined))
    return made


@pytest.fixture
def known(database: Database, aog: AndOrGraph, category: str) -> AndOrGraphSummary:
    """The same as it is listed."""
    return find_aogs(database, category)[0]


def short(aog: AndOrGraph, s: int) -> str:
    return f"{aog.layer[s]}/{aog.filter[s]}/{aog.number[s]}"


def rows(database: Database, aog: AndOrGraph) -> list[Any]:
    """All that stands in the database of it, to the last bit, but for how often it was held to change it."""
    kept = database.read("aog/read", id=aog.id)
    for row in kept:
        row["aog"].pop("held", None)
    return [kept, *(database.read("aog/read_patterns", template=row["template"]["id"]) for row in kept)]


def count(database: Database, category: str) -> int:
    return list_aogs(database, category)[0].patterns


def test_a_pattern_is_dropped_from_one_template_or_from_all(
    database: Database, mined: MinedGraph, aog: AndOrGraph, known: AndOrGraphSummary, category: str
) -> None:
    version, left = edit(database, known, short(aog, 1), Change(drop=True), 2, "a person")
    assert (version.number, version.templates, version.who, version.change) == (1, [2], "a person", {"drop": True})
    read = read_aog(database, aog.id, mined)
    assert [t.weight[1] > 0 for t in read.templates] == [True, False] and read.layer == aog.layer
    assert left == count(database, category) == len(aog.layer), "the other template has it still"
    version, left = edit(database, known, f"{mined.id}/{short(aog, 0)}", Change(drop=True), None, "a person")
    assert version.templates == [1, 2] and version.pattern == f"{mined.id}/{short(aog, 0)}"
    assert left == count(database, category) == len(aog.layer) - 1
    read = read_aog(database, aog.id, mined)
    assert [f"{layer}/{f}/{n}" for layer, f, n in zip(read.layer, read.filter, read.number, strict=True)] == [
        short(aog, s) for s in range(1, len(aog.layer))
    ]
    for template, written in zip(read.templates, aog.templates, strict=True):
        np.testing.assert_array_equal(template.weight[1:], written.weight[2:], "nothing is normalised again")


def test_a_weight_is_set_and_the_part_moved_while_the_response_stays(
    database: Database, mined: MinedGraph, aog: AndOrGraph, known: AndOrGraphSummary
) -> None:
    edit(database, known, short(aog, 2), Change(weight=2.5, move=(0.25, -0.5)), None, "a person")
    edit(database, known, short(aog, 2), Change(move=(0.125, 0)), 1, "a person")
    first, second = aog.templates
    expected = replace(aog, templates=[moved(first, 2, 2.5, (0.375, -0.5)), moved(second, 2, 2.5, (0.25, -0.5))])
    assert_same(expected, read_aog(database, aog.id, mined))


def moved(template: Any, s: int, weight: float, by: tuple[float, float]) -> Any:
    weights, displacement = template.weight.copy(), template.displacement.copy()
    weights[s] = weight
    displacement[s] += by[::-1]
    return replace(template, weight=weights, displacement=displacement)


@pytest.mark.parametrize("seed", range(3))
def test_every_version_is_restored_to_the_last_bit(
    database: Database, aog: AndOrGraph, known: AndOrGraphSummary, seed: int
) -> None:
    random = np.random.default_rng(seed)
    states, made = [rows(database, aog)], []
    while len(made) < 6:
        weight, *move = random.normal(size=3).tolist()
        step = (move[0], move[1])
        changes = [Change(drop=True), Change(weight=weight), Change(weight=weight, move=step), Change(move=step)]
        pattern, template = short(aog, int(random.integers(3))), (None, 1, 2)[random.integers(3)]
        try:
            made.append(edit(database, known, pattern, changes[random.integers(4)], template, f"person {len(made)}")[0])
        except NothingYetError:
            continue  # it was dropped before
        states.append(rows(database, aog))
    assert versions(database, known)[1:] == made and [v.number for v in made] == list(range(1, 7))
    assert versions(database, known)[0].created_at == known.created_at
    assert all(one != other for one, other in pairwise(states))
    for version in (6, 4, 3, 0):
        undone, left = restore(database, known, version)
        assert rows(database, aog) == states[version]
        assert left == states[version][0][0]["aog"]["patterns"]
        assert [v.number for v in versions(database, known)] == list(range(version + 1))
    assert undone == 3
    with pytest.raises(UsageError, match=r"has the version 0 alone.*--versions"):
        restore(database, known, 1)


@pytest.mark.parametrize(
    "change",
    [
        Change(),
        Change(drop=True, weight=1.0),
        Change(drop=True, move=(0, 0)),
        Change(weight=float("nan")),
        Change(move=(0, float("inf"))),
    ],
)
def test_a_change_that_is_none_is_refused(database: Database, known: AndOrGraphSummary, change: Change) -> None:
    with pytest.raises(UsageError, match=r"Say what to change|finite"):
        edit(database, known, "layer1/0/1", change, None, "a person")


def test_what_is_not_there_is_not_changed(
    database: Database, mined: MinedGraph, aog: AndOrGraph, known: AndOrGraphSummary
) -> None:
    before = rows(database, aog)
    for pattern, template in (("layer1/999/1", None), (short(aog, 0), 3), ("", None)):
        with pytest.raises(NothingYetError, match="egraph aog show --json"):
            edit(database, known, pattern, Change(drop=True), template, "a person")
    with pytest.raises(UsageError, match="--versions"):
        restore(database, known, -1)
    assert rows(database, aog) == before and len(versions(database, known)) == 1
    remove_aog(database, aog.id)
    with pytest.raises(NothingYetError, match="egraph aog list"):
        edit(database, known, short(aog, 0), Change(drop=True), None, "a person")


def test_without_any_pattern_nothing_is_found_until_one_is_restored(
    database: Database, mined: MinedGraph, aog: AndOrGraph, known: AndOrGraphSummary, category: str
) -> None:
    for s in range(len(aog.layer)):
        edit(database, known, short(aog, s), Change(drop=True), None, "a person")
    assert count(database, category) == 0
    with pytest.raises(NothingYetError, match=r"no pattern left.*egraph aog restore"):
        read_aog(database, aog.id, mined)
    assert [template.patterns for template in read_tree(database, category, "head").templates] == [[], []]
    restore(database, known, len(aog.layer) - 1)
    assert count(database, category) == len(read_aog(database, aog.id, mined).layer) == 1
    restore(database, known, 0)
    assert_same(aog, read_aog(database, aog.id, mined))


def test_edits_go_with_their_and_or_graph(
    database: Database, settings: Settings, mined: MinedGraph, aog: AndOrGraph, known: AndOrGraphSummary
) -> None:
    def left() -> int:
        return int(run_file(settings, database, "edits_left.cypher", graph=mined.id)[0]["edits"])

    def edited() -> None:
        for _ in range(2):
            edit(database, known, short(aog, 0), Change(weight=1.0), None, "a person")
        assert left() == 2

    edited()
    write_aog(database, aog, sides(mined))
    assert left() == 0, "built anew"
    assert_same(aog, read_aog(database, aog.id, mined))
    edited()
    other = synthetic_aog(mined, name="other")
    write_aog(database, other, sides(mined))
    remove_aog(database, other.id)
    assert left() == 2, "another one's stay"
    remove_aog(database, aog.id)
    assert left() == 0
    write_aog(database, aog, sides(mined))
    edited()
    delete_graph(database, mined.id)
    assert left() == 0
