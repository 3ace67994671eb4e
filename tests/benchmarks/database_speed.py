"""How fast a graph of full size is written, read, exported and deleted.

`PYTHONPATH=tests python tests/benchmarks/database_speed.py`

Uses the database that the environment names (NEO4J_URI, …), or an embedded one in a fresh folder. Beside it, in the
same run: rows of maps with MERGE, which the driver's manual shows; and, where EGRAPH_BENCH_NEO4J is set (see
`server.py`; what is in that database is lost), `neo4j-admin database import` of the same data.
"""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import neo4j
from server import COMMAND, import_folder

from egraph.exporting.export import export_graph
from egraph.exporting.formats import Format
from egraph.graph import embedded
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_graph
from egraph.graph.read import read_graph
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import Settings, load_settings
from support.synthetic import synthetic_graph

SIZE = {"filters": (1024, 1024, 512, 512), "numbers": 20, "anchors": 25, "objects": 300, "parents": 5, "rank": 16}
FIRINGS = 128
MERGED = 40_000
ROWS = 5000


@contextmanager
def timed(what: str, edges: int = 0) -> Iterator[None]:
    """Print how long something took, and how many edges that is in a second."""
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    rate = f", {edges / seconds:,.0f} edges/s" if edges else ""
    print(f"{what}: {seconds:.1f} s{rate}", flush=True)


def write(database: Database, mined: MinedGraph) -> int:
    """Write a graph, and print the rates of the whole and of the edges alone; returns the edges with properties."""
    patterns = sum(len(table) for table in mined.patterns.values())
    ticks: list[tuple[float, int]] = []
    began = time.perf_counter()
    counts = write_graph(database, mined, lambda _, done, total: ticks.append((time.perf_counter(), done)))
    ended = time.perf_counter()
    edges = counts["CO_ACTIVATES_WITH"] + counts["DISPLACED_FROM"] + counts["FIRES_ON"]
    print(f"{database.agent}: {patterns:,} patterns, {edges:,} edges with properties")
    nodes_done = next(at for at, done in ticks if done >= patterns)
    print(f"write: {ended - began:.1f} s, {edges / (ended - began):,.0f} edges/s all told; patterns alone", end=" ")
    print(f"{nodes_done - began:.1f} s, edges alone {edges / (ended - nodes_done):,.0f} edges/s", flush=True)
    return edges


def merge_rows(settings: Settings, database: Database, mined: MinedGraph) -> None:
    """Write some edges the way of the driver's manual."""
    co = mined.co_activations[0]
    lower, upper = mined.patterns[co.lower], mined.patterns[co.upper]
    rows = [
        {
            "source": f"{mined.id}/{co.lower}/{lower.filter[a]}/{lower.number[a]}",
            "target": f"{mined.id}/{co.upper}/{upper.filter[b]}/{upper.number[b]}",
            "properties": {"strength": float(s), "lift": float(w), "support": int(n)},
        }
        for a, b, s, w, n in zip(co.source, co.target, co.strength, co.lift, co.support, strict=True)
    ][:MERGED]
    password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else ""
    if settings.embedded:
        password = embedded.status(settings).password_file.read_text().strip()
    text = (Path(__file__).parent / "merge_rows.cypher").read_text(encoding="utf-8")
    with (
        neo4j.GraphDatabase.driver(database.address, auth=(database.user, password)) as driver,
        timed(f"rows of maps with MERGE, {len(rows):,} edges", len(rows)),
    ):
        for start in range(0, len(rows), ROWS):
            driver.execute_query(text, rows=rows[start : start + ROWS], database_=database.name)


def main() -> None:
    """Write, write again, read, export, import, delete; print seconds and rates."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder), idle_minutes=1)
        mined = synthetic_graph(
            category="benchmark", name=f"{time.time():.0f}", salt="benchmark", firings_per_object=FIRINGS, **SIZE
        )
        print(f"load of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        exported = Path(folder) / "exported"
        with open_database(settings) as database:
            edges = write(database, mined)
            with timed("write again, nothing to do"):
                write_graph(database, mined)
            with timed("read"):
                read_graph(database, mined.id)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            with timed("export for neo4j-admin", edges):
                export_graph(database, mined.id, Format.NEO4J_ADMIN, exported)
            more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            print(f"memory that the export took beyond what the reading had taken: {more:.0f} MB")
            merge_rows(settings, database, mined)
            with timed("delete", edges):
                delete_graph(database, mined.id)
        if settings.embedded:
            embedded.stop(settings)
        elif COMMAND:
            seconds, said = import_folder(exported)
            print(f"neo4j-admin import: {seconds:.1f} s, {edges / seconds:,.0f} edges/s; {said}")
            with open_database(settings) as database:
                ensure_schema(database)
                same = content_hash(read_graph(database, mined.id)) == content_hash(
                    replace(mined, firings=[], peaks=[])
                )
            print(f"what was imported reads back as the same graph: {'yes' if same else 'NO'}")
        print(f"load of the last minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
