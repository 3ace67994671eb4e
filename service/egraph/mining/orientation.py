"""Which way every object faces: one sign per photo, from how alike photos and mirrored photos are.

Two photos agree when they look alike as they are, and disagree when one must be mirrored first. The signs that fit
all agreements best are a synchronisation over the group of two (Z2); its spectral relaxation is the leading
eigenvector of the signed graph. Only the nearest photos of each photo are believed: far ones differ by pose and view,
not by side (Section "Orientation" of the mining notes in the documentation).
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import torch
from torch import Tensor

from egraph.distributed import ALONE, Group

NEIGHBOURS = 30
SETTLING_STEPS = 5
SHARPNESS = 2.0


def view_similarity(read_cells: Callable[[slice], Tensor], cells: int, block: int = 7, group: Group = ALONE) -> Tensor:
    """Cosines of the centred context of all views.

    Args:
        read_cells: gives (photos, 2, cells in the slice, channels), float32, of this process's photos.
        cells: number of context cells.

    Returns:
        (2 photos, 2 photos); a photo and its mirror stand at rows 2 i and 2 i + 1.
    """
    gram = None
    for start in range(0, cells, block):
        own = read_cells(slice(start, min(start + block, cells))).flatten(0, 1).flatten(1)
        views = group.join(own)
        mean = views.mean(0)
        views = views - mean
        own = own - mean if group.size > 1 else views
        gram = own @ views.T if gram is None else gram.addmm_(own, views.T)
    assert gram is not None
    gram = group.join(gram)
    length = gram.diagonal().clamp_min(1e-12).rsqrt()
    return gram.mul_(length[:, None]).mul_(length)


def solve_orientation(similarity: Tensor, neighbours: int = NEIGHBOURS) -> Tensor:
    """One signed confidence per photo; photos of the same sign face the same way.

    With same(I, J) the mean cosine of the two photos and of their mirrors, and flip(I, J) that of one photo and the
    other's mirror: W = same - flip for nearest photos by max(same, flip), else 0; f = leading eigenvector of the
    degree-normalised W, then a few steps f <- tanh(2 W f / sd(W f)).

    Args:
        similarity: (2 n, 2 n) from `view_similarity`.

    Returns:
        (n,) in -1..1; positive means that the mirrored view is the canonical one. The sign common to all is chosen
        so that the larger half stays as photographed.
    """
    photo, mirror = similarity[0::2], similarity[1::2]
    same = (photo[:, 0::2] + mirror[:, 1::2]) / 2
    flip = (photo[:, 1::2] + mirror[:, 0::2]) / 2
    closeness = torch.maximum(same, flip)
    closeness.fill_diagonal_(-torch.inf)
    count = len(same)
    nearest = min(neighbours, count - 1)
    if nearest == 0:
        return torch.full((count,), -1.0)
    threshold = closeness.topk(nearest, dim=1).values[:, -1:]
    believed = (closeness >= threshold) | (closeness >= threshold.T)
    signed = torch.where(believed, same - flip, torch.zeros(()))
    signed.fill_diagonal_(0.0)
    degree = signed.abs().sum(1).clamp_min(1e-9).rsqrt()
    graph = scipy.sparse.csr_matrix((signed * degree[:, None] * degree).double().cpu().numpy())
    sign = torch.from_numpy(_settle(graph, _leading_eigenvector(graph))).float()
    return -sign if (sign > 0).sum() * 2 > count else sign


def _leading_eigenvector(graph: scipy.sparse.csr_matrix) -> np.ndarray:
    count = graph.shape[0]
    if graph.nnz == 0:
        return np.full(count, -1.0)
    if count < 16:
        return np.linalg.eigh(graph.toarray())[1][:, -1]
    start = np.random.default_rng(0).standard_normal(count)
    vectors: np.ndarray = scipy.sparse.linalg.eigsh(graph, k=1, which="LA", v0=start)[1]
    return vectors[:, 0]


def _settle(graph: scipy.sparse.csr_matrix, vector: np.ndarray) -> np.ndarray:
    sign: np.ndarray = vector * len(vector) ** 0.5
    for _ in range(SETTLING_STEPS):
        field = graph @ sign
        spread = field.std()
        if spread < 1e-12:
            sign = np.sign(vector)
            break
        sign = np.tanh(SHARPNESS * field / spread)
    return sign
