"""Questions about patterns, filters and photos, against answers computed from the same tables with loops."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from egraph.errors import UsageError
from egraph.graph.check import check_graph
from egraph.graph.connection import Database
from egraph.graph.questions import ask
from egraph.graph.read import read_graph
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph, PatternTable
from reference.questions import apart, firings, in_photo, keys, name, place, steps, ties, told, value
from support.synthetic import synthetic_graph

LAYERS = ["layer1", "layer2", "layer3"]


def without_filter(table: PatternTable, filter_: int) -> tuple[PatternTable, np.ndarray]:
    """The table without the patterns of one filter, and the new row of each old one, -1 where it is gone."""
    kept = table.filter != filter_
    rows = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    columns = {f: getattr(table, f)[kept] if len(getattr(table, f)) else getattr(table, f) for f in vars_of(table)}
    return replace(table, **columns), rows


def vars_of(table: PatternTable) -> list[str]:
    return [field for field in table.__dataclass_fields__ if field != "layer"]


def pruned(mined: MinedGraph) -> MinedGraph:
    """Without the patterns of filter 2 of layer1, and with four patterns that have lost their partners."""
    table, rows = without_filter(mined.patterns["layer1"], 2)

    def lower(edges):
        source = rows[edges.source] if edges.lower == "layer1" else edges.source
        keep = source >= 0
        if type(edges).__name__ == "CoActivations":
            keep &= ~((edges.lower == "layer1") & np.isin(source, [0, 4]))
            keep &= ~((edges.upper == "layer3") & np.isin(edges.target, [1]))
            keep &= ~((edges.lower == "layer2") & np.isin(source, [5]))
        columns = {f: getattr(edges, f)[keep] for f in edges.__dataclass_fields__ if f not in ("lower", "upper")}
        return replace(edges, **(columns | {"source": source[keep]}))

    found = []
    for table_of in mined.firings:
        pattern = rows[table_of.pattern] if table_of.layer == "layer1" else table_of.pattern
        keep = pattern >= 0
        columns = {f: getattr(table_of, f)[keep] for f in table_of.__dataclass_fields__ if f != "layer"}
        found.append(replace(table_of, **(columns | {"pattern": pattern[keep]})))
    return replace(
        mined,
        patterns=mined.patterns | {"layer1": table},
        co_activations=[lower(edges) for edges in mined.co_activations],
        displacements=[lower(edges) for edges in mined.displacements],
        firings=found,
    )


def without_mixtures(mined: MinedGraph) -> MinedGraph:
    nothing = np.zeros(0, np.float32)
    return replace(
        mined,
        patterns={n: replace(t, share=nothing, reach=nothing, background=nothing) for n, t in mined.patterns.items()},
        readings={n: replace(r, filter_scattered=nothing, filter_beside=nothing) for n, r in mined.readings.items()},
    )


@pytest.fixture
def mined(database: Database, category: str) -> MinedGraph:
    """A written graph of three layers, and another one of the same network and objects."""
    mined = pruned(synthetic_graph(category, filters=(8, 6, 4), objects=14, firings_per_object=8))
    write_graph(database, mined)
    write_graph(database, synthetic_graph(category, "other", filters=(8, 6, 4), objects=14, firings_per_object=8))
    return mined


@pytest.mark.parametrize("layer", [None, "layer2"])
def test_patterns_on_photo(database: Database, mined: MinedGraph, category: str, layer: str | None) -> None:
    row = 3
    o = mined.objects[row]
    expected = [
        {
            "object": o.id,
            "pattern": name(mined, key),
            "layer": key[0],
            "filter": value(mined, key, "filter"),
            "usual": value(mined, key, "usual"),
            **told(o, values),
        }
        for key, at, values in firings(mined)
        if at == row and layer in (None, key[0])
    ]
    expected.sort(key=lambda r: (-r["score"], r["pattern"]))
    for photo in (o.id, str(o.path), o.path.name):
        given = {"category": category, "graph": "default", "photo": photo, "layer": layer}
        assert ask(database, "patterns-on-photo", given).rows == expected
    with pytest.raises(UsageError, match=f"there are: {o.path.name}"):
        ask(database, "patterns-on-photo", {"category": category, "graph": "default", "photo": o.path.name[:-1]})


def test_photos_of_filter(database: Database, mined: MinedGraph, category: str) -> None:
    for peaks in mined.peaks:
        for i, filter_ in enumerate(peaks.filter.tolist()):
            o = mined.objects[peaks.object[i]]
            x, y = in_photo(o, float(peaks.x[i]), float(peaks.y[i]))
            given = {"category": category, "graph": "default", "layer": peaks.layer, "filter": filter_}
            assert ask(database, "photos-of-filter", given).rows == [
                {
                    "photo": str(o.path),
                    "object": o.id,
                    "activation": float(peaks.activation[i]),
                    "x": x,
                    "y": y,
                    "box": [o.box.x, o.box.y, o.box.width, o.box.height],
                }
            ]


def test_photos_of_pattern(database: Database, mined: MinedGraph) -> None:
    seen = 0
    for key in keys(mined)[::5]:
        expected = []
        for other, row, values in firings(mined):
            if other == key:
                o = mined.objects[row]
                expected.append(
                    {
                        "photo": str(o.path),
                        "object": o.id,
                        "usual": value(mined, key, "usual"),
                        **told(o, values),
                    }
                )
        expected.sort(key=lambda r: (-r["score"], r["object"]))
        assert ask(database, "photos-of-pattern", {"pattern": name(mined, key)}).rows == expected
        seen += len(expected)
    assert seen


@pytest.mark.parametrize("support", [0.5, 0.0])
def test_steady_and_unsteady(database: Database, mined: MinedGraph, category: str, support: float) -> None:
    found = defaultdict(list)
    for (lower, upper), step in steps(mined).items():
        if value(mined, lower, "support") >= support * len(mined.objects):
            found[lower].append((step["sigma"], apart(mined, lower, upper)))
    expected = [
        {
            "pattern": name(mined, key),
            "layer": key[0],
            "filter": value(mined, key, "filter"),
            "sigma": sum(s for s, _ in pairs) / len(pairs),
            "apart": sum(a for _, a in pairs) / len(pairs),
            "neighbours": len(pairs),
            "spread": value(mined, key, "spread"),
            "advantage": value(mined, key, "advantage"),
            "support": value(mined, key, "support"),
            "score": value(mined, key, "score"),
        }
        for key, pairs in found.items()
    ]
    given = {"category": category, "graph": "default", "support": support, "limit": 200}
    expected.sort(key=lambda r: (r["sigma"], r["pattern"]))
    assert expected
    assert ask(database, "steadiest-patterns", given).rows == [pytest.approx(row) for row in expected]
    expected.sort(key=lambda r: (-r["sigma"], r["pattern"]))
    assert ask(database, "least-steady-patterns", given).rows == [pytest.approx(row) for row in expected]


@pytest.mark.parametrize("layer", [None, "layer2"])
def test_background_patterns(database: Database, mined: MinedGraph, category: str, layer: str | None) -> None:
    expected = []
    for key in keys(mined):
        if key[0] not in LAYERS or layer not in (None, key[0]) or value(mined, key, "background") < 0.7:
            continue
        x, y = place(mined, key)
        filter_ = value(mined, key, "filter")
        row = {"pattern": name(mined, key), "layer": key[0], "filter": filter_}
        row |= {column: value(mined, key, column) for column in ("background", "share", "support", "score")}
        expected.append(row | {"beside": float(mined.readings[key[0]].filter_beside[filter_]), "x": x, "y": y})
    expected.sort(key=lambda r: (-r["score"], r["pattern"]))
    given = {"category": category, "graph": "default", "least": 0.7, "layer": layer}
    assert len(expected) > 5
    assert ask(database, "background-patterns", given).rows == expected
    assert ask(database, "background-patterns", {**given, "least": 3}).rows == []


def test_what_does_filter(database: Database, mined: MinedGraph, category: str) -> None:
    nothing = dict.fromkeys(("pattern", "x", "y", "reach", "background", "support"))
    for layer, filter_ in (("layer1", 1), ("layer1", 2), ("layer3", 0)):
        expected = []
        for key in keys(mined):
            if key[0] == layer and value(mined, key, "filter") == filter_:
                x, y = place(mined, key)
                row = {"what": "pattern", "pattern": name(mined, key), "x": x, "y": y}
                expected.append(
                    row | {column: value(mined, key, column) for column in ("share", "reach", "background", "support")}
                )
        expected.sort(key=lambda r: (-r["share"], r["pattern"]))
        reading = mined.readings[layer]
        rests = ("scattered over the object", reading.filter_scattered), ("beside the object", reading.filter_beside)
        expected += [{**nothing, "what": what, "share": float(share[filter_])} for what, share in rests]
        given = {"category": category, "graph": "default", "layer": layer, "filter": filter_}
        assert ask(database, "what-does-filter", given).rows == expected


def test_a_graph_without_mixtures_tells_no_shares(database: Database, category: str) -> None:
    plain = without_mixtures(synthetic_graph(category, filters=(5, 4)))
    write_graph(database, plain)
    given = {"category": category, "layer": "layer1", "filter": 0}
    rows = ask(database, "what-does-filter", given).rows
    assert [row["what"] for row in rows] == ["pattern"] * 3 + ["scattered over the object", "beside the object"]
    assert {row["share"] for row in rows} == {None}
    assert ask(database, "background-patterns", {"category": category}).rows == []
    back = read_graph(database, plain.id)
    assert not len(back.patterns["layer1"].share) and not len(back.readings["layer1"].filter_beside)
    assert check_graph(database, plain.id).damage is None


@pytest.mark.parametrize("most", [None, 0, 3])
def test_noisy_filters(database: Database, mined: MinedGraph, category: str, most: int | None) -> None:
    expected = []
    for position, layer in enumerate(LAYERS):
        geometry = mined.layers[position]
        for filter_ in range(geometry.channels):
            of = [key for key in keys(mined) if key[0] == layer and value(mined, key, "filter") == filter_]
            if most is not None and len(of) > most:
                continue
            advantages = [value(mined, key, "advantage") for key in of]
            row = {
                "layer": layer,
                "filter": filter_,
                "patterns": len(of),
                "in_layer": len(mined.patterns[layer]) / geometry.channels,
                "advantage": sum(advantages) / len(of) if of else None,
                "mean": float(mined.readings[layer].filter_mean[filter_]),
                "deviation": float(mined.readings[layer].filter_deviation[filter_]),
            }
            expected.append((len(of), position, row["advantage"] or 0.0, filter_, row))
    expected.sort(key=lambda r: r[:4])
    answer = ask(database, "noisy-filters", {"category": category, "graph": "default", "most": most})
    assert (answer.rows[0]["layer"], answer.rows[0]["filter"]) == ("layer1", 2)
    assert answer.rows == [pytest.approx(row) for *_, row in expected]


def test_lone_patterns(database: Database, mined: MinedGraph, category: str) -> None:
    above, below = defaultdict(int), defaultdict(int)
    for lower, upper in ties(mined):
        above[lower] += 1
        below[upper] += 1
    expected = []
    for key in keys(mined):
        if key[0] not in LAYERS:
            continue
        x, y = place(mined, key)
        row = {"pattern": name(mined, key), "layer": key[0], "filter": value(mined, key, "filter")}
        row |= {
            "above": above[key] if key[0] != "layer3" else None,
            "below": below[key] if key[0] != "layer1" else None,
        }
        row |= {"x": x, "y": y} | {c: value(mined, key, c) for c in ("support", "score", "advantage")}
        if row["above"] == 0:
            expected.append(row)
    expected.sort(key=lambda r: (-r["score"], r["pattern"]))
    given = {"category": category, "graph": "default"}
    answer = ask(database, "lone-patterns", given)
    assert answer.rows == expected
    assert len({row["below"] for row in expected}) > 1 and {row["layer"] for row in expected} == {"layer1", "layer2"}
    only = ask(database, "lone-patterns", given | {"layer": "layer2"})
    assert only.rows == [row for row in expected if row["layer"] == "layer2"]
