"""What the embedded database keeps in `<home>/database`, and the locks by which processes agree about it.

All locks are the operating system's (`flock`): they vanish with the process that holds them, however it ends, so no
process id is ever trusted. `alive` is held by the child while it lives, `start` by whoever starts it, `users` by every
process that uses it (shared) and by a child that stops because nobody does (exclusive).
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from egraph.atomic_file import first_file, whole_file
from egraph.errors import DatabaseError

try:
    import fcntl
except ImportError:
    # Whoever uses a Neo4j needs no embedded database, so this is said only when it is wanted.
    fcntl = None  # type: ignore[assignment]

try:
    import resource
except ImportError:
    resource = None  # type: ignore[assignment]

DATABASE = "neo4j"
"""The engine's name of our database, which is the one that a driver opens by itself."""

LEAST_BYTES = 2 << 20
"""A disk with less room than this is full: the engine writes whole pages and logs."""


def can_lock() -> bool:
    """Whether this system has the locks that an embedded database needs."""
    return fcntl is not None


@dataclass(frozen=True, slots=True)
class ChildState:
    """Where the running child listens, as written by the child itself."""

    pid: int
    port: int
    started: float


@dataclass(frozen=True, slots=True)
class DatabaseFolder:
    """The embedded database's folder; `path` need not exist yet."""

    path: Path

    @property
    def data(self) -> Path:
        """The engine's own root folder."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def password_file(self) -> Path:
        return self.path / "password"

    @property
    def reader_password_file(self) -> Path:
        return self.path / "reader-password"

    @property
    def heartbeat(self) -> Path:
        """Its modification time is the last moment at which a process joined."""
        return self.path / "heartbeat"

    @property
    def database(self) -> Path:
        """The engine's files of our database."""
        return self.data / "databases" / DATABASE

    @property
    def backups(self) -> Path:
        """Where the engine puts backups."""
        return self.data / "backups"

    @property
    def restored(self) -> Path:
        """A backup that is unpacked, until it takes the place of the database."""
        return self.path / "restored"

    @property
    def replaced(self) -> Path:
        """The database in whose place a backup was put, until that is done."""
        return self.path / "replaced"

    @property
    def request_file(self) -> Path:
        """Is there where a backup is asked for."""
        return self.path / "request.json"

    @property
    def answer_file(self) -> Path:
        """What became of the backup that was asked for."""
        return self.path / "answer.json"

    @property
    def running(self) -> Path:
        """Is there while the engine runs, and behind one that did not end as it should."""
        return self.path / "running"

    @property
    def unchecked(self) -> Path:
        """Is there until the graphs were checked after such an end, or after a backup was brought back."""
        return self.path / "unchecked"

    @property
    def state_file(self) -> Path:
        return self.path / "state.json"

    def create(self) -> None:
        """Make the folder, readable by its owner alone, and the passwords, once.

        Raises:
            DatabaseError: the folder cannot be made or written.
        """
        with self.failures():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.log.mkdir(exist_ok=True)
            for file in (self.password_file, self.reader_password_file):
                if not file.exists():
                    # Of two processes at once, the first one's password stays.
                    with first_file(file, mode=0o600) as fresh:
                        fresh.write(secrets.token_urlsafe(24).encode("ascii"))
            if not self.heartbeat.exists() or os.access(self.heartbeat, os.W_OK):
                self.heartbeat.touch()

    def password(self, reader: bool = False) -> str:
        """The password of the database's user, or of the one who may only read.

        Raises:
            DatabaseError: the file is gone or may not be read.
        """
        with self.failures():
            file = self.reader_password_file if reader else self.password_file
            return file.read_text(encoding="ascii").strip()

    def user(self, reader: bool = False) -> str:
        """The name of the database's user, or of the one who may only read: as secret as the password it follows from.

        Raises:
            DatabaseError: the password's file is gone or may not be read.
        """
        kind = "egraph-reader" if reader else "egraph"
        return f"{kind}-{hashlib.sha256(f'{kind} {self.password(reader)}'.encode()).hexdigest()[:16]}"

    @contextlib.contextmanager
    def failures(self) -> Iterator[None]:
        """Turn what the file system refuses into one sentence."""
        try:
            yield
        except OSError as error:
            raise DatabaseError(self.sentence(error)) from error

    def sentence(self, error: OSError) -> str:
        """What to tell a user whose file system refused something in this folder."""
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"The disk that holds {self.path} is full; free some space, then run the command again."
        reason = (error.strerror or str(error)).lower()
        return f"The folder {self.path} cannot be used ({reason}); set EGRAPH_HOME to a folder that you may write to."

    def is_full(self) -> bool:
        """Whether the disk has no room for a database that works."""
        try:
            return shutil.disk_usage(self.path).free < LEAST_BYTES
        except OSError:
            return False

    def lock(self, name: str, shared: bool = False, seconds: float = 0.0) -> IO[str] | None:
        """Take the lock `name`; None if others hold it for `seconds`. Closing the returned file gives it back."""
        path = self.path / f"{name}.lock"
        with self.failures():
            # a lock that is there can be taken on a disk that is read-only now
            writable = not path.exists() or os.access(path, os.W_OK)
            file = path.open("a" if writable else "r", encoding="ascii")
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                return file
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    file.close()
                    return None
                time.sleep(0.02)

    def alive(self) -> bool:
        """Whether a child runs (it may still be starting)."""
        if not (self.path / "alive.lock").exists():
            return False
        # Shared, so that two processes that look at the same moment do not see each other as the child.
        held = self.lock("alive", shared=True)
        if held is None:
            return True
        held.close()
        return False

    def state(self) -> ChildState | None:
        """Where the child listens; None while none runs or it has not said yet."""
        if not self.alive():
            return None
        try:
            return ChildState(**json.loads(self.state_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_state(self, state: ChildState) -> None:
        """Say where the child listens; readers see all of it or nothing."""
        with whole_file(self.state_file) as file:
            file.write(json.dumps(asdict(state)).encode())


def not_starting(folder: DatabaseFolder) -> str:
    """One sentence for an engine that does not start."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0] if resource else -1
    if resource and limit != resource.RLIM_INFINITY:
        return (
            f"The embedded database does not start: it reserves more addresses than it fills, and {limit / 2**30:.1f} "
            "GiB are allowed here; type `ulimit -v unlimited` first, or set NEO4J_URI to a Neo4j (the engine's words "
            f"stand in {folder.log})."
        )
    return f"The embedded database does not start; the reason stands in {folder.log}."
