"""The life of the embedded database: started once, shared, replaced when killed, stopped when idle."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import AuthError, ServiceUnavailable

from egraph.errors import DatabaseError
from egraph.graph import embedded
from egraph.graph.connection import open_database
from egraph.graph.graphs import count_graph
from egraph.graph.write import write_graph
from egraph.settings import Settings
from support.synthetic import synthetic_graph

JOIN = """
import sys
from pathlib import Path
from egraph.graph.connection import open_database
from egraph.settings import Settings
with open_database(Settings(home=Path(sys.argv[1]), wal_flush=0, idle_minutes=2)) as database:
    print(database.address)
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    """A database of its own, stopped at the end."""
    settings = Settings(home=tmp_path / "my home", wal_flush=0, idle_minutes=2)
    yield settings
    embedded.stop(settings)


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until_stopped(settings: Settings, seconds: float) -> float:
    started = time.monotonic()
    while embedded.status(settings).running:
        assert time.monotonic() - started < seconds, "the database still runs"
        time.sleep(0.05)
    return time.monotonic() - started


def test_start_status_stop(own: Settings) -> None:
    assert not embedded.status(own).running
    assert not (own.home / "database").exists(), "asking for the status makes no files"
    started = embedded.start(own)
    assert started.running and started.address and started.pid
    assert embedded.start(own) == started, "a second start finds the first"
    assert embedded.stop(own)
    assert not embedded.stop(own)
    assert not embedded.status(own).running
    with pytest.raises(DatabaseError, match="egraph db start"), open_database(own, start=False):
        pass


