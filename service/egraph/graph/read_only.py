"""Anybody's Cypher, answered without changing anything, whatever is typed.

In layers, each of which would do for most statements: the plan that the database itself makes of the statement
decides, never a search through its text; the statement runs in a READ transaction that is always rolled back, within
limits of time and rows; on the embedded database, whose plans hide much and whose READ transactions let writes through,
it runs as a user whom the engine lets read and nothing else.
"""

import contextlib
import json
import re
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import neo4j
from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError

from egraph.errors import DatabaseError, EgraphError, UsageError
from egraph.graph.connection import Database, Rows, open_database
from egraph.graph.json_values import plain
from egraph.graph.questions import parse_assignments
from egraph.graph.schema.hints import hints
from egraph.results import Table
from egraph.settings import Settings

ROWS = 1000
SECONDS = 30.0
GRACE_SECONDS = 2.0
"""How long after its time limit a server may still answer that it has stopped."""

EXPLAIN = "EXPLAIN "
TOO_LONG = "The statement ran longer than {seconds:g} seconds and was stopped; ask for less, or give --timeout."
ALLOWED = "`egraph query --cypher` only reads the graph"

PROCEDURES = frozenset(
    {
        "db.labels",
        "db.relationshiptypes",
        "db.propertykeys",
        "db.schema.visualization",
        "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties",
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
        "db.index.vector.querynodes",
        "db.index.vector.queryrelationships",
        "dbms.components",
    }
)
INSTANTS = ("date", "time", "localtime", "datetime", "localdatetime")
FUNCTIONS = frozenset(
    {f"{instant}.{name}" for instant in INSTANTS for name in ("truncate", "transaction", "statement", "realtime")}
    | {"datetime.fromepoch", "datetime.fromepochmillis", "point.distance", "point.withinbbox"}
    | {"duration.between", "duration.inmonths", "duration.indays", "duration.inseconds"}
    | {"vector.similarity.cosine", "vector.similarity.euclidean"}
)
"""Functions with a namespace; those without are Neo4j's own (it lets nobody define one), and none does harm."""

NAME = r"(?:`(?:[^`]|``)+`|[^\W\d]\w*)"
TOKENS = re.compile(rf"""'[^']*'|"[^"]*"|(?P<called>{NAME}(?:\s*\.\s*{NAME})+)\(|{NAME}""")
OUTSIDE = ("LoadCSV", "Show", "Terminate", "Administration", "Transaction", "RunQueryAt", "Remote")
"""What the names of operators begin with that do not look at the graph, though some count as reading."""
STEP = re.compile(r"^\s*\+ (.+)$", re.MULTILINE)
CHANGES = ("CREATE", "MERGE", "SET", "DELETE", "DETACH DELETE", "REMOVE", "FOREACH", "LOAD CSV")
PLACE = re.compile(r"\(line (\d+), column (\d+) \(offset: \d+\)\)")


class Refused(UsageError):
    """The statement might do something else than read the graph."""


@dataclass(frozen=True)
class Answer(Table):
    """What a statement answered, as JSON values; `truncated` where there were more rows than the limit. hints: on names
    in the statement that the graph does not know."""

    cypher: str
    parameters: dict[str, Any]
    columns: list[str]
    rows: list[dict[str, Any]]
    truncated: bool
    hints: list[str]


def read_parameters(assignments: Sequence[str]) -> dict[str, Any]:
    """`key=value` texts as parameters: JSON values where they are JSON, else texts.

    Raises:
        UsageError: one has no `=`, or a key comes twice.
    """

    def no_number(text: str) -> None:
        raise ValueError(text)

    values: dict[str, Any] = {}
    for key, text in parse_assignments(assignments).items():
        try:
            values[key] = json.loads(text, parse_constant=no_number)
        except (ValueError, RecursionError):
            values[key] = text
    return values


