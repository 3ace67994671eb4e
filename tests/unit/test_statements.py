"""The headers of statements, and the statements of the product."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egraph.errors import UsageError
from egraph.graph.statements import (
    PLAIN_TYPES,
    HeaderError,
    Parameter,
    kinds,
    named,
    names,
    parse,
    render,
    statement,
)

WORDS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"]), min_size=1, max_size=20
)
SENTENCES = st.lists(TEXTS.filter(lambda t: not t.startswith(":")), max_size=5).map(" ".join)
DEFAULTS = {
    "text": st.none() | TEXTS,
    "integer": st.none() | st.integers(),
    "number": st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    "boolean": st.none() | st.booleans(),
    "category": st.none() | SENTENCES,
}


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    type_name = draw(st.sampled_from(sorted(DEFAULTS)))
    required = draw(st.booleans())
    default = None if required else draw(DEFAULTS[type_name])
    return Parameter(name=draw(WORDS), type=type_name, required=required, default=default, description=draw(SENTENCES))


@given(st.lists(parameters(), max_size=5, unique_by=lambda p: p.name), SENTENCES)
def test_a_header_reads_back(described: list[Parameter], answers: str) -> None:
    lines = ["// Title", "//", f"// {answers}".rstrip(), "//", *(render(p) for p in described), "RETURN 1"]
    parsed = parse("questions/test", "\n".join(lines))
    assert parsed.parameters == tuple(described)
    assert parsed.title == "Title"
    assert parsed.answers == answers


def test_lines_below_a_parameter_belong_to_it() -> None:
    text = (
        "// Title\n// :param share: number = 0.5. First\n//   and second.\n// :returns a, b,\n//   c\nRETURN 1\n// end"
    )
    parsed = parse("questions/test", text)
    assert parsed.parameters[0].default == 0.5
    assert parsed.parameters[0].description == "First and second."
    assert parsed.columns == ("a", "b", "c")


@pytest.mark.parametrize(
    "header",
    [
        "RETURN 1",
        "//",
        "// :param a: text, required.",
        "// T\n// :param a",
        "// T\n// :param a: text",
        "// T\n// :param a: text, needed.",
        "// T\n// :param a: integer = 0.5.",
        "// T\n// :param a: number = x.",
        "// T\n// :param a: number = 1",
        "// T\n// :param a: text, required.\n// :param a: text, required.",
        "// T\n// :parameter a: text, required.",
    ],
)
def test_headers_that_are_refused(header: str) -> None:
    with pytest.raises(HeaderError):
        parse("questions/test", header)


def test_every_statement_of_the_product_has_a_header() -> None:
    assert {"schema", "write", "read", "questions", "values", "parts"} <= set(kinds())
    for kind in kinds():
        assert names(kind), kind
        for name in names(kind):
            assert statement(f"{kind}/{name}").title


def test_questions_describe_exactly_the_parameters_they_use() -> None:
    for name in names("questions"):
        asked = statement(f"questions/{name}")
        assert {p.name for p in asked.parameters} == asked.takes, name
        assert asked.answers and asked.columns, name
        for parameter in asked.parameters:
            assert parameter.description.endswith("."), f"{name}: {parameter.name}"
            assert parameter.type in (*PLAIN_TYPES, *names("values")), f"{name}: {parameter.name}"


def test_statements_of_one_file_are_told_apart() -> None:
    assert set(named("schema")) == set(names("schema")) and len(names("schema")) > 1
    for name in names("schema"):
        text = statement(f"schema/{name}").text
        assert text.startswith("// ") and ":name" not in text and not text.rstrip().endswith(";")


@pytest.mark.parametrize(
    ("text", "words", "filled"),
    [
        ("MATCH (n:__label__ {id: id})", {"label": "Part"}, "MATCH (n:Part {id: id})"),
        ("ON (n.__property__)", {"property": ("a", "b")}, "ON (n.a,n.b)"),
        ("ON (n.__property__)", {"property": ["a"]}, "ON (n.a)"),
        (
            "CREATE ({id: $id, __column__: $__column__[i]})-[:__type__ {x: 1}]->(b)",
            {"type": "SHOWS", "column": ("a", "b")},
            "CREATE ({id: $id, a: $a[i], b: $b[i]})-[:SHOWS {x: 1}]->(b)",
        ),
    ],
)
def test_places_are_filled_with_words_of_the_schema(text: str, words: dict, filled: str) -> None:
    assert parse("write/test", f"// T\n{text}").filled(**words).text == f"// T\n{filled}"


def test_an_unknown_statement_is_named() -> None:
    with pytest.raises(UsageError, match="fires-together"):
        statement("questions/nothing")
    with pytest.raises(UsageError):
        statement("questions/../read/graph")
