"""Two processes that torchrun starts share the photos out, and mine the graph that one process mines."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from egraph.graph.connection import open_database
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.settings import load_settings

pytestmark = pytest.mark.slow

COLUMNS = ("place", "mean_place", "spread", "score", "advantage", "share", "parent_gain", "orientation_weight", "pose")


def test_two_processes_mine_the_graph_of_one(egraph: Callable, world: Path, tmp_path: Path) -> None:
    typed = ["mine", world, "--annotations", world / "annotations.json", "--network", "egraph.demo.network:animals"]
    typed += ["--category", "horse", "--limit", 23, "--layers", "block3,block4", "--json"]
    alone = json.loads(egraph(*typed, "--name", "alone").stdout)
    torchrun = [Path(sys.executable).parent / "torchrun", "--nproc-per-node", "2", "--no-python"]
    command = [*torchrun, Path(sys.executable).parent / "egraph", *typed, "--name", "together"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    # one JSON object and nothing else: the second process is silent
    together = json.loads(done.stdout)
    assert together["graph"].endswith("/together") and together["photos"] == {"used": 23, "skipped": []}
    assert {**together, "graph": 0, "seconds": 0} == {**alone, "graph": 0, "seconds": 0}

    def read(graph: str) -> MinedGraph:
        with open_database(load_settings()) as database:
            return read_graph(database, graph)

    one, two = read(alone["graph"]), read(together["graph"])
    assert [o.id for o in one.objects] == [o.id for o in two.objects]
    assert one.mirrored.tolist() == two.mirrored.tolist()
    assert one.log_likelihood == pytest.approx(two.log_likelihood, rel=1e-5)
    np.testing.assert_allclose(one.pose, two.pose, atol=1e-3)
    for layer, table in one.patterns.items():
        other = two.patterns[layer]
        assert table.filter.tolist() == other.filter.tolist() and table.number.tolist() == other.number.tolist()
        assert np.abs(table.support - other.support).max() <= 1
        for column in COLUMNS:
            here, there = getattr(table, column), getattr(other, column)
            # Sums in another order may tip the choice between two parents that are as good as each other.
            close = np.isclose(here, there, rtol=1e-3, atol=1e-3)
            assert (~close).sum() <= 0.01 * close.size, (layer, column)
            np.testing.assert_allclose(here, there, rtol=0.05, atol=0.02, err_msg=f"{layer} {column}")
    for edges, others in zip(one.displacements, two.displacements, strict=True):
        pairs = [set(zip(e.source.tolist(), e.target.tolist(), strict=True)) for e in (edges, others)]
        assert len(pairs[0] & pairs[1]) >= 0.99 * len(pairs[0])
