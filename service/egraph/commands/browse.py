"""The server of pages: opened on loopback, until it is stopped."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from egraph.browse.app import Pages, application
from egraph.browse.gate import LOOPBACK, Gate, Guarded
from egraph.errors import EgraphError, UsageError
from egraph.graph.connection import Database, open_database
from egraph.report.site import SERVER_PORT
from egraph.settings import Settings


def browse(settings: Settings, port: int = SERVER_PORT, opened: Callable[[Gate], None] | None = None) -> None:
    """Serve pages of all graphs until it is interrupted; `opened` is told the address.

    Raises:
        UsageError: the port is taken.
        DatabaseError: the database cannot be reached.
    """
    with listening(port) as listener, open_database(settings, reader=True) as database:
        gate = Gate(listener.getsockname()[1])
        with warmed(database):
            serve(application(database, gate), gate, listener, opened)


@contextmanager
def warmed(database: Database) -> Iterator[None]:
    """Meanwhile the database is asked what first pages ask, so that nobody waits for its plans."""

    def work() -> None:
        # Whoever asks for a page is told what is wrong.
        with suppress(EgraphError):
            Pages(database).warm()

    thread = threading.Thread(target=work, name="egraph-warm", daemon=True)
    thread.start()
    yield
    thread.join()


def serve(guarded: Guarded, gate: Gate, listener: socket.socket, opened: Callable[[Gate], None] | None) -> None:
    """Answer at a socket until it is interrupted; `opened` is told the address."""
    config = uvicorn.Config(
        guarded, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    if opened is not None:
        opened(gate)
    server.run(sockets=[listener])


def listening(port: int) -> socket.socket:
    """A socket at a port of loopback, 0 for any free one.

    Raises:
        UsageError: it is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"The port {port} cannot be used ({error.strerror}); stop what listens there, or give another --port."
        ) from error
    return listener
