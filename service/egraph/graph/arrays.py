"""The arrays of what was mined as columns of the database, and back."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from egraph.graph.schema.elements import Column, Type

DTYPES = {Type.BOOLEAN: bool, Type.INTEGER: np.int32, Type.NUMBER: np.float32, Type.NUMBERS: np.float32}
"""Of the arrays; the database keeps integers of 64 bits and doubles, which hold all of these exactly."""


def to_columns(columns: Sequence[Column], table: Any) -> dict[str, np.ndarray]:
    """The mined columns of a table with N rows, by their names: (N,) each, or (N, length) where the values are lists.

    A column that the table does not have, (N, 0) or (0,), is empty: every row reads null from it, which is no property.
    """
    arrays = {}
    for column in columns:
        array = getattr(table, str(column.field))
        if column.axis is not None:
            array = array[..., column.axis]
        elif column.type.is_list:
            array = array.reshape(len(array), math.prod(array.shape[1:]))
        arrays[column.name] = array if array.size else np.empty(0)
    return arrays


def to_fields(
    columns: Sequence[Column], values: Mapping[str, Sequence[Any] | np.ndarray], rows: int, sizes: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """The fields that `to_columns` was given, from the values of each column, None where a row has no such property.

    Args:
        sizes: how many items the lists of each such column have.
    """
    fields: dict[str, np.ndarray] = {}
    axes: dict[str, dict[int, np.ndarray]] = {}
    for column in columns:
        name, there = str(column.field), values[column.name]
        if not isinstance(there, np.ndarray):
            there = [value for value in there if value is not None]
        array = np.asarray(there, DTYPES[column.type])
        if column.axis is not None:
            axes.setdefault(name, {})[column.axis] = array
        else:
            shape = (rows, sizes[column.name], *column.tail) if column.type.is_list else array.shape
            fields[name] = array.reshape(shape)
    return fields | {name: np.stack([parts[axis] for axis in sorted(parts)], 1) for name, parts in axes.items()}


def list_sizes(columns: Sequence[Column], table: Any) -> dict[str, int]:
    """How many items the lists of each list column of a table have."""
    return {c.name: int(getattr(table, str(c.field)).shape[1]) for c in columns if c.type.is_list}


def floats(values: Iterable[Any]) -> np.ndarray:
    """float32 numbers; the database keeps them as doubles, which hold every float32 exactly."""
    return np.array(values, np.float32)
