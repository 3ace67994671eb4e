"""Progress of long steps, on stderr: a bar with a true total and the time left, or a log line now and then."""

import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LOG_SECONDS = 10.0


@dataclass(slots=True)
class Stage:
    """When a stage began, when it was last spoken of, and whether its end was."""

    began: float
    spoke: float
    ended: bool = False


class ProgressDisplay:
    """A `progress(stage, done, total)` callable. Use it in a `with` block, so that the terminal is left tidy."""

    def __init__(self, quiet: bool = False, stream: TextIO | None = None):
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._stages: dict[str, Stage] = {}
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "ProgressDisplay":
        if not self._quiet and self._stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(elapsed_when_finished=True),
                console=Console(file=self._stream),
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps of a stage are done. The total may change, and a stage may come again."""
        if self._quiet:
            return
        if self._bars is None:
            self._log(stage, done, total)
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total or None)
        task = self._tasks[stage]
        if done < total and self._bars.tasks[task].finished:
            self._bars.reset(task)
        self._bars.update(task, completed=done, total=total or None)

    def _log(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        state = self._stages.setdefault(stage, Stage(now, now))
        if done < total:
            if state.ended:
                state = self._stages[stage] = Stage(now, now)
            if now - state.spoke < LOG_SECONDS:
                return
            left = f", {span((now - state.began) * (total - done) / done)} left" if done else ""
            text = f"{stage}: {done:,} of {total:,}{left}"
        elif state.ended:
            return
        else:
            state.ended = True
            text = f"{stage}: {done:,} done in {span(now - state.began)}"
        state.spoke = now
        print(text, file=self._stream, flush=True)


def span(seconds: float) -> str:
    """A span of time, for people."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02d} h"
