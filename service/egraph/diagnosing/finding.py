"""What a diagnosis finds: what it is, how large beside its control, on which photos, and what its trial showed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from egraph.diagnosing.trial import Trial
from egraph.photos.photo import PhotoObject


class Kind(StrEnum):
    """What is found."""

    WRONG = "wrong answers"
    ELSEWHERE = "fires without the object"
    TWO_THINGS = "two things in one"
    CONTEXT = "surroundings"
    BORDER = "border"
    SHARED = "shared with another category"
    APART = "told apart from another category"


@dataclass(frozen=True)
class Figure:
    """A figure beside its control, each with its name."""

    name: str
    value: float
    control: str
    control_value: float


@dataclass(frozen=True)
class Sight:
    """A place on a photo that a finding shows: x, y in pixels of the photo; side: of the square around it that the
    picture shows, or None for the whole object. words: what is said of this photo."""

    object: PhotoObject
    x: float
    y: float
    side: float | None
    words: str = ""


@dataclass(frozen=True)
class Row:
    """Pictures under one title."""

    title: str
    sights: list[Sight]


@dataclass(frozen=True)
class Finding:
    """says: in a sentence. filters: `layer/filter`; patterns: ids. photos: on how many it rests. trials: how it was
    tested, at least once."""

    kind: Kind
    says: str
    figures: list[Figure]
    filters: list[str]
    patterns: list[str]
    photos: int
    trials: list[Trial]
    rows: list[Row] = field(default_factory=list)

    @property
    def matters(self) -> bool:
        """Whether a trial showed that it matters to the network's answer."""
        return any(trial.shown for trial in self.trials)

    @property
    def strength(self) -> float:
        """By how much the score surely depends on it, beyond its control: the lower end of the interval, at least 0, of
        the trial where it is largest."""
        return max((trial.low for trial in self.trials if trial.shown), default=0.0)

    @property
    def decisive(self) -> Trial:
        """The trial that showed most; where none showed anything, that whose effect was largest."""
        return max(self.trials, key=lambda t: (t.shown, t.low if t.shown else t.beyond))


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """The strongest first; those that were not shown to matter stand last, the largest effects first."""
    return sorted(findings, key=lambda one: (-one.strength, -one.decisive.beyond))
