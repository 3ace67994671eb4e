import pytest
import torch
from torch import nn

from egraph.errors import UsageError
from egraph.network.layers import activations, default_layers, map_shapes, resolve_layers, valid_layers
from egraph.network.load import Network, load_network
from egraph.network.preprocessing import Preprocessing
from egraph.network.weights import state_sha256


def network_of(module: nn.Module, size: int = 64, name: str = "toy") -> Network:
    return Network(f"{name}@0", name, module.eval(), Preprocessing(size), "0" * 64, "own", torch.device("cpu"))


def conv(a: int, b: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(a, b, 3, stride, 1)


class Residual(nn.Module):
    """A stem and two stages; the second's last child is overwritten by an in-place sum, and one ReLU runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 4, 2), nn.ReLU(inplace=True))
        self.stage1 = nn.Sequential(conv(4, 6, 2), nn.BatchNorm2d(6), nn.ReLU(inplace=True))
        self.conv = conv(6, 6)
        self.skip = nn.Identity()
        self.relu = nn.ReLU(inplace=True)
        self.unused = conv(3, 3)
        self.head = nn.Linear(6, 10)

    def forward(self, x):
        x = self.stage1(self.stem(x))
        out = self.conv(x)
        out += self.skip(x)
        x = self.relu(out)
        x = self.relu(x - 1)
        return self.head(x.mean((2, 3)))


@pytest.fixture
def residual() -> Network:
    torch.manual_seed(0)
    return network_of(Residual())


def test_valid_layers_in_order_without_doubles(residual):
    # the ReLU overwrites its convolution's map, so both are listed; Identity passes the map of the stage on
    assert valid_layers(residual) == ["stem.0", "stem", "stage1.0", "stage1.1", "stage1", "conv"]
    shapes = {shape.name: shape for shape in map_shapes(residual)}
    assert set(shapes["stage1"].aliases) == {"stage1.2", "skip"}
    assert (shapes["stage1"].channels, shapes["stage1"].height, shapes["stage1"].width) == (6, 16, 16)
    assert shapes["stem"].aliases == ("stem.1",)


def test_a_trunk_does_not_lend_its_name():
    trunk = nn.Sequential(*[nn.Sequential(conv(3 if i == 0 else 4, 4, 2), nn.ReLU()) for i in range(4)])
    network = network_of(nn.Sequential(trunk, nn.Flatten(), nn.Linear(64, 5)))
    assert valid_layers(network)[-1] == "0.3"
    assert resolve_layers(network, ["0", "0.2"]) == ["0.2", "0.3"]


def slow_activations(module: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The toy's maps, one operation after the other, nothing in place."""
    found = {}
    found["stem.0"] = nn.functional.conv2d(x, module.stem[0].weight, module.stem[0].bias, 2, 1)
    found["stem"] = found["stem.0"].clamp(min=0)
    found["stage1.0"] = nn.functional.conv2d(found["stem"], module.stage1[0].weight, module.stage1[0].bias, 2, 1)
    norm = module.stage1[1]
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    found["stage1.1"] = (found["stage1.0"] - norm.running_mean.view(-1, 1, 1)) * scale.view(-1, 1, 1)
    found["stage1.1"] = found["stage1.1"] + norm.bias.view(-1, 1, 1)
    found["stage1"] = found["stage1.1"].clamp(min=0)
    found["conv"] = nn.functional.conv2d(found["stage1"], module.conv.weight, module.conv.bias, 1, 1)
    return found


def test_activations_are_what_each_layer_gave_before_anything_overwrote_it(residual):
    norm = residual.module.stage1[1]
    norm.running_mean.uniform_(-1, 1)
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = slow_activations(residual.module, x)
    names = list(expected)
    found = activations(residual, names, x)
    assert list(found) == names
    for name in names:
        torch.testing.assert_close(found[name], expected[name], atol=1e-5, rtol=1e-5)
    assert (found["stem.0"] < 0).any() and (found["conv"] < 0).any()
    one = activations(residual, ["stem.0"], x)
    torch.testing.assert_close(one["stem.0"], expected["stem.0"], atol=1e-5, rtol=1e-5)


def test_running_stops_after_the_last_layer(residual, monkeypatch):
    valid_layers(residual)
    monkeypatch.setattr(residual.module.conv, "forward", lambda x: pytest.fail("ran too far"))
    assert activations(residual, ["stage1", "stem"], torch.randn(1, 3, 64, 64)).keys() == {"stage1", "stem"}


def hooks(module: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) + len(m._backward_hooks) for m in module.modules())