def test_only_the_owner_reads_the_password(own: Settings) -> None:
    status = embedded.start(own)
    assert stat.S_IMODE(status.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(status.folder.stat().st_mode) == 0o700
    assert len(status.password_file.read_text()) >= 24


def listening(pid: int | None) -> list[tuple[str, int]]:
    """Addresses, in hexadecimal, and ports at which a process listens."""
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in sockets and fields[3] == "0A":
                address, port = fields[1].split(":")
                found.append((address, int(port, 16)))
    return found


def test_it_listens_at_one_port_of_loopback_alone(own: Settings) -> None:
    status = embedded.start(own)
    [(address, port)] = listening(status.pid)
    assert address.endswith("0100007F") and str(status.address).endswith(f":{port}")


def test_wrong_passwords_of_others_do_not_shut_the_owner_out(own: Settings) -> None:
    status = embedded.start(own)
    for user in ("root", "reader", "neo4j", "egraph"):
        for _ in range(10):
            with (
                pytest.raises(AuthError),
                neo4j.GraphDatabase.driver(str(status.address), auth=(user, "guessed")) as driver,
            ):
                driver.verify_connectivity()
    with open_database(own) as database, open_database(own, reader=True) as reader:
        assert database.agent and reader.agent
    assert status.user not in ("root", "reader", "neo4j", "egraph", None)
    assert Path(status.folder, "state.json").read_text().find(str(status.user)) < 0


def test_a_password_that_was_changed_meanwhile_is_not_blamed_on_the_user(own: Settings) -> None:
    status = embedded.start(own)
    status.password_file.write_text("another")
    with pytest.raises(DatabaseError, match="egraph db stop") as failure, open_database(own):
        pass
    assert "NEO4J" not in str(failure.value)


def test_a_database_that_is_killed_while_it_answers_is_one_sentence(own: Settings) -> None:
    status = embedded.start(own)
    with open_database(own) as database:
        error = database.explain(ServiceUnavailable("Couldn't connect to 127.0.0.1:1 (resolved to ('127.0.0.1:1',))"))
    assert "NEO4J_URI" not in str(error) and "run the same command again" in str(error)
    assert status.address is not None and status.address not in str(error)


def test_processes_that_start_at_once_share_one_child(own: Settings) -> None:
    command = [sys.executable, "-c", JOIN, str(own.home)]
    joining = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [process.communicate(timeout=60) for process in joining]
    assert all(process.returncode == 0 for process in joining), answers
    addresses = {out.strip() for out, _ in answers}
    assert addresses == {embedded.status(own).address}


def test_what_was_written_survives_a_killed_child(own: Settings) -> None:
    mined = synthetic_graph()
    with open_database(own) as database:
        write_graph(database, mined)
        counted = count_graph(database, mined.id)
        pid = embedded.status(own).pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        # The kernel lets go of a dead process's locks a moment after the process is gone.
        deadline = time.monotonic() + 10
        while not ended(pid) or embedded.status(own).running:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert count_graph(database, mined.id) == counted, "an open database finds the new child"
        assert embedded.status(own).pid != pid


def test_a_writer_goes_on_when_the_child_is_killed_between_batches(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egraph.graph.batches.BATCH_ROWS", 25)
    mined = synthetic_graph()
    killed: list[int] = []

    def kill(stage: str, done: int, total: int) -> None:
        pid = embedded.status(own).pid
        if len(killed) < 2 and done > total // 3 and pid:
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)
            while not ended(pid):
                time.sleep(0.02)

    with open_database(own) as database:
        write_graph(database, mined, kill)
        assert len(killed) == 2
        assert count_graph(database, mined.id)["CO_ACTIVATES_WITH"] == sum(len(e.source) for e in mined.co_activations)
        assert count_graph(database, mined.id)["patterns"] == sum(len(t) for t in mined.patterns.values())


def test_it_stops_when_idle_and_not_before(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, wal_flush=0, idle_minutes=1 / 60)
    with open_database(settings) as database:
        address = database.address
        time.sleep(2.5)
        assert embedded.status(settings).address == address, "a database in use is not idle"
    assert wait_until_stopped(settings, 10) > 0.3
    with open_database(settings) as database:
        assert database.agent


def test_a_state_file_of_a_dead_child_is_ignored(own: Settings) -> None:
    embedded.start(own)
    state = (own.home / "database" / "state.json").read_text()
    embedded.stop(own)
    # This very process is alive under the pid that the file names: it must not be taken for the child, nor ended.
    stale = state.replace(state.split('"pid": ')[1].split(",")[0], str(os.getpid()))
    (own.home / "database" / "state.json").write_text(stale)
    assert not embedded.status(own).running
    assert not embedded.stop(own)
    with open_database(own) as database:
        assert database.address == embedded.status(own).address


def test_a_lost_password_is_made_anew(own: Settings) -> None:
    embedded.start(own)
    embedded.stop(own)
    (own.home / "database" / "password").unlink()
    with open_database(own) as database:
        assert database.agent


def test_files_open_in_another_program(own: Settings) -> None:
    embedded.start(own)
    embedded.stop(own)
    hold = f"""
import os, time
os.environ["ARCADEDB_LOG_CONSOLE"] = "0"
import arcadedb
database = arcadedb.open_database({str(own.home / "database/data/databases/neo4j")!r})
print("open", flush=True)
time.sleep(60)
"""
    environment = os.environ | {"ARCADEDB_LOG_DIR": str(own.home / "log")}
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True, env=environment) as holder:
        assert holder.stdout and holder.stdout.readline().strip() == "open"
        try:
            with pytest.raises(DatabaseError, match="open in another program") as failure, open_database(own):
                pass
            assert "\n" not in str(failure.value)
        finally:
            holder.kill()
    with open_database(own) as database:
        assert database.agent


def test_a_home_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DatabaseError, match="EGRAPH_HOME"), open_database(Settings(home=tmp_path / "file")):
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named(own: Settings) -> None:
    folder = embedded.folder_of(own)
    with pytest.raises(DatabaseError, match="is full"), folder.failures(), Path("/dev/full").open("w") as file:
        file.write("x")
        file.flush()


def test_a_removed_home_ends_the_child(own: Settings) -> None:
    pid = embedded.start(own).pid
    assert pid
    subprocess.run(["rm", "-rf", str(own.home)], check=True)
    deadline = time.monotonic() + 10
    while not ended(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
