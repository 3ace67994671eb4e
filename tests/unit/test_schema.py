"""The schema: what is declared agrees with itself, and arrays become columns and back without loss."""

from dataclasses import fields
from typing import get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egraph.graph.arrays import list_sizes, to_columns, to_fields
from egraph.graph.constraints import constraints
from egraph.graph.schema import (
    ELEMENTS,
    FIRES_ON,
    GEOMETRY,
    GRAPH,
    NODES,
    PAIRS,
    PATTERN,
    PEAKS_ON,
    READING,
    RELATIONSHIPS,
)
from egraph.graph.schema.elements import Column, Mirroring, Type
from egraph.graph.schema.hints import hints
from egraph.graph.schema.tables import PLACE, README, tables
from egraph.graph.statements import names, statement
from egraph.mining.graph_tables import FilterPeaks, Firings, LayerReading, MinedGraph, PatternTable
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
    tables = {"layers", "readings", "objects", "mirrored", "pose", "patterns", "firings", "peaks"} | {
        p.table for p in PAIRS
    }
    assert {field.name for field in fields(MinedGraph)} == scalars | tables
    assert {field.name for field in fields(Firings)} == {"layer", "pattern", "object", *FIRES_ON.names}
    assert {field.name for field in fields(FilterPeaks)} | {"graph"} == {"layer", "filter", "object", *PEAKS_ON.names}


@given(st.integers(0, 5), st.integers(0, 3), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_a_table_comes_back_bit_by_bit(rows: int, pose: int, template: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"place": (2,), "mean_place": (2,), "pose": (pose, 2), "template": (template,)}
    shapes["context"] = (template,)
    whole = {c.field for c in PATTERN.mined if c.type is Type.INTEGER}
    arrays = {
        field.name: random.integers(-9, 9, rows).astype(np.int32)
        if field.name in whole
        else random.random((rows, *shapes.get(field.name, (3,) if field.name == "place_map" else ()))).astype("f4")
        for field in fields(PatternTable)
        if field.name != "layer"
    }
    if not template:
        missing = (
            "score_mean",
            "score_deviation",
            "likeness",
            "chance",
            "usual",
            "context_level",
            "share",
            "reach",
            "background",
        )
        arrays |= {name: np.empty(0, np.float32) for name in missing}
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


def test_the_readme_says_what_the_schema_says() -> None:
    (there,) = PLACE.findall(README.read_text(encoding="utf-8"))
    assert there == tables(), "`make schema` writes it again"
    for element in ELEMENTS:
        assert f"| `{element.name}` |" in there
        assert all(f"`{name}`" in there for name in element.names if name != "id")


@pytest.mark.parametrize(
    ("cypher", "hint"),
    [
        ("MATCH (p:Patern) RETURN p.id", "no label Patern; did you mean Pattern."),
        ("MATCH (p:Pattern)-[:FIRES_AT]->(o) RETURN o.id", "no relationship type FIRES_AT; did you mean FIRES_ON."),
        ("MATCH (p:Pattern) WHERE p.suport > 3 RETURN p.x", "Pattern has no property suport; did you mean support."),
        ("MATCH (p:Pattern {layr: 'block3'}) RETURN p", "Pattern has no property layr; did you mean layer."),
        (
            "MATCH (a:Part) RETURN a.confidence",
            "Part has no property confidence; there are: category, held, id, name, note, own_name.",
        ),
        ("MATCH (:Pattern)-[e:DISPLACED_FROM*1..2 {sgma: 1}]->() RETURN e", "DISPLACED_FROM has no property sgma"),
        ("MATCH (p:Pattern) MATCH (p)--(q) RETURN q.orientation_wieght", "graph has no property orientation_wieght"),
        ("MATCH (n) WHERE n:Objekt RETURN n.path", "no label Objekt; did you mean Object."),
        ("MATCH (p:`Patern` | Filter) RETURN count(*)", "no label Patern"),
        ("MATCH (o:Object|Part) RETURN o.graph", "The graph has no property graph"),
    ],
)
def test_a_slip_in_a_name_is_hinted_at(cypher: str, hint: str) -> None:
    (found,) = hints(cypher)
    assert hint in found


@pytest.mark.parametrize(
    "cypher",
    [
        "MATCH (p:Pattern) WHERE p.id CONTAINS ':Patern' RETURN p.support AS suport ORDER BY suport",
        "MATCH (p:Pattern) // (q:Patern)\nRETURN p.x /* p.z */",
        "WITH {suport: 1} AS row RETURN row.suport, date().year, duration.between(date(), date()).days",
        "UNWIND $rows AS row MATCH (n {id: row.idd}) RETURN n.whatever, $p.anything, 1.5",
        "MATCH (p:Pattern) RETURN [x IN collect({place: p.x}) | x.place], apoc.text.join(['a'], ',')",
    ],
)
def test_what_may_be_right_is_not_hinted_at(cypher: str) -> None:
    assert hints(cypher) == []


def test_hints_know_what_was_added_by_hand() -> None:
    assert hints("MATCH (n:Note) RETURN n.remark", known=["Note"]) == []
    assert len(hints("MATCH (n:Pattern) RETURN n.remark")) == 1
    assert hints("MATCH (n:Pattern) RETURN n.remark", known=["remark"]) == []


def test_no_statement_of_the_product_has_a_slip() -> None:
    for kind in ("questions", "browser", "read", "parts", "aog", "jobs", "values", "resemblance"):
        for name in names(kind):
            text = statement(f"{kind}/{name}").text
            assert hints(text.replace("__type__", "FIRES_ON")) == [], f"{kind}/{name}"
