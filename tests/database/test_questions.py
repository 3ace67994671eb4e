"""Each question's answer, against one computed from the same tables with loops."""

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from egraph.aog.storage import write_aog
from egraph.errors import NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.content_hash import content_hash
from egraph.graph.explanations import write_explanation
from egraph.graph.findings import write_findings
from egraph.graph.own_names import give_name
from egraph.graph.parts import add_labels
from egraph.graph.questions import Answer, ask, parse_assignments, questions
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.photo import Box, PhotoObject
from egraph.worker.jobs import claim, find_job, renew, submit
from reference.questions import lying
from support.synthetic import synthetic_aog, synthetic_diagnosis, synthetic_explanation, synthetic_graph


def labelled(mined: MinedGraph) -> list[PhotoObject]:
    """Four of the objects with boxes of a head; one has two, one of them tiny."""
    objects = []
    for i, o in enumerate(mined.objects[:4]):
        big = Box(o.box.x, o.box.y, o.box.width * 0.6, o.box.height * 0.7)
        far = Box(o.box.x + o.box.width * 0.9, o.box.y, o.box.width * 0.1, o.box.height * 0.5)
        objects.append(replace(o, parts={"head": (big, far) if i == 2 else (big,)}))
    return objects


@pytest.fixture
def mined(database: Database, category: str) -> MinedGraph:
    """A written graph with labelled heads, in which 18 of 24 lower patterns are on most objects."""
    mined = synthetic_graph(category, firings_per_object=18, filters=(8, 4))
    write_graph(database, mined)
    add_labels(database, labelled(mined), category, "head")
    return mined


def name(mined: MinedGraph, layer: str, row: int) -> str:
    table = mined.patterns[layer]
    return f"{mined.id}/{layer}/{table.filter[row]}/{table.number[row]}"


def scores_on_part(mined: MinedGraph) -> dict[tuple[str, int], list[float]]:
    """Scores of each pattern (layer, row) on the labelled objects where it is inside a box."""
    found = defaultdict(list)
    for i, o in enumerate(labelled(mined)):
        for firings in mined.firings:
            for row in range(len(firings.pattern)):
                if firings.object[row] != i:
                    continue
                x = o.box.x + float(firings.expected_x[row]) * o.box.width
                y = o.box.y + float(firings.expected_y[row]) * o.box.height
                boxes = o.parts["head"]
                if any(b.x <= x <= b.x + b.width and b.y <= y <= b.y + b.height for b in boxes):
                    found[firings.layer, int(firings.pattern[row])].append(float(firings.score[row]))
    return found


def edges(mined: MinedGraph) -> dict[tuple[str, int, str, int], dict[str, float]]:
    """All co-activations with the displacement between the same patterns."""
    found: dict[tuple[str, int, str, int], dict[str, float]] = {}
    for co in mined.co_activations:
        for i in range(len(co.source)):
            key = (co.lower, int(co.source[i]), co.upper, int(co.target[i]))
            found[key] = {"strength": co.strength[i], "lift": co.lift[i], "photos": co.support[i]}
    for d in mined.displacements:
        for i in range(len(d.source)):
            key = (d.lower, int(d.source[i]), d.upper, int(d.target[i]))
            found[key] |= {"dx": d.dx[i], "dy": d.dy[i], "sigma": d.sigma[i]}
    return {key: {n: float(v) for n, v in values.items()} for key, values in found.items()}


