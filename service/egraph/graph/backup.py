"""Backups of the embedded database: made by the engine while it runs, brought back while it does not.

The engine's process is asked by a file in the database's folder, and answers by another one. What is brought back is
unpacked beside the database, and takes its place when all of it is on the disk.
"""

import json
import shutil
import time
import uuid
import zipfile
import zlib
from pathlib import Path
from typing import Any

from egraph.atomic_file import sync_folder, sync_tree, whole_file
from egraph.errors import DatabaseError, InputError, UsageError
from egraph.failpoint import failpoint
from egraph.graph import embedded
from egraph.graph.folder import DatabaseFolder
from egraph.settings import Settings

NEEDED = ("configuration.json", "schema.json")
"""What every database of the engine has."""
WAIT_SECONDS = 0.1
STOP_SECONDS = 60.0


def back_up(settings: Settings, file: Path) -> int:
    """Write a backup of the embedded database to `file`, which must not be there; its size.

    Raises:
        UsageError: `file` is there already.
        DatabaseError: the database does not start, stopped meanwhile, or its disk is full.
        OSError: `file` cannot be written.
    """
    if file.exists():
        raise UsageError(f"{file} is there already; remove it, or name another file.")
    child = embedded.join(settings)
    try:
        folder = child.folder
        with _only_one(folder):
            number = uuid.uuid4().hex
            with whole_file(folder.request_file) as request:
                request.write(number.encode())
            answer = _answer(folder, number)
            if "error" in answer:
                raise DatabaseError(f"The backup could not be made ({answer['error']}); make room and try again.")
            made = Path(answer["file"])
            with made.open("rb") as source, whole_file(file) as target:
                shutil.copyfileobj(source, target, 1 << 20)
            made.unlink()
    finally:
        child.leave()
    return file.stat().st_size


def _only_one(folder: DatabaseFolder) -> Any:
    held = folder.lock("backup")
    if held is None:
        raise DatabaseError("Another backup is being made; try again when it is done.")
    return held


def _answer(folder: DatabaseFolder, number: str) -> dict[str, Any]:
    """The answer to the request of this number; there may be one to a command that was cut off."""
    while True:
        if folder.answer_file.exists():
            answer = json.loads(folder.answer_file.read_text(encoding="utf-8"))
            if answer["number"] == number:
                return dict(answer)
        if not folder.alive():
            raise DatabaseError("The embedded database stopped during the backup; run the same command again.")
        time.sleep(WAIT_SECONDS)


def serve(folder: DatabaseFolder, database: Any) -> None:
    """In the engine's process: make the backup that was asked for, if one was."""
    if not folder.request_file.exists():
        return
    number = folder.request_file.read_text(encoding="utf-8")
    folder.request_file.unlink()
    shutil.rmtree(folder.backups, ignore_errors=True)
    try:
        failpoint("backup begun")
        (row,) = list(database.command("sql", "backup database"))
        answer = {"file": str(folder.backups / folder.database.name / str(row.get("backupFile")))}
    except Exception as error:  # whatever the engine says
        answer = {"error": " ".join(str(error).split())[:300]}
    with whole_file(folder.answer_file) as file:
        file.write(json.dumps(answer | {"number": number}).encode())


def restore(settings: Settings, file: Path) -> None:
    """Put a backup in the place of the embedded database, which is stopped for that.

    Raises:
        InputError: `file` is no backup, or a damaged one.
        DatabaseError: the database is in use.
        OSError: the disk is full.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is damaged, or no backup"
        raise InputError(f"The backup {file} cannot be read ({str(reason).lower()}); name another file.") from error
    with archive:
        if not set(NEEDED) <= set(archive.namelist()):
            raise InputError(f"{file} is no backup of an embedded database; name a file that `egraph db backup` made.")
        folder = embedded.folder_of(settings)
        folder.create()
        embedded.stop(settings)
        using, alive = folder.lock("users", seconds=STOP_SECONDS), folder.lock("alive", seconds=STOP_SECONDS)
        if using is None or alive is None:
            raise DatabaseError("Other commands use the embedded database; end them, then run the same command again.")
        with using, alive:
            settle(folder)
            _unpack(archive, folder.restored, file)
            failpoint("backup unpacked")
            if folder.database.exists():
                folder.database.rename(folder.replaced)
            failpoint("database set aside")
            folder.database.parent.mkdir(parents=True, exist_ok=True)
            folder.restored.rename(folder.database)
            failpoint("backup in place")
            sync_folder(folder.path)
            sync_folder(folder.database.parent)
            folder.unchecked.touch()
            settle(folder)


def _unpack(archive: zipfile.ZipFile, target: Path, file: Path) -> None:
    target.mkdir()
    failpoint("backup unpacking")
    try:
        archive.extractall(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        shutil.rmtree(target)
        raise InputError(f"The backup {file} is damaged; name another file.") from error
    except BaseException:
        shutil.rmtree(target)
        raise
    sync_tree(target)


def settle(folder: DatabaseFolder) -> None:
    """Finish, or take back, a restore that was cut off; nobody may use the database meanwhile."""
    if folder.replaced.exists() and not folder.database.exists():
        # It was cut off between its two last steps: what is unpacked is whole.
        folder.restored.rename(folder.database)
        folder.unchecked.touch()
    for leftover in (folder.restored, folder.replaced):
        if leftover.exists():
            shutil.rmtree(leftover)
