import hashlib
import pickle
import sys
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision.models
from safetensors.torch import save_file
from torch import nn

from egraph.errors import InputError, UsageError
from egraph.network.load import load_network
from egraph.network.preprocessing import Preprocessing
from egraph.network.torchvision_networks import network_names
from egraph.network.weights import state_sha256

NAME = "squeezenet1_1"


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(7)
    return torchvision.models.squeezenet1_1(weights=None).state_dict()


def assert_holds(network, state):
    for key, value in network.module.state_dict().items():
        assert torch.equal(value, state[key].float()), key


@pytest.mark.parametrize("ending", [".pth", ".pt", ".safetensors"])
def test_weights_from_a_file(tmp_path, state, ending):
    path = tmp_path / f"weights{ending}"
    save_file(state, path) if ending == ".safetensors" else torch.save(state, path)
    network = load_network(NAME, str(path))
    assert_holds(network, state)
    assert network.weights_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert network.id == f"{NAME}@{network.weights_sha256[:12]}"
    assert network.weights_source == str(path.resolve())
    assert network.name == NAME
    assert not network.module.training
    assert not any(p.requires_grad for p in network.module.parameters())
    again = load_network(network.name, network.weights_source)
    assert again.id == network.id


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"module." + key: value for key, value in state.items()},
        lambda state: {"model": {"module._orig_mod." + key: value for key, value in state.items()}},
    ],
)
def test_wrapped_weights(tmp_path, state, wrap):
    torch.save(wrap(state), tmp_path / "a.pth")
    assert_holds(load_network(NAME, str(tmp_path / "a.pth")), state)


def test_half_precision_becomes_float(tmp_path, state):
    half = {key: value.half() for key, value in state.items()}
    torch.save(half, tmp_path / "a.pth")
    network = load_network(NAME, str(tmp_path / "a.pth"))
    assert_holds(network, half)
    assert {p.dtype for p in network.module.parameters()} == {torch.float32}


def test_another_number_of_classes(tmp_path):
    torch.save(torchvision.models.resnet18(num_classes=2).state_dict(), tmp_path / "a.pth")
    network = load_network("resnet18", str(tmp_path / "a.pth"))
    assert network.module.fc.out_features == 2


def test_weights_that_do_not_fit_name_the_keys(tmp_path, state):
    bad = dict(state)
    bad["features.0.weight"] = torch.zeros(64, 3, 5, 5)
    bad["surplus"] = bad.pop("features.0.bias")
    torch.save(bad, tmp_path / "a.pth")
    with pytest.raises(InputError) as caught:
        load_network(NAME, str(tmp_path / "a.pth"))
    words = str(caught.value)
    assert "missing features.0.bias" in words and "unexpected surplus" in words
    assert "features.0.weight (64, 3, 5, 5) instead of (64, 3, 3, 3)" in words
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "b.pth")
    with pytest.raises(InputError, match=r"missing .* and 49 more; unexpected .* and \d+ more"):
        load_network(NAME, str(tmp_path / "b.pth"))


class Payload:
    ran = False

    def __reduce__(self):
        return (setattr, (Payload, "ran", True))


@pytest.mark.parametrize("save", [torch.save, lambda obj, path: path.write_bytes(pickle.dumps(obj))])
def test_a_pickle_that_would_run_code_is_refused(tmp_path, save, recwarn):
    path = tmp_path / "a.pth"
    save({"weight": Payload()}, path)
    with pytest.raises(InputError, match=r"refused: .*run code; save the network's state_dict"):
        load_network(NAME, str(path))
    assert not Payload.ran
    assert not recwarn.list


def test_files_that_hold_no_weights(tmp_path, state):
    path = tmp_path / "good.pth"
    torch.save(state, path)
    (tmp_path / "cut.pth").write_bytes(path.read_bytes()[:50_000])
    (tmp_path / "empty.pth").touch()
    (tmp_path / "empty.safetensors").touch()
    (tmp_path / "words.pth").write_text("hello world, no weights here")
    (tmp_path / "words.safetensors").write_text("hello world, no weights here")
    torch.save({"epoch": 3}, tmp_path / "number.pth")
    torch.save(nn.Linear(2, 2), tmp_path / "module.pth")
    for name in ("cut.pth", "empty.pth", "empty.safetensors", "words.pth", "words.safetensors"):
        with pytest.raises(InputError, match=f"{name} is damaged or no"):
            load_network(NAME, str(tmp_path / name))
    with pytest.raises(InputError, match="plain state dict"):
        load_network(NAME, str(tmp_path / "number.pth"))
    with pytest.raises(InputError, match="state_dict"):
        load_network(NAME, str(tmp_path / "module.pth"))
    for name in ("missing.pth", "folder/missing", "missing.safetensors"):
        with pytest.raises(InputError, match="no weights file"):
            load_network(NAME, str(tmp_path / name))


def test_random_weights_are_seeded_and_say_so():
    before = torch.random.get_rng_state()
    first, second, other = load_network(NAME, "random"), load_network(NAME, "random:0"), load_network(NAME, "random:1")
    assert torch.equal(before, torch.random.get_rng_state())
    assert first.id == second.id != other.id
    assert (first.weights_source, other.weights_source) == ("random:0", "random:1")
    assert first.weights_sha256 == state_sha256(second.module.state_dict())


