"""Building an And-Or graph and finding its part, beside the network's own forward passes, in one run.

Photos and weights are the real ones in EGRAPH_TEST_DATA. Seconds of processor time, which a busy machine distorts less
than the clock; on one thread, unless told, because threads that wait for each other count as work. The share is that of
everything beside the network (both views of every photo): reading photos, evidence, side, pose and the And-Or graph.

    python tests/benchmarks/part_speed.py [NUMBER OF PHOTOS] [THREADS]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import torch

from egraph.aog.locate import Locator
from egraph.aog.storage import find_aogs, read_aog
from egraph.commands.build import build_aog
from egraph.commands.mine import mine_category
from egraph.commands.parts import import_parts
from egraph.commands.requests import BuildRequest, ImportRequest, MineRequest
from egraph.graph import embedded
from egraph.graph.connection import open_database
from egraph.graph.read import read_graph
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.responses.forward import read_views
from egraph.settings import load_settings

BATCH = 8
CATEGORY = "horse"
PART = "head"


def main(photos: int = 100, threads: int = 1) -> None:
    """Mine, build, and locate on the first photos again."""
    data = Path(os.environ["EGRAPH_TEST_DATA"])
    folder, weights = data / "animalpart" / CATEGORY, str(data / "weights" / "resnet50.pth")
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings(home=Path(home))
        try:
            request = MineRequest(
                folder, "resnet50", weights, CATEGORY, annotations=folder / "annotations.json", limit=photos
            )
            mine_category(settings, request)
            import_parts(settings, ImportRequest(folder / "annotations.json", CATEGORY, PART, limit=3))
            start, began = time.perf_counter(), time.process_time()
            build_aog(settings, BuildRequest(CATEGORY, PART))
            print(f"building: {time.perf_counter() - start:.1f} s, {time.process_time() - began:.1f} s of processors")
            with open_database(settings) as database:
                graph = read_graph(database, find_aogs(database, CATEGORY)[0].graph, placing=True)
                aogs = [read_aog(database, a.id, graph) for a in find_aogs(database, CATEGORY)]
            network = load_network("resnet50", weights)
            torch.set_num_threads(threads)
            locator = Locator(graph, network, aogs)
            objects = read_annotations(folder / "annotations.json", folder, CATEGORY, 6 * BATCH).objects
            locator.locate(objects[:BATCH], 10)
            whole = bare = 0.0
            for first in range(0, len(objects), BATCH):
                some = objects[first : first + BATCH]
                began = time.process_time()
                locator.locate(some, 10)
                whole += time.process_time() - began
                views = read_views(network, some)
                began = time.process_time()
                with torch.inference_mode():
                    network.module(views)
                bare += time.process_time() - began
            each = 1000 / len(objects)
            print(f"locating: {whole * each:.0f} ms a photo, of which the network {bare * each:.0f} ms")
            print(f"on top of the network's passes: {100 * (whole / bare - 1):.0f} %")
        finally:
            embedded.stop(settings)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
