"""Each test here runs on the embedded database, and on every Neo4j that the environment names."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest

from egraph.graph import embedded
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.delete import delete_graph
from egraph.graph.graphs import graphs
from egraph.graph.parts import list_parts, remove_part
from egraph.graph.statements import parse, statement
from egraph.settings import Settings, load_settings
from support.servers import NEO4J


@pytest.fixture(scope="session", params=["embedded", *NEO4J])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """How to reach one of the databases; all tests share one embedded database."""
    home = tmp_path_factory.mktemp("a home with spaces")
    if request.param != "embedded":
        yield load_settings(neo4j_uri=request.param, home=home)
        return
    settings = Settings(home=home, idle_minutes=5, wal_flush=0)
    yield settings
    embedded.stop(settings)


@pytest.fixture(autouse=True)
def parameters_are_those_of_the_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test runs is given exactly the parameters that stand in its text."""
    run = neo4j.ManagedTransaction.run

    def checked(transaction: neo4j.ManagedTransaction, text: str, parameters: dict) -> neo4j.Result:
        assert parameters.keys() == parse("run/now", text).takes, text
        return run(transaction, text, parameters)

    monkeypatch.setattr(neo4j.ManagedTransaction, "run", checked)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    with open_database(settings) as database:
        yield database


@pytest.fixture
def category(database: Database) -> Iterator[str]:
    """A category that no other test uses; what was written of it is deleted at the end."""
    name = f"test-{uuid.uuid4().hex[:10]}"
    yield name
    for graph in graphs(database):
        if graph.category == name:
            delete_graph(database, graph.id)
    for part in list_parts(database):
        if part.category == name:
            remove_part(database, name, part.part)


def run_file(settings: Settings, database: Database, name: str, **parameters: object) -> list[dict]:
    """Run a statement that lies beside the tests; its rows."""
    password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else None
    if database.embedded:
        password = embedded.status(settings).password_file.read_text().strip()
    with neo4j.GraphDatabase.driver(database.address, auth=(database.user, str(password))) as driver:
        text = (Path(__file__).parent / name).read_text(encoding="utf-8")
        return [record.data() for record in driver.execute_query(text, parameters, database_=database.name).records]


def objects_there(database: Database, ids: list[str]) -> list[str]:
    """Which of some objects the database knows."""
    rows = database.read(statement("export/nodes").filled(label="Object"), ids=ids)
    return [row["properties"]["id"] for row in rows]


def delete_jobs(settings: Settings, database: Database) -> None:
    """Delete all jobs of a database."""
    run_file(settings, database, "jobs.cypher")


@pytest.fixture
def queue(settings: Settings, database: Database) -> Iterator[Database]:
    """A database without jobs, before and after."""
    ensure_schema(database)
    delete_jobs(settings, database)
    yield database
    delete_jobs(settings, database)
