"""Which maps of a network can be taken, and their values on photos."""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from egraph.errors import EgraphError, UsageError
from egraph.network.architectures import sentence
from egraph.network.network import Network

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
    container: bool
    channels_last: bool
    """whether the layer gives (n, height, width, channels), as Swin transformers do"""
    finite: bool


@dataclass(frozen=True)
class Maps:
    """What one pass over noise showed.

    shapes: all maps, in order of execution. refused: why other submodules cannot be mined, by name. trunk: where the
    network's answer is no single tensor, the beginning of the names of its part with maps of the most sizes: what
    comes behind it makes the answers. aside: maps that need weights that the file does not hold.
    """

    shapes: list[MapShape]
    refused: dict[str, str]
    trunk: str
    aside: list[MapShape] = field(default_factory=list)


Output = tuple[str, Any, int]
"""A submodule's name, what it gave, and the version that this had then, if it is a tensor."""


class _Done(Exception):
    """The last map that was asked for is there."""


_maps: WeakKeyDictionary[Network, Maps] = WeakKeyDictionary()


def activations(
    network: Network, names: Sequence[str], x: Tensor, keep: Callable[[Tensor], Tensor] = Tensor.clone
) -> dict[str, Tensor]:
    """Run the network up to the last of the named layers; no hook stays behind.

    Args:
        names: valid layers, each run once in a pass.
        x: (n, 3, height, width), on the network's device.
        keep: what is kept of each map; it must not be a view of the map, which the next operation may overwrite in
            place (ReLU does).

    Returns:
        For each name its output as the layer gave it, (n, channels, height, width), in the order of `names`.

    Raises:
        UsageError: the network does not run on this input.
        EgraphError: the accelerator's memory is full.
    """
    wanted = dict.fromkeys(names)
    turned = {shape.name for shape in map_shapes(network) if shape.channels_last}
    found: dict[str, Tensor] = {}

    def hook(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def take(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            found[name] = keep(output.permute(0, 3, 1, 2) if name in turned else output)
            if len(found) == len(wanted):
                raise _Done

        return take

    handles = [network.module.get_submodule(name).register_forward_hook(hook(name)) for name in wanted]
    try:
        with torch.inference_mode():
            network.module(x)
    except _Done:
        pass
    except torch.OutOfMemoryError as error:
        raise EgraphError(
            f"The memory of {network.device} is full; stop what else uses it, or take --device cpu."
        ) from error
    except (MemoryError, EgraphError):
        raise
    except Exception as error:  # a user's own network may fail in any way
        shape = " x ".join(map(str, x.shape))
        raise UsageError(f"{network.name} cannot be run on a {shape} input ({sentence(error)}).") from error
    finally:
        for handle in handles:
            handle.remove()
    if lost := [name for name in wanted if name not in found]:
        raise UsageError(f"{network.name} did not run its layer {lost[0]} on these photos; take other layers.")
    return {name: found[name] for name in names}


def map_shapes(network: Network) -> list[MapShape]:
    """Every valid layer in order of execution: a submodule that is run once in a pass and gives a square map of more
    than one unit. A container and its last child give the same map: listed once, under the outer name, unless that
    container is the network's whole trunk.
    """
    return _looked_at(network).shapes


def valid_layers(network: Network) -> list[str]:
    """Names of the valid layers in order of execution; see `map_shapes`."""
    return [shape.name for shape in map_shapes(network)]


def default_layers(network: Network) -> list[str]:
    """The layers that egraph takes unless told otherwise, from the input up.

    For AlexNet and VGG-16 those of the papers. Else the last of the outermost layers of each map size, of the three
    smallest sizes that are at most an eighth of the input and at least 5 units wide; poolings and class maps do not
    count. Where all of these have one size (dilated networks), the last three of the outermost containers; where there
    is but one of these (small inputs), also larger maps.

    Raises:
        UsageError: there are fewer than two such layers.
    """
    maps = _looked_at(network)
    return _default_layers(network, maps.shapes, maps.trunk)


def absent_from_default_layers(network: Network) -> bool:
    """Whether weights that the file does not hold are needed by the layers that egraph takes by itself (or, where it
    takes none, by any map)."""
    if not network.absent:
        return False
    maps = _looked_at(network)
    everything = maps.shapes + maps.aside
    try:
        needed = set(_default_layers(network, everything, maps.trunk))
    except UsageError:
        needed = {shape.name for shape in everything if not shape.classes}
    return any(shape.name in needed for shape in maps.aside) or not needed


def _default_layers(network: Network, shapes: Sequence[MapShape], trunk: str) -> list[str]:
    names = {alias: shape.name for shape in shapes for alias in (shape.name, *shape.aliases)}
    wanted = PAPER_LAYERS.get(network.name, ())
    if wanted and all(name in names for name in wanted):
        return [names[name] for name in wanted]
    eligible = [
        shape
        for shape in shapes
        if shape.width >= NARROWEST_DEFAULT and not shape.pooling and not shape.classes and shape.name.startswith(trunk)
    ]
    deep = [s for s in eligible if s.width <= network.preprocessing.size * WIDEST_DEFAULT_SHARE]
    containers = [shape.name for shape in deep if shape.container]
    outermost = min((name.count(".") for name in containers), default=0)
    stages = [name for name in containers if name.count(".") == outermost][-MOST_DEFAULT_LAYERS:]
    for layers in (_one_of_each_size(deep), stages, _one_of_each_size(eligible)):
        if len(layers) >= FEWEST_LAYERS:
            return layers
    raise UsageError(
        f"{network.name} has no two maps that egraph would choose; name the layers: egraph layers lists them."
    )


def _one_of_each_size(shapes: Sequence[MapShape]) -> list[str]:
    """The last of the outermost layers of each size, of the smallest sizes."""
    last: dict[int, str] = {}
    for shape in shapes:
        before = last.get(shape.width)
        # the first convolution of the next stage still has this size: prefer the stage itself to what is inside one
        if before is None or shape.name.count(".") <= before.count("."):
            last[shape.width] = shape.name
    return [last[width] for width in reversed(sorted(last)[:MOST_DEFAULT_LAYERS])]


def resolve_layers(network: Network, names: Sequence[str] | None = None) -> list[str]:
    """The layers to take, in order of execution; the default ones where none are named.

    Raises:
        UsageError: a name is not valid, two names mean the same map, or fewer than two are given.
    """
    if not names:
        return default_layers(network)
    shapes = map_shapes(network)
    order = {alias: i for i, shape in enumerate(shapes) for alias in (shape.name, *shape.aliases)}
    maps = _looked_at(network)
    aside = {alias for shape in maps.aside for alias in (shape.name, *shape.aliases)}
    for name in names:
        if name in aside:
            raise UsageError(
                f"The layer {name} needs weights that {network.weights_source} does not hold, such as "
                f"{network.absent[0]}; take layers before it."
            )
        if name in maps.refused:
            raise UsageError(f"The layer {name} cannot be mined: {maps.refused[name]}.")
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


def _looked_at(network: Network) -> Maps:
    if network not in _maps:
        _maps[network] = _probe(network)
    return _maps[network]


def _probe(network: Network) -> Maps:
    """Run the network once on noise and look at every submodule's output."""
    size = network.preprocessing.size
    outputs, result = _run_on_noise(network)
    maps, tensors, refused = _told_apart(outputs)
    widths = {name: output.shape[2] for name, output in tensors.items()}
    trunks = _trunks(widths)
    classes = _classes(result, size)
    # only what comes last can be a map of classes, however many channels a layer before has
    heads = len(list(takewhile(lambda names: _channels(tensors[names[0]]) == classes, reversed(maps))))
    shapes: list[MapShape] = []
    aside: list[MapShape] = []
    for number, names in enumerate(maps):
        shape = _shape(network, names, tensors, trunks, number >= len(maps) - heads)
        (aside if network.absent and not shape.finite else shapes).append(shape)
    return Maps(shapes, refused, "" if isinstance(result, Tensor) else _trunk(widths), aside)


def _run_on_noise(network: Network) -> tuple[list[Output], Any]:
    """The outputs of all submodules in order of execution, and the network's answer.

    Raises:
        UsageError: it cannot be run.
    """
    size = network.preprocessing.size
    outputs: list[Output] = []

    def look(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            # the outputs are held, so that no two of them share an address
            outputs.append((name, output, output._version if isinstance(output, Tensor) else 0))

        return hook

    handles = [module.register_forward_hook(look(name)) for name, module in network.module.named_modules() if name]
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(network.device)
    try:
        # not inference mode: its tensors count no versions, and these tell an overwritten map from a passed-on one
        with torch.no_grad():
            return outputs, network.module(noise)
    except Exception as error:  # a user's own network may fail in any way
        raise UsageError(f"{network.name} cannot be run on a {size} x {size} RGB input ({sentence(error)}).") from error
    finally:
        for handle in handles:
            handle.remove()


def _told_apart(outputs: Sequence[Output]) -> tuple[list[list[str]], dict[str, Tensor], dict[str, str]]:
    """The names of each map, innermost first; the output of each of these names; why others have no map, by name."""
    runs = Counter(name for name, _, _ in outputs)
    maps: dict[tuple[int, ...], list[str]] = {}
    tensors: dict[str, Tensor] = {}
    refused: dict[str, str] = {}
    for name, output, version in outputs:
        if reason := _no_map(output, runs[name]):
            refused[name] = reason
        else:
            # a view of the same numbers, such as one in another order of the axes, is the same map
            place = (output.untyped_storage().data_ptr(), output.storage_offset(), output.numel(), version)
            maps.setdefault(place, []).append(name)
            tensors[name] = output
    return list(maps.values()), tensors, refused


def _classes(result: Any, size: int) -> int | None:
    """How many classes the network's answer tells apart; None where it answers something else."""
    answer = first_tensor(result)
    # a trunk by itself answers with its last map, which is none of classes
    told = answer is not None and (answer.ndim in (2, 3) or answer.shape[2:] == (size, size))
    return answer.shape[1] if answer is not None and told else None


def _trunks(widths: Mapping[str, int]) -> set[str]:
    """The containers that hold maps of more sizes than a stage has."""
    return {
        name
        for name in widths
        if len({width for inner, width in widths.items() if inner.startswith(f"{name}.")}) > STAGE_SIZES
    }


def _shape(
    network: Network, names: Sequence[str], tensors: Mapping[str, Tensor], trunks: Collection[str], classes: bool
) -> MapShape:
    """The map that several names mean, under the outermost of them that is no trunk."""
    around = [name for name in names[1:] if names[0].startswith(f"{name}.") and name not in trunks]
    name = min([names[0], *around], key=len)
    output = tensors[name]
    return MapShape(
        name=name,
        aliases=tuple(n for n in names if n != name),
        channels=_channels(output),
        height=output.shape[2],
        width=output.shape[2],
        pooling=isinstance(network.module.get_submodule(names[0]), POOLINGS),
        classes=classes,
        container=any(True for _ in network.module.get_submodule(name).children()),
        channels_last=_channels_last(output),
        finite=bool(output.isfinite().all()),
    )


def _channels_last(output: Tensor) -> bool:
    return output.shape[2] != output.shape[3]


def _channels(output: Tensor) -> int:
    return output.shape[3 if _channels_last(output) else 1]


def _no_map(output: Any, runs: int) -> str:
    """Why an output is no square map of more than one unit; empty where it is one."""
    if runs != 1:
        return f"it runs {runs} times in a pass"
    if not isinstance(output, Tensor):
        return f"it gives a {type(output).__name__}, not one map; take a layer inside it"
    if output.is_quantized or not output.is_floating_point():
        return "it is quantised, and its map holds a few whole numbers; take the network in floating point"
    if output.ndim != 4:
        return f"it gives {' x '.join(map(str, output.shape[1:]))} numbers, not a map"
    _, first, second, third = output.shape
    square = second == third or first == second
    if not square:
        return f"its map is {second} x {third}, and only square maps are taken"
    if (second if second == third else first) == 1:
        return "its map has a single unit"
    return ""


def first_tensor(result: Any) -> Tensor | None:
    """The network's answer, or the first of several: segmentation gives a dict, others a tuple."""
    if isinstance(result, Mapping):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return next((value for value in result if isinstance(value, Tensor)), None)
    return result if isinstance(result, Tensor) else None


def _trunk(widths: Mapping[str, int]) -> str:
    sizes: dict[str, set[int]] = {}
    for name, width in widths.items():
        sizes.setdefault(name.partition(".")[0], set()).add(width)
    return f"{max(sizes, key=lambda name: len(sizes[name]))}." if sizes else ""
