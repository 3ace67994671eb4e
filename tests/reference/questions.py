"""What questions should answer, read off the tables of a mined graph with loops."""

from collections import defaultdict
from dataclasses import replace
from math import comb
from typing import Any

from egraph.graph.schema import FIRES_ON
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.photo import Box, PhotoObject

Key = tuple[str, int]
"""A pattern: its layer and its row there."""


def name(mined: MinedGraph, key: Key) -> str:
    """The id of a pattern."""
    table, row = mined.patterns[key[0]], key[1]
    return f"{mined.id}/{key[0]}/{table.filter[row]}/{table.number[row]}"


def keys(mined: MinedGraph) -> list[Key]:
    """All patterns."""
    return [(layer, row) for layer, table in mined.patterns.items() for row in range(len(table))]


def value(mined: MinedGraph, key: Key, column: str) -> Any:
    """A pattern's value in one column of its table."""
    return getattr(mined.patterns[key[0]], column)[key[1]].item()


def place(mined: MinedGraph, key: Key) -> tuple[float, float]:
    """A pattern's mean place, x and y."""
    y, x = mined.patterns[key[0]].mean_place[key[1]].tolist()
    return x, y


def firings(mined: MinedGraph) -> list[tuple[Key, int, dict[str, float]]]:
    """Each firing: the pattern, the row of the object, and its values, places in fractions of the object."""
    found = []
    for table in mined.firings:
        for i in range(len(table.pattern)):
            values = {column.name: float(getattr(table, column.name)[i]) for column in FIRES_ON.mined}
            found.append(((table.layer, int(table.pattern[i])), int(table.object[i]), values))
    return found


def told(o: PhotoObject, values: dict[str, float]) -> dict[str, Any]:
    """What a question tells of a firing on an object."""
    places = dict(zip(("x", "y"), in_photo(o, values["x"], values["y"]), strict=True))
    expected = in_photo(o, values["expected_x"], values["expected_y"])
    return {
        **{name: values[name] for name in ("score", "activation", "likeness")},
        **places,
        **dict(zip(("expected_x", "expected_y"), expected, strict=True)),
        "box": [o.box.x, o.box.y, o.box.width, o.box.height],
    }


def in_photo(o: PhotoObject, x: float, y: float) -> tuple[float, float]:
    """A place in fractions of the object's box, in pixels of the photo."""
    return o.box.x + x * o.box.width, o.box.y + y * o.box.height


def ties(mined: MinedGraph) -> dict[tuple[Key, Key], dict[str, float]]:
    """Each co-activation, from the lower pattern to the upper one."""
    found = {}
    for co in mined.co_activations:
        for i in range(len(co.source)):
            pair = ((co.lower, int(co.source[i])), (co.upper, int(co.target[i])))
            found[pair] = {"strength": float(co.strength[i]), "lift": float(co.lift[i])}
    return found


def steps(mined: MinedGraph) -> dict[tuple[Key, Key], dict[str, float]]:
    """Each displacement, of the lower pattern from the upper one."""
    found = {}
    for d in mined.displacements:
        for i in range(len(d.source)):
            pair = ((d.lower, int(d.source[i])), (d.upper, int(d.target[i])))
            found[pair] = {"dx": float(d.dx[i]), "dy": float(d.dy[i]), "sigma": float(d.sigma[i])}
    return found


def apart(mined: MinedGraph, one: Key, other: Key) -> float:
    """How much the displacement of two patterns would vary if each moved on its own."""
    return float((value(mined, one, "spread") ** 2 + value(mined, other, "spread") ** 2) ** 0.5)


def with_parts(mined: MinedGraph) -> list[PhotoObject]:
    """Objects with boxes: a head on the first five, once in two boxes, a leg on the fourth to the ninth."""
    objects = []
    for i, o in enumerate(mined.objects[:9]):
        parts = {}
        if i < 5:
            parts["head"] = [Box(o.box.x, o.box.y, o.box.width * 0.5, o.box.height * 0.6)]
        if i == 2:
            parts["head"].append(Box(o.box.x + o.box.width * 0.6, o.box.y, o.box.width * 0.1, o.box.height * 0.5))
        if i >= 3:
            parts["leg"] = [
                Box(o.box.x + o.box.width * 0.4, o.box.y + o.box.height * 0.45, o.box.width * 0.55, o.box.height * 0.5)
            ]
        objects.append(replace(o, parts={part: tuple(boxes) for part, boxes in parts.items()}))
    return objects


def lying(mined: MinedGraph, objects: list[PhotoObject], part: str) -> dict[Key, dict[str, float]]:
    """What questions tell of each pattern that lies on a part: of the objects with a box on which it fires, the lower
    bound of the share on which it is expected inside, the same of the unit where it fires, the control, and how many
    those objects are. Only patterns that are inside more often than a place drawn at random."""
    hits: dict[Key, int] = defaultdict(int)
    fires: dict[Key, int] = defaultdict(int)
    fired: dict[Key, int] = defaultdict(int)
    for key, row, values in firings(mined):
        if row >= len(objects) or part not in objects[row].parts:
            continue
        o = objects[row]
        fired[key] += 1
        for counted, x, y in ((hits, "expected_x", "expected_y"), (fires, "x", "y")):
            x, y = in_photo(o, values[x], values[y])
            counted[key] += any(b.x <= x <= b.x + b.width and b.y <= y <= b.y + b.height for b in o.parts[part])
    area, patterns = covered(objects, part), len(keys(mined))
    return {
        key: {
            "on_part": lower_bound(count, fired[key]),
            "fires_on_part": lower_bound(fires[key], fired[key]),
            "objects": fired[key],
            "by_chance": lower_bound(best_by_chance(fired[key], area, patterns), fired[key]),
        }
        for key, count in hits.items()
        if count > area * fired[key]
    }


def on_part(mined: MinedGraph, objects: list[PhotoObject], part: str) -> dict[Key, float]:
    """The lower bounds alone."""
    return {key: values["on_part"] for key, values in lying(mined, objects, part).items()}


def lower_bound(hits: float, total: float) -> float:
    """The least share of which hits / total is no more than 1.645 deviations above."""
    low, high = 0.0, hits / total
    for _ in range(60):
        middle = (low + high) / 2
        if middle + 1.645 * (middle * (1 - middle) / total) ** 0.5 < hits / total:
            low = middle
        else:
            high = middle
    return high


def best_by_chance(total: int, area: float, patterns: int) -> int:
    """The least count that any of so many patterns at random places exceeds with a probability of at most 5 %."""
    for inside in range(total + 1):
        above = sum(comb(total, k) * area**k * (1 - area) ** (total - k) for k in range(inside + 1, total + 1))
        if above <= 0.05 / patterns:
            return inside
    raise AssertionError("nothing is above the total")


def covered(objects: list[PhotoObject], part: str) -> float:
    """The share of an object that the boxes of `part` cover, on average."""
    shares = [
        sum(b.width * b.height for b in o.parts[part]) / (o.box.width * o.box.height)
        for o in objects
        if part in o.parts
    ]
    return sum(shares) / len(shares)
