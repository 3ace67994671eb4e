"""`egraph layers`: what can be mined in a network."""

import sys
from typing import Annotated

import typer

from egraph_cli.output import Format, formats, write_rows


@formats
def layers(
    network: Annotated[
        str, typer.Argument(help="A torchvision model, for example resnet50, timm:NAME, or module:callable.")
    ],
    weights: Annotated[
        str,
        typer.Option(
            help="Weights, as for `egraph mine`; stride and receptive field do not depend on them.", show_default=True
        ),
    ] = "random",
    *,
    output: Format,
) -> None:
    """List a network's layers, and those that egraph would choose.

    Stride, receptive field and first centre are pixels of the network's input.
    """
    from egraph.commands.layers import list_layers
    from egraph.network.load import load_network

    found = list_layers(load_network(network, weights))
    for remark in (*found.notes, found.remark):
        if remark is not None:
            print(remark, file=sys.stderr)
    write_rows(output, found.columns, found.rows)
    if found.chosen:
        print(f"Without --layers, egraph mine takes {','.join(found.chosen)}", file=sys.stderr)
