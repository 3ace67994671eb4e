"""An And-Or graph as it is kept: a part (OR over poses), its templates (AND over patterns), its patterns.

What is kept here, the patterns and the poses of the explanatory graph, and the photo are all that decides where a part
is found. Places are (row, column) in fractions of the crop in the canonical view.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from egraph.aog.votes import VoteSettings


@dataclass(frozen=True)
class Template:
    """One pose of the part, with those of the S patterns that have a weight in it.

    pose: (r,) mean pose of its objects. box: (2,) height and width of the part on a square
    object, see `egraph.aog.boxes`. objects: how many it was learnt from.
    weight: (S,) of each pattern, 0 where the template lacks it. displacement: (S, 2) of the part from where the pattern
    stands; sigma: (S,) its root mean square deviation. response: (S, 2) of where the pattern's filter responds from
    where the pattern stands. share: (S,) mean share of the pattern in the votes on these objects (sums to 1).
    """

    pose: np.ndarray
    box: np.ndarray
    objects: int
    weight: np.ndarray
    displacement: np.ndarray
    sigma: np.ndarray
    response: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class Found:
    """Where the part is on n objects of the graph, by their ids.

    places: (n, 2). residual: (n, 2) of the place from where the patterns put it together. trust, confidence,
    place_confidence: (n,).
    template: (n,) row of the templates.
    """

    objects: list[str]
    places: np.ndarray
    residual: np.ndarray
    trust: np.ndarray
    confidence: np.ndarray
    place_confidence: np.ndarray
    template: np.ndarray


@dataclass(frozen=True)
class AndOrGraph:
    """Everything that finds a part on a photo, beside the explanatory graph `graph` (with content hash `content`).

    layer, filter, number: (S,) names of the patterns. mean_evidence: (S,) of their filters over objects and places.
    prior: (u,), with its weight. score_deviation, settings: see `egraph.aog.votes`. offset: (2,) from the place of the
    score to the part's centre. habit, familiarity_levels, error_levels: see
    `egraph.aog.confidence`. learnt_from: ids of the
    labelled objects.
    """

    graph: str
    content: str
    category: str
    part: str
    name: str
    seed: int
    parameters: dict[str, Any]
    versions: dict[str, str]
    learnt_from: list[str]
    layer: list[str]
    filter: np.ndarray
    number: np.ndarray
    mean_evidence: np.ndarray
    prior: np.ndarray
    prior_weight: float
    score_deviation: float
    settings: VoteSettings
    offset: np.ndarray
    habit: np.ndarray
    familiarity_levels: np.ndarray
    error_levels: np.ndarray
    templates: list[Template]
    found: Found

    @property
    def id(self) -> str:
        """The And-Or graph's id: `<graph>/<part>/<name>`."""
        return f"{self.graph}/{self.part}/{self.name}"

    @property
    def filters(self) -> list[tuple[str, int]]:
        """Layer and channel of each pattern's filter."""
        return list(zip(self.layer, self.filter.tolist(), strict=True))
