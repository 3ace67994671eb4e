"""Why a network says what it says of one object on one photo: what an explanation holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from egraph.explaining.account import LayerAccount
from egraph.photos.photo import Box, PhotoObject


@dataclass(frozen=True)
class ClassLine:
    """A class of the network's answer. number; name; probability: what the network gives it, 0 to 1."""

    number: int
    name: str
    probability: float


@dataclass(frozen=True)
class Without:
    """What the network says without some units. named: what was taken away. predicted: what it says then. probability,
    score: of the class that is explained, then. control_predicted, control_score: the same after as much activation was
    taken away at random."""

    named: list[str]
    predicted: ClassLine
    probability: float
    score: float
    control_predicted: ClassLine
    control_score: float


@dataclass(frozen=True)
class Explanation:
    """region: of the photo that the network saw. predicted: its answer. explained: the class that is accounted for,
    and `instead_of` which, if any. layers: from the input side up. parts: where the named parts were found; missing:
    those that may not be there. category: what
    the graph is of."""

    object: PhotoObject
    region: Box
    category: str
    predicted: ClassLine
    explained: ClassLine
    instead_of: ClassLine | None
    layers: list[LayerAccount]
    parts: dict[str, Box]
    missing: list[str] = field(default_factory=list)
    without: Without | None = None

    @property
    def top(self) -> LayerAccount:
        """The account of the uppermost layer, which people are told."""
        return self.layers[-1]


@dataclass(frozen=True)
class WithoutSummary:
    """What became of several answers without some units. changed: on how many of the photos another class is predicted
    then. score: by how much the score of the class that is explained changes, on average. control: the same after as
    much activation was taken away at random."""

    photos: int
    changed: int
    score: float
    control_changed: int
    control_score: float


def without_summary(explanations: Sequence[Explanation]) -> WithoutSummary | None:
    """What all answers together say; None where nothing was taken away."""
    some = [(found, found.without) for found in explanations if found.without is not None]
    if not some:
        return None
    return WithoutSummary(
        photos=len(some),
        changed=sum(then.predicted.number != found.predicted.number for found, then in some),
        score=sum(then.score - found.top.score for found, then in some) / len(some),
        control_changed=sum(then.control_predicted.number != found.predicted.number for found, then in some),
        control_score=sum(then.control_score - found.top.score for found, then in some) / len(some),
    )
