"""Memory and time of mining as the photos grow in number: `python tests/benchmarks/memory_speed.py [PHOTOS …]`.

The network's own passes are not repeated: the responses of some photos are copied under other names, each time with
other noise on them, and mined as if they were so many photos. Each number is mined by a process of its own, whose
largest memory is printed: without the pages of mapped files, which the system takes back when it needs room. Photos and
weights are the real ones in EGRAPH_TEST_DATA, else generated photos and random weights. The disk needs 0.5 MB for each
photo. Linux alone tells the memory.
"""

import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from egraph.demo.world import write_world
from egraph.mining.engine import mine
from egraph.network.geometry import layer_geometries
from egraph.network.layers import resolve_layers
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.photos.photo import PhotoObject
from egraph.responses.forward import collect_responses, plan_responses
from egraph.responses.store import VIEWS, ResponseStore

NETWORK = "resnet50"
BASE = 160
AT_ONCE = 16
NOISE = 0.2


def base_photos(scratch: Path) -> tuple[str, list[PhotoObject]]:
    """Weights, and the photos whose responses are copied."""
    data = os.environ.get("EGRAPH_TEST_DATA")
    if data:
        folder = Path(data) / "animalpart" / "horse"
        return str(Path(data) / "weights" / "resnet50.pth"), list(
            read_annotations(folder / "annotations.json", folder, "horse", BASE).objects
        )
    annotations = write_world(scratch / "world", "horse", BASE, seed=0)
    return "random", list(read_annotations(annotations, scratch / "world", "horse", BASE).objects)


def copy_responses(base: ResponseStore, store: ResponseStore) -> None:
    """Fill a store with the responses of another one, over and over, with noise."""
    noise = torch.Generator().manual_seed(0)

    def noisy(values: torch.Tensor) -> torch.Tensor:
        return values * (1 + NOISE * torch.randn(values.shape, generator=noise)).clamp_min(0)

    calibration = base.read_calibration()
    assert calibration is not None
    store.write_calibration(calibration)
    sources, evident = base.usable(), base.with_evidence()
    for start in range(0, len(store.plan.objects), AT_ONCE):
        rows = list(range(start, min(start + AT_ONCE, len(store.plan.objects))))
        some = [sources[row % len(sources)] for row in rows]
        views = [np.full(len(some), view) for view in range(VIEWS)]
        peaks = {}
        for layer in store.plan.layers:
            read = [base.peaks(layer.name, some, view, slice(None)) for view in views]
            values, units = (torch.stack([r[i].transpose(0, 1) for r in read], 1) for i in (0, 1))
            peaks[layer.name] = noisy(values), units
        shown = [evident[row % len(evident)] for row in rows]
        evidence = torch.stack([base.evidence(shown, view) for view in views], 1)
        store.put(rows, peaks, noisy(base.context(some)), evidence.__getitem__)
    store.flush()


class PeakMemory:
    """The largest memory of this process since then, GB, looked at ten times a second."""

    def __init__(self) -> None:
        self.largest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            lines = Path("/proc/self/status").read_text().splitlines()
            held = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
            self.largest = max(self.largest, held / 2**20)

    def end(self) -> float:
        """Look no more."""
        self._ended.set()
        self._thread.join()
        return self.largest


def copy(weights: str, objects: list[PhotoObject], home: Path, count: int) -> None:
    """Make the responses of so many photos."""
    network = load_network(NETWORK, weights)
    layers = layer_geometries(network, resolve_layers(network, None))
    base = collect_responses(network, plan_responses(network, layers, objects), objects, home / "base")
    plan = plan_responses(network, layers, many_photos(objects, count))
    copy_responses(base, ResponseStore(home / f"home-{count}" / "cache" / "responses", plan))


def many_photos(objects: list[PhotoObject], count: int) -> list[PhotoObject]:
    """Photos under so many names."""
    return [replace(objects[i % len(objects)], sha256=f"{i:012x}" + "0" * 52) for i in range(count)]


def measure(weights: str, objects: list[PhotoObject], home: Path, count: int) -> None:
    """Mine so many photos, and print a row."""
    network = load_network(NETWORK, weights)
    layers = layer_geometries(network, resolve_layers(network, None))
    many = many_photos(objects, count)
    memory, began, worked = PeakMemory(), time.perf_counter(), time.process_time()
    mined = mine(network, layers, many, category="horse", name="memory", seed=0, home=home / f"home-{count}")
    taken = time.perf_counter() - began, time.process_time() - worked
    patterns = sum(len(table) for table in mined.graph.patterns.values())
    print(
        f"{count:6} photos: {memory.end():.2f} GB at most, {taken[0]:.0f} s by the clock, {taken[1]:.0f} s of "
        f"processors, {patterns:,} patterns",
        flush=True,
    )


def main() -> None:
    """Print a row for each number of photos."""
    counts = [int(argument) for argument in sys.argv[1:]] or [1000, 3000, 10_000]
    with tempfile.TemporaryDirectory() as scratch:
        weights, objects = base_photos(Path(scratch))
        print(f"{NETWORK}, responses of {len(objects)} photos repeated, {torch.get_num_threads()} threads", flush=True)
        for count in counts:
            for step in (copy, measure):
                one = multiprocessing.get_context("spawn").Process(
                    target=step, args=(weights, objects, Path(scratch), count)
                )
                one.start()
                one.join()
                if one.exitcode:
                    raise SystemExit(f"mining {count} photos failed")
            shutil.rmtree(Path(scratch) / f"home-{count}")


if __name__ == "__main__":
    main()
