"""What mining finds, as columns: what the graph database is written from, and read back to.

Places are (row, column) in fractions of the object's crop, in the object's canonical orientation: where `mirrored`
is true, the crop was mirrored left to right first. All arrays are numpy, float32 unless said.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from egraph.network.layer import LayerGeometry
from egraph.photos.photo import PhotoObject

ANCHORS = "anchors"
"""Name of the graph layer above the top conv layer; each of its patterns is a template over all filters."""


Columns = TypeVar("Columns")


def joined(parts: Sequence[Columns]) -> Columns:
    """Rows of several tables of one kind, in order; what is no column is that of the first."""
    columns = vars(parts[0]) | {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name, column in vars(parts[0]).items()
        if isinstance(column, np.ndarray)
    }
    return type(parts[0])(**columns)


def chosen_rows(table: Columns, rows: np.ndarray) -> Columns:
    """The table with some rows alone: their numbers, or which they are. A column without rows stays so."""
    columns = {name: c[rows] if isinstance(c, np.ndarray) and len(c) else c for name, c in vars(table).items()}
    return type(table)(**columns)


@dataclass(frozen=True)
class LayerReading:
    """How a graph reads one conv layer: unit evidence is relu((activation - mean) / deviation), per filter.

    filter_mean, filter_deviation: (channels,). Only of the context's layers, else without rows: context_mean:
    (channels,), mean of the normalised evidence that anchors compare with; context_axes: (channels, R), the directions
    of that evidence on which the patterns' contexts are seen.
    filter_scattered, filter_beside: (channels,) share of a filter's activation that is scattered over the object, and
    that lies beside it; empty where no mixture was fitted.
    """

    filter_mean: np.ndarray
    filter_deviation: np.ndarray
    context_mean: np.ndarray
    context_axes: np.ndarray
    filter_scattered: np.ndarray
    filter_beside: np.ndarray


@dataclass(frozen=True)
class PatternTable:
    """The patterns of one graph layer, P rows, sorted by filter, then number.

    filter, number: (P,) int32; a pattern is named `<layer>/<filter>/<number>`.
    place: (P, 2) mu, the place before an object is seen. mean_place: (P, 2) mean inferred place over the objects.
    spread: (P,) root mean square distance of the inferred place from its mean: how much the pattern moves. The inferred
    place is the one that the pose tells, where the layers have loadings.
    support: (P,) int32, objects on which it fires. score: (P,) mean evidence over all objects.
    advantage: (P,) evidence it finds over what evenly scattered peaks would give it; 1 is no better than noise.
    chance: (P,) share of its filter's evidence that evenly scattered peaks would give it. usual: (P,) mean over all
    objects of how well its best peak fits, wherever it fires or not: what the score of a firing is compared with.
    context: (P, R) direction m of the contexts of its peaks, context_level: (P,) log of the mean of exp(k m . h) over
    its filter's peaks. likeness: (P,) mean m . h of the evidence that it wins: how much alike what it shows is. Where
    contexts play no part: (P, 0) and empty.
    share: (P,) of its filter's activation that it explains, reach: (P,) how far about its place it explains activation,
    background: (P,) mean activation of its filter beside the object over that about its place, see
    `egraph.explaining.mixture`; empty where no mixture was fitted, background also where no photo shows surroundings.
    parent_gain: (P,) how far it follows the weighted displacements of its parents (0 does not move).
    pose: (P, r, 2) how far the pattern moves with each number of the pose, or (P, 0, 2) where the pose does not place
    it; of the layer that tells the pose, the loadings by which it does.
    orientation_weight: (P,) weight of its score in the left/right decision, 0 where unused.
    template, place_map: only of anchors: (P, all channels) and (P, units of the context grid); else (P, 0).
    score_mean, score_deviation: only of anchors: (P,); else empty. Anchors have no chance, nothing usual, no context.
    """

    layer: str
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
    share: np.ndarray
    reach: np.ndarray
    background: np.ndarray
    parent_gain: np.ndarray
    pose: np.ndarray
    orientation_weight: np.ndarray
    template: np.ndarray
    place_map: np.ndarray
    score_mean: np.ndarray
    score_deviation: np.ndarray

    def __len__(self) -> int:
        return len(self.filter)


@dataclass(frozen=True)
class CoActivations:
    """Edges CO_ACTIVATES_WITH from patterns of a lower graph layer to patterns of an upper one, E rows.

    source, target: (E,) int32 rows of the two pattern tables. strength: (E,) correlation of the two scores over the
    objects, -1 to 1. lift: (E,) how often they fire together over what chance gives. support: (E,) int32 objects on
    which both fire.
    """

    lower: str
    upper: str
    source: np.ndarray
    target: np.ndarray
    strength: np.ndarray
    lift: np.ndarray
    support: np.ndarray


@dataclass(frozen=True)
class Displacements:
    """Edges DISPLACED_FROM from patterns of a lower graph layer to patterns of an upper one, E rows.

    dx, dy: (E,) mean place of the lower pattern minus that of the upper one. sigma: (E,) root mean square deviation
    of that difference over the objects. weight: (E,) share of this parent in placing the lower pattern, negative
    where the pattern moves against it (the absolute weights of a pattern's parents sum to 1); 0 where inference does
    not use the edge. support: (E,) int32 objects on which it rests: those on which both fire, or, where the upper
    pattern places the lower one, those on which the lower one fires.
    """

    lower: str
    upper: str
    source: np.ndarray
    target: np.ndarray
    dx: np.ndarray
    dy: np.ndarray
    sigma: np.ndarray
    weight: np.ndarray
    support: np.ndarray


PairTable = CoActivations | Displacements
"""Edges between the patterns of two layers."""


@dataclass(frozen=True)
class Firings:
    """Edges FIRES_ON from patterns of one graph layer to objects, F rows; places are fractions of the object's box in
    the photo AS SEEN (mirroring undone).

    pattern: (F,) int32 row of the layer's pattern table. object: (F,) int32 row of the graph's objects.
    x, y: (F,) centre of the unit on which the pattern fires: where it fires. activation: (F,) the network's own output
    there, in the view of the object (photo or mirror) that was mined. score: (F,) how strongly it fires; likeness: (F,)
    how well the unit's context fits, or empty where contexts play no part. expected_x, expected_y: (F,) where the
    pattern is expected on this object.
    """

    layer: str
    pattern: np.ndarray
    object: np.ndarray
    x: np.ndarray
    y: np.ndarray
    activation: np.ndarray
    score: np.ndarray
    likeness: np.ndarray
    expected_x: np.ndarray
    expected_y: np.ndarray


@dataclass(frozen=True)
class FilterPeaks:
    """Edges PEAKS_ON from the filters of one conv layer to the objects on which their output is largest, F rows.

    filter: (F,) int32. object: (F,) int32 row of the graph's objects. x, y: (F,) centre of the unit, in fractions of
    the object's box in the photo as seen. activation: (F,) the filter's output there.
    """

    layer: str
    filter: np.ndarray
    object: np.ndarray
    x: np.ndarray
    y: np.ndarray
    activation: np.ndarray


@dataclass(frozen=True)
class MinedGraph:
    """One explanatory graph, ready to be written. `layers` go from the input side up, the anchors' layer last."""

    network_id: str
    network_name: str
    weights_sha256: str
    weights_source: str
    preprocessing: dict[str, Any]
    category: str
    name: str
    seed: int
    parameters: dict[str, Any]
    versions: dict[str, Any]
    log_likelihood: float
    layers: list[LayerGeometry]
    readings: dict[str, LayerReading]
    objects: list[PhotoObject]
    mirrored: np.ndarray
    """(objects,) bool"""
    pose: np.ndarray
    """(objects, r)"""
    patterns: dict[str, PatternTable]
    co_activations: list[CoActivations]
    displacements: list[Displacements]
    firings: list[Firings]
    peaks: list[FilterPeaks]
    dropped: dict[str, int] = field(default_factory=dict)
    """patterns left out, counted by reason"""

    @property
    def id(self) -> str:
        """The graph's id: `<network>/<category>/<name>`."""
        return f"{self.network_id}/{self.category}/{self.name}"
