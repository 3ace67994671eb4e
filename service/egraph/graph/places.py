"""Where the patterns of a graph lie on parts, summed up over the labelled objects on which they were placed.

`(ExplanatoryGraph)-[:COVERS]->(Part)` says that it is summed up, `(Pattern)-[:LIES_ON]->(Part)` what came out. Whoever
changes what it follows from (labels, firings) deletes COVERS in the same transaction; whoever has done with changing,
or asks, sums up anew. So no question sees sums of what is no longer so.
"""

from egraph.graph.connection import Database, Transaction
from egraph.graph.graphs import graphs

DELETED = 20_000
"""At most so many relationships are deleted in one statement."""


def refresh_places(database: Database, graph_id: str, category: str) -> None:
    """Sum up where a graph's patterns lie on those parts of its category for which that is not done.

    Raises:
        DatabaseError: the database failed.
    """
    for row in database.read("parts/unplaced", graph=graph_id, category=category):
        names = {"graph": graph_id, "category": category, "part": row["part"]}

        def work(transaction: Transaction, names: dict[str, str] = names) -> None:
            if transaction.run("parts/begin_places", **names):
                of = {"graph": names["graph"], "part": names["part"]}
                while transaction.run("parts/delete_places", **of, limit=DELETED)[0]["deleted"]:
                    pass
                transaction.run("parts/places", **names)

        database.transaction(work)


def refresh_category(database: Database, category: str) -> None:
    """Sum up for all complete graphs of a category.

    Raises:
        DatabaseError: the database failed.
    """
    for graph in graphs(database):
        if graph.category == category and graph.state == "complete":
            refresh_places(database, graph.id, category)


def delete_places(database: Database, category: str, part: str) -> None:
    """Delete what all graphs know of where a part is, in steps: a graph may know of a place for each of its patterns.

    Raises:
        DatabaseError: the database failed; the same call goes on.
    """
    database.write("parts/forget_places", category=category, part=part)
    for graph in (graph.id for graph in graphs(database) if graph.category == category):
        while database.write("parts/delete_places", graph=graph, part=part, limit=DELETED)[0]["deleted"]:
            pass
