"""What is kept of a mined layer, as columns of numpy arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch

from egraph.mining.edges import Upper
from egraph.mining.expectation import planes
from egraph.mining.graph_tables import Columns


@dataclass(frozen=True)
class MinedPatterns:
    """P patterns, sorted by filter, then number; the columns are those of `PatternTable`."""

    filter: np.ndarray
    number: np.ndarray
    place: np.ndarray
    mean_place: np.ndarray
    spread: np.ndarray
    support: np.ndarray
    score: np.ndarray
    advantage: np.ndarray
    likeness: np.ndarray
    chance: np.ndarray
    usual: np.ndarray
    context: np.ndarray
    context_level: np.ndarray

    def __len__(self) -> int:
        return len(self.filter)


@dataclass(frozen=True)
class MinedParents:
    """What places P patterns, by M parents each.

    gain: (P,) how far a pattern follows. index, weight: (P, M) the parents, as rows of their own table, and their
    shares. mean: (P, M, 2) where the pattern is, seen from each of them; sigma: (P, M) deviation of that.
    """

    gain: np.ndarray
    index: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    sigma: np.ndarray


@dataclass(frozen=True)
class MinedEdges:
    """E edges to the layer above; lower, upper: (E,) rows of the two layers' patterns, the rest as in `Edges`."""

    lower: np.ndarray
    upper: np.ndarray
    strength: np.ndarray
    lift: np.ndarray
    support: np.ndarray
    dy: np.ndarray
    dx: np.ndarray
    sigma: np.ndarray
    steady: np.ndarray


@dataclass(frozen=True)
class MinedFirings:
    """F firings. pattern, object: (F,) rows, objects counted among the usable ones of this process. peak: (F,) uint8
    which of its filter's peaks wins. score, likeness: (F,). expected: (F, 2) where the pattern is expected, in the
    canonical view. of_object: (F,) bool, among the strongest of its object, and not only of its pattern."""

    pattern: np.ndarray
    object: np.ndarray
    peak: np.ndarray
    score: np.ndarray
    likeness: np.ndarray
    expected: np.ndarray
    of_object: np.ndarray


@dataclass(frozen=True)
class Candidates:
    """C patterns that the layer below may link to. row: (C,) of this layer's patterns; places: (C, n, 2); mass, fires:
    (C, n)."""

    row: np.ndarray
    places: np.ndarray
    mass: np.ndarray
    fires: np.ndarray

    def upper(self, device: torch.device, reach: float) -> Upper:
        """The same on the device that the layer below is mined on; see `Upper` for `reach`."""
        row, places, mass, fire = (
            torch.from_numpy(column).to(device) for column in (self.row, self.places, self.mass, self.fires)
        )
        return Upper(row, planes(places), mass, fire, reach)


@dataclass(frozen=True)
class MinedLayer:
    """Everything that is kept of a layer. dropped: (reasons,) patterns left out, by `REASONS`."""

    patterns: MinedPatterns
    parents: MinedParents
    edges: MinedEdges
    firings: MinedFirings
    candidates: Candidates
    dropped: np.ndarray
    log_likelihood: np.ndarray


PARTS = {
    "patterns": MinedPatterns,
    "parents": MinedParents,
    "edges": MinedEdges,
    "firings": MinedFirings,
    "candidates": Candidates,
}
"""The columns of a layer by the name of its field."""


def flattened(layer: Any) -> dict[str, np.ndarray]:
    """All arrays of a layer, or of some of its parts, by names as `parents.gain`."""
    arrays: dict[str, np.ndarray] = {}
    for field in fields(layer):
        value = getattr(layer, field.name)
        if field.name in PARTS:
            arrays |= {f"{field.name}.{column.name}": getattr(value, column.name) for column in fields(value)}
        else:
            arrays[field.name] = value
    return arrays


def unflattened(arrays: Mapping[str, np.ndarray], kind: type[Columns]) -> Columns:
    """The layer, or the parts of it, that `flattened` gave these arrays of."""
    return kind(
        **{
            field.name: PARTS[field.name](
                **{column.name: arrays[f"{field.name}.{column.name}"] for column in fields(PARTS[field.name])}
            )
            if field.name in PARTS
            else arrays[field.name]
            for field in fields(kind)  # type: ignore[arg-type]
        }
    )
