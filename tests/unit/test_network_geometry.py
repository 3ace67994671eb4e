import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from egraph.network.geometry import layer_geometries
from egraph.network.layers import activations, resolve_layers, valid_layers
from egraph.network.load import Network, load_network
from egraph.network.preprocessing import Preprocessing
from egraph.network.weights import state_sha256


def network_of(module: nn.Module, size: int = 64) -> Network:
    return Network("toy@0", "toy", module.eval(), Preprocessing(size), "0" * 64, "own", torch.device("cpu"))


def pair(value) -> int:
    return value if isinstance(value, int) else value[0]


def analytic(modules) -> tuple[float, float, float]:
    """(stride, first centre, receptive field) of a chain of modules, by the textbook's recursion. A chain is one path
    through the network: for a residual block the one through its convolutions, which looks furthest."""
    stride, centre, field = 1, 0.5, 1
    for module in modules:
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            kernel = (pair(module.kernel_size) - 1) * pair(getattr(module, "dilation", 1)) + 1
            centre += ((kernel - 1) / 2 - pair(module.padding)) * stride
            field += (kernel - 1) * stride
            stride *= pair(module.stride)
    return stride, centre, field


def resnet_chain(module: nn.Module, last: str) -> list[nn.Module]:
    chain = [module.conv1, module.maxpool]
    for name in ("layer1", "layer2", "layer3", "layer4"):
        for block in getattr(module, name):
            chain += [child for child_name, child in block.named_children() if child_name.startswith("conv")]
        if name == last:
            return chain
    raise AssertionError(last)


def sequential_chain(features: nn.Sequential, last: int) -> list[nn.Module]:
    return list(features[: last + 1])


def squeezenet_chain(features: nn.Sequential, last: int) -> list[nn.Module]:
    chain = []
    for module in features[: last + 1]:
        chain += [module.squeeze, module.expand3x3] if hasattr(module, "squeeze") else [module]
    return chain


def found(network: Network, names: list[str]) -> dict[str, tuple[float, float, float]]:
    return {g.name: (g.stride, g.first_centre, g.receptive_field) for g in layer_geometries(network, names)}


def test_vgg16_is_as_in_the_papers():
    network = load_network("vgg16", "random")
    names = ["features.19", "features.21", "features.26", "features.28"]
    # the papers count pixels from 1, so that a first centre of 4.5 is 4.0 where the first pixel's centre is 0.5
    expected = [(8, 4.5 - 0.5, 76), (8, 4.5 - 0.5, 92), (16, 8.5 - 0.5, 164), (16, 8.5 - 0.5, 196)]
    assert list(found(network, names).values()) == expected
    features = network.module.features
    assert expected == [analytic(sequential_chain(features, int(name.split(".")[1]))) for name in names]


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_resnets(name):
    network = load_network(name, "random")
    layers = ["layer1", "layer2", "layer3", "layer4"]
    assert found(network, layers) == {layer: analytic(resnet_chain(network.module, layer)) for layer in layers}


@pytest.mark.slow
def test_resnet152():
    network = load_network("resnet152", "random")
    layers = resolve_layers(network)
    assert found(network, layers) == {layer: analytic(resnet_chain(network.module, layer)) for layer in layers}


def test_alexnet():
    network = load_network("alexnet", "random")
    names = [name for name in valid_layers(network) if name.startswith("features")]
    expected = {name: analytic(sequential_chain(network.module.features, int(name.split(".")[1]))) for name in names}
    assert found(network, names) == expected


def test_squeezenet_with_its_poolings_that_round_up():
    network = load_network("squeezenet1_1", "random")
    names = [f"features.{i}" for i in range(13)]
    expected = {name: analytic(squeezenet_chain(network.module.features, int(name.split(".")[1]))) for name in names}
    assert found(network, names) == expected


def test_dilation_odd_strides_and_even_kernels():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(3, 4, 5, stride=3, padding=1),
        nn.Conv2d(4, 4, 3, dilation=4, padding=4),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 4, 2, stride=2),
        nn.Conv2d(4, 4, 3, dilation=(2, 2)),
        nn.AvgPool2d(3, 1, 1),
    )
    network = network_of(module, size=120)
    names = ["0", "1", "3", "4", "5"]
    assert found(network, names) == {name: analytic(module[: int(name) + 1]) for name in names}


