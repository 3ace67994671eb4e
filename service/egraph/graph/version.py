"""The version of what egraph writes, which every database notes."""

from egraph.errors import DatabaseError

VERSION = 12
OLDEST = 1
"""What was made since then lacks nothing but constraints, indexes and sums, which are added."""


FORMAT = 2
"""Of mined graphs: what their patterns and edges say. Graphs of an older one are listed and removed, and not used."""


def check_schema(version: int | None) -> None:
    """Refuse what another egraph wrote.

    Raises:
        DatabaseError: `version` is newer than ours, or too old.
    """
    if version is not None and version > VERSION:
        raise DatabaseError(
            f"The database was made by a newer egraph (schema {version}, this one knows {VERSION}); update egraph."
        )
    if version is not None and version < OLDEST:
        raise DatabaseError(
            f"The database was made by an older egraph (schema {version}, now {VERSION}); delete its graphs with that "
            "egraph and mine them again, or set EGRAPH_HOME or NEO4J_DATABASE to a new database."
        )
