"""From activations to evidence: what a unit's value says about the thing that its filter reacts to.

An activation is first compared with its own filter's habit (mean and standard deviation over the category), then with
the other filters at the same place: filters compete for a unit. Shapes: maps are (photos, channels, height, width).
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.network.layer import LayerGeometry

COMPETITION_FLOOR = 0.3
"""Added to the root mean square over the filters, in standard deviations: keeps quiet places quiet."""

SMALLEST_DEVIATION = 1e-4
"""In activation units; a filter that hardly varies divides by this."""

RESOLUTION = 2.0**-10
"""Of half floats, in which the sample is kept: a filter that varies by a smaller share of its mean is constant."""

SILENT_DEVIATION = 1e30
"""That of a constant filter: nothing stands above its habit, whatever the rounding of its mean."""

SUPPRESSION_WIDTH = 13
"""From this map width on, only local maxima count as peaks; on coarser maps every unit is a place of its own."""

SMALLEST_LENGTH = 1e-12
"""Evidence that is shorter is none."""


class ContextLayer(NamedTuple):
    """A layer, ready to be read on the grid. maps: (photos, channels, height, width) evidence, some or all of the
    layer's channels. lengths: (photos, cells * cells) from `context_lengths` of all of them. axes: `context_axes`."""

    maps: Tensor
    lengths: Tensor
    axes: tuple[Tensor, Tensor]


