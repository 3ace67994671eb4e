"""Finding a part from a few boxes: the And-Or graph beside its controls and the strong baselines, in one run.

Every method sees the same label sets; labelled photos are never scored. The error is the distance between the centres
in diagonals of the object's crop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from egraph.aog.labels import part_places
from egraph.aog.learn import LabelSets, LearntPart, Terms, learn_part
from egraph.aog.locate import Viewer
from egraph.aog.parse import PartModel, learnt_model
from egraph.aog.pool import Pool
from egraph.errors import NothingYetError
from egraph.evaluation.baselines import Template, learn_template
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress

AOGS = {
    "egraph": Terms(),
    "no_graph": Terms(neighbours=False, patterns=False),
    "evidence_off": Terms(evidence=False),
    "appearance_off": Terms(appearance=False),
}
"""The And-Or graph, and the same with something taken away. `no_graph` keeps the canonical views alone of what was
mined; `evidence_off` has patterns where their parents expect them."""

TEMPLATES = {"template": None, "plain_template": 0.0}
"""Few-shot template matching, with a place prior and without."""

NEW_AT_ONCE = 8


@dataclass(frozen=True)
class Truth:
    """What a person drew on n objects, as photographed, in fractions of the crop: places (n, 2) row, column; sizes
    (n, 2) height, width; NaN where the part is not drawn exactly once. photo: (n,) which photo each object is on."""

    places: Tensor
    sizes: Tensor
    photo: Tensor

    @classmethod
    def of(cls, objects: Sequence[PhotoObject], part: str) -> "Truth":
        """From the objects' boxes of a part."""
        once = [row for row, o in enumerate(objects) if len(o.parts.get(part, ())) == 1]
        places, sizes = torch.full((2, len(objects), 2), torch.nan)
        if once:
            shown = [objects[row] for row in once]
            places[once] = part_places(shown, part)
            boxes = [(o.parts[part][0], o.box) for o in shown]
            sizes[once] = torch.tensor([[b.height / o.height, b.width / o.width] for b, o in boxes])
        _, photo = np.unique([o.sha256 for o in objects], return_inverse=True)
        return cls(places, sizes, torch.from_numpy(photo))

    def of_rows(self, rows: Tensor) -> "Truth":
        """The same of some objects."""
        return Truth(self.places[rows], self.sizes[rows], self.photo[rows])

    def turned(self, mirrored: np.ndarray) -> "Truth":
        """The same in the views that `mirrored` (n,) names."""
        return replace(self, places=turn(self.places, mirrored))

    @property
    def there(self) -> Tensor:
        """Rows of the objects that show the part."""
        return (~self.places[:, 0].isnan()).nonzero()[:, 0]


@dataclass(frozen=True)
class Figures:
    """Of one label set: mean error, share of the centres inside the box, share of the boxes with IoU >= 0.5."""

    error: float
    centre_in_box: float
    iou50: float


def turn(places: Tensor, mirrored: np.ndarray) -> Tensor:
    """Places (…, n, 2) mirrored left to right where `mirrored` (n,) says so."""
    flip = torch.from_numpy(np.asarray(mirrored))[:, None] & torch.tensor([False, True])
    return torch.where(flip, 1 - places, places)


def draw_label_sets(there: Tensor, shots: int, draws: int, seed: int) -> Tensor:
    """Random objects that show the part: (draws, shots) rows.

    Raises:
        NothingYetError: too few show it to learn from some and score on others.
    """
    if len(there) < 2 * shots + 2:
        raise NothingYetError(
            f"Only {len(there)} objects show the part exactly once; learning from {shots} takes {2 * shots + 2}."
        )
    orders = [np.random.default_rng([seed, draw]).permutation(len(there))[:shots] for draw in range(draws)]
    return there[torch.from_numpy(np.stack(orders))]


def evaluate_pool(pool: Pool, truth: Truth, sets: Tensor) -> dict[str, list[Figures]]:
    """All methods on the photos that were mined.

    Args:
        truth: of the pool's objects, as photographed. sets: (m, K) labelled rows of the pool.
    """
    mirrored = pool.graph.mirrored[pool.rows]
    canonical = truth.turned(mirrored)
    labels = LabelSets(sets, canonical.places[sets])
    places = {name: learn_part(pool, labels, terms).places for name, terms in AOGS.items()}
    for name, template in _templates(pool, labels).items():
        places[name] = template.places(pool.evidence(), pool.grid)
    places |= _still(truth, canonical, sets, mirrored)
    sizes = truth.sizes[sets].mean(1)
    return {name: [figures(p, canonical, sets[i], sizes[i]) for i, p in enumerate(of)] for name, of in places.items()}


