"""Which maps of a network can be taken, and their values on photos."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from egraph.errors import UsageError
from egraph.network.load import Network

PAPER_LAYERS = {
    "alexnet": ("features.3", "features.6", "features.8", "features.10"),
    "vgg16": ("features.19", "features.21", "features.26", "features.28"),
}
"""The convolutions that the papers take, before their ReLU: conv2 to conv5; conv4_2, conv4_3, conv5_2 and conv5_3."""

FEWEST_LAYERS = 2
NAMED_LAYERS = 40
MOST_DEFAULT_LAYERS = 3
NARROWEST_DEFAULT = 5
WIDEST_DEFAULT_SHARE = 1 / 8

STAGE_SIZES = 2
"""A container that holds maps of more sizes than a stage has (its own, and the one that it starts from) is a trunk."""

POOLINGS = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.LPPool2d,
    nn.FractionalMaxPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)


@dataclass(frozen=True, slots=True)
class MapShape:
    """A valid layer: its name, the other names of the same map, and the size of its map."""

    name: str
    aliases: tuple[str, ...]
    channels: int
    height: int
    width: int
    pooling: bool
    classes: bool
    """whether the channels are the network's answers, one for each class"""


class _Done(Exception):
    """The last map that was asked for is there."""


_shapes: WeakKeyDictionary[Network, list[MapShape]] = WeakKeyDictionary()


