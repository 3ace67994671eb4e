"""Callers give every statement exactly the parameters that stand in its text, and every statement has a caller.

The calls are read from the source; where what is given is put together at run time, the tests of the database compare
instead (`tests/database/conftest.py`).
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from egraph.graph.statements import kinds, names, statement

SOURCES = Path(__file__).parents[2]
RUNNERS = {"run", "read", "write", "ask", "create", "known"}
ASKED_BY_NAME = ("questions", "browser", "values")
"""Kinds of which people or parameters' types name the statements."""
EVERY = frozenset(f"{kind}/{name}" for kind in kinds() if kind not in ASKED_BY_NAME for name in names(kind))


def parsed() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the product, in which each node knows the node that it is part of."""
    for file in [*SOURCES.glob("service/**/*.py"), *SOURCES.glob("cli/**/*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                child.parent = node  # type: ignore[attr-defined]
        yield file.name, tree


def named(node: ast.expr) -> str | None:
    """The statement that an argument names: by its name, or as `statement(name).filled(…)`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count("/") == 1:
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "filled":
        return named(node.func.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "statement":
        return named(node.args[0])
    return None


def keys(node: ast.expr) -> set[str] | None:
    """The keys of a dict that is written out, here or where a variable of this function is set; else None."""
    if isinstance(node, ast.Dict):
        parts = [
            {key.value} if isinstance(key, ast.Constant) else None if key else keys(value)
            for key, value in zip(node.keys, node.values, strict=True)
        ]
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        parts = [keys(node.left), keys(node.right)]
    elif isinstance(node, ast.Name):
        parts = [keys(value) for value in values_of(node)] or [None]
    else:
        return None
    return None if None in parts else {key for part in parts for key in part or ()}


def values_of(name: ast.Name) -> list[ast.expr]:
    """What a variable is set to in the functions around it."""
    found: list[ast.expr] = []
    node: ast.AST | None = name
    while node := getattr(node, "parent", None):
        if isinstance(node, ast.FunctionDef):
            for one in ast.walk(node):
                targets = one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]
                value = getattr(one, "value", None)
                if value is not None and any(isinstance(t, ast.Name) and t.id == name.id for t in targets):
                    found.append(value)
    return found


def given(call: ast.Call) -> tuple[str, set[str] | None] | None:
    """The statement that a call runs, and the names of the parameters that it gives, None where only the run tells."""
    function = call.func
    called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    found = [(i, name) for i, arg in enumerate(call.args[:2]) if (name := named(arg)) and called in RUNNERS]
    if not found:
        return None
    ((at, name),) = found
    parts = [{word.arg} if word.arg else keys(word.value) for word in call.keywords]
    if called == "ask":
        parts = [keys(arg) for arg in call.args[at + 1 : at + 2]]
    return name, None if None in parts else {key for part in parts for key in part or ()}


def calls(source: ast.Module) -> list[tuple[str, set[str] | None]]:
    return [found for node in ast.walk(source) if isinstance(node, ast.Call) and (found := given(node))]


def test_callers_give_what_the_statement_takes() -> None:
    told, wrong = set(), []
    for file, tree in parsed():
        for name, parameters in calls(tree):
            if parameters is not None and name.partition("/")[0] in kinds():
                told.add(name)
                if parameters != statement(name).takes:
                    wrong.append((file, name, sorted(parameters), sorted(statement(name).takes)))
    assert wrong == []
    assert len(told & EVERY) > 0.8 * len(EVERY), sorted(EVERY - told)


def test_every_statement_has_a_caller() -> None:
    mentioned = defaultdict(set)
    for file, tree in parsed():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in EVERY:
                mentioned[node.value].add(file)
    assert set(mentioned) == EVERY


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("database.read('read/graph', graph=1)", [("read/graph", {"graph"})]),
        ("t.run('a/b', x=1, **{'y': 2} | {'z': 3})", [("a/b", {"x", "y", "z"})]),
        ("def f():\n  some: dict = {'x': 1}\n  def g():\n    t.run('a/b', **some)", [("a/b", {"x"})]),
        ("def f(some):\n  t.run('a/b', **some)", [("a/b", None)]),
        ("database.ask(statement('a/b').filled(type='T'), {'x': 1}, seconds=2)", [("a/b", {"x"})]),
        ("known(context, 'a/b', 'value', x=1)", [("a/b", {"x"})]),
        ("open('a/b', x=1)", []),
    ],
)
def test_what_calls_are_seen_to_give(source: str, found: list) -> None:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    assert calls(tree) == found
