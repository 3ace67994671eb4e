"""Names and notes that people give patterns, filters and parts. They are no part of what was mined."""

from egraph.errors import NothingYetError, UsageError
from egraph.escape import shown
from egraph.graph.connection import Database
from egraph.graph.schema.nodes import FILTER, PART, PATTERN
from egraph.graph.statements import statement

LABELS = {"pattern": PATTERN.label, "filter": FILTER.label, "part": PART.label}
"""What can be named."""
LONGEST = 200, 4000
"""Characters of a name and of a note."""


def give_name(database: Database, kind: str, id: str, name: str, note: str | None = None) -> None:
    """Name a pattern, a filter or a part; without a note, the one that it has stays, and an empty one takes it away.

    Raises:
        UsageError: the name is empty, or it or the note is too long or no text.
        NothingYetError: there is no such node any more.
    """
    name = name.strip()
    for text, longest, what in ((name, LONGEST[0], "name"), (note or "", LONGEST[1], "note")):
        if shown(text) != text:
            raise UsageError(f"The {what} {shown(text)[:100]} is no valid Unicode; type it in UTF-8.")
        if len(text) > longest:
            raise UsageError(f"The {what} has {len(text):,} characters, and at most {longest:,} are kept; shorten it.")
    if not name:
        raise UsageError("The name is empty; give another, or take the name away with --remove.")
    give = statement("names/give").filled(label=LABELS[kind])
    if not database.write(give, id=id, name=name, note=note):
        raise NothingYetError(f"There is no {kind} {id} any more.")


def take_name(database: Database, kind: str, id: str) -> str:
    """Take a name and its note away; the name.

    Raises:
        NothingYetError: it has none.
    """
    found = database.write(statement("names/take").filled(label=LABELS[kind]), id=id)
    if not found or found[0]["name"] is None:
        raise NothingYetError(f"The {kind} {id} has no name of its own.")
    return str(found[0]["name"])
