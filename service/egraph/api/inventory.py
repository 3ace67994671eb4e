"""What there is, and taking it away."""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from egraph.api.optional import given
from egraph.commands import inventory, removal
from egraph.commands.inventory import Inventory
from egraph.progress import Progress
from egraph.settings import Settings, load_settings

if TYPE_CHECKING:
    from torch import nn

    from egraph.commands.layers import LayerList


def list_layers(network: "str | nn.Module", weights: str | PathLike[str] = "random") -> "LayerList":
    """The layers of a network that can be mined, where their units look, and which ones egraph chooses.

    >>> eg.list_layers("egraph.demo.network:animals").chosen
    ['block3', 'block4']

    Args:
        network: the name of a torchvision model, `module:callable`, or a module.
        weights: not for a module. Where units look does not depend on them.

    Raises:
        UsageError: there is no such network.
    """
    from egraph.commands.layers import list_layers as layers_of
    from egraph.network.load import load_network
    from egraph.network.memory import network_in_memory

    if isinstance(network, str):
        return layers_of(load_network(network, str(weights)))
    return layers_of(network_in_memory(network))


def list_graphs(*, settings: Settings | None = None) -> Inventory:
    """All graphs, those too that are still being written.

    >>> [row["name"] for row in eg.list_graphs().rows]
    ['own', 'default']

    Args:
        settings: as the environment and the settings file say, unless given.
    """
    return inventory.list_graphs(settings or load_settings())


def list_parts(*, settings: Settings | None = None) -> Inventory:
    """The named parts, and on how many objects they are drawn.

    >>> [(row["part"], row["objects"]) for row in eg.list_parts().rows]
    [('head', 3), ('tail', 1)]

    Args:
        settings: as the environment and the settings file say, unless given.
    """
    return inventory.list_parts(settings or load_settings())


def list_aogs(*, settings: Settings | None = None) -> Inventory:
    """The And-Or graphs.

    >>> [row["part"] for row in eg.list_aogs().rows]
    ['head']

    Args:
        settings: as the environment and the settings file say, unless given.
    """
    return inventory.list_aogs(settings or load_settings())


def remove_aog(aog: str, *, settings: Settings | None = None) -> None:
    """Remove an And-Or graph; the patterns and the part's boxes stay.

    >>> eg.remove_aog(built.aog)
    >>> eg.list_aogs().rows
    []

    Args:
        aog: its id.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is none.
    """
    removal.remove_aog(settings or load_settings(), aog)


def remove_part(
    category: str, part: str, photo: str | PathLike[str] | None = None, *, settings: Settings | None = None
) -> int:
    """Remove a part's name and its boxes; returns how many boxes there were. Photos and graphs stay.

    >>> eg.remove_part("horse", "tail")
    1

    Args:
        category: the kind of object.
        part: the part's name.
        photo: remove only the boxes on this photo.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no such part.
        InputError: the photo cannot be read.
    """
    return removal.remove_part(settings or load_settings(), category, part, given(Path, photo))


def remove_graph(graph: str, *, progress: Progress | None = None, settings: Settings | None = None) -> int:
    """Remove a graph; returns how many patterns it had.

    >>> eg.remove_graph(own.graph) == own.counts["patterns"]
    True

    Args:
        graph: its id.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no such graph.
    """
    return removal.remove_graph(settings or load_settings(), graph, progress)