def filter_statistics(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every filter over photos and units, both (channels,).

    NaN and infinite activations count as zero. A filter that always gives the same value has the standard deviation
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
    normalised: Tensor = evidence / (rms + COMPETITION_FLOOR)
    return normalised


def strongest_peaks(evidence: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` strongest peaks of every map; equal neighbours may count as one.

    Returns:
        values: (photos, channels, count), falling, 0 where a map has fewer peaks.
        units: (photos, channels, count) int64, row * width + column.
    """
    if evidence.shape[-1] >= SUPPRESSION_WIDTH:
        peaks = evidence * (_largest_around(evidence) == evidence)
        # no two of four units that touch are both a peak: a quarter of the numbers is left to be sorted
        best, place = F.max_pool2d(peaks, 2, ceil_mode=True, return_indices=True)
        values, units = best.flatten(2), place.flatten(2)
    else:
        values, units = evidence.flatten(2), None
    found = min(count, values.shape[2])
    values, chosen = values.topk(found, dim=2)
    units = chosen if units is None else units.gather(2, chosen)
    if found < count:
        values, units = F.pad(values, (0, count - found)), F.pad(units, (0, count - found))
    return values, units


def _largest_around(evidence: Tensor) -> Tensor:
    """Largest of the 3 x 3 units around each: same shape as `evidence`, which is at least 0.

    Faster than a pooling, which also notes where it is.
    """
    across = F.pad(evidence.permute(0, 2, 3, 1), (0, 0, 1, 1)).unfold(2, 3, 1).amax(-1)
    return F.pad(across, (0, 0, 0, 0, 1, 1)).unfold(1, 3, 1).amax(-1).permute(0, 3, 1, 2)


@cache
def context_axes(
    layer: LayerGeometry, size: int, cells: int, device: torch.device | None = None
) -> tuple[Tensor, Tensor]:
    """Read a map on a cells x cells grid over the crop, by where its units look: (cells, height) and (cells, width).

    Bilinear between units, constant beyond the outermost ones, then the mean over 3 x 3 cells: a soft OR over the
    cells to which a pattern may shift. All this is the same along each axis, whatever stands on the other one. `size`
    is the crop's, in pixels.
    """
    smooth = torch.eye(cells) + torch.eye(cells).roll(1, 0).tril(-1) + torch.eye(cells).roll(-1, 0).triu(1)
    smooth = smooth / smooth.sum(1, keepdim=True)
    rows = smooth @ _interpolation(layer.height, layer.first_centre, layer.stride, size, cells)
    columns = smooth @ _interpolation(layer.width, layer.first_centre, layer.stride, size, cells)
    return rows.to(device), columns.to(device)


def read_grid(maps: Tensor, axes: tuple[Tensor, Tensor]) -> Tensor:
    """Maps (photos, channels, height, width) on the grid of `context_axes`: (photos, cells * cells, channels)."""
    rows, columns = axes
    read = columns @ maps.permute(0, 2, 3, 1)
    cells: Tensor = (rows @ read.flatten(2)).unflatten(2, read.shape[2:]).flatten(1, 2)
    return cells


def _interpolation(units: int, first_centre: float, stride: float, size: int, cells: int) -> Tensor:
    """(cells, units) weights that read a row of units at the centres of the cells."""
    centres = (torch.arange(cells, dtype=torch.float64) + 0.5) * (size / cells)
    place = ((centres - first_centre) / stride).clamp(0, units - 1)
    distance = (place[:, None] - torch.arange(units, dtype=torch.float64)).abs()
    return (1 - distance).clamp_min(0).float()


def context_lengths(maps: Tensor, axes: tuple[Tensor, Tensor]) -> Tensor:
    """Length of a layer's evidence over its filters, on the grid: (photos, cells * cells)."""
    length: Tensor = torch.linalg.vector_norm(read_grid(maps, axes), dim=2)
    return length


def context_evidence(layers: Sequence[ContextLayer]) -> Tensor:
    """Normalised evidence of the filters of several layers on one grid.

    Each layer is read on the grid, divided by its length over the layer's filters, and put beside the others.

    Returns:
        (photos, cells * cells, all channels), of length at most 1 along the last axis.
    """
    read = [_normalised(read_grid(layer.maps, layer.axes), layer.lengths) for layer in layers]
    return torch.cat(read, dim=2).div_(len(layers) ** 0.5)


def projected_context(layers: Sequence[ContextLayer], mean: Tensor, projection: Tensor) -> Tensor:
    """`projected_direction(context_evidence(layers), mean, projection)`, without making the evidence.

    Reading the grid and projecting are linear, so that the maps may be projected first, which makes them small.

    Args:
        layers: with all their channels. mean: (all channels,). projection: (all channels, columns).

    Returns:
        (photos, cells * cells, columns)
    """
    onto = torch.cat([projection, mean[:, None]], 1).split([layer.maps.shape[1] for layer in layers])
    read = [
        _normalised(read_grid((layer.maps.permute(0, 2, 3, 1) @ some).permute(0, 3, 1, 2), layer.axes), layer.lengths)
        for layer, some in zip(layers, onto, strict=True)
    ]
    square = torch.stack([layer.lengths > 0 for layer in layers]).float().mean(0)
    return _about_mean(torch.stack(read).sum(0) / len(layers) ** 0.5, square[..., None], mean, projection)


def _normalised(read: Tensor, lengths: Tensor) -> Tensor:
    return read / lengths.clamp_min(SMALLEST_LENGTH)[..., None]


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
        main: Tensor = torch.linalg.eigh(directions.T @ directions).eigenvectors[:, -count:]
        return main.flip(1).contiguous()
    vectors = torch.linalg.eigh(directions @ directions.T).eigenvectors[:, -count:].flip(1)
    found = torch.cat([directions.T @ vectors, torch.eye(channels)[:, : count - vectors.shape[1]]], 1)
    main = torch.linalg.qr(found).Q
    return main.contiguous()


def projected_direction(evidence: Tensor, mean: Tensor, projection: Tensor) -> Tensor:
    """`context_direction(evidence, mean) @ projection`, without making the directions: (..., columns).

    Args:
        evidence: (..., channels). mean: (channels,). projection: (channels, columns).
    """
    both = evidence @ torch.cat([projection, mean[:, None]], 1)
    return _about_mean(both, torch.linalg.vector_norm(evidence, dim=-1, keepdim=True).square(), mean, projection)


def _about_mean(both: Tensor, square: Tensor, mean: Tensor, projection: Tensor) -> Tensor:
    """Projected directions about the mean, from evidence projected onto columns and mean: (..., columns + 1).

    Args:
        square: (..., 1) squared length of the evidence.
    """
    about = square - 2 * both[..., -1:] + mean.dot(mean)
    return (both[..., :-1] - mean @ projection) * about.clamp_min(1e-12).rsqrt()


def unit_places(units: Tensor, width: int, first_centre: float, stride: float, size: int) -> Tensor:
    """Places (row, column) of units, in fractions of the crop: shape of `units` plus a last axis of 2."""
    row = torch.div(units, width, rounding_mode="floor")
    return (torch.stack([row, units - row * width], -1).float() * stride + first_centre) / size


def grid_places(cells: int) -> Tensor:
    """(cells * cells, 2) centres (row, column) of the context grid, in fractions of the crop."""
    centres = (torch.arange(cells).float() + 0.5) / cells
    return torch.stack(torch.meshgrid(centres, centres, indexing="ij"), -1).reshape(-1, 2)
