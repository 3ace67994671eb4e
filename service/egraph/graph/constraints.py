"""Constraints, indexes and sums of the graph: made where they are missing."""

from collections.abc import Iterator

from egraph.graph.connection import Database
from egraph.graph.schema import NODES, RELATIONSHIPS
from egraph.graph.statements import Statement, statement
from egraph.graph.version import FORMAT, VERSION, check_schema


def ensure_schema(database: Database) -> None:
    """Make the constraints, indexes and sums that are missing, and note the version.

    Raises:
        DatabaseError: the database was made by a newer or an older egraph, or may not be changed.
    """
    version = database.schema_version()
    check_schema(version)
    if version != VERSION:
        for one in constraints():
            database.write(one)
        database.write("write/outdate_graphs", format=FORMAT)
        database.write("write/forget_sums")
        # It needs the tables of mining, which those who only ask need not load.
        from egraph.graph.upgrade import add_summaries

        add_summaries(database)
        database.write("write/schema_version", version=VERSION)


def constraints() -> Iterator[Statement]:
    """The statements that make what the schema says of uniqueness and indexes."""
    for node in NODES:
        for name, unique in node.constraints.items():
            yield statement("schema/constraint").filled(name=name, label=node.label, property=unique)
        for index in node.indexes:
            yield statement("schema/node_index").filled(name=index.name, label=node.label, property=index.properties)
    for kind in RELATIONSHIPS:
        for index in kind.indexes:
            yield statement("schema/relationship_index").filled(
                name=index.name, type=kind.type, property=index.properties
            )
