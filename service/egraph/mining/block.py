"""Mining a block of filters of one conv layer from beginning to end."""

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import Group
from egraph.mining.contexts import Contexts, mean_likeness
from egraph.mining.edges import Edges, Partners, Upper, candidate_rank, link
from egraph.mining.firings import BlockFirings, strongest_firings, table_column
from egraph.mining.maximization import initial_places
from egraph.mining.mined_layer import MinedEdges, MinedFirings, MinedParents, MinedPatterns
from egraph.mining.parents import Parents, movement, parent_products
from egraph.mining.patterns import SIGMAS, infer_fits, infer_patterns, mine_patterns
from egraph.mining.peaks import PeakReader
from egraph.mining.pruning import (
    EVEN,
    RARE,
    TWIN,
    advantage,
    even_control,
    even_scatter,
    even_share,
    exceeds,
    find_noise,
)

BLOCK = 120_000
"""Patterns x photos that a thread handles at once: what the second-level cache holds."""

ACCELERATOR_BLOCK = 4_000_000
"""The same on an accelerator, which wants much to do at once."""

REASONS = (EVEN, RARE, TWIN)


@dataclass(frozen=True)
class LayerTask:
    """What mining a layer needs besides its peaks.

    photos: that this process has. unit: size of a map unit in fractions of the crop. anchors, anchors_other: (A, n, 2)
    displacements of the anchors from their mean places in the canonical view and in the other one. anchor_mean: (A, 2).
    backdrop: what is seen at evenly scattered places, see `even_share`.
    upper: None for the top layer; patterns_above: per filter of the layer above.
    """

    filters: int
    patterns: int
    photos: int
    unit: float
    anchors: Tensor
    anchors_other: Tensor
    anchor_mean: Tensor
    backdrop: Tensor
    upper: Upper | None
    generator: torch.Generator
    patterns_above: int = 0


@dataclass(frozen=True)
class BlockTable:
    """What a block of filters adds to the `MinedLayer`, patterns being counted in the block.

    firings: of every pattern the strongest. dropped: (reasons,).
    """

    patterns: MinedPatterns
    parents: MinedParents
    edges: MinedEdges
    firings: MinedFirings
    dropped: np.ndarray
    log_likelihood: np.ndarray


@dataclass(frozen=True)
class Block:
    """What is kept of a block of filters: B patterns.

    places: (B, n, 2). mass, fires: (B, n). firings: see `BlockFirings`. rank: (B,) from `candidate_rank`. posed:
    displacements (B, n, 2), scores in the canonical and in the other view, (B, n) each; empty where not asked.
    """

    table: BlockTable
    places: Tensor
    mass: Tensor
    fires: Tensor
    firings: BlockFirings
    rank: Tensor
    posed: tuple[Tensor, ...]


