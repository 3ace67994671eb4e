"""Whether a network gives numbers at all: NaN and infinite activations would count as no evidence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from egraph.errors import InputError
from egraph.network.layers import activations
from egraph.network.network import Network


def all_finite(maps: Mapping[str, Tensor]) -> bool:
    """Whether no activation is NaN or infinite; one look at the device for all maps."""
    # a sum is NaN or infinite if any number is; one that only grew too large is looked at again
    sums = torch.stack([values.sum(dtype=torch.float32) for values in maps.values()])
    return bool(sums.isfinite().all()) or all(bool(values.isfinite().all()) for values in maps.values())


def check_finite(network: Network, names: Sequence[str]) -> None:
    """Run the network once on noise, up to the last of the layers.

    Raises:
        InputError: it gives NaN or infinite activations; names where they begin.
    """
    size = network.preprocessing.size
    noise = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(network.device)
    if not all_finite(activations(network, names, noise)):
        raise damage(network, names, noise)


def damage(network: Network, names: Sequence[str], x: Tensor) -> InputError:
    """The error that names the first of the layers with NaN or infinite activations, and the first module.

    Args:
        names: layers in order of execution.
        x: an input on which it happens.
    """
    if not x.isfinite().all():
        return InputError(
            f"The input of {network.name} holds NaN or infinite numbers; check its preprocessing (mean, deviation)."
        )
    first: list[tuple[str, str]] = []

    def look(name: str) -> Callable[[nn.Module, Any, Any], None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if not first and isinstance(output, Tensor) and output.is_floating_point() and not output.isfinite().all():
                first.append((name, "NaN" if output.isnan().any() else "infinite numbers"))

        return hook

    handles = [module.register_forward_hook(look(name)) for name, module in network.module.named_modules() if name]
    try:
        maps = activations(network, names, x)
    finally:
        for handle in handles:
            handle.remove()
    layer = next((name for name, values in maps.items() if not values.isfinite().all()), names[-1])
    module, what = first[0] if first else (layer, "NaN")
    if broken := _broken_weight(network.module.get_submodule(module)):
        why = f"its weights are damaged ({module}.{broken}); fetch or save them again"
    else:
        why = "its numbers grow beyond what a float holds, as after training that diverged; take other weights"
    return InputError(f"The network gives {what} from {layer} on (first: {module}); {why}.")


def _broken_weight(module: nn.Module) -> str:
    for name, value in module.state_dict().items():
        if value.is_floating_point() and not value.isfinite().all():
            return name
    return ""
