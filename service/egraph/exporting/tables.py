"""Folders with one table per label and per type of relationship: CSV for anyone, CSV for neo4j-admin, Parquet."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from egraph.errors import UsageError
from egraph.exporting.columns import Columns, fitted
from egraph.exporting.graph_kinds import Kind

ARRAY_DELIMITER = "\x1f"
"""Between the items of a list for neo4j-admin, which knows no escape: a character that no text has."""
ARRAY_OPTION = "--array-delimiter=U+001F"
ARGUMENTS = "import.args"

Row = dict[str, Any]
"""A node's properties; a relationship's with its ends as `source` and `target` beside them in `Table.write`."""


class Table(Protocol):
    """The file of one kind, while it is being written."""

    def write(self, ends: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        """Add rows; `ends` has the ids of each relationship's ends, and is empty for nodes."""

    def close(self) -> None:
        """Write what is left."""


class Folder:
    """Begins the tables of a folder; `finish` adds what belongs to all of them."""

    def __init__(self, path: Path):
        self.path = path
        path.mkdir()

    def finish(self) -> None:
        """Nothing is left to write."""


class CsvFolder(Folder):
    """One `.csv` per kind with a plain header: `source` and `target` of relationships first; lists are JSON."""

    def table(self, kind: Kind, columns: Columns) -> Table:
        """A new table, in place of an earlier one of this kind."""
        ends = [] if kind.is_node else ["source", "target"]
        return CsvTable(self.path / f"{kind.file}.csv", ends + list(columns), columns, json_list)


class AdminFolder(Folder):
    """What `neo4j-admin database import full` reads: typed headers, and its options in `import.args`."""

    def __init__(self, path: Path):
        super().__init__(path)
        self._options: dict[str, str] = {}

    def table(self, kind: Kind, columns: Columns) -> Table:
        """A new table, in place of an earlier one of this kind. Each label has ids of its own."""
        if kind.is_node:
            header = [f"id:ID({kind.name})"]
            self._options[kind.file] = f"--nodes={kind.name}={kind.file}.csv"
        else:
            header = [f":START_ID({kind.source})", f":END_ID({kind.target})"]
            self._options[kind.file] = f"--relationships={kind.name}={kind.file}.csv"
        named = {name: type_ for name, type_ in columns.items() if name != "id" or not kind.is_node}
        header += [f"{name}:{'string[]' if type_ == '[]' else type_}" for name, type_ in named.items()]
        return CsvTable(self.path / f"{kind.file}.csv", header, named, joined, id_first=kind.is_node)

    def finish(self) -> None:
        """Write the options too; lines of a text may be many, as file names may have line breaks."""
        options = [ARRAY_OPTION, "--multiline-fields=true", *self._options.values()]
        (self.path / ARGUMENTS).write_text("".join(f"{option}\n" for option in options), encoding="utf-8")


class CsvTable:
    """A table as CSV: texts are quoted, numbers are not, and what is not there is empty."""

    def __init__(self, file: Path, header: list[str], columns: Columns, lists: Any, id_first: bool = False):
        self._file: TextIO = file.open("w", encoding="utf-8", newline="")
        self._columns = columns
        self._lists = lists
        self._id_first = id_first
        self._file.write(",".join(quoted(name) for name in header) + "\n")

    def write(self, ends: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        """See `Table`."""
        lines = []
        columns = list(self._columns.items())
        for number, row in enumerate(rows):
            cells = [quoted(end) for end in ends[number]] if ends else []
            if self._id_first:
                cells.append(quoted(row["id"]))
            cells += [self._cell(row.get(name), type_) for name, type_ in columns]
            lines.append(",".join(cells))
        self._file.write("".join(f"{line}\n" for line in lines))

    def _cell(self, value: Any, type_name: str) -> str:
        if type(value) is float and type_name == "double":
            return number_text(value)
        value = fitted(value, type_name)
        if value is None:
            return ""
        if isinstance(value, list):
            return quoted(self._lists(value))
        return quoted(value) if isinstance(value, str) else number_text(value)

    def close(self) -> None:
        """See `Table`."""
        self._file.close()


def number_text(value: float | bool) -> str:
    """A number as Java, Python and spreadsheets read it, with every digit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return repr(value)


def quoted(text: str) -> str:
    """A text as a CSV cell; an empty one differs from one that is not there."""
    return '"' + text.replace('"', '""') + '"'


def json_list(values: list[Any]) -> str:
    """A list as JSON."""
    return json.dumps(values, ensure_ascii=False)


def joined(values: list[Any]) -> str:
    """A list for neo4j-admin."""
    return ARRAY_DELIMITER.join(
        value.replace(ARRAY_DELIMITER, " ") if isinstance(value, str) else number_text(value) for value in values
    )


class ParquetFolder(Folder):
    """One `.parquet` per kind; `source` and `target` of relationships first."""

    def __init__(self, path: Path):
        pyarrow()
        super().__init__(path)

    def table(self, kind: Kind, columns: Columns) -> Table:
        """A new table, in place of an earlier one of this kind."""
        return ParquetTable(self.path / f"{kind.file}.parquet", kind, columns)


class ParquetTable:
    """A table as Parquet, with a row group for each hundred thousand rows."""

    ROWS = 100_000

    def __init__(self, file: Path, kind: Kind, columns: Columns):
        arrow, parquet = pyarrow()
        items = {"boolean": arrow.bool_(), "long": arrow.int64(), "double": arrow.float64(), "string": arrow.string()}
        ends = [] if kind.is_node else [("source", arrow.string()), ("target", arrow.string())]
        self._columns = columns
        typed = [
            (name, arrow.list_(items[t.removesuffix("[]") or "string"]) if t.endswith("[]") else items[t])
            for name, t in columns.items()
        ]
        self._schema = arrow.schema(ends + typed)
        self._table = arrow.Table
        self._rows: list[Row] = []
        self._writer = parquet.ParquetWriter(file, self._schema)

    def write(self, ends: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        """See `Table`."""
        for number, row in enumerate(rows):
            values = {name: fitted(row.get(name), type_) for name, type_ in self._columns.items()}
            if ends:
                values |= {"source": ends[number][0], "target": ends[number][1]}
            self._rows.append(values)
        if len(self._rows) >= self.ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._table.from_pylist(self._rows, self._schema))
        self._rows = []

    def close(self) -> None:
        """See `Table`."""
        self._flush()
        self._writer.close()


def pyarrow() -> tuple[Any, Any]:
    """The library that writes Parquet, which is not installed with egraph.

    Raises:
        UsageError: it is not there.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as missing:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed; `pip install 'egraph[parquet]'` adds it, or choose csv."
        ) from missing
    return pyarrow, pyarrow.parquet
