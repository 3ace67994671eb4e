"""`egraph graph`: the mined graphs."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from egraph.commands.requests import PlaceRequest
from egraph_cli import complete
from egraph_cli.jobs import Priority, Queue, enqueue
from egraph_cli.options import Boxes, Category, Device, Graph, Json, Quiet, Seed, Weights, Yes, confirm, settings_of
from egraph_cli.output import Format, formats, skipped_lines, write_json, write_rows
from egraph_cli.progress import ProgressDisplay

app = typer.Typer(
    help="List and remove mined graphs, and place them on more photos.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
@formats
def list_(context: typer.Context, *, output: Format) -> None:
    """List all graphs, including those that are still being written, or that an older egraph mined (outdated)."""
    from egraph.commands.inventory import list_graphs

    found = list_graphs(settings_of(context))
    write_rows(output, found.columns, found.rows)


@app.command("remove")
def remove(
    context: typer.Context,
    graph: Annotated[
        str | None,
        typer.Argument(help="The graph's id, as `egraph graph list` shows it.", autocompletion=complete.graph_ids),
    ] = None,
    category: Annotated[
        str | None,
        typer.Option(
            help="Instead of one graph: all graphs and parts of this category.", autocompletion=complete.categories
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(
            help="Instead of one graph: this network, by name or id, with all graphs of it.",
            autocompletion=complete.networks,
        ),
    ] = None,
    yes: Yes = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Remove a graph with its patterns, or everything of a category or of a network, after asking for confirmation."""
    settings = settings_of(context)
    if sum(one is not None for one in (graph, category, network)) != 1:
        raise typer.BadParameter("name one graph, or give --category or --network.")
    from egraph.commands import removal

    if graph is not None:
        confirm(f"Remove the graph {graph}?", yes)
        with ProgressDisplay(quiet) as progress:
            removed = removal.remove_graph(settings, graph, progress)
        if as_json:
            write_json({"graph": graph, "patterns": removed})
        else:
            print(f"Removed {graph} with {removed:,} patterns.")
        return
    plan = removal.plan_removal(settings, category, network)
    for line in (*plan.graphs, *(f"{category}/{part}" for part in plan.parts)):
        print(line, file=sys.stderr)
    whole = category or plan.network
    confirm(f"Remove all of {whole}: {len(plan.graphs)} graphs and {len(plan.parts)} parts?", yes)
    with ProgressDisplay(quiet) as progress:
        done = removal.remove_all(settings, category, network, progress)
    if as_json:
        write_json({"category": category, **asdict(done)})
    else:
        print(f"Removed {whole}: {len(done.graphs)} graphs with {done.patterns:,} patterns, {len(done.parts)} parts.")


@app.command("place")
def place(
    context: typer.Context,
    photos: Annotated[Path, typer.Argument(help="Folder of photos, or of the photos that --annotations names.")],
    category: Category,
    annotations: Boxes = None,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    limit: Annotated[
        int | None, typer.Option(help="Use at most this many objects, drawn at random with --seed.", min=1, metavar="N")
    ] = None,
    seed: Seed = 0,
    queue: Queue = False,
    priority: Priority = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Place a graph's patterns on photos that it was not mined from.

    The places where they fire are written to the graph. Where photos that the database knows were moved to this folder,
    it is told so. With --queue, a worker does the work.
    """
    settings = settings_of(context)
    request = PlaceRequest(photos, category, annotations, graph, weights, device, limit, seed)
    if queue:
        enqueue(settings, "firings", request, priority, as_json)
        return
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.place import place_photos

        report = place_photos(settings, request, progress)
    if as_json:
        write_json(report.to_json())
        return
    print(f"Placed the patterns of {report.graph} on {report.placed:,} objects,")
    print(f"where they fire {report.firings:,} times; {report.already:,} objects had them already.")
    if report.moved:
        print(f"Noted where the photos of {report.moved:,} objects are now.")
    for line in skipped_lines(report.skipped):
        print(line)
