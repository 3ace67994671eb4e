"""What stands in the database is what the schema declares: no more, no less, and of the declared types."""

import json
from collections.abc import Iterator

import pytest

from database.conftest import run_file
from egraph.graph.connection import Database
from egraph.graph.schema import ELEMENTS, RELATIONSHIPS
from egraph.graph.schema.elements import Type
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.everything import remove_everything, write_everything

OF_TYPE = {Type.BOOLEAN: bool, Type.INTEGER: int, Type.NUMBER: float, Type.TEXT: str, Type.JSON: str}
OF_LIST = {Type.INTEGERS: int, Type.NUMBERS: float, Type.TEXTS: str}


@pytest.fixture
def everything(queue: Database, category: str) -> Iterator[MinedGraph]:
    """A database in which every label, relationship and property stands."""
    mined = write_everything(queue, category)
    yield mined
    remove_everything(queue, mined)


def test_the_database_has_what_the_schema_says(everything: MinedGraph, settings: Settings, queue: Database) -> None:
    rows = run_file(settings, queue, "properties.cypher")
    declared = {(element.name, column.name): column.type for element in ELEMENTS for column in element.columns}
    assert {(row["element"], row["property"]) for row in rows} == declared.keys()
    for row in rows:
        type_, value = declared[row["element"], row["property"]], row["value"]
        where = f"{row['element']}.{row['property']} is {value!r}"
        if type_.is_list:
            assert isinstance(value, list) and all(type(item) is OF_LIST[type_] for item in value), where
        else:
            assert type(value) is OF_TYPE[type_], where
        if type_ is Type.JSON:
            json.loads(value)
    ends = run_file(settings, queue, "ends.cypher")
    assert {(row["type"], row["source"], row["target"]) for row in ends} == {
        (kind.type, *pair) for kind in RELATIONSHIPS for pair in kind.ends
    }
