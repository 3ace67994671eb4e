"""Padding, frames, watermarks: filters that fire at the border of the picture, whatever is there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.diagnosing.case import Case
from egraph.diagnosing.finding import Figure, Finding, Kind
from egraph.diagnosing.probing import Asked, place_trial
from egraph.diagnosing.seen import Seen, run, view_inputs
from egraph.diagnosing.show import SHOWN, patterns_at, places_row
from egraph.diagnosing.telling import carriers

STEADY = 0.3
"""A filter sits at a place of the border if it fires strongest there on so many photos, with the object and without."""
SHIFT = 1 / 7
"""By this share of its side the picture is moved, to see whether the filter stays at the border."""
TESTED = 8
MOST = 3


@dataclass(frozen=True)
class Steady:
    """Where filters fire strongest most often, of all units at the border. unit, share: (C,)."""

    unit: Tensor
    share: Tensor


def border_units(height: int, width: int) -> Tensor:
    """Which units stand at the border of the map: (U,) bool."""
    ring = torch.ones(height, width, dtype=torch.bool)
    ring[1:-1, 1:-1] = False
    return ring.flatten()


def steady_at_border(sets: Sequence[Seen], ring: Tensor) -> Steady:
    """For each filter the unit of the border at which it fires strongest on the largest share of photos, in that of
    several sets of photos where it does so least."""
    shares = torch.stack([frequency(seen, len(ring)) for seen in sets]).amin(0)  # (C, U)
    best = torch.where(ring, shares, -1.0).max(1)
    return Steady(best.indices, best.values)


def frequency(seen: Seen, units: int) -> Tensor:
    """On which share of the photos each filter fires strongest at each unit: (C, U); silent photos count nowhere."""
    values, unit = seen.strongest()
    counted = torch.zeros(values.shape[1], units)
    counted.scatter_add_(1, unit.T, (values > 0).float().T)
    return counted / max(1, len(seen))


def at_the_border(case: Case) -> Iterator[Finding]:
    """Filters that matter and sit at one place of the border."""
    ring = border_units(case.layer.height, case.layer.width)
    if not ring.any() or ring.all():
        return
    own = case.shown
    found = steady_at_border([own, *(seen for seen in case.others.values() if len(seen))], ring)
    filters, carried = carriers(case)
    inside = torch.where(ring, 0.0, frequency(own, len(ring))).amax(1)
    named = sorted((f for f in filters if found.share[f] >= STEADY), key=lambda f: -float(found.share[f]))
    values, units = own.strongest()
    for f in named[:MOST]:
        unit = int(found.unit[f])
        at = [row for row in range(len(own)) if units[row, f] == unit and values[row, f] > 0]
        at.sort(key=lambda row, f=f: -float(values[row, f]))  # type: ignore[misc]
        some = at[:TESTED]
        asked = Asked(own, some, case.directions(own)[some], case.score_name)
        ground = ring.expand(len(own), -1)
        stays, control = stays_when_moved(case, own, some, f, unit, filters)
        yield Finding(
            Kind.BORDER,
            f"{case.filter_name(f)} fires at one place of the picture's border on {float(found.share[f]):.0%} of the "
            f"photos, whatever is there, and adds {float(carried[f]):.2f} to the {case.score_name}.",
            [
                Figure(
                    "strongest at this place",
                    float(found.share[f]),
                    f"median of the {len(filters)} filters that add most, each at its own best place inside",
                    float(inside[filters].median()),
                ),
                Figure("stays there when the picture is moved", stays, "the other filters stay", control),
                Figure(
                    "fires there on an empty picture, of its usual largest output",
                    empty_output(case, f, unit) / max(1e-12, float(values[:, f].mean())),
                    "inside an empty picture",
                    empty_inside(case, f, ring) / max(1e-12, float(values[:, f].mean())),
                ),
            ],
            [case.filter_name(f)],
            patterns_at(case, own, some, [unit] * len(some), f),
            len(own),
            [place_trial(case, asked, [unit] * len(some), "this place", ground, "another place of the border")],
            [places_row("at this place", own, at[:SHOWN], [unit] * len(at[:SHOWN]))],
        )


def stays_when_moved(
    case: Case, seen: Seen, rows: Sequence[int], filter_: int, unit: int, others: Sequence[int]
) -> tuple[float, float]:
    """Of photos, the share on which a filter fires strongest at the same unit after the picture was moved towards the
    middle, and as a control the share of pairs of photo and other filter for which that is so.

    What is at the border of a photo moves away from it; what the network makes of the border itself does not.
    """
    stayed, control = [], []
    before = seen.strongest()[1]
    for row in rows:
        maps, _ = run(case.network, case.layer.name, moved(view_inputs(case.network, seen, [row]), unit, case))
        after = maps[0].flatten(1).argmax(1).cpu()
        stayed.append(bool(after[filter_] == unit))
        rest = [f for f in others if f != filter_]
        control.append(float((after[rest] == before[row, rest]).float().mean()))
    return sum(stayed) / max(1, len(stayed)), sum(control) / max(1, len(control))


def moved(inputs: Tensor, unit: int, case: Case) -> Tensor:
    """Pictures (n, 3, size, size) moved away from the border at which a unit stands; what becomes free mirrors the
    rest."""
    size = inputs.shape[2]
    step = round(SHIFT * size)
    row, column = divmod(unit, case.layer.width)
    down = step if row == 0 else -step if row == case.layer.height - 1 else 0
    right = step if column == 0 else -step if column == case.layer.width - 1 else 0
    wide = F.pad(inputs, (step,) * 4, mode="reflect")
    top, left = step - down, step - right
    return wide[:, :, top : top + size, left : left + size]


def empty_output(case: Case, filter_: int, unit: int) -> float:
    """A filter's output at a unit, on a picture of the mean colour."""
    return float(_empty(case)[filter_, unit].clamp_min(0))


def empty_inside(case: Case, filter_: int, ring: Tensor) -> float:
    """The mean output of a filter inside a picture of the mean colour."""
    return float(_empty(case)[filter_, ~ring].clamp_min(0).mean())


def _empty(case: Case) -> Tensor:
    size = case.network.preprocessing.size
    maps, _ = run(case.network, case.layer.name, torch.zeros(1, 3, size, size, device=case.network.device))
    return maps[0].flatten(1).cpu()
