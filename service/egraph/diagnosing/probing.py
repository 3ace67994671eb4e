"""Trials by blurring: the place that is named beside places at random, what surrounds the object beside cells at
random."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.diagnosing.blurring import blurred, box_masks, scattered, squares
from egraph.diagnosing.case import Case
from egraph.diagnosing.scoring import Accepted, is_right, scores
from egraph.diagnosing.seen import Seen, answers_of, view_inputs
from egraph.diagnosing.trial import Trial, trial

DRAWS = 2
"""Draws of the control on each photo."""
AT_ONCE = 8


@dataclass(frozen=True)
class Asked:
    """On which photos a trial is made, and what is measured there. rows: m, of `seen`. directions: (m, K) of the score
    that is called `score`. accepted: the right classes of the m photos, where it is asked whether they are answered
    rightly then."""

    seen: Seen
    rows: Sequence[int]
    directions: Tensor
    score: str
    accepted: Accepted | None = None

    @property
    def before(self) -> Tensor:
        return scores(self.seen.answers[list(self.rows)], self.directions)


def place_trial(
    case: Case,
    asked: Asked,
    units: Sequence[int],
    what: str,
    among: Tensor | None = None,
    elsewhere: str = "a random place",
) -> Trial:
    """Blur a square about one unit of each photo, and about other units at random.

    Args:
        units: m. among: (n, U) bool, from which units of each photo of `seen` the control is drawn; all others, unless
            given.
    """
    seen, size = asked.seen, case.network.preprocessing.size

    def masks(number: int, row: int) -> Tensor:
        unit = units[number]
        free = torch.ones(seen.maps.shape[2], dtype=torch.bool) if among is None else among[row].clone()
        free[unit] = False
        pool = free.nonzero()[:, 0].numpy()
        drawn = case.random.choice(pool if len(pool) else np.arange(len(free)), DRAWS)
        return squares(unit_centres(seen, row)[[unit, *drawn.tolist()]], size)

    return masked_trial(case, asked, masks, f"{what} blurred", f"{elsewhere} blurred")


def surroundings_trial(case: Case, asked: Asked) -> Trial:
    """Blur everything beside the object's box, and cells at random as large together."""

    def masks(_number: int, row: int) -> Tensor:
        around = 1 - box_masks([asked.seen.views[row]], case.network.preprocessing.size)
        return torch.cat([around, *(scattered(around, case.random) for _ in range(DRAWS))])

    return masked_trial(case, asked, masks, "what surrounds the object blurred", "as much blurred at random")


def masked_trial(case: Case, asked: Asked, masks: Callable[[int, int], Tensor], what: str, control: str) -> Trial:
    """Blur what masks name.

    Args:
        masks: gives for the number of a photo in the trial, and its row, the masks (1 + DRAWS, 1, size, size): of what
            is tried, and of the control.
    """
    after, right = [], []
    for number, row in enumerate(asked.rows):
        inputs = view_inputs(case.network, asked.seen, [row])
        some = masks(number, row).to(inputs)
        pictures = blurred(inputs, some)
        answers = torch.cat([answers_of(case.network, few).cpu() for few in pictures.split(AT_ONCE)])
        after.append(scores(answers, asked.directions[number].expand(len(answers), -1)))
        if asked.accepted is not None:
            right.append(is_right(answers, [asked.accepted[number]] * len(answers)))
    return told(asked, torch.stack(after), right, what, control)


def told(asked: Asked, after: Tensor, right: Sequence[Tensor], what: str, control: str) -> Trial:
    """after: (m, 1 + draws), first of what was tried, then of the control; right: of m photos the same."""
    told = torch.stack(list(right)) if right else None
    return trial(
        what,
        asked.score,
        asked.before,
        after[:, 0],
        control,
        after[:, 1:],
        None if told is None else told[:, 0],
        None if told is None else told[:, 1:],
    )


def unit_centres(seen: Seen, row: int) -> Tensor:
    """Where the units of a photo look, in fractions of what the network saw: (U, 2)."""
    return seen.views[row].from_box(seen.units.places[row])
