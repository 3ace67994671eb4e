"""The columns of a table of nodes or relationships: which properties there are, and of what type."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Columns = dict[str, str]
"""Names of properties in the order in which they were met, each with its type: `boolean`, `long`, `double` or
`string`, with `[]` behind it for lists; `string` also where the types are mixed, whose values are then JSON."""

NAMES: dict[type, str] = {bool: "boolean", int: "long", float: "double", str: "string"}


def type_of(value: Any) -> str:
    """The type of one value; `[]` of an empty list, which fits every list."""
    if isinstance(value, list):
        return widest(type_of(item) + "[]" for item in value) or "[]"
    return NAMES.get(type(value), "string")


def widest(types: Iterable[str]) -> str:
    """The type that holds values of all these types."""
    known = {one for one in types if one}
    if "[]" in known and all(one.endswith("[]") for one in known) and len(known) > 1:
        known.remove("[]")
    if len(known) <= 1:
        return known.pop() if known else ""
    if known == {"long", "double"}:
        return "double"
    if known == {"long[]", "double[]"}:
        return "double[]"
    return "string[]" if all(one.endswith("[]") for one in known) else "string"


def widen(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Make the columns hold `rows` too; whether that changed them."""
    before = dict(columns)
    for row in rows:
        for name, value in row.items():
            if value is not None:
                columns[name] = widest((columns.get(name, ""), type_of(value)))
    return columns != before


def in_order(columns: Columns) -> Columns:
    """The id, then the others by name: a database gives properties in any order, and tables of several exports may be
    laid together."""
    return dict(sorted(columns.items(), key=lambda column: (column[0] != "id", column[0])))


def fitted(value: Any, type_name: str) -> Any:
    """`value` as its column's type says: a whole number among fractions as one, a mixed value as JSON text."""
    if value is None:
        return None
    if type_name == "double":
        return float(value)
    if type_name == "double[]":
        return [float(item) for item in value]
    if type_name == "string" and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, default=str)
    if type_name in ("string[]", "[]"):
        return [fitted(item, "string") for item in value]
    return value
