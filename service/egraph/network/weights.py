"""Weights from a file: only tensors are ever read from it, never code."""

import hashlib
import pickle
import sys
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from egraph.errors import InputError

State = dict[str, Tensor]
"""Tensors by their names in the file."""

WRAPPERS = ("state_dict", "model_state_dict", "model", "model_ema", "state_dict_ema")
"""Keys under which training scripts put the weights beside other things, in the order in which they are looked at."""

DEEPEST_WRAPPER = 3

INERT = (
    "argparse.Namespace",
    "types.SimpleNamespace",
    "typing.Any",
    "decimal.Decimal",
    "uuid.UUID",
    "copyreg._reconstructor",
    *(f"pathlib.{name}" for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")),
    *(f"pathlib._local.{name}" for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")),
    *(f"datetime.{name}" for name in ("date", "datetime", "time", "timedelta", "timezone")),
    *(f"builtins.{name}" for name in ("object", "bool", "int", "float", "str", "bytes", "range", "slice", "frozenset")),
    *(f"builtins.{name}" for name in ("list", "tuple", "dict")),
    "functools.partial",
    "collections.deque",
    "collections.defaultdict",
)
"""Names of Python's own library that training scripts save beside the weights: they hold values, and do nothing."""

MAPPINGS = (
    "AttributeDict",
    "AttrDict",
    "CfgNode",
    "Config",
    "ConfigDict",
    "DotMap",
    "EasyDict",
    "Munch",
    "defaultdict",
)
"""Classes of settings that are dicts, by their last name: Lightning's, yacs's, mmengine's and the like."""


class StandIn:
    """Takes the place of an object that is no tensor. The object's own class is never looked for, let alone called."""

    def __new__(cls, *_values: Any) -> "StandIn":
        return super().__new__(cls)

    def __init__(self, *_values: Any) -> None:
        pass

    def __setstate__(self, _state: Any) -> None:
        pass


class StandInMapping(OrderedDict[Any, Any]):
    """The same for an object that is a dict."""

    def __new__(cls, *_values: Any) -> Any:
        # the reader fills only what is exactly a plain or an ordered dict
        return OrderedDict()


def read_checkpoint(path: Path) -> dict[str, State]:
    """The state dicts of a .pth, .pt or .safetensors file by where in the file they stand ("" for the file itself),
    the likeliest first; floating-point tensors as float32.

    Raises:
        InputError: the file is missing, damaged, holds no weights, or would run code.
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
    states = {where: state for where, state in _states(found)}
    if not states:
        raise InputError(
            f"The weights file {path} does not hold a plain state dict; save the network's state_dict() instead."
        )
    return states


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


def _states(found: Any, where: str = "", depth: int = 0) -> Iterator[tuple[str, State]]:
    """Every mapping with tensors in what was read, and where it stands."""
    if not isinstance(found, Mapping) or depth > DEEPEST_WRAPPER:
        return
    tensors = {str(name): value for name, value in found.items() if isinstance(value, Tensor) and not value.is_sparse}
    if tensors:
        yield where, {name: t.float() if t.is_floating_point() else t for name, t in tensors.items()}
    inner = {str(name): value for name, value in found.items() if isinstance(value, Mapping)}
    for name in (*(n for n in WRAPPERS if n in inner), *(n for n in inner if n not in WRAPPERS)):
        yield from _states(inner[name], f"{where}.{name}" if where else name, depth + 1)


def _unpickle(path: Path) -> Any:
    """What torch's own reader of weights makes of a file; whatever is no tensor becomes a stand-in."""
    try:
        with warnings.catch_warnings(), safe_globals(_stand_ins(path)):
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


def _stand_ins(path: Path) -> list[Any]:
    """Stand-ins for what training scripts save beside the weights.

    Names of Python's own library beyond `INERT` get none, so that a file that calls it is refused as what it is.
    """
    try:
        names = get_unsafe_globals_in_checkpoint(path)
    except Exception:  # no file of torch.save, or one of before version 1.6: reading it says more
        names = []
    known = [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]
    return [
        (StandInMapping if name.rpartition(".")[2] in MAPPINGS else StandIn, name)
        for name in dict.fromkeys((*INERT, *known))
    ]
