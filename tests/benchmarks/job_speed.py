"""The whole job beside the network's own forward passes, in one run, for growing numbers of photos.

Photos and weights are the real ones in EGRAPH_TEST_DATA where there are any, else generated photos and random weights
(then the number of patterns that are kept, and so the time of writing, says little).

Seconds are by the clock; the ratio of mining to the network's passes is also given in seconds of processor time, which
a busy machine distorts less.

    python tests/benchmarks/job_speed.py [NUMBER OF PHOTOS …]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import torch

from egraph.commands.mine import mine_category
from egraph.commands.requests import MineRequest
from egraph.demo.world import write_world
from egraph.graph import embedded
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.responses.forward import read_views
from egraph.settings import load_settings

NETWORK = "resnet50"
PASSES = 6


def forward_seconds(request: MineRequest) -> tuple[float, float]:
    """Seconds and processor seconds of the bare network per photo, photo and mirror, eight photos at a time: medians of
    some passes."""
    network = load_network(request.network, request.weights)
    assert request.annotations is not None
    objects = read_annotations(request.annotations, request.photos, request.category, 8).objects
    views = read_views(network, objects)
    taken, worked = [], []
    with torch.inference_mode():
        for _ in range(PASSES):
            start, began = time.perf_counter(), time.process_time()
            network.module(views)
            taken.append(time.perf_counter() - start)
            worked.append(time.process_time() - began)
    return sorted(taken)[PASSES // 2] / len(objects), sorted(worked)[PASSES // 2] / len(objects)


class MiningWork:
    """Processor seconds between the first stage of mining and the first of writing."""

    def __init__(self) -> None:
        self.began: float | None = None
        self.seconds = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Progress of the job."""
        now = time.process_time()
        if stage == "solving orientation" and self.began is None:
            self.began = now
        if stage == "mining patterns" and self.began is not None:
            self.seconds = now - self.began


def main() -> None:
    """Print a row for each number of photos."""
    counts = [int(argument) for argument in sys.argv[1:]] or [100, 200, 320]
    data = os.environ.get("EGRAPH_TEST_DATA")
    with tempfile.TemporaryDirectory() as scratch:
        if data:
            photos, weights = Path(data) / "animalpart" / "horse", str(Path(data) / "weights" / "resnet50.pth")
            annotations = photos / "annotations.json"
        else:
            photos, weights = Path(scratch) / "world", "random"
            annotations = write_world(photos, "horse", max(counts), seed=0)
        print(f"{NETWORK}, weights {Path(weights).name}, {torch.get_num_threads()} threads")
        print(
            "photos  network  responses  mining  writing  total | mining/network  (processor)  total/network  patterns"
        )
        for count in counts:
            settings = load_settings(home=Path(scratch) / f"home-{count}")
            request = MineRequest(photos, NETWORK, weights, "horse", annotations, limit=count)
            passes, work = (seconds * count for seconds in forward_seconds(request))
            start = time.perf_counter()
            mining_work = MiningWork()
            report = mine_category(settings, request, mining_work)
            total = time.perf_counter() - start
            if settings.embedded:
                embedded.stop(settings)
            seconds = report.seconds
            row = (passes, seconds["forward"] - passes, seconds["mining"], seconds["writing"], total)
            ratios = row[2] / passes, mining_work.seconds / work, total / passes
            print(
                f"{report.used:6}  {row[0]:6.1f}s  {row[1]:8.1f}s  {row[2]:5.1f}s  {row[3]:6.1f}s {row[4]:5.0f}s | "
                f"{ratios[0]:14.3f}  {ratios[1]:11.3f}  {ratios[2]:13.2f}  {report.counts['patterns']:8,}"
            )


if __name__ == "__main__":
    main()
