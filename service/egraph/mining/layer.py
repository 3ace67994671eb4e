"""Mining one conv layer, a block of filters at a time, so that memory does not grow with the number of filters."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.block import Block, BlockMiner, BlockTable, LayerTask
from egraph.mining.edges import CANDIDATES
from egraph.mining.graph_tables import chosen_rows, joined
from egraph.mining.mined_layer import Candidates, MinedFirings, MinedLayer, flattened, unflattened
from egraph.mining.peaks import PeakReader
from egraph.mining.pose_record import PoseRecord

STRONGEST_FIRINGS = 50
"""Patterns per object and layer whose firing is kept for every object."""

CHECKPOINT = 50_000_000
"""Patterns x photos between two checkpoints in the middle of a layer: a few seconds' work."""

PENDING = 1024
"""Patterns that are compared at once with the strongest so far."""

PENDING_NUMBERS = 8_000_000
"""The same, in patterns x photos: what they say of every photo is in memory until then."""


class Unfinished(Protocol):
    """Keeps what is found of a layer before all of it is."""

    def load(self) -> dict[str, np.ndarray] | None:
        """What was saved last, or None."""

    def save(self, found: dict[str, np.ndarray]) -> None:
        """Keep it, instead of what was saved before."""


def mine_layer(
    task: LayerTask,
    read: PeakReader,
    pose: PoseRecord | None = None,
    progress: Callable[[int, int], None] | None = None,
    unfinished: Unfinished | None = None,
    group: Group = ALONE,
    mines: type[BlockMiner] = BlockMiner,
) -> MinedLayer:
    """Mine all filters of a layer, top to bottom of the graph being the caller's business.

    Filters do not know of each other: a block of them is mined by one thread from beginning to end, and the blocks are
    put together in order, so that the number of threads changes nothing.

    Args:
        pose: where displacements and scores are kept, if the pose is to be found from this layer.
        progress: called with the filters that are done; what it raises ends the mining, and what is done is kept.
        unfinished: where to go on from, and where to keep what is found on the way.
        mines: what mines a block.
    """
    miner = mines(task, read, pose is not None, group)
    found = _Found(task.photos, group)
    kept = None if unfinished is None else unfinished.load()
    if kept is not None and pose is not None and not pose.open(int(kept["rows"]), kept.get("pose record")):
        kept = None
    # processes that were cut off between two of them keeping a checkpoint begin the layer again, together
    if len(set(group.collect(None if kept is None else int(kept["filters"])))) == 1 and kept is not None:
        found.restore(kept)
    elif pose is not None:
        pose.open(0)

    def keep() -> None:
        if pose is not None:
            pose.flush()
        if unfinished is not None:
            recorded = {} if pose is None else {"pose record": pose.checksum}
            unfinished.save(found.arrays() | recorded)

    mined_since = 0
    blocks = miner.blocks(found.filters)
    with _threads(task.anchors.device, group) as each:
        for filters, block in zip(blocks, each(miner.mine, blocks), strict=True):
            found.add(block, filters.stop)
            if pose is not None:
                pose.add(*block.posed)
            mined_since += (filters.stop - filters.start) * task.patterns * task.photos
            if mined_since > CHECKPOINT and filters.stop < task.filters:
                keep()
                mined_since = 0
            try:
                if progress:
                    progress(filters.stop, task.filters)
            except BaseException:
                keep()
                raise
    if pose is not None:
        pose.flush()
    return found.layer()


Mapped = Callable[[Callable[[slice], "Block"], list[slice]], Iterator["Block"]]


