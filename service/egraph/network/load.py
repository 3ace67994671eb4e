"""The trained network that is taken apart. It is only ever run, never changed."""

import contextlib
import difflib
import importlib
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision.models
from torch import Tensor, nn

from egraph.errors import InputError, UsageError
from egraph.network.preprocessing import Preprocessing
from egraph.network.weights import compare_weights, file_sha256, fit_weights, read_weights, state_sha256

OWN = "own"
"""The source of weights that a user's own callable brings along."""

WEIGHT_FILES = (".pth", ".pt", ".bin", ".safetensors")

TRANSFORM_INPUT = ("googlenet", "inception_v3")
"""Their published weights expect inputs scaled otherwise; torchvision's constructor turns that on only with an enum."""


@dataclass(frozen=True, eq=False)
class Network:
    """A network in evaluation mode. `id` is its name and the first 12 hex digits of its weights' hash."""

    id: str
    name: str
    module: nn.Module
    preprocessing: Preprocessing
    weights_sha256: str
    weights_source: str
    device: torch.device

    def preprocess(self, crops: np.ndarray | Tensor) -> Tensor:
        """(n, size, size, 3) uint8 RGB crops to the (n, 3, size, size) float32 input, on the network's device."""
        return self.preprocessing(crops, self.device)


def load_network(name: str, weights: str | None = None, device: str = "cpu") -> Network:
    """Build a network and put its weights in.

    `name` is one of torchvision.models, or `module:callable` of a user's own that returns the network. `weights` is
    the path of a .pth, .pt or .safetensors file, the name of torchvision's weights for that network (`DEFAULT` or
    such as `IMAGENET1K_V2`; downloaded on first use), or `random` or `random:SEED`; a user's own callable may go
    without, or with `own`: then its weights are taken as it made them. Where the network it returns has a dict
    `preprocessing` (as `Preprocessing.to_dict` gives), its input is made so; else as for torchvision's networks.

    Raises:
        UsageError: there is no such network, weights name or device; the callable cannot be imported.
        InputError: the weights cannot be read, downloaded, or do not fit.
    """
    target = _device(device)
    build, short = _own(name) if ":" in name else _torchvision(name)
    preprocessing = Preprocessing()
    if weights is None or weights == OWN:
        if ":" not in name:
            raise UsageError(f"Say which weights {name} shall have: a file, DEFAULT, or random to try things.")
        module = build()
        source, sha256 = OWN, state_sha256(module.state_dict())
    elif seed := re.fullmatch(r"random(?::(\d+))?", weights):
        module = _seeded(build, int(seed[1] or 0))
        source, sha256 = f"random:{int(seed[1] or 0)}", state_sha256(module.state_dict())
    elif _is_file(weights):
        path = Path(weights).expanduser().resolve()
        state = read_weights(path)
        module = _fitting(build, state, name, str(path))
        source, sha256 = str(path), file_sha256(path)
    else:
        entry = _enum_entry(name, weights)
        module = _downloaded(name, entry)
        preprocessing = _preprocessing_of(entry)
        source, sha256 = entry.name, state_sha256(module.state_dict())
    if ":" in name:
        preprocessing = _declared_preprocessing(module, name)
    module = module.float().eval().requires_grad_(False).to(target).to(memory_format=torch.channels_last)
    return Network(f"{short}@{sha256[:12]}", name, module, preprocessing, sha256, source, target)


def network_names() -> list[str]:
    """The names of torchvision's classification networks."""
    return torchvision.models.list_models(module=torchvision.models)


def _device(device: str) -> torch.device:
    try:
        target = torch.device(device)
        torch.empty(0, device=target)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(f"The device {device!r} cannot be used here; give cpu, or cuda where there is one.") from error
    return target


def _torchvision(name: str) -> tuple[Callable[..., nn.Module], str]:
    names = network_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=6, cutoff=0.0)
        raise UsageError(
            f"There is no network {name!r}; the nearest of torchvision's are {', '.join(near)}, and your own is given "
            "as module:callable."
        )

    def build(**keywords: Any) -> nn.Module:
        if name in TRANSFORM_INPUT:
            keywords["transform_input"] = True
        if name in ("googlenet", "inception_v3"):
            keywords.setdefault("init_weights", True)
        return torchvision.models.get_model(name, weights=None, **keywords)

    return build, name


