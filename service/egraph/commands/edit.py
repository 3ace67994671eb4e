"""Correcting an And-Or graph by hand, and undoing that."""

from dataclasses import dataclass

from egraph.aog import edits
from egraph.aog.edits import Change, Version
from egraph.aog.storage import find_aogs
from egraph.commands.requests import EditRequest, RestoreRequest
from egraph.graph.connection import open_database
from egraph.results import Result
from egraph.settings import Settings
from egraph.user import user_at_host


@dataclass(frozen=True)
class EditReport(Result):
    """An And-Or graph that was changed: the version that this made, and how many patterns it has now."""

    aog: str
    version: Version
    patterns: int


@dataclass(frozen=True)
class RestoreReport(Result):
    """An And-Or graph that is as it was at a version. undone: so many edits; patterns: how many it has now."""

    aog: str
    version: int
    undone: int
    patterns: int


def edit_aog(settings: Settings, request: EditRequest) -> EditReport:
    """Change one pattern of an And-Or graph; the next answer follows.

    Raises:
        UsageError: the change is none, or several And-Or graphs fit.
        NothingYetError: there is no such And-Or graph, or it has no such pattern.
    """
    change = Change(request.drop, request.weight, request.move)
    change.check()
    with open_database(settings) as database:
        aog = find_aogs(database, request.category, request.part, request.name, request.graph)[0]
        version, patterns = edits.edit(database, aog, request.pattern, change, request.template, user_at_host())
    return EditReport(aog.id, version, patterns)


def restore_aog(settings: Settings, request: RestoreRequest) -> RestoreReport:
    """Undo all edits of an And-Or graph behind a version; 0 is as learnt.

    Raises:
        UsageError: there is no such version, or several And-Or graphs fit.
        NothingYetError: there is no such And-Or graph.
    """
    with open_database(settings) as database:
        aog = find_aogs(database, request.category, request.part, request.name, request.graph)[0]
        undone, patterns = edits.restore(database, aog, request.version)
    return RestoreReport(aog.id, request.version, undone, patterns)
