"""What a user is told when the database cannot be used."""

import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from neo4j.exceptions import ClientError, ServiceUnavailable
from pydantic import SecretStr

from egraph.errors import DatabaseError
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.failures import check_version, sentence, version_of
from egraph.graph.version import OLDEST, VERSION, check_schema
from egraph.settings import Settings


def refused(settings: Settings) -> str:
    """The sentence for a database that does not open."""
    with pytest.raises(DatabaseError) as failure, open_database(settings):
        pass
    text = str(failure.value)
    assert "\n" not in text and text.endswith(".")
    return text


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that accepts and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept = []
        threading.Thread(target=lambda: kept.append(server.accept()), daemon=True).start()
        yield server.getsockname()[1]
        for connection, _ in kept:
            connection.close()


def test_nothing_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for scheme in ("bolt", "neo4j"):
        text = refused(Settings(home=tmp_path, neo4j_uri=f"{scheme}://127.0.0.1:{port}"))
        assert f"{scheme}://127.0.0.1:{port}" in text and "start it" in text


def test_a_server_that_does_not_answer(tmp_path: Path, silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("egraph.graph.connection.CONNECT_SECONDS", 1.0)
    started = time.monotonic()
    assert "No database answers" in refused(Settings(home=tmp_path, neo4j_uri=f"bolt://127.0.0.1:{silent}"))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("uri", ["localhost:7687", "http://localhost:7474", "bolt://", "nonsense"])
def test_no_address(tmp_path: Path, uri: str) -> None:
    assert uri in refused(Settings(home=tmp_path, neo4j_uri=uri))


def test_wrong_password(settings: Settings, database: Database) -> None:
    wrong = settings.model_copy(
        update={"neo4j_uri": database.address, "neo4j_username": database.user, "neo4j_password": SecretStr("wrong")}
    )
    assert "NEO4J_PASSWORD" in refused(wrong)


@pytest.mark.neo4j
def test_no_such_database(neo4j_settings: Settings) -> None:
    settings = neo4j_settings.model_copy(update={"neo4j_database": "nothing"})
    with pytest.raises(DatabaseError, match="no database named nothing"), open_database(settings) as database:
        database.read("read/graphs")


def test_versions() -> None:
    assert version_of("Neo4j/5.26.30") == (5, 26)
    assert version_of("Neo4j/2026.08.1") == (2026, 8)
    assert version_of("Neo4j/5.27-aura") == (5, 27)
    check_version("Neo4j/5.26.0 compatible", "bolt://here")
    for old in ("Neo4j/5.25.1", "Neo4j/4.4.30", "Neo4j/v5.11.0 compatible graph database server - Memgraph"):
        with pytest.raises(DatabaseError, match=r"5\.26 or newer"):
            check_version(old, "bolt://here")


def test_schema_of_another_egraph(database: Database) -> None:
    ensure_schema(database)
    assert database.schema_version() == VERSION
    check_schema(None)
    with pytest.raises(DatabaseError, match="update egraph"):
        check_schema(VERSION + 1)
    with pytest.raises(DatabaseError, match="older egraph"):
        check_schema(OLDEST - 1)


@pytest.mark.parametrize(("version", "remedy"), [(VERSION + 1, "update egraph"), (OLDEST - 1, "older egraph")])
def test_nothing_is_asked_of_a_database_of_another_egraph(
    settings: Settings, database: Database, version: int, remedy: str
) -> None:
    ensure_schema(database)
    database.write("write/schema_version", version=version)
    try:
        with pytest.raises(DatabaseError, match=remedy), open_database(settings):
            pass
    finally:
        database.write("write/schema_version", version=VERSION)


def test_a_database_of_an_older_egraph_gets_what_it_lacks(database: Database) -> None:
    ensure_schema(database)
    database.write("write/schema_version", version=OLDEST)
    ensure_schema(database)
    assert database.schema_version() == VERSION


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", "", "read-only"),
        ("Neo.DatabaseError.General.UnknownError", "java.io.IOException: No space left on device", "disk"),
        ("Neo.ClientError.Transaction.TransactionTimedOut", "", "too long"),
        ("Neo.TransientError.General.OutOfMemoryError", "", "raise `server.memory.heap.max_size` in its neo4j.conf"),
        (
            "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
            "The allocation of an extra 2.0 MiB would use more than the limit 20.0 MiB. Currently using 19.0 MiB. "
            "db.memory.transaction.max threshold reached",
            "raise `db.memory.transaction.max` in its neo4j.conf, which is 20.0 MiB now",
        ),
        (
            "Neo.ClientError.Security.AuthenticationRateLimit",
            "",
            "locks neo4j out for some seconds after several",
        ),
        ("Neo.ClientError.Security.Forbidden", "", "may not"),
        ("Neo.DatabaseError.Statement.ExecutionFailed", "line one\nline two", "line one line two"),
    ],
)
def test_failures_of_the_server(code: str, message: str, said: str) -> None:
    error = ClientError._hydrate_neo4j(code=code, message=message)
    text = str(sentence(error, "bolt://here", "neo4j", "neo4j"))
    assert said in text and "\n" not in text


