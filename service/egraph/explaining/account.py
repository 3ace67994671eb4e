"""The account of one score on one photo: layer by layer, what spoke for it and what against, so that it adds up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from egraph.explaining.contributions import Contributions, contributions
from egraph.explaining.drops import measured_drops
from egraph.explaining.groups import (
    Groups,
    Kind,
    Unnamed,
    group_units,
    inside,
    of_patterns,
    permuted_chance,
    scattered_chance,
    weightiest,
)
from egraph.explaining.mixture import Mixture, Responsibilities, responsibilities
from egraph.explaining.score import Score
from egraph.explaining.upper import UpperNetwork
from egraph.explaining.view import Units
from egraph.photos.photo import Box, PhotoObject


@dataclass(frozen=True)
class GroupLine:
    """What one group adds to the score: `pro` for it, `contra` against it, at most 0.

    chance: what it would add if the filters that speak for the class were dealt at random. scattered: what it would
    add if each filter were active anywhere on the object, or anywhere beside it. drop: what the score loses when the
    network runs on without these units. x, y: the middle of what it adds, in pixels of the photo.
    """

    name: str
    kind: Kind
    pro: float
    contra: float
    chance: float
    scattered: float
    drop: float
    x: float
    y: float

    @property
    def net(self) -> float:
        return self.pro + self.contra


@dataclass(frozen=True)
class PatternLine:
    """What one pattern adds. id: of the pattern. x, y: the centre of the unit that is most its own, in pixels of the
    photo; activation: of that unit."""

    id: str
    x: float
    y: float
    activation: float
    pro: float
    contra: float

    @property
    def net(self) -> float:
        return self.pro + self.contra


@dataclass(frozen=True)
class LayerAccount:
    """score = baseline + remainder + the sum of all groups' pro and contra. baseline: the score where nothing is
    detected. remainder: what the numerical integral lacks. steps: its steps, 0 where it is exact.

    patterns: those that were asked for, the strongest first, of `fired` that are active at all. pro, contra: (height,
    width), what each unit of the map adds, over all filters.
    """

    layer: str
    score: float
    baseline: float
    remainder: float
    steps: int
    groups: list[GroupLine]
    patterns: list[PatternLine]
    fired: int
    pro: Tensor
    contra: Tensor

    @property
    def lacking(self) -> float:
        """The remainder as a share of the score above its baseline."""
        return abs(self.remainder) / max(abs(self.score - self.baseline), 1e-9)

    def of_kind(self, kind: Kind) -> float:
        """What all groups of a kind add, for and against together."""
        return sum(line.net for line in self.groups if line.kind is kind)


@dataclass(frozen=True)
class LayerPatterns:
    """What the graph knows of the patterns of a layer. ids: P. mixture: see there. nearest: (P,) number of the anchor
    nearest to each."""

    ids: list[str]
    mixture: Mixture
    nearest: Tensor


@dataclass(frozen=True)
class LayerView:
    """A layer on one view, divided. upper: its maps and what lies above. owners: whose each unit is. texture: (C,).
    values: its account for the score."""

    patterns: LayerPatterns
    upper: UpperNetwork
    units: Units
    owners: Responsibilities
    texture: Tensor
    values: Contributions

    @property
    def activation(self) -> Tensor:
        """(C, U)."""
        return self.upper.maps.flatten(1).cpu()


def layer_view(
    patterns: LayerPatterns,
    upper: UpperNetwork,
    units: Units,
    places: Tensor,
    texture: Tensor,
    score: Score,
    head: nn.Linear | None = None,
) -> LayerView:
    """Account for a layer and divide its units.

    Args:
        units: of the one view. places: (P, 2) where the patterns are expected, as photographed. texture: (C,) from
            `texture_shares`. head: see `contributions`.
    """
    found = contributions(upper, score, head)
    owners = responsibilities(patterns.mixture, places, units)
    values = Contributions(found.values.cpu(), found.score, found.baseline, found.remainder, found.steps)
    return LayerView(patterns, upper, units, owners, texture, values)


def shown_unnamed(view: LayerView, boxes: Mapping[str, Box], obj: PhotoObject) -> list[int]:
    """The unnamed parts that have a line of their own: those of the patterns that say most outside the named parts."""
    filter_ = view.patterns.mixture.filter
    free = torch.ones(view.owners.pattern.shape[1])
    for box in boxes.values():
        free = free * (1 - inside(view.units, box, obj))
    pro, contra = of_patterns(view.owners, filter_, view.values.values * free)
    return weightiest(view.patterns.nearest, pro, contra)


def divided(view: LayerView, boxes: Mapping[str, Box], obj: PhotoObject, shown: Sequence[int]) -> Groups:
    """The groups of a layer's units. boxes: of the named parts, in pixels of the photo. shown: unnamed parts with a
    group of their own."""
    within = {name: inside(view.units, box, obj) for name, box in boxes.items()}
    unnamed = Unnamed(view.patterns.nearest, shown)
    return group_units(view.owners, view.patterns.mixture.filter, within, unnamed, view.texture)


def layer_account(
    view: LayerView, groups: Groups, score: Score, obj: PhotoObject, most: int | None, drops: bool = True
) -> LayerAccount:
    """The lines of a layer.

    Args:
        most: name so many patterns; None is all that are active. drops: measure them, else they are NaN.
    """
    found, values = view.values, view.values.values
    own = groups.share * values
    pro, contra = own.clamp_min(0).sum((1, 2)).tolist(), own.clamp_max(0).sum((1, 2)).tolist()
    chance = permuted_chance(groups, view.activation, values).tolist()
    scattered = scattered_chance(groups, values, view.units.on_object[0]).tolist()
    lost = measured_drops(view.upper, score, groups.share).tolist() if drops else [float("nan")] * len(groups)
    places = _middles(own.abs().sum(1), view.units.places[0], obj)
    columns = zip(groups.names, groups.kinds, pro, contra, chance, scattered, lost, *places, strict=True)
    height, width = view.upper.maps.shape[1:]
    fired, lines = _pattern_lines(view, obj, most)
    return LayerAccount(
        layer=view.upper.layer,
        score=found.score,
        baseline=found.baseline,
        remainder=found.score - found.baseline - sum(pro) - sum(contra),
        steps=found.steps,
        groups=[GroupLine(*column) for column in columns],
        patterns=lines,
        fired=fired,
        pro=values.clamp_min(0).sum(0).view(height, width),
        contra=values.clamp_max(0).sum(0).view(height, width),
    )


def _middles(weight: Tensor, places: Tensor, obj: PhotoObject) -> tuple[list[float], list[float]]:
    """x and y, in pixels of the photo, of the mean place of each group; weight (G, U), places (U, 2)."""
    weight = torch.where(weight.sum(1, keepdim=True) > 0, weight, 1.0)
    y, x = ((weight @ places) / weight.sum(1, keepdim=True)).T
    return (obj.box.x + x * obj.box.width).tolist(), (obj.box.y + y * obj.box.height).tolist()


def _pattern_lines(view: LayerView, obj: PhotoObject, most: int | None) -> tuple[int, list[PatternLine]]:
    filter_, places = view.patterns.mixture.filter, view.units.places[0]
    pro, contra = of_patterns(view.owners, filter_, view.values.values)
    activation = view.activation[filter_]
    unit = (view.owners.pattern * activation.clamp_min(0)).max(1)
    active = unit.values > 0
    order = torch.where(active, (pro + contra).abs(), -1.0).argsort(descending=True, stable=True)
    count = int(active.sum())
    lines = []
    for row in order[: count if most is None else min(most, count)].tolist():
        where = int(unit.indices[row])
        y, x = places[where].tolist()
        lines.append(
            PatternLine(
                id=view.patterns.ids[row],
                x=obj.box.x + x * obj.box.width,
                y=obj.box.y + y * obj.box.height,
                activation=float(activation[row, where]),
                pro=float(pro[row]),
                contra=float(contra[row]),
            )
        )
    return count, lines
