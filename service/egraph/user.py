"""Who runs this process, for what is kept under a name."""

import getpass
import socket


def user() -> str:
    """The user's name, where the system has one (not in every container)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def user_at_host() -> str:
    """The user's name and the machine's."""
    return f"{user()}@{socket.gethostname()}"
