"""Writing and reading back: exactly once, exactly the same, however often it is interrupted."""

import re
import threading
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.conftest import objects_there
from egraph.errors import EgraphError, NothingYetError, UsageError
from egraph.graph import batches
from egraph.graph.connection import Database, open_database
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_category, delete_graph, delete_network, plan_category
from egraph.graph.firings import write_firings
from egraph.graph.graphs import count_graph, find_graph, graphs
from egraph.graph.parts import add_labels, list_parts
from egraph.graph.read import read_graph
from egraph.graph.statements import statement
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.synthetic import synthetic_graph


class Killed(Exception):
    """Stands for the end of a writer."""


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 25)


def expected_counts(mined: MinedGraph) -> dict[str, int]:
    patterns = sum(len(t) for t in mined.patterns.values())
    return {
        "objects": len(mined.objects),
        "patterns": patterns,
        "CO_ACTIVATES_WITH": sum(len(e.source) for e in mined.co_activations),
        "DISPLACED_FROM": sum(len(e.source) for e in mined.displacements),
        "FIRES_ON": sum(len(f.pattern) for f in mined.firings),
        "SEPARATED_FROM": patterns,
        "IN_GRAPH": patterns,
    }


def names(mined: MinedGraph) -> dict[str, np.ndarray]:
    """What the ids of the patterns of each layer end with."""
    return {layer: batches.suffixes(table) for layer, table in mined.patterns.items()}


def assert_same(left: object, right: object) -> None:
    """Equal field by field; arrays in type, shape and every bit."""
    for field in fields(left):  # type: ignore[arg-type]
        a, b = getattr(left, field.name), getattr(right, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype and a.shape == b.shape, field.name
            np.testing.assert_array_equal(a, b, err_msg=field.name)
        else:
            assert a == b, field.name


def assert_same_edges(left: list, right: list) -> None:
    for a, b in zip(left, right, strict=True):
        order = np.lexsort((a.target, a.source))
        columns = {f.name: getattr(a, f.name) for f in fields(a)}
        sorted_ = {name: v[order] if isinstance(v, np.ndarray) else v for name, v in columns.items()}
        assert_same(type(a)(**sorted_), b)


def test_read_back_is_what_was_written(database: Database, category: str) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)
    back = read_graph(database, mined.id)
    for name in mined.patterns:
        assert_same(mined.patterns[name], back.patterns[name])
    for name in mined.readings:
        assert_same(mined.readings[name], back.readings[name])
    assert list(back.readings) == list(mined.readings)
    assert_same_edges(mined.co_activations, back.co_activations)
    assert_same_edges(mined.displacements, back.displacements)
    whole = ("patterns", "readings", "co_activations", "displacements", "firings", "peaks")
    assert_same(replace(mined, **dict.fromkeys(whole)), replace(back, **dict.fromkeys(whole)))
    assert content_hash(back) == content_hash(replace(mined, firings=[], peaks=[]))


def test_a_layer_without_patterns_reads_back(database: Database, category: str) -> None:
    mined = synthetic_graph(category, numbers=0, firings_per_object=0)
    write_graph(database, mined)
    back = read_graph(database, mined.id)
    for name in mined.patterns:
        assert_same(mined.patterns[name], back.patterns[name])
    assert content_hash(back) == content_hash(replace(mined, firings=[], peaks=[]))


def test_writing_twice_adds_nothing(database: Database, category: str) -> None:
    mined = synthetic_graph(category)
    first = write_graph(database, mined)
    there = count_graph(database, mined.id)
    assert there == expected_counts(mined)
    called: list[int] = []
    assert write_graph(database, mined, lambda *_: called.append(1)) == first
    assert not called
    assert count_graph(database, mined.id) == there


