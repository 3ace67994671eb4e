"""One connection to the graph database, whichever it is: named statements go in, rows come out."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import neo4j
from neo4j import GraphDatabase
from neo4j.exceptions import (
    ClientError,
    ConstraintError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
    TransientError,
)

from egraph.errors import DatabaseError, UsageError
from egraph.escape import shown
from egraph.graph import embedded
from egraph.graph.failures import AwayError, MissingError, check_version, no_address, reached_setting, sentence
from egraph.graph.folder import DATABASE
from egraph.graph.statements import Statement, text_of
from egraph.graph.version import check_schema
from egraph.settings import Settings

CONNECT_SECONDS = 8.0
RETRY_SECONDS = 20.0
SHORT_RETRY_SECONDS = 3.0
TRIES = 6
CHECK_SECONDS = 600.0
"""So long a command waits for another one that checks the graphs."""
GONE = "Neo.ClientError.Statement.EntityNotFound"
TRANSACTION_LIMIT = "db.memory.transaction.max"
SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")

T = TypeVar("T")

log = logging.getLogger(__name__)

# what the driver logs while it tries again would stand raw between a command's own sentences
logging.getLogger("neo4j").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement answered; `truncated` where more rows than the limit were there."""

    columns: list[str]
    rows: list[list[Any]]
    truncated: bool = False

    def records(self) -> list[dict[str, Any]]:
        """The rows as dicts."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Transaction:
    """A managed transaction in which named statements run; it may be tried again as a whole."""

    def __init__(self, transaction: neo4j.ManagedTransaction):
        self._transaction = transaction

    def run(self, name: str | Statement, /, **parameters: Any) -> list[dict[str, Any]]:
        """Run the statement `name`, e.g. `write/network`; its rows."""
        result = self._transaction.run(text_of(name), parameters)
        columns = result.keys()
        return [dict(zip(columns, record.values(), strict=True)) for record in result]


@dataclass(frozen=True, slots=True)
class Fence:
    """What a writer is held to that may lose its right to write.

    seconds: a transaction of it lasts at most so long, where the server obeys: if it falls asleep in the middle of one,
    others need not wait longer for what it has locked. check: runs last in every writing transaction, and raises where
    the right is lost.
    """

    seconds: float
    check: Callable[[Transaction], None] | None = None


class Database:
    """An open graph database. Usable from several threads; close it by leaving its `with` block.

    With `reader`, the embedded database is used as a user who may only read. With `fence`, nothing is written but what
    it lets pass. `schema` is the version that was noted when it was opened.
    """

    def __init__(
        self, settings: Settings, start: bool = True, reader: bool = False, fence: Fence | None = None
    ) -> None:
        self._settings = settings
        self._fence = fence
        self._start = start
        self._reader = reader
        self._child: embedded.Child | None = None
        self._driver: neo4j.Driver | None = None
        self.schema: int | None = None
        self._connect()

    @property
    def embedded(self) -> bool:
        """Whether this is egraph's own child process, which has one writer at a time."""
        return self._settings.embedded

    def _connect(self) -> None:
        settings = self._settings
        if settings.neo4j_uri is None:
            self._child = embedded.join(settings, self._start)
            self.address = self._child.address
            password: str | None
            self.user, password = self._child.login(self._reader)
            self.name: str | None = DATABASE
        else:
            self.address, self.user = settings.neo4j_uri, settings.neo4j_username
            self.name = settings.neo4j_database
            password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else None
        if self.address.partition("://")[0] not in SCHEMES:
            raise no_address(self.address)
        with self._failures():
            self._driver = GraphDatabase.driver(
                self.address,
                auth=None if password is None else (self.user, password),
                user_agent="egraph",
                connection_timeout=CONNECT_SECONDS,
                connection_acquisition_timeout=CONNECT_SECONDS + 2,
                # A child that was killed never comes back at its address; we start another one instead of waiting. And
                # who reads a page would rather be told.
                max_transaction_retry_time=SHORT_RETRY_SECONDS if self.embedded or self._reader else RETRY_SECONDS,
                notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF,
                telemetry_disabled=True,
            )
            self.agent = self._driver.get_server_info().agent
        check_version(self.agent, self.address)

    def close(self) -> None:
        """Close every connection and leave the embedded database to others."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None
        if self._child is not None:
            self._child.leave()
            self._child = None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (DriverError, Neo4jError, OSError) as error:
            raise self.explain(error) from error
        except UnicodeEncodeError as error:
            raise UsageError(
                f"The text {shown(str(error.object))[:200]} is no valid Unicode, which no database keeps; give another."
            ) from error

    def explain(self, error: Exception) -> DatabaseError:
        """The error that a user sees for one that the driver raised."""
        folder = embedded.folder_of(self._settings) if self.embedded else None
        return sentence(error, self.address, self.user, self.name, folder)

    def _session(self, access: str) -> neo4j.Session:
        """A session; a child that was killed since the last statement is replaced first."""
        if self._child is not None and not embedded.runs(self._child, self._settings):
            self.close()
            self._connect()
        assert self._driver is not None
        return self._driver.session(database=self.name, default_access_mode=access, fetch_size=4000)

    def read(self, name: str | Statement, /, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of the reading statement `name`.

        Raises:
            DatabaseError: the database failed.
        """
        return self.ask(name, parameters).records()

    def ask(
        self,
        name: str | Statement,
        parameters: dict[str, Any],
        limit: int | None = None,
        seconds: float | None = None,
    ) -> Rows:
        """Run the reading statement `name`; at most `limit` rows, at most `seconds` (where the server obeys).

        Raises:
            DatabaseError: the database failed, or took too long.
        """
        text = text_of(name)

        @neo4j.unit_of_work(timeout=seconds)
        def work(transaction: neo4j.ManagedTransaction) -> Rows:
            result = transaction.run(text, parameters)
            columns = list(result.keys())
            rows: list[list[Any]] = []
            for record in result:
                if limit is not None and len(rows) == limit:
                    return Rows(columns, rows, truncated=True)
                rows.append(record.values())
            return Rows(columns, rows)

        return self._run(neo4j.READ_ACCESS, work, shared=False)

    def schema_version(self) -> int | None:
        """The version noted in the database; None for one that egraph has not written to.

        Raises:
            DatabaseError: the database failed.
        """
        rows = self.read("read/schema_version")
        return int(rows[0]["version"]) if rows else None

    @contextmanager
    def reading(self, seconds: float) -> Iterator[neo4j.Transaction]:
        """An explicit READ transaction that is always rolled back, for at most `seconds` (where the server obeys).

        What the driver raises in it is the caller's to explain.
        """
        with self._session(neo4j.READ_ACCESS) as session:
            transaction = session.begin_transaction(timeout=seconds)
            try:
                yield transaction
            finally:
                transaction.close()

    def write(self, name: str | Statement, /, **parameters: Any) -> list[dict[str, Any]]:
        """Run the writing statement `name` in a transaction of its own; its rows.

        Raises:
            DatabaseError: the database failed.
        """
        return self.transaction(lambda transaction: transaction.run(name, **parameters))

    def transaction(self, work: Callable[[Transaction], T], shared: bool = True) -> T:
        """Do `work` in one managed transaction, tried again on passing failures.

        With `shared`, also where another writer made the same shared node at the same moment: two MERGEs of one
        unique key end in a ConstraintError for one of them, and the second try finds the node.

        Raises:
            DatabaseError: the database failed.
        """

        @neo4j.unit_of_work(timeout=self._fence.seconds if self._fence is not None else None)
        def fenced(managed: neo4j.ManagedTransaction) -> T:
            transaction = Transaction(managed)
            done = work(transaction)
            if self._fence is not None and self._fence.check is not None:
                # Last, so that what it locks is held only from here to the commit.
                self._fence.check(transaction)
            return done

        return self._run(neo4j.WRITE_ACCESS, fenced, shared)

    def _run(self, access: str, task: Callable[[neo4j.ManagedTransaction], T], shared: bool) -> T:
        @wraps(task)
        def work(transaction: neo4j.ManagedTransaction) -> T:
            try:
                return task(transaction)
            except TransientError as error:
                # the driver would try again, but what one transaction may take does not grow
                if reached_setting(str(error)) == TRANSACTION_LIMIT:
                    raise self.explain(error) from error
                raise

        with self._failures():
            for attempt in range(TRIES):
                try:
                    with self._session(access) as session:
                        execute = session.execute_read if access == neo4j.READ_ACCESS else session.execute_write
                        return execute(work)
                except ConstraintError:
                    if not shared or attempt == TRIES - 1:
                        raise
                except MissingError:
                    # Of two transactions at once, the embedded database lets one fail at its end; until then, that one
                    # may see some of what the other has committed, and not the rest.
                    if attempt == TRIES - 1:
                        raise
                except ClientError as error:
                    # Somebody deletes what this has just found; looked at again, it is not there.
                    if error.code != GONE or attempt == TRIES - 1:
                        raise
                except (ServiceUnavailable, SessionExpired, TransientError, AwayError):
                    # The driver has tried again already; for a child that was killed, the next session finds another.
                    if not self.embedded or attempt == TRIES - 1:
                        raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")


