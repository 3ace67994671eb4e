"""`egraph graph`: the mined graphs."""

from dataclasses import asdict
from typing import Annotated

import typer

from egraph_cli.options import Json, Yes, confirm, settings_of
from egraph_cli.output import Format, formats, write_json, write_rows

COLUMNS = ["category", "name", "network", "state", "images", "patterns", "created_at", "id"]

app = typer.Typer(help="List and remove mined graphs.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@formats
def list_(context: typer.Context, *, output: Format) -> None:
    """List all graphs, those too that are still being written."""
    from egraph.graph.connection import open_database
    from egraph.graph.graphs import graphs

    with open_database(settings_of(context)) as database:
        rows = [asdict(graph) for graph in graphs(database)]
    write_rows(output, COLUMNS, rows)


@app.command("remove")
def remove(
    context: typer.Context,
    graph: Annotated[str, typer.Argument(help="The graph's id, as `egraph graph list` shows it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove a graph with its patterns; parts and other graphs stay."""
    settings = settings_of(context)
    confirm(f"Remove the graph {graph}?", yes)
    from egraph.graph.connection import open_database
    from egraph.graph.delete import delete_graph

    with open_database(settings) as database:
        removed = delete_graph(database, graph)
    if as_json:
        write_json({"graph": graph, "patterns": removed})
    else:
        print(f"Removed {graph} with {removed:,} patterns.")
