"""Removing graphs, parts and And-Or graphs, or all there is of a category or a network."""

from pathlib import Path

from egraph.graph import delete, parts
from egraph.graph.connection import open_database
from egraph.graph.delete import Deletion
from egraph.photos.folder import read_photo
from egraph.progress import Progress
from egraph.settings import Settings


def remove_graph(settings: Settings, graph: str, progress: Progress | None = None) -> int:
    """Remove a graph, by its id; returns how many patterns it had.

    Raises:
        NothingYetError: there is no such graph.
    """
    with open_database(settings) as database:
        return delete.delete_graph(database, graph, progress)


def plan_removal(settings: Settings, category: str | None = None, network: str | None = None) -> Deletion:
    """What `remove_all` would take.

    Raises:
        NothingYetError: there is nothing of this category, or no such network.
    """
    with open_database(settings) as database:
        return delete.plan_category(database, category) if category else delete.plan_network(database, network or "")


def remove_all(
    settings: Settings, category: str | None = None, network: str | None = None, progress: Progress | None = None
) -> Deletion:
    """Remove all graphs and parts of a category, or a network, by its id or its name, with all its graphs.

    Raises:
        NothingYetError: there is nothing of this category, or no such network.
    """
    with open_database(settings) as database:
        if category:
            return delete.delete_category(database, category, progress)
        return delete.delete_network(database, network or "", progress)


def remove_part(settings: Settings, category: str, part: str, photo: Path | None = None) -> int:
    """Remove a part's name and its boxes, or only the boxes on one photo; returns how many boxes there were.

    Raises:
        NothingYetError: there is no such part.
        InputError: the photo cannot be read.
    """
    with open_database(settings) as database:
        if photo is None:
            return parts.remove_part(database, category, part)
        return parts.remove_labels(database, category, part, read_photo(photo).sha256)


def remove_aog(settings: Settings, aog: str) -> None:
    """Remove an And-Or graph, by its id; the patterns and the part's boxes stay.

    Raises:
        NothingYetError: there is none.
    """
    # It needs numerical libraries, which the others need not load.
    from egraph.aog import storage

    with open_database(settings) as database:
        storage.remove_aog(database, aog)
