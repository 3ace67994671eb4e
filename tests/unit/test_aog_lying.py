"""Which patterns lie on a part, against loops over objects; how sure that is; and that chance names almost nothing."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from egraph.aog.confidence import UNSURE
from egraph.aog.lying import FOUND_WEIGHT, SURELY, count_lying, lying, part_boxes
from egraph.aog.pool import Pool, Sightings
from egraph.graph import chance
from egraph.photos.photo import Box, PhotoObject
from reference.questions import best_by_chance, lower_bound
from support.synthetic import synthetic_aog, synthetic_graph

OBJECTS = 40


def pool_of_random_sightings() -> tuple[Pool, Sightings]:
    """A pool of a graph of random numbers, and all patterns on its objects."""
    mined = synthetic_graph(filters=(30, 20), objects=OBJECTS)
    patterns = sum(len(table) for layer, table in mined.patterns.items() if layer != "anchors")
    random = torch.Generator().manual_seed(0)
    places, units = torch.rand(2, patterns, OBJECTS, 2, generator=random)
    seen = Sightings(places, units, torch.rand(patterns, OBJECTS, generator=random) < 0.7, places[..., 0] + 0.5)
    blocks = [
        Sightings(*(column[:, some] for column in vars(seen).values())) for some in (slice(0, 16), slice(16, OBJECTS))
    ]
    names = [
        f"{t.layer}/{f}/{n}"
        for layer, t in mined.patterns.items()
        if layer != "anchors"
        for f, n in zip(t.filter.tolist(), t.number.tolist(), strict=True)
    ]
    row_of = {o.id: row for row, o in enumerate(mined.objects)}
    pool = SimpleNamespace(
        graph=mined, rows=np.arange(OBJECTS), row_of=row_of, names=names, sightings=lambda: iter(blocks)
    )
    return cast(Pool, pool), seen


def labelled(pool: Pool) -> list[PhotoObject]:
    """Two of the objects with a head, one of them in two boxes."""
    found = []
    for i, o in enumerate(pool.graph.objects[:2]):
        boxes = [Box(o.box.x, o.box.y, o.box.width * 0.5, o.box.height * 0.6)]
        if i:
            boxes.append(Box(o.box.x + o.box.width * 0.7, o.box.y, o.box.width * 0.2, o.box.height))
        found.append(replace(o, parts={"head": tuple(boxes)}))
    return found


def test_counts_against_loops() -> None:
    pool, seen = pool_of_random_sightings()
    aog, drawn = synthetic_aog(pool.graph), labelled(pool)
    boxes = part_boxes(pool, aog, drawn)
    (counts,) = count_lying(pool, [boxes])
    found = lying(pool, boxes, counts)
    corners: list[list[tuple[float, float, float, float]]] = []
    weights = []
    for row, o in enumerate(pool.graph.objects):
        if row < 2:
            weights.append(1.0)
            some = []
            for b in drawn[row].parts["head"]:
                left, right = (b.x - o.box.x) / o.box.width, (b.x + b.width - o.box.x) / o.box.width
                if pool.graph.mirrored[row]:
                    left, right = 1 - right, 1 - left
                some.append(((b.y - o.box.y) / o.box.height, left, (b.y + b.height - o.box.y) / o.box.height, right))
            corners.append(some)
            continue
        sure = aog.found.place_confidence[row] >= SURELY and aog.found.confidence[row] >= UNSURE
        weights.append(FOUND_WEIGHT if sure else 0.0)
        stretch = (o.box.width / o.box.height) ** 0.25
        y, x = aog.found.places[row].tolist()
        h, w = min(1.0, aog.templates[0].box[0] * stretch) / 2, min(1.0, aog.templates[0].box[1] / stretch) / 2
        corners.append([(max(0, y - h), max(0, x - w), min(1, y + h), min(1, x + w))])
    assert 0 < weights.count(0.0) < OBJECTS - 2
    area = sum(
        w * sum((b[2] - b[0]) * (b[3] - b[1]) for b in some) for w, some in zip(weights, corners, strict=True)
    ) / sum(weights)
    assert found.area == pytest.approx(area, abs=1e-6)
    assert (found.labelled_objects, found.found_objects) == (2, sum(w == FOUND_WEIGHT for w in weights))
    expected = {}
    for pattern, name in enumerate(pool.names):
        fired = inside = unit = score = 0.0
        objects = 0
        for row in range(OBJECTS):
            if not seen.fires[pattern, row] or not weights[row]:
                continue
            fired, objects = fired + weights[row], objects + 1
            for kind, places in (("inside", seen.places), ("unit", seen.units)):
                y, x = places[pattern, row].tolist()
                if any(b[0] <= y <= b[2] and b[1] <= x <= b[3] for b in corners[row]):
                    if kind == "inside":
                        inside, score = inside + weights[row], score + weights[row] * seen.score[pattern, row].item()
                    else:
                        unit += weights[row]
        if inside > area * fired:
            bounds = lower_bound(inside, fired), lower_bound(unit, fired) if unit else 0.0
            expected[name] = (*bounds, objects, score / inside)
    assert 10 < len(expected) < len(pool.names)
    told = zip(found.share, found.fires_share, found.objects, found.score, strict=True)
    assert dict(zip(found.pattern, told, strict=True)) == {
        name: pytest.approx(values, abs=1e-5) for name, values in expected.items()
    }


def test_what_stands_anywhere_is_hardly_named() -> None:
    pool, _ = pool_of_random_sightings()
    boxes = part_boxes(pool, synthetic_aog(pool.graph), labelled(pool))
    several = [boxes.scattered(seed) for seed in range(20)]
    named = []
    for one, counts in zip(several, count_lying(pool, several), strict=True):
        found = lying(pool, one, counts)
        named.append(int((found.share > found.by_chance).sum()))
        assert len(found.pattern) > 10, "many are inside more often than by chance, and none beyond it"
    assert sum(n > 0 for n in named) <= 3, "in one of twenty any pattern is"


def test_what_a_pattern_shows_alone_is_named() -> None:
    pool, seen = pool_of_random_sightings()
    boxes = part_boxes(pool, synthetic_aog(pool.graph), labelled(pool))
    boxes = replace(boxes.scattered(0), weight=torch.ones(OBJECTS))
    centre = torch.nan_to_num((boxes.low + boxes.high) / 2)[:, 0]
    at_part = replace(seen, places=torch.cat([centre[None], seen.places[1:]]), fires=torch.ones_like(seen.fires))
    with_one = cast(Pool, SimpleNamespace(**{**vars(pool), "sightings": lambda: iter([at_part])}))
    (counts,) = count_lying(with_one, [boxes])
    found = lying(with_one, boxes, counts)
    assert [n for n, s, c in zip(found.pattern, found.share, found.by_chance, strict=True) if s > c] == [pool.names[0]]


@pytest.mark.parametrize("patterns", [1, 30_000])
@pytest.mark.parametrize("area", [0.0, 0.05, 0.3, 1.0])
def test_chance_against_sums(area: float, patterns: int) -> None:
    total = np.arange(1, 60)
    inside = [best_by_chance(n, area, patterns) for n in total.tolist()]
    expected = [lower_bound(k, n) if k else 0.0 for k, n in zip(inside, total.tolist(), strict=True)]
    assert chance.best_by_chance(total.astype(float), area, patterns) == pytest.approx(expected, abs=1e-9)
