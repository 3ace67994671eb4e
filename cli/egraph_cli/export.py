"""`egraph export`: a graph as files."""

from pathlib import Path
from typing import Annotated

import typer

from egraph.exporting.formats import Format
from egraph_cli import complete
from egraph_cli.options import Json, Quiet, settings_of
from egraph_cli.output import write_json


def export(
    context: typer.Context,
    graph: Annotated[
        str,
        typer.Argument(
            help="The id of a graph, as `egraph graph list` shows it, or of an And-Or graph.",
            autocompletion=complete.graph_ids,
        ),
    ],
    format_: Annotated[
        Format, typer.Option("--format", help="graphml and json are one file, the others a folder of tables.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The file or folder to write; default: one in this folder, named after the graph."
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a whole graph, or an And-Or graph with its patterns, to files that other programs read."""
    from egraph.commands.export import export_files
    from egraph_cli.progress import ProgressDisplay

    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        done = export_files(settings, graph, format_, output, progress)
    if as_json:
        write_json(done.to_json())
        return
    nodes, edges = sum(done.nodes.values()), sum(done.relationships.values())
    print(f"Wrote {nodes:,} nodes and {edges:,} relationships to {done.output}.")
    if format_ is Format.NEO4J_ADMIN:
        print(
            "Import it while the server is stopped, in that folder: neo4j-admin database import full neo4j @import.args"
        )
