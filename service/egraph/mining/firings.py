"""Where the patterns of a block of filters fire, and which of those firings are kept."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from egraph.mining.mined_layer import MinedFirings

STRONGEST_PHOTOS = 9
"""Of every pattern the firings on so many photos are kept, and of every filter so many of its strongest outputs."""


@dataclass(frozen=True)
class BlockFirings:
    """How B patterns fire on n photos. score: (B, n), 0 where a pattern does not fire; likeness: (B, n); peak: (B, n)
    uint8 which peak wins; expected: (B, n, 2)."""

    score: Tensor
    likeness: Tensor
    peak: Tensor
    expected: Tensor


def table_column(tensor: Tensor) -> np.ndarray:
    """As a column of a table, in main memory."""
    return tensor.cpu().numpy()


def strongest_firings(firings: BlockFirings) -> MinedFirings:
    """The firings of every pattern on the photos where it fires best."""
    best, photo = firings.score.topk(min(STRONGEST_PHOTOS, firings.score.shape[1]), dim=1)
    pattern, rank = (best > 0).nonzero(as_tuple=True)
    chosen = photo[pattern, rank]
    where = pattern, chosen
    return MinedFirings(
        pattern=table_column(pattern.int()),
        object=table_column(chosen.int()),
        peak=table_column(firings.peak[where]),
        score=table_column(firings.score[where]),
        likeness=table_column(firings.likeness[where]),
        expected=table_column(firings.expected[where]),
        of_object=np.zeros(len(pattern), bool),
    )
