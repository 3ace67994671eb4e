"""The slow and obvious way to parents and edges: every pair on its own, in float64."""

import numpy as np


def correlation(places: np.ndarray, mass: np.ndarray, theirs: np.ndarray) -> float:
    """Correlation of a pattern's displacements with a candidate's, photos weighted by the pattern's evidence.

    places: (n, 2), mass: (n,), theirs: (n, 2) displacements.
    """
    total = max(float(mass.sum()), 1e-9)
    mean = sum(mass[i] / total * places[i] for i in range(len(mass)))
    cross = own = other = 0.0
    for i in range(len(mass)):
        share, u = mass[i] / total, places[i] - mean
        cross += share * (u @ theirs[i])
        own += share * (u @ u)
        other += share * (theirs[i] @ theirs[i])
    return cross / np.sqrt(max(own * other, 1e-12))


def choose_parents(places, mass, candidates, count: int, ridge: float, few: float, still: float):
    """One pattern's parents: [(candidate, weight)], best first, and the gain."""
    scores = [correlation(places, mass, candidate) for candidate in candidates]
    best = sorted(range(len(candidates)), key=lambda c: -scores[c])[:count]
    total = max(float(mass.sum()), 1e-9)
    mean = sum(mass[i] / total * places[i] for i in range(len(mass)))
    products, follows = np.zeros((len(best), len(best))), np.zeros(len(best))
    for i in range(len(mass)):
        for row, p in enumerate(best):
            follows[row] += mass[i] / total * (candidates[p][i] @ (places[i] - mean))
            for column, q in enumerate(best):
                products[row, column] += mass[i] / total * (candidates[p][i] @ candidates[q][i])
    penalty = (ridge + few * len(best) / len(mass)) * np.trace(products) / len(best) + still
    coefficients = np.linalg.inv(products + penalty * np.eye(len(best))) @ follows
    gain = np.abs(coefficients).sum()
    return [(c, b / max(gain, 1e-9)) for c, b in zip(best, coefficients, strict=True)], gain


def link(places, mass, fires, upper_places, upper_mass, upper_fires, count: int, smallest: float) -> dict:
    """All edges {(lower, upper): (strength, lift, support, dy, dx, sigma)}, by looking at every pair."""
    photos, edges = mass.shape[1], {}
    for low in range(len(places)):
        pairs = []
        for up in range(len(upper_places)):
            together = score_correlation(mass[low], upper_mass[up])
            moves = correlation(places[low], mass[low], upper_places[up] - upper_places[up].mean(0))
            pairs.append((max(moves, 0.0) * max(together, 0.0), together, up))
        for affinity, together, up in sorted(pairs, key=lambda pair: -pair[0])[:count]:
            if affinity > smallest:
                both = [i for i in range(photos) if fires[low, i] and upper_fires[up, i]]
                chance = fires[low].sum() * upper_fires[up].sum() / photos
                looked_at = both or range(photos)
                apart = np.array([places[low, i] - upper_places[up, i] for i in looked_at])
                sigma = np.sqrt(((apart - apart.mean(0)) ** 2).sum(1).mean())
                lift = len(both) / chance if chance else 0.0
                edges[low, up] = (together, lift, len(both), *apart.mean(0), sigma)
    return edges


def score_correlation(a: np.ndarray, b: np.ndarray) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
