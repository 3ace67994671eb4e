"""The schema: what is declared agrees with itself, and arrays become columns and back without loss."""

from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egraph.graph.arrays import list_sizes, to_columns, to_fields
from egraph.graph.constraints import constraints
from egraph.graph.elements import Column, Mirroring, Type
from egraph.graph.schema import ELEMENTS, GEOMETRY, GRAPH, NODES, PAIRS, PATTERN, READING, RELATIONSHIPS
from egraph.mining.graph_tables import Firings, LayerReading, MinedGraph, PatternTable
from egraph.network.layer import LayerGeometry


def test_names_are_told_apart() -> None:
    labels, types = [node.label for node in NODES], [kind.type for kind in RELATIONSHIPS]
    assert len(set(labels)) == len(labels) and len(set(types)) == len(types)
    for element in ELEMENTS:
        assert len(set(element.names)) == len(element.names), element.name
        for index in element.indexes:
            assert set(index.properties) <= set(element.names), index
    for kind in RELATIONSHIPS:
        assert {label for ends in kind.ends for label in ends} <= set(labels), kind.type
    for node in NODES:
        assert node.column("id").unique and node.example, node.label
    made = [index.name for element in ELEMENTS for index in element.indexes]
    made += [name for node in NODES for name in node.constraints]
    assert len(set(made)) == len(made) == len([*constraints()])


@pytest.mark.parametrize(
    ("table", "columns", "names"),
    [
        (PatternTable, PATTERN.mined, {"layer"}),
        (LayerGeometry, GEOMETRY, {"name"}),
        (LayerReading, READING, set()),
        *[(get_type_hints(MinedGraph)[str(pair.table)].__args__[0], pair.mined, None) for pair in PAIRS],
    ],
)
def test_every_field_that_is_mined_has_its_columns(table: type, columns: tuple[Column, ...], names: set | None) -> None:
    other = {"lower", "upper", "source", "target"} if names is None else names
    assert {field.name for field in fields(table)} == {str(column.field) for column in columns} | other


def test_what_is_mined_of_a_graph_is_declared_or_a_table() -> None:
    scalars = {column.field for node in NODES[:1] for column in node.mined} | {c.field for c in GRAPH.mined}
    tables = {"layers", "readings", "objects", "mirrored", "pose", "patterns", "firings"} | {p.table for p in PAIRS}
    assert {field.name for field in fields(MinedGraph)} == scalars | tables
    assert {field.name for field in fields(Firings)} == {"layer", "pattern", "object", "score", "x", "y"}


@given(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_a_table_comes_back_bit_by_bit(rows: int, pose: int, template: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"place": (2,), "mean_place": (2,), "pose": (pose, 2), "template": (template,)}
    whole = {c.field for c in PATTERN.mined if c.type is Type.INTEGER}
    arrays = {
        field.name: random.integers(-9, 9, rows).astype(np.int32)
        if field.name in whole
        else random.random((rows, *shapes.get(field.name, (3,) if field.name == "place_map" else ()))).astype("f4")
        for field in fields(PatternTable)
        if field.name != "layer"
    }
    if not template:
        arrays |= {name: np.empty(0, np.float32) for name in ("score_mean", "score_deviation")}
    table = PatternTable(layer="layer1", **arrays)
    columns = to_columns(PATTERN.mined, table)
    assert set(columns) == {column.name for column in PATTERN.mined}
    # As the database gives them back: a property that is not there is null.
    values = {name: [c[i].tolist() if c.size else None for i in range(rows)] for name, c in columns.items()}
    back = to_fields(PATTERN.mined, values, rows, list_sizes(PATTERN.mined, table))
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype and back[name].shape == array.shape, name
        np.testing.assert_array_equal(back[name], array, err_msg=name)


@pytest.mark.parametrize(("mirroring", "after"), [("KEPT", 0.25), ("PLACE", 0.75), ("STEP", -0.25)])
def test_mirroring_twice_changes_nothing(mirroring: str, after: float) -> None:
    column = Column("x", Type.NUMBER, "", mirroring=Mirroring[mirroring])
    assert column.mirrored(0.25) == after and column.mirrored(after) == 0.25
    with pytest.raises(ValueError, match="mirrored"):
        Column("x", Type.NUMBER, "", mirroring=Mirroring.OTHER).mirrored(0.25)
