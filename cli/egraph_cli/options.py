"""What several commands take: shared options, and the settings that they add up to."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egraph.escape import joined
from egraph_cli import complete

if TYPE_CHECKING:
    from egraph.settings import Settings


def typed(value: str) -> str:
    """A name as it was meant: in the locale C, Python takes what is typed beyond ASCII for no text."""
    return joined(value) if value else value


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Device = Annotated[str, typer.Option(help="Where to compute: cpu, cuda, cuda:1, …")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.", min=0, metavar="N")]
Category = Annotated[
    str,
    typer.Option(help="Kind of object, for example horse.", autocompletion=complete.categories, callback=typed),
]
Part = Annotated[
    str, typer.Option(help="Name of the part, for example head.", autocompletion=complete.parts, callback=typed)
]
Weights = Annotated[
    str | None, typer.Option(help="Weights of the mined network, if they are not found where they were during mining.")
]
Graph = Annotated[str | None, typer.Option(help="Name, id or network of the graph, where the category has several.")]
Boxes = Annotated[
    Path | None,
    typer.Option(
        help="The objects' boxes: a COCO file, or a folder of Pascal VOC, labelme or YOLO files. Without it, a photo "
        "is one object."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def confirm(question: str, yes: bool) -> None:
    """Ask before what cannot be undone, unless the user said yes beforehand; end the command if the answer is no.

    Raises:
        UsageError: nobody is there to answer.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        from egraph.errors import UsageError

        raise UsageError("This cannot be undone, and nobody is there to ask; add --yes to do it without a question.")
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


def settings_of(context: typer.Context, **flags: Any) -> "Settings":
    """The settings: the flags of the command and before it, then the environment, then the settings file.

    Raises:
        UsageError: one of them is not valid.
    """
    from egraph.settings import load_settings

    return load_settings(**context.find_root().obj, **flags)
