"""The database itself: start, stop, look at, prepare, check, back up and restore it."""

from dataclasses import dataclass, fields
from pathlib import Path

from egraph.errors import DatabaseError, UsageError
from egraph.graph import embedded
from egraph.graph.backup import back_up as write_backup
from egraph.graph.backup import restore as read_backup
from egraph.graph.check import Checked, check_graphs, sentence, warn
from egraph.graph.connection import open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.graphs import graphs
from egraph.graph.version import VERSION
from egraph.progress import Progress
from egraph.results import Result
from egraph.settings import Settings

NEO4J_BACKUP = (
    "NEO4J_URI names a Neo4j, which its own tools back up: stop it and type `neo4j-admin database dump neo4j "
    "--to-path=FOLDER` on its machine, or on Enterprise, while it runs, `neo4j-admin database backup neo4j "
    "--to-path=FOLDER`. Aura makes backups by itself; `egraph export GRAPH --format neo4j-admin` takes a single graph."
)
NEO4J_RESTORE = (
    "NEO4J_URI names a Neo4j, which its own tools restore: stop it and type `neo4j-admin database load neo4j "
    "--from-path=FOLDER --overwrite-destination=true` on its machine, then start it and type `egraph db init`."
)


@dataclass(frozen=True)
class EmbeddedState(Result):
    """The embedded database. address, pid, user: None while it does not run."""

    kind: str
    running: bool
    address: str | None
    pid: int | None
    user: str | None
    password_file: Path
    database: str
    folder: Path


@dataclass(frozen=True)
class Neo4jState(Result):
    """A Neo4j that answers. server: its name and version."""

    kind: str
    running: bool
    address: str
    user: str | None
    database: str | None
    server: str


@dataclass(frozen=True)
class Prepared(Result):
    """A database with all constraints, indexes and sums. graphs: how many it holds; damaged: ids of those that do not
    hold what they should."""

    address: str
    server: str
    schema: int
    graphs: int
    damaged: list[str]


@dataclass(frozen=True)
class CheckReport(Result):
    """Every graph that was counted and compared."""

    graphs: list[Checked]

    def refuse_damage(self) -> None:
        """Raises: DatabaseError: a graph is damaged; the sentence names each."""
        damaged = [one for one in self.graphs if one.damage]
        if damaged:
            raise DatabaseError(" ".join(sentence(one) for one in damaged))


@dataclass(frozen=True)
class Backup(Result):
    """A backup that was written."""

    file: Path
    bytes: int


@dataclass(frozen=True)
class Restored(Result):
    """A backup that was read. graphs: ids of the complete graphs that are there now."""

    file: Path
    graphs: list[str]


def start(settings: Settings) -> EmbeddedState:
    """Start the embedded database, if it does not run.

    Raises:
        UsageError: a Neo4j is used instead.
        DatabaseError: it does not start.
    """
    return _described(embedded.start(_own(settings, "start")))


def stop(settings: Settings) -> bool:
    """Stop the embedded database; whether it ran.

    Raises:
        UsageError: a Neo4j is used instead.
    """
    return embedded.stop(_own(settings, "stop"))


def look(settings: Settings) -> EmbeddedState | Neo4jState:
    """Whether the database answers, and where; starts nothing.

    Raises:
        DatabaseError: the Neo4j does not answer.
    """
    if settings.embedded:
        return _described(embedded.status(settings))
    with open_database(settings) as database:
        return Neo4jState("neo4j", True, database.address, database.user, database.name, database.agent)


def prepare(settings: Settings) -> Prepared:
    """Create missing constraints, indexes and sums, which mining does too, and check all graphs."""
    # It needs scipy, which the others need not load.
    from egraph.graph.upgrade import add_summaries

    with open_database(settings) as database:
        ensure_schema(database)
        add_summaries(database)
        checked = check_graphs(database)
        warn(checked)
        damaged = [one.graph for one in checked if one.damage]
        return Prepared(database.address, database.agent, VERSION, len(checked), damaged)


def check(settings: Settings, progress: Progress | None = None) -> CheckReport:
    """Count and compare what the database holds of every graph."""
    with open_database(settings) as database:
        return CheckReport(check_graphs(database, progress))


def back_up(settings: Settings, file: Path) -> Backup:
    """Write a backup of the embedded database while it runs.

    Raises:
        UsageError: the file is there already, or a Neo4j is used, which its own tools back up.
    """
    if not settings.embedded:
        raise UsageError(NEO4J_BACKUP)
    return Backup(file, write_backup(settings, file.absolute()))


def refuse_to_restore_neo4j(settings: Settings) -> None:
    """Raises: UsageError: a Neo4j is used, which its own tools restore."""
    if not settings.embedded:
        raise UsageError(NEO4J_RESTORE)


def restore(settings: Settings, file: Path) -> Restored:
    """Replace the embedded database by a backup, and check its graphs.

    Raises:
        UsageError: a Neo4j is used, which its own tools restore.
        InputError: the file is no backup.
    """
    refuse_to_restore_neo4j(settings)
    read_backup(settings, file)
    with open_database(settings) as database:
        return Restored(file, [graph.id for graph in graphs(database) if graph.state == "complete"])


def _own(settings: Settings, verb: str) -> Settings:
    """The settings, if the database is egraph's own to start and stop."""
    if not settings.embedded:
        raise UsageError(
            f"NEO4J_URI names {settings.neo4j_uri}, which is not egraph's to {verb}; "
            "unset it to use the embedded database."
        )
    return settings


def _described(state: embedded.Status) -> EmbeddedState:
    return EmbeddedState("embedded", **{field.name: getattr(state, field.name) for field in fields(state)})
