"""`egraph report`: pages of one graph that can be passed on."""

from pathlib import Path
from typing import Annotated

import typer

from egraph.commands.requests import ReportRequest
from egraph_cli.options import Graph, Json, Quiet, settings_of
from egraph_cli.output import printable, write_json
from egraph_cli.show import SomeCategory

BYTES = 1_000_000


def report(
    context: typer.Context,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder to write; with --single-file, the file.", metavar="PATH")
    ],
    category: SomeCategory = None,
    graph: Graph = None,
    single_file: Annotated[
        bool, typer.Option("--single-file", help="Write one HTML file, which holds fewer patterns.")
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a graph as pages: parts, patterns, filters and photos, to open from the disk or to pass on.

    It holds the strongest patterns of each layer and all of named parts; every other pattern opens in `egraph browse`.
    Nothing is loaded from elsewhere, and the network is not run.
    """
    from egraph.commands.report import write_report
    from egraph_cli.progress import ProgressDisplay

    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        done = write_report(settings, ReportRequest(output, category, graph, single_file), progress)
    for path in done.gone[:3]:
        typer.echo(printable(f"{path} cannot be read any more; its pictures are left out."), err=True)
    if len(done.gone) > 3:
        typer.echo(f"{len(done.gone) - 3} more photos cannot be read any more.", err=True)
    if as_json:
        write_json(done.to_json())
        return
    print(printable(f"Wrote {done.pages:,} pages, {done.bytes / BYTES:.1f} MB, in {done.seconds:.0f} s."))
    print(printable(f"Open {done.first}"))
