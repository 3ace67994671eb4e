"""Which way every object faces: one sign per photo, from how alike photos and mirrored photos are.

Two photos agree when they look alike as they are, and disagree when one must be mirrored first. The signs that fit
all agreements best are a synchronisation over the group of two (Z2); its spectral relaxation is the leading
eigenvector of the signed graph. Only the nearest photos of each photo are believed: far ones differ by pose and view,
not by side (Section "Orientation" of the mining notes in the documentation).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import torch
from torch import Tensor

from egraph.distributed import ALONE, Group

NEIGHBOURS = 30
SETTLING_STEPS = 5
SHARPNESS = 2.0

AT_ONCE = 1000
"""Photos whose likeness to all others is in memory at once: 8 MB of it for every thousand others."""

CELLS_AT_ONCE = 7

CellReader = Callable[[slice], Tensor]
"""Gives the context of this process's photos at some cells: (photos, 2, cells in the slice, channels), float32."""


@dataclass(frozen=True)
class Agreements:
    """How each of n photos agrees with its k nearest ones.

    photo: (n, k) int64. agreement: (n, k), how much more alike two photos are as they are than when one is mirrored;
    below 0 where one must be mirrored.
    """

    photo: Tensor
    agreement: Tensor


def find_agreements(
    read_cells: CellReader,
    cells: int,
    photos: int,
    neighbours: int = NEIGHBOURS,
    at_once: int = AT_ONCE,
    group: Group = ALONE,
) -> Agreements:
    """The nearest photos of each photo of all processes; memory grows with the number of photos, not with its square.

    Args:
        cells: number of context cells. photos: of this process.
    """
    counts = group.collect(photos)
    first = sum(counts[: group.rank])
    found = []
    # every process takes part in as many sums as the one with the most photos
    for start in range(0, max(counts), at_once):
        rows = slice(min(start, photos), min(start + at_once, photos))
        similarity = view_similarity(read_cells, cells, rows, group=group)
        found.append(nearest_agreements(similarity, first + rows.start, neighbours))
    photo, agreement = (torch.cat(parts) for parts in zip(*found, strict=True))
    return Agreements(group.join(photo), group.join(agreement))


def view_similarity(
    read_cells: CellReader, cells: int, rows: slice = slice(None), block: int = CELLS_AT_ONCE, group: Group = ALONE
) -> Tensor:
    """Cosines of the centred context of some photos' views with all views.

    Args:
        cells: number of context cells. rows: m of this process's photos.

    Returns:
        (2 m, 2 n); a photo and its mirror stand at rows 2 i and 2 i + 1.
    """
    products = squares = None
    own_squares: Tensor | None = None
    for start in range(0, cells, block):
        read = read_cells(slice(start, min(start + block, cells)))
        views = group.join(read.flatten(0, 1).flatten(1))
        mean = views.mean(0)
        views = views - mean
        own = (read[rows].flatten(0, 1).flatten(1)) - mean
        products = own @ views.T if products is None else products.addmm_(own, views.T)
        square, own_square = (v.square().sum(1) for v in (views, own))
        squares = square if squares is None else squares + square
        own_squares = own_square if own_squares is None else own_squares + own_square
    assert products is not None and squares is not None and own_squares is not None
    length, own_length = (square.clamp_min(1e-12).rsqrt() for square in (squares, own_squares))
    return products.mul_(own_length[:, None]).mul_(length)


def nearest_agreements(similarity: Tensor, first: int, neighbours: int = NEIGHBOURS) -> tuple[Tensor, Tensor]:
    """The nearest photos of m photos, which are `first` and those behind it, and their agreement: (m, k) each.

    With same(I, J) the mean cosine of the two photos and of their mirrors, and flip(I, J) that of one photo and the
    other's mirror: the nearest by max(same, flip), and same - flip.

    Args:
        similarity: (2 m, 2 n) from `view_similarity`.
    """
    photo, mirror = similarity[0::2], similarity[1::2]
    same = (photo[:, 0::2] + mirror[:, 1::2]) / 2
    flip = (photo[:, 1::2] + mirror[:, 0::2]) / 2
    closeness = torch.maximum(same, flip)
    own, count = closeness.shape
    closeness[torch.arange(own), first + torch.arange(own)] = -torch.inf
    nearest = closeness.topk(min(neighbours, count - 1), dim=1).indices
    return nearest, (same - flip).gather(1, nearest)


def solve_orientation(agreements: Agreements) -> Tensor:
    """One signed confidence per photo; photos of the same sign face the same way.

    W(I, J) is the agreement where one photo is among the nearest of the other, else 0; f = leading eigenvector of the
    degree-normalised W, then a few steps f <- tanh(2 W f / sd(W f)).

    Returns:
        (n,) in -1..1; positive means that the mirrored view is the canonical one. The sign common to all is chosen
        so that the larger half stays as photographed.
    """
    count, nearest = agreements.photo.shape
    if nearest == 0:
        return torch.full((count,), -1.0)
    row = np.repeat(np.arange(count), nearest)
    column = agreements.photo.cpu().numpy().ravel()
    value = agreements.agreement.double().cpu().numpy().ravel()
    one_way = scipy.sparse.csr_matrix((value, (row, column)), (count, count))
    there = scipy.sparse.csr_matrix((np.ones(len(row)), (row, column)), (count, count))
    # a pair that names each other counts once
    signed = (one_way + one_way.T).multiply((there + there.T).power(-1)).tocsr()
    degree = np.maximum(np.asarray(abs(signed).sum(1)).ravel(), 1e-9) ** -0.5
    graph = scipy.sparse.csr_matrix(signed.multiply(degree[:, None]).multiply(degree))
    graph.eliminate_zeros()
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
