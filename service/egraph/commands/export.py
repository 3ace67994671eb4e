"""Exporting a graph to files that other programs read."""

from pathlib import Path

from egraph.exporting.export import Export, export_graph
from egraph.exporting.formats import Format
from egraph.graph.connection import open_database
from egraph.progress import Progress
from egraph.settings import Settings


def export_files(
    settings: Settings, graph: str, format_: Format, output: Path | None = None, progress: Progress | None = None
) -> Export:
    """Write a graph, or an And-Or graph with its patterns, by its id; without `output`, here, named like the graph.

    Raises:
        NothingYetError: there is no such graph, or it is not complete.
        UsageError: `output` is there already, or cannot be made.
    """
    with open_database(settings) as database:
        return export_graph(database, graph, format_, output or Path(format_.name_for(graph)), progress)
