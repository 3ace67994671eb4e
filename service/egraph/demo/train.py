"""Trains the generated world's network and writes its checkpoint: `python -m egraph.demo.train`."""

import argparse
import logging
import os
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor, nn

from egraph.atomic_file import whole_file
from egraph.demo.crops import crops_of_many
from egraph.demo.network import CHECKPOINT, CLASSES, INPUT_SIZE, AnimalNetwork
from egraph.network.preprocessing import Preprocessing

HELD_OUT_SEED = 1_000_003
"""Added to the seed for the held-out photos, so that none of them was trained on."""

DRAWN = 112
"""Pixels of the crops to train on."""
MARGIN = 0.1
"""How much more than the object they show, beyond each edge of its box."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """What is trained, and on how much: photos, passes over them, the random seed."""

    photos: int = 8100
    held_out: int = 810
    epochs: int = 12
    batch: int = 64
    rate: float = 3e-3
    seed: int = 0
    workers: int = min(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Outcome:
    """Shares of held-out crops told right: by the network, and by always naming the most frequent class."""

    accuracy: float
    majority: float
    by_class: dict[str, float]


def make_crop_set(recipe: Recipe, held_out: bool) -> tuple[Tensor, Tensor]:
    """(n, side, side, 3) uint8 crops and (n,) classes. Held-out crops show exactly the object at the network's size;
    those to train on show more, at DRAWN pixels, from which `vary` takes a piece."""
    count, seed = (recipe.held_out, HELD_OUT_SEED) if held_out else (recipe.photos, 0)
    size, margin = (INPUT_SIZE, 0.0) if held_out else (DRAWN, MARGIN)
    found = list(crops_of_many(count, recipe.seed + seed, size, margin, recipe.workers))
    return torch.from_numpy(np.stack([crop for _, crop in found])), torch.tensor([number for number, _ in found])


def vary(x: Tensor, generator: torch.Generator, size: int = INPUT_SIZE) -> Tensor:
    """Varied pieces (n, 3, size, size) of inputs (n, 3, side, side): moved, stretched, turned and half of them
    mirrored; other colours; and on half of them a rectangle of noise hides what is there, so that no single part of an
    animal is enough to know it by."""
    return hide(recolour(move(x, generator, size), generator), generator)


def move(x: Tensor, generator: torch.Generator, size: int) -> Tensor:
    """Pieces of (n, 3, side, side) whose width and height are 72 to 100 % of the whole; half of them mirrored."""
    n = len(x)
    share = 0.86 + 0.14 * _evenly(generator, n, 2)
    shift = (1 - share) * _evenly(generator, n, 2)
    mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    turn = 0.1 * _evenly(generator, n, 2)
    rows = [torch.stack([share[:, 0] * mirror, turn[:, 0], shift[:, 0]], 1)]
    rows += [torch.stack([turn[:, 1], share[:, 1], shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), [n, x.shape[1], size, size], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def recolour(x: Tensor, generator: torch.Generator) -> Tensor:
    """Other gains of the colours (n, 3, size, size) and another brightness; on a quarter, colours are exchanged."""
    n = len(x)
    order = torch.rand(n, 3, generator=generator).argsort(1)
    kept = torch.rand(n, 1, generator=generator) < 0.75
    order = torch.where(kept, torch.arange(3), order)
    x = x.gather(1, order[:, :, None, None].expand_as(x))
    gain = 1 + 0.15 * torch.randn(n, 3, 1, 1, generator=generator)
    return x * gain + 0.2 * torch.randn(n, 1, 1, 1, generator=generator)


def hide(x: Tensor, generator: torch.Generator) -> Tensor:
    """Noise in a rectangle of half of the inputs (n, 3, size, size), 20 to 50 % of the whole wide and high."""
    n, size = len(x), x.shape[-1]
    half = (0.175 + 0.075 * _evenly(generator, n, 2)) * size
    centre = (0.5 + 0.5 * _evenly(generator, n, 2)) * size
    inside = (torch.arange(size) + 0.5 - centre[..., None]).abs() < half[..., None]
    chosen = torch.rand(n, generator=generator) < 0.5
    rectangle = (inside[:, 0, :, None] & inside[:, 1, None, :] & chosen[:, None, None])[:, None]
    noise = torch.randn(n, 3, 1, 1, generator=generator) + 0.3 * torch.randn(x.shape, generator=generator)
    return torch.where(rectangle, noise, x)


def _evenly(generator: torch.Generator, *shape: int) -> Tensor:
    """Numbers drawn evenly from -1 to 1."""
    return 2 * torch.rand(*shape, generator=generator) - 1


def train_network(recipe: Recipe, crops: Tensor, classes: Tensor) -> AnimalNetwork:
    """Train on crops (n, DRAWN, DRAWN, 3) uint8 and classes (n,); the same recipe and crops give the same network."""
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    network = AnimalNetwork().to(memory_format=torch.channels_last).train()
    prepare = Preprocessing.from_dict(AnimalNetwork.preprocessing)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=0.02)
    steps = recipe.epochs * (len(crops) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=steps)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(recipe.epochs):
        started, losses = time.monotonic(), []
        batches = torch.randperm(len(crops), generator=generator).split(recipe.batch)
        for chosen in batches[: len(crops) // recipe.batch]:
            x = vary(prepare(crops[chosen]), generator)
            with torch.autocast("cpu", torch.bfloat16):
                answers = network(x.contiguous(memory_format=torch.channels_last))
            loss = loss_of(answers.float(), classes[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        seconds = time.monotonic() - started
        logger.info("epoch %d of %d: loss %.3f in %.0f s", epoch + 1, recipe.epochs, np.mean(losses), seconds)
    return network.eval()


def score_network(network: nn.Module, crops: Tensor, classes: Tensor) -> Outcome:
    """How well the network tells crops (n, size, size, 3) uint8 of known classes (n,) apart, beside the control."""
    prepare = Preprocessing.from_dict(AnimalNetwork.preprocessing)
    with torch.inference_mode():
        answers = torch.cat([network(prepare(some)).argmax(1) for some in crops.split(128)])
    right = answers == classes
    by_class = {
        name: right[classes == number].float().mean().item()
        for number, name in enumerate(CLASSES)
        if (classes == number).any()
    }
    majority = Counter(classes.tolist()).most_common(1)[0][1] / len(classes)
    return Outcome(right.float().mean().item(), majority, by_class)


def save_network(network: nn.Module, path: Path) -> None:
    """Write the weights in half precision; a reader never sees half a file."""
    state = {
        name: value.half().contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    with whole_file(path) as file:
        file.write(save(state))


def main(arguments: list[str] | None = None) -> None:
    """Train, score on held-out photos, write the checkpoint; what happens goes to the log."""
    defaults = Recipe()
    parser = argparse.ArgumentParser(prog="python -m egraph.demo.train", description=main.__doc__)
    parser.add_argument("--output", type=Path, default=CHECKPOINT, help="where the checkpoint goes")
    for name in ("photos", "held_out", "epochs", "seed", "workers"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=getattr(defaults, name))
    given = vars(parser.parse_args(arguments))
    output = given.pop("output")
    recipe = Recipe(**given)
    if recipe.photos < recipe.batch:
        parser.error(f"training takes at least {recipe.batch} photos; give more --photos")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    started = time.monotonic()
    crops, classes = make_crop_set(recipe, held_out=False)
    logger.info("%d photos drawn in %.0f s", len(crops), time.monotonic() - started)
    network = train_network(recipe, crops, classes)
    save_network(network, output)
    # What is scored is what was written, with the rounding to half precision.
    network.half().float()
    outcome = score_network(network, *make_crop_set(recipe, held_out=True))
    logger.info(
        "held-out accuracy %.1f %% on %d new photos; always naming the most frequent class: %.1f %%",
        100 * outcome.accuracy,
        recipe.held_out,
        100 * outcome.majority,
    )
    logger.info("by class: %s", ", ".join(f"{name} {100 * share:.1f} %" for name, share in outcome.by_class.items()))
    logger.info("%s written (%d bytes) in %.0f s", output, output.stat().st_size, time.monotonic() - started)


if __name__ == "__main__":
    main()
