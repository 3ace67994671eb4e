"""Processes that mine one category together, each with its own share of the photos.

Whatever is a sum over photos is summed over the processes, so that any number of them mines the same graph.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from egraph.torchrun import rank_and_size


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

    def first(self, value: Any) -> Any:
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

    def first(self, value: Any) -> Any:
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]


ALONE = Group()


@contextmanager
def processes() -> Iterator[Group]:
    """The processes that torchrun started together with this one; this one alone if it did not."""
    _, size = rank_and_size()
    if size == 1:
        yield ALONE
        return
    # one process writes to the database while the others wait; torchrun ends all when one fails
    dist.init_process_group("gloo", timeout=timedelta(days=1))
    try:
        yield Distributed()
    finally:
        dist.destroy_process_group()


def share(objects: Sequence[Any], rank: int, size: int) -> slice:
    """The part of the objects that a process has: neighbours, so that joining keeps their order."""
    return slice(len(objects) * rank // size, len(objects) * (rank + 1) // size)
