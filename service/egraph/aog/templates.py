"""The OR over poses: objects of alike pose share a template, which says how the part stands to its patterns."""

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor

from egraph.aog.energy import bumps
from egraph.aog.learn import LearntPart
from egraph.aog.model import Template
from egraph.aog.pool import Pool

POSES = 8
FEWEST_OBJECTS = 12
"""Objects to a template, on average, below which there are fewer templates."""


def group_poses(pose: Tensor, seed: int) -> np.ndarray:
    """Objects by pose, k-means on the unit pose vectors: (n, r) gives (n,) numbers from 0, the largest group first."""
    count = max(1, min(POSES, len(pose) // FEWEST_OBJECTS))
    direction = torch.nn.functional.normalize(pose, dim=1).numpy()
    groups = KMeans(count, n_init=4, random_state=seed).fit_predict(direction)
    order = np.argsort(-np.bincount(groups, minlength=count), kind="stable")
    return np.argsort(order)[groups]


def describe_templates(
    pool: Pool, learnt: LearntPart, patterns: Tensor, columns: Tensor, groups: np.ndarray, box: np.ndarray
) -> list[Template]:
    """What each group of objects says about the part, of the first label set.

    Args:
        patterns: (S,) rows of the pool's patterns. columns: (S,) their filters. groups: (n,). box: (2,).
    """
    parse, trust = learnt.places[0], learnt.trust[0]
    here = bumps(parse, pool.grid, 0.5 / len(pool.grid) ** 0.5)
    evidence = torch.cat([torch.einsum("nu,nuf->nf", maps, block[..., columns]) for maps, block in _blocks(here, pool)])
    shown = evidence * learnt.weights[0, columns]
    templates = []
    for group in range(groups.max() + 1):
        rows = torch.from_numpy(np.flatnonzero(groups == group))
        share = trust[rows] / trust[rows].sum()
        apart = parse[rows] - pool.places[patterns][:, rows]
        mean = (share[:, None] * apart).sum(1)
        spread = ((apart - mean[:, None]).square().sum(2) @ share).sqrt()
        strength = share @ shown[rows]
        templates.append(
            Template(
                pose=pool.pose[rows].mean(0).numpy(),
                box=box,
                objects=len(rows),
                displacement=mean.numpy(),
                sigma=spread.numpy(),
                strength=(strength / strength.sum().clamp_min(1e-12)).numpy(),
            )
        )
    return templates


def _blocks(maps: Tensor, pool: Pool):
    start = 0
    for block in pool.evidence():
        yield maps[start : start + len(block)], block
        start += len(block)
