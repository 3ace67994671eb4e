"""How long the questions take over 1 to 10 graphs of full size.

`PYTHONPATH=tests python tests/benchmarks/question_speed.py [GRAPHS …]`

Needs NEO4J_URI and EGRAPH_BENCH_NEO4J (see `server.py`); what is in that database is lost. One graph is written,
labelled, given an And-Or graph and exported for neo4j-admin, copied under other categories with photos of their own,
and all are imported. Each question is asked as `egraph query` asks it, with its checks of the parameters.
"""

import math
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import neo4j
from server import COMMAND, import_folder

from egraph.aog.storage import write_aog
from egraph.exporting.export import export_graph
from egraph.exporting.formats import Format
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.delete import delete_category
from egraph.graph.parts import add_labels
from egraph.graph.places import refresh_places
from egraph.graph.questions import ask, questions
from egraph.graph.statements import Statement
from egraph.graph.upgrade import add_summaries
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.photo import Box, PhotoObject
from egraph.settings import Settings, load_settings
from support.synthetic import synthetic_aog, synthetic_graph

SIZE = {"filters": (1024, 1024, 512, 512), "numbers": 20, "anchors": 25, "objects": 300, "parents": 5, "rank": 16}
FIRINGS = 50
LABELLED = 3
SHARED = ("Network", "Layer", "Filter", "Layer-IN_NETWORK-Network", "Filter-IN_LAYER-Layer")
CATEGORY = "category-0"
WARM, TIMES = 10, 40
SECONDS = 6.0
"""A slow question is asked less often, but at least five times."""
OTHERWISE: dict[str, dict[str, object]] = {
    "fires-together": {"part": "legs"},
    "path-to-part": {"part": "legs", "share": 0.3},
    "patterns-on-photo": {"photo": "{category}speed0.jpg"},
    "parts-relation": {"part": "legs", "other_part": "head"},
    "strongest-patterns": {"part": "legs"},
}
"""Other values for some questions, asked too: a part on which twenty times as many patterns lie, and a labelled photo,
on which half of all patterns fire."""


def with_labels(mined: MinedGraph) -> list[PhotoObject]:
    """The first objects with a head above and legs below."""
    found = []
    for o in mined.objects[:LABELLED]:
        x, y, w, h = o.box.x, o.box.y, o.box.width, o.box.height
        parts = {"head": (Box(x, y, w / 3, h / 3),), "legs": (Box(x, y + h / 2, w, h / 2),)}
        found.append(replace(o, parts=parts))
    return found


def export_one(settings: Settings, folder: Path) -> tuple[MinedGraph, int]:
    """Write the first graph, and export it; the graph, and its edges with properties."""
    mined = synthetic_graph(CATEGORY, salt="speed", firings_per_object=FIRINGS, labelled=LABELLED, **SIZE)
    with open_database(settings) as database:
        counts = write_graph(database, mined)
        for part in ("head", "legs"):
            add_labels(database, with_labels(mined), CATEGORY, part)
        refresh_places(database, mined.id, CATEGORY)
        write_aog(database, synthetic_aog(mined), dict.fromkeys((o.id for o in mined.objects), False))
        export_graph(database, mined.id, Format.NEO4J_ADMIN, folder)
        delete_category(database, CATEGORY)
    return mined, counts["CO_ACTIVATES_WITH"] + counts["DISPLACED_FROM"] + counts["FIRES_ON"]


def copy_graphs(one: Path, many: Path, count: int) -> None:
    """Tables of `count` graphs, each of another category and with objects of its own, from those of one."""
    shutil.copytree(one, many)
    for file in many.glob("*.csv"):
        if file.stem in SHARED:
            continue
        text = file.read_bytes()
        rows = text[text.index(b"\n") + 1 :]
        with file.open("ab") as table:
            for number in range(1, count):
                copied = rows.replace(CATEGORY.encode(), f"category-{number}".encode())
                # No hex digit, so that no copy's object has the id of another one.
                table.write(re.sub(rb'"[0-9a-f]([0-9a-f]{11}#)', b'"%c\\1' % (ord("g") + number), copied))


