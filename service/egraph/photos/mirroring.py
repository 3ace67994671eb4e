"""Places mirrored left to right: between the photo as it was taken and the canonical view of its object.

Places are fractions of the object's crop, rows before columns. Mirroring twice gives the place back, so each function
goes either way.
"""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

Column = TypeVar("Column", float, "np.ndarray", "Tensor")


def mirror(x: Column) -> Column:
    """A column on the mirrored crop."""
    return 1 - x


def turned_columns(x: "np.ndarray", mirrored: "np.ndarray") -> "np.ndarray":
    """Columns, mirrored where `mirrored` says so; both of one shape."""
    import numpy as np  # not needed by those who only ask

    return np.where(mirrored, mirror(x), x).astype(np.float32)


def turned_places(places: "Tensor", mirrored: "np.ndarray | Tensor") -> "Tensor":
    """Places (..., n, 2), mirrored where `mirrored` (n,) says so."""
    import torch  # not needed by those who only read a graph

    flip = torch.as_tensor(mirrored)[:, None] & torch.tensor([False, True])
    return torch.where(flip, mirror(places), places)


def turned_point(place: "np.ndarray | Tensor", mirrored: bool) -> tuple[float, float]:
    """x and y, mirrored if `mirrored`, of one place (2,)."""
    row, column = float(place[0]), float(place[1])
    return (mirror(column) if mirrored else column), row
