"""The networks that the papers name, each mined end to end.

No weights of theirs are at hand here, so they are random (`--weights random`): this shows that every architecture goes
all the way with the papers' layers, not that anything sensible is found.
"""

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from egraph.graph.connection import open_database
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import ANCHORS
from egraph.settings import load_settings

pytestmark = pytest.mark.slow

LAYERS = {
    "alexnet": ["features.3", "features.6", "features.8", "features.10"],
    "vgg16": ["features.19", "features.21", "features.26", "features.28"],
    "resnet50": ["layer2", "layer3", "layer4"],
    "resnet152": ["layer2", "layer3", "layer4"],
}


@pytest.mark.parametrize("name", LAYERS)
def test_mined_end_to_end(egraph: Callable, egraph_home: Path, world: Path, name: str) -> None:
    annotations = world / "annotations.json"
    network = ("--network", name, "--weights", "random", "--category", "horse")
    done = egraph("mine", world, "--annotations", annotations, *network, "--limit", 6, "--json", seconds=400)
    report = json.loads(done.stdout)
    assert report["graph"].startswith(f"{name}@")
    assert report["photos"]["used"] == 6
    overview = json.loads(egraph("query", "overview", "--json").stdout)["rows"]
    assert [row["layers"] for row in overview] == [[*LAYERS[name], ANCHORS]]

    with open_database(load_settings()) as database:
        graph = read_graph(database, report["graph"])
    assert graph.weights_source.startswith("random")
    assert all(len(graph.patterns[layer]) > 0 for layer in [*LAYERS[name], ANCHORS])
    assert sum(map(len, graph.patterns.values())) == report["patterns"]
    tied = {(edges.lower, edges.upper): len(edges.source) for edges in graph.co_activations}
    moved = {(edges.lower, edges.upper): len(edges.source) for edges in graph.displacements}
    assert all(tied[pair] > 0 and moved[pair] > 0 for pair in itertools.pairwise(LAYERS[name]))
    assert all(moved[layer, ANCHORS] > 0 for layer in LAYERS[name])
