"""`egraph label`: draw a part's boxes with the mouse."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egraph_cli.options import Boxes, Category, Device, Part, Quiet, Weights, settings_of
from egraph_cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from egraph.browse.gate import Gate


def label(
    context: typer.Context,
    photos: Annotated[Path, typer.Argument(help="Folder of photos, or of the photos that --annotations names.")],
    category: Category,
    part: Part,
    annotations: Boxes = None,
    weights: Weights = None,
    device: Device = "cpu",
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.", min=0, max=65535)] = 7480,
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open a browser.")] = False,
    quiet: Quiet = False,
) -> None:
    """Draw a part's boxes with the mouse: a page shows one photo after the other and keeps each box at once.

    The photos on which a box teaches most come first. Once there are three boxes, the part is learnt and looked for on
    the other mined photos, where what was found can be kept or corrected. `egraph part label` does the same for a
    single box. The page answers only on this machine, to browsers that have opened the address it prints; it runs until
    Ctrl-C.
    """
    from egraph.commands.labelling import label_photos
    from egraph.commands.requests import DeskRequest

    def opened(gate: "Gate") -> None:
        print(gate.address_of("/label"), flush=True)
        if not no_open:
            import webbrowser

            webbrowser.open(gate.address_of("/label"))

    request = DeskRequest(photos, category, part, annotations, weights, device)
    try:
        with ProgressDisplay(quiet) as progress:
            label_photos(settings_of(context), request, port, opened, progress)
    except KeyboardInterrupt:
        print("Stopped; all boxes are kept.", file=sys.stderr)
