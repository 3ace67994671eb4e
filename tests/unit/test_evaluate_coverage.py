"""What a confidence is worth, against sums over lists."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from egraph.commands.evaluate import mean_risks
from egraph.evaluation.coverage import FAR, risk, risks

ERRORS = st.lists(st.floats(0, 0.5, width=32), min_size=1, max_size=40)


@given(ERRORS, st.integers(0, 99))
def test_the_surest_answers_are_kept(errors: list[float], seed: int) -> None:
    sureness = np.random.default_rng(seed).permutation(len(errors))
    found = risk(torch.tensor(errors), torch.from_numpy(sureness))
    ranked = [errors[i] for i in sorted(range(len(errors)), key=lambda i: -sureness[i])]

    def kept(share: float) -> list[float]:
        return ranked[: max(1, round(share * len(ranked)))]

    assert found.area == pytest.approx(np.mean([np.mean(ranked[: n + 1]) for n in range(len(ranked))]), abs=1e-6)
    for value, share in ((found.at50, 0.5), (found.at75, 0.75), (found.at90, 0.9)):
        assert value == pytest.approx(np.mean(kept(share)), abs=1e-6)
    assert found.far75 == pytest.approx(np.mean([error > FAR for error in kept(0.75)]))


@given(ERRORS, st.integers(0, 99))
def test_no_order_is_better_than_the_best(errors: list[float], seed: int) -> None:
    sureness = torch.from_numpy(np.random.default_rng(seed).random(len(errors)))
    found = risks(torch.tensor(errors), {"score": sureness})
    assert found["best"].area <= found["score"].area + 1e-9
    assert found["random"].at50 == pytest.approx(np.mean(errors), abs=1e-6)


def test_means_over_runs_and_label_sets() -> None:
    first, second = (risks(torch.tensor(e), {"score": torch.tensor([1.0, 0.0])}) for e in ([0.1, 0.3], [0.2, 0.6]))
    runs = [{name: [of[name]] for name in of} for of in (first, second)]
    assert mean_risks(runs)["score"]["at50"] == pytest.approx(0.15)
    assert mean_risks(runs)["random"]["at50"] == pytest.approx(0.3)
