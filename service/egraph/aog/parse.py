"""Laying a learnt part over objects: the same sum of terms as in learning, with everything learnt held fixed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from egraph.aog.energy import bumps, energy, median_place
from egraph.aog.learn import ALL_TERMS, LearntPart, Terms, nearest_units
from egraph.aog.model import AndOrGraph
from egraph.aog.neighbours import neighbour_map, pose_weights
from egraph.aog.pool import Pool
from egraph.mining.graph_tables import MinedGraph
from egraph.responses.evidence import grid_places

FOUND_WIDTH = 20 / 224
FOUND_BLUR = 16 / 224


@dataclass(frozen=True)
class Parse:
    """A part on n objects. places: (n, 2) canonical. score: (n,) standardised appearance there. shares: (n, S) of the
    patterns in it. alike: (n, o) how much each known object told."""

    places: Tensor
    score: Tensor
    shares: Tensor
    alike: Tensor


@dataclass(frozen=True)
class PartModel:
    """What parsing needs of a learnt part, with S filters, and of the o objects on which it is known.

    columns, weight: (S,) filters of the evidence. prior: (u,). offset: (2,). known: (o, 2) places, with trust (o,) and
    pose (o, r); row_of: their ids.
    """

    columns: Tensor
    weight: Tensor
    prior: Tensor
    prior_weight: float
    score_mean: float
    score_deviation: float
    offset: Tensor
    known: Tensor
    trust: Tensor
    pose: Tensor
    row_of: Mapping[str, int]
    terms: Terms = ALL_TERMS

    @cached_property
    def found_maps(self) -> Tensor:
        """Where each known object says that the part is, blurred: (o, u)."""
        grid = grid_places(round(len(self.prior) ** 0.5))
        return bumps(self.known, grid, FOUND_WIDTH) @ bumps(grid, grid, FOUND_BLUR)

    def parse(self, evidence: Tensor, pose: Tensor, ids: Sequence[str], grid: Tensor) -> Parse:
        """Find the part on objects in their canonical view.

        Args:
            evidence: (n, u, F). pose: (n, r). ids: a known object does not tell its own place. grid: (u, 2).
        """
        read = evidence[..., self.columns]
        scores = (read @ self.weight - self.score_mean) / self.score_deviation
        same = torch.tensor([self.row_of.get(id, -1) for id in ids])
        alike = pose_weights(pose, self.pose, same)
        near = None
        if self.terms.neighbours:
            near = neighbour_map(alike, self.trust[None], self.found_maps[None])
        seen = scores if self.terms.appearance else torch.zeros_like(scores)
        total = energy(seen[None], self.prior[None], torch.tensor([self.prior_weight]), near)[0]
        places = (median_place(total, grid) + self.offset).clamp(0, 1)
        row, unit = torch.arange(len(ids)), nearest_units(places, grid)
        spoken = read[row, unit] * self.weight
        return Parse(places, scores[row, unit], spoken / spoken.sum(1, keepdim=True).clamp_min(1e-12), alike)


def kept_model(aog: AndOrGraph, graph: MinedGraph, column_of: Mapping[tuple[str, int], int]) -> PartModel:
    """What the database holds of a part, ready to parse; `column_of` each filter (layer, channel) in the evidence."""
    rows = {o.id: row for row, o in enumerate(graph.objects)}
    return PartModel(
        columns=torch.tensor([column_of[pair] for pair in aog.filters]),
        weight=torch.from_numpy(aog.weight),
        prior=torch.from_numpy(aog.prior),
        prior_weight=aog.prior_weight,
        score_mean=aog.score_mean,
        score_deviation=aog.score_deviation,
        offset=torch.from_numpy(aog.offset),
        known=torch.from_numpy(aog.found.places),
        trust=torch.from_numpy(aog.found.trust),
        pose=torch.from_numpy(graph.pose)[[rows[id] for id in aog.found.objects]],
        row_of={id: row for row, id in enumerate(aog.found.objects)},
    )


def learnt_model(pool: Pool, learnt: LearntPart, label_set: int, terms: Terms = ALL_TERMS) -> PartModel:
    """What one label set taught, ready to parse without the database."""
    columns = learnt.weights[label_set].nonzero()[:, 0]
    return PartModel(
        columns=columns,
        weight=learnt.weights[label_set, columns],
        prior=learnt.prior[label_set],
        prior_weight=float(learnt.prior_weight[label_set]),
        score_mean=float(learnt.score_mean[label_set]),
        score_deviation=float(learnt.score_deviation[label_set]),
        offset=learnt.offset[label_set],
        known=learnt.places[label_set].clamp(0, 1),
        trust=learnt.trust[label_set],
        pose=pool.pose if terms.evidence else pool.expected_pose,
        row_of={pool.graph.objects[row].id: i for i, row in enumerate(pool.rows.tolist())},
        terms=terms,
    )
