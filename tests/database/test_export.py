"""Every format, read by a reader that knows nothing of the writer, holds what was mined: nodes, edges, every value."""

import csv
import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pyarrow.parquet
import pytest

from egraph.aog.edits import Change, edit
from egraph.aog.storage import find_aogs, write_aog
from egraph.errors import EgraphError, NothingYetError, UsageError
from egraph.exporting import export
from egraph.exporting.export import export_graph
from egraph.exporting.formats import Format
from egraph.graph.connection import Database
from egraph.graph.parts import add_labels
from egraph.graph.places import refresh_places
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from reference.questions import name, on_part, ties, with_parts
from support.synthetic import synthetic_aog, synthetic_graph

Read = tuple[dict[tuple[str, str], dict], list[tuple]]
"""Nodes by label and id; edges as type, source and target (label and id), properties."""


@pytest.fixture
def mined(database: Database, category: str) -> MinedGraph:
    """A written graph with labels, beside another one that shares its network and objects."""
    graph = synthetic_graph(category, salt=category)
    write_graph(database, graph)
    write_graph(database, synthetic_graph(category, name="other", salt=category))
    add_labels(database, with_parts(graph), category, "head")
    refresh_places(database, graph.id, category)
    return graph


def read_json(path: Path) -> Read:
    document = json.loads(path.read_text(encoding="utf-8"))
    nodes = {(n["label"], n["properties"]["id"]): n["properties"] for n in document["nodes"]}
    edges = [
        (r["type"], (r["source_label"], r["source"]), (r["target_label"], r["target"]), r["properties"])
        for r in document["relationships"]
    ]
    assert len(nodes) == len(document["nodes"])
    return nodes, edges


def read_graphml(path: Path) -> Read:
    graph = networkx.read_graphml(path)

    def values(data: dict) -> dict:
        found = {k: v for k, v in data.items() if k != "label"}
        return {k: json.loads(v) if isinstance(v, str) and v.startswith("[") else v for k, v in found.items()}

    def key(name: str) -> tuple[str, str]:
        label, _, id_ = name.partition(":")
        return label, id_

    nodes = {key(name): values(data) for name, data in graph.nodes(data=True)}
    return nodes, [(data["label"], key(a), key(b), values(data)) for a, b, data in graph.edges(data=True)]


def read_tables(path: Path, rows_of: Callable[[Path], list[dict]], suffix: str) -> Read:
    nodes, edges = {}, []
    for file in path.glob(f"*.{suffix}"):
        ends = file.stem.split("-")
        for row in rows_of(file):
            row = {name: value for name, value in row.items() if value is not None}
            if len(ends) == 1:
                nodes[ends[0], row["id"]] = row
            else:
                source, target = row.pop("source"), row.pop("target")
                edges.append((ends[1], (ends[0], source), (ends[2], target), row))
    return nodes, edges


