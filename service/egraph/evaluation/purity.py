"""Does a pattern show one thing? How alike its strongest places look to a judge, and on which parts they lie.

Of each node (a pattern, or what it is compared with) the 20 objects of largest score are looked at; all nodes of a
layer, none left out. Figures are means over a layer's nodes, then over layers. P nodes, n objects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.evaluation.judge import Patches
from egraph.evaluation.truth import Nodes
from egraph.mining.graph_tables import PatternTable
from egraph.photos.mirroring import mirror
from egraph.photos.photo import PhotoObject

STRONGEST = 20
"""Objects of largest score that a node is judged by."""

NOWHERE = 9.0
"""Stands in for the edges of a box that is not there."""


@dataclass(frozen=True)
class Purity:
    """Means over nodes and layers. coherence: cosine of pairs of patches. purity: share of the commonest part, None
    where no boxes are given. nodes: how many, in all layers."""

    coherence: float
    purity: float | None
    nodes: int


@dataclass(frozen=True)
class PartBoxes:
    """Boxes that a person drew. names: the R parts. edges: (n, R, m, 4) top, left, bottom, right of at most m boxes of
    a part, in fractions of the crop in the canonical view. drawn: (n,) bool, objects with any box."""

    names: tuple[str, ...]
    edges: Tensor
    drawn: Tensor

    @classmethod
    def of(cls, objects: Sequence[PhotoObject], mirrored: np.ndarray) -> "PartBoxes":
        """From the objects' boxes; mirrored: (n,)."""
        names = tuple(sorted({part for o in objects for part in o.parts}))
        most = max((len(boxes) for o in objects for boxes in o.parts.values()), default=1)
        edges = torch.full((len(objects), len(names), most, 4), NOWHERE)
        for row, (o, turned) in enumerate(zip(objects, mirrored, strict=True)):
            for part, boxes in o.parts.items():
                for number, b in enumerate(boxes):
                    left, right = (b.x - o.box.x) / o.box.width, (b.x + b.width - o.box.x) / o.box.width
                    top, bottom = (b.y - o.box.y) / o.box.height, (b.y + b.height - o.box.y) / o.box.height
                    left, right = (mirror(right), mirror(left)) if turned else (left, right)
                    edges[row, names.index(part), number] = torch.tensor([top, left, bottom, right])
        return cls(names, edges, torch.tensor([any(o.parts.values()) for o in objects], dtype=torch.bool))

    def parts_at(self, places: Tensor, objects: Tensor) -> Tensor:
        """The part whose box a place lies in, the smallest box where there are several: (P, k) int64, 0 in none, else
        1 + its number. Arguments as in `Patches.coherence`."""
        edges = self.edges[objects].flatten(2, 3)
        row, column = places[..., 0, None], places[..., 1, None]
        inside = (row >= edges[..., 0]) & (row <= edges[..., 2]) & (column >= edges[..., 1]) & (column <= edges[..., 3])
        area = (edges[..., 2] - edges[..., 0]) * (edges[..., 3] - edges[..., 1])
        smallest = torch.where(inside, area, torch.inf).argmin(-1)
        return torch.where(inside.any(-1), 1 + smallest // self.edges.shape[2], 0)

    def purity(self, places: Tensor, objects: Tensor) -> Tensor:
        """Share of the commonest part (or of none) among each node's places: (P,)."""
        found = self.parts_at(places, objects)
        counts = torch.stack([(found == part).sum(1) for part in range(len(self.names) + 1)], 1)
        return counts.amax(1) / found.shape[1]


def evaluate_purity(
    nodes: Nodes,
    still: Mapping[str, Tensor],
    raw_filters: Nodes,
    surest: Mapping[str, Tensor],
    patches: Patches,
    boxes: PartBoxes | None,
    seed: int = 0,
) -> dict[str, dict[str, Purity]]:
    """All methods, per layer, and over all layers under `all`.

    `egraph`: the patterns. `still`: for each a point that stands still at its mean place, on the very same objects.
    `raw_filters`: the strongest unit of every filter. `surest`, `surest_still`: as many patterns as the layer has
    filters, those that are surest. `random`: as many places as patterns, drawn anew on objects that are drawn too.

    Args:
        nodes: of the patterns. still: (P, 2) of each layer. surest: rows of each layer's patterns.
    """
    found: dict[str, dict[str, Purity]] = {}
    for number, layer in enumerate(nodes.places):
        places, scores = nodes.places[layer], nodes.scores[layer]
        standing = still[layer][:, None].expand_as(places)
        rows = surest[layer]
        generator = torch.Generator().manual_seed(seed * 1000 + number)
        anywhere = torch.rand(places.shape, generator=generator), torch.rand(scores.shape, generator=generator)
        found[layer] = {
            "egraph": score_nodes(places, scores, patches, boxes),
            "still": score_nodes(standing, scores, patches, boxes),
            "raw_filters": score_nodes(raw_filters.places[layer], raw_filters.scores[layer], patches, boxes),
            "surest": score_nodes(places[rows], scores[rows], patches, boxes),
            "surest_still": score_nodes(standing[rows], scores[rows], patches, boxes),
            "random": score_nodes(*anywhere, patches, boxes),
        }
    methods = list(next(iter(found.values())))
    return found | {"all": {m: mean_of([of_layer[m] for of_layer in found.values()]) for m in methods}}


def score_nodes(places: Tensor, scores: Tensor, patches: Patches, boxes: PartBoxes | None) -> Purity:
    """Means over the nodes of one layer: places (P, n, 2), scores (P, n)."""
    coherence = patches.coherence(*strongest(places, scores))
    pure = None
    if boxes is not None:
        known = scores.masked_fill(~boxes.drawn, -torch.inf)
        pure = float(boxes.purity(*strongest(places, known, int(boxes.drawn.sum()))).mean())
    return Purity(float(coherence.mean()), pure, len(places))


def strongest(places: Tensor, scores: Tensor, objects: int | None = None) -> tuple[Tensor, Tensor]:
    """Each node's places on its objects of largest score, and these objects: (P, k, 2), (P, k)."""
    count = min(STRONGEST, scores.shape[1] if objects is None else objects)
    chosen = scores.topk(count, dim=1).indices
    return places.gather(1, chosen[..., None].expand(-1, -1, 2)), chosen


def mean_of(layers: Sequence[Purity]) -> Purity:
    """Over layers, each counting alike."""
    pure = [layer.purity for layer in layers if layer.purity is not None]
    return Purity(
        coherence=float(np.mean([layer.coherence for layer in layers])),
        purity=float(np.mean(pure)) if pure else None,
        nodes=sum(layer.nodes for layer in layers),
    )


def sureness(table: PatternTable, objects: int) -> np.ndarray:
    """By how many standard deviations a pattern finds more than evenly scattered evidence would give it, (P,), the
    scattered evidence taken for a count: (evidence - scattered) / sqrt(scattered)."""
    evidence = table.score.astype(np.float64) * objects
    scattered = evidence / np.maximum(table.advantage, 1e-9)
    surprise: np.ndarray = (evidence - scattered) / np.sqrt(np.maximum(scattered, 1e-9))
    return surprise


def surest_rows(table: PatternTable, objects: int, count: int) -> Tensor:
    """Rows of the `count` surest patterns, the surest first."""
    return torch.from_numpy(np.argsort(-sureness(table, objects), kind="stable")[:count].copy())
