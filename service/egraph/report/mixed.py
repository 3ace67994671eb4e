"""Filters that mix: of which different patterns lie on different parts."""

from typing import Any, NamedTuple

from egraph.graph.connection import Database
from egraph.graph.questions import ask
from egraph.report.reading import read_rows
from egraph.report.views import GraphRow, PatternRow


class Mixed(NamedTuple):
    """A filter that lies on several parts, with one pattern for each."""

    layer: str
    channel: int
    words: str
    patterns: list[PatternRow]


def read_mixed(database: Database, graph: GraphRow, most: int, photos: int) -> list[Mixed]:
    """At most so many filters of which different patterns lie on different parts, with so many photos of each pattern.

    Raises:
        DatabaseError: the database failed.
    """
    # A filter has a row for each of its parts.
    rows = 3 * most
    asked = {"category": graph.category, "graph": graph.id, "limit": rows}
    by_filter: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in ask(database, "mixed-filters", asked, rows).rows:
        by_filter.setdefault((row["layer"], row["filter"]), []).append(row)
    chosen = dict(list(by_filter.items())[:most])
    names = [row["pattern"] for some in chosen.values() for row in some]
    known = read_rows(database, graph, names, photos)
    return [
        Mixed(
            layer,
            channel,
            ", ".join(f"{graph.label(row['pattern'])} on the {row['part']}" for row in some),
            [known[row["pattern"]] for row in some if row["pattern"] in known],
        )
        for (layer, channel), some in chosen.items()
    ]
