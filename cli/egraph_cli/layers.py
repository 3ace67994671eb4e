"""`egraph layers`: what can be mined in a network."""

import sys
from typing import Annotated

import typer

from egraph_cli.output import Format, formats, write_rows

COLUMNS = ["layer", "channels", "height", "width", "stride", "receptive_field", "first_centre", "chosen"]


@formats
def layers(
    network: Annotated[str, typer.Argument(help="A torchvision model, for example resnet50, or module:callable.")],
    weights: Annotated[
        str, typer.Option(help="As for mine; the geometry does not depend on it.", show_default=True)
    ] = "random",
    *,
    output: Format,
) -> None:
    """List a network's layers, and those that egraph would choose.

    Stride, receptive field and first centre are pixels of the network's input.
    """
    from egraph.errors import UsageError
    from egraph.network.geometry import layer_geometries
    from egraph.network.layers import default_layers, valid_layers
    from egraph.network.load import load_network

    loaded = load_network(network, weights)
    for note in loaded.notes:
        print(note, file=sys.stderr)
    try:
        chosen = set(default_layers(loaded))
    except UsageError as error:
        chosen = set()
        print(error, file=sys.stderr)
    valid = valid_layers(loaded)
    rows = [
        {
            "layer": g.name,
            "channels": g.channels,
            "height": g.height,
            "width": g.width,
            "stride": g.stride,
            "receptive_field": g.receptive_field,
            "first_centre": g.first_centre,
            "chosen": g.name in chosen,
        }
        for g in layer_geometries(loaded, valid)
    ]
    write_rows(output, COLUMNS, rows)
    if chosen:
        names = ",".join(name for name in valid if name in chosen)
        print(f"Without --layers, egraph mine takes {names}", file=sys.stderr)
