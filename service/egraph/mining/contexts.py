"""What the network sees around a peak, its context, which joins the peak's place in telling whose peak it is.

A filter reacts to several things that may stand at one place of the object. What the two top layers see around a peak
tells them apart: h, the leading numbers of the projected context of the grid's cell under the peak, of length 1. A
pattern V has a direction m_V in these numbers, and the contexts of its peaks are those of all its filter's peaks,
tilted towards m_V: p(h | V) = p0(h) exp(k m_V . h) / C_V, a von Mises-Fisher density over what there is, with C_V the
mean of exp(k m_V . h) over the filter's peaks. p0 stands in the noise component too, so that it drops out.

Shapes: d filters, N patterns per filter, n photos, K peaks per map, R context numbers.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.distributed import ALONE, Group

CONCENTRATION = 6.0
"""k: how sharply a pattern's contexts gather about its direction."""

NUMBERS = 24
"""R: leading numbers of the projected context."""

ALIKE = 0.5
"""Patterns that stand together are twins where m . m' is larger."""

SMALLEST_MEAN = 1e-6
SMALLEST_MASS = 1e-9


@dataclass(frozen=True)
class Contexts:
    """What the patterns of d filters learnt of contexts. direction: (d, N, R) m, of length 1, or 0 where nothing was
    learnt; log_mean: (d, N) log C."""

    direction: Tensor
    log_mean: Tensor

    @classmethod
    def nothing(cls, place: Tensor) -> "Contexts":
        """Of patterns (d, N, 2) that place alone tells apart."""
        return cls(place[..., :0], torch.zeros_like(place[..., 0]))


def peak_contexts(context: Tensor, places: Tensor) -> Tensor:
    """h of every peak, peaks outermost: (d, K, n, R) float32.

    Args:
        context: (n, u, R) directions on the grid, of length 1. places: (d, n, K, 2) of the peaks.
    """
    photos, units, _ = context.shape
    cells = round(units**0.5)
    row, column = (places * cells).long().clamp_(0, cells - 1).unbind(-1)
    where = row * cells + column + units * torch.arange(photos, device=places.device)[:, None]
    return context.flatten(0, 1)[where.permute(0, 2, 1)].float()


def leading_directions(context: Tensor, numbers: int = NUMBERS) -> Tensor:
    """The first numbers of the projected context, of length 1 (0 where there is none), as half floats."""
    return F.normalize(context[..., :numbers], dim=-1).half()


def tilts(direction: Tensor, contexts: Tensor) -> Tensor:
    """exp(k m . h): (d, N, R) and (d, K, n, R) give (d, N, K, n)."""
    cosine = direction @ contexts.flatten(1, 2).transpose(1, 2)
    weight: Tensor = cosine.mul_(CONCENTRATION).exp_().unflatten(2, contexts.shape[1:3])
    return weight


def known_tilts(learnt: Contexts, contexts: Tensor) -> Tensor:
    """How much likelier a peak's context is for a pattern than for its filter, exp(k m . h) / C: (d, N, K, n)."""
    return tilts(learnt.direction, contexts).mul_(learnt.log_mean.neg().exp()[..., None, None])


def learn_contexts(seen: Tensor, values: Tensor, contexts: Tensor, group: Group = ALONE) -> tuple[Contexts, Tensor]:
    """M-step: m = sum of w h over its length, then C over the filter's peaks.

    Args:
        seen: (d, N, R) sums of w h over this process's photos. values: (d, n, K) evidence. contexts: (d, K, n, R).

    Returns:
        what was learnt, and `known_tilts` of it.
    """
    direction = F.normalize(group.sum(seen), dim=-1)
    tilt = tilts(direction, contexts)
    there = (values > 0).to(tilt.dtype).transpose(1, 2).flatten(1)[..., None]
    sums = group.sum(torch.cat([(tilt.flatten(2) @ there)[..., 0], there.sum(1)], 1))
    mean = (sums[:, :-1] / sums[:, -1:].clamp_min(1)).clamp_min(SMALLEST_MEAN)
    return Contexts(direction, mean.log()), tilt.div_(mean[..., None, None])


def mean_likeness(seen: Tensor, mass: Tensor, learnt: Contexts, group: Group = ALONE) -> Tensor:
    """Mean of m . h over the evidence that a pattern wins: (d, N).

    Args:
        seen: (d, N, R) sums of w h; mass: (d, N, n) sums of w.
    """
    sums = group.sum(torch.cat([(learnt.direction * seen).sum(-1, keepdim=True), mass.sum(2)[..., None]], -1))
    return sums[..., 0] / sums[..., 1].clamp_min(SMALLEST_MASS)


def scores(fit: Tensor, learnt: Contexts) -> Tensor:
    """w exp(k (m . h - 1)) from w exp(k m . h) / C: (d, N, n) both."""
    return fit * (learnt.log_mean - CONCENTRATION).exp()[..., None]


def likeness(tilt: Tensor, learnt: Contexts) -> Tensor:
    """m . h from exp(k m . h) / C: (d, N, n) both."""
    return (tilt.log() + learnt.log_mean[..., None]) / CONCENTRATION
