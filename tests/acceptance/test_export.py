"""`egraph export`, as typed."""

import json
from pathlib import Path

import networkx

from egraph.graph.connection import open_database
from egraph.graph.write import write_graph
from egraph.settings import load_settings
from support.synthetic import synthetic_graph


def test_export(egraph, refused, egraph_home: Path, tmp_path: Path) -> None:
    mined = synthetic_graph("horse")
    with open_database(load_settings()) as database:
        write_graph(database, mined)
    report = json.loads(egraph("export", mined.id, "--format", "graphml", "--quiet", "--json").stdout)
    file = tmp_path / f"{mined.id.replace('/', '-')}.graphml"
    assert report["output"] == str(file) and report["bytes"] == file.stat().st_size
    graph = networkx.read_graphml(file)
    assert graph.number_of_nodes() == sum(report["nodes"].values())
    assert graph.number_of_edges() == sum(report["relationships"].values())
    shown = egraph("export", mined.id, "--format", "neo4j-admin", "--output", "tables")
    assert "import.args" in shown.stdout and "exporting: " in shown.stderr
    assert (tmp_path / "tables" / "import.args").exists()
    assert "is there already" in refused("export", mined.id, "--format", "json", "--output", "tables", code=2)
    assert "egraph graph list" in refused("export", "a/b/c", "--format", "json", code=5)
