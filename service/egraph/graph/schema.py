"""Constraints and indexes of the graph, and the version of what egraph writes."""

from egraph.errors import DatabaseError
from egraph.graph.connection import Database
from egraph.graph.statements import names

VERSION = 5
OLDEST = 1
"""What was made since then lacks nothing but constraints, indexes and sums, which are added."""


def ensure_schema(database: Database) -> None:
    """Make the constraints, indexes and sums that are missing, and note the version.

    Raises:
        DatabaseError: the database was made by a newer or an older egraph, or may not be changed.
    """
    version = schema_version(database)
    check_version(version)
    if version != VERSION:
        for name in names("schema"):
            database.write(f"schema/{name}")
        # It needs the tables of mining, which those who only ask need not load.
        from egraph.graph.upgrade import add_summaries

        add_summaries(database)
        database.write("write/schema_version", version=VERSION)


def schema_version(database: Database) -> int | None:
    """The version noted in the database; None for one that egraph has not written to."""
    rows = database.read("read/schema_version")
    return int(rows[0]["version"]) if rows else None


def check_version(version: int | None) -> None:
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
