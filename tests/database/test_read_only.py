"""Whatever is typed, nothing is changed, read from files, called or administered; what only looks so is answered."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neo4j
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egraph.errors import DatabaseError, EgraphError, UsageError
from egraph.graph.connection import Database, open_database
from egraph.graph.read_only import ask, check_functions, check_operators, read_parameters
from egraph.settings import Settings
from reference.hostile import ANSWERED, FOR_EVER, HARMLESS, HOSTILE

KEPT = "CREATE (:Kept {x: 1, t: 'text'})-[:HOLDS {y: 2}]->(:Kept {x: 2}), (:Schema {id: 'kept'})"
SECRET = "line-of-a-secret-file"
DECORATED = ["create", "set", "delete", "foreach", "subquery", "create index", "load csv", "profile create"]
SPACES = [" ", "\n", "\t", "\r\n", "  ", "/* RETURN 1 */", "// RETURN n\n", "/**/ ", "\u00a0", "\u2003", "/* ' */"]


def session(database: Database) -> neo4j.Session:
    """A session of the user who may do everything."""
    return database._session(neo4j.WRITE_ACCESS)


def state(database: Database) -> dict[str, list[Any]]:
    """What hostile statements aim at, with all properties. What others have in the same Neo4j is left out."""
    ours = "WHERE n:Kept OR n:Hostile" if not database.embedded else ""
    looks = {
        "nodes": f"MATCH (n) {ours} RETURN labels(n) AS l, properties(n) AS p",
        "relationships": f"MATCH (n)-[r]->() {ours} RETURN type(r) AS t, properties(r) AS p",
        "indexes": "SHOW INDEXES YIELD name, labelsOrTypes, properties RETURN name, labelsOrTypes, properties",
        "constraints": "SHOW CONSTRAINTS YIELD name RETURN name",
        "users": "SHOW USERS",
    }
    found: dict[str, list[Any]] = {}
    with session(database) as looking:
        for what, cypher in looks.items():
            found[what] = sorted(str(record.data()) for record in looking.run(cypher))
    return found


@pytest.fixture(scope="module")
def kept(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with little in it, to be found unchanged; what others keep in a Neo4j stays."""
    with open_database(settings) as database:
        with session(database) as writing:
            writing.execute_write(lambda transaction: transaction.run(KEPT).consume())
            writing.run("CREATE INDEX kept_x IF NOT EXISTS FOR (n:Kept) ON (n.x)").consume()
        yield database
        with session(database) as writing:
            writing.execute_write(lambda t: t.run("MATCH (n:Kept|Hostile) DETACH DELETE n").consume())
            writing.execute_write(lambda t: t.run("MATCH (n:Schema {id: 'kept'}) DETACH DELETE n").consume())
            writing.run("DROP INDEX kept_x").consume()


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose content must not be answered."""
    file = tmp_path_factory.mktemp("secret") / "secret.csv"
    file.write_text(f"{SECRET}\n{SECRET}\n")
    file.chmod(0o644)
    return file


def attempt(settings: Settings, cypher: str) -> EgraphError | list[Any]:
    """The error for a hostile statement, or the values that it answered with."""
    try:
        answer = ask(settings, cypher, seconds=5)
    except EgraphError as error:
        assert "\n" not in str(error) and str(error).endswith("."), str(error)
        assert SECRET not in str(error)
        return error
    assert SECRET not in str(answer.rows)
    return [value for row in answer.rows for value in row.values()]


def test_there_are_enough() -> None:
    assert len(HOSTILE) >= 60 and len(HARMLESS) >= 25


def test_nothing_gets_through(settings: Settings, kept: Database, secret: Path) -> None:
    before = state(kept)
    got = {name: attempt(settings, cypher.replace("{secret}", str(secret))) for name, cypher in HOSTILE.items()}
    assert state(kept) == before
    answered = {name: values for name, values in got.items() if isinstance(values, list)}
    assert answered == {name: values for name, values in ANSWERED.items() if name in answered}
    assert not [f"{name}: {error}" for name, error in got.items() if isinstance(error, DatabaseError)]


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_statements_are_answered(settings: Settings, kept: Database, name: str) -> None:
    cypher, value = HARMLESS[name]
    parameters = {"create": "SET n.x = 9", "text": "'}) DETACH DELETE n //"}
    answer = ask(settings, cypher, parameters)
    assert [row[answer.columns[0]] for row in answer.rows[:1]] == [value]


@pytest.mark.parametrize("name", FOR_EVER)
def test_what_runs_for_ever_is_stopped(settings: Settings, kept: Database, name: str) -> None:
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="longer than 1 seconds"):
        ask(settings, FOR_EVER[name], seconds=1)
    assert time.monotonic() - started < 6
    deadline = time.monotonic() + 5
    while True:
        with session(kept) as looking:
            running = [
                r["currentQuery"] for r in looking.run("SHOW TRANSACTIONS") if FOR_EVER[name] in r["currentQuery"]
            ]
        if not running:
            break
        assert time.monotonic() < deadline, "the database still works on it"
        time.sleep(0.1)


def test_one_row_that_takes_for_ever_is_not_waited_for(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # No database looks at the clock within one expression; this one ends by itself after a second or so.
    monkeypatch.setattr("egraph.graph.read_only.GRACE_SECONDS", 0.1)
    started = time.monotonic()
    with pytest.raises(DatabaseError, match="longer than"):
        ask(settings, "RETURN size([x IN range(1, 70000000) WHERE x < 0]) AS x", seconds=0.1)
    assert time.monotonic() - started < 6


def decorate(cypher: str, cases: list[bool], spaces: list[str]) -> str:
    """The same statement in other cases, with other space between its words."""
    words = cypher.split(" ")
    cased = [
        word.upper() if upper else word.lower()
        for word, upper in zip(words, (cases * len(words))[: len(words)], strict=True)
    ]
    # Strings and names keep their case, so that the statement stays what it is.
    kept = [w if any(c in w for c in "':(){}") else c for w, c in zip(words, cased, strict=True)]
    gaps = (spaces * len(kept))[: len(kept)]
    return spaces[0] + "".join(word + gap for word, gap in zip(kept, gaps, strict=True))


@hypothesis_settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    name=st.sampled_from(DECORATED),
    cases=st.lists(st.booleans(), min_size=1, max_size=6),
    spaces=st.lists(st.sampled_from(SPACES), min_size=1, max_size=6),
)
def test_decorated_statements_do_not_get_through(
    settings: Settings, kept: Database, secret: Path, name: str, cases: list[bool], spaces: list[str]
) -> None:
    counting = (
        "MATCH (n:Kept) WITH count(n) AS kept, sum(n.x) AS x OPTIONAL MATCH (h:Hostile) RETURN kept, x, count(h) AS h"
    )
    error = attempt(settings, decorate(HOSTILE[name].replace("{secret}", str(secret)), cases, spaces))
    assert isinstance(error, UsageError)
    assert ask(settings, counting).rows == [{"kept": 2, "x": 3, "h": 0}]


@pytest.mark.parametrize("settings", ["embedded"], indirect=True)
def test_the_embedded_reader_writes_nothing_even_without_a_plan(
    settings: Settings, kept: Database, secret: Path
) -> None:
    before = state(kept)
    with open_database(settings, reader=True) as database:
        assert database.user.startswith("egraph-reader-")
        for cypher in HOSTILE.values():
            for access in (neo4j.READ_ACCESS, neo4j.WRITE_ACCESS):
                try:
                    with database._session(access) as careless:
                        rows = [r.values() for r in careless.run(cypher.replace("{secret}", str(secret)))]
                    assert SECRET not in str(rows)
                except neo4j.exceptions.Neo4jError:
                    pass
    assert state(kept) == before


def test_rows_are_limited(settings: Settings) -> None:
    cut = ask(settings, "UNWIND range(1, 20) AS x RETURN x", rows=7)
    assert [row["x"] for row in cut.rows] == list(range(1, 8)) and cut.truncated
    whole = ask(settings, "UNWIND range(1, 20) AS x RETURN x", rows=20)
    assert len(whole.rows) == 20 and not whole.truncated
    endless = ask(
        settings, "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN a, b", rows=3, seconds=20
    )
    assert len(endless.rows) == 3 and endless.truncated


def test_values_become_json(settings: Settings, kept: Database) -> None:
    row = ask(settings, "MATCH p = (a:Kept {x: 1})-[r:HOLDS]->(b) RETURN a, r, p, [b.x, {k: b}] AS l").rows[0]
    first = {"labels": ["Kept"], "properties": {"x": 1, "t": "text"}}
    second = {"labels": ["Kept"], "properties": {"x": 2}}
    holds = {"type": "HOLDS", "properties": {"y": 2}}
    assert row == {
        "a": first,
        "r": holds,
        "p": {"nodes": [first, second], "relationships": [holds]},
        "l": [2, {"k": second}],
    }
    plain = ask(settings, "RETURN date('2026-11-24') AS d, duration('P1DT2H') AS u, point({x: 1, y: 2}) AS p, 0.5 AS f")
    assert plain.rows == [{"d": "2026-11-24", "u": "P1DT2H", "p": "POINT(1.0 2.0)", "f": 0.5}]


@pytest.mark.parametrize(
    ("cypher", "said"),
    [("RETURN 1 +", r"line 1"), ("RETURN nothing", "nothing"), ("RETURN $missing", "missing"), ("", "statement")],
)
def test_mistakes_are_explained(settings: Settings, cypher: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as failure:
        ask(settings, cypher)
    assert "\n" not in str(failure.value)


@pytest.mark.neo4j
def test_places_are_counted_in_what_was_typed(neo4j_settings: Settings) -> None:
    with pytest.raises(UsageError, match=r"line 1, column 8"):
        ask(neo4j_settings, "RETURN nothing")
    with pytest.raises(UsageError, match=r"line 2, column 8"):
        ask(neo4j_settings, "// first\nRETURN nothing")


def test_parameters() -> None:
    read = read_parameters(["a=1", "b=horse", 'c="1"', "d=[1, 2]", 'e={"k": null}', "f=true", "g=", "h=NaN", "i=a=b"])
    assert read == {
        "a": 1,
        "b": "horse",
        "c": "1",
        "d": [1, 2],
        "e": {"k": None},
        "f": True,
        "g": "",
        "h": "NaN",
        "i": "a=b",
    }


def test_a_parameter_that_no_database_takes(settings: Settings) -> None:
    with pytest.raises(UsageError, match="parameter"):
        ask(settings, "RETURN $a AS a", {"a": 2**70})


@pytest.mark.parametrize(
    "details",
    [
        "apoc.load.json($autostring_0) AS x",
        "n.x + genai.vector.encode(n.t)",
        "`apoc`.`load`.json(1)",
        "a.b(1)",
        "`x.y`.z(1)",
    ],
)
def test_foreign_functions_are_seen_in_a_plan(details: str) -> None:
    with pytest.raises(UsageError, match="function"):
        check_functions(details)


@pytest.mark.parametrize(
    "details",
    [
        "date.truncate($a, n.d) AS x",
        "1 AS `apoc.load.json(1)`",
        "'apoc.load.json(1)' AS x",
        "n.x IN (1)",
        "toUpper(n.x)",
    ],
)
def test_own_functions_and_names_are_not(details: str) -> None:
    check_functions(details)


@pytest.mark.parametrize(
    "name", ["LoadCSV", "ShowSettings", "TerminateTransactions", "TransactionForeach", "RunQueryAt"]
)
def test_operators_that_do_not_look_at_the_graph(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        check_operators("r", [("ProduceResults", {}), (name, {"Details": "x"})])
    with pytest.raises(UsageError, match="change"):
        check_operators("rw", [("ProduceResults", {})])


def test_names_that_the_graph_does_not_know_are_hinted_at(settings: Settings, kept: Database) -> None:
    slip = ask(settings, "MATCH (p:Patern) RETURN p.id AS id")
    assert slip.rows == [] and slip.hints == ["The graph has no label Patern; did you mean Pattern."]
    assert ask(settings, "MATCH (p:Pattern) RETURN p.suport AS support LIMIT 1").hints == [
        "Pattern has no property suport; did you mean support."
    ]
    assert ask(settings, "MATCH (p:Pattern) RETURN p.support AS support LIMIT 1").hints == []
