"""The slow and obvious E-step, M-step and noise tests of one filter, in float64 with plain loops.

One filter: N patterns, n photos, K peaks, R context numbers. values: (n, K), places: (n, K, 2), expected: (N, n, 2),
contexts: (K, n, R), direction: (N, R) m, log_mean: (N,) log C.
"""

import numpy as np


def assign_peaks(expected, values, places, contexts, learnt, sigma: float, k: float, noise: float, windowed=True):
    """mass (N, n), pull (N, n, 2), seen (N, R), log-likelihood, and of each pattern's best peak score, likeness and
    number, (N, n) each. learnt: direction and log_mean, or None before any context is known."""
    patterns, photos, _ = expected.shape
    mass, pull, likelihood = np.zeros((patterns, photos)), np.zeros((patterns, photos, 2)), 0.0
    seen = np.zeros((patterns, contexts.shape[2]))
    score, likeness, best = np.zeros((patterns, photos)), np.zeros((patterns, photos)), np.zeros((patterns, photos))
    for photo in range(photos):
        pairs = zip(values[photo].astype(float), places[photo].astype(float), strict=True)
        for peak, (value, place) in enumerate(pairs):
            h = contexts[peak, photo].astype(float)
            window = [gauss(place, expected[v, photo], sigma) for v in range(patterns)]
            cosine = [0.0 if learnt is None else float(learnt[0][v] @ h) for v in range(patterns)]
            level = [0.0 if learnt is None else float(learnt[1][v]) for v in range(patterns)]
            tilt = [1.0 if learnt is None else np.exp(k * cosine[v] - level[v]) for v in range(patterns)]
            fits = [w * t for w, t in zip(window, tilt, strict=True)]
            likelihood += value * np.log(sum(fits) + noise)
            for v in range(patterns):
                weight = fits[v] / (sum(fits) + noise) * value * (window[v] if windowed else 1)
                if weight > 0:
                    mass[v, photo] += weight
                    pull[v, photo] += weight * (place - expected[v, photo])
                seen[v] += weight * h * (window[v] if learnt is None and not windowed else 1)
                here = weight * np.exp(k * (cosine[v] - 1))
                if here > score[v, photo]:
                    score[v, photo], likeness[v, photo], best[v, photo] = here, cosine[v], peak
    return mass, pull, seen, likelihood, score, likeness, best


def learn_contexts(seen, values, contexts, k: float):
    """direction (N, R) and log_mean (N,): over the peaks that there are."""
    direction = np.array([row / max(np.sqrt((row**2).sum()), 1e-12) for row in seen.astype(float)])
    there = [(peak, photo) for photo, peak in np.ndindex(*values.shape) if values[photo, peak] > 0]
    means = [np.mean([np.exp(k * (m @ contexts[i])) for i in there]) if there else 1e-6 for m in direction]
    return direction, np.log(means)


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


def even_control(place, learnt, backdrop, values, sigma: float, k: float, noise: float, cells: int):
    """What peaks spread evenly over a grid of cells would give, with the contexts that these places have on some
    photos: (N, n) mean, (N,) deviation of the sum over photos. backdrop: (cells * cells, photos, R)."""
    photos = backdrop.shape[1]
    shares = np.zeros((len(place), cells, cells, photos))
    for i, j, photo in np.ndindex(cells, cells, photos):
        spot = np.array([(i + 0.5) / cells, (j + 0.5) / cells])
        window = [gauss(spot, place[v], sigma) for v in range(len(place))]
        h = backdrop[i * cells + j, photo]
        fits = [w * np.exp(k * (learnt[0][v] @ h) - learnt[1][v]) for v, w in enumerate(window)]
        for v in range(len(place)):
            shares[v, i, j, photo] = fits[v] * window[v] / (sum(fits) + noise)
    mean = np.array([[share.mean() * values[photo].sum() for photo in range(len(values))] for share in shares])
    return mean, np.array([np.sqrt(sum(value**2 * share.var() for value in values.ravel())) for share in shares])


def find_noise(place, direction, mass, control, least, unit: float, firing: float, fewest: float, alike: float):
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
        near = [other for other in stay if np.sqrt(((place[v] - place[other]) ** 2).sum()) < unit / 2]
        if any(direction[v] @ direction[other] > alike for other in near):
            twins.add(v)
        else:
            stay.append(v)
    return even, rare, twins
