"""And-Or graphs in the database: read back as written, replaced whole, stale where their graph changed."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from database.conftest import run_file
from egraph.aog.storage import find_aogs, list_aogs, read_aog, remove_aog, write_aog
from egraph.errors import NothingYetError, UsageError
from egraph.exporting.graph_kinds import RELATIONSHIPS
from egraph.graph.connection import Database
from egraph.graph.delete import delete_graph
from egraph.graph.parts import add_labels, list_parts, remove_labels, remove_part
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.photo import Box
from egraph.settings import Settings
from support.synthetic import synthetic_aog, synthetic_graph


@pytest.fixture
def mined(database: Database, category: str) -> MinedGraph:
    """A written graph with a label on one of its objects."""
    mined = synthetic_graph(category)
    write_graph(database, mined)
    for part in ("head", "tail"):
        add_labels(database, [replace(mined.objects[0], parts={part: (Box(1, 2, 3, 4),)})], category, part)
    return mined


def assert_same(left: Any, right: Any) -> None:
    """Equal field by field; numbers to float32, as mirroring rounds once."""
    for field in fields(left):
        a, b = getattr(left, field.name), getattr(right, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_allclose(a, b, rtol=0, atol=2e-7, err_msg=field.name)
            assert a.dtype == b.dtype and a.shape == b.shape, field.name
        elif field.name == "templates":
            for one, other in zip(a, b, strict=True):
                assert_same(one, other)
        elif field.name == "found":
            assert_same(a, b)
        else:
            assert a == b, field.name


def sides(mined: MinedGraph) -> dict[str, bool]:
    return {o.id: bool(m) for o, m in zip(mined.objects, mined.mirrored, strict=True)}


def test_read_back_is_what_was_written(database: Database, mined: MinedGraph) -> None:
    assert mined.mirrored.any() and not mined.mirrored.all()
    aog = synthetic_aog(mined)
    write_aog(database, aog, sides(mined))
    assert_same(aog, read_aog(database, aog.id, mined))


def test_what_is_taken_out_of_a_template_is_no_longer_read(database: Database, mined: MinedGraph) -> None:
    aog = synthetic_aog(mined)
    write_aog(database, aog, sides(mined))
    first, last = (f"{mined.id}/{aog.layer[s]}/{aog.filter[s]}/{aog.number[s]}" for s in (0, -1))
    for template, pattern in ((1, first), (1, last), (2, last)):
        database.write("aog/drop_pattern", template=f"{aog.id}/{template}", pattern=pattern)
    read = read_aog(database, aog.id, mined)
    assert read.layer == aog.layer[:-1]
    expected = [template.weight[:-1].copy() for template in aog.templates]
    expected[0][0] = 0
    for template, weight in zip(read.templates, expected, strict=True):
        np.testing.assert_allclose(template.weight, weight, atol=2e-7)


def test_one_of_the_same_name_is_replaced_and_others_stay(database: Database, mined: MinedGraph, category: str) -> None:
    for aog in (
        synthetic_aog(mined),
        synthetic_aog(mined, name="other", seed=1),
        synthetic_aog(mined, part="tail", seed=2),
    ):
        write_aog(database, aog, sides(mined))
    again = synthetic_aog(mined, seed=3)
    write_aog(database, again, sides(mined))
    assert_same(again, read_aog(database, again.id, mined))
    listed = {(a.part, a.name): a for a in list_aogs(database, category)}
    assert set(listed) == {("head", "default"), ("head", "other"), ("tail", "default")}
    assert all(a.current and (a.labels, a.templates, a.patterns) == (2, 2, len(again.layer)) for a in listed.values())
    remove_aog(database, again.id)
    assert {a.id for a in list_aogs(database, category)} == {a.id for a in listed.values()} - {again.id}
    with pytest.raises(NothingYetError, match="egraph aog list"):
        remove_aog(database, again.id)
    with pytest.raises(NothingYetError, match="egraph aog list"):
        read_aog(database, again.id, mined)
    assert sum(p.objects for p in list_parts(database) if p.category == category) == 2, "labels stay"


def test_choosing_among_several(database: Database, mined: MinedGraph, category: str) -> None:
    with pytest.raises(NothingYetError, match="egraph aog build"):
        find_aogs(database, category)
    for aog in (synthetic_aog(mined), synthetic_aog(mined, part="tail"), synthetic_aog(mined, name="other")):
        write_aog(database, aog, sides(mined))
    with pytest.raises(UsageError, match="--name"):
        find_aogs(database, category)
    assert [a.part for a in find_aogs(database, category, name="default")] == ["head", "tail"]
    assert [a.name for a in find_aogs(database, category, part="head", name="other")] == ["other"]
    with pytest.raises(NothingYetError, match="there are:"):
        find_aogs(database, category, part="wing")


def test_a_graph_that_is_removed_takes_its_and_or_graphs_along(
    database: Database, mined: MinedGraph, category: str
) -> None:
    write_aog(database, synthetic_aog(mined), sides(mined))
    delete_graph(database, mined.id)
    assert list_aogs(database, category) == []


def test_one_that_is_older_than_its_graph_is_refused(
    database: Database, settings: Settings, mined: MinedGraph, category: str
) -> None:
    write_aog(database, synthetic_aog(mined), sides(mined))
    run_file(settings, database, "mined_anew.cypher", graph=mined.id)
    assert [a.current for a in list_aogs(database, category)] == [False]
    with pytest.raises(NothingYetError, match=r"older than its graph.*egraph aog build"):
        find_aogs(database, category)


def test_one_outlives_its_part_and_finds_it_again(database: Database, mined: MinedGraph, category: str) -> None:
    aog = synthetic_aog(mined)
    write_aog(database, aog, sides(mined))
    learnt_from = [o for o in mined.objects if o.id in aog.learnt_from]
    labelled = [replace(o, parts={"head": (Box(1, 2, 3, 4),)}) for o in learnt_from]
    add_labels(database, labelled, category, "head")

    def counted() -> tuple[int, int]:
        (found,) = list_aogs(database, category)
        read = next(kind for kind in RELATIONSHIPS if kind.name == "FOR_PART").statement
        parts = database.read(read, ids=[aog.id], others=None)
        return found.labelled, len(parts)

    assert counted() == (2, 1)
    assert remove_labels(database, category, "head", labelled[0].sha256) == 1
    assert counted() == (1, 1)
    with pytest.raises(NothingYetError, match="no box of head"):
        remove_labels(database, category, "head", labelled[0].sha256)
    remove_part(database, category, "head")
    assert counted() == (0, 0)
    for _ in range(2):
        add_labels(database, labelled, category, "head")
        assert counted() == (2, 1)
    assert_same(aog, read_aog(database, aog.id, mined))


def test_a_part_that_was_removed_meanwhile_leaves_the_old_one(database: Database, mined: MinedGraph) -> None:
    aog = synthetic_aog(mined)
    write_aog(database, aog, sides(mined))
    with pytest.raises(NothingYetError, match="removed meanwhile"):
        write_aog(database, replace(synthetic_aog(mined, seed=1), part="wing"), sides(mined))
    assert_same(aog, read_aog(database, aog.id, mined))