@contextmanager
def _threads(device: torch.device, group: Group) -> Iterator[Mapped]:
    """Map blocks by as many threads as torch would use, each on its own block, a few blocks ahead of who asks.

    One thread's array fits its own cache, and nobody waits for the others after every operation. Processes of a group
    must exchange sums in the same order, and an accelerator is fed by one thread.
    """
    threads = torch.get_num_threads()
    if device.type != "cpu" or group.size > 1 or threads == 1:
        yield map
        return
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(threads, initializer=_start_thread)

    def ahead(work: Callable[[slice], Block], blocks: list[slice]) -> Iterator[Block]:
        waiting = iter(blocks)
        running = [pool.submit(work, block) for block in itertools.islice(waiting, 2 * threads)]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(work, block) for block in itertools.islice(waiting, 1)]

    try:
        yield ahead
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _start_thread() -> None:
    """Settings that a thread has of its own."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


class _Found:
    """What is found of a layer so far: tables, the strongest patterns per photo, what the layer below may link to."""

    def __init__(self, photos: int, group: Group) -> None:
        self.filters = self.rows = 0
        self._group = group
        self._tables: list[BlockTable] = []
        self._pending: list[Block] = []
        self._strongest: tuple[Tensor, ...] = (
            torch.zeros(photos, 0),
            torch.zeros(photos, 0, dtype=torch.long),
            torch.zeros(photos, 0),
            torch.zeros(photos, 0, dtype=torch.uint8),
            torch.zeros(photos, 0, 2),
        )
        self._rank, self._row = torch.zeros(0), torch.zeros(0, dtype=torch.long)
        self._upper: tuple[Tensor, ...] = (
            torch.zeros(0, photos, 2),
            torch.zeros(0, photos),
            torch.zeros(0, photos, dtype=torch.bool),
        )

    def add(self, block: Block, filters: int) -> None:
        """Add the next block, up to the filter `filters`."""
        before = np.int32(self.rows + sum(len(b.mass) for b in self._pending))
        edges, firings = block.table.edges, block.table.firings
        edges = replace(edges, lower=edges.lower + before)
        self._tables.append(
            replace(block.table, edges=edges, firings=replace(firings, pattern=firings.pattern + before))
        )
        self._pending.append(block)
        self.filters = filters
        waiting = sum(len(b.mass) for b in self._pending)
        if waiting >= PENDING or waiting * block.mass.shape[1] >= PENDING_NUMBERS:
            self._settle()

    def _settle(self) -> None:
        """Compare the pending patterns with the strongest so far."""
        if not self._pending:
            return
        mass, firing = torch.cat([b.mass for b in self._pending]), torch.cat([b.fires for b in self._pending])
        places = torch.cat([b.places for b in self._pending])
        rank = torch.cat([b.rank for b in self._pending])
        found = [b.firings for b in self._pending]
        score, likeness, peak, expected = (
            torch.cat([getattr(f, name) for f in found]).cpu() for name in ("score", "likeness", "peak", "expected")
        )
        rows = torch.arange(self.rows, self.rows + len(mass))
        self._pending, self.rows = [], self.rows + len(mass)
        best, pattern = score.T.topk(min(STRONGEST_FIRINGS, len(score)), dim=1)
        photo = torch.arange(len(best))[:, None]
        here = best, rows[pattern], *(column[pattern, photo] for column in (likeness, peak, expected))
        both = [torch.cat(pair, 1) for pair in zip(self._strongest, here, strict=True)]
        order = both[0].topk(min(STRONGEST_FIRINGS, both[0].shape[1]), dim=1).indices
        self._strongest = tuple(column[photo, order] for column in both)
        rank, row = torch.cat([self._rank, rank.cpu()]), torch.cat([self._row, rows])
        best = rank.topk(min(CANDIDATES, len(rank))).indices.sort().values
        self._rank, self._row = rank[best], row[best]
        upper = places.cpu(), mass.cpu(), firing.cpu()
        old, new = best[best < len(self._upper[0])], best[best >= len(self._upper[0])] - len(self._upper[0])
        self._upper = tuple(torch.cat([a[old], b[new]]) for a, b in zip(self._upper, upper, strict=True))

    def _table(self) -> BlockTable:
        """The tables of all blocks as one."""
        blocks = self._tables
        return BlockTable(
            patterns=joined([block.patterns for block in blocks]),
            parents=joined([block.parents for block in blocks]),
            edges=joined([block.edges for block in blocks]),
            firings=joined([block.firings for block in blocks]),
            dropped=np.sum([block.dropped for block in blocks], 0),
            log_likelihood=np.sum([block.log_likelihood for block in blocks], 0),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it, to be restored."""
        self._settle()
        state = (*self._strongest, self._rank, self._row, *self._upper)
        return {
            **{f"table {name}": column for name, column in flattened(self._table()).items()},
            **{f"state {number}": tensor.numpy() for number, tensor in enumerate(state)},
            "filters": np.array(self.filters),
            "rows": np.array(self.rows),
        }

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from what `arrays` gave."""
        columns = {name.removeprefix("table "): c for name, c in arrays.items() if name.startswith("table ")}
        self._tables = [unflattened(columns, BlockTable)]
        kept = len(self._strongest)
        state = [torch.from_numpy(arrays[f"state {number}"]) for number in range(kept + 2 + len(self._upper))]
        self._strongest, self._rank, self._row = tuple(state[:kept]), state[kept], state[kept + 1]
        self._upper = tuple(state[kept + 2 :])
        self.filters, self.rows = int(arrays["filters"]), int(arrays["rows"])

    def layer(self) -> MinedLayer:
        """The whole layer."""
        self._settle()
        table = self._table()
        return MinedLayer(
            patterns=table.patterns,
            parents=table.parents,
            edges=table.edges,
            firings=self._firings(table.firings),
            candidates=Candidates(self._row.numpy(), *(tensor.numpy() for tensor in self._upper)),
            dropped=table.dropped,
            log_likelihood=table.log_likelihood,
        )

    def _firings(self, of_patterns: MinedFirings) -> MinedFirings:
        """The strongest of every object and those of every pattern, each once, by object, then pattern."""
        score, row, likeness, peak, expected = self._strongest
        where = (score > 0).nonzero(as_tuple=True)
        of_objects = MinedFirings(
            pattern=row[where].int().numpy(),
            object=where[0].int().numpy(),
            peak=peak[where].numpy(),
            score=score[where].numpy(),
            likeness=likeness[where].numpy(),
            expected=expected[where].numpy(),
            of_object=np.ones(len(where[0]), bool),
        )
        both = joined([of_objects, of_patterns])
        # of two equal pairs the one that stands first is kept: that of the object
        first = np.unique(both.object.astype(np.int64) * self.rows + both.pattern, return_index=True)[1]
        return chosen_rows(both, first)
