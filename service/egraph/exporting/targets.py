"""The file or folder that an export fills, for each format."""

from pathlib import Path
from typing import Protocol

from egraph.exporting.columns import Columns
from egraph.exporting.documents import GraphmlDocument, JsonDocument
from egraph.exporting.formats import Format
from egraph.exporting.graph_kinds import Kind
from egraph.exporting.tables import AdminFolder, CsvFolder, ParquetFolder, Table


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