class Answering(socketserver.BaseRequestHandler):
    """Answers what no Bolt server does."""

    answer = b""

    def handle(self) -> None:
        self.request.recv(1024)
        self.request.sendall(self.answer)


@pytest.mark.parametrize(
    ("scheme", "answer", "said"),
    [
        ("bolt", b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP listens at .*give the database's Bolt port"),
        ("neo4j", b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP listens at .*give the database's Bolt port"),
        ("bolt+s", b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP listens at"),
        ("bolt+s", b"", r"speaks no encrypted Bolt there; give bolt://127"),
        ("neo4j+ssc", b"", r"speaks no encrypted Bolt there; give neo4j://127"),
    ],
)
def test_a_port_that_speaks_something_else_is_told_from_one_that_is_silent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], scheme: str, answer: bytes, said: str
) -> None:
    handler = type("Handler", (Answering,), {"answer": answer})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = Settings(neo4j_uri=f"{scheme}://127.0.0.1:{server.server_address[1]}", home=tmp_path)
        with pytest.raises(DatabaseError, match=said), open_database(settings):
            pass
        server.shutdown()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("setting", "tries"), [("db.memory.transaction.max", 1), ("dbms.memory.other.max", 3)])
def test_what_a_transaction_may_never_take_is_tried_once(database: Database, setting: str, tries: int) -> None:
    done = 0

    def work(_transaction: object) -> None:
        nonlocal done
        done += 1
        if done < 3:
            raise ClientError._hydrate_neo4j(
                code="Neo.TransientError.General.MemoryPoolOutOfMemoryError", message=f"{setting} threshold reached"
            )

    if tries == 1:
        with pytest.raises(DatabaseError, match=setting):
            database.transaction(work)
    else:
        database.transaction(work)
    assert done == tries


@pytest.mark.skipif(sys.platform != "linux", reason="needs an address-space limit that holds")
def test_a_limit_on_addresses_is_named(tmp_path: Path) -> None:
    typed = f"ulimit -v 8000000; EGRAPH_HOME={tmp_path}/home exec {sys.executable} -m egraph_cli db start"
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, timeout=90)
    assert done.returncode == 4
    assert "7.6 GiB are allowed here; type `ulimit -v unlimited` first, or set NEO4J_URI" in done.stderr


def test_a_lost_connection() -> None:
    assert "bolt://here" in str(sentence(ServiceUnavailable("gone"), "bolt://here", "neo4j", None))


def test_asking_imports_nothing_slow(egraph_home: Path) -> None:
    code = """
import sys
from egraph_cli.main import outcome
assert outcome() == 0
slow = ("torch", "scipy", "sklearn", "PIL", "numpy", "pandas", "pyarrow", "arcadedb", "egraph.mining")
print([name for name in slow if name in sys.modules])
"""
    command = [sys.executable, "-c", code, "query", "jobs", "--nl"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_commands_give_the_driver_no_values_of_numpys(settings: Settings) -> None:
    # All tests use the driver as commands do, so each of them would fail like this one.
    with open_database(settings) as database, pytest.raises(Exception, match="numpy"):
        database.read("read/graph", graph=np.zeros(2))


@pytest.mark.neo4j
def test_a_neo4j_is_asked_whatever_is_wrong_with_the_home(neo4j_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder can be made in it")
    with open_database(neo4j_settings.model_copy(update={"home": tmp_path / "file" / "home"})) as database:
        assert database.schema_version() is None or database.read("read/graphs") is not None
