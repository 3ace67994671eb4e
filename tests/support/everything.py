"""A database in which every label, relationship and property of the schema stands."""

from dataclasses import replace

import numpy as np

from egraph.aog.edits import Change, edit
from egraph.aog.storage import find_aogs, write_aog
from egraph.graph.connection import Database
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph
from egraph.graph.explanations import write_explanation
from egraph.graph.findings import write_findings
from egraph.graph.lying import Lying, write_lying
from egraph.graph.measured import keep_measured
from egraph.graph.own_names import give_name
from egraph.graph.parts import add_labels, remove_part
from egraph.graph.places import refresh_places
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.worker.jobs import Product, claim, complete, fail, find_job, renew, submit
from egraph.worker.progress import JobProgress
from reference.questions import with_parts
from support.synthetic import synthetic_aog, synthetic_diagnosis, synthetic_explanation, synthetic_graph


def write_everything(database: Database, category: str) -> MinedGraph:
    """Write it; the jobs stay when it is removed."""
    # With one partner each below, some patterns above have none; one below gets none either.
    mined = synthetic_graph(category, salt=category, parents=1)
    pairs, *others = mined.co_activations
    kept = pairs.source != pairs.source[0]
    columns = {name: values[kept] for name, values in vars(pairs).items() if isinstance(values, np.ndarray)}
    mined = replace(mined, co_activations=[replace(pairs, **columns), *others])
    for graph in (mined, replace(mined, name="other")):
        write_graph(database, graph)
    add_labels(database, with_parts(mined), category, "head")
    refresh_places(database, mined.id, category)
    add_labels(database, with_parts(mined)[5:6], category, "leg", unplaced=True)
    write_aog(database, synthetic_aog(mined), dict.fromkeys([o.id for o in mined.objects], False))
    numbers = np.full(1, 0.5)
    lying = Lying(["layer1/0/0"], numbers, numbers, numbers, np.ones(1, int), np.ones(1, int), numbers, 1, 2, 0.25)
    write_lying(database, mined.id, content_hash(mined), category, "head", synthetic_aog(mined).id, lying)
    (aog,), learnt = find_aogs(database, category), synthetic_aog(mined)
    pattern = f"{learnt.layer[0]}/{learnt.filter[0]}/{learnt.number[0]}"
    for change in (Change(weight=0.5), Change(move=(0.1, 0.0))):
        edit(database, aog, pattern, change, None, "a person")
    write_explanation(database, mined.id, content_hash(mined), synthetic_explanation(mined, instead_of=1))
    write_findings(database, content_hash(mined), synthetic_diagnosis(mined, "layer1"))
    for kind, id in (
        ("pattern", f"{mined.id}/{pattern}"),
        ("filter", f"{mined.network_id}/layer1/0"),
        ("part", f"{category}/head"),
    ):
        give_name(database, kind, id, "a name", "a note")
    keep_measured(database, mined.id, "tracking head", [("a figure", 0.5, "a control", 1.0)])
    products = Product("jobs/produced_graph", mined.id), Product("jobs/produced_aog", synthetic_aog(mined).id)
    for product in (*products, None):
        waiting = find_job(database, submit(database, "mine", {}, category))
        # Its first worker falls silent.
        claim(database, waiting, "a worker", 60)
        held = claim(database, find_job(database, waiting.id), "another", 60)
        assert held
        progress = JobProgress()
        for done in (0, 1):
            progress.tell("writing", done, 3)
        renew(database, held, 1, progress.report())
        if product is not None:
            complete(database, held, product)
    failing = claim(database, find_job(database, submit(database, "mine", {}, category)), "a worker", 60)
    assert failing
    fail(database, failing, "none")
    return mined


def remove_everything(database: Database, mined: MinedGraph) -> None:
    """Remove what was written."""
    category = mined.category
    for graph in (mined.id, replace(mined, name="other").id):
        delete_graph(database, graph)
    for part in ("head", "leg"):
        remove_part(database, category, part)
