"""What a command gives back: frozen dataclasses, whose JSON is made from their fields, so that none is left out."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from egraph.errors import UsageError
from egraph.photos.photo import Box

if TYPE_CHECKING:
    import pandas


SHOWN_ROWS = 50
"""Of a table in a notebook."""


class Result:
    """A base of frozen dataclasses."""

    def to_json(self) -> dict[str, Any]:
        """For programs: plain values, by the fields' names."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]


class Table(Result):
    """A base of frozen dataclasses that have `columns` and `rows`."""

    columns: list[str]
    rows: list[dict[str, Any]]

    def to_pandas(self) -> "pandas.DataFrame":
        """The rows as a DataFrame."""
        return data_frame(self.rows, self.columns)

    def _repr_html_(self) -> str:
        return html_table(self.columns, self.rows)


def plain(value: Any) -> Any:
    """A value as JSON has them: a box is `[x, y, width, height]`, a path its text."""
    if isinstance(value, Result):
        return value.to_json()
    if isinstance(value, Box):
        return [value.x, value.y, value.width, value.height]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value) if isinstance(value, Path) else value


def data_frame(data: Sequence[Mapping[str, Any]] | Mapping[str, Any], columns: Sequence[str]) -> "pandas.DataFrame":
    """Rows, or arrays by column, as a DataFrame with these columns.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise UsageError("pandas is not installed; install it with `pip install 'egraph[notebook]'`.") from error
    return pandas.DataFrame(data, columns=list(columns))


def html_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """The first rows as a table for a notebook, numbers to three digits."""

    def cell(value: Any) -> str:
        return html.escape(f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value))

    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{cell(row.get(name))}</td>' for name in columns)}</tr>" for row in rows[:SHOWN_ROWS]
    )
    more = f"<p>The first {SHOWN_ROWS} of {len(rows):,} rows.</p>" if len(rows) > SHOWN_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
