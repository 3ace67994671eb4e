"""Several workers at once, each a process of its own: a job that kills its worker takes nothing else down."""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence

from egraph.worker.log import LOGGER
from egraph.worker.stop import Stop

RESTART_SECONDS = 2.0
LOOK_SECONDS = 0.1


def run_crew(commands: Sequence[list[str]], stop: Stop) -> int:
    """Keep one process running for each command, until asked to stop, all have ended by themselves, or one failed.

    One that was killed is started again. The processes stand apart from the terminal, so that one Ctrl-C reaches each
    of them once: passed on from here.

    Returns:
        The largest exit code.
    """
    threads = str(max(1, (os.cpu_count() or 1) // len(commands)))
    environment = {"OMP_NUM_THREADS": threads, **os.environ}

    def start(command: list[str]) -> subprocess.Popen[bytes]:
        # The pipe on its standard input ends when this process does, however it does.
        return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, start_new_session=True)

    crew = [start(command) for command in commands]
    try:
        while not stop.wait(LOOK_SECONDS):
            codes = [worker.poll() for worker in crew]
            if all(code is not None and code >= 0 for code in codes) or any(code and code > 0 for code in codes):
                break
            for number, code in enumerate(codes):
                if code is not None and code < 0:
                    LOGGER.warning(
                        "worker process %d was ended by signal %d; starting another", crew[number].pid, -code
                    )
                    stop.wait(RESTART_SECONDS)
                    crew[number] = start(commands[number])
        for worker in crew:
            worker.send_signal(signal.SIGTERM)
        return max(0, *(worker.wait() for worker in crew))
    finally:
        for worker in crew:
            worker.kill()


def end_with_parent(pipe: int) -> None:
    """End this process at once when the crew's own process, at the other end of the pipe, has ended.

    pipe: a file descriptor; a buffered file would still be locked by the thread when the process ends by itself.
    """

    def wait() -> None:
        while os.read(pipe, 1):
            pass
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=wait, name="egraph-crew", daemon=True).start()
