"""Writing a graph to files: page by page, so that memory stays flat, and all of it or nothing."""

import errno
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from egraph.atomic_file import new_entry
from egraph.errors import EgraphError, NothingYetError, UsageError
from egraph.exporting.columns import Columns, in_order, widen
from egraph.exporting.formats import Format
from egraph.exporting.graph_kinds import NODES, RELATIONSHIPS, Kind
from egraph.exporting.tables import Table
from egraph.exporting.targets import Target, begin
from egraph.graph.connection import Database
from egraph.graph.graph_state import complete_graph
from egraph.progress import Progress
from egraph.results import Result

PATTERNS = 400
"""Patterns whose nodes or edges are read at once; one has up to a few hundred edges of a type."""
OTHERS = 2000
AND_OR_GRAPHS = 1
"""One leads to every object of its graph."""
FEW = 100
"""Where at most so many nodes are of the label that relationships lead to, only what leads to these is read."""

Ends = list[tuple[str, str]]


@dataclass(frozen=True)
class Export(Result):
    """What was written: how many nodes of each label, relationships of each type, and bytes."""

    graph: str
    format: str
    output: str
    nodes: dict[str, int]
    relationships: dict[str, int]
    bytes: int
    seconds: float


@dataclass
class Content:
    """The ids of what is exported, in a few bytes each.

    made: content and time of the graph. patterns: for each layer, its name and (P, 2) filter and number. ids: of the
    nodes of all other labels but filters. only: ids of the patterns that a relationship may join, where these are not
    all of the graph's. filters: for each layer its name and its channels; unless told, those that have patterns.
    """

    graph: str
    made: tuple[str, str]
    network: str
    patterns: list[tuple[str, np.ndarray]]
    ids: dict[str, list[str]]
    only: frozenset[str] | None = None
    filters: list[tuple[str, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.filters = self.filters or [(layer, np.unique(pairs[:, 0])) for layer, pairs in self.patterns]
        self._ends = {label: frozenset(ids) for label, ids in self.ids.items()}
        if self.only is not None:
            self._ends["Pattern"] = self.only

    def has_ends(self, kind: Kind, ends: tuple[str, str]) -> bool:
        """Whether both ends of a relationship are exported."""
        labels = (kind.source, kind.target)
        return all(label not in self._ends or end in self._ends[label] for label, end in zip(labels, ends, strict=True))

    def pages(self, kind: Kind) -> Iterator[dict[str, Any]]:
        """The parameters of each call of a kind's statement."""
        common: dict[str, Any] = {}
        if not kind.is_node:
            others = self.ids.get(kind.target, [])
            common["others"] = others if 0 < len(others) <= FEW else None
        ids = self._ids(kind.pages)
        while some := list(islice(ids, page_size(kind))):
            yield common | {"ids": some}

    def count_pages(self, kind: Kind) -> int:
        """How many pages there are."""
        pairs = {"Pattern": self.patterns, "Filter": self.filters}.get(kind.pages)
        count = len(self.ids[kind.pages]) if pairs is None else sum(len(some) for _, some in pairs)
        return math.ceil(count / page_size(kind))

    def _ids(self, label: str) -> Iterator[str]:
        if label == "Pattern":
            return self.pattern_ids()
        return self._filter_ids() if label == "Filter" else iter(self.ids[label])

    def pattern_ids(self) -> Iterator[str]:
        """The ids of all patterns."""
        # From the top down: anchors have properties that others lack, and a table's columns are best known early.
        for layer, pairs in reversed(self.patterns):
            for filter_, number in pairs:
                yield f"{self.graph}/{layer}/{filter_}/{number}"

    def _filter_ids(self) -> Iterator[str]:
        for layer, filters in self.filters:
            for filter_ in filters:
                yield f"{self.network}/{layer}/{filter_}"


def page_size(kind: Kind) -> int:
    """By how many ids a kind is read at once."""
    return {"Pattern": PATTERNS, "AndOrGraph": AND_OR_GRAPHS}.get(kind.pages, OTHERS)


def export_graph(
    database: Database, graph_id: str, format_: Format, output: Path, progress: Progress | None = None
) -> Export:
    """Write a complete graph to `output`, which must not be there yet; on any failure nothing is left of it.

    A graph goes with the And-Or graphs built from it. `graph_id` may also be the id of an And-Or graph: then it goes
    with its patterns, what is between these, its objects, and where it all comes from.

    Raises:
        NothingYetError: there is no such graph, it is not complete, or it is removed meanwhile.
        UsageError: `output` is there, or cannot be made; what the format needs is not installed.
        EgraphError: the disk is full.
        DatabaseError: the database failed.
    """
    began = time.perf_counter()
    output = output.absolute()
    if os.path.lexists(output):
        raise UsageError(f"{output} is there already; remove it, or name another file or folder with --output.")
    content = read_content(database, graph_id)
    try:
        with new_entry(output) as beside:
            target = begin(format_, beside, graph_id)
            counts = write(database, content, format_, target, progress)
            target.finish()
            # Labels may be added while we read; only a graph that is gone or begun anew cannot be one export.
            if made(complete_graph(database, content.graph)[0]) != content.made:
                raise NothingYetError(
                    f"The graph {content.graph} was made anew while it was read; run the command again."
                )
            size = written_bytes(beside)
    except OSError as error:
        raise refusal(error, output) from error
    nodes: dict[str, int] = {}
    relationships: dict[str, int] = {}
    for kind, count in counts.items():
        into = nodes if kind.is_node else relationships
        into[kind.name] = into.get(kind.name, 0) + count
    seconds = round(time.perf_counter() - began, 3)
    return Export(graph_id, format_.value, str(output), nodes, relationships, size, seconds)


def made(graph: dict[str, Any]) -> tuple[str, str]:
    """What tells a graph from one that was made anew under its name."""
    return graph["content"], graph["created_at"]


def read_content(database: Database, exported: str) -> Content:
    """The ids of all that a graph, or an And-Or graph, consists of.

    Raises:
        NothingYetError: there is no such graph, or it is not complete.
        DatabaseError: the database failed.
    """
    found = database.read("export/and_or_graph", aog=exported)
    if found:
        return read_aog_content(database, exported, **found[0])
    graph, _ = complete_graph(database, exported)
    patterns, filters = [], []
    for layer in database.read("read/layers", graph=exported):
        filters.append((layer["name"], np.arange(layer["reading"]["channels"])))
        rows = database.ask("read/pattern_numbers", {"graph": exported, "layer": layer["name"]}).rows
        patterns.append((layer["name"], np.array(rows, np.int32).reshape(len(rows), 2)))
    aogs = database.read("export/and_or_graphs", graph=exported)
    ids = {
        "Object": sorted(row["id"] for row in database.read("export/objects", graph=exported)),
        "Part": [row["id"] for row in database.read("export/parts", category=graph["category"])],
        "AndOrGraph": [row["id"] for row in aogs],
        "Template": [id_ for row in aogs for id_ in row["templates"]],
        "Edit": [id_ for row in aogs for id_ in row["edits"]],
    }
    layers = [layer for layer, _ in patterns]
    ids |= origin(exported, graph["network"], layers)
    return Content(exported, made(graph), graph["network"], patterns, ids, filters=filters)


def read_aog_content(database: Database, aog: str, graph: str, part: str) -> Content:
    """The ids of all that an And-Or graph consists of."""
    whole, _ = complete_graph(database, graph)
    network = whole["network"]
    pairs: dict[str, list[tuple[int, int]]] = {}
    for row in database.read("export/and_or_graph_patterns", aog=aog):
        pairs.setdefault(row["layer"], []).append((row["filter"], row["number"]))
    own = [row for row in database.read("export/and_or_graphs", graph=graph) if row["id"] == aog]
    ids = {
        "Object": sorted(row["id"] for row in database.read("export/and_or_graph_objects", aog=aog)),
        "Part": [part],
        "AndOrGraph": [aog],
        "Template": [id_ for row in own for id_ in row["templates"]],
        "Edit": [id_ for row in own for id_ in row["edits"]],
    }
    layers = [row["name"] for row in database.read("read/layers", graph=graph)]
    patterns = [(layer, np.array(some, np.int32)) for layer, some in pairs.items()]
    content = Content(graph, made(whole), network, patterns, ids | origin(graph, network, layers))
    return replace(content, only=frozenset(content.pattern_ids()))


def origin(graph: str, network: str, layers: Sequence[str]) -> dict[str, list[str]]:
    """The ids of a graph, its network and its layers."""
    return {
        "Network": [network],
        "Layer": [f"{network}/{layer}" for layer in layers],
        "ExplanatoryGraph": [graph],
    }


def write(
    database: Database, content: Content, format_: Format, target: Target, progress: Progress | None
) -> dict[Kind, int]:
    """Write all kinds; how many rows each has."""
    kinds = (*NODES, *RELATIONSHIPS)
    total, done = sum(content.count_pages(kind) for kind in kinds), 0
    counts: dict[Kind, int] = {}

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress("exporting", min(done, total), total)

    for kind in kinds:
        columns: Columns = {}
        before = done
        # A property that only later rows have, which somebody may have added by hand, begins the table again.
        while (count := write_table(database, content, kind, format_, target, columns, step)) is None:
            done = before
        counts[kind] = count
    return counts


def write_table(
    database: Database,
    content: Content,
    kind: Kind,
    format_: Format,
    begun: Target,
    columns: Columns,
    step: Callable[[], None],
) -> int | None:
    """Write one kind; returns its rows, or None if its columns turned out to be others, which `columns` now has."""
    table: Table | None = None
    count = 0
    try:
        for parameters in content.pages(kind):
            ends, rows = read_page(database, kind, parameters)
            step()
            if not kind.is_node:
                # what filters have to do with other graphs is theirs
                own = [properties.get("graph", content.graph) == content.graph for properties in rows]
                kept = [i for i, pair in enumerate(ends) if own[i] and content.has_ends(kind, pair)]
                ends, rows = [ends[i] for i in kept], [rows[i] for i in kept]
            if not rows:
                continue
            if format_.is_folder and widen(columns, rows) and table is not None:
                return None
            table = table or begun.table(kind, in_order(columns))
            table.write(ends, rows)
            count += len(rows)
    finally:
        if table is not None:
            table.close()
    return count


def read_page(database: Database, kind: Kind, parameters: dict[str, Any]) -> tuple[Ends, Sequence[dict[str, Any]]]:
    """The ends of relationships, and the properties of what was read."""
    answer = database.ask(kind.statement, parameters)
    if kind.is_node:
        return [], [row[0] for row in answer.rows]
    return [(row[0], row[1]) for row in answer.rows], [row[2] for row in answer.rows]


def written_bytes(path: Path) -> int:
    """The size of a file or of all files in a folder."""
    return sum(file.stat().st_size for file in (path.iterdir() if path.is_dir() else [path]))


def refusal(error: OSError, output: Path) -> EgraphError:
    """The sentence for what the file system refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return EgraphError(f"The disk that holds {output.parent} is full; make room, or name another --output.")
    reason = (error.strerror or str(error)).lower()
    return UsageError(f"{output} cannot be written ({reason}); name another file or folder with --output.")
