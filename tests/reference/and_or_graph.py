"""What an And-Or graph computes, the slow and obvious way: one label set, one object, one place at a time."""

import math

import numpy as np

FLOOR = 0.1


def gaussian_map(place: np.ndarray, grid: np.ndarray, width: float) -> np.ndarray:
    """A Gaussian about a place (2,) on the grid (u, 2), summing to 1."""
    values = np.array([math.exp(-((place - g) ** 2).sum() / (2 * width**2)) for g in grid])
    return values / max(values.sum(), 1e-12)


def log_map(values: np.ndarray) -> np.ndarray:
    """log of a map (u,) against an even one, a tenth of it even."""
    return np.array([math.log(0.9 * len(values) * v + 0.1) for v in values])


def margin(scores: np.ndarray, grid: np.ndarray) -> float:
    """Mean over objects (n, u) of how much the best place beats the best one more than 44/224 away."""
    found = []
    for row in scores:
        best = int(row.argmax())
        far = [row[u] for u in range(len(grid)) if np.linalg.norm(grid[u] - grid[best]) > 44 / 224]
        found.append(row[best] - max(far))
    return float(np.mean(found))


def expected_distance(place: np.ndarray, energy: np.ndarray, grid: np.ndarray) -> float:
    """Mean (softened) distance from a place (2,) under softmax(energy / 0.75), energy (u,)."""
    posterior = np.exp((energy - energy.max()) / 0.75)
    posterior /= posterior.sum()
    distances = [math.sqrt(((place - g) ** 2).sum() + (5 / 224) ** 2) for g in grid]
    return float(sum(p * d for p, d in zip(posterior, distances, strict=True)))


def median_place(energy: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The place of least expected distance, searched for on a grid that gets finer."""
    axis = np.linspace(0, 1, 21)
    best = min((np.array([r, c]) for r in axis for c in axis), key=lambda p: expected_distance(p, energy, grid))
    for step in (0.02, 0.005):
        around = [best + np.array([r, c]) * step for r in range(-3, 4) for c in range(-3, 4)]
        best = min(around, key=lambda p: expected_distance(p, energy, grid))
    return best


def pose_weights(pose: np.ndarray, others: np.ndarray, same: int) -> np.ndarray:
    """Weights (o,) of the twelve nearest other objects, by dot product."""
    likeness = {o: float(pose @ others[o]) for o in range(len(others)) if o != same}
    nearest = sorted(likeness, key=likeness.__getitem__, reverse=True)[:12]
    shares = np.array([math.exp(likeness[o] / 0.05) for o in nearest])
    weights = np.zeros(len(others))
    weights[nearest] = shares / shares.sum()
    return weights


def read_bilinear(map_: np.ndarray, row: float, column: float) -> float:
    """A map (cells, cells) at a place counted in cells; the border goes on."""
    cells = len(map_)
    row, column = min(max(row, 0.0), cells - 1.0), min(max(column, 0.0), cells - 1.0)
    top, left = min(int(row), cells - 2), min(int(column), cells - 2)
    down, right = row - top, column - left
    return float(
        (1 - down) * (1 - right) * map_[top, left]
        + (1 - down) * right * map_[top, left + 1]
        + down * (1 - right) * map_[top + 1, left]
        + down * right * map_[top + 1, left + 1]
    )


def vote(
    place: np.ndarray,
    evidence: np.ndarray,
    mean_evidence: float,
    weight: np.ndarray,
    displacement: np.ndarray,
    response: np.ndarray,
    standing: np.ndarray,
    exemplars: list[tuple[float, int, np.ndarray]],
    score_deviation: float,
    place_weight: float,
    saturation: float,
    width: float,
) -> float:
    """What one pattern says for a place (2,) of one object.

    Args:
        evidence: (cells, cells) of its filter. weight (T,), displacement (T, 2), response (T, 2): of each template.
            standing: (2,) where it stands. exemplars: share, template and residual (2,) of each that speaks.
    """
    cells = len(evidence)
    seen = support = heavy = 0.0
    for share, template, residual in exemplars:
        shift = displacement[template] - response[template]
        row, column = (place - shift) * cells - 0.5
        read = read_bilinear(evidence, row, column)
        seen += share * weight[template] * (read - mean_evidence) / score_deviation
        heavy += share * weight[template]
        if weight[template]:
            off = place - (standing + displacement[template] + residual)
            support += share * math.exp(-float(off @ off) / (2 * width**2))
    return seen + place_weight * heavy * math.log(1 + saturation * support) / math.log(1 + saturation)


def closest_patterns(
    patterns: np.ndarray, column: np.ndarray, asked: np.ndarray, places: np.ndarray, counts: np.ndarray, filters: int
) -> list[int]:
    """For each filter the asked pattern (P, n, 2) with the least weighted mean square distance to places (n, 2)."""
    rows = []
    for filter_ in range(filters):
        found = {
            p: sum(w * ((places[i] - patterns[p, i]) ** 2).sum() for i, w in enumerate(counts)) / counts.sum()
            for p in range(len(patterns))
            if column[p] == filter_ and asked[p]
        }
        rows.append(min(found, key=found.__getitem__) if found else -1)
    return rows


def part_weights(appearance: np.ndarray, mean: np.ndarray, deviation: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Weights (F,) of the best tenth of the filters, of length 1."""
    excess = np.array(
        [
            max(0.0, 0.6 * a - m) / math.sqrt(d) * ok
            for a, m, d, ok in zip(appearance, mean, deviation, allowed, strict=True)
        ]
    )
    least = sorted(excess, reverse=True)[max(1, len(excess) // 10) - 1]
    kept = np.where(excess >= least, excess, 0.0)
    return kept / max(np.linalg.norm(kept), 1e-12)