def evaluate_new(
    pool: Pool, viewer: Viewer, truth: Truth, sets: Tensor, new: Sequence[PhotoObject], part: str, progress: Progress
) -> dict[str, list[Figures]]:
    """All methods on photos that were never mined.

    Args:
        truth: of the pool's objects, as photographed. sets: (m, K) labelled rows of the pool. new: the photos.
    """
    mirrored = pool.graph.mirrored[pool.rows]
    canonical = truth.turned(mirrored)
    labels = LabelSets(sets, canonical.places[sets])
    learnt: dict[str, LearntPart] = {name: learn_part(pool, labels, terms) for name, terms in AOGS.items()}
    models: dict[str, list[PartModel]] = {
        name: [learnt_model(pool, learnt[name], i, terms) for i in range(len(sets))] for name, terms in AOGS.items()
    }
    templates = _templates(pool, labels)
    showing = Truth.of(new, part)
    rows = showing.there
    found: dict[str, list[Tensor]] = {name: [] for name in (*AOGS, *TEMPLATES)}
    sides = []
    for start in range(0, len(rows), NEW_AT_ONCE):
        some = [new[row] for row in rows[start : start + NEW_AT_ONCE].tolist()]
        _, seen = viewer.look(some)
        ids = [o.id for o in some]
        for name, parts in models.items():
            pose = seen.pose if AOGS[name].evidence else seen.expected_pose
            found[name].append(torch.stack([p.parse(seen.evidence, pose, ids, viewer.grid).places for p in parts]))
        for name, template in templates.items():
            found[name].append(template.places([seen.evidence], viewer.grid))
        sides.append(seen.mirrored)
        progress("looking at new photos", min(start + NEW_AT_ONCE, len(rows)), len(rows))
    side = np.concatenate(sides)
    shown = showing.of_rows(rows).turned(side)
    places = {name: torch.cat(blocks, 1) for name, blocks in found.items()}
    places |= _still(truth, canonical, sets, side)
    sizes = truth.sizes[sets].mean(1)
    none = torch.zeros(0, dtype=torch.long)
    return {name: [figures(p, shown, none, sizes[i]) for i, p in enumerate(of)] for name, of in places.items()}


def figures(places: Tensor, truth: Truth, labelled: Tensor, size: Tensor) -> Figures:
    """How well places (n, 2), with boxes of one size (2,), fit what was drawn; photos of labelled rows do not count."""
    counted = truth.there[~torch.isin(truth.photo[truth.there], truth.photo[labelled])]
    guess, centre, drawn = places[counted], truth.places[counted], truth.sizes[counted]
    off = (guess - centre).abs()
    overlap = torch.minimum(guess + size / 2, centre + drawn / 2) - torch.maximum(guess - size / 2, centre - drawn / 2)
    shared = overlap.clamp_min(0).prod(1)
    iou = shared / (size.prod() + drawn.prod(1) - shared)
    return Figures(
        error=float(off.norm(dim=1).mean() / 2**0.5),
        centre_in_box=float((off <= drawn / 2).all(1).float().mean()),
        iou50=float((iou >= 0.5).float().mean()),
    )


def _templates(pool: Pool, labels: LabelSets) -> dict[str, Template]:
    return {
        name: learn_template(pool, labels) if weight is None else learn_template(pool, labels, weight)
        for name, weight in TEMPLATES.items()
    }


def _still(truth: Truth, canonical: Truth, sets: Tensor, mirrored: np.ndarray) -> dict[str, Tensor]:
    """`constant`, the mean of the labels as photographed; `prior`, their mean in the canonical views: (m, n, 2)."""
    objects = len(mirrored)
    constant = truth.places[sets].mean(1)[:, None].expand(-1, objects, -1)
    prior = canonical.places[sets].mean(1)[:, None].expand(-1, objects, -1)
    return {"constant": turn(constant, mirrored), "prior": prior}
