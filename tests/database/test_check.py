"""Damaged graphs are found, named and asked by nobody; backups bring them back, whenever they are cut off."""

import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from database.conftest import run_file
from egraph.errors import DatabaseError, InputError, NothingYetError, UsageError
from egraph.graph import embedded
from egraph.graph.backup import back_up, restore
from egraph.graph.batches import suffixes
from egraph.graph.check import check_graphs
from egraph.graph.connection import Database, open_database
from egraph.graph.content_hash import content_hash
from egraph.graph.firings import write_firings
from egraph.graph.graphs import find_graph, graphs
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings
from support.synthetic import synthetic_graph


def damage_of(database: Database, graph: str) -> str | None:
    [found] = [one for one in check_graphs(database) if one.graph == graph]
    assert found.hashed
    return found.damage


def some_pattern(mined: MinedGraph) -> str:
    """One that fires, and is joined to a pattern above."""
    layer = mined.co_activations[0].lower
    fires = next(f for f in mined.firings if f.layer == layer)
    row = next(int(row) for row in mined.co_activations[0].source if row in fires.pattern)
    return f"{mined.id}/{layer}/{suffixes(mined.patterns[layer])[row]}"


@pytest.mark.parametrize("damage", ["damage", "lose_firing", "lose_edge"])
def test_a_damaged_graph_is_named_and_not_asked(
    damage: str, settings: Settings, database: Database, category: str
) -> None:
    mined = synthetic_graph(category, firings_per_object=12)
    write_graph(database, mined)
    assert damage_of(database, mined.id) is None
    pattern = some_pattern(mined)
    run_file(settings, database, f"{damage}.cypher", pattern=pattern)
    assert damage_of(database, mined.id)
    assert next(g.state for g in graphs(database) if g.id == mined.id) == "damaged"
    with pytest.raises(NothingYetError, match="is damaged"):
        find_graph(database, category)
    with pytest.raises(UsageError, match="is damaged"):
        write_graph(database, mined)
    assert damage_of(database, mined.id), "it stays so"


def test_labelled_objects_whose_firings_were_replaced_are_whole(database: Database, category: str) -> None:
    mined = synthetic_graph(category, firings_per_object=5)
    write_graph(database, mined)
    more = synthetic_graph(category, firings_per_object=8, objects=2).firings
    names = {layer: suffixes(table) for layer, table in mined.patterns.items()}
    write_firings(database, mined.id, content_hash(mined), more, mined.objects[:2], names)
    assert damage_of(database, mined.id) is None


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Settings]:
    """A database of its own, stopped at the end."""
    settings = Settings(home=tmp_path / "my home", wal_flush=0, idle_minutes=2)
    yield settings
    embedded.stop(settings)


def written(settings: Settings, name: str = "one") -> MinedGraph:
    mined = synthetic_graph("horse", name, firings_per_object=12)
    with open_database(settings) as database:
        write_graph(database, mined)
    return mined


def states(settings: Settings) -> dict[str, str]:
    with open_database(settings) as database:
        return {graph.name: graph.state for graph in graphs(database)}


