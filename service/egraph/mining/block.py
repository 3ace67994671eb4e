"""Mining a block of filters of one conv layer from beginning to end."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import Group
from egraph.mining.edges import Edges, Partners, Upper, candidate_rank, link
from egraph.mining.maximization import initial_places
from egraph.mining.mined_layer import MinedEdges, MinedParents, MinedPatterns
from egraph.mining.parents import Parents, movement, parent_products
from egraph.mining.patterns import SIGMAS, free_places, infer_patterns, mine_patterns
from egraph.mining.pruning import EVEN, RARE, TWIN, advantage, even_scatter, find_noise, fires

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
    upper: None for the top layer; patterns_above: per filter of the layer above.
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
    patterns_above: int = 0


@dataclass(frozen=True)
class BlockTable:
    """What a block of filters adds to the `MinedLayer`, lower patterns of edges being counted in the block."""

    patterns: MinedPatterns
    parents: MinedParents
    edges: MinedEdges
    dropped: np.ndarray
    log_likelihood: np.ndarray


@dataclass(frozen=True)
class Block:
    """What is kept of a block of filters: B patterns.

    places: (B, n, 2). mass, fires: (B, n). rank: (B,) from `candidate_rank`.
    posed: displacements (B, n, 2), scores in the canonical and in the other view, (B, n) each; empty where not asked.
    """

    table: BlockTable
    places: Tensor
    mass: Tensor
    fires: Tensor
    rank: Tensor
    posed: tuple[Tensor, ...]


@dataclass(frozen=True)
class Kept:
    """The B patterns that are kept of a block of filters, n photos.

    filter: (B,) counted in the block; number: (B,). place: (B, 2). parents: of B patterns. places: (B, n, 2);
    free: (B, n, 2) those that tell the pose. mass, control: (B, n); other: (B, n) mass in the other view, which is
    looked at in the posed layer alone, else it is the same again. dropped: (3,). log_likelihood: sum over this
    process's photos.
    """

    filter: Tensor
    number: Tensor
    place: Tensor
    parents: Parents
    places: Tensor
    free: Tensor
    mass: Tensor
    control: Tensor
    other: Tensor
    dropped: Tensor
    log_likelihood: Tensor


class BlockMiner:
    """Mines blocks of filters of one layer: patterns follow anchors."""

    def __init__(self, task: LayerTask, read: PeakReader, posed: bool, group: Group) -> None:
        self.task, self.read, self.posed, self.group = task, read, posed, group
        self.start = initial_places(task.filters, task.patterns, task.generator).to(task.anchors.device)
        self.partners = None if task.upper is None else Partners.of(task.upper, group)
        self.products = parent_products(task.anchors)
        self.candidates, self.candidate_mean = task.anchors, task.anchor_mean
        self.candidate_row = torch.arange(len(task.anchors), device=task.anchors.device)

    def blocks(self, first: int) -> list[slice]:
        """Filters that are mined together, from `first` on."""
        task = self.task
        size = BLOCK if task.anchors.device.type == "cpu" else ACCELERATOR_BLOCK
        photos = -(-self.group.total(task.photos) // self.group.size)
        step = max(1, size // (task.patterns * photos))
        return [slice(start, min(start + step, task.filters)) for start in range(first, task.filters, step)]

    def mine(self, filters: slice) -> Block:
        """Find the patterns of some filters, and measure them."""
        group, photos = self.group, self.group.total(self.task.photos)
        kept = self._find(filters)
        firing = fires(kept.mass, kept.control)
        mean = group.sum(kept.free.sum(1)) / photos
        displacement = kept.free - mean[:, None]
        table = BlockTable(
            patterns=MinedPatterns(
                filter=_column((filters.start + kept.filter).int()),
                number=_column(kept.number.int()),
                place=_column(kept.place),
                mean_place=_column(mean),
                spread=_column((group.sum(displacement.square().sum((1, 2))) / photos).sqrt()),
                support=_column(group.sum(firing.sum(1)).int()),
                score=_column(group.sum(kept.mass.sum(1)) / photos),
                advantage=_column(advantage(kept.mass, kept.control, group)),
            ),
            parents=self._parents(kept),
            edges=self._edges(kept, firing),
            dropped=_column(kept.dropped),
            log_likelihood=_column(group.sum(kept.log_likelihood)),
        )
        posed = (displacement, kept.mass, kept.other) if self.posed else ()
        return Block(table, kept.places, kept.mass, firing, candidate_rank(kept.mass, kept.places, group), posed)

    def _find(self, filters: slice) -> Kept:
        """Mine, leave out patterns that are noise, infer the others once more without their competition."""
        task, group = self.task, self.group
        values, places = self.read(filters, False)
        patterns = mine_patterns(self.start[filters], values, places, task.anchors, self.products, group=group)
        inferred = infer_patterns(patterns, values, places, task.anchors)
        scatter = even_scatter(patterns.place, values, SIGMAS[-1], group)
        noise = find_noise(patterns.place, inferred.assigned.mass, inferred.control, scatter, task.unit, group)
        patterns, number, there = patterns.only(~(noise[RARE] | noise[EVEN] | noise[TWIN]))
        inferred = infer_patterns(patterns, values, places, task.anchors)
        row = there.flatten().nonzero()[:, 0]
        parents = patterns.parents
        mass = inferred.assigned.mass.flatten(0, 1)[row]
        places = inferred.places.flatten(0, 1)[row]
        free, other = free_places(inferred).flatten(0, 1)[row], mass
        if self.posed:
            seen = infer_patterns(patterns, *self.read(filters, True), task.anchors_other)
            other = seen.assigned.mass.flatten(0, 1)[row]
        return Kept(
            filter=row // number.shape[1],
            number=number.flatten()[row],
            place=patterns.place.flatten(0, 1)[row],
            parents=Parents(parents.index[row], parents.weight[row], parents.gain[row]),
            places=places,
            free=free,
            mass=mass,
            control=inferred.control.flatten(0, 1)[row],
            other=other,
            dropped=torch.stack([noise[reason].sum() for reason in REASONS]),
            log_likelihood=inferred.assigned.log_likelihood.double().sum(),
        )

    @cached_property
    def _candidate_numbers(self) -> Tensor:
        """(n, 3 C) |u_P|^2 and the two numbers of u_P on every photo."""
        row, column = (c.T for c in self.candidates.unbind(-1))
        return torch.cat([row.square() + column.square(), row, column], 1)

    def _parents(self, kept: Kept) -> MinedParents:
        """Mean and deviation of where a pattern is, seen from each of its parents, weighted by its evidence."""
        moves = movement(kept.places, kept.mass, self.candidates, self._candidate_numbers, self.group)
        square, row, column = moves.terms.unflatten(1, (3, -1)).unbind(1)
        variance = moves.own - 2 * moves.cross + square - row.square() - column.square()
        parent = torch.stack([row, column], -1) + self.candidate_mean
        index = kept.parents.index
        return MinedParents(
            gain=_column(kept.parents.gain),
            index=_column(self.candidate_row[index].int()),
            weight=_column(kept.parents.weight),
            mean=_column((moves.mean[:, None] - parent).gather(1, index[..., None].expand(-1, -1, 2))),
            sigma=_column(variance.clamp_min(0.0).sqrt().gather(1, index)),
        )

    def _edges(self, kept: Kept, firing: Tensor) -> MinedEdges:
        if self.partners is None or len(kept.places) == 0:
            none = torch.zeros(0)
            edges = Edges(none.long(), none.long(), none, none, none.long(), none, none, none)
        else:
            edges = link(kept.places, kept.mass, firing, self.partners, group=self.group)
        columns = {field.name: getattr(edges, field.name) for field in fields(edges)}
        return MinedEdges(**{name: _column(c if c.is_floating_point() else c.int()) for name, c in columns.items()})


def _column(tensor: Tensor) -> np.ndarray:
    return tensor.cpu().numpy()
