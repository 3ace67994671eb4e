"""What the network would have said without some units: they are set to their filter's usual value, in all layers."""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

import torch
from torch import Tensor, nn

from egraph.explaining.drops import lowered
from egraph.explaining.upper import answer_of
from egraph.network.layers import map_shapes
from egraph.network.network import Network


def answer_without(network: Network, view: Tensor, share: Mapping[str, Tensor], usual: Mapping[str, Tensor]) -> Tensor:
    """The network's answer to a view (1, 3, size, size) in which a share of each unit, by layer, is set to its filter's
    usual value, as far as it is above it.

    Args:
        share: (C, U) of each layer; one that is not named stays as it is. usual: (C,) of each layer.
    """
    turned = {shape.name for shape in map_shapes(network) if shape.channels_last}
    with ExitStack() as hooked, torch.no_grad():
        for layer, part in share.items():
            hook = partial(_lower, part, usual[layer], layer in turned)
            handle = network.module.get_submodule(layer).register_forward_hook(hook)
            hooked.callback(handle.remove)
        return answer_of(network.module(view), network)


def equal_mass(maps: Tensor, share: Tensor, generator: torch.Generator) -> Tensor:
    """The control: units drawn at random that hold as much activation as a share of each unit does, (C, U) of 0 and 1.

    Args:
        maps: (C, U) activation. share: (C, U).
    """
    heap = maps.clamp_min(0)
    order = torch.randperm(heap.numel(), generator=generator)
    taken = heap.flatten()[order].double().cumsum(0)
    count = int((taken < float((heap * share).double().sum())).sum()) + 1
    drawn = torch.zeros(heap.numel())
    drawn[order[:count]] = 1
    return drawn.view_as(heap)


def _lower(
    share: Tensor, usual: Tensor, channels_last: bool, _module: nn.Module, _inputs: object, output: Tensor
) -> Tensor:
    maps = output.permute(0, 3, 1, 2) if channels_last else output
    changed = lowered(maps, share.to(maps).unflatten(1, maps.shape[2:]), usual)
    return changed.permute(0, 2, 3, 1) if channels_last else changed