def test_the_hash_of_a_state_dict_sees_names_types_shapes_and_values():
    base = {"a": torch.arange(6.0), "b": torch.tensor(3)}
    others = [
        {"a": torch.arange(6.0), "c": torch.tensor(3)},
        {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3)},
        {"a": torch.arange(6.0), "b": torch.tensor(4)},
        {"a": torch.arange(6.0), "b": torch.tensor(3, dtype=torch.int32)},
    ]
    hashes = {state_sha256(s) for s in (base, *others)}
    assert len(hashes) == 5
    assert state_sha256(dict(reversed(base.items()))) == state_sha256(base)


def test_published_weights_bring_their_preprocessing(monkeypatch):
    def get_model(name, weights, progress):
        assert weights is torchvision.models.EfficientNet_B1_Weights.IMAGENET1K_V2 and not progress
        return nn.Conv2d(3, 4, 3)

    monkeypatch.setattr(torchvision.models, "get_model", get_model)
    network = load_network("efficientnet_b1", "DEFAULT")
    assert network.weights_source == "IMAGENET1K_V2"
    assert network.preprocessing == Preprocessing(240)
    assert network.weights_sha256 == state_sha256(network.module.state_dict())


@pytest.mark.parametrize("failure", [URLError("no route to host"), RuntimeError('invalid hash value (expected "ab")')])
def test_a_failed_download_is_one_sentence(monkeypatch, failure):
    def get_model(*_args, **_keywords):
        raise failure

    monkeypatch.setattr(torchvision.models, "get_model", get_model)
    with pytest.raises(InputError, match=r"IMAGENET1K_V1 of resnet18 could not be downloaded .*give its path"):
        load_network("resnet18", "IMAGENET1K_V1")


def test_unknown_names_list_the_nearest():
    with pytest.raises(UsageError, match="'resnet5'; the nearest of torchvision's are resnet"):
        load_network("resnet5", "random")
    with pytest.raises(UsageError, match="'V3' for resnet50: torchvision has IMAGENET1K_V1, IMAGENET1K_V2"):
        load_network("resnet50", "V3")
    with pytest.raises(UsageError, match="Say which weights"):
        load_network("resnet50")
    with pytest.raises(UsageError, match="device 'gpu'"):
        load_network(NAME, "random", device="gpu")
    assert {"alexnet", "vgg16", "resnet50", "resnet152"} <= set(network_names())


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "def small():\n"
        "    torch.manual_seed(1)\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 5, 3)).double()\n"
        "def number():\n    return 3\n"
        "def failing():\n    raise KeyError('lost')\n"
        "class Zoo:\n    tiny = staticmethod(small)\n"
    )
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("own_networks", None)


def test_a_network_of_ones_own(own_module, tmp_path):
    path = list(sys.path)
    network = load_network("own_networks:small")
    assert sys.path == path
    assert network.id == f"small@{network.weights_sha256[:12]}"
    assert (network.name, network.weights_source) == ("own_networks:small", "own")
    assert network.module[0].weight.dtype == torch.float32
    assert load_network(network.name, network.weights_source).id == network.id
    assert load_network("own_networks:Zoo.tiny").id.startswith("tiny@")
    state = {key: (value + 1).contiguous() for key, value in network.module.state_dict().items()}
    save_file(state, tmp_path / "a.safetensors")
    assert_holds(load_network("own_networks:small", "a.safetensors"), state)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("no_such_module:f", "cannot be imported: ModuleNotFoundError"),
        ("own_networks:missing", "no callable 'missing'"),
        ("own_networks:number", "returned a int; it must return a torch.nn.Module"),
        ("own_networks:failing", "Calling own_networks:failing failed: KeyError: 'lost'"),
        (":f", "module"),
        ("own_networks:", "no callable"),
    ],
)
def test_ones_own_network_that_fails(own_module, spec, words):
    with pytest.raises(UsageError, match=words):
        load_network(spec)


def test_preprocessing_is_torchvisions():
    crops = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    network = load_network(NAME, "random")
    found = network.preprocess(crops)
    transform = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms(resize_size=224)
    expected = torch.stack([transform(torch.from_numpy(crop).permute(2, 0, 1)) for crop in crops])
    assert found.shape == (2, 3, 224, 224) and found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert torch.equal(network.preprocess(crops[:, :, ::-1]), found.flip(3))
    kept = Preprocessing(96, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert Preprocessing.from_dict(kept.to_dict()) == kept
    with pytest.raises(ValueError, match="keys"):
        Preprocessing.from_dict({"size": 3})


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "file"),
    [("resnet50", "resnet50.pth"), ("resnet18", "resnet18.safetensors"), ("squeezenet1_1", "squeezenet1_1.pth")],
)
def test_real_weights(test_data, name, file):
    network = load_network(name, str(test_data / "weights" / file))
    assert network.id.startswith(f"{name}@")
    with torch.no_grad():
        answers = network.module(network.preprocess(np.full((1, 224, 224, 3), 128, np.uint8)))
    assert answers.shape == (1, 1000) and answers.isfinite().all()
