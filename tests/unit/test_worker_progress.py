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
    said = {"stage": "writing", "done": 40, "total": 100, "seconds_left": None}
    assert progress.report() == said | {"advanced": True, "reached": '{"writing": 40}'}
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
    assert watch.silent([job()]) == [] and watch.undecided(clock.now)
    clock.now += 9
    assert watch.silent([job()]) == []
    clock.now += 2
    assert watch.silent([job()]) == [job()]


def test_a_holder_that_beats_is_alive() -> None:
    clock = Clock()
    watch = Watch(10.0, clock)
    for beats in range(10):
        assert watch.silent([job(beats)]) == []
        assert watch.undecided(clock.now) == (beats == 0)
        clock.now += 6
    assert watch.undecided(clock.now), "it was heard of before, and may have died since"
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


def test_only_what_nobody_reached_before_is_progress() -> None:
    def advanced(reached: dict[str, int], *told: tuple[str | None, str, int]) -> bool:
        progress = JobProgress(reached=reached)
        for layer, stage, done in told:
            progress.enter(layer)
            progress.tell(stage, done, 100)
        return bool(progress.report()["advanced"])

    reached = {"reading photos": 12, "mining patterns: layer3": 40}
    assert not advanced(reached, (None, "reading photos", 12), ("layer3", "mining patterns", 39))
    assert not advanced(reached, ("layer3", "mining patterns", 40))
    assert advanced(reached, ("layer3", "mining patterns", 41))
    assert advanced(reached, ("layer2", "mining patterns", 0))
    paused = JobProgress(reached=reached)
    paused.pause("The disk is full.")
    assert not paused.report()["advanced"]
    assert JobProgress(reached=reached, advanced=True).report()["advanced"], "of an earlier worker that gave it back"
