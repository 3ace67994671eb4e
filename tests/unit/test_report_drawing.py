"""Drawings: like stands above like, and the same patterns are always drawn alike."""

import random
from itertools import combinations

import pytest

from egraph.report.drawing import Drawing, draw_ties
from egraph.report.views import GraphRow, PatternRow, Tie

GRAPH = GraphRow("g", "horse", "default", "net", 10, 12, "now", ("layer1", "layer2"))


def row(layer: str, number: int, x: float) -> PatternRow:
    id = f"g/{layer}/{number}/0"
    return PatternRow(id, id[2:], layer, number, 0, x, 0.5, 5, 1.0, 2.0, None, None)


def crossings(drawn: Drawing) -> int:
    """How many pairs of lines cross each other."""
    ends = [(edge.x1, edge.x2) for edge in drawn.edges]
    return sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(ends, 2))


@pytest.mark.parametrize("seed", range(5))
def test_partners_stand_above_each_other_whatever_the_order(seed: int) -> None:
    shuffled = random.Random(seed)
    lower = [row("layer1", n, 0.1 * n + 0.01) for n in range(6)]
    upper = [row("layer2", n, shuffled.random()) for n in range(6)]
    ties = [Tie(one.id, other.id, 0.5, 5) for one, other in zip(lower, upper, strict=True)]
    rows = lower + upper
    drawn = draw_ties(GRAPH, rows, ties)
    assert len(drawn.edges) == 6 and crossings(drawn) == 0
    assert {edge.x1 - edge.x2 for edge in drawn.edges} == {0.0}
    shuffled.shuffle(rows)
    again = draw_ties(GRAPH, rows, ties)
    assert {n.row.id: (n.x, n.y) for n in again.nodes} == {n.row.id: (n.x, n.y) for n in drawn.nodes}
