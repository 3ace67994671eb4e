"""What the database holds: graphs, parts, And-Or graphs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from egraph.graph.connection import open_database
from egraph.graph.graphs import graphs as graphs_of
from egraph.graph.parts import list_parts as parts_of
from egraph.results import Table, plain
from egraph.settings import Settings

GRAPHS = ("category", "name", "network", "state", "format", "images", "patterns", "created_at", "id")
PARTS = ("category", "part", "objects", "boxes", "without_graph")
AOGS = ("category", "part", "name", "labels", "labelled", "templates", "patterns", "current", "created_at", "id")


@dataclass(frozen=True)
class Inventory(Table):
    """What there is, one row each. A row may have more than the `columns` that are shown."""

    columns: list[str]
    rows: list[dict[str, Any]]

    @classmethod
    def of(cls, columns: Iterable[str], found: Iterable[object]) -> "Inventory":
        """Of dataclasses."""
        return cls(list(columns), [plain(one) for one in found])


def list_graphs(settings: Settings) -> Inventory:
    """All graphs, those too that are still being written, or that an older egraph mined."""
    with open_database(settings) as database:
        return Inventory.of(GRAPHS, graphs_of(database))


def list_parts(settings: Settings) -> Inventory:
    """The named parts, and on how many objects they are drawn; without_graph: how many of them were mined nowhere."""
    with open_database(settings) as database:
        return Inventory.of(PARTS, parts_of(database))


def list_aogs(settings: Settings) -> Inventory:
    """The And-Or graphs. labels: objects that each was learnt from; labelled: those whose labels are still there."""
    # It needs numerical libraries, which the others need not load.
    from egraph.aog.storage import list_aogs as aogs_of

    with open_database(settings) as database:
        return Inventory.of(AOGS, aogs_of(database))
