"""Columns are as wide as their values, and text survives every format."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egraph.exporting.columns import Columns, fitted, in_order, type_of, widen
from egraph.exporting.documents import GraphmlDocument, JsonDocument
from egraph.exporting.graph_kinds import NODES
from egraph.exporting.tables import quoted

SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5)
VALUES = SCALARS | st.lists(st.floats(allow_nan=False), max_size=3) | st.lists(st.text(max_size=3), max_size=3)


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_a_column_holds_all_its_values(values: list[Any]) -> None:
    columns: Columns = {}
    for value in values:
        widen(columns, [{"a": value}])
    together: Columns = {}
    widen(together, [{"a": value} for value in values])
    for value in values:
        for type_ in {columns["a"], together["a"]}:
            held = fitted(value, type_)
            assert type_of(held) == type_ or (type_.endswith("[]") and held == [])
            if type_.startswith("string") and held != value:
                held = [json.loads(item) for item in held] if type_ == "string[]" else json.loads(held)
            assert held == value or held == pytest.approx(value)


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        ([{"a": 1}, {"a": 2.5}], {"a": "double"}),
        ([{"a": []}, {"a": [1]}, {"b": True}], {"a": "long[]", "b": "boolean"}),
        ([{"a": 1}, {"a": "x"}], {"a": "string"}),
        ([{"a": True}, {"a": 1}], {"a": "string"}),
        ([{"a": [1.0]}, {"a": ["x"]}], {"a": "string[]"}),
        ([{"a": None}], {}),
        ([{"a": []}, {"a": []}], {"a": "[]"}),
        ([{"a": []}, {"a": 0.5}], {"a": "string"}),
    ],
)
def test_types(rows: list[dict], columns: Columns) -> None:
    found: Columns = {}
    widen(found, rows)
    assert found == columns


@given(st.text(st.characters(codec="utf-8")))
def test_a_cell_reads_back(text: str) -> None:
    assert next(csv.reader(io.StringIO(quoted(text), newline=""))) == [text] or text == ""


@pytest.mark.parametrize("name", ['<a href="x">&amp;\'', "line\nbreak\ttab", "\x01control", "…ünï", "1.5", ""])
def test_texts_in_documents(name: str, tmp_path: Path) -> None:
    row = {"id": f"n/{name}", "name": name, "far": float("inf"), "near": -0.1}
    for document in (JsonDocument(tmp_path / "json", name), GraphmlDocument(tmp_path / "graphml", name)):
        table = document.table(NODES[0], {})
        table.write([], [row])
        table.close()
        document.finish()
    read = json.loads((tmp_path / "json").read_text(encoding="utf-8"))
    assert read["graph"] == name and read["relationships"] == []
    assert read["nodes"][0]["properties"] == row | {"far": None}
    root = ElementTree.parse(tmp_path / "graphml").getroot()
    space = "{http://graphml.graphdrawing.org/xmlns}"
    keys = {key.get("id"): key.get("attr.name") for key in root.iter(f"{space}key")}
    node = next(root.iter(f"{space}node"))
    values = {keys[data.get("key")]: data.text or "" for data in node.iter(f"{space}data")}
    expected = name.replace("\x01", "\ufffd")
    assert values["name"] == expected and values["far"] == "INF" and values["near"] == "-0.1"
    assert not (tmp_path / "graphml.body").exists()


def test_the_order_of_columns_does_not_depend_on_that_of_properties() -> None:
    one: Columns = {}
    other: Columns = {}
    widen(one, [{"id": "a", "b": 1}, {"a": 2.0}])
    widen(other, [{"a": 2.0, "b": 1}, {"id": "a"}])
    assert list(one) != list(other)
    assert (
        list(in_order(one).items())
        == list(in_order(other).items())
        == [("id", "string"), ("a", "double"), ("b", "long")]
    )
