"""Which patterns lie on a part: counted over the objects that a person labelled, and those on which the And-Or graph
surely found the part.

Nothing is learnt from what is counted here: an And-Or graph knows the labels, and never what another one found. n
objects of a pool, with B boxes at most on each; P patterns of all conv layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from egraph.aog.boxes import size_on
from egraph.aog.confidence import UNSURE
from egraph.aog.model import AndOrGraph
from egraph.aog.pool import Pool
from egraph.graph.chance import best_by_chance, lower_bound
from egraph.graph.lying import Lying
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject

FOUND_WEIGHT = 1 / 3
"""Of an object on which the part was found, against 1 of a label. Between 1 and this, patterns are chosen equally well
on five kinds (docs/results.md); of these it is the one that claims least."""

SURELY = 0.7
"""Place confidence from which on a part counts as surely found; chosen in the same way."""


@dataclass(frozen=True)
class PartBoxes:
    """Where a part is on n objects, in their canonical views, in fractions of the object.

    low, high: (n, B, 2) row and column of two corners; NaN where an object has fewer boxes. labelled: (n,) bool, drawn
    by a person. weight: (n,) of the object, 0 where the part was not surely found.
    """

    low: Tensor
    high: Tensor
    labelled: Tensor
    weight: Tensor

    @property
    def area(self) -> float:
        """Share of an object that the boxes cover, by weight; parts of an object that two boxes cover count twice."""
        covered = (self.high - self.low).prod(2).nansum(1)
        return float((covered * self.weight).sum() / self.weight.sum().clamp_min(1e-9))

    def contain(self, places: Tensor, some: slice) -> Tensor:
        """Whether places (P, b, 2) on some of the objects are inside a box: (P, b) bool."""
        inside = torch.zeros(places.shape[:2], dtype=torch.bool)
        for low, high in zip(self.low[some].unbind(1), self.high[some].unbind(1), strict=True):
            inside |= ((places >= low) & (places <= high)).all(2)
        return inside

    def labels_alone(self) -> "PartBoxes":
        """The same where nothing was found: a control."""
        return replace(self, weight=self.weight * self.labelled)

    def scattered(self, seed: int) -> "PartBoxes":
        """Boxes as large, with their centres anywhere on the same objects, cut off at the objects' edges: a control."""
        centre = torch.rand(self.low.shape, generator=torch.Generator().manual_seed(seed))
        half = (self.high - self.low) / 2
        return replace(self, low=(centre - half).clamp_min(0), high=(centre + half).clamp_max(1))


@dataclass(frozen=True)
class Counts:
    """Of P patterns: sums of weights of the objects where they fire, where they also are inside a box, and where the
    unit is inside; how many objects of any weight, and how many labelled ones; the weighted sum of scores inside."""

    fired: Tensor
    inside: Tensor
    fires_inside: Tensor
    objects: Tensor
    labelled: Tensor
    score: Tensor


def part_boxes(pool: Pool, aog: AndOrGraph, showing: Sequence[PhotoObject]) -> PartBoxes:
    """The boxes that a person drew, and on other objects those of the And-Or graph, all in canonical views.

    Args:
        showing: objects with a person's boxes; those that are not of the pool do not count.
    """
    row_of, found = pool.row_of, aog.found
    assert found.objects == [pool.graph.objects[row].id for row in pool.rows]
    frames = np.array([[o.box.height, o.box.width] for o in (pool.graph.objects[row] for row in pool.rows)])
    half = torch.from_numpy(size_on(aog.templates[0].box, frames)).float() / 2
    centre = torch.from_numpy(found.places)
    sure = (torch.from_numpy(found.place_confidence) >= SURELY) & (torch.from_numpy(found.confidence) >= UNSURE)
    drawn = {row_of[o.id]: o for o in showing if o.id in row_of and o.parts.get(aog.part)}
    most = max([1, *(len(o.parts[aog.part]) for o in drawn.values())])
    low, high = torch.full((2, len(frames), most, 2), torch.nan)
    low[:, 0], high[:, 0] = (centre - half).clamp(0, 1), (centre + half).clamp(0, 1)
    labelled = torch.zeros(len(frames), dtype=torch.bool)
    for row, o in drawn.items():
        labelled[row] = True
        mirrored = bool(pool.graph.mirrored[pool.rows[row]])
        low[row], high[row] = torch.nan, torch.nan
        for i, corners in enumerate(_corners(o, aog.part, mirrored)):
            low[row, i], high[row, i] = corners.amin(0), corners.amax(0)
    return PartBoxes(low, high, labelled, torch.where(labelled, 1.0, FOUND_WEIGHT * sure))


def _corners(o: PhotoObject, part: str, mirrored: bool) -> list[Tensor]:
    """Two corners of each box of a part, (2, 2) row and column in fractions of the object, in its canonical view."""
    found = []
    for box in o.parts[part]:
        top, left = (box.y - o.box.y) / o.box.height, (box.x - o.box.x) / o.box.width
        bottom, right = top + box.height / o.box.height, left + box.width / o.box.width
        corners = torch.tensor([[top, left], [bottom, right]], dtype=torch.float32)
        found.append(turned_places(corners, np.array([mirrored, mirrored])))
    return found


def count_lying(pool: Pool, several: Sequence[PartBoxes]) -> list[Counts]:
    """Count the patterns on the boxes of one part or several, or controls, in one pass over the objects."""
    sums = [[torch.zeros(len(pool.names)) for _ in range(6)] for _ in several]
    start = 0
    for seen in pool.sightings():
        some = slice(start, start + seen.fires.shape[1])
        fires = seen.fires.float()
        for boxes, counted in zip(several, sums, strict=True):
            weight = boxes.weight[some]
            inside = boxes.contain(seen.places, some) * fires
            columns = (
                fires @ weight,
                inside @ weight,
                (boxes.contain(seen.units, some) * fires) @ weight,
                fires @ (weight > 0).float(),
                fires @ (boxes.labelled[some] & (weight > 0)).float(),
                (inside * seen.score) @ weight,
            )
            for total, column in zip(counted, columns, strict=True):
                total += column
        start = some.stop
    return [Counts(*counted) for counted in sums]


def lying(pool: Pool, boxes: PartBoxes, counts: Counts) -> Lying:
    """The patterns that are on the part more often than a place drawn at random, and how sure that is."""
    fired, inside, fires_inside = (c.double().numpy() for c in (counts.fired, counts.inside, counts.fires_inside))
    on = np.flatnonzero((inside > boxes.area * fired) & (inside > 0))
    names = pool.names
    counted = boxes.weight > 0
    return Lying(
        pattern=[names[row] for row in on.tolist()],
        share=lower_bound(inside[on], fired[on]),
        fires_share=lower_bound(fires_inside[on], fired[on]),
        by_chance=best_by_chance(fired[on], boxes.area, len(names)),
        objects=counts.objects[on].int().numpy(),
        labelled=counts.labelled[on].int().numpy(),
        score=(counts.score[on] / counts.inside[on]).numpy(),
        labelled_objects=int((boxes.labelled & counted).sum()),
        found_objects=int((counted & ~boxes.labelled).sum()),
        area=boxes.area,
    )
