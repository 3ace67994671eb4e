"""Networks by name, with their weights."""

import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from egraph.errors import InputError, UsageError
from egraph.escape import escaped, unescaped
from egraph.network.architectures import Architecture, architecture
from egraph.network.checkpoint_match import Match, match_weights, misfit, passed_over, put_weights
from egraph.network.layers import absent_from_default_layers
from egraph.network.network import Network
from egraph.network.preprocessing import Preprocessing
from egraph.network.weights import file_sha256, read_checkpoint, state_sha256

__all__ = ["Network", "load_network"]

OWN = "own"
"""The source of weights that a user's own callable brings along."""

WEIGHT_FILES = (".pth", ".pt", ".bin", ".ckpt", ".safetensors")

MEMORY = "memory"
"""The source of weights that only the memory of a user's program has."""


def load_network(name: str, weights: str | None = None, device: str = "cpu") -> Network:
    """Build a network and put its weights in.

    `name` is one of torchvision's, `timm:NAME`, or `module:callable` of a user's own that returns the network; of a
    detector of torchvision the backbone is taken. `weights` is the path of a .pth, .pt or .safetensors file, the name
    of published weights (`DEFAULT` or such as `IMAGENET1K_V2`; downloaded on first use), or `random` or `random:SEED`;
    a user's own callable may go without, or with `own`: then its weights are taken as it made them. Where the network
    it returns has a dict `preprocessing` (as `Preprocessing.to_dict` gives), its input is made so; else as for
    torchvision's networks.

    A file may have its own prefixes and wrappers, and may lack the classifier; see `Network.has_classifier`.

    Raises:
        UsageError: there is no such network, weights name or device; the callable cannot be imported.
        InputError: the weights cannot be read, downloaded, or do not fit, or were only in a program's memory.
    """
    if weights == MEMORY:
        raise InputError(
            f"The network {name} was a module in the memory of a program, and cannot be loaded here; give the module "
            "to egraph's Python functions, as network=."
        )
    target = usable_device(device)
    kind = architecture(name)
    if weights is None and not kind.own:
        raise UsageError(f"Say which weights {name} shall have: a file, DEFAULT, or random to try things.")
    if kind.own and weights in (None, OWN):
        module = kind.build()
        source, sha256 = OWN, state_sha256(module.state_dict())
    elif seed := re.fullmatch(r"random(?::(\d+))?", weights or ""):
        module = _seeded(kind.build, int(seed[1] or 0))
        source, sha256 = f"random:{int(seed[1] or 0)}", state_sha256(module.state_dict())
    elif weights is not None and _is_file(weights):
        return _from_file(kind, _file(weights), target)
    else:
        module, preprocessing, source = kind.published(weights or "")
        return _network(kind, module, preprocessing, state_sha256(module.state_dict()), source, target)
    return _network(kind, module, kind.preprocessing(module), sha256, source, target)


def _network(
    kind: Architecture,
    module: nn.Module,
    preprocessing: Preprocessing,
    sha256: str,
    source: str,
    target: torch.device,
    absent: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Network:
    short = f"{kind.short}@{sha256[:12]}"
    return Network(short, kind.name, ready(module, target), preprocessing, sha256, source, target, absent, notes)


def ready(module: nn.Module, target: torch.device) -> nn.Module:
    """The module as it is run: float32, in evaluation mode, without gradients, on its device."""
    return module.float().eval().requires_grad_(False).to(target).to(memory_format=torch.channels_last)


def _from_file(kind: Architecture, path: Path, target: torch.device) -> Network:
    checkpoint = read_checkpoint(path)
    module = _seeded(kind.build, 0)
    match = match_weights(module, checkpoint, kind.name, str(path))
    if not kind.own and (classes := _other_classes(match, module)):
        module = _seeded(lambda: kind.build(num_classes=classes), 0)
        match = match_weights(module, checkpoint, kind.name, str(path))
    if match.unexpected:
        raise misfit(match, module, kind.name, str(path))
    preprocessing = kind.preprocessing(module)
    absent = put_weights(module, match)
    found = passed_over(match, checkpoint, path.name)
    network = _network(kind, module, preprocessing, file_sha256(path), escaped(str(path)), target, absent, found)
    if absent_from_default_layers(network):
        raise misfit(match, module, kind.name, str(path))
    return network


def usable_device(device: str) -> torch.device:
    try:
        target = torch.device(device)
        torch.empty(0, device=target)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(f"The device {device!r} cannot be used here; give cpu, or cuda where there is one.") from error
    return target


def _seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def _other_classes(match: Match, module: nn.Module) -> int | None:
    """The number of classes that would make a state dict fit, where nothing else differs."""
    if match.missing or match.unexpected or not match.mismatched:
        return None
    own = module.state_dict()
    last = list(own)[-1]
    if last not in match.mismatched or any(own[k].shape[1:] != match.state[k].shape[1:] for k in match.mismatched):
        return None
    counts = {match.state[key].shape[0] for key in match.mismatched}
    return counts.pop() if len(counts) == 1 else None


def _file(weights: str) -> Path:
    """The file as it was typed, or as a graph names it."""
    typed, kept = Path(weights).expanduser(), Path(unescaped(weights)).expanduser()
    return (typed if typed.is_file() or not kept.is_file() else kept).resolve()


def _is_file(weights: str) -> bool:
    path = Path(weights).expanduser()
    return path.suffix in WEIGHT_FILES or len(path.parts) > 1 or path.is_file()
