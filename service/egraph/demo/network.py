"""The small CNN of the generated world: tells the kinds of animals and an empty scene apart."""

from pathlib import Path
from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from egraph.demo.animals import KINDS
from egraph.network.checkpoint_match import match_weights, misfit, put_weights
from egraph.network.weights import read_checkpoint

CLASSES = (*KINDS, "background")
"""What the classifier's outputs stand for, in order."""

CHECKPOINT = Path(__file__).with_name("animals.safetensors")
"""The trained weights, half precision; `python -m egraph.demo.train` makes them again."""

INPUT_SIZE = 96


def convolution(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (but for its stride), batch normalisation, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Residual(nn.Sequential):
    """Two convolutions whose answer is added to their input, (n, channels, height, width)."""

    def __init__(self, channels: int) -> None:
        first, second = (nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2))
        super().__init__(first, nn.BatchNorm2d(channels), nn.ReLU(inplace=True), second, nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """The input and what the convolutions say of it, above 0."""
        answer = x
        for step in self:
            answer = step(answer)
        return F.relu(x + answer)


class AnimalNetwork(nn.Module):
    """A small residual network in four blocks, whose maps are 48, 24, 12 and 6 units wide for an input of 96 pixels.

    `preprocessing` says what the input must be; whoever loads the network honours it. `classes`: what its answers mean.
    """

    classes: ClassVar[tuple[str, ...]] = CLASSES

    preprocessing: ClassVar[dict[str, Any]] = {
        "size": INPUT_SIZE,
        "mean": [0.5, 0.5, 0.5],
        "deviation": [0.25, 0.25, 0.25],
    }

    def __init__(self) -> None:
        super().__init__()
        self.block1 = convolution(3, 32, kernel=5, stride=2)
        self.block2 = nn.Sequential(nn.MaxPool2d(2), convolution(32, 64), convolution(64, 64))
        self.block3 = nn.Sequential(nn.MaxPool2d(2), convolution(64, 128), Residual(128))
        self.block4 = nn.Sequential(nn.MaxPool2d(2), convolution(128, 256), Residual(256))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(256, len(CLASSES))

    def features(self, x: Tensor) -> Tensor:
        """What the classifier sees: (n, 3, 96, 96) gives (n, 256)."""
        pooled: Tensor = self.pool(self.block4(self.block3(self.block2(self.block1(x))))).flatten(1)
        return pooled

    def forward(self, x: Tensor) -> Tensor:
        """x: (n, 3, 96, 96), normalised; returns (n, classes) logits in the order of CLASSES."""
        logits: Tensor = self.classifier(self.features(x))
        return logits


def animals() -> nn.Module:
    """The trained network, in evaluation mode.

    Raises:
        InputError: the checkpoint is missing or damaged.
    """
    network = AnimalNetwork()
    match = match_weights(network, read_checkpoint(CHECKPOINT), "animals", str(CHECKPOINT))
    if not match.whole:
        raise misfit(match, network, "animals", str(CHECKPOINT))
    put_weights(network, match)
    return network.eval()
