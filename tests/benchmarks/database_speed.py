"""How fast a graph of full size is written, read and deleted: `python tests/benchmarks/database_speed.py`.

Uses the database that the environment names (NEO4J_URI, …), or an embedded one in a fresh folder.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from synthetic import synthetic_graph

from egraph.graph import embedded
from egraph.graph.connection import open_database
from egraph.graph.delete import delete_graph
from egraph.graph.read import read_graph
from egraph.graph.write import write_graph
from egraph.settings import load_settings

SIZE = {"filters": (1024, 1024, 512, 512), "numbers": 20, "anchors": 25, "objects": 300, "parents": 5, "rank": 16}


def main() -> None:
    """Write, write again, and print seconds and rates."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder), idle_minutes=1)
        mined = synthetic_graph(category="benchmark", name=f"{time.time():.0f}", firings_per_object=60, **SIZE)
        with open_database(settings) as database:
            started = time.perf_counter()
            counts = write_graph(database, mined)
            seconds = time.perf_counter() - started
            # IN_GRAPH and SEPARATED_FROM of each pattern, IN_GRAPH of each object.
            relationships = sum(counts.values()) + counts["patterns"]
            print(database.agent, counts)
            print(f"write: {seconds:.1f} s, {counts['patterns']} patterns, {relationships} relationships,", end=" ")
            print(f"{(relationships + counts['patterns']) / seconds:.0f} rows/s")
            started = time.perf_counter()
            write_graph(database, mined)
            print(f"write again: {time.perf_counter() - started:.1f} s")
            started = time.perf_counter()
            read_graph(database, mined.id)
            print(f"read: {time.perf_counter() - started:.1f} s")
            started = time.perf_counter()
            delete_graph(database, mined.id)
            print(f"delete: {time.perf_counter() - started:.1f} s")
        if settings.embedded:
            embedded.stop(settings)


if __name__ == "__main__":
    main()
