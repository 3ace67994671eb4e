"""What a finding shows of photos, and which patterns it names."""

from collections import Counter
from collections.abc import Sequence

from egraph.diagnosing.case import Case
from egraph.diagnosing.finding import Row, Sight
from egraph.diagnosing.probing import unit_centres
from egraph.diagnosing.seen import Seen

SHOWN = 8
"""Pictures in a row."""
NAMED = 4
"""Patterns that a finding names at most."""
PIECE = 2 / 7
"""Side of a picture's square, as a share of what the network saw: that of the squares that are blurred."""


def sight_of(seen: Seen, row: int, unit: int) -> Sight:
    """The place of a unit on a photo."""
    region = seen.views[row].region
    y, x = unit_centres(seen, row)[unit].tolist()
    side = PIECE * (region.width * region.height) ** 0.5
    return Sight(seen.objects[row], region.x + x * region.width, region.y + y * region.height, side)


def whole_sight(seen: Seen, row: int, words: str = "") -> Sight:
    """The whole object."""
    region = seen.views[row].region
    return Sight(seen.objects[row], region.x + region.width / 2, region.y + region.height / 2, None, words)


def places_row(title: str, seen: Seen, rows: Sequence[int], units: Sequence[int]) -> Row:
    """The places of units, one on each photo."""
    return Row(title, [sight_of(seen, row, unit) for row, unit in zip(rows[:SHOWN], units[:SHOWN], strict=True)])


def patterns_at(case: Case, seen: Seen, rows: Sequence[int], units: Sequence[int], filter_: int) -> list[str]:
    """The patterns to which a filter's units mostly belong, the most frequent first; on photos of the category alone,
    because its patterns are placed on no other."""
    at = [case.patterns.at(seen, row, filter_, unit) for row, unit in zip(rows, units, strict=True)]
    return [name for name, _ in Counter(name for name in at if name is not None).most_common(NAMED)]
