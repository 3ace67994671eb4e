"""A graph of the database as arrays: patterns and objects as columns, edges as pairs of their rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from egraph.errors import UsageError
from egraph.graph.connection import open_database
from egraph.graph.graphs import choose_graph, graphs
from egraph.graph.read import read_graph
from egraph.graph.schema import PAIRS
from egraph.graph.statements import statement
from egraph.mining.graph_tables import MinedGraph, PairTable, PatternTable
from egraph.photos.photo import PhotoObject
from egraph.results import Result, data_frame, html_table
from egraph.settings import Settings

if TYPE_CHECKING:
    import networkx
    import pandas

BETWEEN_PATTERNS = ("CO_ACTIVATES_WITH", "DISPLACED_FROM")
FIRES_ON = "FIRES_ON"
PAGE = 400
"""Patterns whose firings are read at once."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Relationships of one type. index: (2, E) int64, rows of their sources and of their targets; values: by the
    property's name, (E,)."""

    index: np.ndarray
    values: dict[str, np.ndarray]

    def __len__(self) -> int:
        return int(self.index.shape[1])

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each edge: `source`, `target` and the values."""
        columns = {"source": self.index[0], "target": self.index[1], **self.values}
        return data_frame(columns, list(columns))


@dataclass(frozen=True, eq=False)
class ExplanatoryGraph(Result):
    """A complete graph. layers: from the input side up. patterns: by the property's name, (P,), with `id` and `layer`;
    rows stand layer by layer. objects: those that it was mined from; mirrored: (n,) which stand mirrored."""

    id: str
    category: str
    name: str
    network: str
    layers: list[str]
    patterns: dict[str, np.ndarray] = field(repr=False)
    objects: list[PhotoObject] = field(repr=False)
    mirrored: np.ndarray = field(repr=False)
    _between: dict[str, Edges] = field(repr=False)
    _settings: Settings = field(repr=False)

    def __len__(self) -> int:
        return len(self.patterns["id"])

    def edges(self, type_: str = "CO_ACTIVATES_WITH") -> Edges:
        """The relationships of a type: `CO_ACTIVATES_WITH` and `DISPLACED_FROM` from patterns to patterns of a layer
        above, `FIRES_ON` from patterns to objects, which is read from the database when it is asked for.

        Raises:
            UsageError: there is no such type.
            DatabaseError: the database failed.
        """
        if type_ in self._between:
            return self._between[type_]
        if type_ != FIRES_ON:
            known = ", ".join((*BETWEEN_PATTERNS, FIRES_ON))
            raise UsageError(f"A graph has no edges of the type {type_!r}; it has {known}.")
        return self._firings()

    def to_json(self) -> dict[str, Any]:
        """What the graph is and how large: patterns and objects counted, edges by type."""
        return {
            "id": self.id,
            "category": self.category,
            "name": self.name,
            "network": self.network,
            "layers": self.layers,
            "patterns": len(self),
            "objects": len(self.objects),
            "edges": {type_: len(edges) for type_, edges in self._between.items()},
        }

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each pattern."""
        return data_frame(self.patterns, list(self.patterns))

    def to_networkx(self) -> "networkx.MultiDiGraph":
        """Patterns as nodes named by their ids, the edges between them with their type as key."""
        import networkx

        made = networkx.MultiDiGraph(**{key: getattr(self, key) for key in ("id", "category", "name", "network")})
        ids = self.patterns["id"].tolist()
        made.add_nodes_from(zip(ids, _rows({k: v for k, v in self.patterns.items() if k != "id"}), strict=True))
        for type_, edges in self._between.items():
            sources, targets = edges.index.tolist()
            made.add_edges_from(
                (ids[source], ids[target], type_, values)
                for source, target, values in zip(sources, targets, _rows(edges.values, len(edges)), strict=True)
            )
        return made

    def _firings(self) -> Edges:
        pattern = {id_: row for row, id_ in enumerate(self.patterns["id"].tolist())}
        object_ = {o.id: row for row, o in enumerate(self.objects)}
        ids, found = list(pattern), []
        asked = statement("export/relationships").filled(source="Pattern", type=FIRES_ON, target="Object")
        with open_database(self._settings) as database:
            for start in range(0, len(ids), PAGE):
                found += database.ask(asked, {"ids": ids[start : start + PAGE], "others": None}).rows
        # Objects that were placed later are none of those that the graph was mined from.
        kept = [row for row in found if row[1] in object_]
        index = np.array([[pattern[row[0]], object_[row[1]]] for row in kept], np.int64).reshape(len(kept), 2)
        order = np.lexsort((index[:, 1], index[:, 0]))
        names = sorted({name for row in kept for name in row[2]})
        values = {name: np.array([row[2].get(name) for row in kept])[order] for name in names}
        return Edges(np.ascontiguousarray(index[order].T), values)

    def _repr_html_(self) -> str:
        layer = self.patterns["layer"]
        rows = [{"layer": name, "patterns": int((layer == name).sum())} for name in reversed(self.layers)]
        return f"<p><b>{self.id}</b>, {len(self.objects)} objects</p>{html_table(['layer', 'patterns'], rows)}"


