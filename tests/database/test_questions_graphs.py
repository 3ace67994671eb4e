"""Questions about two graphs, against answers computed from the same tables with loops."""

import math
from collections.abc import Iterator

import pytest

from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.delete import delete_graph
from egraph.graph.parts import add_labels
from egraph.graph.questions import ask
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from reference.questions import Key, apart, keys, name, place, steps, ties, value, with_parts
from support.synthetic import synthetic_graph


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
        row |= {"filter": value(mined, key, "filter"), "distance": d, "chance": chance, "x": x, "y": y}
        row |= {"by_chance": min(1.0, chance * len(mined.patterns[key[0]]))}
        row |= {"other_x": other_x, "other_y": other_y}
        row |= {"score": value(mined, key, "score"), "other_score": value(other, nearest, "score")}
        expected.append(row)
    expected.sort(key=lambda r: (r.pop("chance"), r["pattern"]))
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


@pytest.mark.parametrize(("turned", "layer", "distance"), [(False, None, 0.2), (True, "layer2", 0.3)])
def test_difference(
    database: Database,
    mined: MinedGraph,
    other: MinedGraph,
    category: str,
    turned: bool,
    layer: str | None,
    distance: float,
) -> None:
    def standing(key: Key) -> tuple[float, float]:
        x, y = place(other, key)
        return (1 - x if turned else x), y

    def cell(x: float, y: float) -> tuple[int, int]:
        return int(5 * x), int(5 * y)

    theirs = [key for key in keys(other) if key[0] != ANCHORS]
    asked = [key for key in keys(mined) if key[0] != ANCHORS and layer in (None, key[0])]
    expected = []
    for key in asked:
        x, y = place(mined, key)
        there = [k for k in theirs if k[0] == key[0]]
        same = [k for k in there if value(other, k, "filter") == value(mined, key, "filter")]
        nearest = min((math.hypot(x - a, y - b) for a, b in map(standing, same)), default=None)
        if nearest is not None and nearest <= distance:
            continue
        here = sum(cell(*standing(k)) == cell(x, y) for k in there)
        share = min(1.0, 25 * math.pi * distance**2 * here / len(there))
        row = {"pattern": name(mined, key), "layer": key[0], "filter": value(mined, key, "filter")}
        row |= {"others": len(same), "nearest": nearest, "by_chance": min(1.0, len(asked) * (1 - share) ** len(same))}
        row |= {"x": x, "y": y} | {c: value(mined, key, c) for c in ("support", "score", "advantage")}
        expected.append(row)
    expected.sort(key=lambda r: (r["by_chance"], -r["score"], r["pattern"]))
    given = {"category": category, "other_category": other.category, "turned": turned, "distance": distance}
    answer = ask(database, "difference", given | {"layer": layer, "limit": 500})
    assert expected and len(expected) < len(asked), "the test should test something"
    assert [row["pattern"] for row in answer.rows] == [row["pattern"] for row in expected]
    assert answer.rows == [pytest.approx(row) for row in expected]
    assert ask(database, "difference", given | {"layer": layer, "limit": 2}).rows == answer.rows[:2]


def test_patterns_and_objects_are_plain_lists(database: Database, mined: MinedGraph, category: str) -> None:
    rows = ask(database, "patterns", {"category": category}).rows
    assert [row["pattern"] for row in rows] == [
        name(mined, key) for key in sorted(keys(mined), key=lambda k: (k[0], k[1]))
    ]
    for row, key in zip(rows, sorted(keys(mined)), strict=True):
        x, y = place(mined, key)
        columns = ("filter", "number", "spread", "support", "score", "advantage")
        assert (row["x"], row["y"], row["layer"]) == (x, y, key[0])
        assert [row[c] for c in columns] == [value(mined, key, c) for c in columns]
    only = ask(database, "patterns", {"category": category, "layer": "layer2", "limit": 5})
    assert only.rows == [row for row in rows if row["layer"] == "layer2"][:5] and only.truncated
    add_labels(database, with_parts(mined), category, "leg")
    objects = ask(database, "objects", {"category": category}).rows
    assert [row["object"] for row in objects] == [o.id for o in mined.objects]
    assert [row["mirrored"] for row in objects] == mined.mirrored.tolist()
    shown = [["leg"] if "leg" in o.parts else [] for o in with_parts(mined)]
    assert [row["parts"] for row in objects] == shown + [[]] * (len(objects) - len(shown))
    assert {row["photo"] for row in objects} == {str(o.path) for o in mined.objects}


def test_a_short_id_is_enough_where_one_graph_is_meant(database: Database, mined: MinedGraph, category: str) -> None:
    pattern = name(mined, ("layer1", 0))
    short = pattern.removeprefix(f"{mined.id}/")
    there = {"category": category, "part": "head"}
    add_labels(database, with_parts(mined), category, "head")
    whole = ask(database, "path-to-part", there | {"pattern": pattern, "share": 0})
    assert ask(database, "path-to-part", there | {"pattern": short, "share": 0}) == whole
    longer = "…" + pattern.partition("/")[2]
    assert ask(database, "path-to-part", there | {"pattern": longer, "share": 0}) == whole
    assert ask(database, "belongs-to", {"pattern": longer}).parameters["pattern"] == pattern
    write_graph(database, synthetic_graph(category, "second", filters=(8, 6, 4)))
    with pytest.raises(UsageError, match=rf"may be of \d+ graphs; give its whole id, such as .*/{short}"):
        ask(database, "belongs-to", {"pattern": short})
    with pytest.raises(UsageError, match="no pattern"):
        ask(database, "belongs-to", {"pattern": f"{mined.id}/layer1/999/999"})


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
