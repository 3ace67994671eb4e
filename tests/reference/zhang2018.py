"""The slow and obvious steps of the model of 2018, in float64 with plain loops, for one filter.

N patterns, n photos, K units, C candidates. parents: for every pattern a list of candidates.
"""

import itertools

import numpy as np


def gauss(x: np.ndarray, mean: np.ndarray, width: float) -> float:
    """The density of a Gaussian in the plane."""
    return float(np.exp(-((x - mean) ** 2).sum() / (2 * width**2)) / (2 * np.pi * width**2))


def density(x, place, parents, displacement, widths, photo: int, start_width: float) -> float:
    """P(x | V): the product over the parents of Normal(x; mu + u_P, sigma_P^2)^(1 / M)."""
    if not parents:
        return gauss(x, place, start_width)
    each = [gauss(x, place + displacement[p, photo], widths[p]) ** (1 / len(parents)) for p in parents]
    return float(np.prod(each))


def expected(place, parents, displacement, widths, photo: int) -> np.ndarray:
    """Where the product of the parents' Gaussians is largest."""
    if not parents:
        return place
    precision = np.array([widths[p] ** -2.0 for p in parents])
    return place + sum(w * displacement[p, photo] for w, p in zip(precision, parents, strict=True)) / precision.sum()


def width(parents, widths, start_width: float) -> float:
    """Deviation of that product."""
    return np.mean([widths[p] ** -2.0 for p in parents]) ** -0.5 if parents else start_width


def noise(places, parents, displacement, widths, reach, start_width: float, share: float) -> float:
    """tau: a share of the patterns' mean density, summed over a 6 x 6 grid within reach, where the parents agree."""
    still = np.zeros_like(displacement)
    total = 0.0
    for v, place in enumerate(places):
        steps = [reach[v] * (2 * j - 5) / 6 for j in range(6)]
        for dy, dx in itertools.product(steps, steps):
            total += density(place + np.array([dy, dx]), place, parents[v], still, widths, 0, start_width)
    return share * total / len(places)


def place_units(places, parents, displacement, widths, reach, values, units, tau: float, start_width: float):
    """places (N, n, 2), score (N, n), mass (N, n), pull (N, n, 2), log-likelihood (n,)."""
    patterns, photos = len(places), len(values)
    best = np.zeros((patterns, photos, 2))
    score, mass, pull = np.zeros((patterns, photos)), np.zeros((patterns, photos)), np.zeros((patterns, photos, 2))
    likelihood = np.zeros(photos)
    for photo in range(photos):
        centre = [expected(places[v], parents[v], displacement, widths, photo) for v in range(patterns)]
        strongest = [0.0] * patterns
        for v in range(patterns):
            best[v, photo] = centre[v]
        for value, x in zip(values[photo], units[photo], strict=True):
            found = [
                density(x, places[v], parents[v], displacement, widths, photo, start_width)
                if (np.abs(x - centre[v]) <= reach[v]).all()
                else 0.0
                for v in range(patterns)
            ]
            likelihood[photo] += value * np.log(sum(found) + tau)
            for v in range(patterns):
                weight = found[v] / (sum(found) + tau) * value
                mass[v, photo] += weight
                pull[v, photo] += weight * (x - centre[v])
                score[v, photo] += found[v] * value
                if found[v] * value > strongest[v]:
                    strongest[v], best[v, photo] = found[v] * value, x
    return best, score, mass, pull, likelihood


def choose_parents(places, score, displacement, count: int) -> list[int]:
    """The candidates with the most alike displacement vectors, best first, for one pattern (n, 2), (n,)."""
    moved = places - places.mean(0)
    square = ((moved - displacement) ** 2).sum(2)
    alike = [(score * np.exp(-one / (2 * square.mean()))).sum() for one in square]
    return list(np.argsort(-np.array(alike), kind="stable")[:count])