def test_the_network_is_left_as_it_was(residual):
    before = state_sha256(residual.module.state_dict())
    x = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        answer = residual.module(x.clone())
    kept = x.clone()
    valid_layers(residual)
    activations(residual, ["stem.0", "conv"], x)
    with pytest.raises(UsageError, match="toy cannot be run on a 1 x 2 x 64 x 64 input"):
        activations(residual, ["stem.0", "conv"], torch.randn(1, 2, 64, 64))
    assert torch.equal(x, kept)
    assert hooks(residual.module) == 0
    assert state_sha256(residual.module.state_dict()) == before
    assert not residual.module.training
    with torch.no_grad():
        assert torch.equal(residual.module(x), answer)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alexnet", ["features.3", "features.6", "features.8", "features.10"]),
        ("vgg16", ["features.19", "features.21", "features.26", "features.28"]),
        ("resnet50", ["layer2", "layer3", "layer4"]),
        ("resnet152", ["layer2", "layer3", "layer4"]),
        ("squeezenet1_1", ["features.7", "features.12"]),
        ("mobilenet_v2", ["features.6", "features.13", "features.18"]),
        ("densenet121", ["features.denseblock2", "features.denseblock3", "features.norm5"]),
        ("googlenet", ["inception3b", "inception4e", "inception5b"]),
        ("regnet_y_400mf", ["trunk_output.block2", "trunk_output.block3", "trunk_output.block4"]),
    ],
)
def test_default_layers(name, expected):
    network = load_network(name, "random")
    assert resolve_layers(network) == default_layers(network) == expected
    assert hooks(network.module) == 0


def test_class_maps_and_poolings_are_no_default():
    module = nn.Sequential(
        conv(3, 4, 2),
        conv(4, 4, 2),
        conv(4, 4, 2),
        conv(4, 6, 2),
        nn.MaxPool2d(2, 1),
        conv(6, 9),
        nn.AdaptiveAvgPool2d(1),
    )
    network = network_of(nn.Sequential(module, nn.Flatten()), size=96)
    assert default_layers(network) == ["0.2", "0.3"]
    assert valid_layers(network)[-1] == "0.5"


def test_as_many_channels_as_classes_make_no_class_map_in_the_middle():
    module = nn.Sequential(conv(3, 4, 4), conv(4, 9, 2), conv(9, 6, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = network_of(nn.Sequential(module, nn.Linear(6, 9)), size=128)
    assert default_layers(network) == ["0.1", "0.2"]


def test_too_few_maps_ask_for_names():
    network = network_of(nn.Sequential(conv(3, 4, 2), nn.ReLU()))
    with pytest.raises(UsageError, match="name the layers"):
        default_layers(network)


def test_resolving_sorts_and_checks(residual):
    assert resolve_layers(residual, ["conv", "stem.0", "stage1.2"]) == ["stem.0", "stage1", "conv"]
    with pytest.raises(UsageError, match="no layer 'stage2'; it has, nearest first, stage1"):
        resolve_layers(residual, ["conv", "stage2"])
    with pytest.raises(UsageError, match="conv is named twice"):
        resolve_layers(residual, ["conv", "conv"])
    with pytest.raises(UsageError, match=r"stage1\.2 and stage1 are the same map"):
        resolve_layers(residual, ["stage1", "stage1.2"])
    with pytest.raises(UsageError, match="at least two"):
        resolve_layers(residual, ["conv"])
    for invalid in ("unused", ""):
        with pytest.raises(UsageError, match="no layer"):
            resolve_layers(residual, ["conv", invalid])
    with pytest.raises(UsageError, match="The layer head cannot be mined: it gives 10 numbers, not a map"):
        resolve_layers(residual, ["conv", "head"])
    with pytest.raises(UsageError, match="relu cannot be mined: it runs 2 times in a pass"):
        resolve_layers(residual, ["conv", "relu"])


def test_many_layers_are_named_in_part():
    with pytest.raises(UsageError, match=r"nearest first, layer4.*egraph layers") as caught:
        resolve_layers(load_network("resnet50", "random"), ["layer5", "layer3"])
    assert len(str(caught.value)) < 1500


def test_a_network_that_does_not_take_photos():
    with pytest.raises(UsageError, match="cannot be run on a 64 x 64 RGB input"):
        valid_layers(network_of(nn.Conv2d(1, 4, 3)))
