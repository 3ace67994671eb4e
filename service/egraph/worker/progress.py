"""How far a job is, as its node, its log and the metrics say it."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """A moment of a job: the stage, what of it is done, the layer at hand where there is one, when the stage began."""

    stage: str = "starting"
    done: int = 0
    total: int = 0
    layer: str | None = None
    began: float = 0.0
    before: int = 0


class JobProgress:
    """Keeps the latest step; read from the heartbeat's thread. Seconds are of this process's monotonic clock.

    reached: how far earlier workers came in each stage; advanced: whether one came further since the last death.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        reached: Mapping[str, int] | None = None,
        advanced: bool = False,
    ) -> None:
        self._clock = clock
        self.step = Step(began=clock())
        self._reached = dict(reached or {})
        self._advanced = advanced

    def tell(self, stage: str, done: int, total: int) -> bool:
        """Note what is done; whether the stage is another one than before."""
        step = self.step
        place = name_of(stage, step.layer)
        if done > self._reached.get(place, -1):
            self._reached[place] = done
            self._advanced = True
        if stage != step.stage:
            # What was there already, from an earlier attempt, took no time.
            self.step = Step(stage, done, total, step.layer, self._clock(), done)
            return True
        self.step = Step(stage, done, total, step.layer, step.began, step.before)
        return False

    def enter(self, layer: str | None) -> None:
        """Note the layer that is mined now, or that none is."""
        step = self.step
        self.step = Step(step.stage, step.done, step.total, layer, step.began, step.before)

    def pause(self, reason: str) -> None:
        """Note why nothing is done now."""
        self.step = Step(f"paused: {reason}", began=self._clock())

    def report(self) -> dict[str, Any]:
        """The properties of the job's node."""
        step = self.step
        made = step.done - step.before
        left = (self._clock() - step.began) * (step.total - step.done) / made if made > 0 else None
        return {
            "stage": name_of(step.stage, step.layer),
            "done": step.done,
            "total": step.total,
            "seconds_left": left if left is None else round(left, 1),
            "advanced": self._advanced,
            # A copy: the work goes on meanwhile.
            "reached": json.dumps(dict(self._reached), sort_keys=True),
        }


def name_of(stage: str, layer: str | None) -> str:
    """A stage as people read it."""
    return stage if layer is None else f"{stage}: {layer}"