def ask(
    settings: Settings,
    cypher: str,
    parameters: Mapping[str, Any] | None = None,
    rows: int = ROWS,
    seconds: float = SECONDS,
) -> Answer:
    """Answer one statement; at most `rows` rows, at most about `seconds`.

    Raises:
        Refused: it might do something else than read the graph.
        UsageError: it is no Cypher, or a parameter is missing or wrong.
        DatabaseError: the database failed, or the time was over.
    """
    given = dict(parameters or {})
    if not cypher.strip():
        raise UsageError(
            "There is no statement to answer; type one, or ask a question by its name: `egraph query` lists them."
        )
    with open_database(settings, reader=True) as database:
        answer = answer_in_time(database, cypher, given, rows, seconds)
    return Answer(
        cypher=cypher,
        parameters=given,
        columns=answer.columns,
        rows=[{key: plain(value) for key, value in row.items()} for row in answer.records()],
        truncated=answer.truncated,
        hints=hints(cypher),
    )


def answer_in_time(database: Database, cypher: str, parameters: dict[str, Any], rows: int, seconds: float) -> Rows:
    """The answer of `answer_in_transaction`, or its error; nobody waits longer, even where the server does not obey.

    Raises:
        DatabaseError, UsageError: as `ask`.
    """
    answers: SimpleQueue[Rows | Exception] = SimpleQueue()
    # Begins the text that runs, so that a statement can be told from all others that run.
    mark = f"/* {uuid.uuid4().hex} */ "

    def work() -> None:
        try:
            answer_in_transaction(database, cypher, parameters, rows, seconds, mark, answers)
        except Exception as error:
            answers.put(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        # The embedded database's server never ends a statement by itself.
        answer = answers.get(timeout=seconds if database.embedded else seconds + GRACE_SECONDS)
    except Empty:
        answer = DatabaseError(TOO_LONG.format(seconds=seconds))
    finally:
        worker.join(0.2)
        if worker.is_alive():
            stop_running(database, mark, worker)
    if isinstance(answer, Rows):
        return answer
    raise explained(answer, database, seconds)


def answer_in_transaction(
    database: Database,
    cypher: str,
    parameters: dict[str, Any],
    limit: int,
    seconds: float,
    mark: str,
    answers: "SimpleQueue[Rows | Exception]",
) -> None:
    """Put the rows of the statement into `answers` as soon as they are there; the transaction ends after that.

    Raises:
        Refused: the plan says that it might do something else than read the graph.
    """
    with database.reading(seconds) as transaction:
        check_plan(transaction.run(EXPLAIN + cypher, parameters).consume(), database.embedded)
    with database.reading(seconds) as transaction:
        result = transaction.run(mark + cypher, parameters)
        columns = list(result.keys())
        if len(set(columns)) < len(columns):
            raise UsageError("The statement returns two columns of the same name; name them with AS.")
        found: list[list[Any]] = []
        for record in result:
            if len(found) == limit:
                answers.put(Rows(columns, found, truncated=True))
                return
            found.append(record.values())
        summary = result.consume()
        # The embedded database shows what a subquery changed only now. Rows beyond the limit are not waited for: then
        # nobody learns of the change, which is never committed, nor could be by this user.
        if summary.query_type not in (None, "r"):
            raise Refused(f"The statement is refused: it would change the graph, and {ALLOWED}.")
        if summary.plan is not None:
            raise UsageError("A plan is not answered; leave out EXPLAIN, or ask for it in Neo4j Browser.")
        answers.put(Rows(columns, found))


def stop_running(database: Database, mark: str, worker: threading.Thread) -> None:
    """End what the embedded database still works on. A Neo4j ends it when its connection closes."""
    if not database.embedded:
        return
    with contextlib.suppress(EgraphError):
        for running in database.read("limits/running", beginning=mark):
            database.read("limits/terminate", id=running["id"])
        worker.join(GRACE_SECONDS)


def check_plan(summary: neo4j.ResultSummary, embedded: bool) -> None:
    """Refuse a statement whose plan might do something else than read the graph.

    Raises:
        Refused: it writes, reads a file, calls what is not known to be harmless, or administers.
    """
    plan: dict[str, Any] | None = summary.plan
    if plan is None:
        raise Refused(f"The statement is refused: it administers the database, and {ALLOWED}.")
    if embedded:
        check_embedded_plan(str(plan.get("args", {}).get("string-representation", "")))
    else:
        check_operators(summary.query_type or "", list(operators(plan)))


def operators(plan: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All operators of a plan, from the last to the first: name without the database's, and arguments."""
    yield plan["operatorType"].partition("@")[0], plan.get("args", {})
    for child in plan.get("children", ()):
        yield from operators(child)


def check_operators(query_type: str, found: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Refuse a Neo4j plan that does more than read the graph.

    Raises:
        Refused: saying which operator, procedure or function is too much.
    """
    for name, arguments in found:
        details = str(arguments.get("Details", ""))
        if name.startswith("ProcedureCall"):
            called, _, details = details.partition("(")
            check_procedure(called)
        elif name.startswith(OUTSIDE):
            raise Refused(f"The statement is refused: it wants {name}, and {ALLOWED}.")
        check_functions(details)
        for key, value in arguments.items():
            if key not in ("Details", "string-representation") and isinstance(value, str):
                check_functions(value)
    if query_type != "r":
        raise Refused(f"The statement is refused: it would change the graph or the database, and {ALLOWED}.")


def check_embedded_plan(text: str) -> None:
    """Refuse an embedded database's plan that shows a change or an unknown procedure; subqueries do not show theirs.

    Raises:
        Refused: saying which step is too much.
    """
    for match in STEP.finditer(text):
        step = match[1]
        if step.startswith("CALL ") and not step.startswith("CALL SUBQUERY"):
            check_procedure(step.removeprefix("CALL ").partition("(")[0])
        for change in CHANGES:
            if re.match(rf"{change}\b", step):
                raise Refused(f"The statement is refused: it wants {change}, and {ALLOWED}.")


def check_procedure(name: str) -> None:
    """Refuse a procedure that is not known to be harmless.

    Raises:
        Refused: listing those that are.
    """
    if name.replace("`", "").strip().lower() not in PROCEDURES:
        raise Refused(
            f"The statement is refused: it calls the procedure {name.strip()}, and only these may be called: "
            f"{', '.join(sorted(PROCEDURES))}."
        )


def check_functions(details: str) -> None:
    """Refuse a function that is not Neo4j's own, such as one that reads a file or asks another machine.

    Args:
        details: an expression as a plan shows it, which is always written in the same way.

    Raises:
        Refused: naming the function.
    """
    for token in TOKENS.finditer(details):
        called = token["called"]
        if called and re.sub(r"[`\s]", "", called).lower() not in FUNCTIONS:
            raise Refused(f"The statement is refused: it calls the function {called}, which is none of Neo4j's own.")


def explained(error: Exception, database: Database, seconds: float) -> Exception:
    """The error that a user sees for `error`, raised while the statement was explained or run."""
    if isinstance(error, EgraphError):
        return error
    if isinstance(error, AuthError) and database.embedded:
        return DatabaseError("The embedded database was started by an older egraph; stop it with `egraph db stop`.")
    code = str(getattr(error, "code", None) or "Neo.Unknown.Unknown.Unknown")
    if isinstance(error, Neo4jError) and ("TimedOut" in code or "Terminated" in code):
        return DatabaseError(TOO_LONG.format(seconds=seconds))
    if "Security.Forbidden" in code or "AccessMode" in code:
        return Refused(f"The statement is refused: the database's user may not do it, and {ALLOWED}.")
    # The embedded database has no code of its own for a function or a procedure that it does not know.
    unknown = database.embedded and code == "Neo.DatabaseError.General.UnknownError"
    # Not the database of the settings but one that the statement wants to USE.
    elsewhere = "DatabaseNotFound" in code and (database.name or " ") not in str(error).split()
    if unknown or elsewhere or (isinstance(error, ClientError) and code.split(".")[2] in ("Statement", "Procedure")):
        assert isinstance(error, Neo4jError)
        return UsageError(f"The database does not take the statement: {message(error)}.")
    if isinstance(error, Neo4jError | DriverError | OSError):
        return database.explain(error)
    if isinstance(error, ValueError | TypeError | OverflowError):
        return UsageError(f"A parameter cannot be sent to the database: {error}.")
    return error


def message(error: Neo4jError) -> str:
    """What the server says in its first line, with the place counted in the text that the user typed."""
    first = " ".join((error.message or "").split('\n"')[0].split()).rstrip(".")

    def place(match: re.Match[str]) -> str:
        line, column = int(match[1]), int(match[2])
        if line < 1:
            return ""
        return f"(line {line}, column {column - len(EXPLAIN) if line == 1 and column > len(EXPLAIN) else column})"

    return PLACE.sub(place, first).strip()[:500]
