"""The slow and obvious way for whole photos: anchors, orientation, pose. float64, plain loops."""

import numpy as np


def anchor_posterior(scores, mean, deviation, place_map, weight: float, floor: float, temperature: float, share):
    """posterior (A, n, u), peak (A, n). `share`: floor of the competition, or None without competition."""
    anchors, photos, places = scores.shape
    first, peak = np.zeros(scores.shape), np.zeros((anchors, photos))
    for a, i in np.ndindex(anchors, photos):
        energy = [
            (scores[a, i, x] - mean[a]) / deviation[a] + weight * np.log((1 - floor) * places * place_map[a, x] + floor)
            for x in range(places)
        ]
        peak[a, i] = max(energy)
        first[a, i] = np.exp((np.array(energy) - max(energy)) / temperature)
        first[a, i] /= first[a, i].sum()
    if share is None:
        return first, peak
    found = np.zeros(scores.shape)
    for a, i in np.ndindex(anchors, photos):
        for x in range(places):
            found[a, i, x] = first[a, i, x] ** 2 / (first[:, i, x].sum() + share)
        found[a, i] /= max(found[a, i].sum(), 1e-9)
    return found, peak


def start_anchors(context, grid, start, blur: float, spread: float):
    """First templates (A, c) and place maps (A, u). context: (n, u, c)."""
    mean = context.mean(0)
    mean = mean - mean.mean(0)
    templates, maps = np.zeros((len(start), context.shape[2])), np.zeros((len(start), len(grid)))
    for a, here in enumerate(start):
        near = np.array([gauss(here, x, blur) for x in grid])
        template = (near / near.sum()) @ mean
        templates[a] = template / max(np.sqrt(template @ template), 1e-12)
        wide = np.array([gauss(here, x, spread) for x in grid])
        maps[a] = wide / wide.sum()
    return templates, maps


def update_anchors(context, grid, posterior, peak, blur: float):
    """M-step: templates and place maps from the half of the photos with the larger peak."""
    anchors, photos, places = posterior.shape
    templates, maps = np.zeros((anchors, context.shape[2])), np.zeros((anchors, places))
    kernel = np.array([[gauss(x, y, blur) for y in grid] for x in grid])
    kernel /= kernel.sum(1, keepdims=True)
    for a in range(anchors):
        median = sorted(peak[a])[(photos - 1) // 2]
        total = np.zeros(context.shape[2])
        for i in range(photos):
            if peak[a, i] >= median:
                maps[a] += posterior[a, i]
                total += sum(posterior[a, i, x] * context[i, x] for x in range(places))
        templates[a] = total / max(np.sqrt(total @ total), 1e-12)
        maps[a] = maps[a] / maps[a].sum() @ kernel
    return templates, maps


def gauss(a, b, sigma: float) -> float:
    return float(np.exp(-((np.asarray(a) - np.asarray(b)) ** 2).sum() / (2 * sigma**2)))


def view_similarity(views: np.ndarray) -> np.ndarray:
    """Cosines of all views about their mean. views: (photos, 2, cells, channels)."""
    flat = views.astype(float).reshape(views.shape[0] * 2, -1)
    flat = flat - flat.mean(0)
    found = np.zeros((len(flat), len(flat)))
    for a, b in np.ndindex(*found.shape):
        found[a, b] = flat[a] @ flat[b] / (np.sqrt(flat[a] @ flat[a]) * np.sqrt(flat[b] @ flat[b]))
    return found


def solve_orientation(similarity: np.ndarray, neighbours: int, steps: int, sharpness: float) -> np.ndarray:
    count = len(similarity) // 2
    same, flip = np.zeros((count, count)), np.zeros((count, count))
    for i, j in np.ndindex(count, count):
        same[i, j] = (similarity[2 * i, 2 * j] + similarity[2 * i + 1, 2 * j + 1]) / 2
        flip[i, j] = (similarity[2 * i, 2 * j + 1] + similarity[2 * i + 1, 2 * j]) / 2
    signed = np.zeros((count, count))
    for i in range(count):
        others = sorted((j for j in range(count) if j != i), key=lambda j: -max(same[i, j], flip[i, j]))
        for j in others[:neighbours]:
            signed[i, j] = same[i, j] - flip[i, j]
            signed[j, i] = same[j, i] - flip[j, i]
    degree = np.abs(signed).sum(1)
    graph = signed / np.sqrt(np.outer(degree, degree))
    vector = np.linalg.eigh(graph)[1][:, -1] * np.sqrt(count)
    for _ in range(steps):
        field = graph @ vector
        vector = np.tanh(sharpness * field / field.std())
    return -vector if (vector > 0).sum() * 2 > count else vector


def find_pose(displacements: np.ndarray, numbers: int):
    """loadings (P, r, 2), vectors (n, r): singular vectors of the unit displacements. displacements: (P, n, 2)."""
    patterns, photos, _ = displacements.shape
    units = np.array([displacements[:, i].ravel() / np.linalg.norm(displacements[:, i]) for i in range(photos)])
    left, size, right = np.linalg.svd(units, full_matrices=False)
    kept = min(numbers, photos)
    return right[:kept].T.reshape(patterns, 2, kept).transpose(0, 2, 1), left[:, :kept] * size[:kept]


def placed_by_pose(displacements: np.ndarray, vectors: np.ndarray, lengths: np.ndarray, numbers: int):
    """loadings (P, s, 2) and displacements (P, n, 2) that the leading numbers of the pose tell: a regression without
    constant for each pattern and axis, of unit displacements on pose vectors."""
    leading = vectors[:, :numbers]
    loadings, told = np.zeros((len(displacements), leading.shape[1], 2)), np.zeros_like(displacements)
    for p, axis in np.ndindex(len(displacements), 2):
        loadings[p, :, axis] = np.linalg.lstsq(leading, displacements[p, :, axis] / lengths, rcond=None)[0]
        for i, z in enumerate(leading):
            told[p, i, axis] = lengths[i] * (loadings[p, :, axis] @ z)
    return loadings, told


def orientation_weights(canonical, other, confidence, ridge: float, floor: float, least: float) -> np.ndarray:
    """Weighted ridge regression to 1 over the patterns, by its normal equations. canonical, other: (P, n)."""
    ratio = np.log(canonical + floor) - np.log(other + floor)
    patterns, photos = ratio.shape
    sure = np.maximum(np.abs(confidence), least)
    scale = np.mean([ratio[:, i] @ ratio[:, i] for i in range(photos)])
    left, right = ridge * scale * np.eye(patterns), np.zeros(patterns)
    for i in range(photos):
        left += sure[i] / sure.mean() * np.outer(ratio[:, i], ratio[:, i])
        right += sure[i] / sure.mean() * ratio[:, i]
    return np.linalg.solve(left, right)
