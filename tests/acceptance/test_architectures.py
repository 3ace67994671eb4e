"""The networks that the papers name, and those of other kinds, each mined end to end.

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
    "vaegan:encoder": ["convolutions.0", "convolutions.1", "convolutions.2"],
    "timm:test_resnet": ["layer2", "layer3", "layer4"],
}

VAE_GAN = """
from torch import nn


class Encoder(nn.Module):
    # Larsen et al., "Autoencoding beyond pixels using a learned similarity metric", ICML 2016, table 1
    preprocessing = {"size": 64, "mean": [0.5] * 3, "deviation": [0.5] * 3}

    def __init__(self):
        super().__init__()
        widths = [3, 64, 128, 256]
        self.convolutions = nn.Sequential(*[
            nn.Sequential(nn.Conv2d(a, b, 5, 2, 2), nn.BatchNorm2d(b), nn.ReLU())
            for a, b in zip(widths, widths[1:])
        ])
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(8 * 8 * 256, 2048), nn.BatchNorm1d(2048), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(2048, 128), nn.Linear(2048, 128)

    def forward(self, x):
        h = self.dense(self.convolutions(x))
        return self.mean(h), self.log_variance(h)


encoder = Encoder
"""


@pytest.fixture
def egraph(egraph_here: Callable) -> Callable:
    """Inside this process, which imports torch once."""
    return egraph_here


@pytest.mark.parametrize("name", LAYERS)
def test_mined_end_to_end(egraph: Callable, egraph_home: Path, world: Path, tmp_path: Path, name: str) -> None:
    annotations = world / "annotations.json"
    network = ("--network", name, "--weights", "random", "--category", "horse")
    (tmp_path / "vaegan.py").write_text(VAE_GAN)
    done = egraph("mine", world, "--annotations", annotations, *network, "--limit", 4, "--json")
    report = json.loads(done.stdout)
    assert report["graph"].startswith(f"{name.rpartition(':')[2]}@")
    assert report["photos"]["used"] == 4
    overview = json.loads(egraph("query", "overview", "--json").stdout)["rows"]
    assert [row["layers"] for row in overview] == [[*LAYERS[name], ANCHORS]]

    with open_database(load_settings()) as database:
        graph = read_graph(database, report["graph"])
    assert graph.weights_source.startswith("random")
    assert all(len(graph.patterns[layer]) > 0 for layer in [*LAYERS[name], ANCHORS])
    assert sum(map(len, graph.patterns.values())) == report["patterns"]
    tied = {(edges.lower, edges.upper): len(edges.source) for edges in graph.co_activations}
    moved = {(edges.lower, edges.upper): len(edges.source) for edges in graph.displacements}
    # four photos and random weights hold no partners beyond chance; every pair of layers was looked at all the same
    assert set(itertools.pairwise(LAYERS[name])) <= tied.keys() & moved.keys()
    assert all(moved[layer, ANCHORS] > 0 for layer in LAYERS[name])