def rows_of_csv(file: Path) -> list[dict]:
    def value(text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            return text or None

    texts = {"id", "source", "target", "name", "layer", "path", "sha256", "category", "network", "content", "state"}
    texts |= {"weights_sha256", "parameters", "versions", "dropped", "edges", "layer_pairs", "preprocessing"}
    with file.open(encoding="utf-8", newline="") as lines:
        return [{k: v if k in texts else value(v) for k, v in row.items()} for row in csv.DictReader(lines)]


def rows_of_admin(file: Path) -> list[dict]:
    """By the types in the header, as neo4j-admin's manual tells them."""
    scalars: dict[str, Callable[[str], Any]] = {
        "long": int,
        "double": float,
        "boolean": lambda text: {"true": True, "false": False}[text],
        "string": str,
    }
    with file.open(encoding="utf-8", newline="") as lines:
        header, *rows = list(csv.reader(lines))
    found = []
    for row in rows:
        values: dict[str, Any] = {}
        for head, text in zip(header, row, strict=True):
            name, _, type_ = head.partition(":")
            if type_.startswith(("START_ID(", "END_ID(")):
                values["source" if type_.startswith("START") else "target"] = text
            elif type_.startswith("ID("):
                assert type_ == f"ID({file.stem})"
                values[name] = text
            elif text and type_.endswith("[]"):
                values[name] = [scalars[type_[:-2]](item) for item in text.split("\x1f")]
            elif text:
                values[name] = scalars[type_](text)
        found.append(values)
    return found


READERS: dict[Format, Callable[[Path], Read]] = {
    Format.JSON: read_json,
    Format.GRAPHML: read_graphml,
    Format.CSV: lambda path: read_tables(path, rows_of_csv, "csv"),
    Format.NEO4J_ADMIN: lambda path: read_tables(path, rows_of_admin, "csv"),
    Format.PARQUET: lambda path: read_tables(path, lambda f: pyarrow.parquet.read_table(f).to_pylist(), "parquet"),
}


def as_doubles(values: Any) -> Any:
    return [float(v) for v in np.asarray(values).ravel()]


@pytest.mark.parametrize("format_", list(Format))
def test_a_format_holds_the_graph(
    database: Database,
    mined: MinedGraph,
    category: str,
    format_: Format,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "PATTERNS", 7)
    monkeypatch.setattr(export, "OTHERS", 5)
    told: list[tuple[int, int]] = []
    output = tmp_path / "out"
    report = export_graph(database, mined.id, format_, output, lambda _, done, total: told.append((done, total)))
    assert list(tmp_path.iterdir()) == [output]
    assert told[-1][0] == told[-1][1] == told[0][1]
    nodes, edges = READERS[format_](output)
    assert Counter(label for label, _ in nodes) == Counter(report.nodes)
    assert Counter(edge[0] for edge in edges) == Counter(report.relationships)
    assert all(source in nodes and target in nodes for _, source, target, _ in edges)
    shown = sum(len(o.parts.get("head", ())) for o in with_parts(mined))
    assert report.relationships["SHOWS"] == shown and nodes["Part", f"{category}/head"]["name"] == "head"

    for layer, table in mined.patterns.items():
        for row in range(len(table)):
            found = nodes["Pattern", name(mined, (layer, row))]
            assert (found["x"], found["support"]) == (float(table.mean_place[row, 1]), int(table.support[row]))
            for column in ("pose", "template", "place_map"):
                assert found.get(column, []) == as_doubles(getattr(table, column)[row]), column
    objects = {("Object", o.id) for o in mined.objects}
    assert {key for key in nodes if key[0] == "Object"} == objects
    expected = []
    for co in mined.co_activations:
        for i in range(len(co.source)):
            values = {"strength": float(co.strength[i]), "lift": float(co.lift[i]), "support": int(co.support[i])}
            expected.append((name(mined, (co.lower, co.source[i])), name(mined, (co.upper, co.target[i])), values))
    found_edges = [(s[1], t[1], values) for type_, s, t, values in edges if type_ == "CO_ACTIVATES_WITH"]
    assert sorted(found_edges, key=lambda e: e[:2]) == sorted(expected, key=lambda e: e[:2])
    firings = [
        (name(mined, (f.layer, f.pattern[i])), mined.objects[f.object[i]].id, float(f.x[i]))
        for f in mined.firings
        for i in range(len(f.pattern))
    ]
    assert sorted((s[1], t[1], v["x"]) for type_, s, t, v in edges if type_ == "FIRES_ON") == sorted(firings)
    shares = {name(mined, key): share for key, share in on_part(mined, with_parts(mined), "head").items()}
    assert {s[1]: v["share"] for type_, s, _, v in edges if type_ == "LIES_ON"} == pytest.approx(shares)
    assert [v["patterns"] for type_, _, _, v in edges if type_ == "COVERS"] == [len(shares)]
    poses = {s[1]: v["pose"] for type_, s, _, v in edges if type_ == "IN_GRAPH" and s[0] == "Object"}
    assert poses == {o.id: as_doubles(mined.pose[i]) for i, o in enumerate(mined.objects)}
    graph = nodes["ExplanatoryGraph", mined.id]
    assert graph["state"] == "complete"
    if format_ is not Format.GRAPHML:
        assert json.loads(graph["parameters"]) == mined.parameters


def test_an_and_or_graph(database: Database, mined: MinedGraph, category: str, tmp_path: Path) -> None:
    mirrored = {o.id: bool(m) for o, m in zip(mined.objects, mined.mirrored, strict=True)}
    aog = synthetic_aog(mined)
    write_aog(database, aog, mirrored)
    write_aog(database, synthetic_aog(mined, name="second", seed=1), mirrored)
    for called in ("default", "second"):
        (summary,) = find_aogs(database, category, name=called)
        first = f"{aog.layer[0]}/{aog.filter[0]}/{aog.number[0]}"
        edit(database, summary, first, Change(move=(0.25, 0)), 1, "a person")
    for exported, format_ in ((mined.id, Format.NEO4J_ADMIN), (aog.id, Format.GRAPHML), (aog.id, Format.NEO4J_ADMIN)):
        output = tmp_path / f"{format_}-{exported == aog.id}"
        export_graph(database, exported, format_, output)
        nodes, edges = READERS[format_](output)
        assert all(source in nodes and target in nodes for _, source, target, _ in edges)
        count = Counter(edge[0] for edge in edges)
        names = {"default"} if exported == aog.id else {"default", "second"}
        assert {n["name"] for (label, _), n in nodes.items() if label == "AndOrGraph"} == names
        edits = {id_: n for (label, id_), n in nodes.items() if label == "Edit"}
        assert count["CHANGED"] == len(edits) == len(names)
        assert json.loads(edits[f"{aog.id}/edit/1"]["change"]) == {"move": [0.25, 0]}
        own = [f"{mined.id}/{layer}/{f}/{n}" for layer, f, n in zip(aog.layer, aog.filter, aog.number, strict=True)]
        weights = {
            (s[1], t[1]): v["weight"] for type_, s, t, v in edges if type_ == "COMPOSED_OF" and s[1].startswith(aog.id)
        }
        assert weights == {
            (f"{aog.id}/{number}", name): float(w)
            for number, template in enumerate(aog.templates, start=1)
            for name, w in zip(own, template.weight, strict=True)
        }
        assert count["HAS_TEMPLATE"] == 2 * len(names) and count["BUILT_FROM"] == count["FOR_PART"] == len(names)
        assert count["LEARNT_FROM"] == 2 * len(names) and count["FOUND_ON"] == len(mined.objects) * len(names)
        patterns = {id_ for label, id_ in nodes if label == "Pattern"}
        if exported == aog.id:
            assert patterns == set(own)
            tied = ties(mined)
            among = [pair for pair in tied if all(name(mined, key) in patterns for key in pair)]
            assert count["CO_ACTIVATES_WITH"] == len(among) < len(tied)
        else:
            assert count["CO_ACTIVATES_WITH"] == len(ties(mined))


def test_columns_that_come_late_begin_the_table_again(
    database: Database, mined: MinedGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PATTERNS", 5)
    read = export.read_page

    def with_notes(database: Database, kind: Any, parameters: dict[str, Any]) -> tuple:
        ends, rows = read(database, kind, parameters)
        if kind.name == "Pattern" and f"{mined.id}/layer1/0/0" in parameters["ids"]:
            rows[0]["note"] = 'a "late" one,\nby hand'
            rows[0]["mixed"] = 1
        return ends, rows

    monkeypatch.setattr(export, "read_page", with_notes)
    for format_ in (Format.NEO4J_ADMIN, Format.PARQUET):
        told: list[tuple[int, int]] = []
        output = tmp_path / format_
        export_graph(database, mined.id, format_, output, lambda _, d, t, told=told: told.append((d, t)))
        assert told[-1][0] == told[-1][1]
        nodes, _ = READERS[format_](output)
        assert len([1 for label, _ in nodes if label == "Pattern"]) == sum(map(len, mined.patterns.values()))
        assert [n["note"] for n in nodes.values() if "note" in n] == ['a "late" one,\nby hand']


def test_what_cannot_be_exported_is_said_and_leaves_nothing(
    database: Database, mined: MinedGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NothingYetError, match="egraph graph list"):
        export_graph(database, f"{mined.id}x", Format.JSON, tmp_path / "out")
    (tmp_path / "there").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        export_graph(database, mined.id, Format.JSON, tmp_path / "there")
    with pytest.raises(UsageError, match="--output"):
        export_graph(database, mined.id, Format.CSV, tmp_path / "no" / "such" / "folder")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"egraph\[parquet\]"):
        export_graph(database, mined.id, Format.PARQUET, tmp_path / "out")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "read_page", full)
    with pytest.raises(EgraphError, match="full"):
        export_graph(database, mined.id, Format.JSON, tmp_path / "out")
    assert [file.name for file in tmp_path.iterdir()] == ["there"]
    assert (tmp_path / "there").read_text() == "mine"


