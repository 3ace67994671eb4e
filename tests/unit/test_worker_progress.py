"""What a worker says of a job's progress, and what an onlooker makes of its silence."""

from egraph.worker.jobs import Job
from egraph.worker.lease import Watch
from egraph.worker.progress import JobProgress


class Clock:
    """Seconds that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def job(beats: int = 0, token: int = 1) -> Job:
    return Job("a", "mine", {}, "running", 0, 1, "me@here", "2026", token, beats, lease=10.0)


def test_the_time_left_counts_what_was_done_here() -> None:
    clock = Clock()
    progress = JobProgress(clock)
    assert progress.tell("writing", 40, 100)
    assert progress.report() == {"stage": "writing", "done": 40, "total": 100, "seconds_left": None}
    clock.now += 10
    assert not progress.tell("writing", 60, 100)
    # Twenty in ten seconds; the first forty were there.
    assert progress.report()["seconds_left"] == 20.0


def test_the_layer_stands_beside_the_stage() -> None:
    progress = JobProgress()
    progress.enter("layer3")
    progress.tell("mining patterns", 1, 9)
    assert progress.report()["stage"] == "mining patterns: layer3"
    progress.enter(None)
    progress.tell("writing", 1, 9)
    assert progress.report()["stage"] == "writing"
    progress.pause("The disk is full.")
    assert progress.report()["stage"] == "paused: The disk is full."


def test_a_holder_is_silent_after_its_lease() -> None:
    clock = Clock()
    watch = Watch(10.0, clock)
    assert watch.silent([job()]) == [] and watch.undecided()
    clock.now += 9
    assert watch.silent([job()]) == []
    clock.now += 2
    assert watch.silent([job()]) == [job()]


def test_a_holder_that_beats_is_alive() -> None:
    clock = Clock()
    watch = Watch(10.0, clock)
    for beats in range(10):
        assert watch.silent([job(beats)]) == []
        assert watch.undecided() == (beats == 0)
        clock.now += 6
    assert watch.silent([job(9, token=2)]) == [], "another holder has its own lease"


def test_who_did_not_look_for_long_cannot_tell() -> None:
    clock = Clock()
    watch = Watch(10.0, clock)
    watch.silent([job()])
    clock.now += 100
    assert watch.silent([job()]) == []
    clock.now += 6
    watch.forget()
    assert watch.silent([job()]) == []
    clock.now += 6
    assert watch.silent([job()]) == []
    clock.now += 6
    assert watch.silent([job()]) == [job()]
