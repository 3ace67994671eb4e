"""The embedded database's process: it hosts the engine, and stops it when nobody has used it for a while.

Started by `egraph.graph.embedded` as `python -m egraph.graph.engine_process FOLDER PIPE IDLE_SECONDS WAL_FLUSH`; it
answers
through the pipe with one JSON object, `{"port": …}` or `{"error": sentence}`.
"""

import base64
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from egraph.errors import DatabaseError
from egraph.graph.folder import ChildState, DatabaseFolder

DATABASE = "neo4j"
USER = "root"
READER = "reader"
COMMAND_SECONDS = 600
"""No statement runs longer; the driver's own transaction timeout is ignored by the engine."""

log = logging.getLogger(__name__)
BOLT = "Bolt:com.arcadedb.bolt.BoltProtocolPlugin"


def free_port() -> int:
    """A port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_engine(folder: DatabaseFolder, wal_flush: int) -> tuple[Any, int]:
    """Start the engine in this process; returns its server and its Bolt port.

    Raises:
        DatabaseError: another program has the files open, or the engine does not start.
    """
    os.environ["ARCADEDB_LOG_DIR"] = str(folder.log)
    os.environ["ARCADEDB_LOG_CONSOLE"] = "0"
    import arcadedb

    # The engine keeps users from an earlier start; without the file it makes `root` anew from our password file.
    (folder.data / "config" / "server-users.jsonl").unlink(missing_ok=True)
    write_groups(folder.data / "config" / "server-groups.json")
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
        }
        server = arcadedb.create_server(str(folder.data), folder.password(), settings)
        try:
            server.start()
            server.create_database(DATABASE)
            create_reader(folder, settings["http_port"])
            return server, port
        except arcadedb.ArcadeDBError as error:
            failure = error
            log.error("The engine did not start: %s", error)
            if "lock" in str(error).lower():
                break
    raise DatabaseError(explain(str(failure), folder)) from failure


def write_groups(file: Path) -> None:
    """Say what the engine's users may do: administrators everything, readers read, everybody else nothing."""

    def group(rights: list[str], records: list[str]) -> dict[str, Any]:
        types = {"*": {"access": records}}
        return {"resultSetLimit": -1, "readTimeout": -1, "access": rights, "types": types}

    groups = {
        "admin": group(
            ["updateSecurity", "updateSchema", "updateDatabaseSettings"],
            ["createRecord", "readRecord", "updateRecord", "deleteRecord"],
        ),
        READER: group([], ["readRecord"]),
        "*": group([], []),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"databases": {"*": {"groups": groups}}, "version": 2}), encoding="utf-8")


def create_reader(folder: DatabaseFolder, http_port: int) -> None:
    """Make the user who may only read; only the engine's HTTP side makes users.

    Raises:
        DatabaseError: it was not made.
    """
    user = {"name": READER, "password": folder.password(reader=True), "databases": {DATABASE: [READER]}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{http_port}/api/v1/server",
        json.dumps({"command": f"create user {json.dumps(user)}"}).encode(),
        {
            "Authorization": "Basic " + base64.b64encode(f"{USER}:{folder.password()}".encode()).decode(),
            "Content-Type": "application/json",
        },
    )
    # Without a proxy, whatever the environment says: the passwords are for nobody else.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10):
            pass
    except OSError as error:
        log.error("The reading user was not made: %s", error)
        raise DatabaseError(f"The embedded database does not start; the reason stands in {folder.log}.") from error


def explain(message: str, folder: DatabaseFolder) -> str:
    """One sentence for the engine's refusal to start."""
    if "lock" in message.lower():
        return f"The database files in {folder.data} are open in another program; close that program and try again."
    if "no space left" in message.lower():
        return f"The disk that holds {folder.path} is full; free some space, then run the command again."
    return f"The embedded database does not start; the reason stands in {folder.log}."


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


def keep(folder: DatabaseFolder, port: int, idle_seconds: float, stopped: threading.Event) -> Any:
    """Return when told to stop, when the folder is gone, or when nobody has used the database for `idle_seconds`.

    Returns the lock that keeps newcomers waiting until this process has ended, or None.
    """
    used = time.time()
    while not stopped.wait(min(1.0, idle_seconds / 4)):
        try:
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
            server, port = start_engine(folder, wal_flush)
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
    newcomers = keep(folder, port, idle_seconds, stopped)
    folder.state_file.unlink(missing_ok=True)
    server.stop()
    # Both locks end with the process, after the engine has closed its files.
    del newcomers, alive
    return 0


if __name__ == "__main__":
    sys.exit(run(DatabaseFolder(Path(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
