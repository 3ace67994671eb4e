"""The strongest peaks of some filters' maps, as mining and inference read them."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from torch import Tensor


@dataclass(frozen=True)
class Peaks:
    """values: (d, n, K) evidence v, 0 where a map has fewer peaks. places: (d, n, K, 2). contexts: (d, K, n, R) h, of
    length 1; R is 0 for a model that looks at places alone. activations: (d, n, K) the network's own output there."""

    values: Tensor
    places: Tensor
    contexts: Tensor
    activations: Tensor

    @property
    def photos(self) -> int:
        """Number of photos n."""
        return self.values.shape[1]

    def of(self, filters: Tensor | slice) -> "Peaks":
        """The same of some filters."""
        return Peaks(**{field.name: getattr(self, field.name)[filters] for field in fields(self)})


PeakReader = Callable[[slice, bool], Peaks]
"""Gives the peaks of some filters, in the canonical view or (True) in the other one."""