@pytest.mark.parametrize("killed_at", [1, 2, 9])
def test_a_killed_writer_is_resumed(
    database: Database, settings: Settings, category: str, small_batches: None, killed_at: int
) -> None:
    mined = synthetic_graph(category)
    calls = 0

    def kill(stage: str, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == killed_at:
            raise Killed

    with pytest.raises(Killed):
        write_graph(database, mined, kill)
    with pytest.raises(NothingYetError):
        read_graph(database, mined.id)
    with pytest.raises(NothingYetError):
        find_graph(database, category)
    told: list[tuple[int, int]] = []
    with open_database(settings) as another:
        write_graph(another, mined, lambda _, done, total: told.append((done, total)))
    batches = 0

    def count(stage: str, done: int, total: int) -> None:
        nonlocal batches
        batches += 1

    write_graph(database, replace(mined, name="undisturbed"), count)
    assert len(told) <= batches - killed_at, "what the first writer wrote is not written again"
    assert told[-1][0] == told[-1][1]
    assert count_graph(database, mined.id) == expected_counts(mined)
    assert content_hash(read_graph(database, mined.id)) == content_hash(replace(mined, firings=[], peaks=[]))


def test_two_writers_of_one_graph(settings: Settings, database: Database, category: str, small_batches: None) -> None:
    mined = synthetic_graph(category)
    failed: list[EgraphError] = []

    def write() -> None:
        try:
            with open_database(settings) as another:
                write_graph(another, mined)
        except EgraphError as error:
            failed.append(error)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    assert count_graph(database, mined.id) == expected_counts(mined)


def test_two_graphs_at_once_share_their_network(settings: Settings, database: Database, category: str) -> None:
    mined = [synthetic_graph(category, name=name, salt=category) for name in ("one", "two")]
    failed: list[EgraphError] = []

    def write(graph: MinedGraph) -> None:
        try:
            with open_database(settings) as another:
                write_graph(another, graph)
        except EgraphError as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(graph,)) for graph in mined]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failed
    for graph in mined:
        assert count_graph(database, graph.id) == expected_counts(graph)
        assert content_hash(read_graph(database, graph.id)) == content_hash(replace(graph, firings=[], peaks=[]))


def test_another_content_under_the_same_name_is_refused(database: Database, category: str) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)
    other = replace(mined, log_likelihood=-1.0)
    with pytest.raises(UsageError, match="--name"):
        write_graph(database, other)
    write_graph(database, replace(other, name="other"))
    assert [g.name for g in graphs(database) if g.category == category] == ["default", "other"]


def test_choosing_a_graph(database: Database, category: str) -> None:
    with pytest.raises(NothingYetError, match="egraph mine"):
        find_graph(database, category)
    for name in ("one", "two"):
        write_graph(database, synthetic_graph(category, name=name))
    assert find_graph(database, category, "two").name == "two"
    one = find_graph(database, category, "one")
    with pytest.raises(UsageError, match=rf"several .*--graph {re.escape(one.id)} or --graph .*/two"):
        find_graph(database, category)
    network = one.network.partition("@")[0]
    with pytest.raises(UsageError, match="several"):
        find_graph(database, category, network)
    write_graph(database, replace(synthetic_graph(category, name="three"), network_id="other@1", network_name="other"))
    for name in ("other", "other@1", "three", f"other@1/{category}/three"):
        assert find_graph(database, category, name).name == "three"
    with pytest.raises(NothingYetError, match=f"{category}/one"):
        find_graph(database, category, "four")


@pytest.mark.parametrize("name", ["", " ", "a/b"])
def test_names_that_would_mix_ids_are_refused(database: Database, name: str) -> None:
    with pytest.raises(UsageError):
        write_graph(database, synthetic_graph("horse", name=name))


def test_deleting_takes_one_graph_and_leaves_the_others(database: Database, category: str) -> None:
    one, two = (synthetic_graph(category, name=name) for name in ("one", "two"))
    write_graph(database, one)
    write_graph(database, two)
    assert delete_graph(database, one.id) == sum(len(t) for t in one.patterns.values())
    assert count_graph(database, two.id) == expected_counts(two)
    with pytest.raises(NothingYetError):
        delete_graph(database, one.id)
    delete_graph(database, two.id)
    ids = [o.id for o in one.objects]
    assert not objects_there(database, ids), "objects that nothing needs are gone"


