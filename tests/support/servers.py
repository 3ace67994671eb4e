"""The databases that tests run on: the embedded one, and every Neo4j that the environment names."""

import os

import pytest


def listed(variable: str) -> list[str]:
    """The comma separated values of an environment variable."""
    return [value.strip() for value in os.environ.get(variable, "").split(",") if value.strip()]


NEO4J_URIS = listed("EGRAPH_TEST_NEO4J_URIS") or listed("NEO4J_URI")

NEO4J = [pytest.param(uri, marks=pytest.mark.neo4j) for uri in NEO4J_URIS or ["bolt://unset"]]
"""Parameters of a test or fixture that runs once on each Neo4j, and is skipped where there is none."""

on_every_database = pytest.mark.parametrize("database_settings", ["embedded", *NEO4J], indirect=True)
on_every_neo4j = pytest.mark.parametrize("database_settings", NEO4J, indirect=True)
"""Tests whose databases come from the fixture `database_settings`, which alone gives the embedded one."""
