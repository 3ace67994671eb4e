"""The schema of the graph, said once: every label, every type of relationship, every property of theirs.

From it come the batches that are written and what is read back (`graph.arrays`, `batches`, `read`), the content hash,
counts, constraints and indexes (`graph.constraints`), what is exported, the tables of the README (`schema.tables`) and
the hints about names that the graph does not know (`schema.hints`). A new property or relationship begins here.
"""

from egraph.graph.schema.elements import Element
from egraph.graph.schema.nodes import (
    AND_OR_GRAPH,
    GEOMETRY,
    GRAPH,
    LAYER,
    NETWORK,
    NODES,
    PATTERN,
    PHOTO_OBJECT,
    TEMPLATE,
)
from egraph.graph.schema.relationships import (
    COMPOSED_OF,
    FIRES_ON,
    FOUND_ON,
    IN_GRAPH,
    PEAKS_ON,
    READING,
    RELATIONSHIPS,
    SEPARATED_FROM,
)

ELEMENTS: tuple[Element, ...] = (*NODES, *RELATIONSHIPS)
PAIRS = tuple(relationship for relationship in RELATIONSHIPS if relationship.joins_patterns)
"""What is mined between patterns of two layers."""

__all__ = [
    "AND_OR_GRAPH",
    "COMPOSED_OF",
    "ELEMENTS",
    "FIRES_ON",
    "FOUND_ON",
    "GEOMETRY",
    "GRAPH",
    "IN_GRAPH",
    "LAYER",
    "NETWORK",
    "NODES",
    "PAIRS",
    "PATTERN",
    "PEAKS_ON",
    "PHOTO_OBJECT",
    "READING",
    "RELATIONSHIPS",
    "SEPARATED_FROM",
    "TEMPLATE",
]