@pytest.mark.parametrize("share", [0.3, 0.2, None, 0.9])
def test_fires_together(database: Database, mined: MinedGraph, category: str, share: float | None) -> None:
    on_part = lying(mined, labelled(mined), "head")
    assert not any(v["on_part"] > v["by_chance"] for v in on_part.values()), "so that what equals chance is the answer"
    least = {key: v["by_chance"] - 1e-8 if share is None else share for key, v in on_part.items()}
    hits = {key: v for key, v in on_part.items() if v["on_part"] >= least[key]}
    pairs, lone, paired = [], [], set()
    for (lower, source, upper, target), values in edges(mined).items():
        if (lower, source) in hits and (upper, target) in hits:
            paired |= {(lower, source), (upper, target)}
            pairs.append((lower, source, upper, target, values))

    def pattern(layer: str, row: int) -> dict[str, Any]:
        table = mined.patterns[layer]
        return {
            "pattern": name(mined, layer, row),
            "layer": layer,
            "filter": int(table.filter[row]),
            **hits[layer, row],
            "score": float(table.score[row]),
        }

    nothing = dict.fromkeys(
        (
            *("partner", "partner_layer", "partner_filter", "partner_on_part"),
            *("strength", "lift", "photos", "dx", "dy", "sigma"),
        )
    )
    rows = []
    for lower, source, upper, target, values in pairs:
        partner = {
            "partner": name(mined, upper, target),
            "partner_layer": upper,
            "partner_filter": int(mined.patterns[upper].filter[target]),
            "partner_on_part": hits[upper, target]["on_part"],
        }
        rows.append(pattern(lower, source) | partner | values)
    rows.sort(
        key=lambda r: (
            round(-min(r["on_part"], r["partner_on_part"]), 9),
            *(-r["score"], r["pattern"], -r["strength"], r["partner"]),
        )
    )
    lone = [pattern(*key) | nothing for key in hits if key not in paired]
    lone.sort(key=lambda r: (round(-r["on_part"], 9), -r["score"], r["pattern"]))
    assert share in (None, 0.9) or rows, "the test should test something"
    assert share == 0.9 or lone, "the test should test something"

    def asked(**more: str) -> Answer:
        return ask(database, "fires-together", {"category": category, "part": "head", "share": share, **more})

    answer = asked()
    assert answer.rows == [pytest.approx(row) for row in rows + lone]
    assert not answer.truncated
    few = asked(limit="2")
    assert few.rows == answer.rows[:2] and few.truncated == (len(rows + lone) > 2)
    one = asked(layer="layer1")
    assert one.rows == [pytest.approx(row) for row in rows + lone if row["layer"] == "layer1"]


def test_strongest_patterns(database: Database, mined: MinedGraph, category: str) -> None:
    answer = ask(database, "strongest-patterns", {"category": category, "part": "head", "share": 0.25})
    lie = {key: v for key, v in lying(mined, labelled(mined), "head").items() if v["on_part"] >= 0.25}
    expected = {name(mined, *key): sum(s) / len(s) for key, s in scores_on_part(mined).items() if key in lie}
    told = {name(mined, *key): values for key, values in lie.items()}
    assert {r["pattern"]: {k: r[k] for k in told[r["pattern"]]} for r in answer.rows} == {
        key: pytest.approx(values) for key, values in told.items()
    }
    assert [row["part_score"] for row in answer.rows] == sorted((r["part_score"] for r in answer.rows), reverse=True)
    assert {row["pattern"]: row["part_score"] for row in answer.rows} == pytest.approx(expected)


def test_pages(database: Database, mined: MinedGraph, category: str) -> None:
    told = {name(mined, *key): values for key, values in lying(mined, labelled(mined), "head").items()}
    some = min(told)
    give_name(database, "pattern", some, "my own")
    rows = ask(database, "pages", {"category": category, "part": "head", "port": 8000, "limit": 1000}).rows
    assert {row["pattern"] for row in rows} == told.keys() and len(rows) == len(told)
    assert [row["on_part"] for row in rows] == sorted((row["on_part"] for row in rows), reverse=True)
    for row in rows:
        assert row["address"] == f"http://127.0.0.1:8000/pattern/{row['pattern']}"
        assert row["name"] == ("my own" if row["pattern"] == some else None)
        assert row["on_part"] == pytest.approx(told[row["pattern"]]["on_part"])


def test_patterns_of_filter(database: Database, mined: MinedGraph, category: str) -> None:
    answer = ask(database, "patterns-of-filter", {"category": category, "layer": "layer2", "filter": "3"})
    table = mined.patterns["layer2"]
    rows = sorted((r for r in range(len(table)) if table.filter[r] == 3), key=lambda r: -table.score[r])
    assert [row["pattern"] for row in answer.rows] == [name(mined, "layer2", r) for r in rows]
    assert [(row["x"], row["y"]) for row in answer.rows] == [
        (float(table.mean_place[r, 1]), float(table.mean_place[r, 0])) for r in rows
    ]


