"""Results on stdout, in one of four formats; every command that lists something takes the same four flags."""

import csv
import functools
import inspect
import io
import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egraph.escape import SHOWN, shown
from egraph.json_text import dumps

if TYPE_CHECKING:
    from egraph.photos.photo import Skipped

Row = Mapping[str, Any]

PIPE_WIDTH = 100_000
"""Columns of a table that is not read on a terminal: nothing is wrapped or cut."""
SKIPPED_SHOWN = 10
NARROW = 12
"""Characters that a column may be squeezed to before a table becomes one block per row."""


GRAPH_PARTS = 3
"""Parts of a graph's id: network, category, name."""

CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a terminal's cursor, changes its colours, or turns the order of what is read; and halves of characters."""


def printable(text: str) -> str:
    """A text for a person's eyes, with names that others chose: control characters as Python writes them."""
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), shown(text))


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    NL = "nl"
    CSV = "csv"


FLAGS = {
    Format.TABLE: "Print a table (the default).",
    Format.JSON: "Print JSON.",
    Format.NL: "Print one JSON object per line.",
    Format.CSV: "Print CSV.",
}


def formats(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the flags --table, --json, --nl and --csv; it gets the chosen `Format` as `output`."""
    signature = inspect.signature(command, eval_str=True)
    flags = [
        inspect.Parameter(
            f"as_{name}",
            inspect.Parameter.KEYWORD_ONLY,
            default=False,
            annotation=Annotated[bool, typer.Option(f"--{name}", help=text)],
        )
        for name, text in FLAGS.items()
    ]

    @functools.wraps(command)
    def with_formats(*args: Any, **kwargs: Any) -> None:
        wanted = [name for name in FLAGS if kwargs.pop(f"as_{name}")]
        if len(wanted) > 1:
            raise typer.BadParameter(f"choose one of --{' and --'.join(wanted)}.")
        command(*args, output=wanted[0] if wanted else Format.TABLE, **kwargs)

    kept = [p for name, p in signature.parameters.items() if name != "output"]
    with_formats.__signature__ = signature.replace(parameters=kept + flags)  # type: ignore[attr-defined]
    with_formats.__annotations__ = {p.name: p.annotation for p in kept + flags}
    return with_formats


def write_rows(output: Format, columns: Sequence[str], rows: Iterable[Row], whole: object = None) -> None:
    """Print rows in the chosen format.

    Args:
        output: the format.
        columns: the keys of the rows, in order.
        rows: what to print.
        whole: what --json prints; the list of rows when None.
    """
    rows = list(rows)
    if output is Format.JSON:
        write_json(rows if whole is None else whole)
    elif output is Format.NL:
        for row in rows:
            write_line(row)
    elif output is Format.CSV:
        for_programs()
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([plain(row.get(column)) for column in columns] for row in rows)
    else:
        write_table(columns, rows)
        if not rows:
            print("(nothing)", file=sys.stderr)


def write_json(value: object) -> None:
    """Print one JSON value, indented."""
    for_programs()
    print(dumps(value, indent=2))


def write_line(value: object) -> None:
    """Print one JSON value in one line, at once."""
    for_programs()
    print(dumps(value), flush=True)


def for_programs() -> None:
    """From here on, stdout is UTF-8, whatever the locale says: JSON is, and so is CSV."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors=SHOWN)


def plain(value: object) -> object:
    """A value as one CSV cell."""
    if value is None:
        return ""
    return dumps(value) if isinstance(value, bool | Mapping | list | tuple) else value


def cell(value: object) -> str:
    """A value as one cell of a table, numbers to three digits or whole."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    return dumps(value) if isinstance(value, Mapping) else shown(str(value))


def skipped_lines(skipped: "Sequence[Skipped]") -> list[str]:
    """The photos that were left out and why: the first ten by name, then how many more."""
    if not skipped:
        return []
    lines = ["Skipped:"] + [printable(f"  {one.path}: {one.reason}") for one in skipped[:SKIPPED_SHOWN]]
    if len(skipped) > SKIPPED_SHOWN:
        lines.append(f"  and {len(skipped) - SKIPPED_SHOWN:,} more; --json names them all")
    return lines


def write_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print a table; on a terminal, what all long ids begin with stands once above it, and where the terminal is too
    narrow for a table, each row is a block."""
    from rich.console import Console
    from rich.table import Table

    terminal = sys.stdout.isatty()
    console = Console(
        file=sys.stdout, width=None if terminal else PIPE_WIDTH, highlight=False, markup=False, emoji=False
    )
    cells = [[printable(cell(row.get(column))) for column in columns] for row in rows]
    if terminal and (prefix := shared_prefix(cells)):
        print(f"… is {prefix}")
        cells = [
            [f"…{text.removeprefix(prefix)}" if text.startswith(prefix) else text for text in row] for row in cells
        ]
    heads = [name.replace("_", " ") if terminal else name for name in columns]
    least = [least_width([max(head.split(), key=len), *texts]) for head, *texts in zip(heads, *cells, strict=True)]
    if sum(least) + len(least) - 1 > console.width:
        write_blocks(columns, cells)
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold" if terminal else "")
    for name, head, width in zip(columns, heads, least, strict=True):
        known = [row.get(name) for row in rows if row.get(name) is not None]
        number = bool(known) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known)
        table.add_column(head, justify="right" if number else "left", overflow="fold", min_width=width)
    for texts in cells:
        table.add_row(*texts)
    console.print(table)


def write_blocks(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print one block of `name  value` lines per row. The terminal breaks a long line, so that it is copied whole."""
    label = max(map(len, columns))
    for number, texts in enumerate(cells):
        if number:
            print()
        for name, text in zip(columns, texts, strict=True):
            print(f"{name:<{label}}  {text}".rstrip())


def least_width(texts: Sequence[str]) -> int:
    """How narrow a column may become: its longest text, or NARROW where it is longer; no word is cut, so no id is."""
    from rich.cells import cell_len

    words = [cell_len(word) for text in texts for word in text.split()]
    return max(min(max(map(cell_len, texts)), NARROW), *words, 0)


def shared_prefix(cells: Sequence[Sequence[str]]) -> str:
    """What all ids begin with, up to a slash; empty unless it is worth a line. An id has an @ and a slash.

    Of a pattern no more than its graph is taken off: what is left is its short id.
    """
    ids = [text for row in cells for text in row if "@" in text and "/" in text]
    if len(ids) < 2:
        return ""
    parts = "/".join(posixpath.commonpath([text.rpartition("/")[0] for text in ids]).split("/")[:GRAPH_PARTS])
    return f"{parts}/" if len(parts) > NARROW else ""
