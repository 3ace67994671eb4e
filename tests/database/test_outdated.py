"""Graphs of an older format: listed, refused by name, removable; the rest of the database stays usable."""

from pathlib import Path

import pytest

from database.conftest import run_file
from egraph.errors import NothingYetError
from egraph.exporting.export import export_graph
from egraph.exporting.formats import Format
from egraph.graph.connection import Database
from egraph.graph.constraints import ensure_schema
from egraph.graph.delete import delete_graph
from egraph.graph.graph_state import COMPLETE, OUTDATED
from egraph.graph.graphs import find_graph, graphs
from egraph.graph.parts import add_labels, list_parts
from egraph.graph.questions import ask
from egraph.graph.read import read_graph
from egraph.graph.version import FORMAT, VERSION
from egraph.graph.write import write_graph
from egraph.settings import Settings
from reference.questions import with_parts
from support.synthetic import synthetic_graph


def test_a_graph_of_an_older_format_is_listed_refused_by_name_and_removable(
    database: Database, settings: Settings, category: str, tmp_path: Path
) -> None:
    mined = synthetic_graph(category)
    write_graph(database, mined)
    assert run_file(settings, database, "make_old.cypher", graph=mined.id) == [{"old": 1}]

    def states() -> dict[str, tuple[str, int]]:
        return {graph.id: (graph.state, graph.format) for graph in graphs(database) if graph.category == category}

    assert states() == {mined.id: (OUTDATED, 1)}, "before anything is written"
    pattern = f"{mined.id}/layer1/0/0"
    sentence = rf"^The graph {mined.id} was mined by an older egraph; mine it again: .*egraph graph remove.*\.$"
    for _ in range(2):
        for refused in (
            lambda: find_graph(database, category),
            lambda: read_graph(database, mined.id),
            lambda: ask(database, "strongest-patterns", {"category": category, "part": "head"}),
            lambda: ask(database, "photos-of-pattern", {"pattern": pattern}),
            lambda: export_graph(database, mined.id, Format.JSON, tmp_path / "graph.json"),
            lambda: write_graph(database, mined),
        ):
            with pytest.raises(NothingYetError, match=sentence):
                refused()
        ensure_schema(database)
        assert database.schema_version() == VERSION
    assert add_labels(database, with_parts(mined), category, "head")
    assert [part.part for part in list_parts(database) if part.category == category] == ["head"]
    again = synthetic_graph(category, "again")
    write_graph(database, again)
    assert find_graph(database, category).id == again.id, "one that can be used goes before one that cannot"
    assert ask(database, "overview", {}).rows
    delete_graph(database, mined.id)
    assert states() == {again.id: (COMPLETE, FORMAT)}
    write_graph(database, mined)
    assert read_graph(database, mined.id).seed == mined.seed
