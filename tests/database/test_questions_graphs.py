"""Questions about two graphs, against answers computed from the same tables with loops."""

import math
from collections.abc import Iterator

import pytest
from synthetic import synthetic_graph

from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.delete import delete_graph
from egraph.graph.questions import ask
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from reference.questions import apart, keys, name, place, steps, ties, value


@pytest.fixture
def mined(database: Database, category: str) -> MinedGraph:
    mined = synthetic_graph(category, filters=(8, 6, 4))
    write_graph(database, mined)
    return mined


@pytest.fixture
def other(database: Database, category: str, mined: MinedGraph) -> Iterator[MinedGraph]:
    """A graph of another category, mined from the same network, whose places differ."""
    random = synthetic_graph(f"{category}-other", filters=(8, 6, 4), seed=3)
    other = MinedGraph(**(vars(random) | {"network_id": mined.network_id, "weights_sha256": mined.weights_sha256}))
    write_graph(database, other)
    yield other
    delete_graph(database, other.id)


@pytest.mark.parametrize(
    ("turned", "layer", "distance"), [(False, None, 0.1), (True, None, 0.3), (False, "layer2", 0.5)]
)
def test_shared_patterns(
    database: Database,
    mined: MinedGraph,
    other: MinedGraph,
    category: str,
    turned: bool,
    layer: str | None,
    distance: float,
) -> None:
    expected = []
    for key in keys(mined):
        if key[0] == ANCHORS or layer not in (None, key[0]):
            continue
        x, y = place(mined, key)
        found = []
        same = [k for k in keys(other) if k[0] == key[0] and value(other, k, "filter") == value(mined, key, "filter")]
        for k in same:
            other_x, other_y = place(other, k)
            other_x = 1 - other_x if turned else other_x
            found.append((math.hypot(x - other_x, y - other_y), name(other, k), other_x, other_y, k))
        d, id_, other_x, other_y, nearest = min(found)
        if d > distance:
            continue
        chance = 1 - max(0.0, 1 - math.pi * d * d) ** len(same)
        row = {"pattern": name(mined, key), "other_pattern": id_, "layer": key[0]}
        row |= {"filter": value(mined, key, "filter"), "distance": d, "by_chance": chance, "x": x, "y": y}
        row |= {"other_x": other_x, "other_y": other_y}
        row |= {"score": value(mined, key, "score"), "other_score": value(other, nearest, "score")}
        expected.append(row)
    expected.sort(key=lambda r: (r["by_chance"], r["pattern"]))
    given = {
        "category": category,
        "other_category": other.category,
        "layer": layer,
        "distance": distance,
        "turned": turned,
    }
    answer = ask(database, "shared-patterns", given | {"limit": 500})
    assert expected, "the test should test something"
    assert answer.rows == [pytest.approx(row) for row in expected]
    assert ask(database, "shared-patterns", given | {"limit": 3}).rows == answer.rows[:3]
    named = ask(database, "shared-patterns", given | {"limit": 500, "graph": mined.name, "other_graph": other.name})
    assert named.rows == answer.rows and named.parameters["other_graph"] == other.id


def test_shared_patterns_needs_one_network(
    database: Database, mined: MinedGraph, other: MinedGraph, category: str
) -> None:
    given = {"category": category, "other_category": other.category}
    with pytest.raises(UsageError, match="there are: default"):
        ask(database, "shared-patterns", given | {"other_graph": "defalt"})
    with pytest.raises(UsageError, match=f"there are: {other.category}"):
        ask(database, "shared-patterns", given | {"other_category": other.category[:-1]})
    write_graph(database, synthetic_graph(category, "elsewhere", salt="b"))
    with pytest.raises(NothingYetError, match=f"no such graph of {other.category}"):
        ask(database, "shared-patterns", given | {"graph": "elsewhere"})


def test_compare_networks(database: Database, mined: MinedGraph, category: str) -> None:
    second = synthetic_graph(category, filters=(5, 7), seed=4, salt="b")
    write_graph(database, second)
    rows = []
    for graph in (mined, second):
        sigma, joint = ties(graph), steps(graph)
        for position, geometry in enumerate(graph.layers):
            table = graph.patterns[geometry.name]
            moved = [(s["sigma"], apart(graph, *pair)) for pair, s in joint.items() if pair[0][0] == geometry.name]
            lifts = [t["lift"] for pair, t in sigma.items() if pair[0][0] == geometry.name]
            rows.append(
                {
                    "below_top": len(graph.layers) - 1 - position,
                    "layer": geometry.name,
                    "network": graph.network_id,
                    "graph": graph.name,
                    "patterns": len(table),
                    "filters": len(set(table.filter.tolist())),
                    "channels": geometry.channels,
                    "support": float(table.support.mean()) / len(graph.objects),
                    "advantage": float(table.advantage.astype(float).mean()),
                    "sigma": sum(s for s, _ in moved) / len(moved) if moved else None,
                    "apart": sum(a for _, a in moved) / len(moved) if moved else None,
                    "ties": len(lifts) / len(table),
                    "lift": sum(lifts) / len(lifts) if lifts else None,
                }
            )
    rows.sort(key=lambda r: (r["below_top"], r["network"]))
    expected = [pytest.approx(row) for row in rows]
    assert ask(database, "compare-networks", {"category": category}).rows == expected
    both = {"network": mined.network_id, "other_network": second.network_name}
    assert ask(database, "compare-networks", {"category": category} | both).rows == expected
    one = ask(database, "compare-networks", {"category": category, "network": "toyb"})
    assert [row["network"] for row in one.rows] == [second.network_id] * 3
    with pytest.raises(UsageError, match="there are: toy, toyb, "):
        ask(database, "compare-networks", {"category": category, "network": "toyc"})
