"""Networks by name, without anything being fetched, and networks that cannot be taken as they are."""

import sys
import urllib.request

import numpy as np
import pytest
import torch
import torchvision.models
from torch import nn

from egraph.errors import InputError, UsageError
from egraph.network.geometry import layer_geometries
from egraph.network.layers import activations, default_layers, map_shapes, resolve_layers
from egraph.network.load import load_network


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    def refuse(*_args, **_keywords):
        pytest.fail("something was fetched")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)


@pytest.mark.parametrize(
    ("name", "size", "layers"),
    [
        ("fcn_resnet50", 224, ["backbone.layer2", "backbone.layer3", "backbone.layer4"]),
        ("deeplabv3_mobilenet_v3_large", 224, ["backbone.6", "backbone.16"]),
        ("lraspp_mobilenet_v3_large", 224, ["backbone.6", "backbone.16"]),
        ("fasterrcnn_mobilenet_v3_large_fpn", 224, ["body.6", "body.12", "body.16"]),
        ("ssdlite320_mobilenet_v3_large", 320, ["features.0.6", "features.0.13", "features.1"]),
        ("swin_t", 224, ["features.3", "features.5", "norm"]),
        ("efficientnet_b1", 240, ["features.3", "features.5", "features.8"]),
        ("timm:test_resnet", 160, ["layer2", "layer3", "layer4"]),
        ("timm:resnet18", 224, ["layer2", "layer3", "layer4"]),
    ],
)
def test_networks_by_name(name, size, layers):
    network = load_network(name, "random")
    assert network.preprocessing.size == size
    assert default_layers(network) == layers
    crops = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    found = activations(network, layers, network.preprocess(crops))
    shapes = {shape.name: shape for shape in map_shapes(network)}
    for layer, values in found.items():
        assert values.shape == (2, shapes[layer].channels, shapes[layer].height, shapes[layer].width)
    assert load_network(network.name, network.weights_source).id == network.id
    assert network.id.startswith(f"{name.removeprefix('timm:')}@")


def test_the_maps_of_a_transformer_are_turned_to_channels_first():
    network = load_network("swin_t", "random")
    x = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        expected = network.module.features[:4](x)
    found = activations(network, ["features.3"], x)["features.3"]
    assert expected.shape == (1, 28, 28, 192)
    torch.testing.assert_close(found, expected.permute(0, 3, 1, 2), atol=1e-4, rtol=1e-4)
    assert {shape.name: shape.aliases for shape in map_shapes(network)}["norm"] == ("permute",)


def test_a_detectors_weights_fit_its_backbone(tmp_path):
    detector = torchvision.models.get_model(
        "fasterrcnn_mobilenet_v3_large_fpn", weights=None, weights_backbone=None, num_classes=3
    )
    torch.save({"model": detector.state_dict()}, tmp_path / "detector.pth")
    network = load_network("fasterrcnn_mobilenet_v3_large_fpn", str(tmp_path / "detector.pth"))
    for key, value in network.module.state_dict().items():
        assert torch.equal(value, detector.backbone.state_dict()[key])
    assert network.has_classifier and "also holds rpn." in network.notes[0]
    assert network.preprocessing.mean == tuple(detector.transform.image_mean)


def test_a_segmentation_network_takes_a_backbone_alone(tmp_path):
    state = torchvision.models.resnet50().state_dict()
    torch.save({key: value for key, value in state.items() if not key.startswith("fc.")}, tmp_path / "a.pth")
    network = load_network("fcn_resnet50", str(tmp_path / "a.pth"))
    assert torch.equal(network.module.backbone.layer4[2].conv3.weight, state["layer4.2.conv3.weight"])
    assert not network.has_classifier and "classifier.0.weight" in network.absent
    assert resolve_layers(network) == ["backbone.layer2", "backbone.layer3", "backbone.layer4"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("quantized_resnet18", "is quantised: .*give resnet18 instead"),
        ("r3d_18", "takes videos or pairs of photos"),
        ("raft_small", "takes videos or pairs of photos"),
        ("resnet5", "nearest of torchvision's are resnet.*timm:NAME"),
        ("timm:resnet_18", "timm has no network 'resnet_18'; the nearest are .*resnet18"),
        ("timm:resnet18.nothing", "no resnet18 of the tag 'nothing'; it has .*a1_in1k"),
        ("timm:create_model", "timm has no network 'create_model'"),
        ("timm:hf-hub:timm/resnet18", "timm has no network"),
        ("vit_b_32", "no two maps"),
    ],
)
def test_names_that_cannot_be_taken(name, words):
    with pytest.raises(UsageError, match=words):
        default_layers(load_network(name, "random"))