def activations(
    network: Network, names: Sequence[str], x: Tensor, keep: Callable[[Tensor], Tensor] = Tensor.clone
) -> dict[str, Tensor]:
    """Run the network up to the last of the named layers; no hook stays behind.

    Args:
        names: submodules, each run once in a pass.
        x: (n, 3, height, width), on the network's device.
        keep: what is kept of each map; it must not be a view of the map, which the next operation may overwrite in
            place (ReLU does).

    Returns:
        For each name its output as the layer gave it, (n, channels, height, width), in the order of `names`.
    """
    wanted = dict.fromkeys(names)
    found: dict[str, Tensor] = {}

    def hook(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def take(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            found[name] = keep(output)
            if len(found) == len(wanted):
                raise _Done

        return take

    handles = [network.module.get_submodule(name).register_forward_hook(hook(name)) for name in wanted]
    try:
        with torch.inference_mode():
            network.module(x)
    except _Done:
        pass
    finally:
        for handle in handles:
            handle.remove()
    return {name: found[name] for name in names}


def map_shapes(network: Network) -> list[MapShape]:
    """Every valid layer in order of execution: a submodule that is run once in a pass and gives a square map of more
    than one unit. A container and its last child give the same map: listed once, under the outer name, unless that
    container is the network's whole trunk.
    """
    if network not in _shapes:
        _shapes[network] = _probe(network)
    return _shapes[network]


def valid_layers(network: Network) -> list[str]:
    """Names of the valid layers in order of execution; see `map_shapes`."""
    return [shape.name for shape in map_shapes(network)]


def default_layers(network: Network) -> list[str]:
    """The layers that egraph takes unless told otherwise, from the input up.

    For AlexNet and VGG-16 those of the papers. Else the last of the outermost layers of each map size, of the three
    smallest sizes that are at most an eighth of the input and at least 5 units wide; poolings and class maps do not
    count.

    Raises:
        UsageError: there are fewer than two such layers.
    """
    shapes = map_shapes(network)
    names = {alias: shape.name for shape in shapes for alias in (shape.name, *shape.aliases)}
    wanted = PAPER_LAYERS.get(network.name, ())
    if wanted and all(name in names for name in wanted):
        return [names[name] for name in wanted]
    widest = network.preprocessing.size * WIDEST_DEFAULT_SHARE
    last: dict[int, str] = {}
    for shape in shapes:
        if NARROWEST_DEFAULT <= shape.width <= widest and not shape.pooling and not shape.classes:
            before = last.get(shape.width)
            # the first convolution of the next stage still has this size: prefer the stage itself to what is inside one
            if before is None or shape.name.count(".") <= before.count("."):
                last[shape.width] = shape.name
    chosen = sorted(last)[:MOST_DEFAULT_LAYERS]
    if len(chosen) < FEWEST_LAYERS:
        raise UsageError(
            f"{network.name} has no two maps of different size that egraph would choose by itself; name the layers."
        )
    return [last[width] for width in reversed(chosen)]


def resolve_layers(network: Network, names: Sequence[str] | None = None) -> list[str]:
    """The layers to take, in order of execution; the default ones where none are named.

    Raises:
        UsageError: a name is not valid, two names mean the same map, or fewer than two are given.
    """
    if not names:
        return default_layers(network)
    shapes = map_shapes(network)
    order = {alias: i for i, shape in enumerate(shapes) for alias in (shape.name, *shape.aliases)}
    for name in names:
        if name not in order:
            near = difflib.get_close_matches(name, valid_layers(network), n=NAMED_LAYERS, cutoff=0.0)
            more = f"; {len(shapes) - len(near)} more are listed by: egraph layers" if len(shapes) > len(near) else ""
            raise UsageError(f"{network.name} has no layer {name!r}; it has, nearest first, {', '.join(near)}{more}.")
    taken: dict[int, str] = {}
    for name in names:
        twin = taken.setdefault(order[name], name)
        if twin is not name or list(names).count(name) > 1:
            same = "is named twice" if twin == name else f"and {twin} are the same map"
            raise UsageError(f"The layer {name} {same}; name each once.")
    if len(taken) < FEWEST_LAYERS:
        raise UsageError(f"Only the layer {names[0]} is named; a graph needs at least two.")
    return [shapes[i].name for i in sorted(taken)]


def _probe(network: Network) -> list[MapShape]:
    """Run the network once on noise and look at every submodule's output."""
    size = network.preprocessing.size
    outputs: list[tuple[str, Any, int]] = []

    def look(name: str):
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                # the outputs are held, so that no two of them share an address
                outputs.append((name, output, output._version))

        return hook

    modules = {name: module for name, module in network.module.named_modules() if name}
    handles = [module.register_forward_hook(look(name)) for name, module in modules.items()]
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(network.device)
    try:
        # not inference mode: its tensors count no versions, and these tell an overwritten map from a passed-on one
        with torch.no_grad():
            result = network.module(noise)
    except Exception as error:  # a user's own network may fail in any way
        raise UsageError(
            f"{network.name} cannot be run on a {size} x {size} RGB input ({type(error).__name__}: {error})."
        ) from error
    finally:
        for handle in handles:
            handle.remove()

    runs = [name for name, _, _ in outputs]
    classes = result.shape[1] if isinstance(result, Tensor) and result.ndim >= 2 else None
    maps: dict[tuple[int, int], list[str]] = {}
    tensors: dict[tuple[int, int], Tensor] = {}
    for name, output, version in outputs:
        if runs.count(name) == 1 and output.ndim == 4 and output.shape[2] == output.shape[3] > 1:
            maps.setdefault((id(output), version), []).append(name)
            tensors[id(output), version] = output
    widths = {name: tensors[key].shape[3] for key, names in maps.items() for name in names}
    trunks = {
        name
        for name in widths
        if len({width for inner, width in widths.items() if inner.startswith(f"{name}.")}) > STAGE_SIZES
    }
    shapes = []
    for key, names in maps.items():
        around = [name for name in names[1:] if names[0].startswith(f"{name}.") and name not in trunks]
        name = min([names[0], *around], key=len)
        _, channels, height, width = tensors[key].shape
        others = tuple(n for n in names if n != name)
        pooling = isinstance(modules[names[0]], POOLINGS)
        shapes.append(MapShape(name, others, channels, height, width, pooling, channels == classes))
    return shapes
