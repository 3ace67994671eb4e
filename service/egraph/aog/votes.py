"""What every pattern of an And-Or graph says for every place of an object, its vote; the score is the sum of the votes
and of the part's prior, and nothing else.

A vote has two halves. The first: the pattern's filter responds where the pattern, if the part were at x, would have it
respond. The second: the pattern stands at a place, and on the nearest exemplars the part stood so and so far from it.

    vote_V(x) = w_V (e_V(x - (Delta_V - f_V)) - mean e_V) / s  +  c w_V log(1 + b g_V(x)) / log(1 + b)
    g_V(x)    = sum over exemplars J of W_J exp(-|x - (p_V + Delta_V + residual_J)|^2 / 2 width^2)

w, Delta and f are those of the template to which an exemplar belongs; where the nearest exemplars belong to several
templates, each template counts by its share of W. Shapes: S patterns, T templates, n objects, k exemplars near each, u
places of a grid of cells x cells; places are (row, column) in fractions of the crop in the canonical view.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.aog.exemplars import Exemplars, Near

AT_ONCE = 8
"""Objects whose votes are in memory together."""


@dataclass(frozen=True)
class VoteSettings:
    """place_weight: c. saturation: b; many alike exemplars do not count in proportion. width: of an exemplar's
    Gaussian, in fractions of the crop. following: how far a pattern follows the pose from its mean place. nearest,
    temperature: see `exemplars.nearest`."""

    place_weight: float
    saturation: float = 20.0
    width: float = 28 / 224
    following: float = 0.25
    nearest: int = 12
    temperature: float = 0.05


@dataclass(frozen=True)
class Voters:
    """The patterns of a part.

    weight: (S, T), 0 where a template lacks the pattern. displacement: (S, T, 2) of the part from where the pattern
    stands (Delta). response: (S, T, 2) of where its filter responds from where it stands (f). mean_evidence: (S,) of
    its filter over objects and places. mean_place: (S, 2), loadings: (S, r, 2): where the pose puts it.
    score_deviation: s.
    """

    weight: Tensor
    displacement: Tensor
    response: Tensor
    mean_evidence: Tensor
    mean_place: Tensor
    loadings: Tensor
    score_deviation: float
    settings: VoteSettings

    def standing(self, numbers: Tensor) -> Tensor:
        """Where the patterns stand on objects with these pose numbers (n, r): (S, n, 2)."""
        moved = torch.einsum("src,nr->snc", self.loadings[:, : numbers.shape[1]], numbers)
        return self.mean_place[:, None] + self.settings.following * moved

    def votes(
        self, evidence: Tensor, numbers: Tensor, near: Near, exemplars: Exemplars
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Both halves of the votes, some objects after the other: (some, S, u) each.

        Args:
            evidence: (n, u, S) of each pattern's filter. numbers: (n, r) of the pose.
        """
        for start in range(0, len(evidence), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            part = near.rows(some)
            placed = self.place_votes(numbers[some], part, exemplars, math.isqrt(evidence.shape[1]))
            yield self.evidence_votes(evidence[some], part, exemplars), placed

    def evidence_votes(self, evidence: Tensor, near: Near, exemplars: Exemplars) -> Tensor:
        """The first half of the votes: (n, S, u)."""
        mix = near.templates(exemplars.template, self.weight.shape[1])
        shift = self.displacement - self.response
        about = evidence.transpose(1, 2) - self.mean_evidence[:, None]
        if not shift.any():
            return (mix @ self.weight.T / self.score_deviation)[..., None] * about
        used = mix.sum(0).nonzero()[:, 0]
        read = torch.stack([read_at(about, shift[:, t]) for t in used.tolist()])
        return torch.einsum("nt,st,tnsu->nsu", mix[:, used], self.weight[:, used], read) / self.score_deviation

    def place_votes(self, numbers: Tensor, near: Near, exemplars: Exemplars, cells: int) -> Tensor:
        """The second half of the votes: (n, S, u)."""
        template = exemplars.template[near.index]
        aside = self.displacement[:, template] + exemplars.residual[near.index]
        share = near.share * (self.weight[:, template] != 0)
        support = gaussians(self.standing(numbers)[:, :, None] + aside, share, self.settings.width, cells)
        weight = near.templates(exemplars.template, self.weight.shape[1]) @ self.weight.T
        return self.settings.place_weight * weight[..., None] * saturated(support, self.settings.saturation)


def gaussians(centre: Tensor, share: Tensor, width: float, cells: int) -> Tensor:
    """Sums of Gaussians of height `share`: centres (S, n, k, 2) and shares (S, n, k) give (n, S, u)."""
    axis = (torch.arange(cells) + 0.5) / cells
    rows, columns = (((c[..., None] - axis).square() / (-2 * width**2)).exp() for c in centre.unbind(-1))
    return ((rows * share[..., None]).transpose(2, 3) @ columns).flatten(2).transpose(0, 1)


def saturated(support: Tensor, saturation: float) -> Tensor:
    """log(1 + b g) / log(1 + b), between 0 and 1 as g is."""
    return torch.log1p(saturation * support) / math.log1p(saturation)


def read_at(maps: Tensor, shift: Tensor) -> Tensor:
    """Maps read at x - shift, bilinear, the border going on: (n, S, u) and (S, 2) give (n, S, u)."""
    cells = math.isqrt(maps.shape[-1])
    rows, columns = (_reading(shift[:, axis], cells) for axis in (0, 1))
    return torch.einsum("sij,nsjk,slk->nsil", rows, maps.unflatten(2, (cells, cells)), columns).flatten(2)


def _reading(shift: Tensor, cells: int) -> Tensor:
    """Linear interpolation along one axis: (S,) in fractions give (S, cells to read, cells)."""
    wanted = (torch.arange(cells) - shift[:, None] * cells).clamp(0, cells - 1)
    return (1 - (wanted[..., None] - torch.arange(cells)).abs()).clamp_min(0)
