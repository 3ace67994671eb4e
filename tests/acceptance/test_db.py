"""`egraph db`, as typed."""

import json
import time
from pathlib import Path

import pytest

from egraph.settings import Settings


def test_start_status_init_stop(egraph, egraph_home: Path) -> None:
    assert json.loads(egraph("db", "status", "--json").stdout)["running"] is False
    started = json.loads(egraph("db", "start", "--json").stdout)
    assert started["running"] is True
    assert started["address"].startswith("bolt://127.0.0.1:")
    assert json.loads(egraph("db", "start", "--json").stdout) == started
    assert json.loads(egraph("db", "status", "--json").stdout) == started
    assert Path(started["password_file"]).stat().st_mode & 0o077 == 0
    assert Path(started["folder"]).is_relative_to(egraph_home)
    first = egraph("db", "init").stdout
    assert egraph("db", "init").stdout == first
    assert egraph("db", "stop").stdout == "Stopped.\n"
    assert json.loads(egraph("db", "stop", "--json").stdout) == {"stopped": False}


def test_home_by_flag(egraph, tmp_path: Path) -> None:
    shown = json.loads(egraph("--home", tmp_path / "other", "db", "status", "--json").stdout)
    assert shown["folder"].startswith(str(tmp_path / "other"))


@pytest.mark.neo4j
def test_a_neo4j_is_not_ours_to_start(egraph, refused, neo4j_environment: Settings) -> None:
    status = json.loads(egraph("db", "status", "--json").stdout)
    assert status["kind"] == "neo4j" and status["server"].startswith("Neo4j/")
    assert status["address"] == neo4j_environment.neo4j_uri
    egraph("db", "init")
    for verb in ("start", "stop"):
        assert "NEO4J_URI" in refused("db", verb, code=2)


@pytest.mark.neo4j
def test_a_wrong_password_is_said(refused, neo4j_environment: Settings) -> None:
    sentence = refused("db", "status", code=4, environment={"NEO4J_PASSWORD": "certainly-wrong"})
    assert "NEO4J_PASSWORD" in sentence


def test_a_database_that_is_down_is_said_soon(refused) -> None:
    began = time.monotonic()
    sentence = refused("db", "status", code=4, environment={"NEO4J_URI": "bolt://127.0.0.1:9"})
    assert "127.0.0.1:9" in sentence
    assert time.monotonic() - began < 20
