"""E-step: which peak belongs to which pattern of the filter, and where each pattern is on each photo.

Shapes: d filters, N patterns per filter, n photos, K peaks per map. Places are (row, column) in fractions of the
crop. A pattern that is left out has an infinite place. Rows and columns lie apart in memory, photos innermost: then
every step runs along the photos.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.mining.peaks import Peaks

NOISE = 0.1
"""tau: the share of the noise component V_none in the responsibilities (eq. 3 of the AAAI 2018 paper)."""

PRIOR_MASS = 1.0
"""kappa: evidence that weighs as much as the expected place."""

CACHED = 120_000
"""Numbers of each array that the E-step works on at once: all of them together fit in the second-level cache."""

SEARCHING_PRIOR_MASS = 0.075
"""The same while parents are sought: there a pattern must show how it moves on its own."""


def planes(places: Tensor) -> Tensor:
    """The same places (..., 2), with rows and columns apart in memory."""
    return places.movedim(-1, 0).contiguous().movedim(0, -1)


@dataclass(frozen=True)
class Assigned:
    """Evidence that the patterns won.

    mass: (d, N, n), sum of weights; pull: (d, N, n, 2), sum of weight times displacement of the peak from the expected
    place; seen: (d, N, R), sum over photos and peaks of weight times context; log_likelihood: (d,), sum over photos and
    peaks of v log(sum over patterns of g + NOISE).
    """

    mass: Tensor
    pull: Tensor
    seen: Tensor
    log_likelihood: Tensor


@dataclass(frozen=True)
class Winners:
    """The peak that fits each pattern best on each photo. fit: (d, N, n) its weight times its tilt; peak: (d, N, n)
    uint8 which one it is."""

    fit: Tensor
    peak: Tensor


def expected_places(place: Tensor, offset: Tensor | None, photos: int) -> Tensor:
    """c_VI = mu_V + m_VI: (d, N, 2) and the parents' offset (d, N, n, 2), or None before there are parents."""
    origin = place.permute(2, 0, 1)[..., None]
    found = origin.expand(-1, -1, -1, photos) if offset is None else origin + offset.permute(3, 0, 1, 2)
    return found.permute(1, 2, 3, 0)


def assign_peaks(
    expected: Tensor, peaks: Peaks, sigma: float, tilt: Tensor | None = None, windowed: bool = True
) -> Assigned:
    """Share the peaks out among the patterns of a filter.

    g = exp(-|x - c|^2 / 2 sigma^2) exp(k m . h) / C; responsibility r = g / (sum over the filter's patterns of
    g + NOISE). While patterns are learnt the weight is w = r v, which is EM; where they are inferred it is
    w = exp(-|x - c|^2 / 2 sigma^2) r v: the window keeps a peak that no pattern explains from pulling the nearest one
    away.

    Args:
        expected: (d, N, n, 2) c_VI.
        sigma: width of the window, in fractions of the crop. windowed: whether it is in the weight.
        tilt: (d, N, K, n) exp(k m . h) / C, or None while no context is known: then g is the window alone, and a
            pattern sees the contexts of the peaks near it (w times the window).
    """
    return _share_out(expected, peaks, sigma, tilt, windowed, None)


def assign_and_choose(expected: Tensor, peaks: Peaks, sigma: float, tilt: Tensor) -> tuple[Assigned, Winners]:
    """The same where patterns are inferred, and on which peak each fires; arguments as in `assign_peaks`."""
    shape = expected.shape[:3]
    winners = Winners(expected.new_zeros(shape), torch.zeros(shape, dtype=torch.uint8, device=expected.device))
    return _share_out(expected, peaks, sigma, tilt, True, winners), winners


def _share_out(
    expected: Tensor, peaks: Peaks, sigma: float, tilt: Tensor | None, windowed: bool, winners: Winners | None
) -> Assigned:
    filters, patterns, photos, _ = expected.shape
    row, column = expected.unbind(-1)
    y, x = peaks.places.unbind(-1)
    mass, pull_y, pull_x = found = expected.new_zeros(3, filters, patterns, photos)
    seen = expected.new_zeros(filters, patterns, peaks.contexts.shape[-1])
    likelihood = expected.new_zeros(filters)
    for part, some in _tiles(filters, patterns, photos, expected.device):
        here = part, slice(None), some
        for peak in range(peaks.values.shape[2]):
            evidence = peaks.values[part, some, peak]
            dy = y[part, None, some, peak] - row[here]
            dx = x[part, None, some, peak] - column[here]
            window = (dy * dy).addcmul_(dx, dx).mul_(-0.5 / sigma**2).exp_()
            fits = window if tilt is None else window * tilt[part, :, peak, some]
            explained = fits.sum(1).add_(NOISE)
            weight = fits * (evidence / explained)[:, None]
            if windowed:
                weight.mul_(window)
            mass[here].add_(weight)
            pull_y[here].addcmul_(weight, dy)
            pull_x[here].addcmul_(weight, dx)
            likelihood[part] += (evidence * explained.log_()).sum(1)
            if peaks.contexts.shape[-1]:
                near = weight * window if tilt is None and not windowed else weight
                seen[part] += near @ peaks.contexts[part, peak, some]
            if winners is not None and tilt is not None:
                fit = weight.mul_(tilt[part, :, peak, some])
                better = fit > winners.fit[here]
                winners.peak[here].masked_fill_(better, peak)
                torch.maximum(winners.fit[here], fit, out=winners.fit[here])
    return Assigned(mass, found[1:].permute(1, 2, 3, 0), seen, likelihood)


def _tiles(filters: int, patterns: int, photos: int, device: torch.device) -> Iterator[tuple[slice, slice]]:
    """Blocks of filters and photos whose numbers a processor's cache holds; all at once on an accelerator."""
    whole = device.type != "cpu"
    some = photos if whole else min(photos, max(1, CACHED // patterns))
    step = filters if whole else max(1, CACHED // (patterns * max(1, some)))
    for filter_ in range(0, filters, step):
        for photo in range(0, photos, max(1, some)):
            yield slice(filter_, filter_ + step), slice(photo, photo + some)


def inferred_places(expected: Tensor, assigned: Assigned, prior_mass: float = PRIOR_MASS) -> Tensor:
    """p_VI = c_VI + pull / (mass + prior_mass): (d, N, n, 2); without evidence a pattern stays where it is expected."""
    certain = (assigned.mass + prior_mass).reciprocal_()
    planes = [c.addcmul(pull, certain) for c, pull in zip(expected.unbind(-1), assigned.pull.unbind(-1), strict=True)]
    return torch.stack(planes).permute(1, 2, 3, 0)