@pytest.mark.parametrize("layer", ["layer1", "layer2"])
def test_up_and_down(database: Database, mined: MinedGraph, layer: str) -> None:
    ties = edges(mined)
    for row in range(len(mined.patterns[layer])):
        up = {name(mined, k[2], k[3]): v for k, v in ties.items() if k[:2] == (layer, row)}
        down = {name(mined, k[0], k[1]): v for k, v in ties.items() if k[2:] == (layer, row)}
        for asked, expected in (("belongs-to", up), ("made-of", down)):
            answer = ask(database, asked, {"pattern": name(mined, layer, row)})
            values = {
                r["pattern"]: {k: r[k] for k in ("strength", "lift", "photos", "dx", "dy", "sigma")}
                for r in answer.rows
            }
            assert values == expected
            assert [r["strength"] for r in answer.rows] == sorted((r["strength"] for r in answer.rows), reverse=True)


def test_steadiest_patterns(database: Database, mined: MinedGraph, category: str) -> None:
    sums = defaultdict(list)
    for d in mined.displacements:
        for i in range(len(d.source)):
            if mined.patterns[d.lower].support[d.source[i]] >= 0.5 * len(mined.objects):
                sums[name(mined, d.lower, d.source[i])].append(float(d.sigma[i]))
    answer = ask(database, "steadiest-patterns", {"category": category})
    assert {row["pattern"]: row["sigma"] for row in answer.rows} == pytest.approx(
        {key: sum(values) / len(values) for key, values in sums.items()}
    )
    assert [row["sigma"] for row in answer.rows] == sorted(row["sigma"] for row in answer.rows)


def test_overview(database: Database, mined: MinedGraph, category: str) -> None:
    rows = [row for row in ask(database, "overview", {}).rows if row["category"] == category]
    assert len(rows) == 1
    assert rows[0]["layers"] == ["layer1", "layer2", "anchors"]
    assert rows[0]["parts"] == ["head"]
    assert rows[0]["patterns"] == sum(len(t) for t in mined.patterns.values())


def test_every_question_declares_its_columns(
    database: Database, queue: Database, mined: MinedGraph, category: str
) -> None:
    legs = []
    for o in mined.objects[1:5]:
        right = Box(o.box.x + o.box.width * 0.4, o.box.y, o.box.width * 0.6, o.box.height)
        legs.append(replace(o, parts={"leg": (right,)}))
    add_labels(database, legs, category, "leg")
    values = {"category": category, "part": "head", "layer": "layer1", "filter": 0, "share": 0.1, "support": 0}
    values |= {"photo": mined.objects[0].path.name}
    of_question = {
        "made-of": {"pattern": name(mined, "layer2", 0)},
        "belongs-to": {"pattern": name(mined, "layer2", 0)},
        "photos-of-pattern": {"pattern": name(mined, "layer2", 0)},
        "path-to-part": {"pattern": name(mined, "layer1", 0)},
        "parts-relation": {"other_part": "leg", "share": 0.2},
        "mixed-filters": {"layer": None},
        "lone-patterns": {"layer": None, "graph": "twin"},
        "difference": {
            "other_category": category,
            "distance": 0,
            "graph": "default",
            "other_graph": "twin",
            "layer": None,
            "turned": True,
        },
        "shared-patterns": {
            "other_category": category,
            "distance": 1,
            "graph": "default",
            "other_graph": "twin",
            "layer": None,
        },
    }
    write_graph(database, replace(mined, name="twin", co_activations=[]))
    submit(queue, "mine", {})
    write_aog(database, synthetic_aog(mined), dict.fromkeys([o.id for o in mined.objects], False))
    for row in range(4):
        write_explanation(database, mined.id, content_hash(mined), synthetic_explanation(mined, row, instead_of=5))
    write_findings(database, content_hash(mined), synthetic_diagnosis(mined, "layer1"))
    for asked in questions():
        title = asked.name.removeprefix("questions/")
        known = {parameter.name for parameter in asked.parameters}
        given = {"graph": "default", **values, **of_question.get(title, {})}
        answer = ask(database, title, {key: value for key, value in given.items() if key in known})
        assert answer.columns == list(asked.columns), asked.name
        assert answer.rows, f"{asked.name} should answer something here"


def test_jobs_are_seen_without_any_graph(queue: Database) -> None:
    assert ask(queue, "jobs", {}).rows == []
    first, second = (submit(queue, kind, {"n": kind}, "zebra", priority) for kind, priority in (("mine", 2), ("x", 0)))
    held = claim(queue, find_job(queue, first), "somebody", 60)
    assert held
    renew(queue, held, 1, {"stage": "writing", "done": 1, "total": 3, "seconds_left": 2.0})
    rows = ask(queue, "jobs", {}).rows
    assert [row["job"] for row in rows] == [second, first]
    for row in rows:
        job = find_job(queue, row.pop("job"))
        assert row == {name: getattr(job, name) for name in row}
    assert [row["job"] for row in ask(queue, "jobs", {"state": "queued"}).rows] == [second]


