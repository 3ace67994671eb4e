"""`egraph graph`: the mined graphs."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from egraph_cli.options import Json, Quiet, Yes, confirm, settings_of
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
    graph: Annotated[
        str | None,
        typer.Argument(help="The graph's id, as `egraph graph list` shows it."),
    ] = None,
    category: Annotated[
        str | None, typer.Option(help="Instead of one graph: all graphs and parts of this category.")
    ] = None,
    network: Annotated[
        str | None, typer.Option(help="Instead of one graph: this network, by name or id, with all graphs of it.")
    ] = None,
    yes: Yes = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Remove a graph with its patterns, or all there is of a category or of a network; asks first."""
    settings = settings_of(context)
    if sum(one is not None for one in (graph, category, network)) != 1:
        raise typer.BadParameter("name one graph, or give --category or --network.")
    from egraph.graph import delete
    from egraph.graph.connection import open_database
    from egraph_cli.progress import ProgressDisplay

    with open_database(settings) as database:
        if graph is not None:
            confirm(f"Remove the graph {graph}?", yes)
            with ProgressDisplay(quiet) as progress:
                removed = delete.delete_graph(database, graph, progress)
            if as_json:
                write_json({"graph": graph, "patterns": removed})
            else:
                print(f"Removed {graph} with {removed:,} patterns.")
            return
        plan = delete.plan_category(database, category) if category else delete.plan_network(database, network or "")
        for line in (*plan.graphs, *(f"{category}/{part}" for part in plan.parts)):
            print(line, file=sys.stderr)
        whole = category or plan.network
        confirm(f"Remove all of {whole}: {len(plan.graphs)} graphs and {len(plan.parts)} parts?", yes)
        with ProgressDisplay(quiet) as progress:
            if category:
                done = delete.delete_category(database, category, progress)
            else:
                done = delete.delete_network(database, network or "", progress)
    if as_json:
        write_json({"category": category, **asdict(done)})
    else:
        print(f"Removed {whole}: {len(done.graphs)} graphs with {done.patterns:,} patterns, {len(done.parts)} parts.")
