"""What a graph consists of: each label, and each type of relationship between two labels, as the schema says."""

from dataclasses import dataclass

from egraph.graph import schema
from egraph.graph.statements import Statement, statement


@dataclass(frozen=True, slots=True)
class Kind:
    """Nodes of one label, or, with `source` and `target`, relationships of one type between two labels."""

    name: str
    source: str = ""
    target: str = ""

    @property
    def is_node(self) -> bool:
        return not self.source

    @property
    def file(self) -> str:
        """A name of its own for this kind's file: one type may join several pairs of labels."""
        return self.name if self.is_node else f"{self.source}-{self.name}-{self.target}"

    @property
    def pages(self) -> str:
        """The label of the nodes by whose ids it is read, some at a time."""
        return self.name if self.is_node else self.source

    @property
    def statement(self) -> Statement:
        """What reads it."""
        if self.is_node:
            return statement("export/nodes").filled(label=self.name)
        return statement("export/relationships").filled(source=self.source, type=self.name, target=self.target)


NODES = tuple(Kind(node.label) for node in schema.NODES if node.exported)
RELATIONSHIPS = tuple(
    Kind(relationship.type, source, target)
    for relationship in schema.RELATIONSHIPS
    if relationship.exported
    for source, target in relationship.ends
)
