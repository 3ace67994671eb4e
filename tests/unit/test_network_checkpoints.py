"""Weights files as training scripts leave them."""

import argparse
import collections
import pathlib
import sys
import types
from dataclasses import dataclass

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from egraph.errors import InputError, UsageError
from egraph.network.layers import default_layers, resolve_layers, valid_layers
from egraph.network.load import load_network

NETWORK = "stages:network"
SOURCE = """
from torch import nn

def stage(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.BatchNorm2d(b), nn.ReLU())

class Stages(nn.Module):
    preprocessing = {"size": 128, "mean": [0.5] * 3, "deviation": [0.5] * 3}

    def __init__(self, classes=7):
        super().__init__()
        self.trunk = nn.Sequential(*[stage(a, b) for a, b in [(3, 4), (4, 5), (5, 6), (6, 8)]])
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(8, classes, 1))

    def forward(self, x):
        return self.classifier(self.trunk(x)).mean((2, 3))

network = Stages
deeper = lambda: nn.Sequential(Stages().trunk, stage(8, 8))
"""


@pytest.fixture(autouse=True)
def stages(tmp_path, monkeypatch):
    (tmp_path / "stages.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("stages", None)


@pytest.fixture
def state(stages):
    return load_network(NETWORK, "random:5").module.state_dict()


def prefixed(state, *prefixes):
    return {prefix + key: value for prefix in prefixes for key, value in state.items()}


def trunk_of(state):
    return {key: value for key, value in state.items() if key.startswith("trunk.")}


def load(tmp_path, saved):
    torch.save(saved, tmp_path / "weights.pth")
    return load_network(NETWORK, str(tmp_path / "weights.pth"))


def assert_holds(network, state):
    found = network.module.state_dict()
    assert all(torch.equal(found[key], value) for key, value in state.items())


@dataclass
class Recipe:
    rate: float = 0.1


class EasyDict(dict):
    """Settings that are a dict, as many libraries have them."""


BESIDE = [
    argparse.Namespace(rate=0.1, folder=pathlib.Path("runs")),
    types.SimpleNamespace(rate=0.1),
    Recipe(),
    EasyDict(rate=0.1),
    collections.defaultdict(list, a=[1]),
    {"optimizer": {"state": {0: {"step": torch.tensor(3)}}}, "ranges": (1, 2)},
    torch.zeros(3).numpy(),
]


@pytest.mark.parametrize("beside", BESIDE, ids=lambda beside: type(beside).__name__)
def test_what_training_scripts_save_beside_the_weights_is_passed_over(tmp_path, state, beside):
    network = load(tmp_path, {"model": state, "args": beside, "epoch": 3})
    assert network.has_classifier and not network.notes
    assert_holds(network, state)


@pytest.mark.parametrize("prefix", ["model.", "module.", "_orig_mod.", "backbone.", "net.module.", "a.b.c."])
@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_ema", "state_dict_ema", "weights"])
def test_prefixes_and_wrappers(tmp_path, state, prefix, wrapper):
    saved = {wrapper: {"n_averaged": torch.tensor(9), **prefixed(state, prefix), "loss.scale": torch.ones(3)}}
    network = load(tmp_path, saved)
    assert network.has_classifier
    assert_holds(network, state)


def test_the_plain_copy_goes_before_the_averaged_one_and_it_is_said(tmp_path, state):
    averaged = {key: value * 2 for key, value in state.items()}
    network = load(
        tmp_path, {"model_ema": {"n_averaged": torch.tensor(1), **prefixed(averaged, "module.")}, "model": state}
    )
    assert_holds(network, state)
    assert network.notes == ("Of weights.pth, model is taken; model_ema beside it is passed over.",)
    assert_holds(load(tmp_path, {"state_dict": prefixed(averaged, "ema_model.") | prefixed(state, "model.")}), state)


def test_two_copies_of_which_nothing_tells_the_right_one_are_refused(tmp_path, state):
    other = {key: value + 1 for key, value in state.items()}
    with pytest.raises(InputError, match="more than once, under student and teacher; save the one that you mean"):
        load(tmp_path, {"student": state, "teacher": other})
    with pytest.raises(InputError, match=r"under state_dict.module.encoder_q and state_dict.module.encoder_k"):
        load(tmp_path, {"state_dict": prefixed(state, "module.encoder_q.") | prefixed(other, "module.encoder_k.")})
    assert_holds(load(tmp_path, {"student": state, "teacher": dict(state)}), state)


LACKING = {
    "none": {},
    "another": {"classifier.1.weight": torch.ones(3, 8, 1, 1), "classifier.1.bias": torch.ones(3)},
    "projector": {"projector.0.weight": torch.ones(16, 8), "queue": torch.ones(8, 5)},
    "mlp": {"classifier.0.weight": torch.ones(16, 8), "classifier.3.weight": torch.ones(16, 16)},
}


@pytest.mark.parametrize("head", LACKING)
def test_a_file_without_the_classifier_can_be_mined(tmp_path, state, head):
    network = load(tmp_path, trunk_of(state) | LACKING[head])
    assert not network.has_classifier and "which mining does not need" in network.notes[0]
    assert set(network.absent) == {"classifier.1.weight", "classifier.1.bias"}
    assert_holds(network, trunk_of(state))
    assert default_layers(network) == default_layers(load_network(NETWORK, "random")) == ["trunk.2", "trunk.3"]
    assert "classifier.1" not in valid_layers(network)
    with pytest.raises(UsageError, match=r"classifier needs weights that .*weights.pth does not hold, such"):
        resolve_layers(network, ["trunk.0", "classifier"])
    with pytest.raises(InputError, match=r"An account needs the network's own answers, .* no fitting classifier.1"):
        network.need_classifier("An account")
    assert network.module(torch.zeros(1, 3, 128, 128)).isnan().all()


def test_the_trunk_may_have_been_saved_by_itself(tmp_path, state):
    bare = {key.removeprefix("trunk."): value.contiguous() for key, value in trunk_of(state).items()}
    for saved in (bare, prefixed(bare, "module.")):
        assert_holds(load(tmp_path, saved), trunk_of(state))
    save_file(bare, tmp_path / "bare.safetensors")
    assert_holds(load_network(NETWORK, "bare.safetensors"), trunk_of(state))


def test_a_file_that_ends_inside_the_trunk_is_refused(tmp_path, state):
    for keep in ("trunk.0.", ["trunk.0", "trunk.1", "trunk.2"]):
        part = {
            key: value
            for key, value in state.items()
            if key.startswith(tuple(keep) if isinstance(keep, list) else keep)
        }
        with pytest.raises(InputError, match=r"do not fit stages:network: missing trunk\.[13]"):
            load(tmp_path, part)
    with pytest.raises(InputError, match=r"do not fit .*missing trunk.1.0.weight"):
        load(tmp_path, {key: value for key, value in state.items() if key != "trunk.1.0.weight"})


def test_a_deeper_network_of_the_same_kind_is_refused(tmp_path):
    import torchvision

    torch.save(torchvision.models.resnet34().state_dict(), tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"do not fit resnet18: unexpected layer1\.2"):
        load_network("resnet18", str(tmp_path / "a.pth"))


def test_what_is_loaded_decides_the_identity(tmp_path, state):
    whole, bare = load(tmp_path, state), load(tmp_path, trunk_of(state))
    assert whole.id != bare.id and bare.id == load(tmp_path, trunk_of(state)).id
    assert load_network(bare.name, bare.weights_source).id == bare.id


class Calls:
    def __init__(self, what, *arguments):
        self.what, self.arguments = what, arguments

    def __reduce__(self):
        return self.what, self.arguments


@pytest.mark.parametrize("what", [exec, getattr, __import__, pathlib.os.system])
def test_calls_beside_the_weights_are_refused_and_never_made(tmp_path, state, what):
    marker = tmp_path / "ran"
    arguments = {exec: f"open({str(marker)!r}, 'w')", pathlib.os.system: f"touch {marker}"}
    with pytest.raises(InputError, match="refused: it holds more than tensors"):
        load(tmp_path, {"model": state, "args": Calls(what, arguments.get(what, "os"))})
    assert not marker.exists()


def test_a_whole_module_is_refused_as_what_it_is(tmp_path):
    torch.save(nn.Sequential(nn.Conv2d(3, 3, 3)), tmp_path / "whole.pth")
    with pytest.raises(InputError, match=r"does not hold a plain state dict; save the network's state_dict\(\)"):
        load_network(NETWORK, "whole.pth")


@pytest.mark.data
def test_the_trunk_that_the_papers_used(test_data):
    network = load_network("vgg16", str(test_data / "weights" / "vgg16_features.safetensors"))
    assert not network.has_classifier
    assert resolve_layers(network) == ["features.19", "features.21", "features.26", "features.28"]
