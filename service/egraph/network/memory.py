"""Networks that a user's program has in memory."""

import copy
import hashlib

from torch import nn

from egraph.errors import UsageError
from egraph.network.architectures import declared_preprocessing, sentence, unwrapped
from egraph.network.load import MEMORY, ready, usable_device
from egraph.network.network import Network
from egraph.network.preprocessing import Preprocessing
from egraph.network.weights import state_sha256


def network_in_memory(module: nn.Module, preprocessing: Preprocessing | None = None, device: str = "cpu") -> Network:
    """A network from a user's own module, which stays as it is: a copy is run.

    Its name is that of the module's class; its id is made from that and the weights. Without `preprocessing`, what the
    module's attribute `preprocessing` says, else as for torchvision's networks.

    Raises:
        UsageError: it is no module, cannot be copied, or there is no such device.
    """
    if not isinstance(module, nn.Module):
        raise UsageError(f"A {type(module).__name__} is no network; give a torch.nn.Module, or a network's name.")
    module = unwrapped(module, f"The module {type(module).__name__}")
    name, target = type(module).__name__, usable_device(device)
    try:
        own = copy.deepcopy(module)
    except Exception as error:  # a user's module may hold anything
        raise UsageError(f"The module {name} cannot be copied: {sentence(error)}.") from error
    sha256 = hashlib.sha256(f"{name}\0{state_sha256(own.state_dict())}".encode()).hexdigest()
    preprocessing = preprocessing or declared_preprocessing(own, name) or Preprocessing()
    return Network(f"{name}@{sha256[:12]}", name, ready(own, target), preprocessing, sha256, MEMORY, target)
