"""Names and notes of one's own, on patterns, filters and parts."""

from dataclasses import dataclass

from egraph.errors import UsageError
from egraph.graph.connection import open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.own_names import LABELS, give_name, take_name
from egraph.report.subject import Subject, find_subject
from egraph.results import Result
from egraph.settings import Settings


@dataclass(frozen=True)
class Named(Result):
    """What has a name now; None where it was taken away."""

    kind: str
    id: str
    graph: str
    name: str | None
    note: str | None


def name_subject(
    settings: Settings,
    text: str,
    name: str,
    note: str | None = None,
    category: str | None = None,
    graph: str | None = None,
) -> Named:
    """Give a pattern, a filter or a part a name, and a note.

    Raises:
        NothingYetError: there is none.
        UsageError: the text may mean several things, an object cannot be named, or the name cannot be kept.
    """
    with open_database(settings) as database:
        ensure_schema(database)
        subject = named_by(find_subject(database, text, category, graph))
        give_name(database, subject.kind, node_id(subject), name, note)
    return Named(subject.kind, node_id(subject), subject.graph.id, name.strip(), note)


def unname_subject(settings: Settings, text: str, category: str | None = None, graph: str | None = None) -> Named:
    """Take a name and its note away.

    Raises:
        NothingYetError: it has none, or there is no such thing.
        UsageError: the text may mean several things.
    """
    with open_database(settings) as database:
        subject = named_by(find_subject(database, text, category, graph))
        take_name(database, subject.kind, node_id(subject))
    return Named(subject.kind, node_id(subject), subject.graph.id, None, None)


def named_by(subject: Subject) -> Subject:
    """The subject, where it may have a name.

    Raises:
        UsageError: it is an object.
    """
    if subject.kind not in LABELS:
        raise UsageError("Only patterns, filters and parts can be named; name the photo's file instead.")
    return subject


def node_id(subject: Subject) -> str:
    """The id of the node in the database. A filter belongs to the network, a part to the category: their names are seen
    in all graphs of these."""
    if subject.kind == "filter":
        return f"{subject.graph.network}/{subject.name}"
    return f"{subject.graph.category}/{subject.name}" if subject.kind == "part" else subject.name
