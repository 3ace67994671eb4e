"""What may stand at a place of the command line, as far as a database that runs knows it.

Whatever goes wrong, nothing is proposed: a shell's Tab must neither wait nor complain.
"""

from collections.abc import Mapping

from egraph.errors import EgraphError
from egraph.graph.connection import open_database
from egraph.graph.statements import PLAIN_TYPES, names, statement
from egraph.settings import Settings

SECONDS = 3.0


def known(settings: Settings, name: str, column: str, **values: object) -> list[str]:
    """One column of what a reading statement answers; nothing where no database runs."""
    try:
        with open_database(settings, start=False) as database:
            return [str(row[column]) for row in database.ask(name, values, seconds=SECONDS).records()]
    except EgraphError:
        return []


def parameters(settings: Settings, question: str, given: Mapping[str, str], incomplete: str) -> list[str]:
    """`key=` for the parameters of a question that are not given yet, then `key=value` for what the database knows."""
    if question not in names("questions"):
        return []
    key, equals, _ = incomplete.partition("=")
    asked = {p.name: p for p in statement(f"questions/{question}").parameters}
    if not equals:
        return [f"{one}=" for one in asked if one not in given]
    if key not in asked or asked[key].type in PLAIN_TYPES:
        return []
    category = given.get("other_category" if key == "other_graph" else "category")
    asked_of = {"category": category, "part": given.get("part"), "value": ""}
    source = f"values/{asked[key].type}"
    values = known(settings, source, "value", **{name: asked_of[name] for name in statement(source).takes})
    return [f"{key}={value}" for value in values]
