"""Sums that must come out the same on any number of processor threads."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread: matrix products and decompositions that many threads share add in another order.

    Where a last digit decides what follows, a machine with more threads would mine another graph.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
