"""Units at their filter's usual value: as a trial of a finding, and as a module that wraps the network.

What is above the filter's mean over the mined photos falls to it, as far as a unit is named. Shapes: C filters, U units
of a layer, n photos.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from egraph.diagnosing.case import Case
from egraph.diagnosing.probing import DRAWS, Asked, told
from egraph.diagnosing.scoring import is_right, scores
from egraph.diagnosing.seen import answers_of, view_inputs
from egraph.diagnosing.trial import Trial
from egraph.explaining.without import equal_mass
from egraph.network.layers import map_shapes
from egraph.network.network import Network


class Silenced(nn.Module):
    """A network some of whose units are at their filter's usual value, as far as they are above it.

    share: (C, U), or (n, C, U) for the n pictures that are given together: how much of each unit. usual: (C,).
    """

    def __init__(
        self, module: nn.Module, layer: str, share: Tensor, usual: Tensor, channels_last: bool = False
    ) -> None:
        super().__init__()
        self.module, self.layer, self.channels_last = module, layer, channels_last
        self.register_buffer("share", share)
        self.register_buffer("usual", usual)

    def forward(self, pictures: Tensor) -> Tensor:
        """What the wrapped network answers."""
        handle = self.module.get_submodule(self.layer).register_forward_hook(self._lower)
        try:
            answer: Tensor = self.module(pictures)
            return answer
        finally:
            handle.remove()

    def _lower(self, _module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        maps = output.permute(0, 3, 1, 2) if self.channels_last else output
        share = self.get_buffer("share").to(maps).unflatten(-1, maps.shape[2:])
        usual = self.get_buffer("usual").to(maps)[:, None, None]
        lowered: Tensor = maps - share * (maps - usual).clamp_min(0)
        return lowered.permute(0, 2, 3, 1) if self.channels_last else lowered


def silenced(network: Network, layer: str, share: Tensor, usual: Tensor) -> Silenced:
    """The network with a share of a layer's units at their usual value."""
    turned = any(shape.name == layer and shape.channels_last for shape in map_shapes(network))
    return Silenced(network.module, layer, share, usual, turned)


def silence_trial(case: Case, asked: Asked, shares: Callable[[int], Tensor], what: str) -> Trial:
    """Set a share of each photo's units to their usual value, and as a control units drawn at random that hold as much
    activation.

    Args:
        shares: gives for a row of `asked.seen` the share (C, U).
    """
    generator = torch.Generator().manual_seed(int(case.random.integers(2**31)))
    after, right = [], []
    for number, row in enumerate(asked.rows):
        share = shares(row)
        maps = asked.seen.maps[row].float()
        drawn = torch.stack([share, *(equal_mass(maps, share, generator) for _ in range(DRAWS))])
        pictures = view_inputs(case.network, asked.seen, [row]).expand(len(drawn), -1, -1, -1)
        answers = answers_of(case.network, pictures, silenced(case.network, case.layer.name, drawn, case.usual)).cpu()
        after.append(scores(answers, asked.directions[number].expand(len(answers), -1)))
        if asked.accepted is not None:
            right.append(is_right(answers, [asked.accepted[number]] * len(answers)))
    return told(asked, torch.stack(after), right, what, "as much activation at random at its usual value")
