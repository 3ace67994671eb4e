"""Looking at a graph: one thing of it, or all of it as pages."""

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from egraph.commands.requests import ReportRequest, ShowRequest
from egraph.progress import Progress
from egraph.settings import Settings, load_settings

if TYPE_CHECKING:
    from torch import nn

    from egraph.commands.names import Named
    from egraph.commands.report import Written
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


def write_report(
    destination: str | PathLike[str],
    *,
    category: str | None = None,
    graph: str | None = None,
    single_file: bool = False,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> "Written":
    """Write a graph as pages that can be kept and passed on: a folder, or one file.

    >>> written = eg.write_report("report.html", category="horse", graph="default", single_file=True)
    >>> written.first, written.gone
    ('report.html', [])

    Args:
        destination: the folder; with `single_file`, the file.
        category: the kind of object, where there are several.
        graph: name, id or network of the graph, where the category has several.
        single_file: write one file, which holds fewer patterns.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no complete graph.
        UsageError: there are several.
    """
    from egraph.commands.report import write_report as write

    request = ReportRequest(Path(destination), category, graph, single_file)
    return write(settings or load_settings(), request, progress)


def name(
    id: str,
    name: str,
    note: str | None = None,
    *,
    category: str | None = None,
    graph: str | None = None,
    settings: Settings | None = None,
) -> "Named":
    """Give a pattern, a filter or a part a name of your own, and a note, kept in the database.

    >>> eg.name("head", "nose and ears", "looked at on Monday", category="horse", graph="default").id
    'horse/head'
    >>> eg.show("nose and ears", category="horse", graph="default").view.note
    'looked at on Monday'

    Args:
        id: what to name, as `eg.show` takes it.
        name: the name.
        note: without it, the note that is there stays.
        category: look only at graphs of this kind of object.
        graph: name, id or network of the graph, where several have such a thing.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is none.
        UsageError: the id may mean several things, or the name cannot be kept.
    """
    from egraph.commands.names import name_subject

    return name_subject(settings or load_settings(), id, name, note, category, graph)


def remove_name(
    id: str, *, category: str | None = None, graph: str | None = None, settings: Settings | None = None
) -> "Named":
    """Take a name of your own, and its note, away.

    >>> eg.remove_name("head", category="horse", graph="default").name is None
    True

    Args:
        id: what has the name, as `eg.show` takes it.
        category: look only at graphs of this kind of object.
        graph: name, id or network of the graph, where several have such a thing.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: it has no name.
        UsageError: the id may mean several things.
    """
    from egraph.commands.names import unname_subject

    return unname_subject(settings or load_settings(), id, category, graph)
