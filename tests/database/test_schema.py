"""What stands in the database is what the schema declares: no more, no less, and of the declared types."""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from database.conftest import run_file
from egraph.aog.edits import Change, edit
from egraph.aog.storage import find_aogs, write_aog
from egraph.graph.connection import Database
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph
from egraph.graph.explanations import write_explanation
from egraph.graph.lying import Lying, write_lying
from egraph.graph.own_names import give_name
from egraph.graph.parts import add_labels, remove_part
from egraph.graph.places import refresh_places
from egraph.graph.schema import ELEMENTS, RELATIONSHIPS
from egraph.graph.schema.elements import Type
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from egraph.worker.jobs import Product, claim, complete, fail, find_job, renew, submit
from egraph.worker.progress import JobProgress
from reference.questions import with_parts
from support.synthetic import synthetic_aog, synthetic_explanation, synthetic_graph

OF_TYPE = {Type.BOOLEAN: bool, Type.INTEGER: int, Type.NUMBER: float, Type.TEXT: str, Type.JSON: str}
OF_LIST = {Type.INTEGERS: int, Type.NUMBERS: float, Type.TEXTS: str}


@pytest.fixture
def everything(queue: Database, category: str) -> Iterator[MinedGraph]:
    """A database in which every label, relationship and property stands."""
    # With one partner each below, some patterns above have none; one below gets none either.
    mined = synthetic_graph(category, salt=category, parents=1)
    pairs, *others = mined.co_activations
    kept = pairs.source != pairs.source[0]
    columns = {name: values[kept] for name, values in vars(pairs).items() if isinstance(values, np.ndarray)}
    mined = replace(mined, co_activations=[replace(pairs, **columns), *others])
    for graph in (mined, replace(mined, name="other")):
        write_graph(queue, graph)
    add_labels(queue, with_parts(mined), category, "head")
    refresh_places(queue, mined.id, category)
    add_labels(queue, with_parts(mined)[5:6], category, "leg", unplaced=True)
    write_aog(queue, synthetic_aog(mined), dict.fromkeys([o.id for o in mined.objects], False))
    numbers = np.full(1, 0.5)
    lying = Lying(["layer1/0/0"], numbers, numbers, numbers, np.ones(1, int), np.ones(1, int), numbers, 1, 2, 0.25)
    write_lying(queue, mined.id, content_hash(mined), category, "head", synthetic_aog(mined).id, lying)
    (aog,), learnt = find_aogs(queue, category), synthetic_aog(mined)
    pattern = f"{learnt.layer[0]}/{learnt.filter[0]}/{learnt.number[0]}"
    for change in (Change(weight=0.5), Change(move=(0.1, 0.0))):
        edit(queue, aog, pattern, change, None, "a person")
    write_explanation(queue, mined.id, content_hash(mined), synthetic_explanation(mined, instead_of=1))
    for kind, id in (
        ("pattern", f"{mined.id}/{pattern}"),
        ("filter", f"{mined.network_id}/layer1/0"),
        ("part", f"{category}/head"),
    ):
        give_name(queue, kind, id, "a name", "a note")
    products = Product("jobs/produced_graph", mined.id), Product("jobs/produced_aog", synthetic_aog(mined).id)
    for product in (*products, None):
        waiting = find_job(queue, submit(queue, "mine", {}, category))
        # Its first worker falls silent.
        claim(queue, waiting, "a worker", 60)
        held = claim(queue, find_job(queue, waiting.id), "another", 60)
        assert held
        progress = JobProgress()
        for done in (0, 1):
            progress.tell("writing", done, 3)
        renew(queue, held, 1, progress.report())
        if product is not None:
            complete(queue, held, product)
    failing = claim(queue, find_job(queue, submit(queue, "mine", {}, category)), "a worker", 60)
    assert failing
    fail(queue, failing, "none")
    yield mined
    for graph in (mined.id, replace(mined, name="other").id):
        delete_graph(queue, graph)
    for part in ("head", "leg"):
        remove_part(queue, category, part)


def test_the_database_has_what_the_schema_says(everything: MinedGraph, settings: Settings, queue: Database) -> None:
    rows = run_file(settings, queue, "properties.cypher")
    declared = {(element.name, column.name): column.type for element in ELEMENTS for column in element.columns}
    assert {(row["element"], row["property"]) for row in rows} == declared.keys()
    for row in rows:
        type_, value = declared[row["element"], row["property"]], row["value"]
        where = f"{row['element']}.{row['property']} is {value!r}"
        if type_.is_list:
            assert isinstance(value, list) and all(type(item) is OF_LIST[type_] for item in value), where
        else:
            assert type(value) is OF_TYPE[type_], where
        if type_ is Type.JSON:
            json.loads(value)
    ends = run_file(settings, queue, "ends.cypher")
    assert {(row["type"], row["source"], row["target"]) for row in ends} == {
        (kind.type, *pair) for kind in RELATIONSHIPS for pair in kind.ends
    }
