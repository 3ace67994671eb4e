"""What two graphs share is summed up once, whoever does it, and goes with either graph."""

import threading
from dataclasses import replace

import pytest

from database.conftest import run_file
from egraph.errors import UsageError
from egraph.graph import resemblance, write
from egraph.graph.connection import Database, open_database
from egraph.graph.delete import delete_graph
from egraph.graph.questions import ask
from egraph.graph.resemblance import refresh_resemblance
from egraph.graph.version import OLDEST, VERSION
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.settings import Settings
from support.synthetic import synthetic_graph

SIZES = {"filters": (8, 6, 4), "objects": 8}


@pytest.fixture
def pair(database: Database, category: str) -> tuple[MinedGraph, MinedGraph]:
    """Two graphs of one category and network that no other test uses; the first has more patterns."""
    first = synthetic_graph(category, "first", salt=category, numbers=3, **SIZES)
    second = synthetic_graph(category, "second", numbers=2, seed=3, **SIZES)
    second = replace(second, network_id=first.network_id, weights_sha256=first.weights_sha256)
    write_graph(database, first)
    write_graph(database, second)
    return first, second


def shared(database: Database, one: MinedGraph, two: MinedGraph, **more: object) -> list[dict]:
    given = {"category": one.category, "other_category": two.category, "graph": one.name, "other_graph": two.name}
    return ask(database, "shared-patterns", given | {"distance": 2, "limit": 900} | more).rows


def counted(settings: Settings, database: Database, graph: MinedGraph) -> tuple[int, int]:
    row = run_file(settings, database, "count_resemblances.cypher", graph=graph.id)[0]
    return row["compared"], row["resembles"]


def expected(pair: tuple[MinedGraph, MinedGraph]) -> tuple[int, int]:
    """Every pattern of either graph has a nearest one, as it is and mirrored."""
    return 1, 2 * sum(len(t) for graph in pair for layer, t in graph.patterns.items() if layer != ANCHORS)


def test_graphs_are_compared_when_they_are_written(
    settings: Settings, database: Database, pair: tuple[MinedGraph, MinedGraph]
) -> None:
    assert counted(settings, database, pair[0]) == expected(pair)
    there, back = shared(database, *pair), shared(database, *reversed(pair))
    assert (len(there), len(back)) == tuple(
        sum(len(t) for layer, t in graph.patterns.items() if layer != ANCHORS) for graph in pair
    )
    nearest = {row["pattern"]: row["other_pattern"] for row in back}
    mutual = [row for row in there if nearest[row["other_pattern"]] == row["pattern"]]
    assert 0 < len(mutual) <= len(back)
    assert shared(database, *pair, turned=True) != there


@pytest.mark.parametrize("version", [None, OLDEST])
def test_what_is_missing_is_compared_again(
    settings: Settings, database: Database, pair: tuple[MinedGraph, MinedGraph], version: int | None
) -> None:
    before = shared(database, *pair)
    run_file(settings, database, "forget_resemblances.cypher", graph=pair[0].id)
    assert counted(settings, database, pair[0]) == (0, 0)
    if version is not None:
        database.write("write/schema_version", version=version)
        with open_database(settings) as own:
            assert ask(own, "overview", {}).rows, "asking brings an older database up to date"
        assert database.schema_version() == VERSION
        assert counted(settings, database, pair[0]) == expected(pair)
    assert shared(database, *pair) == before
    assert counted(settings, database, pair[0]) == expected(pair)


def test_a_writer_that_is_cut_off_before_comparing(
    settings: Settings,
    database: Database,
    pair: tuple[MinedGraph, MinedGraph],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    third = replace(pair[0], name="third")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(write, "refresh_resemblance", kill)
        write_graph(database, third)
    assert counted(settings, database, third) == (0, 0)
    rows = shared(database, third, pair[1])
    named = [row | {"pattern": row["pattern"].replace("/third/", "/first/")} for row in rows]
    assert named == shared(database, *pair)


def test_graphs_of_many_are_compared_when_they_are_asked_for(
    settings: Settings, database: Database, pair: tuple[MinedGraph, MinedGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resemblance, "FEW", 1)
    third = replace(pair[0], name="third")
    write_graph(database, third)
    assert counted(settings, database, third) == (0, 0)
    assert shared(database, third, pair[1])
    assert counted(settings, database, third) == expected((third, pair[1])), "with the one that was asked for"


def test_comparing_twice_or_at_once_changes_nothing(
    settings: Settings, database: Database, pair: tuple[MinedGraph, MinedGraph]
) -> None:
    run_file(settings, database, "forget_resemblances.cypher", graph=pair[0].id)
    failed: list[Exception] = []

    def refresh(graph: MinedGraph) -> None:
        try:
            with open_database(settings) as own:
                refresh_resemblance(own, graph.id)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=refresh, args=(graph,)) for graph in (*pair, *pair)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert counted(settings, database, pair[0]) == expected(pair)
    refresh_resemblance(database, pair[1].id)
    assert counted(settings, database, pair[0]) == expected(pair)


def test_names_that_could_be_mistaken(database: Database, pair: tuple[MinedGraph, MinedGraph]) -> None:
    names = [f"{pair[1].name} turned", f"{pair[1].name} {pair[0].name}"]
    for seed, name in enumerate(names, 5):
        random = synthetic_graph(pair[0].category, name, numbers=2, seed=seed, **SIZES)
        write_graph(database, replace(random, network_id=pair[0].network_id, weights_sha256=pair[0].weights_sha256))
    for name in (pair[1].name, *names):
        other = replace(pair[1], name=name)
        for turned in (False, True):
            rows = shared(database, pair[0], other, turned=turned)
            assert {row["other_pattern"].rpartition("/layer")[0] for row in rows} == {other.id}
            assert len(rows) == len({row["pattern"] for row in rows})


def test_a_graph_is_not_compared_with_itself(database: Database, category: str) -> None:
    only = synthetic_graph(category, "only", salt=category, **SIZES)
    write_graph(database, only)
    with pytest.raises(UsageError, match="is the only graph"):
        ask(database, "shared-patterns", {"category": category, "other_category": category})


def test_it_goes_with_the_graph(settings: Settings, database: Database, pair: tuple[MinedGraph, MinedGraph]) -> None:
    before = shared(database, *pair)
    delete_graph(database, pair[1].id)
    assert counted(settings, database, pair[0]) == (0, 0)
    write_graph(database, pair[1])
    assert shared(database, *pair) == before