@pytest.mark.parametrize("kind", ["FIRES_ON_0.", "Pattern_0.", "CO_ACTIVATES_WITH_0."])
@pytest.mark.parametrize("cut", [0.0, 0.5])
def test_a_bucket_that_was_cut_is_noticed_after_an_unclean_end(own: Settings, kind: str, cut: float) -> None:
    mined = written(own)
    embedded.stop(own)
    assert states(own) == {"one": "complete"}
    embedded.stop(own)
    folder = embedded.folder_of(own)
    bucket = next(file for file in folder.database.iterdir() if file.name.startswith(kind))
    os.truncate(bucket, int(bucket.stat().st_size * cut) // 65536 * 65536)
    folder.running.touch()
    try:
        with open_database(own) as database:
            assert damage_of(database, mined.id)
        assert states(own) == {"one": "damaged"}
    except DatabaseError as error:
        assert str(folder.log) in str(error), "the engine refuses the files, and it is said where the reason is"


def test_a_killed_database_is_checked_once(own: Settings, caplog: pytest.LogCaptureFixture) -> None:
    written(own)
    assert not embedded.folder_of(own).unchecked.exists()
    pid = embedded.status(own).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    while embedded.status(own).running:
        time.sleep(0.02)
    assert states(own) == {"one": "complete"} and "being checked" in caplog.text
    caplog.clear()
    assert states(own) == {"one": "complete"} and not caplog.text
    embedded.stop(own)
    assert states(own) == {"one": "complete"} and not caplog.text, "it ended as it should"


def test_a_backup_made_while_others_write_brings_back_what_was_complete(own: Settings, tmp_path: Path) -> None:
    mined = written(own)
    ended = threading.Event()

    def write() -> None:
        for number in range(40):
            if ended.is_set():
                return
            written(own, f"meanwhile-{number}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        file = tmp_path / "a backup.zip"
        assert back_up(own, file) == file.stat().st_size > 1000
    finally:
        ended.set()
        writer.join()
    with pytest.raises(UsageError, match="is there already"):
        back_up(own, file)
    written(own, "behind")
    restore(own, file)
    found = states(own)
    assert found["one"] == "complete" and "behind" not in found and "damaged" not in found.values()
    with open_database(own) as database:
        assert all(one.damage is None for one in check_graphs(database))
        assert write_graph(database, mined)


def test_what_is_no_backup_replaces_nothing(own: Settings, tmp_path: Path) -> None:
    written(own)
    file = tmp_path / "backup.zip"
    back_up(own, file)
    content = file.read_bytes()
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("a.txt", "no database")
    with zipfile.ZipFile(file) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.compress_size)
    spoilt = bytearray(content)
    for at in range(20, 28):
        spoilt[largest.header_offset + len(largest.filename) + 30 + at] ^= 255
    for name, bytes_ in {"cut": content[: len(content) // 2], "empty": b"", "spoilt": bytes(spoilt)}.items():
        (tmp_path / f"{name}.zip").write_bytes(bytes_)
    for name in ("cut", "empty", "spoilt", "other", "not there"):
        with pytest.raises(InputError, match=name):
            restore(own, tmp_path / f"{name}.zip")
        assert states(own) == {"one": "complete"}


@pytest.mark.parametrize("step", ["backup unpacking", "backup unpacked", "database set aside", "backup in place"])
def test_a_restore_that_is_killed_leaves_the_one_or_the_other(own: Settings, tmp_path: Path, step: str) -> None:
    written(own)
    file = tmp_path / "backup.zip"
    back_up(own, file)
    written(own, "behind")
    command = [sys.executable, "-m", "egraph_cli", "--home", str(own.home), "db", "restore", str(file), "--yes"]
    environment = os.environ | {"EGRAPH_FAILPOINT": step}
    assert subprocess.run(command, env=environment, capture_output=True).returncode == -signal.SIGKILL
    old = {"one": "complete", "behind": "complete"}
    assert states(own) == (old if step in ("backup unpacking", "backup unpacked") else {"one": "complete"})
    folder = embedded.folder_of(own)
    assert not folder.restored.exists() and not folder.replaced.exists()


def test_a_backup_during_which_the_database_is_killed_is_one_sentence(
    own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(own)
    embedded.stop(own)
    monkeypatch.setenv("EGRAPH_FAILPOINT", "backup begun")
    with pytest.raises(DatabaseError, match="run the same command again"):
        back_up(own, tmp_path / "backup.zip")
    monkeypatch.delenv("EGRAPH_FAILPOINT")
    assert not (tmp_path / "backup.zip").exists()
    back_up(own, tmp_path / "backup.zip")
    assert states(own) == {"one": "complete"}
