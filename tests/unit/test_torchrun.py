"""What torchrun says to each process, and who gets which photos."""

import socket
from itertools import pairwise

import pytest

from egraph import distributed
from egraph.distributed import ALONE, share
from egraph.errors import EgraphError
from egraph.torchrun import own_device, rank_and_size


def test_a_process_alone_is_the_first_of_one() -> None:
    assert rank_and_size({}) == (0, 1)
    assert rank_and_size({"RANK": "3", "WORLD_SIZE": "1"}) == (0, 1)
    assert own_device("cuda", {}) == "cuda"


def test_what_a_clusters_shell_left_behind_starts_no_group() -> None:
    left = {"WORLD_SIZE": "4", "RANK": "1", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500", "LOCAL_RANK": "1"}
    assert rank_and_size(left) == (0, 1)
    assert rank_and_size(left | {"WORLD_SIZE": "none"}) == (0, 1)
    assert own_device("cuda", left) == "cuda"


def test_processes_that_do_not_come_are_waited_for_aloud_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    torchrun = {"TORCHELASTIC_RUN_ID": "a", "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    for name, value in torchrun.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(distributed, "MEETING_SECONDS", 2)
    said: list[tuple[str, int, int]] = []
    for rank, met in (("0", "1 of 3"), ("1", "0 of 3")):
        monkeypatch.setenv("RANK", rank)
        words = rf"did not come within 2 s \({met} met at 127.0.0.1:{port}\); .*unset TORCHELASTIC_RUN_ID"
        with pytest.raises(EgraphError, match=words), distributed.processes(lambda *step: said.append(step)):
            pytest.fail("nobody else is there")
    assert said[0] == ("waiting for the other processes", 0, 3) and ("waiting for the other processes", 1, 3) in said


def test_processes_of_one_machine_take_an_accelerator_each() -> None:
    environment = {"TORCHELASTIC_RUN_ID": "a", "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1"}
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
