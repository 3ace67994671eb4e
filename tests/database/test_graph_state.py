"""A removal goes before whoever writes to the graph, and a complete graph has exactly what it says."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from database.conftest import objects_there, run_file
from database.test_and_or_graphs import sides
from database.test_write import expected_counts, names
from egraph.aog.storage import list_aogs, read_aog, write_aog
from egraph.errors import EgraphError, NothingYetError, UsageError
from egraph.graph import batches
from egraph.graph.connection import Database, open_database
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph, delete_network
from egraph.graph.failures import MissingError
from egraph.graph.firings import write_firings
from egraph.graph.graph_state import DELETING, WRITING, RemovedError
from egraph.graph.graphs import count_graph, graphs
from egraph.graph.parts import add_labels
from egraph.graph.read import read_graph
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.synthetic import synthetic_aog, synthetic_graph

GONE = {"graphs": 0, "patterns": 0, "aogs": 0}


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 25)
    monkeypatch.setattr("egraph.graph.delete.PATTERNS", 7)


@pytest.fixture
def meanwhile(settings: Settings) -> Callable[..., Callable[[str, int, int], None]]:
    """A listener to progress that once, after `calls` steps, does something as another process would."""

    def meanwhile(calls: int, does: Callable[[Database], Any]) -> Callable[[str, int, int], None]:
        told = 0

        def listen(stage: str, done: int, total: int) -> None:
            nonlocal told
            told += 1
            if told == calls or (calls < 0 and done == total):
                with open_database(settings) as other:
                    does(other)

        return listen

    return meanwhile


def interrupted_removal(graph: str) -> Callable[[Database], None]:
    """What `egraph graph remove` does before it is cut off behind its first batch."""

    class Cut(Exception):
        pass

    def cut(*_: object) -> None:
        raise Cut

    def remove(database: Database) -> None:
        with pytest.raises(Cut):
            delete_graph(database, graph, cut)

    return remove


def left(settings: Settings, database: Database, mined: MinedGraph) -> dict[str, int]:
    return dict(run_file(settings, database, "left_of_graph.cypher", graph=mined.id)[0])


def state(database: Database, mined: MinedGraph) -> str | None:
    return next((graph.state for graph in graphs(database) if graph.id == mined.id), None)


@pytest.mark.parametrize("calls", [1, 4, 9, -1])
def test_an_interrupted_removal_stops_the_writer_and_is_finished_later(
    database: Database, settings: Settings, category: str, meanwhile: Callable, calls: int
) -> None:
    mined = synthetic_graph(category)
    with pytest.raises(RemovedError, match="a removal goes first"):
        write_graph(database, mined, meanwhile(calls, interrupted_removal(mined.id)))
    assert state(database, mined) == DELETING
    with pytest.raises(UsageError, match="is being removed"):
        write_graph(database, mined)
    assert state(database, mined) == DELETING
    delete_graph(database, mined.id)
    assert left(settings, database, mined) == GONE
    write_graph(database, mined)
    assert count_graph(database, mined.id) == expected_counts(mined)


@pytest.mark.parametrize("calls", [2, 9, -1])
def test_a_whole_removal_stops_the_writer_and_nothing_comes_back(
    database: Database, settings: Settings, category: str, meanwhile: Callable, calls: int
) -> None:
    mined = synthetic_graph(category)
    with pytest.raises(RemovedError):
        write_graph(database, mined, meanwhile(calls, lambda other: delete_graph(other, mined.id)))
    assert left(settings, database, mined) == GONE


def test_a_removal_leaves_alone_what_was_begun_anew(
    database: Database, settings: Settings, category: str, meanwhile: Callable
) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)

    def anew(other: Database) -> None:
        delete_graph(other, mined.id)
        write_graph(other, mined)

    delete_graph(database, mined.id, meanwhile(1, anew))
    assert state(database, mined) == "complete"
    assert count_graph(database, mined.id) == expected_counts(mined)


def test_a_writer_that_misses_an_end_fails(
    database: Database, settings: Settings, category: str, meanwhile: Callable
) -> None:
    mined = synthetic_graph(category)
    patterns = sum(len(table) for table in mined.patterns.values()) // 25 + 1

    def spoil(other: Database) -> None:
        run_file(settings, other, "delete_pattern.cypher", graph=mined.id)

    with pytest.raises(MissingError, match="could be written"):
        write_graph(database, mined, meanwhile(patterns, spoil))
    assert state(database, mined) == WRITING
    with pytest.raises(NothingYetError):
        read_graph(database, mined.id)


def test_what_is_less_than_was_mined_is_not_called_complete(
    database: Database, settings: Settings, category: str, meanwhile: Callable
) -> None:
    mined = synthetic_graph(category)

    def spoil(other: Database) -> None:
        run_file(settings, other, "delete_edge.cypher", graph=mined.id)

    with pytest.raises(MissingError, match=r"holds \d+ DISPLACED_FROM of the graph .* instead of \d+; remove it with"):
        write_graph(database, mined, meanwhile(-1, spoil))
    assert state(database, mined) == WRITING


def test_objects_that_another_removal_takes_are_there_again(
    database: Database, category: str, meanwhile: Callable
) -> None:
    """Two graphs of the same photos: one is removed while the other one is written."""
    one, two = (synthetic_graph(category, name=name) for name in ("one", "two"))
    write_graph(database, one)
    write_graph(database, two, meanwhile(1, lambda other: delete_graph(other, one.id)))
    assert count_graph(database, two.id) == expected_counts(two)


def test_a_network_stays_whose_graph_was_begun_meanwhile(
    database: Database, category: str, meanwhile: Callable
) -> None:
    one, two = (synthetic_graph(category, name=name, salt=category) for name in ("one", "two"))
    write_graph(database, one)
    with pytest.raises(EgraphError, match=f"stays, because {two.id} was begun"):
        delete_network(database, one.network_id, meanwhile(1, lambda other: write_graph(other, two)))
    assert [graph.id for graph in graphs(database) if graph.category == category] == [two.id]
    assert read_graph(database, two.id).network_name == two.network_name
    assert count_graph(database, two.id) == expected_counts(two)
    delete_network(database, one.network_id)


def test_firings_go_into_no_graph_but_their_own(
    database: Database, settings: Settings, category: str, meanwhile: Callable
) -> None:
    mined = synthetic_graph(category, firings_per_object=5)
    content = content_hash(mined)
    write_graph(database, mined)
    before = count_graph(database, mined.id)
    more = synthetic_graph(category, firings_per_object=8, objects=2).firings
    with pytest.raises(RemovedError):
        write_firings(database, mined.id, "another content", more, mined.objects[:2], names(mined))
    assert count_graph(database, mined.id) == before
    with pytest.raises(RemovedError):
        remove = meanwhile(1, interrupted_removal(mined.id))
        write_firings(database, mined.id, content, more, mined.objects[:2], names(mined), remove)
    delete_graph(database, mined.id)
    with pytest.raises(RemovedError):
        write_firings(database, mined.id, content, more, mined.objects[:2], names(mined))
    assert left(settings, database, mined) == GONE
    assert not objects_there(database, [o.id for o in mined.objects])


def test_firings_of_a_pattern_that_is_missing_leave_the_old_ones(
    database: Database, settings: Settings, category: str
) -> None:
    mined = synthetic_graph(category, firings_per_object=5)
    write_graph(database, mined)
    run_file(settings, database, "delete_pattern.cypher", graph=mined.id)
    before = count_graph(database, mined.id)
    more = synthetic_graph(category, firings_per_object=18, objects=1, labelled=0).firings
    with pytest.raises(MissingError):
        write_firings(database, mined.id, content_hash(mined), more, mined.objects[:1], names(mined))
    assert count_graph(database, mined.id) == before


def test_an_and_or_graph_goes_into_no_graph_but_its_own(database: Database, settings: Settings, category: str) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)
    add_labels(database, [replace(o, parts={"head": (o.box,)}) for o in mined.objects[:2]], category, "head")
    aog = synthetic_aog(mined)
    write_aog(database, aog, sides(mined))
    with pytest.raises(RemovedError):
        write_aog(database, replace(synthetic_aog(mined, seed=1), content="another content"), sides(mined))
    missing = synthetic_aog(mined, seed=1)
    missing.number[0] = 99
    with pytest.raises(MissingError):
        write_aog(database, missing, sides(mined))
    back = read_aog(database, aog.id, mined)
    assert (back.mean_evidence == aog.mean_evidence).all(), "the old one stays"
    interrupted_removal(mined.id)(database)
    with pytest.raises(RemovedError):
        write_aog(database, aog, sides(mined))
    assert list_aogs(database, category) == []
    delete_graph(database, mined.id)
    assert left(settings, database, mined) == GONE


@pytest.mark.parametrize("anew", [False, True])
def test_what_is_removed_while_it_is_read_is_not_read(
    database: Database, settings: Settings, category: str, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)
    ask, asked = Database.ask, 0

    def ask_slowly(self: Database, name: str, *arguments: Any, **more: Any) -> Any:
        nonlocal asked
        asked += name == "read/patterns"
        if name == "read/patterns" and asked == 2:
            with open_database(settings) as other:
                delete_graph(other, mined.id)
                if anew:
                    write_graph(other, replace(mined, log_likelihood=-1.0))
        return ask(self, name, *arguments, **more)

    monkeypatch.setattr(Database, "ask", ask_slowly)
    with pytest.raises(NothingYetError):
        read_graph(database, mined.id)
