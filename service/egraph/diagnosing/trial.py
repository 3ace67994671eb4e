"""A finding is tested by changing something and running the network again, beside the same change elsewhere."""

import math
from dataclasses import dataclass

from scipy import stats
from torch import Tensor

FEWEST = 3
"""Photos below which a mean difference says nothing."""
SURE = 0.99
"""Of the intervals. Some seventy trials are made in a diagnosis: with 95 %, one or two would show what is not there."""


@dataclass(frozen=True)
class Trial:
    """What happened to a score when something was changed on so many photos.

    what: was done. score: of what. before, after: its mean. control: what was done instead, and its mean then,
    `control_after`. beyond: how much farther it fell than by the control, the mean over the photos; low, high: the 99 %
    interval of that, NaN on too few photos. right, control_right: the share of the photos that are answered rightly
    afterwards, where they were all answered wrongly before; else None.
    """

    what: str
    score: str
    photos: int
    before: float
    after: float
    control: str
    control_after: float
    beyond: float
    low: float
    high: float
    right: float | None = None
    control_right: float | None = None

    @property
    def shown(self) -> bool:
        """Whether it was shown to matter: it fell farther than by the control, beyond what chance makes of so few
        photos."""
        return self.low > 0


def trial(
    what: str,
    score: str,
    before: Tensor,
    after: Tensor,
    control: str,
    control_after: Tensor,
    right: Tensor | None = None,
    control_right: Tensor | None = None,
) -> Trial:
    """The means of a trial on n photos.

    Args:
        before, after: (n,) scores. control_after: (n, draws), each photo with several draws of the control. right,
            control_right: (n,) and (n, draws) bool.
    """
    beyond = (control_after.mean(1) - after).double()
    low, high = interval(beyond)
    return Trial(
        what=what,
        score=score,
        photos=len(before),
        before=float(before.mean()),
        after=float(after.mean()),
        control=control,
        control_after=float(control_after.mean()),
        beyond=float(beyond.mean()),
        low=low,
        high=high,
        right=None if right is None else float(right.double().mean()),
        control_right=None if control_right is None else float(control_right.double().mean()),
    )


def interval(values: Tensor) -> tuple[float, float]:
    """The 99 % interval of the mean of (n,) values, by Student's t; NaN where there are too few."""
    count = len(values)
    if count < FEWEST:
        return math.nan, math.nan
    mean, error = float(values.mean()), float(values.std()) / math.sqrt(count)
    reach = float(stats.t.ppf(0.5 + SURE / 2, count - 1)) * error
    return mean - reach, mean + reach
