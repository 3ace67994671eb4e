"""Clearing caches away: all of it, but what somebody works with."""

import json
from pathlib import Path

from typer.testing import CliRunner

from egraph.cache import caches, clean, hold
from egraph.mining.checkpoint import Checkpoints
from egraph.responses.store import ResponseStore
from egraph_cli.main import app
from unit.test_responses_store import PLAN, responses


def test_all_goes_but_what_somebody_works_with(tmp_path: Path) -> None:
    store = ResponseStore(tmp_path / "cache" / "responses", PLAN)
    store.put([0], *responses(1, 1))
    checkpoints = Checkpoints(tmp_path / "cache" / "mining", {"seed": 1})
    checkpoints.unfinished(0).save({})
    geometry = tmp_path / "cache" / "geometry" / "some.geometry"
    geometry.parent.mkdir()
    geometry.write_text("x")
    other = tmp_path / "database" / "file"
    other.parent.mkdir()
    other.write_text("not a cache")
    before = {cache.kind: cache for cache in caches(tmp_path)}
    assert before["responses"].needed == before["responses"].bytes > 0
    assert before["mining"].needed == before["mining"].bytes > 0 == before["geometry"].needed
    assert {cache.kind: cache for cache in clean(tmp_path)} == before
    assert store.folder.exists() and checkpoints.folder.exists() and not geometry.exists()
    del store, checkpoints
    clean(tmp_path)
    assert [cache.bytes for cache in caches(tmp_path)] == [0, 0, 0] and other.exists()
    assert ResponseStore(tmp_path / "cache" / "responses", PLAN).usable() == []


def test_a_folder_that_is_held_twice_stays_until_both_have_left(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "responses" / "some"
    one, two = hold(folder), hold(folder)
    one.close()
    clean(tmp_path)
    assert folder.exists()
    two.close()
    clean(tmp_path)
    assert not folder.exists()
    hold(folder).close()
    assert folder.exists()


def test_the_command_says_how_much_and_asks_first(tmp_path: Path) -> None:
    (tmp_path / "cache" / "geometry").mkdir(parents=True)
    (tmp_path / "cache" / "geometry" / "some").write_bytes(b"x" * 5000)
    command = ["--home", str(tmp_path), "cache", "clean"]
    dry = CliRunner().invoke(app, [*command, "--dry-run", "--json"])
    kept = json.loads(dry.stdout)
    assert not kept["deleted"] and {c["kind"]: c["bytes"] > 0 for c in kept["caches"]} == {
        "responses": False,
        "mining": False,
        "geometry": True,
    }
    assert CliRunner().invoke(app, command).exit_code != 0, "nobody is there to ask"
    assert (tmp_path / "cache" / "geometry" / "some").exists()
    done = CliRunner().invoke(app, [*command, "--yes"])
    assert done.exit_code == 0 and "geometry: 0.0 MB" in done.stdout and "Deleted" in done.stdout
    assert not (tmp_path / "cache" / "geometry" / "some").exists()
