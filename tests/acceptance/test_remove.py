"""`egraph graph remove`, as typed."""

import json
from pathlib import Path

from egraph.graph.connection import open_database
from egraph.graph.write import write_graph
from egraph.settings import load_settings
from support.synthetic import synthetic_graph


def test_remove_a_graph_a_category_and_a_network(egraph_here, egraph_home: Path) -> None:
    mined = [synthetic_graph(kind, name=name) for kind in ("horse", "cow", "cat") for name in ("one", "two")]
    with open_database(load_settings()) as database:
        for graph in mined:
            write_graph(database, graph)

    def left() -> list[str]:
        return [row["id"] for row in json.loads(egraph_here("graph", "list", "--json").stdout)]

    ids = [graph.id for graph in mined]
    egraph_here("graph", "remove", code=2)
    egraph_here("graph", "remove", ids[0], "--category", "horse", code=2)
    # Nobody is there to ask.
    for what in ([ids[0]], ["--category", "horse"], ["--network", "toy"]):
        assert "--yes" in egraph_here("graph", "remove", *what, code=2).stderr
    assert left() == sorted(ids)
    assert "patterns" in egraph_here("graph", "remove", ids[0], "--yes").stdout
    done = json.loads(egraph_here("graph", "remove", "--category", "horse", "--yes", "--json").stdout)
    assert done["category"] == "horse" and done["graphs"] == [ids[1]] and done["network"] is None
    assert left() == sorted(ids[2:])
    assert "horse" in egraph_here("graph", "remove", "--category", "horse", "--yes", code=5).stderr
    shown = egraph_here("graph", "remove", "--network", "toy", "--yes")
    assert "4 graphs" in shown.stdout and all(graph in shown.stderr for graph in ids[2:])
    assert left() == []
    assert "toy" in egraph_here("graph", "remove", "--network", "toy", "--yes", code=5).stderr
