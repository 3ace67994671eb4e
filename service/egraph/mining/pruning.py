"""Which patterns are noise, and when a pattern fires: measured against evenly scattered peaks."""

import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.contexts import ALIKE, CONCENTRATION, Contexts
from egraph.mining.expectation import NOISE
from egraph.responses.evidence import grid_places

FIRING = 2.0
"""A pattern fires on a photo where it finds at least so many times what evenly scattered peaks would give it there."""

SURE = 3.0
"""A pattern must find more than evenly scattered peaks would give it, by at least so many of their deviations: it was
fitted to the peaks, so even pure noise lets it find a little more than its share."""

FEWEST_FIRINGS = 0.02
"""Share of the photos on which a pattern must fire (and never on fewer than 3)."""

RARE = "fires on too few photos"
EVEN = "has no more evidence than it would have if all peaks were scattered evenly"
TWINS = 0.5
"""Two patterns of a filter that see the same are twins if they stand nearer than so many map units."""

TWIN = "its place is less than half a unit away from that of a stronger pattern of its filter, in the same context"

SAME_EVIDENCE = 1e-3
"""Relative difference below which two patterns find the same."""

CONTROL_CELLS = 7
CONTROL_PHOTOS = 32
"""On so many photos, spread evenly, and CONTROL_CELLS x CONTROL_CELLS places scattered peaks are looked at."""


def even_share(place: Tensor, contexts: Contexts, backdrop: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """What each pattern wins of evidence that is scattered evenly over the crop: its mean and its variance, (d, N).

    The scattered peaks have the contexts that their places really have. Were places and contexts drawn apart from each
    other, any pattern would look good: what is seen at a place depends on the place. The competition among the filter's
    patterns stays: it is the mean over places and photos of exp(-|x - c|^2 / 2 sigma^2) r.

    Args:
        place: (d, N, 2) mu, infinite where a pattern is left out. contexts: of (d, N). backdrop: (places, photos, R)
            what is seen at CONTROL_CELLS x CONTROL_CELLS places of some photos, of length 1.
    """
    centres = grid_places(CONTROL_CELLS).to(place)
    window = (-0.5 / sigma**2 * (place[:, :, None] - centres).square().sum(-1)).exp_()[..., None]
    cosine = contexts.direction @ backdrop.flatten(0, 1).T
    fits = cosine.mul_(CONCENTRATION).sub_(contexts.log_mean[..., None]).exp_().unflatten(2, backdrop.shape[:2])
    fits.mul_(window)
    share = fits.div_(fits.sum(1, keepdim=True).add_(NOISE)).mul_(window).flatten(2)
    return share.mean(2), share.var(2, correction=0)


def even_control(share: Tensor, values: Tensor) -> Tensor:
    """Evidence that each pattern would win on each photo if the photo's peaks were scattered evenly: (d, N, n).

    Args:
        share: (d, N) from `even_share`, of the evidence that the filter has on the photo. values: (d, n, K).
    """
    return share[..., None] * values.sum(2)[:, None]


def even_scatter(variance: Tensor, values: Tensor, group: Group = ALONE) -> Tensor:
    """Deviation of that evidence, summed over the photos, from one scattering to another: (d, N).

    Args:
        variance: (d, N) from `even_share`.
    """
    return (variance * group.sum(values.square().sum((1, 2)))[:, None]).sqrt()


def advantage(mass: Tensor, control: Tensor, group: Group = ALONE) -> Tensor:
    """Evidence won over the even control, over all photos: (..., n) both give (...). 1 is no better than noise."""
    evidence, scattered = group.sum(torch.stack([mass.sum(-1), control.sum(-1)]))
    won: Tensor = evidence / scattered.clamp_min(1e-9)
    return won


def exceeds(mass: Tensor, control: Tensor) -> Tensor:
    """Where a pattern finds enough more than evenly scattered peaks would give it: bool, same shape as both."""
    return (mass >= FIRING * control) & (control > 0)


def find_noise(
    place: Tensor,
    direction: Tensor,
    mass: Tensor,
    control: Tensor,
    scatter: Tensor,
    unit: float,
    group: Group = ALONE,
) -> dict[str, Tensor]:
    """Patterns to leave out, by reason, each (d, N) bool; no pattern has two reasons.

    Args:
        place: (d, N, 2) mu. direction: (d, N, R) m. mass, control: (d, N, n). scatter: (d, N) from `even_scatter`.
        unit: size of a map unit in fractions of the crop.
    """
    evidence, scattered = group.sum(torch.stack([mass.sum(2), control.sum(2)]))
    firings = group.sum(exceeds(mass, control).sum(2))
    even = evidence <= scattered + SURE * scatter
    rare = ~even & (firings < max(3, FEWEST_FIRINGS * group.total(mass.shape[2])))
    twin = find_twins(place, direction, evidence.masked_fill(even | rare, 0.0), unit) & ~even & ~rare
    return {EVEN: even, RARE: rare, TWIN: twin}


def find_twins(place: Tensor, direction: Tensor, evidence: Tensor, unit: float) -> Tensor:
    """Patterns that cannot be told from a stronger one: (d, N) bool.

    From the strongest on, a pattern stays unless one that stays is nearer than `TWINS` units and sees the same.

    Args:
        place: (d, N, 2). direction: (d, N, R) m. evidence: (d, N), 0 for patterns that do not count.
    """
    # patterns that came to the same from two starts differ by rounding alone: then the first of them stays
    order = (evidence.log() / SAME_EVIDENCE).round().argsort(dim=1, descending=True, stable=True)
    ranked, seen = (column.gather(1, order[..., None].expand(-1, -1, column.shape[2])) for column in (place, direction))
    counts = evidence.gather(1, order) > 0
    close = (ranked[:, :, None] - ranked[:, None]).square().sum(-1) < (TWINS * unit) ** 2
    close &= seen @ seen.transpose(1, 2) > ALIKE
    stays = counts.clone()
    for rank in range(1, place.shape[1]):
        stays[:, rank] &= ~(close[:, rank, :rank] & stays[:, :rank]).any(1)
    return torch.zeros_like(counts).scatter_(1, order, counts & ~stays)
