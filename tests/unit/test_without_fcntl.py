"""On a system without POSIX file locks, a Neo4j can be used, and the embedded database says what it needs."""

import json
import os
import subprocess
import sys

SCRIPT = """
import json, sys
sys.modules["fcntl"] = None
from egraph.errors import DatabaseError
from egraph.graph import questions, read_only, write
from egraph.graph.connection import open_database
from egraph.settings import Settings
said = []
for uri in (None, "bolt://127.0.0.1:9"):
    try:
        with open_database(Settings(neo4j_uri=uri)):
            pass
    except DatabaseError as error:
        said.append(str(error))
print(json.dumps(said))
"""


def test_without_file_locks() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, env=os.environ)
    assert done.returncode == 0, done.stderr
    embedded, neo4j = json.loads(done.stdout)
    assert "Linux or macOS" in embedded and "NEO4J_URI" in embedded
    assert "No database answers at bolt://127.0.0.1:9" in neo4j
