"""Deleting a graph, in steps that may be interrupted."""

from egraph.errors import NothingYetError
from egraph.graph.connection import Database, Transaction

PATTERNS = 1000
"""Patterns in one transaction; each takes its edges with it."""

OBJECTS = 4000


def delete_graph(database: Database, graph_id: str) -> int:
    """Delete a graph with its patterns and edges, and the objects that nothing else needs; returns the patterns.

    Networks, layers and filters stay: other graphs share them. No question sees the graph from the first step on; if
    the call is interrupted, the next one goes on.

    Raises:
        NothingYetError: there is no such graph.
        DatabaseError: the database failed.
    """
    if not database.write("write/graph_deleting", graph=graph_id)[0]["found"]:
        raise NothingYetError(f"There is no graph {graph_id}; `egraph query overview` shows those there are.")
    patterns = 0
    while deleted := database.write("write/delete_patterns", graph=graph_id, limit=PATTERNS)[0]["deleted"]:
        patterns += int(deleted)

    def forget(transaction: Transaction) -> bool:
        objects = transaction.run("write/forget_objects", graph=graph_id, limit=OBJECTS)[0]["objects"]
        transaction.run("write/delete_loose_objects", objects=objects)
        return bool(objects)

    while database.transaction(forget):
        pass
    database.write("write/delete_graph", graph=graph_id)
    return patterns
