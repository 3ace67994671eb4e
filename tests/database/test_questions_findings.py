"""Findings that are kept: written in place of those of an earlier diagnosis, asked for, removed with their graph."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest

from egraph.diagnosing.diagnosis import Diagnosis
from egraph.graph.connection import Database
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph
from egraph.graph.explanations import write_explanation
from egraph.graph.findings import write_findings
from egraph.graph.graph_state import RemovedError
from egraph.graph.questions import ask
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from support.synthetic import synthetic_diagnosis, synthetic_explanation, synthetic_graph


@pytest.fixture
def mined(database: Database, category: str) -> Iterator[MinedGraph]:
    made = synthetic_graph(category, salt=category)
    write_graph(database, made)
    yield made


def keep(database: Database, mined: MinedGraph, found: Diagnosis) -> list[str]:
    return write_findings(database, content_hash(mined), found)


def asked(database: Database, category: str, **parameters: object) -> list[dict]:
    return ask(database, "findings", {"category": category, **parameters}).rows


def test_findings_take_the_place_of_those_of_the_same_layer(
    database: Database, mined: MinedGraph, category: str
) -> None:
    assert not asked(database, category)
    first, second = (synthetic_diagnosis(mined, "layer1", seed) for seed in (0, 1))
    other = synthetic_diagnosis(mined, "layer2", 2)
    assert keep(database, mined, first) == [f"{mined.id}/layer1/finding/{number}" for number in (1, 2, 3)]
    keep(database, mined, second)
    keep(database, mined, other)
    rows = asked(database, category)
    assert {row["says"] for row in rows} == {one.says for one in (*second, *other)}
    strengths = {one.says: one.strength for one in (*second, *other)}
    assert [strengths[row["says"]] for row in rows] == sorted(strengths.values(), reverse=True)
    for one in (*second, *other):
        (row,) = (row for row in rows if row["says"] == one.says)
        trial, figure = one.trials[0], one.figures[0]
        assert (row["finding"], row["matters"], row["patterns"]) == (one.kind, one.matters, sorted(one.patterns))
        assert [row[name] for name in ("figure", "control", "before", "after", "by_chance")] == pytest.approx(
            [figure.value, figure.control_value, trial.before, trial.after, trial.control_after]
        )
    assert any(math.isnan(one.trials[0].low) for one in second)
    assert {row["says"] for row in asked(database, category, matters=True)} == {
        one.says for one in (*second, *other) if one.matters
    }
    pattern = other[2].patterns[0]
    assert {row["says"] for row in asked(database, category, pattern=pattern)} == {
        one.says for one in (*second, *other) if pattern in one.patterns
    }


def test_removing_a_graph_takes_its_findings(database: Database, mined: MinedGraph, category: str) -> None:
    found = synthetic_diagnosis(mined, "layer1")
    keep(database, mined, found)
    delete_graph(database, mined.id)
    with pytest.raises(RemovedError):
        keep(database, mined, found)
    write_graph(database, mined)
    assert not asked(database, category)


def test_a_finding_of_patterns_that_are_not_there_leaves_the_earlier_ones(
    database: Database, mined: MinedGraph, category: str
) -> None:
    found = synthetic_diagnosis(mined, "layer1")
    keep(database, mined, found)
    wrong = replace(found, findings=[replace(found[0], patterns=[f"{mined.id}/layer1/99/99"])])
    with pytest.raises(Exception, match="none of them was kept"):
        keep(database, mined, wrong)
    assert len(asked(database, category)) == 3


def test_the_patterns_that_findings_name_are_those_of_plain_loops(
    database: Database, mined: MinedGraph, category: str
) -> None:
    found = [*synthetic_diagnosis(mined, "layer1"), *synthetic_diagnosis(mined, "layer2", 1)]
    for layer, seed in (("layer1", 0), ("layer2", 1)):
        keep(database, mined, synthetic_diagnosis(mined, layer, seed))
    plain = ask(database, "suspect-patterns", {"category": category}).rows
    assert {(row["for_wrong"], row["wrong"], row["usual"]) for row in plain} == {(0, 0, None)}
    wrong = [synthetic_explanation(mined, row, instead_of=5) for row in range(4)]
    for one in (*wrong, synthetic_explanation(mined, 0, seed=3)):
        write_explanation(database, mined.id, content_hash(mined), one)
    spoke: dict[str, int] = defaultdict(int)
    for line in (line for one in wrong for layer in one.layers for line in layer.patterns):
        spoke[line.id] += line.net > 0
    speakers = [count for count in spoke.values() if count]
    wanted = {}
    for id_ in {id_ for one in found for id_ in one.patterns}:
        by = [one for one in found if id_ in one.patterns]
        wanted[id_] = (len(by), sum(one.matters for one in by), {str(one.kind) for one in by}, spoke[id_])
    rows = ask(database, "suspect-patterns", {"category": category}).rows
    assert {r["pattern"]: (r["findings"], r["matter"], set(r["kinds"]), r["for_wrong"]) for r in rows} == wanted
    assert {row["wrong"] for row in rows} == {4}
    (usual,) = {row["usual"] for row in rows}
    assert usual == pytest.approx(sum(speakers) / len(speakers))
    assert rows == sorted(rows, key=lambda r: (-r["matter"], -r["strength"], -r["findings"], r["pattern"]))
