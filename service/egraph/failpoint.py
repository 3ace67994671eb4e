"""Steps at which a test ends this process, so that every moment of a crash can be tried."""

import os
import signal
from collections import Counter
from time import sleep

VARIABLE = "EGRAPH_FAILPOINT"
LATE_SECONDS = 1.0

_reached: Counter[str] = Counter()


def failpoint(step: str) -> None:
    """Send this process a signal if EGRAPH_FAILPOINT names this step.

    The variable is `STEP`, `STEP:N` for the step's N-th time in this process, and either with ` SIGNAL` behind it for
    another signal than KILL, for example `layer kept:2 TERM`. ` LATE` at the very end waits for LATE_SECONDS before, as
    long as a heartbeat needs to tell how far the work is.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    late = wanted.endswith(" LATE")
    wanted = wanted.removesuffix(" LATE")
    where, _, name = wanted.rpartition(" ") if wanted.endswith(("TERM", "STOP", "INT")) else (wanted, "", "KILL")
    named, _, time = where.partition(":")
    if named == step:
        _reached[step] += 1
        if _reached[step] == int(time or 1):
            sleep(LATE_SECONDS if late else 0)
            os.kill(os.getpid(), signal.Signals[f"SIG{name}"])
