"""One sentence for every way in which a graph database fails."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import neo4j.exceptions as failures

from egraph.errors import DatabaseError, EgraphError
from egraph.graph.folder import DatabaseFolder

OLDEST = (5, 26)


class Conflict(DatabaseError):
    """A unique id is there already: another writer was first."""


class MissingError(EgraphError):
    """The database does not hold what it must: an end of an edge, or all of a graph."""


class AwayError(DatabaseError):
    """Nothing answers now; later, something may."""


class FullError(DatabaseError):
    """The database's disk is full."""


def sentence(
    error: Exception, address: str, user: str, database: str | None, folder: DatabaseFolder | None = None
) -> DatabaseError:
    """The error that a user sees for `error`, raised by the driver while it talked to `address` as `user`.

    With `folder`, the database is the embedded one, which has no settings that could be wrong.
    """
    if folder is not None and (found := _embedded_error(error, folder)) is not None:
        return found
    failure = _Failure(error, address, user, database)
    for told in (_login, _what_stands, _limits, _rights, _connection):
        if (found := told(failure)) is not None:
            return found
    return DatabaseError(f"The database at {address} failed: {failure.text[:300] or type(error).__name__}.")


@dataclass(frozen=True)
class _Failure:
    """An error of the driver, and whom it was talking to, as whom; each of the functions below knows some of them."""

    error: Exception
    address: str
    user: str
    database: str | None

    @property
    def code(self) -> str:
        return str(getattr(self.error, "code", None) or "")

    @property
    def text(self) -> str:
        return " ".join(str(self.error).split())

    @property
    def low(self) -> str:
        return self.text.lower()


def _login(failure: _Failure) -> DatabaseError | None:
    """The user or the password is not the right one."""
    if failure.code.endswith("AuthenticationRateLimit"):
        return DatabaseError(
            f"The database at {failure.address} locks {failure.user} out for some seconds after several wrong "
            "passwords (`dbms.security.auth_lock_time`), even with the right one; wait, then run the command again."
        )
    if isinstance(failure.error, failures.AuthError) or failure.code.startswith("Neo.ClientError.Security.Auth"):
        return DatabaseError(
            f"The database at {failure.address} refuses {failure.user} with this password; set NEO4J_USERNAME and "
            "NEO4J_PASSWORD."
        )
    return None


def _what_stands(failure: _Failure) -> DatabaseError | None:
    """The database is not there, holds something that is in the way, or takes no writes."""
    code, low = failure.code, failure.low
    if isinstance(failure.error, failures.ConstraintError):
        return Conflict(
            f"The database at {failure.address} holds something with the same id already: {failure.text[:200]}."
        )
    if "DatabaseNotFound" in code or "database does not exist" in low:
        return DatabaseError(
            f"The server at {failure.address} has no database named {failure.database}; set NEO4J_DATABASE to one that "
            "it has."
        )
    if "ReadOnly" in code or "read-only" in low or "NotALeader" in code:
        return DatabaseError(
            f"The database at {failure.address} takes no writes now (read-only); ask who runs it, or set NEO4J_URI to "
            "another."
        )
    return None


def _limits(failure: _Failure) -> DatabaseError | None:
    """Disk, time or memory is used up."""
    code, text, low = failure.code, failure.text, failure.low
    if "no space left" in low or "disk full" in low or "enough disk space" in low:
        return FullError(
            f"The disk of the database at {failure.address} is full; free some space there, then run the command again."
        )
    if "TransactionTimedOut" in code or "timeout" in code.lower() or ("timed out" in low and "transaction" in low):
        return DatabaseError("The database gave up on a statement that ran too long; ask for less, or allow more time.")
    if "OutOfMemory" in code or "MemoryPool" in code or ("memory" in low and "limit" in low):
        setting = reached_setting(text) or "server.memory.heap.max_size"
        limit = re.search(r"more than the limit (\S+ \S+?)\.", text)
        return DatabaseError(
            f"The database at {failure.address} has too little memory for this: raise `{setting}` in its neo4j.conf"
            f"{f', which is {limit[1]} now' if limit else ''}, and restart it."
        )
    return None


def _rights(failure: _Failure) -> DatabaseError | None:
    """The user may not do this."""
    if "Forbidden" in failure.code:
        return DatabaseError(
            f"The user {failure.user} may not do this in the database at {failure.address}; ask for the right to write."
        )
    return None


