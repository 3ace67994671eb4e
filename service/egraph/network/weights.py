"""Weights from a file: only tensors are ever read from it, never code."""

import hashlib
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from egraph.errors import InputError

WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training scripts put the weights beside other things."""

PREFIXES = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every name."""

NAMED_KEYS = 3
"""So many keys are named in an error; the rest is counted."""


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a .pth, .pt or .safetensors file by name, floating-point ones as float32.

    Raises:
        InputError: the file is missing, damaged, holds something else than tensors, or would run code.
    """
    if not path.is_file():
        raise InputError(f"There is no weights file {path}; check its name.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(
            f"The weights file {path} cannot be read ({error.strerror}); check its permissions."
        ) from error
    try:
        found: Any = load_file(path) if path.suffix == ".safetensors" else _unpickle(path)
    except SafetensorError as error:
        raise InputError(f"The weights file {path} is damaged or no safetensors file; fetch it again.") from error
    for wrapper in WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
            break
    if not isinstance(found, Mapping) or not found or not all(isinstance(v, Tensor) for v in found.values()):
        raise InputError(
            f"The weights file {path} does not hold a plain state dict; save the network's state_dict() instead."
        )
    state = {str(name): tensor for name, tensor in found.items()}
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def fit_weights(module: nn.Module, state: Mapping[str, Tensor], name: str, source: str) -> None:
    """Put a state dict into a module; every name and shape must match.

    Raises:
        InputError: names the first keys that are missing, left over, or of another shape.
    """
    missing, unexpected, mismatched = compare_weights(module, state)
    own = module.state_dict()
    complaints = [
        _named("missing", missing),
        _named("unexpected", unexpected),
        _named(
            "of another shape",
            [f"{key} {tuple(state[key].shape)} instead of {tuple(own[key].shape)}" for key in mismatched],
        ),
    ]
    if any(complaints):
        raise InputError(
            f"The weights {source} do not fit {name}: {'; '.join(c for c in complaints if c)}; "
            "give the network that they were saved from."
        )
    module.load_state_dict(state, strict=False)


def compare_weights(module: nn.Module, state: Mapping[str, Tensor]) -> tuple[list[str], list[str], list[str]]:
    """Names that are missing from a state dict, left over in it, and of another shape than the module's."""
    own = module.state_dict()
    # a batch counter is of no use for inference, and files from before PyTorch 0.4.1 have none
    missing = [key for key in own if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in own]
    mismatched = [key for key in own if key in state and own[key].shape != state[key].shape]
    return missing, unexpected, mismatched


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state_sha256(state: Mapping[str, Tensor]) -> str:
    """Hex SHA-256 over the names, types, shapes and bytes of a state dict, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _unpickle(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"The weights file {path} was refused: it holds more than tensors, and loading that could run code; save "
            "the network's state_dict() instead."
        ) from error
    except Exception as error:  # what is no weights file at all is taken for all sorts of things
        if "TorchScript" in str(error):
            raise InputError(
                f"The weights file {path} is a TorchScript program; save the network's state_dict() instead."
            ) from error
        raise InputError(f"The weights file {path} is damaged or no weights file; fetch it again.") from error


def _named(what: str, keys: list[str]) -> str:
    if not keys:
        return ""
    more = f" and {len(keys) - NAMED_KEYS} more" if len(keys) > NAMED_KEYS else ""
    return f"{what} {', '.join(keys[:NAMED_KEYS])}{more}"
