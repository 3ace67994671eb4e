"""A pool with a planted part: objects whose evidence, pose and patterns follow places that are known."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import torch

from egraph.aog.learn import LabelSets
from egraph.aog.pool import Pool, Stance
from egraph.mining.graph_tables import MinedGraph
from egraph.responses.evidence import grid_places

CELLS = 14
FILTERS = 60
OWN = 6
"""Filters that the part alone sets off."""


def plant_part(
    objects: int = 60, seed: int = 0, noise: float = 0.35, turning: float | None = None
) -> tuple[Pool, torch.Tensor]:
    """A pool, and where the part is on each of its objects: (n, 2).

    The part moves with the pose along both axes. The first filters fire on it, the others anywhere; each filter has two
    patterns, one of which follows the part at a fixed distance, the other stands in a corner. With `turning` the part
    looks otherwise in every pose: each of its filters fires where the pose's first number is within about so much of
    the filter's own.
    """
    random = torch.Generator().manual_seed(seed)
    pose = torch.nn.functional.normalize(torch.randn(objects, 4, generator=random), dim=1)
    truth = 0.5 + 0.25 * pose[:, :2]
    grid = grid_places(CELLS)
    near = torch.exp(-(truth[:, None] - grid).square().sum(2) / (2 * 0.06**2))
    evidence = noise * torch.rand(objects, CELLS**2, FILTERS, generator=random)
    tuned = torch.linspace(-0.9, 0.9, OWN)
    shown = 1.0 if turning is None else torch.exp(-(pose[:, None, :1] - tuned).square() / (2 * turning**2))
    evidence[..., :OWN] += near[..., None] * shown
    evidence = torch.nn.functional.normalize(evidence, dim=2)
    following = torch.zeros(4, 2)
    following[:2] = 0.25 * torch.eye(2)
    mean = torch.stack([0.5 + 0.05 * torch.randn(FILTERS, 2, generator=random), torch.full((FILTERS, 2), 0.05)], 1)
    loadings = torch.stack([following.expand(FILTERS, -1, -1), torch.zeros(FILTERS, 4, 2)], 1)
    blind = Stance(torch.zeros_like(pose), torch.zeros_like(pose))
    pool = Pool(
        graph=planted_graph(objects),
        rows=np.arange(objects),
        grid=grid,
        evidence=lambda: iter(evidence.split(16)),
        evidence_mean=evidence.mean((0, 1)),
        evidence_deviation=evidence.std((0, 1)),
        stance=Stance(pose, pose),
        expected=blind,
        mined_numbers=pose,
        layers=("only",),
        column=torch.arange(FILTERS).repeat_interleave(2),
        mean_place=mean.flatten(0, 1),
        loadings=loadings.flatten(0, 1),
        fires=torch.rand(2 * FILTERS, objects, generator=random) < 0.5,
        wholeness=torch.zeros(objects),
        sightings=lambda: iter(()),
    )
    return pool, truth


def planted_graph(objects: int) -> MinedGraph:
    """As much of a graph as a pool looks at: names of objects and patterns, and edges."""
    filters, numbers = np.repeat(np.arange(FILTERS), 2), np.tile([1, 2], FILTERS)
    table = SimpleNamespace(filter=filters, number=numbers)
    named = [SimpleNamespace(id=str(row)) for row in range(objects)]
    graph = SimpleNamespace(objects=named, patterns={"only": table}, co_activations=[], displacements=[], seed=0)
    return cast(MinedGraph, graph)


def labelled(truth: torch.Tensor, rows: list[list[int]]) -> LabelSets:
    """The true places of some objects as labels."""
    index = torch.tensor(rows)
    return LabelSets(index, truth[index])


def without_evidence(pool: Pool) -> Pool:
    """The same pool where no filter sees anything of the part."""
    flat = torch.full_like(torch.cat(list(pool.evidence())), 1.0)
    flat = flat + 1e-3 * torch.rand(flat.shape, generator=torch.Generator().manual_seed(1))
    return replace(pool, evidence=lambda: iter(flat.split(16)), evidence_mean=flat.mean((0, 1)))