def _check_after_end(settings: Settings) -> None:
    """Check the embedded database's graphs where it did not end as it should, or was brought back from a backup."""
    folder = embedded.folder_of(settings)
    if not folder.unchecked.exists():
        return
    checking = folder.lock("check", seconds=CHECK_SECONDS)
    if checking is None or not folder.unchecked.exists():
        return
    # It needs the tables of mining, which those who only ask need not load.
    from egraph.graph.check import check_graphs, warn

    with checking:
        log.warning("The embedded database did not end as it should; its graphs are being checked.")
        database = Database(settings)
        try:
            warn(check_graphs(database))
        finally:
            database.close()
        folder.unchecked.unlink(missing_ok=True)


@contextmanager
def open_database(
    settings: Settings, start: bool = True, reader: bool = False, fence: Fence | None = None
) -> Iterator[Database]:
    """Open the database that the settings name: a Neo4j, or the embedded one (started if `start` and none runs).

    See `Database` for `reader` and `fence`.

    Raises:
        DatabaseError: nothing answers, the login is refused, the server is too old, there is no such database, or an
            egraph that is newer, or much older, wrote to it.
    """
    database = Database(settings, start, reader, fence)
    try:
        database.schema = database.schema_version()
        check_schema(database.schema)
        if database.embedded and start:
            _check_after_end(settings)
        yield database
    finally:
        database.close()
