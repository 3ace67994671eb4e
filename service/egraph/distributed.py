"""Processes that mine one category together, each with its own share of the photos.

Whatever is a sum over photos is summed over the processes, so that any number of them mines the same graph.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from egraph.errors import EgraphError
from egraph.progress import Progress, report
from egraph.torchrun import STARTED, rank_and_size

MEETING_SECONDS = 60
"""Processes that torchrun started are there within seconds; whoever does not come in a minute does not come."""

MEETING_POLL = 0.1
CONNECT_SECONDS = 5
WORKING_TIME = timedelta(days=1)

Value = TypeVar("Value")


class Group:
    """One process alone, which has all photos. `rank` counts from 0."""

    rank, size = 0, 1

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum over all processes of a sum over the photos of each."""
        return tensor

    def largest(self, tensor: Tensor) -> Tensor:
        """Largest of all processes, number by number."""
        return tensor

    def count(self, photos: int) -> None:
        """Tell the others how many photos this process has, before any `total`."""

    def total(self, photos: int) -> int:
        """Number of photos of all processes; `photos` is that of this one."""
        return photos

    def join(self, tensor: Tensor, dim: int = 0) -> Tensor:
        """The tensors of all processes along the photos' axis `dim`, in order of rank."""
        return tensor

    def collect(self, value: Any) -> list[Any]:
        """What each process gives, in order of rank."""
        return [value]

    def first(self, value: Value) -> Value:
        """What the first process gives."""
        return value


class Distributed(Group):
    """The processes of `torch.distributed`, whose process group must be there already."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._photos: int | None = None

    def sum(self, tensor: Tensor) -> Tensor:
        summed = tensor.contiguous().clone()
        dist.all_reduce(summed)
        return summed

    def largest(self, tensor: Tensor) -> Tensor:
        found = tensor.contiguous().clone()
        dist.all_reduce(found, dist.ReduceOp.MAX)
        return found

    def count(self, photos: int) -> None:
        self._photos = sum(self.collect(photos))

    def total(self, photos: int) -> int:
        assert self._photos is not None
        return self._photos

    def join(self, tensor: Tensor, dim: int = 0) -> Tensor:
        tensor = tensor.movedim(dim, 0).contiguous()
        lengths = self.collect(len(tensor))
        padded = tensor.new_zeros(max(lengths), *tensor.shape[1:])
        padded[: len(tensor)] = tensor
        parts = [torch.empty_like(padded) for _ in lengths]
        dist.all_gather(parts, padded)
        return torch.cat([part[:length] for part, length in zip(parts, lengths, strict=True)]).movedim(0, dim)

    def collect(self, value: Any) -> list[Any]:
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def first(self, value: Value) -> Value:
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]


ALONE = Group()


@contextmanager
def processes(progress: Progress | None = None) -> Iterator[Group]:
    """The processes that torchrun started together with this one; this one alone if it did not.

    Raises:
        EgraphError: not all of them came within a minute.
    """
    rank, size = rank_and_size()
    if size == 1:
        yield ALONE
        return
    store = _meet(rank, size, progress)
    # one process writes to the database while the others wait; torchrun ends all when one fails
    dist.init_process_group("gloo", store=store, rank=rank, world_size=size, timeout=WORKING_TIME)
    try:
        yield Distributed()
    finally:
        dist.destroy_process_group()


def _meet(rank: int, size: int, progress: Progress | None) -> dist.Store:
    """The store by which the processes find each other, once all of them are there.

    torch's own meeting waits as long as the group's operations may take, and says nothing meanwhile.
    """
    address, port = os.environ.get("MASTER_ADDR", ""), os.environ.get("MASTER_PORT", "")
    deadline = time.monotonic() + MEETING_SECONDS
    store: dist.Store | None = None
    there = 0
    while there < size:
        report(progress, "waiting for the other processes", there, size)
        try:
            if store is None:
                # torchrun itself holds the store, unless it was told not to
                holds_it = rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
                wait = timedelta(seconds=min(CONNECT_SECONDS, MEETING_SECONDS))
                found = dist.TCPStore(address, int(port), None, holds_it, wait, wait_for_workers=False)
                store = dist.PrefixStore(f"egraph/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", found)
                store.set(f"here/{rank}", "")
            there = sum(store.check([f"here/{other}"]) for other in range(size))
        except (RuntimeError, ValueError, OSError):
            store = None
        if there < size and time.monotonic() > deadline:
            raise EgraphError(
                f"The other processes of torchrun did not come within {MEETING_SECONDS} s ({there} of {size} met at "
                f"{address}:{port}); start all of them, or unset {STARTED} to mine alone."
            )
        time.sleep(0 if there == size else MEETING_POLL)
    assert store is not None
    report(progress, "waiting for the other processes", size, size)
    store.set_timeout(WORKING_TIME)
    return store


def share(objects: Sequence[Any], rank: int, size: int) -> slice:
    """The part of the objects that a process has: neighbours, so that joining keeps their order."""
    return slice(len(objects) * rank // size, len(objects) * (rank + 1) // size)
