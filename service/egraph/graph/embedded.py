"""The embedded database: an ArcadeDB child process on the loopback address, shared by all of a user's commands."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from egraph.errors import DatabaseError
from egraph.graph.folder import DATABASE, ChildState, DatabaseFolder, can_lock, not_starting
from egraph.settings import Settings

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Child:
    """A running embedded database that this process has joined; it does not stop by idleness while `joined` is open."""

    address: str
    folder: DatabaseFolder
    joined: IO[str]

    def login(self, reader: bool) -> tuple[str, str]:
        """Name and password of the database's user, or of the one who may only read.

        Raises:
            DatabaseError: the file of the password is gone or may not be read.
        """
        return self.folder.user(reader), self.folder.password(reader)

    def leave(self) -> None:
        """Say that this process no longer uses it."""
        self.joined.close()


@dataclass(frozen=True, slots=True)
class Status:
    """What `egraph db status` shows; `address`, `pid` and `user` are None while the database does not run."""

    running: bool
    address: str | None
    pid: int | None
    user: str | None
    password_file: Path
    database: str
    folder: Path


def folder_of(settings: Settings) -> DatabaseFolder:
    """The folder of the settings' embedded database.

    Raises:
        DatabaseError: this system cannot have one.
    """
    if not can_lock():
        raise DatabaseError(
            "The embedded database needs Linux or macOS; set NEO4J_URI to the address of a Neo4j instead."
        )
    return DatabaseFolder((settings.home / "database").absolute())


def join(settings: Settings, start: bool = True) -> Child:
    """Join the running child, or start one.

    Raises:
        DatabaseError: none runs and `start` is false; it does not start; its folder cannot be used.
    """
    folder = folder_of(settings)
    if not start and not folder.alive():
        raise DatabaseError("The embedded database is not running; start it with `egraph db start`.")
    folder.create()
    # A child that stops for idleness holds this lock to its end, so whoever has it sees either a lasting child or none.
    joined = folder.lock("users", shared=True, seconds=START_SECONDS)
    if joined is None:
        raise DatabaseError("The embedded database is still stopping; try again in a moment.")
    try:
        state = folder.state() or start_child(folder, settings)
        return Child(f"bolt://127.0.0.1:{state.port}", folder, joined)
    except BaseException:
        joined.close()
        raise


def start_child(folder: DatabaseFolder, settings: Settings) -> ChildState:
    """Start a child unless another process has just done so; returns where it listens."""
    starting = folder.lock("start", seconds=START_SECONDS)
    if starting is None:
        raise DatabaseError(not_starting(folder))
    with starting:
        # One that was being started by a process that has ended since will say soon where it listens.
        deadline = time.monotonic() + START_SECONDS
        while folder.alive() and time.monotonic() < deadline:
            if state := folder.state():
                return state
            time.sleep(0.05)
        with folder.failures():
            folder.state_file.unlink(missing_ok=True)
        answer = spawn(folder, settings)
    if "error" in answer:
        raise DatabaseError(str(answer["error"]))
    state = folder.state()
    if state is None:
        raise DatabaseError(not_starting(folder))
    return state


def spawn(folder: DatabaseFolder, settings: Settings) -> dict[str, object]:
    """Start the keeper and wait for its answer: `{"port": …}` or `{"error": sentence}`."""
    reading, writing = os.pipe()
    command = [sys.executable, "-P", "-m", "egraph.graph.engine_process", str(folder.path), str(writing)]
    command += [str(settings.idle_minutes * 60), str(settings.wal_flush)]
    with os.fdopen(reading, encoding="utf-8") as answer:
        try:
            with folder.failures(), (folder.log / "keeper.log").open("a", encoding="utf-8") as log:
                # Its own session: Ctrl-C in this terminal must not stop what other commands share.
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[writing],
                    cwd=folder.path,
                    start_new_session=True,
                )
        finally:
            os.close(writing)
        ready, _, _ = select.select([answer], [], [], START_SECONDS)
        text = answer.read() if ready else ""
    if text:
        # The child outlives us; without this, Python would warn about it at our end.
        child.returncode = 0
        return dict(json.loads(text))
    child.kill()
    child.wait()
    return {"error": not_starting(folder)}


def start(settings: Settings) -> Status:
    """Start the embedded database, or find that it runs already."""
    join(settings).leave()
    return status(settings)


def stop(settings: Settings, seconds: float = 60.0) -> bool:
    """Stop the embedded database, even while others use it; returns whether one was running.

    Raises:
        DatabaseError: it still runs after `seconds`.
    """
    folder = folder_of(settings)
    deadline = time.monotonic() + seconds
    running = folder.alive()
    told = 0
    while folder.alive():
        state = folder.state()
        if state and state.pid != told:
            # Only the holder of the `alive` lock writes the state, so this is the child and nobody else.
            os.kill(state.pid, signal.SIGTERM)
            told = state.pid
        if time.monotonic() > deadline:
            raise DatabaseError(f"The embedded database does not stop; see {folder.log}, or end process {told}.")
        time.sleep(0.05)
    return running


def status(settings: Settings) -> Status:
    """How the embedded database stands; starts nothing and makes no files."""
    folder = folder_of(settings)
    state = folder.state()
    return Status(
        running=state is not None,
        address=f"bolt://127.0.0.1:{state.port}" if state else None,
        pid=state.pid if state else None,
        user=folder.user() if state else None,
        password_file=folder.password_file,
        database=DATABASE,
        folder=folder.path,
    )


def runs(child: Child, settings: Settings) -> bool:
    """Whether the child that was joined still runs."""
    state = folder_of(settings).state()
    return state is not None and child.address.endswith(f":{state.port}")
