"""`egraph demo`: the whole job on generated photos."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from egraph_cli.options import Quiet, settings_of
from egraph_cli.progress import ProgressDisplay


def demo(
    context: typer.Context,
    destination: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("demo-report"),
    quiet: Quiet = False,
) -> None:
    """Show all steps on generated photos, offline.

    The demo draws photos, mines them, asks questions, finds a part, writes a report, and prints each figure beside its
    controls.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.demo import run_demo

        result = run_demo(settings, destination, progress)
    command = "egraph" if shutil.which("egraph") else sys.argv[0]
    for line in result.lines(command):
        print(line)