def known_values(mined: MinedGraph, category: str) -> dict[str, object]:
    """A value for every required parameter of the questions."""
    graph = mined.id.replace(CATEGORY, category)
    return {
        "category": category,
        "part": "head",
        "other_part": "legs",
        "other_category": "category-0",
        "layer": "layer3",
        "filter": 7,
        "pattern": f"{graph}/layer2/7/4",
        "photo": mined.objects[-1].path.name.replace(CATEGORY, category),
    }


def percentile(values: list[float], share: float) -> float:
    """The smallest value that so large a share of all does not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def title(question: Statement) -> str:
    """The name by which a question is asked."""
    return question.name.removeprefix("questions/")


def await_indexes(settings: Settings) -> None:
    """Neo4j fills its indexes after they were made."""
    password = settings.neo4j_password.get_secret_value() if settings.neo4j_password else ""
    with neo4j.GraphDatabase.driver(str(settings.neo4j_uri), auth=(settings.neo4j_username, password)) as driver:
        text = (Path(__file__).parent / "await_indexes.cypher").read_text(encoding="utf-8")
        driver.execute_query(text, database_=settings.neo4j_database)


def ask_all(database: Database, mined: MinedGraph, count: int) -> dict[str, tuple[float, float, int]]:
    """Of each question the median and the 95th percentile in milliseconds, and its rows."""
    found = {}
    category = f"category-{count - 1}"
    values = known_values(mined, category)
    asked: list[tuple[Statement, dict[str, object]]] = [(question, {}) for question in questions()]
    asked += [(question, OTHERWISE[title(question)]) for question in questions() if title(question) in OTHERWISE]
    # A server that has just started is slow for a while; the first round is to warm it.
    for number, (question, others) in enumerate(asked * 2):
        name = title(question)
        given = {p.name: values[p.name] for p in question.parameters if p.required}
        given |= {k: v.format(category=category) if isinstance(v, str) else v for k, v in others.items()}
        taken: list[float] = []
        began = time.perf_counter()
        while len(taken) < WARM + 5 or (
            number >= len(asked) and len(taken) < WARM + TIMES and time.perf_counter() - began < SECONDS
        ):
            start = time.perf_counter()
            answer = ask(database, name, given)
            taken.append(1000 * (time.perf_counter() - start))
        middle, high = percentile(taken[WARM:], 0.5), percentile(taken[WARM:], 0.95)
        found[" ".join([name, *map(str, others.values())])] = (middle, high, len(answer.rows))
    return found


def main() -> None:
    """Ask all questions of databases of growing size."""
    settings = load_settings()
    if settings.embedded or not COMMAND:
        raise SystemExit("Set NEO4J_URI and EGRAPH_BENCH_NEO4J; what is in that database is lost.")
    counts = [int(argument) for argument in sys.argv[1:]] or [1, 3, 10]
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one"
        mined, edges = export_one(settings, one)
        patterns = sum(len(table) for table in mined.patterns.values())
        for count in counts:
            many = Path(folder) / f"{count}"
            copy_graphs(one, many, count)
            seconds, said = import_folder(many)
            shutil.rmtree(many)
            print(f"{count} graphs: {count * patterns:,} patterns, {count * edges:,} edges with properties;", end=" ")
            print(f"import {seconds:.0f} s ({said})", flush=True)
            with open_database(settings) as database:
                began = time.perf_counter()
                ensure_schema(database)
                add_summaries(database)
                await_indexes(settings)
                print(f"indexes filled: {time.perf_counter() - began:.0f} s", flush=True)
                results[count] = ask_all(database, mined, count)
            print(f"load of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
            show(results)


def show(results: dict[int, dict[str, tuple[float, float, int]]]) -> None:
    """Print a row for each question."""
    counts = list(results)
    width = max(map(len, results[counts[0]]))
    print(f"{'ms, median / p95':<{width}}", *(f"{count:>8} graphs" for count in counts), "   rows")
    for name in results[counts[0]]:
        cells = [f"{results[c][name][0]:6.0f} / {results[c][name][1]:6.0f}" for c in counts]
        print(f"{name:<{width}}", *cells, f"{results[counts[-1]][name][2]:6}", flush=True)


if __name__ == "__main__":
    main()
