"""What a schema is made of: labels of nodes and types of relationships, with their columns and indexes."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from egraph.photos.mirroring import mirror


class Type(StrEnum):
    """What the values of a column are. `JSON` is text that holds JSON, for what has a shape of its own."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    JSON = "JSON text"
    INTEGERS = "list of integers"
    NUMBERS = "list of numbers"
    TEXTS = "list of texts"

    @property
    def is_list(self) -> bool:
        return self in (Type.INTEGERS, Type.NUMBERS, Type.TEXTS)


class Mirroring(StrEnum):
    """What becomes of a column's values when left and right of the object are exchanged."""

    KEPT = "does not change"
    PLACE = "becomes 1 minus itself"
    STEP = "changes its sign"
    OTHER = "cannot be told from the value alone"


@dataclass(frozen=True, slots=True)
class Column:
    """A property of a node or a relationship.

    unit: of its values; empty for counts, names and pure numbers. field: of the mined object that it is written from
    and read back to; None for what follows from other columns or is made in the database. axis: which number of that
    field's last axis it is, where each has a column of its own. tail: shape of one item of a list, where an item is
    itself an array. unique: no two nodes of the label have the same value.
    """

    name: str
    type: Type
    meaning: str
    unit: str = ""
    mirroring: Mirroring = Mirroring.KEPT
    field: str | None = None
    axis: int | None = None
    tail: tuple[int, ...] = ()
    unique: bool = False

    def mirrored(self, value: Any) -> Any:
        """A value, or an array of values, after left and right of the object were exchanged.

        Raises:
            ValueError: that cannot be told from the value alone.
        """
        if self.mirroring is Mirroring.OTHER:
            raise ValueError(f"{self.name} cannot be mirrored by itself")
        if self.mirroring is Mirroring.PLACE:
            return mirror(value)
        return -value if self.mirroring is Mirroring.STEP else value

    def kept(self, value: Any) -> Any:
        """A single value as the database keeps it."""
        if self.type is Type.JSON:
            return json.dumps(value, sort_keys=True)
        as_type = {Type.BOOLEAN: bool, Type.INTEGER: int, Type.NUMBER: float, Type.TEXT: str}.get(self.type)
        return value.ravel().tolist() if as_type is None else as_type(value)

    def read(self, value: Any) -> Any:
        """What `kept` was given; an array is a list."""
        return json.loads(value) if self.type is Type.JSON else value


@dataclass(frozen=True, slots=True)
class Index:
    """An index over properties, for what is asked often."""

    name: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What nodes of one label and relationships of one type have in common.

    exported: whether it belongs to a graph that is taken elsewhere.
    """

    columns: tuple[Column, ...] = ()
    indexes: tuple[Index, ...] = ()
    exported: bool = True

    def column(self, name: str) -> Column:
        """The column `name`."""
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(column.name for column in self.columns)

    @property
    def mined(self) -> tuple[Column, ...]:
        """The columns that are written from what was mined, and read back to it."""
        return tuple(column for column in self.columns if column.field is not None)

    def row(self, mined: Any) -> dict[str, Any]:
        """The mined columns of one node or relationship, as the database keeps them."""
        return row_of(self.mined, mined)

    def fields(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that `row` was made from, by their names."""
        return fields_of(self.mined, properties)


def row_of(columns: Iterable[Column], mined: Any) -> dict[str, Any]:
    """The values of mined columns of one node or relationship, as the database keeps them."""
    return {column.name: column.kept(getattr(mined, str(column.field))) for column in columns}


def fields_of(columns: Iterable[Column], properties: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that `row_of` read, by their names; arrays are lists."""
    return {str(column.field): column.read(properties[column.name]) for column in columns}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Element):
    """Nodes of one label. example: of the id, for people."""

    label: str
    example: str = ""

    @property
    def name(self) -> str:
        return self.label

    @property
    def constraints(self) -> dict[str, str]:
        """The names of the uniqueness constraints, each with its property."""
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", self.label).lower()
        return {f"{snake}_{column.name}": column.name for column in self.columns if column.unique}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship(Element):
    """Relationships of one type; `ends` are the pairs of labels that it leads from and to.

    table: the field of `MinedGraph` with the tables that its rows are written from; None where it follows from others.
    meaning: said of the relationship as a whole. between: what the two ends are called, where both have one label.
    """

    type: str
    ends: tuple[tuple[str, str], ...]
    table: str | None = None
    meaning: str = ""
    between: tuple[str, str] = ("", "")

    @property
    def name(self) -> str:
        return self.type

    @property
    def joins_patterns(self) -> bool:
        """Whether it is mined between patterns of two layers."""
        return self.table is not None and self.ends == (("Pattern", "Pattern"),)
