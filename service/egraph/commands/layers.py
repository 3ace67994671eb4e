"""The layers of a network that can be mined."""

from dataclasses import dataclass
from typing import Any

from egraph.errors import UsageError
from egraph.network.geometry import layer_geometries
from egraph.network.layers import default_layers, valid_layers
from egraph.network.network import Network
from egraph.results import Table


@dataclass(frozen=True)
class LayerList(Table):
    """The layers, from the input up; stride, receptive field and first centre in pixels of the network's input.

    chosen: those that are mined unless others are named; remark: why there are none. notes: what was passed over in
    the weights.
    """

    columns: list[str]
    rows: list[dict[str, Any]]
    chosen: list[str]
    remark: str | None
    notes: list[str]


def list_layers(network: Network) -> LayerList:
    """Where the units of each layer look is measured by probing the network."""
    valid = valid_layers(network)
    chosen: set[str] = set()
    remark = None
    try:
        chosen = set(default_layers(network))
    except UsageError as error:
        remark = str(error)
    columns = ["layer", "channels", "height", "width", "stride", "receptive_field", "first_centre", "chosen"]
    rows = [
        {"layer": g.name, "chosen": g.name in chosen} | {name: getattr(g, name) for name in columns[1:-1]}
        for g in layer_geometries(network, valid)
    ]
    rows = [{name: row[name] for name in columns} for row in rows]
    return LayerList(columns, rows, [name for name in valid if name in chosen], remark, list(network.notes))
