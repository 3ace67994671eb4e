"""After a power cut, mining finds its files as they were, or computes them anew; never anything else."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from egraph.atomic_file import new_entry, whole_file
from egraph.demo.world import write_world
from egraph.graph.content_hash import content_hash
from egraph.mining import block, layer
from egraph.mining.engine import mine
from egraph.network.known_geometry import known_geometries
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.responses import forward
from egraph.responses.store import Calibration, LayerResponses, ResponseStore
from reference.power_cut import Disk
from unit.test_responses_store import PLAN, assert_holds, responses

CUTS = 24
"""Power cuts of a whole mining that are tried; all of them would take minutes."""


@pytest.fixture(scope="module", autouse=True)
def small_steps() -> Iterator[None]:
    """Little is calibrated with, and much is kept on the way, as with many photos."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "CALIBRATION_PHOTOS", 5)
        patch.setattr(layer, "CHECKPOINT", 0)
        patch.setattr(block, "BLOCK", 4000)
        # nothing here need outlive the machine; that would take most of the time
        patch.setattr(os, "fsync", lambda number: None)
        patch.setattr(np.memmap, "flush", lambda array: None)
        yield


def calibration(seed: int) -> Calibration:
    generator = torch.Generator().manual_seed(seed)
    return Calibration(
        {g.name: torch.rand(g.channels, generator=generator) for g in PLAN.layers},
        {g.name: torch.rand(g.channels, generator=generator) for g in PLAN.layers},
        torch.rand(5, generator=generator),
        torch.rand(5, 4, generator=generator),
    )


def fill(store: ResponseStore, steps: list[list[int]]) -> None:
    """Put every row's own responses, and bring them to the disk after each step."""
    if store.read_calibration() is None:
        store.write_calibration(calibration(0))
    for rows in steps:
        for row in rows:
            store.put([row], *responses(1, row))
        store.flush()


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.lists(st.integers(0, len(PLAN.objects) - 1), max_size=3), min_size=1, max_size=3),
    seed=st.integers(0, 2**32),
)
def test_a_store_gives_back_what_was_put_or_waits_for_it(
    steps: list[list[int]], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    with Disk(home).watching() as disk:
        fill(ResponseStore(home, PLAN), steps)
    generator = random.Random(seed)
    for cut in generator.sample(disk.cuts, min(6, len(disk.cuts))):
        left = tmp_path_factory.mktemp("left")
        cut.leave(left, generator)
        store = ResponseStore(left, PLAN)
        for row in store.usable():
            assert store.read_calibration() is not None
            assert_holds(store, [row], *responses(1, row)[:2])
        fill(store, [store.waiting()])
        again = ResponseStore(left, PLAN)
        assert again.waiting() == []
        assert_holds(again, list(range(6)), *joined([responses(1, row)[:2] for row in range(6)]))


def joined(some: list) -> tuple[dict, torch.Tensor]:
    names = LayerResponses._fields
    peaks = {
        g.name: LayerResponses(*(torch.cat([getattr(p[g.name], name) for p, _ in some]) for name in names))
        for g in PLAN.layers
    }
    return peaks, torch.cat([context for _, context in some])


def test_marks_reach_the_disk_after_what_they_speak_for(tmp_path: Path) -> None:
    with Disk(tmp_path).watching() as disk:
        fill(ResponseStore(tmp_path, PLAN), [[0, 3], [1]])
    marks = f"{PLAN.key[:16]}/marks"
    marking = [cut for cut in disk.cuts if cut.waits(marks) and any(cut.seen[cut.seen_names[marks]])]
    assert len(marking) == 2
    for cut in marking:
        assert [name for name in cut.seen_names if cut.waits(name)] == [marks]


def test_a_whole_file_is_the_old_one_or_the_new_one(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    contents = [bytes([number]) * 10_000 for number in range(3)]
    with Disk(tmp_path).watching() as disk:
        for content in contents:
            with whole_file(tmp_path / "file") as file:
                file.write(content)
    generator = random.Random(0)
    for number, cut in enumerate(disk.cuts * 8):
        left = tmp_path_factory.mktemp("left")
        cut.leave(left, generator)
        found = (left / "file").read_bytes() if (left / "file").exists() else None
        step = number % len(disk.cuts) // 2
        assert found in ([None, *contents][step : step + 2]), "what was there before, or what is written now"


def test_an_export_has_its_name_when_all_of_it_is_on_the_disk(tmp_path: Path) -> None:
    with Disk(tmp_path).watching() as disk, new_entry(tmp_path / "out") as made:
        (made / "deep").mkdir(parents=True)
        for name in ("a.csv", "b.csv", "deep/c.csv"):
            (made / name).write_bytes(name.encode() * 1000)
    named = [cut for cut in disk.cuts if any(name.startswith("out/") for name in cut.seen_names)]
    assert named
    for cut in named:
        there = {name: file for name, file in cut.seen_names.items() if name.startswith("out/")}
        assert len(there) == 3 and all(cut.kept[file] == cut.seen[file] for file in there.values())


@pytest.mark.slow
def test_mining_after_a_power_cut_gives_the_same_graph(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = tmp_path_factory.mktemp("world")
    write_world(world, "horse", 14, seed=3)
    objects = read_annotations(world / "annotations.json", world, "horse").objects
    network = load_network("egraph.demo.network:animals")

    def graph(home: Path) -> str:
        layers = known_geometries(network, ["block3", "block4"], home / "geometry")
        return content_hash(mine(network, layers, objects, category="horse", name="test", seed=0, home=home).graph)

    home = tmp_path_factory.mktemp("home")
    with Disk(home).watching() as disk:
        whole = graph(home)
    brought = {Path(name).name for cut in disk.cuts for name in cut.seen_names}
    assert {"marks", "displacements", "layer-0.unfinished", "pose.mined", "calibration"} <= brought
    generator = random.Random(0)
    for cut in generator.sample(disk.cuts, min(CUTS, len(disk.cuts))):
        left = tmp_path_factory.mktemp("left")
        cut.leave(left, generator)
        assert graph(left) == whole
