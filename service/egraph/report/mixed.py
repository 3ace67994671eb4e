"""Filters that mix: of which different patterns lie on different parts."""

from typing import NamedTuple

from egraph.graph.connection import Database
from egraph.graph.mixtures import read_mixtures
from egraph.report.reading import read_rows
from egraph.report.views import GraphRow, PatternRow


class MixedFilter(NamedTuple):
    """A filter that lies on several parts, with one pattern for each."""

    layer: str
    channel: int
    words: str
    patterns: list[PatternRow]


class Mixed(NamedTuple):
    """The first of so many filters that mix so many parts; see `Mixtures`."""

    filters: list[MixedFilter]
    there_are: int
    parts: int
    beyond_chance: bool


def read_mixed(database: Database, graph: GraphRow, most: int, photos: int) -> Mixed:
    """At most so many filters of which different patterns lie on different parts, with so many photos of each pattern.

    Raises:
        DatabaseError: the database failed.
    """
    found = read_mixtures(database, graph.id, graph.category)
    shown = [[(part, f"{graph.id}/{label}") for part, label in some] for some in found.patterns[:most]]
    known = read_rows(database, graph, [id for some in shown for _, id in some], photos)
    filters = []
    for some in shown:
        rows = [known[id] for _, id in some if id in known]
        words = ", ".join(f"{graph.label(id)} on the {part}" for part, id in some)
        if rows:
            filters.append(MixedFilter(rows[0].layer, rows[0].filter, words, rows))
    return Mixed(filters, found.filters, len(found.parts), found.beyond_chance)
