"""Neo4j has nothing to say against any statement of the product: nothing deprecated, slow, or misspelt."""

from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest

from egraph.graph.connection import open_database
from egraph.graph.statements import kinds, names, statement
from egraph.settings import Settings
from support.everything import remove_everything, write_everything

ALLOWED = {
    # EXPLAIN runs without parameters; a constraint that stands is left alone.
    "01N60",
    "00NA0",
}

pytestmark = pytest.mark.neo4j


WORDS = {
    "name": "unused",
    "label": "Pattern",
    "type": "FIRES_ON",
    "source": "Pattern",
    "target": "Object",
    "property": "id",
    "column": ("score",),
}
"""Of the schema, for statements that are said once for several labels, types or columns."""


def every_statement() -> dict[str, str]:
    found = [statement(f"{kind}/{name}") for kind in kinds() for name in names(kind)]
    return {one.name: one.filled(**WORDS).text for one in found}


@pytest.fixture(scope="module")
def session(neo4j_settings: Settings) -> Iterator[neo4j.Session]:
    """A session that passes on every notification, of a database in which every label and property stands."""
    settings = neo4j_settings
    password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else ""
    with (
        open_database(settings) as database,
        neo4j.GraphDatabase.driver(str(settings.neo4j_uri), auth=(settings.neo4j_username, password)) as driver,
        driver.session(database=settings.neo4j_database, notifications_min_severity="INFORMATION") as session,
    ):
        mined = write_everything(database, "test-notifications")
        yield session
        session.run((Path(__file__).parent / "jobs_of_category.cypher").read_text(), category=mined.category).consume()
        remove_everything(database, mined)


def complaints(session: neo4j.Session, text: str) -> list[str]:
    """What Neo4j says about a statement, without running it."""
    summary = session.run(f"EXPLAIN {text}").consume()
    said = [status for status in summary.gql_status_objects if status.is_notification]
    return [f"{status.gql_status}: {status.status_description}" for status in said if status.gql_status not in ALLOWED]


def test_every_statement(session: neo4j.Session) -> None:
    found = {name: complaints(session, text) for name, text in every_statement().items()}
    assert len(found) > 50
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("MATCH (a:Pattern), (b:Filter) RETURN a.id, b.id", "03N90"),
        (
            "MATCH p = shortestPath((a:Pattern {id: 'a'})-[*]->(b:Pattern {id: 'b'})) RETURN p",
            "03N91",
        ),
        ("MATCH (p:Patern) RETURN p.id", "01N50"),
        ("MATCH (p:Pattern) RETURN p.idd", "01N52"),
        ("MATCH (:Pattern)-[:CO_ACTIVATES]->(p) RETURN p.id", "01N51"),
        ("MATCH (p:Pattern) RETURN id(p)", "01N0"),
    ],
)
def test_what_would_be_found(session: neo4j.Session, text: str, complaint: str) -> None:
    assert complaint in " ".join(complaints(session, text))
