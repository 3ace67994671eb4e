"""What a practitioner would do with the same network, without a graph: methods that see photos, labels and nothing
that was mined. Both views of every object go through the network once more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from egraph.aog.labels import part_places
from egraph.evaluation.correspondence import correspondences
from egraph.evaluation.self_training import head_places, train_head
from egraph.mining.graph_model import GraphModel
from egraph.photos.photo import Box, PhotoObject
from egraph.progress import Progress, report
from egraph.responses.evidence import grid_places
from egraph.responses.store import VIEWS

AT_ONCE = 8
TRAINED_SETS = 3
"""Label sets that a head is trained on, the first ones: training is slow."""
MOVED = 8
"""Crops of each labelled object that are moved at random."""
LARGEST_SHIFT, LARGEST_SCALE = 0.1, 1.25
"""Of a moved crop's sides."""


@dataclass(frozen=True)
class Practitioner:
    """Label sets and the network. objects: n that labels are drawn from, with the boxes that a person drew."""

    model: GraphModel
    objects: Sequence[PhotoObject]
    part: str
    seed: int
    progress: Progress | None = None

    def places(self, sets: Tensor, targets: Sequence[PhotoObject] | None = None) -> dict[str, Tensor]:
        """Where each method finds the part on the targets, or on the objects themselves, as photographed.

        Args:
            sets: (m, K) labelled rows.

        Returns:
            (m, targets, 2) of `correspondence`, and (at most `TRAINED_SETS`, targets, 2) of `self_trained`.
        """
        grid = grid_places(self.model.plan.context_cells)
        own = both_views(self.model, self.objects, self.progress)
        there = own if targets is None else both_views(self.model, targets, self.progress)
        drawn = torch.stack([part_places([self.objects[row] for row in rows], self.part) for rows in sets.tolist()])
        trained = [self._trained(rows, own, grid) for rows in sets[:TRAINED_SETS]]
        return {
            "correspondence": correspondences(own, sets, drawn, there, grid),
            "self_trained": torch.stack([head_places(there, head, grid) for head in trained]),
        }

    def _trained(self, rows: Tensor, own: Tensor, grid: Tensor) -> Tensor:
        """The head that one label set (K,) teaches: (F,)."""
        labelled = [self.objects[row] for row in rows.tolist()]
        moved = moved_crops(labelled, self.part, self.seed)
        crops = torch.cat([own[rows], both_views(self.model, moved, None)]) if moved else own[rows]
        others = torch.ones(len(own), dtype=torch.bool)
        others[rows] = False
        return train_head(crops, part_places([*labelled, *moved], self.part), own[others], grid, self.seed)


def both_views(model: GraphModel, objects: Sequence[PhotoObject], progress: Progress | None) -> Tensor:
    """Evidence of the two top layers on objects as photographed and mirrored: (n, 2, u, F), half precision, 2.4 MB an
    object for ResNet-50.

    Raises:
        InputError: a photo cannot be read.
    """
    found = []
    for start in range(0, len(objects), AT_ONCE):
        seen = model.run(objects[start : start + AT_ONCE]).evidence()
        found.append(seen.half().cpu().unflatten(0, (-1, VIEWS)))
        report(progress, "looking at both views", min(start + AT_ONCE, len(objects)), len(objects))
    return torch.cat(found)


def moved_crops(objects: Sequence[PhotoObject], part: str, seed: int) -> list[PhotoObject]:
    """The same objects in boxes that are shifted and scaled at random, inside the photo; those that the part's centre
    is left out of are dropped."""
    chance, moved = np.random.default_rng(seed), []
    for o in objects:
        for _ in range(MOVED):
            width, height = np.array([o.box.width, o.box.height]) * LARGEST_SCALE ** chance.uniform(-1, 1, 2)
            across, down = chance.uniform(-LARGEST_SHIFT, LARGEST_SHIFT, 2)
            left = o.box.x + (0.5 + across) * o.box.width - width / 2
            top = o.box.y + (0.5 + down) * o.box.height - height / 2
            right, bottom = min(left + width, o.photo_width), min(top + height, o.photo_height)
            left, top = max(left, 0.0), max(top, 0.0)
            moved.append(replace(o, box=Box(float(left), float(top), float(right - left), float(bottom - top))))
    inside = ((part_places(moved, part) > 0) & (part_places(moved, part) < 1)).all(1)
    return [o for o, shows in zip(moved, inside.tolist(), strict=True) if shows]
