"""Stopping a worker: asked once, it ends with the step at hand; asked twice, it ends at once."""

import signal
import threading
from types import FrameType

from egraph.worker.log import LOGGER

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(Exception):
    """Work ends here because it was asked to; what is done is kept."""


class Stop:
    """Whether this process was asked to stop."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def listen(self) -> None:
        """Take SIGTERM and SIGINT for it. The second one ends the process as the system does, wherever it is."""
        for number in SIGNALS:
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        self._event.set()
        LOGGER.info("%s: finishing the step at hand; once more stops now", signal.Signals(number).name)

    def ask(self) -> None:
        """Ask this process to stop."""
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for it, at most so long; whether it was asked."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raise `Stopped` if it was asked."""
        if self.asked:
            raise Stopped
