"""`egraph explain`: the account adds up, is that of plain loops over the database's rows, and may be kept."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from egraph.demo.network import AnimalNetwork
from egraph.demo.world import write_world
from egraph.explaining.texture import texture_shares
from egraph.explaining.view import layer_units, read_view, widened_view
from egraph.graph.connection import open_database
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import ANCHORS
from egraph.mining.inference import place_patterns
from egraph.network.layers import activations
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.photos.crop import read_crop
from egraph.photos.mirroring import turned_places
from egraph.settings import load_settings
from reference import mixture as slow_mixture
from reference.explanation import slow_groups

NETWORK = "egraph.demo.network:animals"


@pytest.mark.slow
def test_a_photo_is_explained_by_an_account_that_adds_up(egraph_here: Callable, tmp_path: Path) -> None:
    write_world(tmp_path / "photos", "horse", 24, seed=5)
    write_world(tmp_path / "new", "horse", 3, seed=6)
    annotations = Path("new/annotations.json")
    boxes = ("--annotations", "photos/annotations.json")
    graph = json.loads(
        egraph_here("mine", "photos", "--network", NETWORK, "--category", "horse", *boxes, "--json").stdout
    )["graph"]
    asked = ("explain", "new", "--annotations", annotations, "--patterns", "all")
    printed = egraph_here(*asked, "--json", "--png", "why", "--html", "why.html").stdout.splitlines()
    found = [json.loads(line) for line in printed]
    assert len(found) == 3 and len(list(Path("why").glob("*.png"))) == 3
    assert Path("why.html").read_text().count('class="why"') == 3
    for one in found:
        assert one["sentence"].startswith(f'The network takes this horse for "{one["predicted"]["name"]}"')
        assert [layer["layer"] for layer in one["layers"]] == ["block3", "block4"]
        for layer in one["layers"]:
            total = sum(group["pro"] + group["contra"] for group in layer["groups"])
            assert layer["score"] == pytest.approx(layer["baseline"] + layer["remainder"] + total, abs=1e-3)
            assert abs(layer["remainder"]) <= 0.01 * abs(layer["score"] - layer["baseline"]) + 1e-6
        # a sum has nothing but its terms to lose
        for group in one["layers"][-1]["groups"]:
            assert group["drop"] == pytest.approx(group["pro"] + group["contra"], abs=1e-3)
    agree_with_the_rows(graph, found[0], annotations)

    told_apart = ("--class", "horse", "--instead-of", "background", "--without", "texture", "--without", "block4/3")
    one = json.loads(egraph_here(*asked, *told_apart, "--keep", "--json").stdout.splitlines()[0])
    assert one["explained"]["name"] == "horse" and one["explained"]["instead_of_name"] == "background"
    assert one["without"]["named"] == ["texture", "block4/3"] and one["without"]["control"]["score"] is not None
    kept = json.loads(egraph_here("query", "--cypher", "MATCH (e:Explanation) RETURN e.id AS id", "--json").stdout)
    assert {row["id"].rpartition("/")[0] for row in kept["rows"]} >= {f"{graph}/{object_id(annotations, 0)}"}
    text = egraph_here("explain", "new", "--annotations", annotations, "--layers", "block4").stdout
    assert "where nothing is detected" in text and "block3" not in text
    for wrong in (("--class", "hrse"), ("--layers", "block1"), ("--without", "block4/3/99"), ("--region", "0,0,9,9")):
        said = egraph_here("explain", "new", *wrong, code=2).stderr
        assert said.count("Error: ") == 1, said
    nothing = egraph_here("explain", "new", "--category", "cow", code=5).stderr
    assert "egraph mine" in nothing

    measured = json.loads(
        egraph_here("evaluate", "explanation", "--category", "horse", *boxes, "--photos", "4", "--json").stdout
    )
    ours, random = measured["methods"]["egraph"], measured["methods"]["random"]
    assert measured["error"] < 1e-3 and measured["remainder"] <= 0.01
    assert ours["correlation"] > 0.8 and 0.5 < ours["slope"] < 2 and ours["gain"] > random["gain"]
    assert measured["methods"]["random_weights"]["part_share"] < ours["part_share"]


DENSE = '''
from torch import nn
from egraph.demo.network import AnimalNetwork, animals


class Dense(nn.Module):
    """The demo's network, whose classifier answers at every place instead of once for the photo."""

    classes = AnimalNetwork.classes
    preprocessing = AnimalNetwork.preprocessing

    def __init__(self):
        super().__init__()
        whole = animals()
        self.block3 = nn.Sequential(whole.block1, whole.block2, whole.block3)
        self.block4 = whole.block4
        self.head = nn.Conv2d(256, len(self.classes), 1)
        self.head.weight.data.copy_(whole.classifier.weight[:, :, None, None])
        self.head.bias.data.copy_(whole.classifier.bias)

    def forward(self, x):
        return self.head(self.block4(self.block3(x)))


def dense():
    return Dense().eval()
