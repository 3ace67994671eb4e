"""Finding a part from a few boxes: the And-Or graph beside its controls and the strong baselines, in one run.

Every method sees the same label sets; labelled photos are never scored. The error is the distance between the centres
in diagonals of the object's crop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from egraph.aog.boxes import size_on, square_size
from egraph.aog.confidence import familiarity, habit
from egraph.aog.labels import part_places
from egraph.aog.learn import LabelSets, LearntPart, Terms, learn_part
from egraph.aog.locate import Viewer
from egraph.aog.pool import Pool
from egraph.aog.subgraph import led_to
from egraph.aog.templates import group_poses
from egraph.errors import NothingYetError
from egraph.evaluation.baselines import Template, learn_template
from egraph.evaluation.coverage import FAR, Risk, risks
from egraph.evaluation.practitioner import Practitioner
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress

AOGS = {
    "egraph": Terms(),
    "no_graph": Terms(places=False, patterns=False),
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
    (n, 2) height, width; NaN where the part is not drawn exactly once. frames: (n, 2) height and width of the objects
    in pixels. photo: (n,) which photo each object is on."""

    places: Tensor
    sizes: Tensor
    frames: Tensor
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
        frames = torch.tensor([[o.box.height, o.box.width] for o in objects], dtype=torch.float32).reshape(-1, 2)
        return cls(places, sizes, frames, torch.from_numpy(photo))

    def of_rows(self, rows: Tensor) -> "Truth":
        """The same of some objects."""
        return Truth(self.places[rows], self.sizes[rows], self.frames[rows], self.photo[rows])

    def turned(self, mirrored: np.ndarray) -> "Truth":
        """The same in the views that `mirrored` (n,) names."""
        return replace(self, places=turned_places(self.places, mirrored))

    @property
    def there(self) -> Tensor:
        """Rows of the objects that show the part."""
        return (~self.places[:, 0].isnan()).nonzero()[:, 0]


@dataclass(frozen=True)
class Figures:
    """Of one label set, over the objects that are scored.

    error, median: mean and median distance of the centres, in diagonals of the object. pck10, pck20: share of the
    centres that are off by at most .1 and .2 of the object's longer side. far: share that are off by more than .15
    diagonals. centre_in_box: share of the centres inside the drawn box. iou, iou50: mean overlap of the boxes, and
    share of at least .5; one_size_iou, one_size_iou50: the same with the labels' mean size on every object.
    """

    error: float
    median: float
    pck10: float
    pck20: float
    far: float
    centre_in_box: float
    iou: float
    iou50: float
    one_size_iou: float
    one_size_iou50: float


@dataclass(frozen=True)
class Measured:
    """Of each method, and of each way to sort egraph's own answers by how sure they are, what each label set gives:
    `place_confidence` and `confidence` as `egraph.aog.confidence` has them, `score` the score of the place alone."""

    methods: dict[str, list[Figures]]
    risks: dict[str, list[Risk]]


@dataclass(frozen=True)
class LabelSizes:
    """Sizes of the labelled boxes of one label set, by which boxes are drawn on others. square: (2,) see
    `egraph.aog.boxes`. mean: (2,) in fractions of the object."""

    square: np.ndarray
    mean: Tensor

    @classmethod
    def of(cls, truth: Truth, rows: Tensor) -> "LabelSizes":
        """From the labelled rows (K,)."""
        sizes = truth.sizes[rows]
        return cls(square_size(sizes.numpy(), truth.frames[rows].numpy()), sizes.mean(0))


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


def evaluate_pool(pool: Pool, truth: Truth, sets: Tensor, practitioner: Practitioner | None = None) -> Measured:
    """All methods on the photos that were mined.

    Args:
        truth: of the pool's objects, as photographed. sets: (m, K) labelled rows of the pool. practitioner: of the
            pool's objects, where the methods without a graph are wanted too; some of them for the first sets alone.
    """
    mirrored = pool.graph.mirrored[pool.rows]
    canonical = truth.turned(mirrored)
    labels = LabelSets(sets, canonical.places[sets])
    learnt = _learnt(pool, labels, truth.sizes[sets])
    own = learnt["egraph"]
    places = {name: torch.stack([part.places for part in parts]) for name, parts in learnt.items()}
    for name, template in _templates(pool, labels).items():
        places[name] = template.places(pool.evidence(), pool.grid)
    places |= _still(truth, canonical, sets, mirrored)
    if practitioner:
        places |= {name: turned_places(of, mirrored) for name, of in practitioner.places(sets).items()}
    sure = [_sureness(pool, part, part.seen, part.expected_error, part.score, pool.wholeness) for part in own]
    return _measured(places, canonical, sets, [LabelSizes.of(truth, rows) for rows in sets], sure)