@st.composite
def chains(draw):
    """Up to five convolutions and poolings of any kernel, stride, padding, dilation and rounding."""
    modules, channels = [], 3
    for _ in range(draw(st.integers(1, 5))):
        kernel, stride = draw(st.integers(1, 5)), draw(st.sampled_from([1, 1, 2, 3]))
        if draw(st.booleans()):
            dilation = draw(st.integers(1, 3))
            padding = draw(st.integers(0, kernel // 2)) * dilation
            modules.append(nn.Conv2d(channels, 2, kernel, stride, padding, dilation))
            channels = 2
        else:
            padding = draw(st.integers(0, kernel // 2))
            modules.append(nn.MaxPool2d(kernel, stride, padding, ceil_mode=draw(st.booleans())))
    return nn.Sequential(*modules)


@settings(max_examples=40, deadline=None)
@given(chains(), st.sampled_from([48, 50, 97]))
def test_any_chain_agrees_with_the_textbook(module, size):
    try:
        with torch.no_grad():
            width = module(torch.zeros(1, 3, size, size)).shape[3]
    except RuntimeError:
        width = 0
    assume(width > 1)
    last = str(len(module) - 1)
    assert found(network_of(module, size), [last]) == {last: analytic(module)}


def test_a_field_larger_than_the_input_needs_a_wider_one():
    module = nn.Sequential(nn.Conv2d(3, 2, 3, 2, 1), *[nn.Conv2d(2, 2, 5, dilation=8, padding=16) for _ in range(4)])
    network = network_of(module, size=64)
    ((_, _, field),) = found(network, ["4"]).values()
    assert field == 3 + 4 * 32 * 2 > 4 * 64
    assert found(network, ["4"]) == {"4": analytic(module)}


def test_geometry_tells_where_a_unit_really_looks():
    """A change of one input pixel reaches a unit if and only if the pixel lies in its field."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Tanh(), nn.Conv2d(4, 4, 5, 2, 0), nn.Tanh())
    network = network_of(module, size=48)
    (geometry,) = layer_geometries(network, ["3"])
    x = torch.randn(1, 3, 48, 48)
    before = activations(network, ["3"], x)["3"][0, :, 4, 4]
    centre, half = geometry.first_centre + 4 * geometry.stride, geometry.receptive_field / 2
    for column in range(48):
        changed = x.clone()
        changed[..., round(centre - 0.5), column] += 1
        reached = not torch.equal(activations(network, ["3"], changed)["3"][0, :, 4, 4], before)
        assert reached == (centre - half <= column and column + 1 <= centre + half), column


class Squeezed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.low = nn.Conv2d(3, 4, 3, 2, 1)
        self.high = nn.Conv2d(4, 4, 3, 2, 1)
        self.even = nn.AdaptiveAvgPool2d(5)

    def forward(self, x):
        x = self.low(x)
        x = x * x.mean((2, 3), keepdim=True).sigmoid()
        return self.even(self.high(x))


def test_layers_that_see_everything_are_spread_evenly():
    torch.manual_seed(0)
    network = network_of(Squeezed(), size=64)
    assert found(network, ["low", "high", "even"]) == {
        "low": (2, 0.5, 3),
        "high": (4, 2, 64),
        "even": (12.8, 6.4, 64),
    }


class FixedSize(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.low = nn.Conv2d(3, 4, 4, 4)
        self.high = nn.Conv2d(4, 4, 3, 1, 1)

    def forward(self, x):
        assert x.shape[2:] == (64, 64), "made for 64 x 64"
        return self.high(self.low(x))


def test_a_network_made_for_one_size():
    torch.manual_seed(0)
    assert found(network_of(FixedSize()), ["low", "high"]) == {"low": (4, 2, 4), "high": (4, 2, 12)}


def test_the_map_of_each_layer_and_the_order_asked_for():
    torch.manual_seed(0)
    network = network_of(nn.Sequential(nn.Conv2d(3, 5, 3, 2, 1), nn.ReLU(), nn.Conv2d(5, 7, 3, 2, 1)))
    before = state_sha256(network.module.state_dict())
    high, low = layer_geometries(network, ["2", "0"])
    assert (high.name, high.index, high.channels, high.height, high.width) == ("2", 2, 7, 16, 16)
    assert (low.name, low.index, low.channels, low.height, low.width) == ("0", 0, 5, 32, 32)
    assert state_sha256(network.module.state_dict()) == before
    assert all(not m._forward_hooks for m in network.module.modules())
