"""Every error that a user may see. The message is one sentence with the remedy; the class decides the exit code."""


class EgraphError(Exception):
    """Something failed, and the message says what to do."""

    exit_code = 1


class UsageError(EgraphError):
    """The command was called in a way that cannot work: a wrong name, a wrong value."""

    exit_code = 2


class InputError(EgraphError):
    """Photos, annotations or weights cannot be used."""

    exit_code = 3


class DatabaseError(EgraphError):
    """The graph database cannot be reached, refuses the login, is too old, or failed."""

    exit_code = 4


class NothingYetError(EgraphError):
    """There is nothing to answer with yet: no graph, no labels."""

    exit_code = 5