def _own(spec: str) -> tuple[Callable[..., nn.Module], str]:
    module_name, _, path = spec.partition(":")
    with _current_folder_importable():
        try:
            target: Any = importlib.import_module(module_name)
        except Exception as error:  # a user's module may fail in any way
            raise UsageError(f"The module {module_name!r} of {spec} cannot be imported: {_sentence(error)}.") from error
    for part in path.split("."):
        target = getattr(target, part, None)
    if not callable(target):
        raise UsageError(f"There is no callable {path!r} in the module {module_name!r}; check the name.")

    def build() -> nn.Module:
        with _current_folder_importable():
            try:
                module = target()
            except Exception as error:
                raise UsageError(f"Calling {spec} failed: {_sentence(error)}.") from error
        if not isinstance(module, nn.Module):
            raise UsageError(f"{spec} returned a {type(module).__name__}; it must return a torch.nn.Module.")
        return module

    return build, path.rpartition(".")[2]


@contextlib.contextmanager
def _current_folder_importable():
    """An installed command does not find modules of the current folder by itself."""
    folder = str(Path.cwd())
    added = folder not in sys.path
    if added:
        sys.path.insert(0, folder)
    try:
        yield
    finally:
        if added and folder in sys.path:
            sys.path.remove(folder)


def _seeded(build: Callable[..., nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def _fitting(build: Callable[..., nn.Module], state: Mapping[str, Tensor], name: str, source: str) -> nn.Module:
    """Build the network, with as many classes as the weights have."""
    module = _seeded(build, 0)
    classes = None if ":" in name else _other_classes(module, state)
    if classes:
        module = _seeded(lambda: build(num_classes=classes), 0)
    fit_weights(module, state, name, source)
    return module


def _other_classes(module: nn.Module, state: Mapping[str, Tensor]) -> int | None:
    """The number of classes that would make a state dict fit, where nothing else differs."""
    missing, unexpected, mismatched = compare_weights(module, state)
    if missing or unexpected or not mismatched:
        return None
    own = module.state_dict()
    last = list(own)[-1]
    if last not in mismatched or any(own[key].shape[1:] != state[key].shape[1:] for key in mismatched):
        return None
    counts = {state[key].shape[0] for key in mismatched}
    return counts.pop() if len(counts) == 1 else None


def _is_file(weights: str) -> bool:
    path = Path(weights).expanduser()
    return path.suffix in WEIGHT_FILES or len(path.parts) > 1 or path.is_file()


def _enum_entry(name: str, weights: str) -> Any:
    if ":" in name:
        raise UsageError(
            f"There is no weights file {weights!r}; give {name} a .pth or .safetensors file, or no weights."
        )
    enum = torchvision.models.get_model_weights(name)
    wanted = weights.rpartition(".")[2]
    if wanted not in enum.__members__:
        valid = ", ".join(enum.__members__) or "none"
        raise UsageError(
            f"There are no weights {weights!r} for {name}: torchvision has {valid}; a file and random work too."
        )
    return enum[wanted]


def _downloaded(name: str, entry: Any) -> nn.Module:
    try:
        return torchvision.models.get_model(name, weights=entry, progress=False)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"The weights {entry.name} of {name} could not be downloaded from {entry.url} ({_sentence(error)}); check "
            "the network connection, or fetch the file elsewhere and give its path."
        ) from error


def _preprocessing_of(entry: Any) -> Preprocessing:
    transforms = entry.transforms()
    return Preprocessing(int(transforms.crop_size[0]), tuple(transforms.mean), tuple(transforms.std))


def _declared_preprocessing(module: nn.Module, name: str) -> Preprocessing:
    """What a user's own network says about its input."""
    declared = getattr(module, "preprocessing", None)
    if not isinstance(declared, Mapping):
        return Preprocessing()
    try:
        return Preprocessing.from_dict(dict(declared))
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"The attribute preprocessing of {name} is not valid ({error}); it takes size, mean and deviation."
        ) from error


def _sentence(error: BaseException) -> str:
    text = str(getattr(error, "reason", "") or error).strip().splitlines()
    return f"{type(error).__name__}: {text[0].rstrip('.')}" if text else type(error).__name__
