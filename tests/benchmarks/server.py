"""A Neo4j that a benchmark may stop and empty: the command in EGRAPH_BENCH_NEO4J, which takes `start`, `stop` and
`admin ARG…` (what `neo4j-admin` takes), and serves what NEO4J_URI names."""

import os
import shlex
import subprocess
import time
from pathlib import Path

COMMAND = shlex.split(os.environ.get("EGRAPH_BENCH_NEO4J", ""))


def serve(*arguments: str, folder: Path | None = None) -> str:
    """Run the server's command; what it prints."""
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        raise SystemExit(f"{shlex.join([*COMMAND, *arguments])} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def import_folder(folder: Path) -> tuple[float, str]:
    """Put what `egraph export --format neo4j-admin` wrote in place of the server's database, and start it again.

    Returns the seconds of the import, the start of Java with it, and what neo4j-admin says of its own time.
    """
    serve("stop")
    began = time.perf_counter()
    said = serve(
        "admin", "database", "import", "full", "neo4j", "--overwrite-destination", "@import.args", folder=folder
    )
    seconds = time.perf_counter() - began
    serve("start")
    return seconds, next((line.strip() for line in said.splitlines() if "IMPORT DONE" in line), "")
