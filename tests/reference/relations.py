"""The slow and obvious way to parents and edges: every pair on its own, in float64."""

import numpy as np
from scipy.stats import hypergeom, norm


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


def link(places, mass, fires, upper_places, upper_mass, upper_fires, reach: float, count: int, rate: float) -> dict:
    """All edges {(lower, upper): (strength, lift, support, dy, dx, sigma)}, by looking at every pair."""
    photos, edges = mass.shape[1], {}
    squeezed = [np.log1p(m / max(m.mean(), 1e-9)) for m in mass]
    upper_squeezed = [np.log1p(m / max(m.mean(), 1e-9)) for m in upper_mass]
    side = max(1, round(1 / reach))
    cells = [tuple(np.clip((p.mean(0) * side).astype(int), 0, side - 1)) for p in upper_places]
    for low in range(len(places)):
        correlations = [score_correlation(squeezed[low], other) for other in upper_squeezed]
        pairs = []
        for up in range(len(upper_places)):
            if np.linalg.norm(places[low].mean(0) - upper_places[up].mean(0)) > reach:
                continue
            one, other = int(fires[low].sum()), int(upper_fires[up].sum())
            together = int((fires[low] & upper_fires[up]).sum())
            deviation = float(hypergeom(photos, one, other).std())
            often = (together - one * other / photos - 0.5) / deviation if deviation else 0.0
            others = [q for q in range(len(cells)) if cells[q] == cells[up] and q != up]
            by_place = 0.0
            if len(others) > 1:
                among = [
                    score_correlation(upper_squeezed[a], upper_squeezed[b]) for a in others for b in others if a != b
                ]
                theirs = [score_correlation(upper_squeezed[up], upper_squeezed[q]) for q in others]
                by_place = np.mean([correlations[q] for q in others]) * np.mean(theirs) / max(np.mean(among), 0.01)
            strong, explained = (
                np.arctanh(np.clip(r, -1 + 1e-6, 1 - 1e-6)) * np.sqrt(max(photos - 3, 0))
                for r in (correlations[up], by_place)
            )
            pairs.append((min(often, strong, strong - explained) + 1e-4 * strong, up))
        pairs.sort(key=lambda pair: -pair[0])
        holds = [k for k, (z, _) in enumerate(pairs[:count], start=1) if norm.sf(z) <= rate * k / len(pairs)]
        for _, up in pairs[: max(holds, default=0)]:
            both = [i for i in range(photos) if fires[low, i] and upper_fires[up, i]]
            apart = np.array([places[low, i] - upper_places[up, i] for i in both])
            sigma = np.sqrt(((apart - apart.mean(0)) ** 2).sum(1).mean())
            lift = len(both) / (fires[low].sum() * upper_fires[up].sum() / photos)
            strength = score_correlation(mass[low], upper_mass[up])
            edges[low, up] = (strength, lift, len(both), *apart.mean(0), sigma)
    return edges


def score_correlation(a: np.ndarray, b: np.ndarray) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
