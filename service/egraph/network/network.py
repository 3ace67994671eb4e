"""The trained network that is taken apart. It is only ever run, never changed."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from egraph.errors import InputError
from egraph.network.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class Network:
    """A network in evaluation mode. `id` is its name and the first 12 hex digits of its weights' hash.

    `absent` are parameters that the weights file does not hold, and that no map below them needs: NaN stands in their
    place. `notes` say in a sentence each what was passed over in the file.
    """

    id: str
    name: str
    module: nn.Module
    preprocessing: Preprocessing
    weights_sha256: str
    weights_source: str
    device: torch.device
    absent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def preprocess(self, crops: np.ndarray | Tensor) -> Tensor:
        """(n, size, size, 3) uint8 RGB crops to the (n, 3, size, size) float32 input, on the network's device."""
        return self.preprocessing(crops, self.device)

    @property
    def has_classifier(self) -> bool:
        """Whether the weights reach up to the network's answer; mining does not need them to."""
        return not self.absent

    def need_classifier(self, purpose: str) -> None:
        """Refuse to go on without the network's answers.

        Args:
            purpose: what needs them, for example "An account of a decision".

        Raises:
            InputError: the weights end before the network's answer.
        """
        if not self.has_classifier:
            raise InputError(
                f"{purpose} needs the network's own answers, and {self.weights_source} has no fitting "
                f"{self.absent[0]}; give weights with the classifier."
            )
