"""Where the patterns of a graph lie on parts, counted over labelled objects, and over those on which a part was found.

`(ExplanatoryGraph)-[:COVERS]->(Part)` says that it is counted, `(Pattern)-[:LIES_ON]->(Part)` what came out. Until an
And-Or graph is built, it follows from the labels and firings in the database alone: whoever changes these deletes
COVERS in the same transaction; whoever has done with changing, or asks, counts anew. Building an And-Or graph counts
over the objects on which the part was found, too. That stays where boxes are added, and COVERS says on how many it
rests, so that answers can say where it rests on fewer than there are; it goes with the And-Or graph.
"""

from egraph.graph.connection import Database, Transaction
from egraph.graph.graphs import graphs
from egraph.graph.mixtures import note_mixtures

SUREST = 200
"""Patterns of each part that are named with it."""
DELETED = 20_000
"""At most so many relationships are deleted in one statement."""


def refresh_places(database: Database, graph_id: str, category: str) -> None:
    """Count over the labels where a graph's patterns lie on those parts of its category for which that is not done.

    Raises:
        DatabaseError: the database failed.
    """
    waiting = database.read("parts/unplaced", graph=graph_id, category=category)
    if not waiting:
        return
    # It needs numerical libraries, which those who only ask need not load.
    from egraph.graph.chance import DEVIATIONS, chance_table

    for row in waiting:
        names = {"graph": graph_id, "category": category, "part": row["part"]}

        def work(transaction: Transaction, names: dict[str, str] = names) -> None:
            if transaction.run("parts/begin_places", **names):
                delete_all(transaction, names)
                (cover,) = transaction.run("parts/cover", **names)
                chance = chance_table(cover["objects"], cover["area"], cover["patterns"])
                transaction.run("parts/places", **names, deviations=DEVIATIONS, by_chance=chance)
                transaction.run("parts/surest", **names, limit=SUREST)

        database.transaction(work)
    note_mixtures(database, graph_id, category)


def note_surest(database: Database, graph_id: str, category: str) -> None:
    """Name the patterns that lie most surely on the parts of a graph where that is not done: an earlier egraph did not.

    Raises:
        DatabaseError: the database failed.
    """
    for row in database.read("parts/without_surest", graph=graph_id):
        names = {"graph": graph_id, "category": category, "part": row["part"]}
        database.write("parts/surest", **names, limit=SUREST)


def refresh_category(database: Database, category: str) -> None:
    """Count for all complete graphs of a category.

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
    database.write("parts/forget_places", category=category, part=part, all=True)
    for graph in (graph.id for graph in graphs(database) if graph.category == category):
        while database.write("parts/delete_places", graph=graph, part=part, limit=DELETED)[0]["deleted"]:
            pass


def delete_all(transaction: Transaction, names: dict[str, str]) -> None:
    """Delete where a graph's patterns lie on a part, within a transaction."""
    of = {"graph": names["graph"], "part": names["part"]}
    while transaction.run("parts/delete_places", **of, limit=DELETED)[0]["deleted"]:
        pass
