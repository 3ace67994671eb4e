"""The slow and obvious E-step, M-step and noise tests of one filter, in float64 with plain loops.

One filter: N patterns, n photos, K peaks. values: (n, K), places: (n, K, 2), expected: (N, n, 2).
"""

import numpy as np


def assign_peaks(
    expected: np.ndarray, values: np.ndarray, places: np.ndarray, sigma: float, noise: float, windowed=True
):
    """mass (N, n), pull (N, n, 2), log-likelihood."""
    patterns, photos, _ = expected.shape
    mass, pull, likelihood = np.zeros((patterns, photos)), np.zeros((patterns, photos, 2)), 0.0
    for photo in range(photos):
        for value, place in zip(values[photo].astype(float), places[photo].astype(float), strict=True):
            window = [gauss(place, expected[v, photo], sigma) for v in range(patterns)]
            likelihood += value * np.log(sum(window) + noise)
            for v in range(patterns):
                weight = window[v] / (sum(window) + noise) * value * (window[v] if windowed else 1)
                if weight > 0:
                    mass[v, photo] += weight
                    pull[v, photo] += weight * (place - expected[v, photo])
    return mass, pull, likelihood


def gauss(a: np.ndarray, b: np.ndarray, sigma: float) -> float:
    return float(np.exp(-(((np.asarray(a, float) - b) ** 2).sum()) / (2 * sigma**2)))


def updated_places(place: np.ndarray, mass: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """Mean of what was won, kept on the crop; a pattern that won nothing stays."""
    found = place.astype(float).copy()
    for v in range(len(place)):
        found[v] += pull[v].sum(0) / max(mass[v].sum(), 1e-6)
    return np.clip(found, 0, 1)


def inferred_places(expected: np.ndarray, mass: np.ndarray, pull: np.ndarray, prior_mass: float) -> np.ndarray:
    found = expected.astype(float).copy()
    for v, photo in np.ndindex(*mass.shape):
        found[v, photo] += pull[v, photo] / (mass[v, photo] + prior_mass)
    return found


def even_control(place: np.ndarray, values: np.ndarray, sigma: float, noise: float, cells: int):
    """What peaks spread evenly over a grid of cells would give: (N, n) mean, (N,) deviation of the sum over photos."""
    shares = np.zeros((len(place), cells, cells))
    for i, j in np.ndindex(cells, cells):
        spot = np.array([(i + 0.5) / cells, (j + 0.5) / cells])
        window = [gauss(spot, place[v], sigma) for v in range(len(place))]
        for v in range(len(place)):
            shares[v, i, j] = window[v] ** 2 / (sum(window) + noise)
    mean = np.array([[share.mean() * values[photo].sum() for photo in range(len(values))] for share in shares])
    return mean, np.array([np.sqrt(sum(value**2 * share.var() for value in values.ravel())) for share in shares])


def find_noise(place, mass, control, least, unit: float, firing: float, fewest: float):
    """Sets of pattern numbers: even, rare, twins. least: (N,), what a pattern must find to be no noise."""
    patterns, photos = mass.shape
    even, rare, twins = set(), set(), set()
    for v in range(patterns):
        if mass[v].sum() <= least[v]:
            even.add(v)
        elif sum(mass[v, i] >= firing * control[v, i] and control[v, i] > 0 for i in range(photos)) < fewest:
            rare.add(v)
    stay: list[int] = []
    for v in sorted(set(range(patterns)) - even - rare, key=lambda v: -mass[v].sum()):
        if any(np.sqrt(((place[v] - place[other]) ** 2).sum()) < unit / 2 for other in stay):
            twins.add(v)
        else:
            stay.append(v)
    return even, rare, twins
