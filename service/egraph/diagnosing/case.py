"""What all kinds of findings start from: the photos as the network saw them, and the network itself to try things."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from egraph.diagnosing.scoring import Accepted, best_accepted, class_directions
from egraph.diagnosing.seen import Seen, view_inputs
from egraph.explaining.contributions import contributions, pooled_head
from egraph.explaining.mixture import Responsibilities
from egraph.explaining.score import Score
from egraph.explaining.upper import upper_networks
from egraph.network.class_names import ClassNames
from egraph.network.layer import LayerGeometry
from egraph.network.network import Network

CARRIERS = 100
"""Filters that are looked at: those that add most to the category's score."""


@dataclass(frozen=True)
class Patterns:
    """The patterns of the layer. ids, filter: P. owners: divides the units of one photo (a row of what was seen) among
    them."""

    ids: Sequence[str]
    filter: Tensor
    owners: Callable[[Seen, int], Responsibilities]

    def at(self, seen: Seen, row: int, filter_: int, unit: int) -> str | None:
        """The pattern to which most of a filter's unit belongs; None where it is not mostly one's."""
        owners = self.owners(seen, row)
        rows = (self.filter == filter_).nonzero()[:, 0]
        if not len(rows):
            return None
        share = owners.pattern[rows, unit]
        best = int(share.argmax())
        nobody = float(owners.scattered[filter_, unit]) + float(owners.beside[filter_, unit])
        return self.ids[int(rows[best])] if float(share[best]) > nobody else None


@dataclass(frozen=True)
class Case:
    """own: the photos that are diagnosed; accepted: the right classes of each. shown: photos of the category, the same
    or others; classes: that are right on them. others: photos without it, by what they show. usual: (C,) mean of each
    filter. head: the linear layer that reads the layer's pooled maps, None where it is another."""

    network: Network
    layer: LayerGeometry
    names: ClassNames
    patterns: Patterns
    own: Seen
    accepted: Accepted
    shown: Seen
    classes: Sequence[int]
    category: str
    others: Mapping[str, Seen]
    usual: Tensor
    head: nn.Linear | None
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @cached_property
    def class_(self) -> int:
        """Of the classes that are right for the category, the one that most of its photos are nearest to."""
        return int(best_accepted(self.shown.answers, [self.classes] * len(self.shown)).mode().values)

    @property
    def score_name(self) -> str:
        return f'score of "{self.names.name(self.class_)}"'

    def directions(self, seen: Seen) -> Tensor:
        """The score of the category's class, for each of some photos: (n, K)."""
        return class_directions(torch.full((len(seen),), self.class_), seen.answers.shape[1])

    def filter_name(self, filter_: int) -> str:
        return f"{self.layer.name}/{filter_}"

    def account(self, seen: Seen, row: int, direction: Tensor) -> Tensor:
        """What each unit of a photo adds to a score: (C, U)."""
        if self.head is not None:
            weight = direction @ self.head.weight.detach().cpu().float()
            return weight[:, None] * seen.maps[row].float() / seen.maps.shape[2]
        (upper,) = upper_networks(self.network, [self.layer.name], view_inputs(self.network, seen, [row]))
        return contributions(upper, Score(direction)).values.cpu()

    def carried(self, seen: Seen, rows: Sequence[int], directions: Tensor) -> Tensor:
        """What each filter adds to a score on some photos: (m, C). directions: (m, K)."""
        if self.head is not None:
            weight = directions @ self.head.weight.detach().cpu().float()
            return weight * torch.stack([seen.maps[row].float().mean(1) for row in rows])
        return torch.stack([self.account(seen, row, d).sum(1) for row, d in zip(rows, directions, strict=True)])


def linear_head(network: Network, layer: LayerGeometry, seen: Seen) -> nn.Linear | None:
    """The linear layer that reads the layer's pooled maps; None where there is none, and the account is an integral."""
    return pooled_head(upper_networks(network, [layer.name], view_inputs(network, seen, [0]))[0])
