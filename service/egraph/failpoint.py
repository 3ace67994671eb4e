"""Steps at which a test ends this process, so that every moment of a crash can be tried."""

import os
import signal
from collections import Counter

VARIABLE = "EGRAPH_FAILPOINT"

_reached: Counter[str] = Counter()


def failpoint(step: str) -> None:
    """Send this process a signal if EGRAPH_FAILPOINT names this step.

    The variable is `STEP`, `STEP:N` for the step's N-th time in this process, and either with ` SIGNAL` behind it for
    another signal than KILL, for example `layer kept:2 TERM`.
    """
    wanted = os.environ.get(VARIABLE)
    if not wanted:
        return
    where, _, name = wanted.rpartition(" ") if wanted.endswith(("TERM", "STOP", "INT")) else (wanted, "", "KILL")
    named, _, time = where.partition(":")
    if named == step:
        _reached[step] += 1
        if _reached[step] == int(time or 1):
            os.kill(os.getpid(), signal.Signals[f"SIG{name}"])