def evaluate_new(
    pool: Pool,
    viewer: Viewer,
    truth: Truth,
    sets: Tensor,
    new: Sequence[PhotoObject],
    part: str,
    progress: Progress,
    practitioner: Practitioner | None = None,
) -> Measured:
    """All methods on photos that were never mined.

    Args:
        truth: of the pool's objects, as photographed. sets: (m, K) labelled rows of the pool. new: the photos.
            practitioner: as for `evaluate_pool`.
    """
    mirrored = pool.graph.mirrored[pool.rows]
    canonical = truth.turned(mirrored)
    labels = LabelSets(sets, canonical.places[sets])
    learnt = _learnt(pool, labels, truth.sizes[sets])
    templates = _templates(pool, labels)
    showing = Truth.of(new, part)
    rows = showing.there
    found: dict[str, list[Tensor]] = {name: [] for name in (*AOGS, *TEMPLATES)}
    sides, sure = [], []
    for start in range(0, len(rows), NEW_AT_ONCE):
        some = [new[row] for row in rows[start : start + NEW_AT_ONCE].tolist()]
        seen = viewer.look(some)
        ids = [o.id for o in some]
        for name, parts in learnt.items():
            stance = seen.stance if AOGS[name].evidence else seen.expected
            parses = [part.model.parse(seen.evidence, stance, ids, viewer.grid) for part in parts]
            found[name].append(torch.stack([parse.places for parse in parses]))
            if name == "egraph":
                told = zip(parts, parses, strict=True)
                sure.append([_sureness(pool, of, p.seen, p.expected_error, p.score, seen.wholeness) for of, p in told])
        for name, template in templates.items():
            found[name].append(template.places([seen.evidence], viewer.grid))
        sides.append(seen.mirrored)
        progress("looking at new photos", min(start + NEW_AT_ONCE, len(rows)), len(rows))
    side = np.concatenate(sides)
    shown = showing.of_rows(rows).turned(side)
    places = {name: torch.cat(blocks, 1) for name, blocks in found.items()}
    places |= _still(truth, canonical, sets, side)
    if practitioner:
        found_by = practitioner.places(sets, [new[row] for row in rows.tolist()])
        places |= {name: turned_places(of, side) for name, of in found_by.items()}
    joined = [{name: torch.cat([one[name] for one in of]) for name in of[0]} for of in zip(*sure, strict=True)]
    none = torch.zeros(len(sets), 0, dtype=torch.long)
    return _measured(places, shown, none, [LabelSizes.of(truth, rows) for rows in sets], joined)


def _sureness(
    pool: Pool, part: LearntPart, seen: Tensor, expected_error: Tensor, score: Tensor, wholeness: Tensor
) -> dict[str, Tensor]:
    """How sure a label set's answers on n objects are, by each of the ways: (n,) each."""
    familiar = familiarity(seen, wholeness, habit(part.seen, pool.wholeness))
    return {"place_confidence": -expected_error, "confidence": familiar, "score": score}


def _measured(
    places: dict[str, Tensor], truth: Truth, labelled: Tensor, sizes: list[LabelSizes], sure: list[dict[str, Tensor]]
) -> Measured:
    """Figures and risks of places (m, n, 2) by method; photos of the labelled rows (m, K) do not count."""
    methods = {
        name: [figures(p, truth, labelled[i], sizes[i]) for i, p in enumerate(of)] for name, of in places.items()
    }
    told: dict[str, list[Risk]] = {}
    for own, rows, by in zip(places["egraph"], labelled, sure, strict=True):
        counted = scored(truth, rows)
        error = (own[counted] - truth.places[counted]).norm(dim=1) / 2**0.5
        for name, found in risks(error, {name: values[counted] for name, values in by.items()}).items():
            told.setdefault(name, []).append(found)
    return Measured(methods, told)


def scored(truth: Truth, labelled: Tensor) -> Tensor:
    """Rows of the objects that show the part, but those on photos of the labelled rows (K,)."""
    return truth.there[~torch.isin(truth.photo[truth.there], truth.photo[labelled])]


def figures(places: Tensor, truth: Truth, labelled: Tensor, sizes: LabelSizes) -> Figures:
    """How well places (n, 2), with boxes of the labels' sizes, fit what was drawn; photos of labelled rows do not
    count."""
    counted = scored(truth, labelled)
    guess, centre, drawn, frames = places[counted], truth.places[counted], truth.sizes[counted], truth.frames[counted]
    off = (guess - centre).abs()
    error = off.norm(dim=1) / 2**0.5
    pixels = (off * frames).norm(dim=1) / frames.amax(1)
    iou = overlap(guess, torch.from_numpy(size_on(sizes.square, frames.numpy())), centre, drawn)
    one_size = overlap(guess, sizes.mean.expand_as(drawn), centre, drawn)
    return Figures(
        error=float(error.mean()),
        median=float(error.quantile(0.5)),
        pck10=float((pixels <= 0.1).float().mean()),
        pck20=float((pixels <= 0.2).float().mean()),
        far=float((error > FAR).float().mean()),
        centre_in_box=float((off <= drawn / 2).all(1).float().mean()),
        iou=float(iou.mean()),
        iou50=float((iou >= 0.5).float().mean()),
        one_size_iou=float(one_size.mean()),
        one_size_iou50=float((one_size >= 0.5).float().mean()),
    )


def overlap(places: Tensor, sizes: Tensor, centres: Tensor, drawn: Tensor) -> Tensor:
    """Intersection over union of boxes, given by their centres and sizes, (n, 2) each: (n,)."""
    low = torch.maximum(places - sizes / 2, centres - drawn / 2)
    high = torch.minimum(places + sizes / 2, centres + drawn / 2)
    shared = (high - low).clamp_min(0).prod(1)
    return shared / (sizes.prod(1) + drawn.prod(1) - shared)


def _learnt(pool: Pool, labels: LabelSets, sizes: Tensor) -> dict[str, list[LearntPart]]:
    """What each label set teaches, with all terms and with some taken away."""
    template, asked = group_poses(pool.stance.pose, pool.graph.seed), led_to(pool, labels, sizes)
    return {name: learn_part(pool, labels, template, asked, terms) for name, terms in AOGS.items()}


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
    return {"constant": turned_places(constant, mirrored), "prior": prior}
