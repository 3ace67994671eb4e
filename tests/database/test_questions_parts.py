"""Questions about labelled parts, against answers computed from the same tables with loops."""

from collections import defaultdict
from itertools import product

import pytest

from egraph.aog.storage import write_aog
from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.parts import add_labels
from egraph.graph.questions import ask
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from reference.questions import (
    Key,
    apart,
    keys,
    lying,
    name,
    place,
    steps,
    ties,
    value,
    with_parts,
)
from support.synthetic import synthetic_aog, synthetic_graph


@pytest.fixture
def mined(database: Database, category: str) -> MinedGraph:
    """A written graph of three layers with labelled heads and legs, and another one of the same objects."""
    mined = synthetic_graph(category, firings_per_object=16, filters=(8, 6, 4), objects=14)
    write_graph(database, mined)
    write_graph(database, synthetic_graph(category, "other", firings_per_object=16, filters=(8, 6, 4), objects=14))
    for part in ("head", "leg"):
        add_labels(database, with_parts(mined), category, part)
    return mined


def test_and_or_graph(database: Database, mined: MinedGraph, category: str) -> None:
    asked = {"category": category, "part": "head", "graph": "default"}
    mirrored = {o.id: bool(m) for o, m in zip(mined.objects, mined.mirrored, strict=True)}
    built = [synthetic_aog(mined, name=called, seed=seed) for seed, called in enumerate(("default", "second"))]
    for aog in (*built, synthetic_aog(mined, "leg", seed=2)):
        write_aog(database, aog, mirrored)
    for aog in built:
        expected = []
        for number, template in enumerate(aog.templates, start=1):
            for i, layer in enumerate(aog.layer):
                row: dict[str, object] = {"template": number, "objects": template.objects, "found": len(mined.objects)}
                row |= {"width": float(template.box[1]), "height": float(template.box[0])}
                row |= {"pattern": f"{mined.id}/{layer}/{aog.filter[i]}/{aog.number[i]}", "layer": layer}
                row |= {"filter": int(aog.filter[i]), "weight": float(template.weight[i])}
                row |= {"share": float(template.share[i]), "sigma": float(template.sigma[i])}
                row |= {"dx": float(template.displacement[i, 1]), "dy": float(template.displacement[i, 0])}
                expected.append(row)
        expected.sort(key=lambda row: (row["template"], -row["weight"], row["pattern"]))
        assert ask(database, "and-or-graph", asked | {"name": aog.name}).rows == expected
    assert ask(database, "and-or-graph", asked | {"limit": 3}).truncated
    with pytest.raises(NothingYetError, match="egraph aog build"):
        ask(database, "and-or-graph", asked | {"name": "none"})


@pytest.mark.parametrize(("share", "layer"), [(0.1, None), (0.13, None), (0.1, "layer3")])
def test_mixed_filters(database: Database, mined: MinedGraph, category: str, share: float, layer: str | None) -> None:
    objects = with_parts(mined)
    lie = {part: lying(mined, objects, part) for part in ("head", "leg")}
    found: dict[tuple[str, int], dict[str, list[tuple[float, str, Key]]]] = defaultdict(lambda: defaultdict(list))
    for key in keys(mined):
        told = {part: lie[part][key] for part in lie if key in lie[part]}
        fitting = [(round(v["by_chance"] - v["on_part"], 9), part) for part, v in told.items() if v["on_part"] >= share]
        if fitting and layer in (None, key[0]):
            part = min(fitting)[1]
            found[key[0], value(mined, key, "filter")][part].append(
                (round(-lie[part][key]["on_part"], 9), name(mined, key), key)
            )
    rows = []
    for (of, filter_), parts in found.items():
        if len(parts) < 2:
            continue
        best = {part: min(patterns)[2] for part, patterns in parts.items()}
        values = {part: lie[part][key] for part, key in best.items()}
        surest = min(v["on_part"] - v["by_chance"] for v in values.values())
        activation = {part: sum(value(mined, key, "share") for *_, key in parts[part]) for part in parts}
        for part in parts:
            x, y = place(mined, best[part])
            row = {"layer": of, "filter": filter_, "parts": len(parts), "part": part, "patterns": len(parts[part])}
            row |= {"pattern": name(mined, best[part]), "activation": activation[part], "x": x, "y": y}
            row |= {column: values[part][column] for column in ("on_part", "objects", "by_chance")}
            rows.append((-len(parts), -min(activation.values()), -surest, of, filter_, part, row))
    rows.sort(key=lambda row: (row[0], round(row[1], 9), round(row[2], 9), *row[3:6]))
    given = {"category": category, "graph": "default", "share": share} | ({"layer": layer} if layer else {})
    answer = ask(database, "mixed-filters", given)
    assert rows, "the test should test something"
    assert answer.rows == [pytest.approx(row[-1]) for row in rows]