def test_deleting_takes_objects_on_which_patterns_were_placed_later(
    database: Database, category: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egraph.graph.delete.PATTERNS", 7)
    one = synthetic_graph(category)
    more = synthetic_graph(f"{category}-new", objects=3)
    write_graph(database, one)
    write_firings(database, one.id, content_hash(one), more.firings, more.objects, names(one))
    labelled = replace(more.objects[0], parts={"head": (more.objects[0].box,)})
    add_labels(database, [labelled], category, "head")
    ids = [o.id for o in (*one.objects, *more.objects)]
    assert len(objects_there(database, ids)) == len(ids)
    delete_graph(database, one.id)
    assert objects_there(database, ids) == [labelled.id], "what a person labelled stays"


def test_deleting_a_category_takes_all_of_it_and_nothing_else(
    database: Database, category: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egraph.graph.delete.PATTERNS", 7)
    other = f"{category}-other"
    graphs_of = [synthetic_graph(category, name=name) for name in ("one", "two")]
    foreign = synthetic_graph(other)
    for graph in (*graphs_of, foreign):
        write_graph(database, graph)
    labelled = [replace(o, parts={"head": (o.box,)}) for o in graphs_of[0].objects[:3]]
    add_labels(database, labelled, category, "head")
    add_labels(database, [replace(o, parts={"head": (o.box,)}) for o in foreign.objects[:2]], other, "head")
    told: list[tuple[int, int]] = []
    patterns = 2 * expected_counts(graphs_of[0])["patterns"]
    plan = plan_category(database, category)
    done = delete_category(database, category, lambda _, done, total: told.append((done, total)))
    assert done == plan and done.patterns == patterns and done.parts == ("head",)
    assert set(done.graphs) == {graph.id for graph in graphs_of}
    assert told[-1] == (patterns, patterns) and len(told) > 2
    assert not objects_there(database, [o.id for o in graphs_of[0].objects])
    assert [p.category for p in list_parts(database) if p.category.startswith(category)] == [other]
    assert count_graph(database, foreign.id) == expected_counts(foreign)
    with pytest.raises(NothingYetError, match=other):
        delete_category(database, category)
    delete_category(database, other)


def test_deleting_a_network_takes_its_graphs_layers_and_filters(database: Database, category: str) -> None:
    mined = [synthetic_graph(category, name=name, salt=category) for name in ("one", "two")]
    foreign = synthetic_graph(category, name="one", salt=f"{category}x")
    for graph in (*mined, foreign):
        write_graph(database, graph)
    # One is interrupted in the middle.
    database.write("write/graph_deleting", graph=mined[0].id)
    database.write("write/delete_patterns", graph=mined[0].id, limit=9)
    done = delete_network(database, mined[0].network_name)
    assert done.network == mined[0].network_id and set(done.graphs) == {graph.id for graph in mined}
    assert [g.id for g in graphs(database) if g.category == category] == [foreign.id]
    assert count_graph(database, foreign.id) == expected_counts(foreign)
    filters = [f"{done.network}/layer1/0", f"{foreign.network_id}/layer1/0"]
    left = database.read(statement("export/nodes").filled(label="Filter"), ids=filters)
    assert [row["properties"]["id"] for row in left] == [f"{foreign.network_id}/layer1/0"]
    assert done.network not in [row["id"] for row in database.read("read/networks")]
    with pytest.raises(NothingYetError, match=foreign.network_id):
        delete_network(database, mined[0].network_id)
    delete_network(database, foreign.network_id)


def test_firings_replace_those_of_their_objects(database: Database, category: str) -> None:
    mined = synthetic_graph(category, firings_per_object=5)
    write_graph(database, mined)
    more = synthetic_graph(category, firings_per_object=8, objects=2).firings
    for _ in range(2):
        assert write_firings(database, mined.id, content_hash(mined), more, mined.objects[:2], names(mined)) == sum(
            len(f.pattern) for f in more
        )
        assert count_graph(database, mined.id)["FIRES_ON"] == 10 * 5 * 2 + 2 * 8 * 2


def test_hash_ignores_the_order_of_edges_and_sees_every_value() -> None:
    mined = synthetic_graph("horse")
    edges = mined.co_activations[0]
    names = [f.name for f in fields(edges) if f.name not in ("lower", "upper")]
    backwards = replace(edges, **{name: getattr(edges, name)[::-1] for name in names})
    same = replace(mined, co_activations=[backwards, *mined.co_activations[1:]])
    assert content_hash(same) == content_hash(mined)
    for name in names:
        changed = getattr(edges, name).copy()
        changed[0] += 1
        other = replace(mined, co_activations=[replace(edges, **{name: changed}), *mined.co_activations[1:]])
        assert content_hash(other) != content_hash(mined), name


@given(st.lists(st.integers(0, 5), max_size=30))
def test_groups_are_runs_of_equal_values(values: list[int]) -> None:
    rows = np.array(sorted(values), np.int32)
    heads, first = batches.groups(rows)
    assert heads.tolist() == sorted(set(values))
    rebuilt = [h for h, a, b in zip(heads, first[:-1], first[1:], strict=True) for _ in range(a, b)]
    assert rebuilt == rows.tolist()


@given(st.integers(0, 30_000), st.integers(1, 20_000_000))
def test_batches_cover_every_row_once_within_their_bounds(count: int, row_bytes: int) -> None:
    cut = list(batches.slices(count, row_bytes))
    assert sum(s.stop - s.start for s in cut) == count
    assert all(a.stop == b.start for a, b in pairwise(cut))
    for s in cut:
        rows = s.stop - s.start
        assert rows <= batches.BATCH_ROWS
        assert rows == 1 or rows * row_bytes <= batches.BATCH_BYTES
