"""How long pages and pictures take over 1 to 10 graphs of full size.

`PYTHONPATH=tests python tests/benchmarks/page_speed.py [GRAPHS …]`

Needs NEO4J_URI and EGRAPH_BENCH_NEO4J (see `server.py`); what is in that database is lost. Without them, the graphs are
written to an embedded database, which takes two minutes for each. The graphs are those of `question_speed.py`, with
6,000 patterns on each of two parts, their photos of 500 x 375 pixels and every tenth of twelve million. Pages are asked
for as a browser does, one after the other, each another one, after what `egraph browse` does when it starts.
"""

import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image
from question_speed import CATEGORY, FIRINGS, LABELLED, SIZE, await_indexes, copy_graphs, percentile, with_labels
from server import COMMAND, import_folder

from egraph.aog.storage import write_aog
from egraph.browse.app import Pages, application
from egraph.browse.gate import Gate
from egraph.exporting.export import export_graph
from egraph.exporting.formats import Format
from egraph.graph import embedded
from egraph.graph.connection import open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.content_hash import content_hash
from egraph.graph.delete import delete_category
from egraph.graph.lying import Lying, write_lying
from egraph.graph.parts import add_labels
from egraph.graph.places import refresh_places
from egraph.graph.upgrade import add_summaries
from egraph.graph.write import write_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.photos.photo import Box
from egraph.settings import Settings, load_settings
from support.pages import ask
from support.synthetic import synthetic_aog, synthetic_graph

PARTS = ("head", "legs")
PAGES, PICTURES = 60, 200
LYING = 6000
"""Patterns on each part."""
LARGE = 10
"""Every so many photos one is large."""
GATE = Gate(7480)


