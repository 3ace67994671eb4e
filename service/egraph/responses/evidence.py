"""From activations to evidence: what a unit's value says about the thing that its filter reacts to.

An activation is first compared with its own filter's habit (mean and deviation over the category), then with the
other filters at the same place: filters compete for a unit. Shapes: maps are (photos, channels, height, width).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.network.layer import LayerGeometry

COMPETITION_FLOOR = 0.3
"""Added to the root mean square over the filters, in deviations: keeps quiet places quiet."""

SMALLEST_DEVIATION = 1e-4
"""In activation units; a filter that hardly varies divides by this."""

RESOLUTION = 2.0**-10
"""Of half floats, in which the sample is kept: a filter that varies by a smaller share of its mean is constant."""

SILENT_DEVIATION = 1e30
"""That of a constant filter: nothing stands above its habit, whatever the rounding of its mean."""

SUPPRESSION_WIDTH = 13
"""From this map width on, only local maxima count as peaks; on coarser maps every unit is a place of its own."""


def filter_statistics(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every filter over photos and units, both (channels,).

    NaN and infinite activations count as zero. A filter that always gives the same value has the deviation
    `SILENT_DEVIATION`: there is no habit to stand above.
    """
    finite = torch.nan_to_num(maps.float(), nan=0.0, posinf=0.0, neginf=0.0)
    mean = finite.mean((0, 2, 3))
    deviation = (finite - mean[:, None, None]).square_().mean((0, 2, 3)).sqrt_()
    constant = deviation <= RESOLUTION * mean.abs()
    return mean, deviation.clamp_min(SMALLEST_DEVIATION).masked_fill(constant, SILENT_DEVIATION)


def unit_evidence(maps: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """relu((a - mean) / deviation), same shape as `maps`: how far a unit stands above its filter's habit."""
    scale = (1.0 / deviation)[:, None, None]
    offset = (-mean / deviation)[:, None, None]
    evidence = torch.addcmul(offset, maps.float(), scale)
    return torch.nan_to_num_(evidence, nan=0.0, posinf=0.0, neginf=0.0).clamp_min_(0.0)


def compete(evidence: Tensor) -> Tensor:
    """Divide by the root mean square over the filters at the same unit: (photos, channels, height, width)."""
    rms = torch.linalg.vector_norm(evidence, dim=1, keepdim=True) / evidence.shape[1] ** 0.5
    return evidence / (rms + COMPETITION_FLOOR)


def strongest_peaks(evidence: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` strongest peaks of every map.

    Returns:
        values: (photos, channels, count), falling, 0 where a map has fewer peaks.
        units: (photos, channels, count) int64, row * width + column.
    """
    if evidence.shape[-1] >= SUPPRESSION_WIDTH:
        evidence = evidence * (F.max_pool2d(evidence, 3, stride=1, padding=1) == evidence)
    flat = evidence.flatten(2)
    found = min(count, flat.shape[2])
    values, units = flat.topk(found, dim=2)
    if found < count:
        values, units = F.pad(values, (0, count - found)), F.pad(units, (0, count - found))
    return values, units


def context_matrix(layer: LayerGeometry, size: int, cells: int) -> Tensor:
    """Reads a map on a cells x cells grid over the crop, by where its units look: (cells * cells, height * width).

    Bilinear between units, constant beyond the outermost ones, then the mean over 3 x 3 cells: a soft OR over the
    cells to which a pattern may shift. `size` is the crop's, in pixels.
    """
    smooth = torch.eye(cells) + torch.eye(cells).roll(1, 0).tril(-1) + torch.eye(cells).roll(-1, 0).triu(1)
    smooth = smooth / smooth.sum(1, keepdim=True)
    rows = smooth @ _interpolation(layer.height, layer.first_centre, layer.stride, size, cells)
    columns = smooth @ _interpolation(layer.width, layer.first_centre, layer.stride, size, cells)
    return torch.kron(rows, columns)


def _interpolation(units: int, first_centre: float, stride: float, size: int, cells: int) -> Tensor:
    """(cells, units) weights that read a row of units at the centres of the cells."""
    centres = (torch.arange(cells, dtype=torch.float64) + 0.5) * (size / cells)
    place = ((centres - first_centre) / stride).clamp(0, units - 1)
    distance = (place[:, None] - torch.arange(units, dtype=torch.float64)).abs()
    return (1 - distance).clamp_min(0).float()


def context_evidence(layers: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Normalised evidence of all filters of several layers on one grid.

    Each layer is read on the grid, divided by its length over the layer's filters, and put beside the others.

    Args:
        layers: evidence (photos, channels, height, width) and `context_matrix` of each layer.

    Returns:
        (photos, cells * cells, all channels), of length at most 1 along the last axis.
    """
    read = [matrix @ evidence.flatten(2).transpose(1, 2) for evidence, matrix in layers]
    return torch.cat([F.normalize(part, dim=2) for part in read], dim=2) / len(layers) ** 0.5


def context_direction(evidence: Tensor, mean: Tensor) -> Tensor:
    """Direction of the evidence about its mean: (..., channels) of length 1 (0 where there is none)."""
    return F.normalize(evidence - mean, dim=-1)


def main_directions(directions: Tensor, count: int) -> Tensor:
    """Orthonormal columns in which the directions keep most of their length: (channels, count), the main one first.

    They come from the smaller of the two matrices of products; columns that the samples do not reach are filled up.

    Args:
        directions: (samples, channels). count: at most the channels.
    """
    samples, channels = directions.shape
    if samples >= channels:
        return torch.linalg.eigh(directions.T @ directions).eigenvectors[:, -count:].flip(1).contiguous()
    vectors = torch.linalg.eigh(directions @ directions.T).eigenvectors[:, -count:].flip(1)
    found = torch.cat([directions.T @ vectors, torch.eye(channels)[:, : count - vectors.shape[1]]], 1)
    return torch.linalg.qr(found).Q.contiguous()


def projected_direction(evidence: Tensor, mean: Tensor, projection: Tensor) -> Tensor:
    """`context_direction(evidence, mean) @ projection`, without making the directions: (..., columns).

    Args:
        evidence: (..., channels). mean: (channels,). projection: (channels, columns).
    """
    both = evidence @ torch.cat([projection, mean[:, None]], 1)
    along = both[..., -1:]
    square = torch.linalg.vector_norm(evidence, dim=-1, keepdim=True).square() - 2 * along + mean.dot(mean)
    return (both[..., :-1] - mean @ projection) * square.clamp_min(1e-12).rsqrt()


def unit_places(units: Tensor, width: int, first_centre: float, stride: float, size: int) -> Tensor:
    """Places (row, column) of units, in fractions of the crop: shape of `units` plus a last axis of 2."""
    row = torch.div(units, width, rounding_mode="floor")
    return (torch.stack([row, units - row * width], -1).float() * stride + first_centre) / size


def grid_places(cells: int) -> Tensor:
    """(cells * cells, 2) centres (row, column) of the context grid, in fractions of the crop."""
    centres = (torch.arange(cells).float() + 0.5) / cells
    return torch.stack(torch.meshgrid(centres, centres, indexing="ij"), -1).reshape(-1, 2)
