"""The slow and obvious way from activations to evidence, in float64 with plain loops."""

import numpy as np


def unit_evidence(maps: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """relu((a - mean) / deviation); what is not finite counts for nothing. maps: (photos, channels, rows, columns)."""
    found = np.zeros(maps.shape)
    for index in np.ndindex(*maps.shape):
        value = (float(maps[index]) - float(mean[index[1]])) / float(deviation[index[1]])
        found[index] = value if np.isfinite(value) and value > 0 else 0.0
    return found


def compete(evidence: np.ndarray, floor: float) -> np.ndarray:
    found = np.zeros(evidence.shape)
    for photo, _, row, column in np.ndindex(*evidence.shape):
        unit = evidence[photo, :, row, column].astype(np.float64)
        found[photo, :, row, column] = unit / (np.sqrt(np.mean(unit**2)) + floor)
    return found


def strongest_peaks(evidence: np.ndarray, count: int, suppress: bool) -> list[list[list[tuple[float, int]]]]:
    """Per photo and channel at most `count` pairs (value, unit), falling, only those above 0."""
    photos, channels, rows, columns = evidence.shape
    found: list[list[list[tuple[float, int]]]] = []
    for photo in range(photos):
        found.append([])
        for channel in range(channels):
            values = evidence[photo, channel]
            peaks = []
            for row, column in np.ndindex(rows, columns):
                around = values[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
                if values[row, column] > 0 and (not suppress or values[row, column] >= around.max()):
                    peaks.append((float(values[row, column]), row * columns + column))
            found[photo].append(sorted(peaks, key=lambda peak: -peak[0])[:count])
    return found


def read_grid(values: np.ndarray, first_centre: float, stride: float, size: int, cells: int) -> np.ndarray:
    """One map (rows, columns) read at the cells of a grid: bilinear, then the mean of the 3 x 3 cells around."""
    sharp = np.zeros((cells, cells))
    for i, j in np.ndindex(cells, cells):
        sharp[i, j] = bilinear(
            values,
            ((i + 0.5) * size / cells - first_centre) / stride,
            ((j + 0.5) * size / cells - first_centre) / stride,
        )
    soft = np.zeros((cells, cells))
    for i, j in np.ndindex(cells, cells):
        soft[i, j] = sharp[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].mean()
    return soft


def bilinear(values: np.ndarray, row: float, column: float) -> float:
    row, column = min(max(row, 0), values.shape[0] - 1), min(max(column, 0), values.shape[1] - 1)
    top, left = int(row), int(column)
    bottom, right = min(top + 1, values.shape[0] - 1), min(left + 1, values.shape[1] - 1)
    down, across = row - top, column - left
    upper = (1 - across) * values[top, left] + across * values[top, right]
    lower = (1 - across) * values[bottom, left] + across * values[bottom, right]
    return (1 - down) * upper + down * lower


def context_evidence(layers: list[np.ndarray]) -> np.ndarray:
    """layers: maps already read on the grid, (photos, channels, cells, cells); gives (photos, cells², channels)."""
    photos, _, cells, _ = layers[0].shape
    found = np.zeros((photos, cells * cells, sum(layer.shape[1] for layer in layers)))
    for photo, i, j in np.ndindex(photos, cells, cells):
        parts = []
        for layer in layers:
            unit = layer[photo, :, i, j]
            length = np.sqrt((unit**2).sum())
            parts.append(unit / length if length > 0 else unit)
        found[photo, i * cells + j] = np.concatenate(parts) / np.sqrt(len(layers))
    return found


def projected_direction(evidence: np.ndarray, mean: np.ndarray, projection: np.ndarray) -> np.ndarray:
    found = np.zeros((*evidence.shape[:-1], projection.shape[1]))
    for index in np.ndindex(*evidence.shape[:-1]):
        about = evidence[index].astype(np.float64) - mean
        length = np.sqrt((about**2).sum())
        found[index] = (about / length if length > 1e-6 else 0 * about) @ projection
    return found


def unit_place(unit: int, width: int, first_centre: float, stride: float, size: int) -> tuple[float, float]:
    return (unit // width * stride + first_centre) / size, (unit % width * stride + first_centre) / size
