"""Looking at a graph: one thing of it, or all of it as pages."""

from typing import TYPE_CHECKING

from egraph.commands.requests import ShowRequest
from egraph.settings import Settings, load_settings

if TYPE_CHECKING:
    from torch import nn

    from egraph.commands.show import Shown


def show(
    name: str,
    *,
    category: str | None = None,
    graph: str | None = None,
    heat: bool = False,
    network: "nn.Module | None" = None,
    weights: str | None = None,
    device: str = "cpu",
    settings: Settings | None = None,
) -> "Shown":
    """A pattern, a filter, a part or an object, to look at. A notebook shows it as a picture.

    >>> shown = eg.show("head", category="horse", graph="default")
    >>> shown.kind, shown.view.graph.name, shown.picture().width > 500
    ('part', 'default', True)
    >>> pattern = eg.show(shown.view.patterns[0].id)
    >>> len(pattern.view.pattern.seen) > 0, "<!DOCTYPE html>" in pattern.page()
    (True, True)

    Args:
        name: a pattern (`layer3/58/8`, or its whole id), a filter (`layer3/58`), a part (`head`), the id of an object,
            or a photo's name.
        category: look only at graphs of this kind of object.
        graph: name, id or network of the graph, where several have such a thing.
        heat: run the network, to show a filter's output over a pattern's photos.
        network: the module that the graph was mined from, where it was one in memory.
        weights: of the network, if they are not found where they were during mining.
        device: where to run it.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is none.
        UsageError: the name may mean several things.
    """
    from egraph.commands.show import show as read

    request = ShowRequest(name, category, graph, heat, weights, device)
    return read(settings or load_settings(), request, network)