'''


@pytest.mark.slow
def test_in_dense_tasks_the_mean_score_of_a_region_is_explained(egraph_here: Callable, tmp_path: Path) -> None:
    write_world(tmp_path / "photos", "horse", 16, seed=5)
    (tmp_path / "own.py").write_text(DENSE)
    boxes = ("--annotations", "photos/annotations.json")
    egraph_here("mine", "photos", "--network", "own:dense", "--category", "horse", *boxes, "--layers", "block3,block4")
    photo = read_annotations(Path(boxes[1]), Path("photos"), "horse").objects[0]
    view, network = widened_view(photo), load_network("own:dense")
    picture = network.preprocess(read_view(photo, view, network.preprocessing.size)[None].copy())
    with torch.no_grad():
        answer = network.module(picture)[0]
    side = answer.shape[1]
    # a region of whole cells of the answer: rows 1 and 2, columns 2 to 4
    cell = view.region.width / side, view.region.height / side
    region = (view.region.x + 2 * cell[0], view.region.y + cell[1], 3 * cell[0], 2 * cell[1])
    asked = ("explain", photo.path, *boxes, "--class", "horse", "--region", ",".join(map(str, region)), "--json")
    (one,) = (json.loads(line) for line in egraph_here(*asked).stdout.splitlines())
    means = answer[:, 1:3, 2:5].mean((1, 2))
    wanted = float(means[AnimalNetwork.classes.index("horse")] - means.mean())
    for layer in one["layers"]:
        assert layer["score"] == pytest.approx(wanted, abs=1e-3)
        total = sum(group["pro"] + group["contra"] for group in layer["groups"])
        assert layer["score"] == pytest.approx(layer["baseline"] + layer["remainder"] + total, abs=1e-3)
        assert abs(layer["remainder"]) <= 0.01 * abs(layer["score"] - layer["baseline"]) + 1e-6
    assert "lies outside" in egraph_here(*asked[:-2], "9000,9000,5,5", code=2).stderr


def object_id(annotations: Path, number: int) -> str:
    return read_annotations(annotations, annotations.parent, "horse").objects[number].id


def agree_with_the_rows(graph_id: str, one: dict, annotations: Path) -> None:
    """The top layer's groups, by plain loops over what the database says and what the network gives out."""
    with open_database(load_settings()) as database:
        graph = read_graph(database, graph_id)
        rows = database.read(
            "read/patterns", graph=graph_id, layer="block4", columns=["filter", "number", "share", "reach", "x", "y"]
        )
    network = load_network(NETWORK)
    obj = next(
        o for o in read_annotations(annotations, annotations.parent, "horse").objects if str(o.path) == one["photo"]
    )
    layer = next(layer for layer in graph.layers if layer.name == "block4")
    view = widened_view(obj)
    units = layer_units([view], layer, network.preprocessing.size)
    picture = network.preprocess(read_view(obj, view, network.preprocessing.size)[None].copy())
    maps = activations(network, ["block4"], picture)["block4"][0].flatten(1).double().numpy()
    weight = network.module.classifier.weight.double().numpy()
    number = one["explained"]["class"]
    values = (weight[number] - weight.mean(0))[:, None] * maps / maps.shape[1]

    kept = sorted(row[0] for row in (r["values"] if "values" in r else list(r.values()) for r in rows))
    filter_ = np.array([row[0] for row in kept])
    placed = place_patterns(graph, network, [obj])
    places = turned_places(placed.places["block4"], placed.mirrored)[:, 0].numpy()
    reading = graph.readings["block4"]
    seen = (units.rows[0].numpy(), units.columns[0].numpy(), units.size[0].numpy(), units.on_object[0].numpy())
    own, scattered, beside = np.zeros((len(kept), maps.shape[1])), *np.zeros((2, *maps.shape))
    for f in range(len(maps)):
        mine = filter_ == f
        whose = slow_mixture.responsibilities(
            [row[2] for row in kept if row[0] == f],
            [row[3] for row in kept if row[0] == f],
            reading.filter_scattered[f],
            reading.filter_beside[f],
            places[mine],
            seen,
        )
        own[mine], scattered[f], beside[f] = whose[:-2], whose[-2], whose[-1]
    anchors = graph.patterns[ANCHORS].mean_place
    means = np.array([(row[5], row[4]) for row in kept])
    nearest = np.array([np.hypot(*(anchors - mean).T).argmin() for mean in means])
    crop = read_crop(obj, network.preprocessing.size).copy()
    before = activations(network, ["block4"], network.preprocess(crop[None]))["block4"].clamp_min(0).mean((0, 2, 3))
    texture = texture_shares(network, {"block4": before}, crop)["block4"]
    shown = [int(g["name"].split()[-1]) for g in one["layers"][-1]["groups"] if g["name"].startswith("unnamed")]
    wanted = slow_groups(values, own, scattered, beside, filter_, {}, nearest, shown, texture.numpy())
    for group in one["layers"][-1]["groups"]:
        assert [group["pro"], group["contra"]] == pytest.approx(wanted[group["name"]], abs=2e-3), group["name"]
