"""Explanations that were kept in the graph database, each written whole, in place of an earlier one of the same id."""

from datetime import UTC, datetime
from typing import Any

from egraph.explaining.explanation import Explanation
from egraph.explaining.groups import Kind
from egraph.graph.connection import Database, Transaction
from egraph.graph.graph_state import COMPLETE, create, hold
from egraph.graph.objects import write_objects

KEPT_PATTERNS = 200
"""Of each layer, those that say most."""


def explanation_id(graph: str, found: Explanation) -> str:
    """The id of an explanation: the graph's, the object's, the class's, and that of the class instead of which."""
    instead = f"-{found.instead_of.number}" if found.instead_of else ""
    return f"{graph}/{found.object.id}/{found.explained.number}{instead}"


def write_explanation(database: Database, graph: str, content: str, found: Explanation) -> str:
    """Write an explanation by a graph of this content; its id.

    Raises:
        RemovedError: the graph is no longer there, complete and with this content.
        DatabaseError: the database failed.
    """
    id_ = explanation_id(graph, found)
    lines = [line for layer in found.layers for line in layer.patterns[:KEPT_PATTERNS]]

    def work(transaction: Transaction) -> None:
        hold(transaction, graph, content, COMPLETE)
        write_objects(transaction, [found.object])
        transaction.run("explanations/remove", id=id_)
        properties = _properties(graph, found)
        create(transaction, "explanations/write", 1, id=id_, object=found.object.id, properties=properties)
        create(
            transaction,
            "explanations/attributes_to",
            len(lines),
            id=id_,
            pattern=[line.id for line in lines],
            pro=[line.pro for line in lines],
            contra=[line.contra for line in lines],
        )

    database.transaction(work)
    return id_


def _properties(graph: str, found: Explanation) -> dict[str, Any]:
    """What the explanation's node carries."""
    top = found.top
    properties: dict[str, Any] = {
        "graph": graph,
        "class": found.explained.number,
        "class_name": found.explained.name,
        "predicted": found.predicted.number,
        "predicted_name": found.predicted.name,
        "probability": found.predicted.probability,
        "score": top.score,
        "baseline": top.baseline + top.remainder,
        "parts": top.of_kind(Kind.PART),
        "texture": top.of_kind(Kind.TEXTURE),
        "background": top.of_kind(Kind.BACKGROUND),
        "unexplained": top.of_kind(Kind.UNEXPLAINED),
        "layers": [layer.layer for layer in found.layers],
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if found.instead_of is not None:
        properties |= {"instead_of": found.instead_of.number, "instead_of_name": found.instead_of.name}
    return properties
