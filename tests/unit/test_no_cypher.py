"""No Cypher text stands in Python: every statement is a file in `cypher/`."""

import ast
import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2]
CYPHER = re.compile(
    r"^\s*(CREATE|MERGE|MATCH|UNWIND|CALL|RETURN|DROP|SHOW|LOAD CSV|FOREACH|ALTER|GRANT|DETACH|USE)\s+\S"
    r"|\b(OPTIONAL )?MATCH\s*\w*\s*=?\s*\(|\bMERGE\s*\(|\bUNWIND\s+\S+\s+AS\b|\bDETACH DELETE\b|\bFOR\s*\(\w*:"
    r"|\)\s*<?-\[|\]->?\s*\(|\bRETURN\s+\w+(\.\w+)?\s*(,|AS\b|$)|\bORDER BY\b|\bSET\s+\w+(\.\w+|:\w+)\s*\+?="
)


def cypher_texts(source: str) -> list[str]:
    """The string constants of Python code that look like Cypher; docstrings may speak of it."""
    tree = ast.parse(source)
    documentation = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documentation
        and CYPHER.search(node.value)
        # Names of a plan's operators are no statements.
        and not re.fullmatch("[A-Z ]+", node.value)
    ]


def test_no_cypher_in_python() -> None:
    files = [*SOURCES.glob("service/**/*.py"), *SOURCES.glob("cli/**/*.py")]
    assert len(files) > 50
    found = {str(file): cypher_texts(file.read_text(encoding="utf-8")) for file in files}
    assert {file: texts for file, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    ("code", "is_cypher"),
    [
        ("run('MATCH (p:Pattern) RETURN p')", True),
        ("run('MATCH path = (p)--(q)')", True),
        ("run(f'CREATE INDEX {name} FOR (n:Layer) ON (n.id)')", True),
        ("run('UNWIND $rows AS row')", True),
        ("run('SHOW INDEXES YIELD name')", True),
        ("run('(a)-[:IN_GRAPH]->(b)')", True),
        ("'''MATCH (p) is a documentation.'''", False),
        ("say('There is no graph yet; make one with `egraph mine`.')", False),
        ("kind = 'CO_ACTIVATES_WITH'", False),
        ("operator = 'DETACH DELETE'", False),
        ("say('The photos match; return them.')", False),
    ],
)
def test_what_counts_as_cypher(code: str, is_cypher: bool) -> None:
    assert bool(cypher_texts(code)) == is_cypher
