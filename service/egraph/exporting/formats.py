"""The formats in which a graph can be written."""

from enum import StrEnum


class Format(StrEnum):
    """What is written: `graphml` and `json` are one file, the others a folder of tables."""

    NEO4J_ADMIN = "neo4j-admin"
    GRAPHML = "graphml"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"

    @property
    def is_folder(self) -> bool:
        """Whether there is one table for each kind, with columns that must be known when it begins."""
        return self not in (Format.GRAPHML, Format.JSON)

    def name_for(self, exported: str) -> str:
        """A file's or folder's name for a graph, from its id: graphs of two networks have two names."""
        name = exported.replace("/", "-").replace(":", "-")
        return f"{name}-{self.value}" if self.is_folder else f"{name}.{self.value}"
