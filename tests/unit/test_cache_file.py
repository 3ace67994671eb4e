"""Damaged files are found out, set aside and named, and what they held is computed anew."""

import logging
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egraph.cache_file import read_arrays, read_json, write_arrays, write_json
from egraph.demo.world import write_world
from egraph.graph.content_hash import content_hash
from egraph.mining import block, layer
from egraph.mining.engine import mine
from egraph.network.known_geometry import known_geometries
from egraph.network.layers import map_shapes
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.responses import forward

ARRAYS = {"one": np.arange(7, dtype=np.int32), "none": np.zeros((0, 3), np.float32), "half": np.ones((2, 2), np.half)}

Damage = Callable[[bytes, random.Random], bytes]

DAMAGES: dict[str, Damage] = {
    "zero length": lambda content, generator: b"",
    "cut": lambda content, generator: content[: generator.randrange(len(content))],
    "one bit": lambda content, generator: flipped(content, generator.randrange(8 * len(content))),
    "zeros": lambda content, generator: bytes(len(content)),
    "a text": lambda content, generator: b"<html>404</html>",
    "longer": lambda content, generator: content + b"\0",
}


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_arrays_and_json_come_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert read_arrays(path) is None and read_json(path) is None
    write_arrays(path, ARRAYS, "run 1")
    found = read_arrays(path, "run 1")
    assert found is not None and found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and found[name].tobytes() == array.tobytes()
    write_json(path, {"a": [1, None]})
    assert read_json(path) == {"a": [1, None]}
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here need outlive the machine; that would take most of the time."""
    monkeypatch.setattr(os, "fsync", lambda number: None)
    monkeypatch.setattr(np.memmap, "flush", lambda array: None)


@pytest.mark.parametrize("damage", DAMAGES)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_damaged_file_is_set_aside_and_named(
    damage: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged" / "file"
    path.parent.mkdir(exist_ok=True)
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("egraph.cache_file").addHandler(handler)
    try:
        write_arrays(path, ARRAYS)
        spoilt = DAMAGES[damage](path.read_bytes(), random.Random(seed))
        path.write_bytes(spoilt)
        assert read_arrays(path) is None
    finally:
        logging.getLogger("egraph.cache_file").removeHandler(handler)
    assert len(said) == 1 and str(path) in said[0]
    assert not path.exists() and path.with_name("file.damaged").read_bytes() == spoilt
    assert read_arrays(path) is None


def test_a_whole_file_in_the_place_of_another_one_is_found_out(tmp_path: Path) -> None:
    for name, run in (("layer-2", "run 1"), ("layer-3", "run 1"), ("layer-4", "run 2")):
        write_arrays(tmp_path / name, ARRAYS, run)
    (tmp_path / "layer-3").replace(tmp_path / "layer-2")
    assert read_arrays(tmp_path / "layer-2", "run 1") is None
    assert read_arrays(tmp_path / "layer-4", "run 1") is None


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Much is kept on the way, as with many photos."""
    monkeypatch.setattr(forward, "CALIBRATION_PHOTOS", 5)
    monkeypatch.setattr(layer, "CHECKPOINT", 0)
    monkeypatch.setattr(block, "BLOCK", 4000)
    yield


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["block4 kept", "in block3", "responses"])
def test_mining_over_damaged_files_gives_the_same_graph(
    moment: str, small_steps: None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_world(tmp_path / "world", "horse", 14, seed=3)
    objects = read_annotations(tmp_path / "world" / "annotations.json", tmp_path / "world", "horse").objects
    network = load_network("egraph.demo.network:animals")
    block4 = next(shape.channels for shape in map_shapes(network) if shape.name == "block4")

    class Stop(Exception):
        """Ends mining at the moment."""

    def progress(stage: str, done: int, total: int) -> None:
        if (moment, stage) == ("responses", "running the network") and done > 8:
            raise Stop
        if (moment, stage) == ("in block3", "mining patterns") and done > block4 + 10:
            raise Stop

    def at_layer(name: str, kept: bool) -> None:
        if moment == f"{name} kept" and kept:
            raise Stop

    def graph(home: Path, **stops: Callable) -> str:
        layers = known_geometries(network, ["block3", "block4"], home / "geometry")
        mined = mine(network, layers, objects, category="horse", name="test", seed=0, home=home, **stops)
        return content_hash(mined.graph)

    whole = graph(tmp_path / "whole")
    home = tmp_path / "home"
    with pytest.raises(Stop):
        graph(home, progress=progress, at_layer=at_layer)
    files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.stat().st_size}
    generator = random.Random(0)
    for path, content in files.items():
        for other, kept in files.items():
            other.write_bytes(kept)
        damage = generator.choice(sorted(DAMAGES))
        path.write_bytes(DAMAGES[damage](content, generator))
        caplog.clear()
        assert graph(home) == whole, f"{path.name}, {damage}"
        if path.suffix in (".mined", ".unfinished", ".geometry") or path.name == "calibration":
            assert str(path) in caplog.text and path.with_name(path.name + ".damaged").exists()
        for made in [p for p in home.rglob("*") if p.is_file() and p not in files]:
            made.unlink()