def _connection(failure: _Failure) -> DatabaseError | None:
    """Nothing that speaks Bolt as it was asked to answers at the address."""
    error, address = failure.error, failure.address
    if isinstance(error, failures.ConfigurationError) or "URI scheme" in failure.text:
        return no_address(address)
    said = [f"{type(cause).__name__}: {cause}" for cause in _causes(error)]
    if any("looks like HTTP" in cause for cause in said) or (
        _refused(said) and "WRONG_VERSION_NUMBER" in " ".join(said)
    ):
        return DatabaseError(
            f"Something that speaks HTTP listens at {address}, not Bolt; give the database's Bolt port, usually 7687."
        )
    if any("CERTIFICATE_VERIFY_FAILED" in cause for cause in said):
        return DatabaseError(
            f"The certificate of {address} is not trusted here; install its authority's, or take "
            f"{address.replace('+s://', '+ssc://')} if you trust the network."
        )
    if _refused(said):
        return DatabaseError(
            f"The database at {address} speaks no encrypted Bolt there; give {re.sub('[+]s(sc)?://', '://', address)}, "
            "or turn encryption on in its neo4j.conf (server.bolt.tls_level)."
        )
    if isinstance(error, failures.ServiceUnavailable | failures.SessionExpired | OSError):
        return AwayError(
            f"No database answers at {address}; start it, or unset NEO4J_URI to use the embedded database."
        )
    return None


def _embedded_error(error: Exception, folder: DatabaseFolder) -> DatabaseError | None:
    """What only the embedded database fails by; None for what any database may."""
    code, low = str(getattr(error, "code", None) or ""), str(error).lower()
    if folder.is_full() or "no space left" in low or "disk full" in low:
        return FullError(
            f"The disk that holds the embedded database, {folder.path}, is full; free some space there, then run the "
            "same command again: it goes on where it stopped."
        )
    if isinstance(error, failures.AuthError) or code.startswith("Neo.ClientError.Security.Auth"):
        return DatabaseError(
            f"The embedded database does not know egraph any more: its files in {folder.path} were changed while it "
            "ran; type `egraph db stop`, then run the same command again."
        )
    if isinstance(error, failures.ServiceUnavailable | failures.SessionExpired | OSError):
        return AwayError(
            "The embedded database stopped while it was asked; run the same command again, which starts it. If that "
            f"does not help, the reason stands in {folder.log}."
        )
    return None


def reached_setting(text: str) -> str | None:
    """The setting whose limit a transaction met, as Neo4j names it, such as `db.memory.transaction.max`."""
    named = re.search(r"((?:db|dbms|server)\.memory\.[\w.]+) threshold reached", text)
    return named[1] if named else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it; the driver puts several under one while it looks for a cluster's members."""
    yield error
    for inner in getattr(error, "exceptions", ()):
        yield from _causes(inner)
    if (before := error.__cause__ or error.__context__) is not None:
        yield from _causes(before)


def _refused(said: Sequence[str]) -> bool:
    """Whether encryption could not be agreed on."""
    return any(cause.startswith(("SSL", "BoltSecurityError")) for cause in said)


def no_address(address: str) -> DatabaseError:
    """The error for an address that cannot be one of a database."""
    return DatabaseError(f"{address} is no address of a database; NEO4J_URI looks like bolt://localhost:7687.")


def version_of(agent: str) -> tuple[int, int] | None:
    """(major, minor) in a server's agent text, such as `Neo4j/5.26.30`; None where it does not look like that."""
    name, _, version = agent.partition("/")
    numbers = version.split("-")[0].split(" ")[0].split(".")
    if name != "Neo4j" or len(numbers) < 2 or not (numbers[0].isdigit() and numbers[1].isdigit()):
        return None
    return int(numbers[0]), int(numbers[1])


def check_version(agent: str, address: str) -> None:
    """Refuse a server that is too old, or is no Neo4j.

    Raises:
        DatabaseError: older than 5.26, or another product.
    """
    version = version_of(agent)
    if version is None:
        raise DatabaseError(f"{address} is {agent}, not Neo4j; set NEO4J_URI to a Neo4j 5.26 or newer.")
    if version < OLDEST:
        raise DatabaseError(f"Neo4j at {address} is version {version[0]}.{version[1]}; egraph needs 5.26 or newer.")