def test_every_question_has_a_test() -> None:
    files = Path(__file__).parent.glob("test_questions*.py")
    tested = {text for file in files for text in re.findall(r'ask\([^"]*"([a-z-]+)"|\("([a-z-]+)", ', file.read_text())}
    named = {one for pair in tested for one in pair}
    for asked in questions():
        title = asked.name.removeprefix("questions/")
        assert title in named, f"{title} needs a test that compares its answer with one computed with loops"


def test_what_is_missing_or_misspelt_is_said(database: Database, mined: MinedGraph, category: str) -> None:
    head = {"category": category, "part": "head"}
    wrong: list[tuple[str, dict[str, Any], type, str]] = [
        ("fire-together", {}, UsageError, "there are: fires-together"),
        ("fires-together", {}, UsageError, "needs category and part"),
        ("fires-together", head | {"shar": 1}, UsageError, "it has: share"),
        ("fires-together", head | {"share": "much"}, UsageError, "a number"),
        ("fires-together", head | {"limit": "0"}, UsageError, "at least 1"),
        ("noisy-filters", {"category": category, "most": -1}, UsageError, "must not be negative"),
        ("jobs", {"state": "runing"}, UsageError, "no job state runing; there are: running, "),
        ("and-or-graph", head | {"name": "mine"}, NothingYetError, "And-Or graph mine .*egraph aog build"),
        ("fires-together", head | {"part": "haed"}, UsageError, "there are: head"),
        ("fires-together", head | {"part": "tail"}, NothingYetError, f"egraph part import .* --category {category}"),
        ("fires-together", head | {"layer": "layer11"}, UsageError, "there are: layer1, layer2"),
        ("fires-together", head | {"graph": "defalt"}, UsageError, "there are: default"),
        ("fires-together", head | {"category": category[:-1]}, UsageError, f"there are: {category}"),
        ("fires-together", head | {"category": "zebra"}, NothingYetError, "egraph mine"),
        ("patterns-of-filter", {"category": category, "layer": "layer1", "filter": "1.5"}, UsageError, "whole number"),
        ("made-of", {"pattern": f"{mined.id}/layer1/0/99"}, UsageError, "no pattern"),
    ]
    for asked, given, kind, message in wrong:
        with pytest.raises(kind, match=message):
            ask(database, asked, given)


def test_only_complete_graphs_are_seen(database: Database, mined: MinedGraph, category: str) -> None:
    other = replace(mined, name="other")

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_graph(database, other, kill)
    assert ask(database, "fires-together", {"category": category, "part": "head"}).parameters["graph"] == mined.id
    write_graph(database, other)
    with pytest.raises(UsageError, match="several"):
        ask(database, "fires-together", {"category": category, "part": "head"})
    named = ask(database, "fires-together", {"category": category, "part": "head", "graph": "other"})
    assert all(row["pattern"].startswith(other.id) for row in named.rows)
    assert ask(database, "fires-together", {"category": category, "part": "head", "graph": other.id}) == named


def test_labels_on_objects_that_no_pattern_was_looked_for_on(database: Database, category: str) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)
    foreign = synthetic_graph(category, seed=5).objects[:2]
    add_labels(database, [replace(o, parts={"head": (o.box,)}) for o in foreign], category, "head")
    with pytest.raises(NothingYetError, match="egraph part import"):
        ask(database, "fires-together", {"category": category, "part": "head"})


def test_labels_without_a_graph(database: Database, category: str) -> None:
    foreign = synthetic_graph(category, seed=6).objects[:2]
    add_labels(database, [replace(o, parts={"head": (o.box,)}) for o in foreign], category, "head")
    with pytest.raises(NothingYetError, match="egraph mine"):
        ask(database, "fires-together", {"category": category, "part": "head"})


def test_assignments() -> None:
    assert parse_assignments(["a=b", "c=d=e"]) == {"a": "b", "c": "d=e"}
    for wrong in (["a"], ["=b"], ["a=1", "a=2"]):
        with pytest.raises(UsageError):
            parse_assignments(wrong)