def test_timm_says_which_weights_it_has(monkeypatch):
    with pytest.raises(UsageError, match=r"no weights 'V1' for timm:resnet18: timm has .*a1_in1k"):
        load_network("timm:resnet18", "V1")
    import timm

    def fails(*_args, pretrained, **_keywords):
        raise OSError("no route to host")

    monkeypatch.setattr(timm, "create_model", fails)
    with pytest.raises(InputError, match=r"DEFAULT of timm:resnet18 could not be downloaded \(OSError: no route"):
        load_network("timm:resnet18", "DEFAULT")


def test_timm_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(UsageError, match=r"not installed; install it with: pip install 'egraph\[timm\]'"):
        load_network("timm:resnet18", "random")


OWN = """
import torch
import torchvision
from torch import nn

def trunk(*more):
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 4, 1), nn.ReLU(), nn.Conv2d(4, 5, 3, 2, 1), nn.ReLU(), nn.Conv2d(5, 6, 3, 2, 1), *more
    )

class Gives(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.trunk, self.head, self.what = trunk(), nn.Conv2d(6, 2, 1), what

    def forward(self, x):
        maps = self.trunk(x)
        return self.what(maps, self.head(maps))

class Batchless(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = trunk()

    def forward(self, x):
        if len(x) > 1:
            raise ValueError("one photo at a time")
        return self.trunk(x)

class Fussy(nn.Module):
    def forward(self, x):
        raise KeyError("no mask")

script = lambda: torch.jit.script(trunk())
traced = lambda: torch.jit.trace(trunk(), torch.zeros(1, 3, 64, 64))
parallel = lambda: nn.DataParallel(trunk())
compiled = lambda: torch.compile(trunk())
as_dict = lambda: Gives(lambda maps, answer: {"out": answer, "aux": None})
as_tuple = lambda: Gives(lambda maps, answer: (answer, maps.mean()))
as_nothing = lambda: Gives(lambda maps, answer: None)
detector = lambda: torchvision.models.detection.fasterrcnn_mobilenet_v3_large_fpn(weights=None, weights_backbone=None)
oblong = lambda: trunk(nn.Conv2d(6, 7, 3, (1, 2), 1))
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_kinds.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("own_kinds", None)


@pytest.mark.parametrize("name", ["parallel", "compiled", "as_dict", "as_tuple", "as_nothing"])
def test_wrapped_modules_and_other_answers_are_taken(own, name):
    network = load_network(f"own_kinds:{name}")
    start = "trunk." if name.startswith("as_") else ""
    layers = [f"{start}3", f"{start}4"]
    assert default_layers(network) == layers
    found = activations(network, layers, torch.randn(2, 3, 224, 224))
    assert [values.shape[1:] for values in found.values()] == [(5, 28, 28), (6, 14, 14)]
    assert [g.stride for g in layer_geometries(network, layers)] == [8, 16]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("script", "is a TorchScript program, .*give the nn.Module that it was made from"),
        ("traced", "TorchScript program"),
        ("detector", "is a detector, .*give its .backbone instead"),
        ("Fussy", r"cannot be run on a 224 x 224 RGB input \(KeyError: 'no mask'\)"),
    ],
)
def test_own_networks_that_cannot_be_taken(own, name, words):
    with pytest.raises(UsageError, match=words):
        default_layers(load_network(f"own_kinds:{name}"))


def test_a_map_that_is_not_square_is_named_as_such(own):
    network = load_network("own_kinds:oblong")
    assert default_layers(network) == ["3", "4"]
    with pytest.raises(UsageError, match="The layer 5 cannot be mined: its map is 14 x 7, and only square maps"):
        resolve_layers(network, ["4", "5"])


def test_a_network_that_takes_one_photo_at_a_time_is_a_sentence(own):
    network = load_network("own_kinds:Batchless")
    with pytest.raises(UsageError, match="one photo at a time"):
        activations(network, ["trunk.4"], torch.randn(2, 3, 224, 224))


def test_a_callable_that_would_fetch_a_backbone_is_told_not_to():
    network = load_network("torchvision.models.segmentation:lraspp_mobilenet_v3_large", "random")
    assert isinstance(network.module, nn.Module)
