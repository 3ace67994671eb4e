"""The part of a network above a layer, as a function of the layer's maps.

One view is run as it is, and what the modules below the layer gave is kept. The upper part then runs on other maps in
place of the layer's: a module that had been called before the layer gives again what it gave then, without computing
it, so that shortcuts around the layer see the view as it was.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from egraph.errors import UsageError
from egraph.network.architectures import sentence
from egraph.network.layers import first_tensor, map_shapes
from egraph.network.network import Network

ALIKE = 1e-3
"""By so much, of the largest, the answers of the upper part may differ from the network's own: other batch sizes are
summed in another order."""


@dataclass(frozen=True)
class UpperNetwork:
    """What lies above one layer, for one view.

    layer: its name. maps: (C, H, W) the layer's own on the view. answer: (1, classes, ...) of the network to the view.
    """

    network: Network
    layer: str
    maps: Tensor
    answer: Tensor
    _view: Tensor = field(repr=False)
    _given: dict[str, list[Any]] = field(repr=False)
    _channels_last: bool = field(repr=False)

    def __call__(self, maps: Tensor) -> Tensor:
        """The network's answers to other maps of the layer, (n, C, H, W): (n, classes, ...)."""
        module, count = self.network.module, len(maps)
        output = maps.permute(0, 2, 3, 1) if self._channels_last else maps
        with ExitStack() as patched:
            for name, given in self._given.items():
                patched.enter_context(_giving(module.get_submodule(name), partial(_repeated, count), given))
            # a copy: what follows may overwrite it in place, as ReLU does
            patched.enter_context(_giving(module.get_submodule(self.layer), torch.clone, [output]))
            return answer_of(module(self._view.expand(count, -1, -1, -1)), self.network)


def upper_networks(network: Network, layers: Sequence[str], view: Tensor, check: bool = True) -> list[UpperNetwork]:
    """The upper parts above some layers, for one view (1, 3, size, size).

    Args:
        check: try whether they answer as the whole network does; once is enough for each network.

    Raises:
        UsageError: the network does not give one answer for each photo, or cannot be run from a layer's maps on.
    """
    turned = {shape.name for shape in map_shapes(network) if shape.channels_last}
    beside = {layer: _beside(network.module, layer) for layer in layers}
    found: list[tuple[str, Any]] = []
    names = list(dict.fromkeys(name for layer in layers for name in (*beside[layer], layer)))
    handles = [network.module.get_submodule(n).register_forward_hook(partial(_kept, found, n)) for n in names]
    try:
        with torch.no_grad():
            answer = answer_of(network.module(view), network)
    finally:
        for handle in handles:
            handle.remove()
    uppers = []
    for layer in layers:
        last = [name for name, _ in found].index(layer)
        given: dict[str, list[Any]] = {}
        for name, output in found[:last]:
            if name in beside[layer]:
                given.setdefault(name, []).append(output)
        maps = found[last][1].permute(0, 3, 1, 2) if layer in turned else found[last][1]
        upper = UpperNetwork(network, layer, maps[0], answer, view, given, layer in turned)
        if check:
            _check(upper)
        uppers.append(upper)
    return uppers


def answer_of(result: Any, network: Network) -> Tensor:
    """A network's answer: (n, classes), or (n, classes, height, width) in dense tasks.

    Raises:
        UsageError: it is something else.
    """
    answer = first_tensor(result)
    if answer is None or answer.ndim not in (2, 4):
        raise UsageError(f"{network.name} answers no classes, so that there is nothing to explain.")
    return answer


def _check(upper: UpperNetwork) -> None:
    try:
        with torch.no_grad():
            again = upper(upper.maps[None].expand(2, -1, -1, -1))
        same = bool((again - upper.answer).abs().max() <= ALIKE * upper.answer.abs().max())
    except Exception as error:  # a user's own network may fail in any way
        raise UsageError(
            f"{upper.network.name} cannot be run from the maps of {upper.layer} on ({sentence(error)}); "
            "explain another layer."
        ) from error
    if not same:
        raise UsageError(
            f"{upper.network.name} gives other answers when it is run from the maps of {upper.layer} on; "
            "explain another layer."
        )


def _beside(module: nn.Module, layer: str) -> list[str]:
    """The modules beside a layer, and beside what it lies in: their outputs are all that the rest can see."""
    names, path = [], ""
    for step in layer.split("."):
        inside = module.get_submodule(path)
        names += [f"{path}.{name}".lstrip(".") for name, _ in inside.named_children() if name != step]
        path = f"{path}.{step}".lstrip(".")
    return names


def _kept(found: list[tuple[str, Any]], name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
    # a copy: what follows may overwrite it in place
    found.append((name, _mapped(torch.clone, output)))


@contextmanager
def _giving(module: nn.Module, make: Callable[[Tensor], Tensor], outputs: Sequence[Any]) -> Iterator[None]:
    """In its first calls, the module gives `outputs` instead of computing; then it is as ever."""
    own, left = module.forward, list(outputs)

    def forward(*inputs: Any, **keywords: Any) -> Any:
        return _mapped(make, left.pop(0)) if left else own(*inputs, **keywords)

    patched = "forward" in vars(module)
    module.forward = forward
    try:
        yield
    finally:
        if patched:
            module.forward = own
        else:
            del module.forward


def _repeated(count: int, kept: Tensor) -> Tensor:
    """What was given for one view, for several of it."""
    return kept.expand(count, *kept.shape[1:]) if kept.ndim and len(kept) == 1 else kept


def _mapped(make: Callable[[Tensor], Tensor], value: Any) -> Any:
    """A module's output with its tensors changed, in whatever it packs them."""
    if isinstance(value, Tensor):
        return make(value)
    if isinstance(value, dict):
        return {key: _mapped(make, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [_mapped(make, item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value
