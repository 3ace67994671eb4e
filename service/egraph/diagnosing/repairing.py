"""A repair, an experiment: a network some of whose units stay at their filter's usual value, whatever photo it sees.

Which units belong to a pattern on a photo that nobody has posed is not known; they are taken to be those about its
mean place, on the photo as it is and on its mirror image, where the object fills the middle of the picture as it does
in a view that is explained.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from scipy.stats import binomtest
from torch import Tensor, nn

from egraph.atomic_file import whole_file
from egraph.diagnosing.silencing import Silenced
from egraph.errors import InputError
from egraph.explaining.mixture import Mixture, responsibilities
from egraph.explaining.view import MARGIN, Units, View, layer_units
from egraph.network.layer import LayerGeometry
from egraph.photos.photo import Box

FORMAT = "egraph-repair-1"
SURE = 0.05
"""A repair helps if so many answers more are right than wrong afterwards that chance makes so of as many changes in
fewer than one of twenty cases, and if it does better than every draw of the control."""


@dataclass(frozen=True)
class Repair:
    """layer: its name. share: (C, U) how much of each unit is held at its usual value; usual: (C,). network: id of the
    network; named: what was silenced; channels_last: whether the layer gives them last."""

    layer: str
    share: Tensor
    usual: Tensor
    network: str
    named: Sequence[str]
    channels_last: bool

    def wrapped(self, module: nn.Module) -> Silenced:
        """The network, repaired. `module` itself is not changed."""
        return Silenced(module, self.layer, self.share, self.usual, self.channels_last)

    def write(self, path: Path) -> None:
        """A safetensors file: `share`, `usual`, and what it is of."""
        told = {
            "layer": self.layer,
            "network": self.network,
            "named": list(self.named),
            "channels_last": self.channels_last,
        }
        data = save(
            {"share": self.share.contiguous(), "usual": self.usual.contiguous()},
            {"format": FORMAT, "repair": json.dumps(told)},
        )
        with whole_file(path) as file:
            file.write(data)


def read_repair(path: Path) -> Repair:
    """What `Repair.write` wrote.

    Raises:
        InputError: it cannot be read, or is something else.
    """
    try:
        with safe_open(path, "pt") as file:
            told = file.metadata() or {}
            if told.get("format") != FORMAT:
                raise InputError(f"{path} is no repair of egraph; give a file that `egraph repair --save` wrote.")
            return Repair(share=file.get_tensor("share"), usual=file.get_tensor("usual"), **json.loads(told["repair"]))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read as a repair ({error}); give a file that `egraph repair --save` wrote."
        ) from error


def usual_owners(mixture: Mixture, mean_place: Tensor, layer: LayerGeometry, size: int) -> Tensor:
    """How much of each unit is each pattern's, (P, U), about its mean place (P, 2) in the canonical view, on a picture
    that may be mirrored: the larger of both."""
    box = 1 / (1 + 2 * MARGIN)
    view = View(Box(0, 0, 1, 1), Box((1 - box) / 2, (1 - box) / 2, box, box))
    units: Units = layer_units([view], layer, size)
    mirrored = torch.stack([mean_place[:, 0], 1 - mean_place[:, 1]], 1)
    both = [responsibilities(mixture, places, units).pattern for places in (mean_place, mirrored)]
    return torch.maximum(*both)


def share_of(owners: Tensor, filter_: Tensor, rows: Sequence[int], filters: Sequence[int], like: Tensor) -> Tensor:
    """How much of each unit some patterns and whole filters have, (C, U).

    Args:
        owners: (P, U). filter_: (P,). rows: of the patterns. like: (C, U).
    """
    share = torch.zeros_like(like).index_add(0, filter_[list(rows)], owners[list(rows)]).clamp_max(1.0)
    share[list(filters)] = 1
    return share


def drawn_of_equal_mass(mass: Tensor, among: Sequence[int], wanted: float, random: np.random.Generator) -> list[int]:
    """Rows drawn at random until they hold as much activation as is wanted; mass: (rows,)."""
    drawn, held = [], 0.0
    for row in random.permutation(list(among)).tolist():
        if held >= wanted:
            break
        drawn.append(row)
        held += float(mass[row])
    return drawn


@dataclass(frozen=True)
class Answers:
    """How many photos are answered rightly: of all, `right`; of those that were wrong before, `won`; of those that were
    right before, `lost` are wrong now."""

    right: float
    won: float
    lost: float


def answers_after(before: Tensor, after: Tensor) -> Answers:
    """before, after: (n,) bool, whether each photo is answered rightly."""
    return Answers(int(after.sum()), int((after & ~before).sum()), int((before & ~after).sum()))


def helps(repaired: Answers, controls: Sequence[Answers]) -> bool:
    """Whether a repair is better than none, beyond chance, and better than every control."""
    changed = int(repaired.won + repaired.lost)
    if repaired.won <= repaired.lost or not changed:
        return False
    chance = float(binomtest(int(repaired.won), changed, alternative="greater").pvalue)
    return chance < SURE and all(repaired.right > control.right for control in controls)


def mean_of(controls: Sequence[Answers]) -> Answers:
    """The mean over several draws."""
    values: Mapping[str, list[float]] = {
        name: [asdict(one)[name] for one in controls] for name in ("right", "won", "lost")
    }
    return Answers(**{name: sum(some) / max(1, len(some)) for name, some in values.items()})
