"""`egraph browse`: pages of every graph, from a server on this machine."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from egraph_cli.options import settings_of

if TYPE_CHECKING:
    from egraph.browse.gate import Gate


def browse(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.", min=0, max=65535)] = 7480,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Browse all graphs: every pattern, filter, part and photo has a page, made when it is opened.

    The server only reads, and answers only on this machine, to browsers that have opened the address it prints. It runs
    until Ctrl-C.
    """
    from egraph.commands.browse import browse as serve

    def opened(gate: "Gate") -> None:
        print(gate.address, flush=True)
        if not no_open:
            import webbrowser

            webbrowser.open(gate.address)

    try:
        serve(settings_of(context), port, opened)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
