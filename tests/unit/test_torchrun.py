"""What torchrun says to each process, and who gets which photos."""

from itertools import pairwise

import pytest

from egraph.distributed import ALONE, share
from egraph.torchrun import own_device, rank_and_size


def test_a_process_alone_is_the_first_of_one() -> None:
    assert rank_and_size({}) == (0, 1)
    assert rank_and_size({"RANK": "3", "WORLD_SIZE": "1"}) == (0, 1)
    assert own_device("cuda", {}) == "cuda"


def test_processes_of_one_machine_take_an_accelerator_each() -> None:
    environment = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"}
    assert rank_and_size(environment) == (3, 4)
    assert [own_device(d, environment) for d in ("cuda", "cuda:0", "cpu")] == ["cuda:1", "cuda:0", "cpu"]


@pytest.mark.parametrize(("photos", "processes"), [(10, 1), (10, 3), (7, 7), (323, 4)])
def test_every_photo_goes_to_one_process_in_order(photos: int, processes: int) -> None:
    parts = [share(range(photos), rank, processes) for rank in range(processes)]
    assert [one.stop for one in parts[:-1]] == [two.start for two in parts[1:]]
    assert parts[0].start == 0 and parts[-1].stop == photos
    sizes = [part.stop - part.start for part in parts]
    assert max(sizes) - min(sizes) <= 1 and all(a <= b + 1 for a, b in pairwise(sizes))


def test_alone_everything_stays_as_it_is() -> None:
    assert ALONE.collect(5) == [5] and ALONE.first("a") == "a" and ALONE.total(3) == 3
