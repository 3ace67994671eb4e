"""An And-Or graph as it is kept: a part (OR over poses), its templates (AND over patterns), its patterns.

Places are (row, column) in fractions of the crop in the canonical view.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Template:
    """One pose of the part, S patterns.

    pose: (r,) mean pose of its objects. box: (2,) height and width of the part. objects: how many it was learnt from.
    displacement: (S, 2) of the part from each pattern; sigma: (S,) its root mean square deviation; strength: (S,) mean
    share of each pattern in the appearance on these objects (sums to 1).
    """

    pose: np.ndarray
    box: np.ndarray
    objects: int
    displacement: np.ndarray
    sigma: np.ndarray
    strength: np.ndarray


@dataclass(frozen=True)
class Found:
    """Where the part is on n objects of the graph, by their ids.

    places: (n, 2). trust, confidence: (n,). template: (n,) row of the templates.
    """

    objects: list[str]
    places: np.ndarray
    trust: np.ndarray
    confidence: np.ndarray
    template: np.ndarray


@dataclass(frozen=True)
class AndOrGraph:
    """Everything that finds a part on a photo, beside the explanatory graph `graph` (with content hash `content`).

    layer, filter, number: (S,) names of the patterns. weight: (S,) of each in the appearance, length 1. prior: (u,).
    prior_weight, score_mean, score_deviation: see `egraph.aog.learn.LearntPart`. offset: (2,). habit,
    familiarity_levels: see `egraph.aog.confidence`. learnt_from: ids of the labelled objects.
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
    weight: np.ndarray
    prior: np.ndarray
    prior_weight: float
    score_mean: float
    score_deviation: float
    offset: np.ndarray
    habit: np.ndarray
    familiarity_levels: np.ndarray
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