def photographed(mined: MinedGraph, folder: Path) -> MinedGraph:
    """The graph with its objects on photos that are there."""
    random = np.random.default_rng(0)
    folder.mkdir()
    objects = []
    for number, obj in enumerate(mined.objects):
        width, height = (4000, 3000) if number % LARGE == 0 else (500, 375)
        path = folder / f"{number}.jpg"
        Image.fromarray(random.integers(0, 255, (24, 32, 3), np.uint8)).resize((width, height)).save(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        box = Box(0.1 * width, 0.1 * height, 0.7 * width, 0.8 * height)
        objects.append(replace(obj, path=path, sha256=sha256, photo_width=width, photo_height=height, box=box))
    return replace(mined, objects=objects)


def of_category(mined: MinedGraph, number: int) -> MinedGraph:
    """The same graph of another category, its objects elsewhere on the same photos."""
    objects = [replace(o, box=replace(o.box, x=o.box.x + number)) for o in mined.objects]
    return replace(mined, category=f"category-{number}", objects=objects)


def lying_on(mined: MinedGraph, seed: int) -> Lying:
    """What an And-Or graph may tell of a part: half of so many patterns lie on it beyond chance."""
    random = np.random.default_rng(seed)
    tables = [table for layer, table in mined.patterns.items() if layer != ANCHORS]
    names = [f"{t.layer}/{f}/{n}" for t in tables for f, n in zip(t.filter.tolist(), t.number.tolist(), strict=True)]
    some = sorted(random.choice(names, LYING, replace=False).tolist())
    share, fires, score = random.uniform(0.3, 0.9, (3, LYING))
    objects, labelled, chance = (np.full(LYING, value) for value in (40, LABELLED, 0.6))
    return Lying(some, share, fires, chance, objects, labelled, score, LABELLED, 40, 0.1)


def write_one(settings: Settings, mined: MinedGraph, exported: Path | None) -> None:
    """Write a graph with labels and an And-Or graph; export it, then delete it, where it is to be copied."""
    with open_database(settings) as database:
        write_graph(database, mined)
        for part in PARTS:
            add_labels(database, with_labels(mined), mined.category, part)
        refresh_places(database, mined.id, mined.category)
        aog = synthetic_aog(mined)
        write_aog(database, aog, dict.fromkeys((o.id for o in mined.objects), False))
        for seed, part in enumerate(PARTS):
            lying = lying_on(mined, seed)
            write_lying(database, mined.id, content_hash(mined), mined.category, part, aog.id, lying)
        if exported is not None:
            export_graph(database, mined.id, Format.NEO4J_ADMIN, exported)
            delete_category(database, mined.category)


def addresses(mined: MinedGraph) -> Iterator[tuple[str, str]]:
    """Kinds of pages, and many of each."""
    random = np.random.default_rng(1)
    rows = [(layer, row) for layer, table in mined.patterns.items() if layer != "anchors" for row in range(len(table))]
    for number in range(PAGES):
        layer, row = rows[random.integers(len(rows))]
        table = mined.patterns[layer]
        channel = int(table.filter[row])
        obj = mined.objects[int(random.integers(len(mined.objects)))]
        yield "pattern", f"/pattern/{quote(f'{mined.id}/{layer}/{channel}/{table.number[row]}')}"
        yield "filter", f"/filter/{quote(f'{mined.id}/{layer}/{channel}')}"
        yield "object", f"/object/{quote(f'{mined.id}/{obj.id}')}"
        if number % 6 == 0:
            yield "labelled object", f"/object/{quote(f'{mined.id}/{mined.objects[number // 6 % LABELLED].id}')}"
            yield "part", f"/part/{quote(mined.id)}/{PARTS[number // 6 % 2]}"
            yield "graph", f"/graph/{quote(mined.id)}"
            yield "filters that mix", f"/mixed/{quote(mined.id)}"
            yield "overview", "/"
            yield "search", f"/search?q={channel}"


def measure(settings: Settings, mined: MinedGraph) -> dict[str, list[float]]:
    """Milliseconds of every kind of page, and of pictures."""
    found: dict[str, list[float]] = {}
    pictures: dict[str, None] = {}
    with open_database(settings, reader=True) as database:
        app = application(database, GATE)
        began = time.perf_counter()
        Pages(database).warm()
        found["at the start"] = [1000 * (time.perf_counter() - began)]
        for kind, address in addresses(mined):
            began = time.perf_counter()
            answered = ask(app, GATE, address)
            found.setdefault(kind, []).append(1000 * (time.perf_counter() - began))
            assert answered.status in (200, 303), answered.text[:500]
            pictures |= dict.fromkeys(
                one.replace("&amp;", "&") for one in re.findall(r'(?:src|href)="(/(?:cut|whole)/[^"]+)"', answered.text)
            )
        for address in list(pictures)[:: max(1, len(pictures) // PICTURES)]:
            began = time.perf_counter()
            answered = ask(app, GATE, address)
            found.setdefault("picture", []).append(1000 * (time.perf_counter() - began))
            assert answered.status == 200
    return found


def show(found: dict[str, list[float]], graphs: int, where: str) -> None:
    """Print a table."""
    print(f"\n{graphs} graphs of 61,465 patterns, {where}: milliseconds")
    print(f"{'page':<18}{'median':>8}{'p95':>8}{'most':>8}{'asked':>8}")
    pages = [value for kind, values in found.items() if kind not in ("picture", "at the start") for value in values]
    for kind, values in [*found.items(), ("all pages", pages)]:
        median, p95 = percentile(values, 0.5), percentile(values, 0.95)
        print(f"{kind:<18}{median:8.0f}{p95:8.0f}{max(values):8.0f}{len(values):8}")


def main() -> None:
    counts = [int(count) for count in sys.argv[1:]] or [1, 10]
    folder = Path(tempfile.mkdtemp(prefix="egraph-pages-"))
    mined = synthetic_graph(CATEGORY, salt="speed", firings_per_object=FIRINGS, labelled=LABELLED, **SIZE)
    mined = photographed(mined, folder / "photos")
    try:
        if not os.environ.get("NEO4J_URI") or not COMMAND:
            settings = Settings(home=folder / "home", wal_flush=0)
            written = 0
            for count in counts:
                for number in range(written, count):
                    write_one(settings, of_category(mined, number), None)
                written = count
                show(measure(settings, of_category(mined, 0)), count, "embedded")
            embedded.stop(settings)
            return
        settings = load_settings(home=folder / "home")
        write_one(settings, mined, folder / "one")
        for count in counts:
            copy_graphs(folder / "one", folder / f"{count}", count)
            import_folder(folder / f"{count}")
            with open_database(settings) as database:
                ensure_schema(database)
                add_summaries(database)
            await_indexes(settings)
            show(measure(settings, mined), count, "Neo4j")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