def test_many_exports_become_one_import(database: Database, category: str, tmp_path: Path) -> None:
    """As `docs/scale.md` says: what graphs of a network share comes once, everything else from every graph."""
    for number, folder in enumerate(("one", "two")):
        graph = synthetic_graph(category, name=folder, salt=category, filters=(6, 4 + number))
        write_graph(database, graph)
        export_graph(database, graph.id, Format.NEO4J_ADMIN, tmp_path / folder)
    page = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
    (script,) = (block for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL) if "import.args" in block)
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, check=True)

    def rows(path: Path) -> list[list[str]]:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))

    options = [line.removeprefix("--").split("=") for line in (tmp_path / "import.args").read_text().splitlines()]
    files = [option[2] for option in options if len(option) == 3]
    assert len(set(files)) == len(files)
    assert ["array-delimiter", "U+001F"] in options and ["skip-duplicate-nodes", "true"] in options
    kinds = {path.name for folder in ("one", "two") for path in (tmp_path / folder).glob("*.csv")}
    assert len(kinds) > 10
    for kind in kinds:
        taken = [rows(tmp_path / file) for file in files if Path(file).name == kind]
        there = [rows(tmp_path / folder / kind) for folder in ("one", "two")]
        assert {tuple(row) for table in taken for row in table} == {tuple(row) for table in there for row in table}
        identities = [tuple(row) for table in taken for row in table[1:]]
        assert len(set(identities)) == len(identities) or kind == "Object.csv", kind
        assert all(table[0] == there[0][0] for table in taken), kind
