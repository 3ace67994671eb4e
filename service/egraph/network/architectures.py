"""How a network is built from its name: one of torchvision's, one of timm's, or a user's own callable."""

import contextlib
import difflib
import importlib
import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from egraph.errors import InputError, UsageError
from egraph.network.preprocessing import Preprocessing

FETCHING = ("weights_backbone", "pretrained_backbone")
"""Parameters by which torchvision's constructors fetch a trained backbone, unless told otherwise."""

DETECTORS = "torchvision.models.detection"

NEAREST_NAMES = 6


class Architecture(ABC):
    """name: as the user gives it. short: what the network's id begins with. own: whether the callable brings weights
    along."""

    own = False

    def __init__(self, name: str, short: str) -> None:
        self.name, self.short = name, short

    @abstractmethod
    def build(self, **keywords: Any) -> nn.Module:
        """The network with the weights that its constructor gives; nothing is fetched.

        Args:
            keywords: `num_classes`, for those that take it.

        Raises:
            UsageError: it cannot be built.
        """

    @abstractmethod
    def published(self, weights: str) -> tuple[nn.Module, Preprocessing, str]:
        """The network with published weights, how its input is made, and the weights' full name.

        Raises:
            UsageError: there are no such weights.
            InputError: they cannot be downloaded.
        """

    def preprocessing(self, module: nn.Module) -> Preprocessing:
        """How the input of a network that `build` gave is made."""
        return Preprocessing()


def architecture(name: str) -> Architecture:
    """The architecture of a name: `timm:NAME`, `module:callable`, or one of torchvision's.

    Raises:
        UsageError: there is none of that name.
    """
    if name.startswith("timm:"):
        return Timm(name)
    if ":" in name:
        return OwnCallable(name)
    # who brings a network of their own need not wait until torchvision is imported
    from egraph.network.torchvision_networks import Torchvision

    return Torchvision(name)


class Timm(Architecture):
    """One of timm's, by its name there; `timm` is an extra that not everybody needs."""

    def __init__(self, name: str) -> None:
        try:
            self._timm = importlib.import_module("timm")
        except ImportError as error:
            raise UsageError(
                f"{name} needs timm, which is not installed; install it with: pip install 'egraph[timm]'"
            ) from error
        self._model = name.removeprefix("timm:")
        super().__init__(name, self._model)
        names = self._timm.list_models()
        self._base, _, tag = self._model.partition(".")
        if self._base not in names:
            raise UsageError(f"timm has no network {self._model!r}; the nearest are {nearest(self._model, names)}.")
        if tag and tag not in self._tags():
            raise UsageError(f"timm has no {self._base} of the tag {tag!r}; it has {self._known_tags()}.")

    def build(self, **keywords: Any) -> nn.Module:
        module: nn.Module = self._timm.create_model(self._model, pretrained=False, **keywords)
        return module

    def published(self, weights: str) -> tuple[nn.Module, Preprocessing, str]:
        tagged = self._model if weights == "DEFAULT" else f"{self._base}.{weights}"
        if (weights != "DEFAULT" and weights not in self._tags()) or not self._tags():
            raise UsageError(
                f"There are no weights {weights!r} for {self.name}: timm has {self._known_tags()}; a file and random "
                "work too."
            )
        try:
            module = self._timm.create_model(tagged, pretrained=True)
        except Exception as error:  # what fetches them raises errors of many libraries
            raise InputError(
                f"The weights {weights} of {self.name} could not be downloaded ({sentence(error)}); check the network "
                "connection, or fetch the file elsewhere and give its path."
            ) from error
        return module, self.preprocessing(module), weights

    def preprocessing(self, module: nn.Module) -> Preprocessing:
        known = self._timm.data.resolve_model_data_config(module)
        return Preprocessing(int(known["input_size"][-1]), tuple(known["mean"]), tuple(known["std"]))

    def _tags(self) -> list[str]:
        return [name.partition(".")[2] for name in self._timm.list_pretrained(f"{self._base}.*")]

    def _known_tags(self) -> str:
        return ", ".join(self._tags()) or "none"


class OwnCallable(Architecture):
    """What a user's own `module:callable` returns."""

    own = True

    def __init__(self, name: str) -> None:
        module_name, _, path = name.partition(":")
        with _current_folder_importable():
            try:
                target: Any = importlib.import_module(module_name)
            except Exception as error:  # a user's module may fail in any way
                raise UsageError(
                    f"The module {module_name!r} of {name} cannot be imported: {sentence(error)}."
                ) from error
        for part in path.split("."):
            target = getattr(target, part, None)
        if not callable(target):
            raise UsageError(f"There is no callable {path!r} in the module {module_name!r}; check the name.")
        self._target = target
        super().__init__(name, path.rpartition(".")[2])

    def build(self, **_keywords: Any) -> nn.Module:
        with _current_folder_importable():
            try:
                module = self._target(**_fetching_nothing(self._target))
            except Exception as error:
                raise UsageError(f"Calling {self.name} failed: {sentence(error)}.") from error
        if not isinstance(module, nn.Module):
            raise UsageError(f"{self.name} returned a {type(module).__name__}; it must return a torch.nn.Module.")
        return unwrapped(module, self.name)

    def published(self, weights: str) -> tuple[nn.Module, Preprocessing, str]:
        raise UsageError(
            f"There is no weights file {weights!r}; give {self.name} a .pth or .safetensors file, or no weights."
        )

    def preprocessing(self, module: nn.Module) -> Preprocessing:
        return declared_preprocessing(module, self.name) or Preprocessing()


def unwrapped(module: nn.Module, name: str) -> nn.Module:
    """The module itself, without what DataParallel and torch.compile put around it.

    Raises:
        UsageError: its maps cannot be read, since it is a TorchScript program or a detector.
    """
    if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
        module = module.module
    # what torch.compile made runs the same module, of which it shows no maps
    module = getattr(module, "_orig_mod", module)
    if isinstance(module, torch.jit.ScriptModule):
        raise UsageError(
            f"{name} is a TorchScript program, whose maps cannot be read; give the nn.Module that it was made from."
        )
    parts = {part for part, _ in module.named_children()}
    if type(module).__module__.startswith(DETECTORS) and parts & {"roi_heads", "anchor_generator"}:
        raise UsageError(f"{name} is a detector, whose input has no fixed size; give its .backbone instead.")
    return module


def declared_preprocessing(module: nn.Module, name: str) -> Preprocessing | None:
    """What a network says about its input, if it says anything.

    Raises:
        UsageError: it says something that cannot be.
    """
    declared = getattr(module, "preprocessing", None)
    if not isinstance(declared, Mapping):
        return None
    try:
        return Preprocessing.from_dict(dict(declared))
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"The attribute preprocessing of {name} is not valid ({error}); it takes size, mean and deviation."
        ) from error


def sentence(error: BaseException) -> str:
    """What another library says, in its first line."""
    text = str(getattr(error, "reason", "") or error).strip().splitlines()
    return f"{type(error).__name__}: {text[0].rstrip('.')}" if text else type(error).__name__


def nearest(name: str, names: list[str]) -> str:
    """The names that look most like one that is not there."""
    return ", ".join(difflib.get_close_matches(name, names, n=NEAREST_NAMES, cutoff=0.0))


def _fetching_nothing(target: Any) -> dict[str, None]:
    """Arguments that keep a constructor from fetching a backbone that nobody asked for."""
    try:
        known = inspect.signature(target).parameters
    except (TypeError, ValueError):
        return {}
    return {name: None for name in FETCHING if name in known}


@contextlib.contextmanager
def _current_folder_importable() -> Iterator[None]:
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
