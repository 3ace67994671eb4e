"""Is an account of a decision true? Its units are taken away, and the photo is blurred in its order.

Shapes: C filters, P patterns, U units, G groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.explaining.account import LayerView
from egraph.explaining.drops import measured_drops
from egraph.explaining.groups import explained, of_patterns
from egraph.explaining.score import Score
from egraph.explaining.upper import UpperNetwork
from egraph.explaining.without import equal_mass

STRONGEST = 50
"""Patterns of the groups of the strongest, and of the most negative."""
RANDOM_PATTERNS, RANDOM_DRAWS = 800, 4

CELLS = 14
"""Rows and columns of cells in which the input is blurred."""
BLUR = 65
"""Pixels of the window whose mean takes a pixel's place, for an input of 224."""
DELETED = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9)
"""Shares of the cells that are blurred, those first that say most, or least."""
DELETION = (0.05, 0.1, 0.2, 0.4)
INSERTION = (0.6, 0.8, 0.9)
"""Those over which deletion is averaged, and, least first, insertion: what is left then are the strongest cells."""


@dataclass(frozen=True)
class Taken:
    """Groups of units, and as much activation at random. names: G. predicted: (G,) what the account says that they
    add. drop, control: (G,) what the score loses without them, and without as much activation drawn at random."""

    names: list[str]
    predicted: np.ndarray
    drop: np.ndarray
    control: np.ndarray


@dataclass(frozen=True)
class Curves:
    """The score left, of the score of the whole photo, when cells are blurred: (shares,) of DELETED, the strongest
    first and the weakest first."""

    strongest: np.ndarray
    weakest: np.ndarray

    @property
    def deletion(self) -> float:
        """Mean over a few strong cells blurred; the lower, the better the order."""
        return float(np.mean([self.strongest[DELETED.index(share)] for share in DELETION]))

    @property
    def insertion(self) -> float:
        """Mean over all but a few strong cells blurred; the higher, the better the order."""
        return float(np.mean([self.weakest[DELETED.index(share)] for share in INSERTION]))

    @property
    def gain(self) -> float:
        """Symmetric relevance gain: the area between the two curves."""
        ends = np.array([0.0, *DELETED, 1.0])
        between = np.array([0.0, *(self.weakest - self.strongest), 0.0])
        return float(np.trapezoid(between, ends))


def unit_groups(view: LayerView, seed: int) -> tuple[list[str], Tensor]:
    """Groups of very different sizes: all patterns, what is scattered, what lies beside, the strongest and the most
    negative patterns, patterns at random, and those of two corners: names, and (G, C, U) which share of each unit."""
    owners, filter_ = view.owners, view.patterns.mixture.filter
    filters = owners.scattered.shape[0]

    def some(rows: Tensor) -> Tensor:
        chosen = torch.zeros(filters, owners.pattern.shape[1])
        return chosen.index_add_(0, filter_[rows], owners.pattern[rows])

    pro, contra = of_patterns(owners, filter_, view.values.values)
    order = (pro + contra).argsort(descending=True)
    random = torch.Generator().manual_seed(seed)
    mean = (owners.pattern @ view.units.places[0]) / owners.pattern.sum(1, keepdim=True).clamp_min(1e-9)
    corners = {
        "upper left": (mean[:, 0] < 0.5) & (mean[:, 1] < 0.5),
        "lower right": (mean[:, 0] >= 0.5) & (mean[:, 1] >= 0.5),
    }
    draws = range(RANDOM_DRAWS)
    groups = {
        "all patterns": explained(owners, filter_),
        "scattered": owners.scattered,
        "beside": owners.beside,
        "strongest": some(order[:STRONGEST]),
        "most negative": some(order[-STRONGEST:]),
        **{f"random {k}": some(torch.randperm(len(order), generator=random)[:RANDOM_PATTERNS]) for k in draws},
        **{name: some(inside.nonzero()[:, 0]) for name, inside in corners.items()},
    }
    return list(groups), torch.stack([*groups.values()])


def take_away(view: LayerView, score: Score, accounts: Mapping[str, Tensor], seed: int) -> dict[str, Taken]:
    """Take groups of units away, and measure: what each account says of it, by the account's name.

    Args:
        accounts: (C, U) each, what is to be tested.
    """
    names, share = unit_groups(view, seed)
    random = torch.Generator().manual_seed(seed)
    control = torch.stack([equal_mass(view.activation, one, random) for one in share])
    drops = [measured_drops(view.upper, score, some).cpu().numpy() for some in (share, control)]
    return {name: Taken(names, (share * values).sum((1, 2)).numpy(), *drops) for name, values in accounts.items()}


def correlation_and_slope(predicted: np.ndarray, measured: np.ndarray) -> tuple[float, float]:
    """Pearson's r, and the slope of the regression of what was measured on what was predicted."""
    slope = np.cov(predicted, measured)[0, 1] / np.var(predicted, ddof=1)
    return float(np.corrcoef(predicted, measured)[0, 1]), float(slope)


def grad_cam(upper: UpperNetwork, score: Score) -> Tensor:
    """Grad-CAM without its final ReLU, which would leave half of the cells without an order: the activation, weighted
    by each filter's mean gradient, summed over the filters: (U,).

    Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017.
    """
    maps = upper.maps[None].clone().requires_grad_()
    (gradient,) = torch.autograd.grad(score(upper(maps)).sum(), maps)
    return (gradient[0].mean((1, 2))[:, None, None] * upper.maps).sum(0).flatten()


def on_cells(values: Tensor, places: Tensor) -> Tensor:
    """A map (U,) of square shape, read between its units at the centres of the cells of the input: (cells * cells,).

    Args:
        places: (units of a row,) where the units look, in fractions of the view, the same in both directions.
    """
    centres = (torch.arange(CELLS) + 0.5) / CELLS
    step = places[1] - places[0]
    position = ((centres - places[0]) / step).clamp(0, len(places) - 1)
    low = position.floor().long().clamp_max(len(places) - 2)
    part = position - low
    grid = values.view(len(places), len(places))
    rows = grid[low] * (1 - part)[:, None] + grid[low + 1] * part[:, None]
    return (rows[:, low] * (1 - part) + rows[:, low + 1] * part).flatten()


def blurred_curves(upper: UpperNetwork, score: Score, picture: Tensor, order: Tensor) -> Curves:
    """Blur cells of the input, the strongest first and the weakest first.

    Args:
        picture: (1, 3, size, size), the network's input. order: (cells * cells,) how much each cell says.
    """
    half = round(BLUR * picture.shape[3] / 224) // 2
    smooth = F.avg_pool2d(F.pad(picture, (half,) * 4, mode="reflect"), 2 * half + 1, stride=1)
    ranked = order.argsort(descending=True, stable=True)
    masks = []
    for cells in (ranked, ranked.flip(0)):
        for share in DELETED:
            mask = torch.zeros(len(order))
            mask[cells[: round(share * len(order))]] = 1
            masks.append(mask.view(1, 1, CELLS, CELLS))
    wide = F.interpolate(torch.cat(masks), picture.shape[2:], mode="nearest").to(picture)
    with torch.no_grad():
        module = upper.network.module
        left = score(module(picture * (1 - wide) + smooth * wide)) / score(upper.answer)
    strongest, weakest = left.cpu().numpy().reshape(2, -1)
    return Curves(strongest, weakest)
