"""Constraints, indexes and sums of the graph: made where they are missing."""

from egraph.graph.connection import Database
from egraph.graph.statements import names
from egraph.graph.version import VERSION, check_schema


def ensure_schema(database: Database) -> None:
    """Make the constraints, indexes and sums that are missing, and note the version.

    Raises:
        DatabaseError: the database was made by a newer or an older egraph, or may not be changed.
    """
    version = database.schema_version()
    check_schema(version)
    if version != VERSION:
        for name in names("schema"):
            database.write(f"schema/{name}")
        # It needs the tables of mining, which those who only ask need not load.
        from egraph.graph.upgrade import add_summaries

        add_summaries(database)
        database.write("write/schema_version", version=VERSION)
