"""Patterns that are found again: beside plain loops, and what must come out for graphs that are known."""

import numpy as np
import pytest
import torch

from egraph.evaluation.purity import STRONGEST
from egraph.evaluation.stability import ALIKE, LayerPatterns, both_ways, evaluate_stability

UNIT, FILTERS = 0.12, 5


def patterns(count: int, objects: int, seed: int) -> LayerPatterns:
    generator = torch.Generator().manual_seed(seed)
    return LayerPatterns(
        filter=torch.randint(0, FILTERS, (count,), generator=generator),
        places=torch.rand(count, 2, generator=generator),
        scores=torch.rand(count, objects, generator=generator),
        sureness=torch.rand(count, generator=generator),
    )


def alike_but_for_noise(these: LayerPatterns, noise: float, seed: int) -> LayerPatterns:
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(these.filter), generator=generator)
    scores = these.scores[order]
    return LayerPatterns(
        filter=these.filter[order],
        places=these.places[order] + 0.6 * UNIT * torch.randn(len(order), 2, generator=generator),
        scores=scores + noise * torch.randn(scores.shape, generator=generator),
        sureness=these.sureness[order],
    )


def slow_search(
    these: LayerPatterns, among: LayerPatterns, shift: int, surest: int | None
) -> list[tuple[bool, bool, float]]:
    found = []
    rows = (
        sorted(range(len(these.filter)), key=lambda row: -these.sureness[row]) if surest else range(len(these.filter))
    )
    for row in list(rows)[:surest]:
        near, again, nearest = False, False, (np.inf, 0.0)
        best = set(np.argsort(-these.scores[row].numpy())[:STRONGEST])
        for other in range(len(among.filter)):
            if among.filter[other] != (these.filter[row] + shift) % FILTERS:
                continue
            distance = float(np.linalg.norm(these.places[row] - among.places[other]))
            correlation = np.corrcoef(these.scores[row], among.scores[other])[0, 1]
            near |= distance <= UNIT
            again |= bool(distance <= UNIT and correlation > ALIKE)
            theirs = set(np.argsort(-among.scores[other].numpy())[:STRONGEST])
            nearest = min(nearest, (distance, len(best & theirs) / len(best)))
        found.append((again, near, nearest[1]))
    return found


@pytest.mark.parametrize(("shift", "surest"), [(0, None), (1, None), (0, 7)])
def test_the_search_is_that_of_plain_loops(shift: int, surest: int | None) -> None:
    one = patterns(30, 40, 0)
    two = alike_but_for_noise(one, 0.3, 1)
    found = both_ways(one, two, UNIT, FILTERS, shift, surest)
    wanted = slow_search(one, two, shift, surest) + slow_search(two, one, shift, surest)
    again, near, photos = np.mean(wanted, 0)
    assert (found.found_again, found.place, found.photos) == pytest.approx((again, near, photos))
    assert found.patterns == len(wanted)
    assert shift or 0.2 < found.found_again < found.place < 1, "the example tells the figures apart"


def test_the_same_graph_is_found_again_whole_and_another_one_is_not() -> None:
    one, two = patterns(60, 80, 0), patterns(60, 80, 9)
    units, channels = {"layer": UNIT}, {"layer": FILTERS}
    same = evaluate_stability({"layer": one}, {"layer": one}, units, channels)["all"]
    assert (same["egraph"].found_again, same["egraph"].photos, same["egraph"].patterns) == (1, 1, 120)
    assert same["surest"].found_again == 1 and same["surest"].patterns == 2 * FILTERS
    assert same["next_filter"].found_again == 0 and same["next_filter"].photos == pytest.approx(STRONGEST / 80, abs=0.1)
    other = evaluate_stability({"layer": one}, {"layer": two}, units, channels)["all"]
    assert other["egraph"].found_again == 0 < other["egraph"].place, "the place alone fits by chance, the scores do not"


def test_layers_count_alike_and_a_filter_may_have_no_pattern() -> None:
    one, two = patterns(60, 30, 0), patterns(3, 30, 2)
    two = LayerPatterns(torch.zeros(3, dtype=torch.long), two.places, two.scores, two.sureness)
    units, channels = dict.fromkeys("ab", UNIT), dict.fromkeys("ab", FILTERS)
    found = evaluate_stability({"a": one, "b": two}, {"a": one, "b": one}, units, channels)
    assert found["a"]["egraph"].found_again == 1 > found["b"]["egraph"].found_again
    wanted = (found["a"]["egraph"].place + found["b"]["egraph"].place) / 2
    assert found["all"]["egraph"].place == pytest.approx(wanted)
    assert found["all"]["egraph"].patterns == 120 + 63
