"""Mining one conv layer, a block of filters at a time, so that memory does not grow with the number of filters."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from egraph.distributed import ALONE, Group
from egraph.mining.block import MINERS, Block, LayerTask, PeakReader
from egraph.mining.edges import CANDIDATES, Upper
from egraph.mining.expectation import planes
from egraph.mining.pose_record import PoseRecord

STRONGEST_FIRINGS = 50
"""Patterns per object and layer whose firing is kept for every object."""

CHECKPOINT = 50_000_000
"""Patterns x photos between two checkpoints in the middle of a layer: a few seconds' work."""

PENDING = 1024
"""Patterns that are compared at once with the strongest so far."""


@dataclass
class MinedLayer:
    """Everything that is kept of a layer, as numpy arrays, P patterns: see `PatternTable`, `CoActivations`,
    `Displacements` and `Firings` for the meaning of the columns.

    parent_*: (P, M), candidates being rows of the anchors. edge_*: (E,). firing_*: (F,), objects counted among the
    usable ones, places in the canonical view. candidate_*: what the layer below may link to. dropped: patterns left
    out, by `REASONS`.
    """

    filter: np.ndarray
    number: np.ndarray
    place: np.ndarray
    mean_place: np.ndarray
    spread: np.ndarray
    support: np.ndarray
    score: np.ndarray
    advantage: np.ndarray
    parent_gain: np.ndarray
    parent_index: np.ndarray
    parent_weight: np.ndarray
    parent_mean: np.ndarray
    parent_sigma: np.ndarray
    edge_lower: np.ndarray
    edge_upper: np.ndarray
    edge_strength: np.ndarray
    edge_lift: np.ndarray
    edge_support: np.ndarray
    edge_dy: np.ndarray
    edge_dx: np.ndarray
    edge_sigma: np.ndarray
    firing_pattern: np.ndarray
    firing_object: np.ndarray
    firing_score: np.ndarray
    firing_place: np.ndarray
    candidate_row: np.ndarray
    candidate_places: np.ndarray
    candidate_mass: np.ndarray
    candidate_fires: np.ndarray
    dropped: np.ndarray
    log_likelihood: np.ndarray

    def upper(self, device: torch.device) -> Upper:
        """What the layer below may link to, on the device that it is mined on."""
        columns = self.candidate_row, self.candidate_places, self.candidate_mass, self.candidate_fires
        row, places, mass, fire = (torch.from_numpy(column).to(device) for column in columns)
        return Upper(row, planes(places), mass, fire)


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
) -> MinedLayer:
    """Mine all filters of a layer, top to bottom of the graph being the caller's business.

    Filters do not know of each other: a block of them is mined by one thread from beginning to end, and the blocks are
    put together in order, so that the number of threads changes nothing.

    Args:
        pose: where displacements and scores are kept, if the pose is to be found from this layer.
        progress: called with the filters that are done; what it raises ends the mining, and what is done is kept.
        unfinished: where to go on from, and where to keep what is found on the way.
    """
    miner = MINERS[task.model](task, read, pose is not None, group)
    found = _Found(task.photos, group)
    kept = None if unfinished is None else unfinished.load()
    # processes that were cut off between two of them keeping a checkpoint begin the layer again, together
    if len(set(group.collect(None if kept is None else int(kept["filters"])))) == 1 and kept is not None:
        found.restore(kept)
    if pose is not None:
        pose.open(found.rows)

    def keep() -> None:
        if pose is not None:
            pose.flush()
        if unfinished is not None:
            unfinished.save(found.arrays())

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
        self._tables: list[dict[str, np.ndarray]] = []
        self._pending: list[Block] = []
        self._strongest: tuple[Tensor, ...] = (
            torch.zeros(photos, 0),
            torch.zeros(photos, 0, dtype=torch.long),
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
        table = dict(block.table)
        table["edge_lower"] = table["edge_lower"] + np.int32(self.rows + sum(len(b.mass) for b in self._pending))
        self._tables.append(table)
        self._pending.append(block)
        self.filters = filters
        if sum(len(b.mass) for b in self._pending) >= PENDING:
            self._settle()

    def _settle(self) -> None:
        """Compare the pending patterns with the strongest so far."""
        if not self._pending:
            return
        mass, firing = torch.cat([b.mass for b in self._pending]), torch.cat([b.fires for b in self._pending])
        places = torch.cat([b.places for b in self._pending])
        rank = torch.cat([b.rank for b in self._pending])
        rows = torch.arange(self.rows, self.rows + len(mass))
        self._pending, self.rows = [], self.rows + len(mass)
        strong = torch.where(firing, mass, torch.zeros(())).T.cpu()
        best, pattern = strong.topk(min(STRONGEST_FIRINGS, strong.shape[1]), dim=1)
        photo = torch.arange(len(strong))[:, None]
        here = best, rows[pattern], places.cpu()[pattern, photo]
        before, best_row, best_place = (torch.cat(pair, 1) for pair in zip(self._strongest, here, strict=True))
        mass_, order = before.topk(min(STRONGEST_FIRINGS, before.shape[1]), dim=1)
        self._strongest = mass_, best_row.gather(1, order), best_place[photo, order]
        rank, row = torch.cat([self._rank, rank.cpu()]), torch.cat([self._row, rows])
        best = rank.topk(min(CANDIDATES, len(rank))).indices.sort().values
        self._rank, self._row = rank[best], row[best]
        upper = places.cpu(), mass.cpu(), firing.cpu()
        old, new = best[best < len(self._upper[0])], best[best >= len(self._upper[0])] - len(self._upper[0])
        self._upper = tuple(torch.cat([a[old], b[new]]) for a, b in zip(self._upper, upper, strict=True))

    def _columns(self) -> dict[str, np.ndarray]:
        return {name: np.concatenate([table[name] for table in self._tables]) for name in self._tables[0]}

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it, to be restored."""
        self._settle()
        state = (*self._strongest, self._rank, self._row, *self._upper)
        return {
            **{f"table {name}": column for name, column in self._columns().items()},
            **{f"state {number}": tensor.numpy() for number, tensor in enumerate(state)},
            "filters": np.array(self.filters),
        }

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from what `arrays` gave."""
        self._tables = [{n.removeprefix("table "): column for n, column in arrays.items() if n.startswith("table ")}]
        state = [torch.from_numpy(arrays[f"state {number}"]) for number in range(8)]
        self._strongest, self._rank, self._row = tuple(state[:3]), state[3], state[4]
        self._upper = tuple(state[5:])
        self.filters, self.rows = int(arrays["filters"]), len(self._tables[0]["filter"])

    def layer(self) -> MinedLayer:
        """The whole layer."""
        self._settle()
        columns = self._columns()
        for name in ("dropped", "log_likelihood"):
            columns[name] = columns[name].sum(0)
        mass, row, places = self._strongest
        photo, rank = (mass > 0).nonzero(as_tuple=True)
        upper_places, upper_mass, upper_fires = (tensor.numpy() for tensor in self._upper)
        return MinedLayer(
            **columns,
            firing_pattern=row[photo, rank].int().numpy(),
            firing_object=photo.int().numpy(),
            firing_score=mass[photo, rank].numpy(),
            firing_place=places[photo, rank].numpy(),
            candidate_row=self._row.numpy(),
            candidate_places=upper_places,
            candidate_mass=upper_mass,
            candidate_fires=upper_fires,
        )