@dataclass(frozen=True)
class Kept:
    """The B patterns that are kept of a block of filters, n photos.

    filter: (B,) counted in the block; number: (B,). place: (B, 2). parents, contexts: of B patterns. likeness: (B,)
    mean m . h of the evidence. chance: (B,) share that it wins of scattered evidence. places: (B, n, 2); free:
    (B, n, 2) those that tell the pose. mass, control: (B, n); other: (B, n) mass in the other view, which is looked at
    in the posed layer alone, else it is the same again. firings: score above 0 wherever there is evidence. active:
    (B, n) bool, the network's output at the winning peak is above 0. dropped: (3,). log_likelihood: sum over this
    process's photos.
    """

    filter: Tensor
    number: Tensor
    place: Tensor
    parents: Parents
    contexts: Contexts
    likeness: Tensor
    chance: Tensor
    places: Tensor
    free: Tensor
    mass: Tensor
    control: Tensor
    other: Tensor
    firings: BlockFirings
    active: Tensor
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
        firing = exceeds(kept.mass, kept.control) & (kept.firings.likeness >= kept.likeness[:, None]) & kept.active
        firings = replace(kept.firings, score=torch.where(firing, kept.firings.score, 0.0))
        mean = group.sum(kept.free.sum(1)) / photos
        displacement = kept.free - mean[:, None]
        table = BlockTable(
            patterns=MinedPatterns(
                filter=table_column((filters.start + kept.filter).int()),
                number=table_column(kept.number.int()),
                place=table_column(kept.place),
                mean_place=table_column(mean),
                spread=table_column((group.sum(displacement.square().sum((1, 2))) / photos).sqrt()),
                support=table_column(group.sum(firing.sum(1)).int()),
                score=table_column(group.sum(kept.mass.sum(1)) / photos),
                advantage=table_column(advantage(kept.mass, kept.control, group)),
                likeness=table_column(kept.likeness),
                chance=table_column(kept.chance),
                usual=table_column(group.sum(kept.firings.score.sum(1)) / photos),
                context=table_column(kept.contexts.direction),
                context_level=table_column(kept.contexts.log_mean),
            ),
            parents=self._parents(kept),
            edges=self._edges(kept, firing),
            firings=strongest_firings(firings),
            dropped=table_column(kept.dropped),
            log_likelihood=table_column(group.sum(kept.log_likelihood)),
        )
        posed = (displacement, kept.mass, kept.other) if self.posed else ()
        rank = candidate_rank(kept.mass, kept.places, group)
        return Block(table, kept.places, kept.mass, firing, firings, rank, posed)

    def _find(self, filters: slice) -> Kept:
        """Mine, leave out patterns that are noise, infer the others once more without their competition."""
        task, group = self.task, self.group
        peaks, sigma = self.read(filters, False), SIGMAS[-1]
        patterns = mine_patterns(self.start[filters], peaks, task.anchors, self.products, group=group)
        share, variance = even_share(patterns.place, patterns.contexts, task.backdrop, sigma)
        mass, direction = infer_patterns(patterns, peaks, task.anchors).assigned.mass, patterns.contexts.direction
        control, scatter = even_control(share, peaks.values), even_scatter(variance, peaks.values, group)
        noise = find_noise(patterns.place, direction, mass, control, scatter, task.unit, group)
        patterns, number, there = patterns.only(~(noise[RARE] | noise[EVEN] | noise[TWIN]))
        share, _ = even_share(patterns.place, patterns.contexts, task.backdrop, sigma)
        inferred, fits = infer_fits(patterns, peaks, task.anchors)
        row = there.flatten().nonzero()[:, 0]
        filter_ = row // number.shape[1]
        parents, contexts, assigned = patterns.parents, patterns.contexts, inferred.assigned
        mass = assigned.mass.flatten(0, 1)[row]
        places = inferred.places().flatten(0, 1)[row]
        other = mass
        if self.posed:
            seen = infer_patterns(patterns, self.read(filters, True), task.anchors_other)
            other = seen.assigned.mass.flatten(0, 1)[row]
        score, likeness, peak = (column.flatten(0, 1)[row] for column in vars(fits).values())
        return Kept(
            filter=filter_,
            number=number.flatten()[row],
            place=patterns.place.flatten(0, 1)[row],
            parents=Parents(parents.index[row], parents.weight[row], parents.gain[row]),
            contexts=Contexts(contexts.direction.flatten(0, 1)[row], contexts.log_mean.flatten(0, 1)[row]),
            likeness=mean_likeness(assigned.seen, assigned.mass, contexts, group).flatten()[row],
            chance=share.flatten()[row],
            places=places,
            free=inferred.free_places().flatten(0, 1)[row],
            mass=mass,
            control=even_control(share, peaks.values).flatten(0, 1)[row],
            other=other,
            firings=BlockFirings(score, likeness, peak, expected=places),
            active=peaks.activations[filter_].gather(2, peak[..., None].long())[..., 0] > 0,
            dropped=torch.stack([noise[reason].sum() for reason in REASONS]),
            log_likelihood=assigned.log_likelihood.double().sum(),
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
            gain=table_column(kept.parents.gain),
            index=table_column(self.candidate_row[index].int()),
            weight=table_column(kept.parents.weight),
            mean=table_column((moves.mean[:, None] - parent).gather(1, index[..., None].expand(-1, -1, 2))),
            sigma=table_column(variance.clamp_min(0.0).sqrt().gather(1, index)),
        )

    def _edges(self, kept: Kept, firing: Tensor) -> MinedEdges:
        if self.partners is None or len(kept.places) == 0:
            edges = Edges.none()
        else:
            edges = link(kept.places, kept.mass, firing, self.partners, group=self.group)
        columns = {field.name: getattr(edges, field.name) for field in fields(edges)}
        return MinedEdges(
            **{name: table_column(c.int() if c.dtype == torch.long else c) for name, c in columns.items()}
        )
