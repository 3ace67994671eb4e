"""Mining a block of filters of one conv layer from beginning to end."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from egraph.mining.edges import Edges, Partners, Upper, candidate_rank, link
from egraph.mining.group import Group
from egraph.mining.maximization import initial_places
from egraph.mining.noise import EVEN, RARE, TWIN, advantage, even_scatter, find_noise, fires
from egraph.mining.parents import movement, parent_products
from egraph.mining.patterns import SIGMAS, free_places, infer_patterns, mine_patterns

BLOCK = 120_000
"""Patterns x photos that a thread handles at once: what the second-level cache holds."""

ACCELERATOR_BLOCK = 4_000_000
"""The same on an accelerator, which wants much to do at once."""

REASONS = (EVEN, RARE, TWIN)

PeakReader = Callable[[slice, bool], tuple[Tensor, Tensor]]
"""Gives values (d, n, K) and places (d, n, K, 2) of some filters, in the canonical view or (True) in the other one."""


@dataclass(frozen=True)
class LayerTask:
    """What mining a layer needs besides its peaks.

    photos: that this process has. unit: size of a map unit in fractions of the crop. anchors, anchors_other: (A, n, 2)
    displacements of the anchors from their mean places in the canonical view and in the other one. anchor_mean: (A, 2).
    upper: None for the top layer.
    """

    filters: int
    patterns: int
    photos: int
    unit: float
    anchors: Tensor
    anchors_other: Tensor
    anchor_mean: Tensor
    upper: Upper | None
    generator: torch.Generator


@dataclass(frozen=True)
class Block:
    """What is kept of a block of filters: B patterns.

    table: columns of `MinedLayer`. places: (B, n, 2). mass, fires: (B, n). rank: (B,) from `candidate_rank`.
    posed: displacements of the free places (B, n, 2), scores in the canonical and in the other view, (B, n) each; empty
    where not asked.
    """

    table: dict[str, np.ndarray]
    places: Tensor
    mass: Tensor
    fires: Tensor
    rank: Tensor
    posed: tuple[Tensor, ...]


class BlockMiner:
    """Mines blocks of filters of one layer."""

    def __init__(self, task: LayerTask, read: PeakReader, posed: bool, group: Group) -> None:
        self.task, self.read, self.posed, self.group = task, read, posed, group
        self.start = initial_places(task.filters, task.patterns, task.generator).to(task.anchors.device)
        self.products = parent_products(task.anchors)
        self.partners = None if task.upper is None else Partners.of(task.upper, group)
        squares = self.products[0][:, : len(task.anchors)]
        self.anchor_numbers = torch.cat([squares, task.anchors[..., 0].T, task.anchors[..., 1].T], 1)

    def blocks(self, first: int) -> list[slice]:
        """Filters that are mined together, from `first` on."""
        task = self.task
        size = BLOCK if task.anchors.device.type == "cpu" else ACCELERATOR_BLOCK
        photos = -(-self.group.total(task.photos) // self.group.size)
        step = max(1, size // (task.patterns * photos))
        return [slice(start, min(start + step, task.filters)) for start in range(first, task.filters, step)]

    def mine(self, filters: slice) -> Block:
        """Find the patterns, leave out those that are noise, infer the others once more without their competition."""
        task, group = self.task, self.group
        values, places = self.read(filters, False)
        patterns = mine_patterns(self.start[filters], values, places, task.anchors, self.products, group=group)
        inferred = infer_patterns(patterns, values, places, task.anchors)
        scatter = even_scatter(patterns.place, values, SIGMAS[-1], group)
        noise = find_noise(patterns.place, inferred.assigned.mass, inferred.control, scatter, task.unit, group)
        patterns, number, there = patterns.only(~(noise[RARE] | noise[EVEN] | noise[TWIN]))
        inferred = infer_patterns(patterns, values, places, task.anchors)
        kept = there.flatten().nonzero()[:, 0]
        found, mass = inferred.places.flatten(0, 1)[kept], inferred.assigned.mass.flatten(0, 1)[kept]
        control = inferred.control.flatten(0, 1)[kept]
        firing = fires(mass, control)
        mean = group.sum(found.sum(1)) / group.total(task.photos)
        displacement = found - mean[:, None]
        posed: tuple[Tensor, ...] = ()
        if self.posed:
            other = infer_patterns(patterns, *self.read(filters, True), task.anchors_other)
            free = free_places(inferred).flatten(0, 1)[kept] - mean[:, None]
            posed = free, mass, other.assigned.mass.flatten(0, 1)[kept]
        counted = {
            "dropped": torch.stack([noise[reason].sum() for reason in REASONS])[None],
            "log_likelihood": group.sum(inferred.assigned.log_likelihood.double().sum())[None],
        }
        columns = {
            "filter": (filters.start + kept // number.shape[1]).int(),
            "number": number.flatten()[kept].int(),
            "place": patterns.place.flatten(0, 1)[kept],
            "mean_place": mean,
            "spread": (group.sum(displacement.square().sum((1, 2))) / group.total(task.photos)).sqrt(),
            "support": group.sum(firing.sum(1)).int(),
            "score": group.sum(mass.sum(1)) / group.total(task.photos),
            "advantage": advantage(mass, control, group),
            "parent_gain": patterns.parents.gain[kept],
            **self._parents(patterns.parents.index[kept], patterns.parents.weight[kept], found, mass),
            **self._edges(found, mass, firing),
            **counted,
        }
        table = {name: column.cpu().numpy() for name, column in columns.items()}
        return Block(table, found, mass, firing, candidate_rank(mass, found, group), posed)

    def _parents(self, index: Tensor, weight: Tensor, places: Tensor, mass: Tensor) -> dict[str, Tensor]:
        """Mean and deviation of where a pattern is, seen from each of its anchors, weighted by its evidence."""
        moves = movement(places, mass, self.task.anchors, self.anchor_numbers, self.group)
        square, row, column = moves.terms.unflatten(1, (3, -1)).unbind(1)
        variance = moves.own - 2 * moves.cross + square - row.square() - column.square()
        anchor = torch.stack([row, column], -1) + self.task.anchor_mean
        mean = (moves.mean[:, None] - anchor).gather(1, index[..., None].expand(-1, -1, 2))
        sigma = variance.clamp_min(0.0).sqrt().gather(1, index)
        return {"parent_index": index.int(), "parent_weight": weight, "parent_mean": mean, "parent_sigma": sigma}

    def _edges(self, places: Tensor, mass: Tensor, firing: Tensor) -> dict[str, Tensor]:
        if self.partners is None or len(places) == 0:
            none = torch.zeros(0)
            edges = Edges(none.long(), none.long(), none, none, none.long(), none, none, none)
        else:
            edges = link(places, mass, firing, self.partners, group=self.group)
        columns = {f"edge_{field.name}": getattr(edges, field.name) for field in fields(edges)}
        whole = ("edge_lower", "edge_upper", "edge_support")
        return {name: column.int() if name in whole else column for name, column in columns.items()}
