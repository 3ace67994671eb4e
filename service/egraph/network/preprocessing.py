"""How a crop becomes the network's input."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Crops are `size` x `size` pixels; each colour (RGB) is divided by 255, less its mean, over its standard
    deviation."""

    size: int = 224
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __call__(self, crops: np.ndarray | Tensor, device: torch.device | str = "cpu") -> Tensor:
        """(n, size, size, 3) uint8 RGB to (n, 3, size, size) float32 on `device`, channels last in memory."""
        if isinstance(crops, np.ndarray):
            crops = torch.from_numpy(np.ascontiguousarray(crops))
        mean, deviation = (torch.tensor(t, device=device) * 255 for t in (self.mean, self.deviation))
        return (crops.to(device).float() - mean).div_(deviation).permute(0, 3, 1, 2)

    def to_dict(self) -> dict[str, Any]:
        """As plain lists and numbers, for the database."""
        return {"size": self.size, "mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Preprocessing":
        """The inverse of `to_dict`."""
        if set(values) != set(asdict(cls())):
            raise ValueError(f"preprocessing has the keys {sorted(asdict(cls()))}, not {sorted(values)}")
        return cls(int(values["size"]), tuple(values["mean"]), tuple(values["deviation"]))
