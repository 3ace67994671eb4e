"""Which patterns are noise, and when a pattern fires: measured against evenly scattered peaks."""

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.expectation import NOISE

FIRING = 2.0
"""A pattern fires on a photo where it finds at least so many times what evenly scattered peaks would give it there."""

SURE = 3.0
"""A pattern must find more than evenly scattered peaks would give it, by at least so many of their deviations: it was
fitted to the peaks, so even pure noise lets it find a little more than its share."""

FEWEST_FIRINGS = 0.02
"""Share of the photos on which a pattern must fire (and never on fewer than 3)."""

RARE = "fires on too few photos"
EVEN = "finds no more than evenly scattered peaks would give"
TWIN = "stands within half a unit of a stronger pattern of its filter"

CONTROL_CELLS = 14


def even_share(place: Tensor, sigma: float) -> Tensor:
    """What each pattern wins of evidence that is scattered evenly over the crop: (d, N).

    The competition among the filter's patterns stays: it is the mean over the crop of g^2 / (sum over patterns of
    g + NOISE). No photo changes it.

    Args:
        place: (d, N, 2) mu, infinite where a pattern is left out.
    """
    return _even_shares(place, sigma).mean(2)


def even_control(share: Tensor, values: Tensor) -> Tensor:
    """Evidence that each pattern would win on each photo if the photo's peaks were scattered evenly: (d, N, n).

    Args:
        share: (d, N) from `even_share`, of the evidence that the filter has on the photo. values: (d, n, K).
    """
    return share[..., None] * values.sum(2)[:, None]


def even_scatter(place: Tensor, values: Tensor, sigma: float, group: Group = ALONE) -> Tensor:
    """Deviation of that evidence, summed over the photos, from one scattering to another: (d, N)."""
    variance = _even_shares(place, sigma).var(2, correction=0)
    return (variance * group.sum(values.square().sum((1, 2)))[:, None]).sqrt()


def _even_shares(place: Tensor, sigma: float) -> Tensor:
    """What each pattern wins of a peak in every cell of the crop: (d, N, cells)."""
    centres = (torch.arange(CONTROL_CELLS, device=place.device) + 0.5) / CONTROL_CELLS
    row, column = ((c[..., None] - centres).square_().mul_(-0.5 / sigma**2).exp_() for c in place.unbind(-1))
    window = (row[..., None] * column[..., None, :]).flatten(2)
    return window.square().div_(window.sum(1, keepdim=True).add_(NOISE))


def advantage(mass: Tensor, control: Tensor, group: Group = ALONE) -> Tensor:
    """Evidence won over the even control, over all photos: (..., n) both give (...). 1 is no better than noise."""
    evidence, scattered = group.sum(torch.stack([mass.sum(-1), control.sum(-1)]))
    return evidence / scattered.clamp_min(1e-9)


def fires(mass: Tensor, control: Tensor) -> Tensor:
    """Where a pattern fires: bool, same shape as both."""
    return (mass >= FIRING * control) & (control > 0)


def find_noise(
    place: Tensor, mass: Tensor, control: Tensor, scatter: Tensor, unit: float, group: Group = ALONE
) -> dict[str, Tensor]:
    """Patterns to leave out, by reason, each (d, N) bool; no pattern has two reasons.

    Args:
        place: (d, N, 2) mu. mass, control: (d, N, n). scatter: (d, N) from `even_scatter`. unit: size of a map unit in
            fractions of the crop.
    """
    evidence, scattered = group.sum(torch.stack([mass.sum(2), control.sum(2)]))
    firings = group.sum(fires(mass, control).sum(2))
    even = evidence <= scattered + SURE * scatter
    rare = ~even & (firings < max(3, FEWEST_FIRINGS * group.total(mass.shape[2])))
    twin = find_twins(place, evidence.masked_fill(even | rare, -torch.inf), unit) & ~even & ~rare
    return {EVEN: even, RARE: rare, TWIN: twin}


def find_twins(place: Tensor, evidence: Tensor, unit: float) -> Tensor:
    """Patterns that a map cannot tell from a stronger one: (d, N) bool.

    From the strongest on, a pattern stays unless one that stays stands closer than half a unit.

    Args:
        place: (d, N, 2). evidence: (d, N), -inf for patterns that do not count.
    """
    order = evidence.argsort(dim=1, descending=True, stable=True)
    ranked = place.gather(1, order[..., None].expand(-1, -1, 2))
    counts = evidence.gather(1, order) > -torch.inf
    close = (ranked[:, :, None] - ranked[:, None]).square().sum(-1) < (unit / 2) ** 2
    stays = counts.clone()
    for rank in range(1, place.shape[1]):
        stays[:, rank] &= ~(close[:, rank, :rank] & stays[:, :rank]).any(1)
    return torch.zeros_like(counts).scatter_(1, order, counts & ~stays)
