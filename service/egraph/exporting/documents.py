"""One file with the whole graph: JSON, or GraphML for networkx, Gephi, yEd and Cytoscape."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from egraph.exporting.columns import Columns, fitted, type_of
from egraph.exporting.graph_kinds import Kind
from egraph.exporting.tables import Row, number_text
from egraph.json_text import dumps

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class JsonDocument:
    """`{"graph": id, "nodes": [{"label", "properties"}], "relationships": [{"type", "source", "target", …}]}`, one
    node or relationship per line."""

    def __init__(self, path: Path, graph: str):
        self._file = path.open("w", encoding="utf-8", errors="replace")
        self._file.write(f'{{"graph": {dumps(graph)},\n"nodes": [')
        self._in_nodes = True
        self._separator = "\n"

    def table(self, kind: Kind, columns: Columns) -> "JsonTable":
        """The rows of one kind; nodes come before relationships."""
        if self._in_nodes and not kind.is_node:
            self._file.write('\n],\n"relationships": [')
            self._in_nodes, self._separator = False, "\n"
        return JsonTable(self, kind)

    def line(self, value: dict[str, Any]) -> None:
        """Add one element of the present list."""
        self._file.write(self._separator + dumps(value))
        self._separator = ",\n"

    def finish(self) -> None:
        """End the document."""
        if self._in_nodes:
            self._file.write('\n],\n"relationships": [')
        self._file.write("\n]}\n")
        self._file.close()


class JsonTable:
    """The rows of one kind."""

    def __init__(self, document: JsonDocument, kind: Kind):
        self._document = document
        self._kind = kind

    def write(self, ends: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        """Add rows; `ends` has the ids of each relationship's ends."""
        kind = self._kind
        for number, row in enumerate(rows):
            if kind.is_node:
                self._document.line({"label": kind.name, "properties": row})
                continue
            source, target = ends[number]
            value = {"type": kind.name, "source_label": kind.source, "source": source}
            self._document.line(value | {"target_label": kind.target, "target": target, "properties": row})

    def close(self) -> None:
        """Nothing is left to write."""


class GraphmlDocument:
    """GraphML: a node's id is `Label:id`, lists are JSON text, and `label` says a node's label or an edge's type.

    The declarations of all properties come first, so the rest is written beside and appended.
    """

    def __init__(self, path: Path, graph: str):
        self._path = path
        self._graph = graph
        self._body_path = path.with_name(path.name + ".body")
        self._body = self._body_path.open("w", encoding="utf-8", errors="xmlcharrefreplace")
        self._keys: dict[tuple[str, str, str], str] = {}

    def key(self, domain: str, name: str, type_name: str) -> str:
        """The id of a property's declaration."""
        return self._keys.setdefault((domain, name, type_name), f"d{len(self._keys)}")

    def table(self, kind: Kind, columns: Columns) -> "GraphmlTable":
        """The rows of one kind; nodes come before relationships."""
        return GraphmlTable(self, kind)

    def add(self, text: str) -> None:
        """Add elements."""
        self._body.write(text)

    def finish(self) -> None:
        """Write the declarations and put the rest behind them."""
        self._body.close()
        with self._path.open("w", encoding="utf-8") as file:
            file.write('<?xml version="1.0" encoding="UTF-8"?>\n')
            file.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
            for (domain, name, type_name), id_ in self._keys.items():
                named = quoteattr(clean(name))
                file.write(f'<key id="{id_}" for="{domain}" attr.name={named} attr.type="{type_name}"/>\n')
            file.write(f'<graph id={quoteattr(clean(self._graph))} edgedefault="directed">\n')
        with self._path.open("ab") as file_, self._body_path.open("rb") as body:
            shutil.copyfileobj(body, file_, 1 << 20)
            file_.write(b"</graph>\n</graphml>\n")
        self._body_path.unlink()


class GraphmlTable:
    """The rows of one kind."""

    def __init__(self, document: GraphmlDocument, kind: Kind):
        self._document = document
        self._kind = kind
        self._domain = "node" if kind.is_node else "edge"

    def write(self, ends: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        """Add rows; `ends` has the ids of each relationship's ends."""
        kind, lines = self._kind, []
        for number, row in enumerate(rows):
            if kind.is_node:
                begin = f"<node id={attribute(kind.name, row['id'])}>"
            else:
                source, target = ends[number]
                begin = f"<edge source={attribute(kind.source, source)} target={attribute(kind.target, target)}>"
            data = self._data("label", kind.name) + "".join(self._data(name, value) for name, value in row.items())
            lines.append(f"{begin}{data}</{self._domain}>\n")
        self._document.add("".join(lines))

    def _data(self, name: str, value: Any) -> str:
        if value is None:
            return ""
        type_name = type_of(value)
        if type_name not in ("boolean", "long", "double"):
            type_name, value = "string", fitted(value, "string")
        text = escape(clean(value)) if isinstance(value, str) else xml_number(value)
        return f'<data key="{self._document.key(self._domain, name, type_name)}">{text}</data>'

    def close(self) -> None:
        """Nothing is left to write."""


def attribute(label: str, id_: str) -> str:
    """A node's id in the file; two labels may have nodes of one id."""
    return quoteattr(clean(f"{label}:{id_}"))


def clean(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return NOT_XML.sub("\ufffd", text)


def xml_number(value: float | bool) -> str:
    """A number as XML Schema writes it."""
    text = number_text(value)
    return text.replace("Infinity", "INF") if isinstance(value, float) else text
