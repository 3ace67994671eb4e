"""Carrying a label over by likeness, the slow and obvious way: one label, one object, one pair of units at a time."""

import math

import numpy as np


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of two vectors (F,)."""
    return float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))


def mutual_distance(alike: np.ndarray) -> float:
    """1 - cosine, mean over the pairs (s, t) of units that are each other's nearest."""
    distances = []
    for s in range(alike.shape[0]):
        t = max(range(alike.shape[1]), key=lambda t: alike[s, t])
        if max(range(alike.shape[0]), key=lambda other: alike[other, t]) == s:
            distances.append(1 - alike[s, t])
    return sum(distances) / len(distances)


def carry(source: np.ndarray, place: np.ndarray, views: np.ndarray, cells: int) -> np.ndarray:
    """Where a label (2,) of one photo (u, F) is on an object whose two views (2, u, F) are given: (2,)."""
    grid = [((i + 0.5) / cells, (j + 0.5) / cells) for i in range(cells) for j in range(cells)]
    unit = min(range(len(grid)), key=lambda u: math.dist(grid[u], place))
    alike = [np.array([[cosine(a, b) for b in view] for a in source]) for view in views]
    view = 0 if mutual_distance(alike[0]) <= mutual_distance(alike[1]) else 1
    row = alike[view][unit]
    peak = int(row.argmax())
    weights = []
    for u in range(len(grid)):
        rows, columns = abs(u // cells - peak // cells), abs(u % cells - peak % cells)
        weights.append(math.exp((row[u] - row[peak]) / 0.05) if rows <= 2 and columns <= 2 else 0.0)
    found = sum(w * np.array(g) for w, g in zip(weights, grid, strict=True)) / sum(weights)
    return np.array([found[0], 1 - found[1] if view == 1 else found[1]])
