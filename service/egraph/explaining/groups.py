"""The groups of an account: whose each unit of a view is, in words that a person uses.

What patterns explain belongs to the parts of the object: to a named part by the share of the unit that lies in the
box where the part was found on this photo, else to an unnamed part, that of the anchor nearest to the pattern. What is
scattered over the object is texture as far as it survives when the object's tiles are shuffled, and unexplained
beyond that. The rest is background. Shapes: C filters, P patterns, U units, G groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from egraph.explaining.mixture import Responsibilities
from egraph.explaining.view import Units
from egraph.photos.photo import Box, PhotoObject


class Kind(StrEnum):
    """What a group is made of."""

    PART = "part"
    TEXTURE = "texture"
    BACKGROUND = "background"
    UNEXPLAINED = "unexplained"


UNNAMED = "unnamed part "
OTHER_PARTS = "other unnamed parts"
SHOWN_UNNAMED = 5
"""Unnamed parts with a group of their own, those that weigh most; the others are one group."""


@dataclass(frozen=True)
class Groups:
    """How the units of one layer on one view are divided. names, kinds: G; share: (G, C, U), which sums to one."""

    names: list[str]
    kinds: list[Kind]
    share: Tensor

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Unnamed:
    """The unnamed parts of a graph. nearest: (P,) for each pattern of a layer the number of the anchor nearest to it.
    shown: the anchors that have a group of their own."""

    nearest: Tensor
    shown: Sequence[int]

    def names(self) -> list[str]:
        return [*(unnamed_part(number) for number in self.shown), OTHER_PARTS]


def unnamed_part(number: int) -> str:
    """What the part about an anchor is called, from the anchor's number."""
    return f"{UNNAMED}{number}"


def is_unnamed(name: str) -> bool:
    """Whether a group of parts is one that nobody has named."""
    return name == OTHER_PARTS or name.startswith(UNNAMED)


def group_units(
    owners: Responsibilities, filter_: Tensor, boxes: Mapping[str, Tensor], unnamed: Unnamed, texture: Tensor
) -> Groups:
    """Divide the units of a layer.

    Args:
        filter_: (P,) of the patterns. boxes: for each named part found on the photo, (U,) from `inside`. texture: (C,)
            from `texture_shares`.
    """
    inside_parts, rest = named_shares(boxes, owners.pattern.shape[1])
    filters = owners.scattered.shape[0]
    position = {number: place for place, number in enumerate(unnamed.shown)}
    of = torch.tensor([position.get(number, len(position)) for number in unnamed.nearest.tolist()], dtype=torch.long)
    free = torch.zeros(len(position) + 1, filters, owners.pattern.shape[1])
    free.view(-1, free.shape[2]).index_add_(0, of * filters + filter_, owners.pattern * rest)
    names = [*boxes, *unnamed.names(), "texture", "background", "not explained"]
    kinds = [Kind.PART] * (len(names) - 3) + [Kind.TEXTURE, Kind.BACKGROUND, Kind.UNEXPLAINED]
    scattered = torch.stack(
        [owners.scattered * texture[:, None], owners.beside, owners.scattered * (1 - texture[:, None])]
    )
    return Groups(names, kinds, torch.cat([inside_parts[:, None] * explained(owners, filter_), free, scattered]))


def named_shares(boxes: Mapping[str, Tensor], units: int) -> tuple[Tensor, Tensor]:
    """How much of each unit is each named part's, (parts, U), and nobody's, (U,). Where boxes overlap, they share."""
    covered = torch.stack([*boxes.values()]) if boxes else torch.zeros(0, units)
    total = covered.sum(0)
    return covered / total.clamp_min(1.0), (1 - total).clamp_min(0)


def inside(units: Units, box: Box, obj: PhotoObject) -> Tensor:
    """How much of each unit's cell lies in a box, given in pixels of the photo: (U,).

    Args:
        units: of the one view of `obj`.
    """
    frame = obj.box

    def along(centres: Tensor, size: float, start: float, length: float) -> Tensor:
        low, high = (centres - size / 2).clamp_min(start), (centres + size / 2).clamp_max(start + length)
        return (high - low).clamp_min(0) / size

    height, width = units.size[0].tolist()
    rows = along(units.rows[0], height, (box.y - frame.y) / frame.height, box.height / frame.height)
    columns = along(units.columns[0], width, (box.x - frame.x) / frame.width, box.width / frame.width)
    return (rows[:, None] * columns).flatten()


def of_patterns(owners: Responsibilities, filter_: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """What each pattern adds, for and against apart: (P,) each, the second at most 0.

    Args:
        values: (C, U) contributions. filter_: (P,) of the patterns.
    """
    own = owners.pattern * values[filter_]
    return own.clamp_min(0).sum(1), own.clamp_max(0).sum(1)


def nearest_anchor(places: Tensor, anchors: Tensor) -> Tensor:
    """(P,) the number of the anchor whose mean place is nearest to each pattern's; places (P, 2), anchors (A, 2)."""
    return torch.cdist(places, anchors).argmin(1)


def weightiest(nearest: Tensor, pro: Tensor, contra: Tensor, count: int = SHOWN_UNNAMED) -> list[int]:
    """The anchors whose patterns say most, for or against, the weightiest first; pro, contra: (P,) from `of_patterns`.

    Args:
        nearest: (P,) from `nearest_anchor`.
    """
    said = torch.zeros(int(nearest.max()) + 1 if len(nearest) else 0).index_add_(0, nearest, pro - contra)
    return [int(number) for number in said.argsort(descending=True, stable=True)[:count] if said[number] > 0]


def permuted_chance(groups: Groups, maps: Tensor, values: Tensor) -> Tensor:
    """What each group would add if it were dealt to the filters at random which speak for the class, (G,).

    A linear layer reads the pooled maps. Of its answer, with its weights dealt to the filters in another order, a group
    has on average the share that it has of the activation; so this share of the sum as it is. The same is said of
    layers below, where the account is not one of weights.

    Args:
        maps: (C, U) activation, of which what is below 0 counts as 0. values: (C, U) contributions.
    """
    mass = (groups.share * maps.clamp_min(0)).sum((1, 2))
    return values.sum() * mass / mass.sum().clamp_min(1e-12)


def scattered_chance(groups: Groups, values: Tensor, on_object: Tensor) -> Tensor:
    """What each group would add if each filter's contributions were scattered evenly, those on the object over it, and
    those beside it over what surrounds it: (G,).

    Args:
        values: (C, U). on_object: (U,) bool.
    """
    total = torch.zeros(len(groups))
    for region in (on_object, ~on_object):
        if region.any():
            total += (values[:, region].sum(1) * groups.share[:, :, region].mean(2)).sum(1)
    return total


def explained(owners: Responsibilities, filter_: Tensor) -> Tensor:
    """How much of each unit patterns explain: (C, U); filter_: (P,) of the patterns."""
    return torch.zeros_like(owners.scattered).index_add_(0, filter_, owners.pattern)
