"""The network that a graph was mined with."""

from typing import Protocol

from torch import nn

from egraph.errors import InputError
from egraph.mining.graph_tables import MinedGraph
from egraph.network.load import MEMORY, load_network
from egraph.network.memory import network_in_memory
from egraph.network.network import Network
from egraph.network.preprocessing import Preprocessing


class Loading(Protocol):
    """What requests say about a network."""

    @property
    def weights(self) -> str | None:
        """Other weights than those that the graph names: where the same ones lie now."""

    @property
    def device(self) -> str:
        """Where to compute."""


def network_of(graph: MinedGraph, request: Loading, module: nn.Module | None = None) -> Network:
    """The network of a graph: the user's own `module`, whose input is made as when it was mined, else by its name.

    Raises:
        InputError: the weights cannot be read, or the graph was mined from a module that is not given.
        UsageError: there is no such network or device.
    """
    if module is not None:
        return network_in_memory(module, Preprocessing.from_dict(graph.preprocessing), request.device)
    if graph.weights_source == MEMORY:
        raise InputError(
            f"The graph {graph.id} was mined from a module in the memory of a program, a {graph.network_name}; give "
            "that module to egraph's Python functions, as network=."
        )
    return load_network(graph.network_name, request.weights or graph.weights_source, request.device)