@pytest.mark.parametrize(("part", "other"), [("head", "leg"), ("leg", "head")])
def test_parts_relation(database: Database, mined: MinedGraph, category: str, part: str, other: str) -> None:
    objects, share = with_parts(mined), 0.2
    here = {key: v for key, v in lying(mined, objects, part).items() if v["on_part"] >= share}
    there = {key: v for key, v in lying(mined, objects, other).items() if v["on_part"] >= share}
    boxes = []
    for i, o in enumerate(objects):
        if not {part, other} <= set(o.parts):
            continue
        centres = []
        for which in (part, other):
            x = [(b.x + b.width / 2 - o.box.x) / o.box.width for b in o.parts[which]]
            y = [(b.y + b.height / 2 - o.box.y) / o.box.height for b in o.parts[which]]
            centres.append((sum(x) / len(x), sum(y) / len(y)))
        side = -1 if mined.mirrored[i] else 1
        boxes.append((side * (centres[0][0] - centres[1][0]), centres[0][1] - centres[1][1]))
    expected = []
    for (lower, upper), d in steps(mined).items():
        for one, two, sign in ((lower, upper, 1), (upper, lower, -1)):
            if one in here and one not in there and two in there and two not in here:
                expected.append(
                    {
                        "pairs": None,
                        "pattern": name(mined, one),
                        "other_pattern": name(mined, two),
                        "dx": sign * d["dx"],
                        "dy": sign * d["dy"],
                        "sigma": d["sigma"],
                        "apart": apart(mined, one, two),
                        "on_part": here[one]["on_part"],
                        "by_chance": here[one]["by_chance"],
                        "on_other": there[two]["on_part"],
                        "by_chance_other": there[two]["by_chance"],
                        "boxes_dx": sum(b[0] for b in boxes) / len(boxes),
                        "boxes_dy": sum(b[1] for b in boxes) / len(boxes),
                        "boxes": len(boxes),
                    }
                )
    expected.sort(key=lambda row: (row["sigma"], row["pattern"], row["other_pattern"]))
    given = {"category": category, "graph": "default", "part": part, "other_part": other, "share": share}
    answer = ask(database, "parts-relation", given)
    assert len(boxes) == 2 and expected, "the test should test something"
    weights = [1 / (row["sigma"] ** 2 + 1e-6) for row in expected]
    nothing = dict.fromkeys(
        ("pattern", "other_pattern", "on_part", "by_chance", "on_other", "by_chance_other"),
    )
    summary = expected[0] | nothing | {"pairs": len(expected)}
    summary |= {c: sum(row[c] for row in expected) / len(expected) for c in ("sigma", "apart")}
    for c in ("dx", "dy"):
        summary[c] = sum(w * row[c] for w, row in zip(weights, expected, strict=True)) / sum(weights)
    assert answer.rows == [pytest.approx(row) for row in [summary, *expected]] and not answer.truncated
    few = ask(database, "parts-relation", given | {"limit": 2})
    assert few.rows[1:] == answer.rows[1:2] and few.rows[0]["pairs"] <= 2
    assert few.truncated == (len(expected) > 1)


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_path_to_part(database: Database, mined: MinedGraph, category: str, share: float) -> None:
    objects = with_parts(mined)
    lie = lying(mined, objects, "head")
    up: dict[Key, list[tuple[Key, float]]] = defaultdict(list)
    for (lower, upper), tie in ties(mined).items():
        up[lower].append((upper, tie["strength"]))
    answered = 0
    for start in [key for key in keys(mined) if key[0] == "layer1"][:8]:
        best: dict[Key, tuple[float, list[str]]] = {}
        waiting = [(start, 1.0, [name(mined, start)])]
        while waiting:
            at, weakest, path = waiting.pop()
            for upper, strength in up[at]:
                least, longer = min(weakest, strength), [*path, name(mined, upper)]
                waiting.append((upper, least, longer))
                if upper not in best or (-least, longer) < (-best[upper][0], best[upper][1]):
                    best[upper] = (least, longer)
        expected = [
            {
                "end": name(mined, end),
                "layer": end[0],
                "steps": len(path) - 1,
                "weakest": weakest,
                "path": path,
                **lie[end],
            }
            for end, (weakest, path) in best.items()
            if end in lie and lie[end]["on_part"] >= share
        ]
        expected.sort(key=lambda row: (round(-row["on_part"], 9), -row["weakest"], row["end"]))
        given = {"category": category, "graph": "default", "part": "head", "pattern": name(mined, start)}
        answer = ask(database, "path-to-part", given | {"share": share})
        paths = [(row.pop("path"), expected[i].pop("path")) for i, row in enumerate(answer.rows)]
        assert all(one == other for one, other in paths)
        assert answer.rows == [pytest.approx(row) for row in expected[:20]]
        answered += len(expected)
    assert answered, "the test should test something"


def test_wrong_parts_are_said(database: Database, mined: MinedGraph, category: str) -> None:
    given = {"category": category, "graph": "default", "part": "head"}
    for asked, extra in product(("parts-relation", "path-to-part"), ({"part": "haed"}, {"other_part": "lge"})):
        if asked == "path-to-part" and "other_part" in extra:
            continue
        more = {"pattern": name(mined, ("layer1", 0))} if asked == "path-to-part" else {"other_part": "leg"}
        with pytest.raises(UsageError, match="there are"):
            ask(database, asked, given | more | extra)
