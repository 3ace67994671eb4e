"""Explanations that are kept: written whole, replaced, asked for, and removed with their graph."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from database.conftest import objects_there, run_file
from egraph.explaining.explanation import Explanation
from egraph.graph.connection import Database
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph
from egraph.graph.explanations import explanation_id, write_explanation
from egraph.graph.graph_state import RemovedError
from egraph.graph.questions import ask
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.synthetic import synthetic_explanation, synthetic_graph


@pytest.fixture
def mined(database: Database, category: str) -> Iterator[MinedGraph]:
    made = synthetic_graph(category, salt=category)
    write_graph(database, made)
    yield made


def keep(database: Database, mined: MinedGraph, found: Explanation) -> str:
    return write_explanation(database, mined.id, content_hash(mined), found)


def test_an_explanation_is_replaced_by_one_of_the_same_photo_class_and_graph(
    database: Database, settings: Settings, mined: MinedGraph
) -> None:
    first, second = synthetic_explanation(mined), synthetic_explanation(mined, seed=1)
    apart = synthetic_explanation(mined, instead_of=5)
    ids = {keep(database, mined, one) for one in (first, second, apart)}
    assert ids == {explanation_id(mined.id, one) for one in (first, apart)}
    row = run_file(settings, database, "kept_explanations.cypher", graph=mined.id)
    kept = {one["id"]: one for one in row}
    assert kept.keys() == ids
    told = kept[explanation_id(mined.id, first)]
    assert told["explanation"]["score"] == pytest.approx(second.top.score)
    parts = sum(told["explanation"][k] for k in ("baseline", "parts", "texture", "background", "unexplained"))
    assert parts == pytest.approx(told["explanation"]["score"])
    wanted = {line.id: (line.pro, line.contra) for layer in second.layers for line in layer.patterns}
    assert {p: (pro, contra) for p, pro, contra in told["patterns"]} == wanted


def test_removing_a_graph_takes_its_explanations_and_photos_that_nothing_else_needs(
    database: Database, settings: Settings, mined: MinedGraph
) -> None:
    new = replace(mined.objects[0], path=Path("/new.jpg"), sha256="f" * 12 + mined.objects[0].sha256[12:])
    keep(database, mined, replace(synthetic_explanation(mined), object=new))
    assert objects_there(database, [new.id])
    delete_graph(database, mined.id)
    assert not run_file(settings, database, "kept_explanations.cypher", graph=mined.id) and not objects_there(
        database, [new.id]
    )
    with pytest.raises(RemovedError):
        keep(database, mined, synthetic_explanation(mined))


def test_the_patterns_that_decided_wrongly_are_those_of_plain_loops(
    database: Database, mined: MinedGraph, category: str
) -> None:
    assert not ask(database, "wrong-patterns", {"category": category}).rows
    wrong = [synthetic_explanation(mined, row, instead_of=5) for row in range(3)]
    others = [synthetic_explanation(mined, row, seed=2) for row in range(2)]
    for found in (*wrong, *others):
        keep(database, mined, found)
    net: dict[str, list[list[float]]] = defaultdict(lambda: [[], []])
    for kind, some in enumerate((wrong, others)):
        for line in (line for found in some for layer in found.layers for line in layer.patterns):
            net[line.id][kind].append(line.net)
    counted = [
        (id_, sum(value > 0 for value in said), sum(said) / 3, sum(control) / 2) for id_, (said, control) in net.items()
    ]
    wanted = sorted([row for row in counted if row[1]], key=lambda row: (-row[1], -row[2], row[0]))
    found = ask(database, "wrong-patterns", {"category": category}).rows
    assert [(r["pattern"], r["for_wrong"]) for r in found] == [row[:2] for row in wanted]
    assert {(r["wrong"], r["others"]) for r in found} == {(3, 2)}
    for row, (_, _, mean, right) in zip(found, wanted, strict=True):
        assert (row["mean"], row["right"]) == pytest.approx((mean, right))
