"""The formats in which a graph can be written."""

from enum import StrEnum
from pathlib import Path
from typing import Protocol

from egraph.exporting.columns import Columns
from egraph.exporting.documents import GraphmlDocument, JsonDocument
from egraph.exporting.graph_kinds import Kind
from egraph.exporting.tables import AdminFolder, CsvFolder, ParquetFolder, Table


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


class Target(Protocol):
    """The file or folder of which all tables are part."""

    def table(self, kind: Kind, columns: Columns) -> Table:
        """Begin the table of a kind, in place of an earlier one where it is a folder."""

    def finish(self) -> None:
        """Write what comes last, and make sure that all of it is on the disk."""


def begin(format_: Format, path: Path, exported: str) -> Target:
    """The empty file or folder of a format.

    Raises:
        UsageError: what the format needs is not installed.
        OSError: it cannot be made.
    """
    if format_ is Format.GRAPHML:
        return GraphmlDocument(path, exported)
    if format_ is Format.JSON:
        return JsonDocument(path, exported)
    if format_ is Format.CSV:
        return CsvFolder(path)
    return AdminFolder(path) if format_ is Format.NEO4J_ADMIN else ParquetFolder(path)
