"""What a graph consists of: each label and each type of relationship, with the statement that reads it."""

from dataclasses import dataclass
from enum import StrEnum


class Page(StrEnum):
    """By what a statement reads: all at once for the graph, or for some ids at a time."""

    GRAPH = "graph"
    FILTERS = "filters"
    PATTERNS = "patterns"
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class Kind:
    """Nodes of one label, or, with `source` and `target`, relationships of one type between two labels."""

    name: str
    statement: str
    page: Page
    source: str = ""
    target: str = ""

    @property
    def is_node(self) -> bool:
        return not self.source

    @property
    def file(self) -> str:
        """A name of its own for this kind's file: one type may join several pairs of labels."""
        return self.name if self.is_node else f"{self.source}-{self.name}-{self.target}"


NODES = (
    Kind("Network", "network", Page.GRAPH),
    Kind("Layer", "layers", Page.GRAPH),
    Kind("Filter", "filters", Page.FILTERS),
    Kind("ExplanatoryGraph", "graph", Page.GRAPH),
    Kind("Pattern", "patterns", Page.PATTERNS),
    Kind("Object", "objects", Page.OBJECTS),
    Kind("Part", "parts", Page.GRAPH),
    Kind("AndOrGraph", "and_or_graphs", Page.GRAPH),
    Kind("Template", "templates", Page.GRAPH),
)
RELATIONSHIPS = (
    Kind("IN_NETWORK", "in_network", Page.GRAPH, "Layer", "Network"),
    Kind("IN_LAYER", "in_layer", Page.FILTERS, "Filter", "Layer"),
    Kind("READS", "reads", Page.GRAPH, "ExplanatoryGraph", "Layer"),
    Kind("SEPARATED_FROM", "separated_from", Page.PATTERNS, "Pattern", "Filter"),
    Kind("IN_GRAPH", "pattern_in_graph", Page.PATTERNS, "Pattern", "ExplanatoryGraph"),
    Kind("CO_ACTIVATES_WITH", "co_activates_with", Page.PATTERNS, "Pattern", "Pattern"),
    Kind("DISPLACED_FROM", "displaced_from", Page.PATTERNS, "Pattern", "Pattern"),
    Kind("FIRES_ON", "fires_on", Page.PATTERNS, "Pattern", "Object"),
    Kind("IN_GRAPH", "object_in_graph", Page.OBJECTS, "Object", "ExplanatoryGraph"),
    Kind("SHOWS", "shows", Page.OBJECTS, "Object", "Part"),
    Kind("COVERS", "covers", Page.GRAPH, "ExplanatoryGraph", "Part"),
    Kind("LIES_ON", "lies_on", Page.PATTERNS, "Pattern", "Part"),
    Kind("BUILT_FROM", "built_from", Page.GRAPH, "AndOrGraph", "ExplanatoryGraph"),
    Kind("FOR_PART", "for_part", Page.GRAPH, "AndOrGraph", "Part"),
    Kind("HAS_TEMPLATE", "has_template", Page.GRAPH, "AndOrGraph", "Template"),
    Kind("COMPOSED_OF", "composed_of", Page.GRAPH, "Template", "Pattern"),
    Kind("LEARNT_FROM", "learnt_from", Page.OBJECTS, "AndOrGraph", "Object"),
    Kind("FOUND_ON", "found_on", Page.OBJECTS, "AndOrGraph", "Object"),
)
