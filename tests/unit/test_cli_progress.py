"""Progress off and on a terminal."""

import io

import pytest

from egraph_cli import progress
from egraph_cli.progress import ProgressDisplay, span


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_log_lines_come_now_and_then_and_at_the_end(clock: list[float]) -> None:
    stream = io.StringIO()
    with ProgressDisplay(stream=stream) as show:
        for second in range(41):
            clock[0] = second
            show("forward", second, 40)
        show("forward", 40, 40)
    assert stream.getvalue().splitlines() == [
        "forward: 10 of 40, 30 s left",
        "forward: 20 of 40, 20 s left",
        "forward: 30 of 40, 10 s left",
        "forward: 40 done in 40 s",
    ]


def test_every_stage_has_its_own_clock(clock: list[float]) -> None:
    stream = io.StringIO()
    with ProgressDisplay(stream=stream) as show:
        show("layer4", 0, 2)
        clock[0] = 30
        show("layer3", 0, 2)
        show("layer3", 1, 2)
        clock[0] = 35
        show("layer3", 2, 2)
    assert stream.getvalue() == "layer3: 2 done in 5 s\n"


def test_a_stage_that_comes_again_starts_anew(clock: list[float]) -> None:
    stream, terminal = io.StringIO(), Terminal()
    for output in (stream, terminal):
        clock[0] = 0
        with ProgressDisplay(stream=output) as show:
            for began in (0, 100):
                for step in range(3):
                    clock[0] = began + step
                    show("reading", step, 2)
    assert stream.getvalue() == "reading: 2 done in 2 s\n" * 2


def test_quiet_says_nothing() -> None:
    for stream in (io.StringIO(), Terminal()):
        with ProgressDisplay(quiet=True, stream=stream) as show:
            show("forward", 1, 1)
        assert stream.getvalue() == ""


def test_a_terminal_gets_a_bar_with_the_true_total(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with ProgressDisplay(stream=stream) as show:
        show("forward", 0, 5)
        show("forward", 3, 7)
    assert "forward" in stream.getvalue()
    assert "3/7" in stream.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (61, "1:01 min"), (3 * 3600 + 125, "3:02 h")]
)
def test_spans_are_for_people(seconds: float, text: str) -> None:
    assert span(seconds) == text
