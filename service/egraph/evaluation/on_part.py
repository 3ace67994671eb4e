"""Do the patterns that are said to lie on a part lie on it? From a few boxes, on objects that nobody labelled.

What is scored are the first patterns that `fires-together` answers with: the share of the other annotated objects on
which they are expected inside the box that a person drew there. The controls are a place drawn at random (the boxes'
area), the best patterns that there are, patterns counted over the labels alone, and boxes at random places of the same
objects, which must name almost nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from egraph.aog.build import and_or_graph
from egraph.aog.learn import LabelSets, learn_part
from egraph.aog.lying import PartBoxes, count_lying, lying, part_boxes
from egraph.aog.pool import Pool
from egraph.aog.subgraph import led_to
from egraph.aog.templates import group_poses
from egraph.evaluation.localization import Truth
from egraph.graph.lying import Lying
from egraph.graph.mixtures import EQUAL
from egraph.mining.graph_tables import ANCHORS
from egraph.photos.photo import PhotoObject

FIRST = 20
"""Different patterns of the answer that are scored."""


@dataclass(frozen=True)
class OnPartFigures:
    """Of one label set. share: mean share of the scored objects on which the first patterns are expected inside the
    part's box; fires: of those on which they fire, the mean share on which the unit is inside; both None where no
    pattern is named. named: patterns that lie on the part beyond chance; objects: on how many objects that was counted.
    """

    share: float | None
    fires: float | None
    named: float
    objects: float


def evaluate_on_part(
    pool: Pool, objects: Sequence[PhotoObject], part: str, sets: Tensor, seed: int
) -> dict[str, list[OnPartFigures]]:
    """`egraph` and its controls, for each label set.

    Args:
        objects: those of the pool, with a person's boxes. sets: (m, K) labelled rows of the pool.
    """
    truth = Truth.of(objects, part)
    canonical = truth.turned(pool.graph.mirrored[pool.rows])
    labels = LabelSets(sets, canonical.places[sets])
    template = group_poses(pool.stance.pose, pool.graph.seed)
    taught = learn_part(pool, labels, template, led_to(pool, labels, truth.sizes[sets]))
    boxes: list[dict[str, PartBoxes]] = []
    for number, (learnt, rows) in enumerate(zip(taught, sets.tolist(), strict=True)):
        labelled = [objects[row] for row in rows]
        known = part_boxes(pool, and_or_graph(pool, learnt, "", labelled, part, "default", seed), labelled)
        boxes.append({"egraph": known, "labels_only": known.labels_alone(), "random": known.scattered(seed + number)})
    counts = iter(count_lying(pool, [one for of in boxes for one in of.values()]))
    drawn = _Drawn(pool, canonical)
    found: dict[str, list[OnPartFigures]] = {}
    for of, rows in zip(boxes, sets, strict=True):
        scored = canonical.there[~torch.isin(truth.photo[canonical.there], truth.photo[rows])]
        for name, one in of.items():
            on_part = lying(pool, one, next(counts))
            first = list(islice(fires_together(pool, on_part), FIRST))
            named = int((on_part.share > on_part.by_chance).sum())
            counted = on_part.labelled_objects + on_part.found_objects
            found.setdefault(name, []).append(OnPartFigures(*drawn.figures(first, scored), named, counted))
        area = float(truth.sizes[scored].prod(1).mean())
        found.setdefault("area", []).append(OnPartFigures(area, area, 0, 0))
        best = drawn.inside[:, scored].float().mean(1).topk(FIRST).indices.tolist()
        found.setdefault("best", []).append(OnPartFigures(*drawn.figures(best, scored), 0, len(scored)))
    return found


def fires_together(pool: Pool, on_part: Lying) -> Iterator[int]:
    """Different patterns in the order in which the question `fires-together` names them: rows of `pool.names`."""
    names = pool.names
    row_of, rank = {name: row for row, name in enumerate(names)}, np.argsort(np.argsort(np.array(names)))
    share, named = np.zeros(len(names)), np.zeros(len(names), bool)
    rows = [row_of[name] for name in on_part.pattern]
    share[rows], named[rows] = on_part.share, on_part.share > on_part.by_chance
    if not named.any():
        named[rows] = on_part.share > on_part.by_chance - EQUAL
    layers = [layer.name for layer in pool.graph.layers if layer.name != ANCHORS]
    score = np.concatenate([pool.graph.patterns[layer].score for layer in layers])
    starts = dict(zip(layers, np.cumsum([0, *(len(pool.graph.patterns[layer]) for layer in layers)]), strict=False))
    tables = [edges for edges in pool.graph.co_activations if edges.upper != ANCHORS]
    lower = np.concatenate([edges.source + starts[edges.lower] for edges in tables] or [np.zeros(0, np.int64)])
    upper = np.concatenate([edges.target + starts[edges.upper] for edges in tables] or [np.zeros(0, np.int64)])
    strength = np.concatenate([edges.strength for edges in tables] or [np.zeros(0)])
    both = named[lower] & named[upper]
    lower, upper, strength = lower[both], upper[both], strength[both]
    weaker = np.minimum(share[lower], share[upper])
    pairs = np.lexsort((rank[upper], -strength, rank[lower], -score[lower], -weaker))
    alone = np.setdiff1d(np.flatnonzero(named), np.concatenate([lower, upper]))
    alone = alone[np.lexsort((rank[alone], -score[alone], -share[alone]))]
    together = np.stack([lower[pairs], upper[pairs]], 1).ravel()
    yield from dict.fromkeys([*together.tolist(), *alone.tolist()])


class _Drawn:
    """Which patterns are inside the boxes that a person drew. inside: (P, n) bool where expected; fires: (P, n) bool;
    fires_inside: (P, n) bool, on the unit at which they fire."""

    def __init__(self, pool: Pool, truth: Truth) -> None:
        """
        Args:
            truth: of the pool's objects, in their canonical views.
        """
        blocks, start = [], 0
        for seen in pool.sightings():
            some = slice(start, start + seen.fires.shape[1])
            centre, half = truth.places[some], truth.sizes[some] / 2
            inside, unit = (((p - centre).abs() <= half).all(2) for p in (seen.places, seen.units))
            blocks.append((inside, seen.fires, unit & seen.fires))
            start = some.stop
        self.inside, self.fires, self.fires_inside = (torch.cat(column, 1) for column in zip(*blocks, strict=True))

    def figures(self, patterns: Sequence[int], scored: Tensor) -> tuple[float | None, float | None]:
        """Mean share of the scored objects on which patterns are inside, and of those on which they fire, on which the
        unit is; None without patterns."""
        if not patterns:
            return None, None
        inside, fires, unit = (
            t[list(patterns)][:, scored].float() for t in (self.inside, self.fires, self.fires_inside)
        )
        firing = fires.sum(1) > 0
        of_fired = (unit.sum(1)[firing] / fires.sum(1)[firing]).mean()
        return float(inside.mean()), float(of_fired) if firing.any() else None
