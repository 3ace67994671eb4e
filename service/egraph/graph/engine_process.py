"""The embedded database's process: it hosts the engine, and stops it when nobody has used it for a while.

Started by `egraph.graph.embedded` as `python -m egraph.graph.engine_process FOLDER PIPE IDLE_SECONDS WAL_FLUSH`; it
answers
through the pipe with one JSON object, `{"port": …}` or `{"error": sentence}`.
"""

import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from egraph.errors import DatabaseError
from egraph.graph.backup import serve, settle
from egraph.graph.engine_users import write_users
from egraph.graph.folder import DATABASE, ChildState, DatabaseFolder, not_starting

COMMAND_SECONDS = 600
"""No statement runs longer; the driver's own transaction timeout is ignored by the engine."""

log = logging.getLogger(__name__)
BOLT = "Bolt:com.arcadedb.bolt.BoltProtocolPlugin"


def free_port() -> int:
    """A port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_engine(folder: DatabaseFolder, wal_flush: int) -> tuple[Any, Any, int]:
    """Start the engine in this process; returns its server, the database and its Bolt port.

    Raises:
        DatabaseError: another program has the files open, or the engine does not start.
    """
    os.environ["ARCADEDB_LOG_DIR"] = str(folder.log)
    os.environ["ARCADEDB_LOG_CONSOLE"] = "0"
    import arcadedb

    settle(folder)
    write_users(folder)
    if folder.running.exists():
        folder.unchecked.touch()
    folder.running.touch()
    failure: Exception | None = None
    for _ in range(3):
        # Another program may take a port between our looking and the engine's listening: look again.
        port = free_port()
        settings: dict[str, Any] = {
            "host": "127.0.0.1",
            "http_port": free_port(),
            # In production the engine keeps to itself what is wrong with a statement.
            "mode": "development",
            "server_plugins": BOLT,
            "bolt_host": "127.0.0.1",
            "bolt_port": port,
            "command_timeout": COMMAND_SECONDS * 1000,
            "txWalFlush": wal_flush,
            "server_securityAlgorithm": "PBKDF2WithHmacSHA256",
        }
        server = arcadedb.create_server(str(folder.data), secrets.token_urlsafe(24), settings)
        try:
            server.start()
            close_listener(settings["http_port"])
            return server, server.create_database(DATABASE), port
        except arcadedb.ArcadeDBError as error:
            failure = error
            log.error("The engine did not start: %s", error)
            if "lock" in str(error).lower():
                break
    raise DatabaseError(explain(str(failure), folder)) from failure


def close_listener(port: int) -> None:
    """Close the socket of this process that listens at a port.

    The engine cannot go without its HTTP side, which nobody needs here: less for others on this machine to knock at.
    """
    for link in Path("/dev/fd").iterdir():
        try:
            number = os.dup(int(link.name))
        except OSError:
            continue
        try:
            found = socket.socket(fileno=number)
        except OSError:
            os.close(number)
            continue
        with found:
            inet = found.family in (socket.AF_INET, socket.AF_INET6)
            if inet and found.getsockname()[1] == port and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.shutdown(socket.SHUT_RDWR)
                return
    log.error("The HTTP port %d stays open.", port)


def explain(message: str, folder: DatabaseFolder) -> str:
    """One sentence for the engine's refusal to start."""
    if "lock" in message.lower():
        return f"The database files in {folder.data} are open in another program; close that program and try again."
    if "no space left" in message.lower():
        return f"The disk that holds {folder.path} is full; free some space, then run the command again."
    return not_starting(folder)


def connections(port: int) -> int:
    """Open connections to our port, such as Neo4j Browser's; 0 where the system does not tell."""
    count = 0
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/self/net", table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            count += fields[1].endswith(f":{port:04X}") and fields[3] == "01"
    return count


def keep(
    folder: DatabaseFolder, port: int, idle_seconds: float, stopped: threading.Event, serve: Callable[[], None]
) -> Any:
    """Return when told to stop, when the folder is gone, or when nobody has used the database for `idle_seconds`.

    `serve` does what it is asked for meanwhile. Returns the lock that keeps newcomers waiting until this process has
    ended, or None.
    """
    used = time.time()
    while not stopped.wait(min(1.0, idle_seconds / 4)):
        try:
            serve()
            used = max(used, folder.heartbeat.stat().st_mtime)
            nobody = folder.lock("users")
        except (OSError, DatabaseError):
            return None
        if nobody is None or connections(port):
            used = time.time()
        elif time.time() - used > idle_seconds:
            return nobody
        if nobody is not None:
            nobody.close()
    return None


def run(folder: DatabaseFolder, pipe: int, idle_seconds: float, wal_flush: int) -> int:
    """Host the engine until it is no longer needed; returns the exit status."""
    stopped = threading.Event()
    alive = folder.lock("alive", seconds=30)
    with os.fdopen(pipe, "w", encoding="utf-8") as answer:
        try:
            if alive is None:
                raise DatabaseError("The embedded database is still stopping; try again in a moment.")
            server, database, port = start_engine(folder, wal_flush)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, lambda *_: stopped.set())
            folder.write_state(ChildState(os.getpid(), port, time.time()))
        except DatabaseError as error:
            json.dump({"error": str(error)}, answer)
            return 1
        except OSError as error:
            json.dump({"error": folder.sentence(error)}, answer)
            return 1
        json.dump({"port": port}, answer)
    newcomers = keep(folder, port, idle_seconds, stopped, lambda: serve(folder, database))
    folder.state_file.unlink(missing_ok=True)
    server.stop()
    folder.running.unlink(missing_ok=True)
    # Both locks end with the process, after the engine has closed its files.
    del newcomers, alive
    return 0


if __name__ == "__main__":
    sys.exit(run(DatabaseFolder(Path(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