def open_graph(settings: Settings, graph: str, name: str | None = None) -> ExplanatoryGraph:
    """A graph by its id, or the one of a category; `name` says which where the category has several.

    Raises:
        NothingYetError: there is none.
        UsageError: there are several.
        DatabaseError: the database failed.
    """
    with open_database(settings) as database:
        known = graphs(database)
        if any(one.id == graph for one in known):
            found = choose_graph(known, graph.split("/")[1], graph)
        else:
            found = choose_graph(known, graph, name)
        return columns_of(read_graph(database, found.id), settings)


def columns_of(mined: MinedGraph, settings: Settings) -> ExplanatoryGraph:
    """The tables of a graph, one below the other."""
    layers = [layer.name for layer in mined.layers if layer.name in mined.patterns]
    first, count = {}, 0
    for layer in layers:
        first[layer], count = count, count + len(mined.patterns[layer])
    columns = [_pattern_columns(mined.patterns[layer], mined.id) for layer in layers]
    names = [name for name in columns[0] if all(name in some for some in columns)] if columns else ["id", "layer"]
    patterns = {name: np.concatenate([some[name] for some in columns] or [np.empty(0)]) for name in names}
    between = {pair.type: _joined(getattr(mined, str(pair.table)), first) for pair in PAIRS}
    return ExplanatoryGraph(
        id=mined.id,
        category=mined.category,
        name=mined.name,
        network=mined.network_id,
        layers=layers,
        patterns=patterns,
        objects=mined.objects,
        mirrored=np.asarray(mined.mirrored),
        _between=between,
        _settings=settings,
    )


def _pattern_columns(table: PatternTable, graph: str) -> dict[str, np.ndarray]:
    """One column for each property that is one number; `x` and `y` are the mean place."""
    pairs = zip(table.filter.tolist(), table.number.tolist(), strict=True)
    columns = {
        "id": np.array([f"{graph}/{table.layer}/{filter_}/{number}" for filter_, number in pairs], object),
        "layer": np.full(len(table), table.layer, object),
        "x": table.mean_place[:, 1],
        "y": table.mean_place[:, 0],
    }
    for one in fields(table):
        value = getattr(table, one.name)
        if isinstance(value, np.ndarray) and value.shape == (len(table),):
            columns[one.name] = value
    return columns


def _joined(tables: Sequence[PairTable], first: dict[str, int]) -> Edges:
    """The edges of all pairs of layers, by rows of all patterns."""
    offsets = [(table, first[table.lower], first[table.upper]) for table in tables]
    index = [np.stack([t.source.astype(np.int64) + low, t.target.astype(np.int64) + up]) for t, low, up in offsets]
    ends = ("lower", "upper", "source", "target")
    names = [one.name for one in fields(tables[0]) if one.name not in ends] if tables else []
    values = {name: np.concatenate([getattr(table, name) for table in tables]) for name in names}
    return Edges(np.concatenate(index, 1) if index else np.empty((2, 0), np.int64), values)


def _rows(columns: dict[str, np.ndarray], count: int | None = None) -> list[dict[str, Any]]:
    """Columns as rows of Python's own numbers."""
    if not columns:
        return [{} for _ in range(count or 0)]
    names = list(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.tolist() for c in columns.values()), strict=True)]
