"""What the shell proposes on Tab: questions, graphs, categories, parts, and the parameters of a question.

Only a database that runs is asked, and whatever goes wrong, nothing is proposed: Tab must neither wait nor complain.
"""

import io
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stdout

import typer

SECONDS = 3.0
BREAKS = "=@:"
"""Characters at which bash cuts a word in pieces (COMP_WORDBREAKS), and which names here contain."""


def join_bash_words(environment: MutableMapping[str, str]) -> str:
    """Put together the words that bash has cut; returns what of the last word stands before its last piece."""
    pieces = environment["COMP_WORDS"].split("\n")
    words: list[str] = []
    before = ""
    for piece in pieces[: int(environment["COMP_CWORD"]) + 1]:
        broken = bool(piece) and not piece.strip(BREAKS)
        if len(words) > 1 and (broken or words[-1].endswith(tuple(BREAKS))):
            # The piece that is a break is not replaced either.
            before = words[-1] + piece if broken else words[-1]
            words[-1] += piece
        else:
            before = ""
            words.append(piece)
    environment["COMP_WORDS"] = "\n".join(words)
    environment["COMP_CWORD"] = str(len(words) - 1)
    return before


@contextmanager
def whole_words(environment: MutableMapping[str, str]) -> Iterator[None]:
    """Let bash complete words with `=` and `@` in them: it replaces only the last piece of such a word.

    Does nothing unless a bash asks for proposals.
    """
    if environment.get("_EGRAPH_COMPLETE") != "complete_bash" or "COMP_WORDS" not in environment:
        yield
        return
    before = join_bash_words(environment)
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            yield
    finally:
        sys.stdout.write("".join(f"{line.removeprefix(before)}\n" for line in printed.getvalue().splitlines()))


def typed_words() -> list[str]:
    """The words typed so far, in any shell."""
    return os.environ.get("COMP_WORDS", os.environ.get("_TYPER_COMPLETE_ARGS", "")).split()


def proposals(incomplete: str, values: list[str]) -> list[str]:
    """Those of the values that begin so."""
    return [value for value in values if value.startswith(incomplete)]


def question_names(incomplete: str) -> list[str]:
    """Questions."""
    from egraph.graph.statements import names

    return proposals(incomplete, list(names("questions")))


def graph_ids(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of graphs."""
    return proposals(incomplete, known(context, "read/graphs", "id"))


def categories(context: typer.Context, incomplete: str) -> list[str]:
    """Categories of graphs."""
    return proposals(incomplete, known(context, "values/category", "value"))


def parts(context: typer.Context, incomplete: str) -> list[str]:
    """Parts of the category that was given."""
    category = context.params.get("category")
    return proposals(incomplete, known(context, "values/part", "value", category=category))


def networks(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of networks."""
    return proposals(incomplete, known(context, "read/networks", "id"))


def parameters(context: typer.Context, incomplete: str) -> list[str]:
    """`key=` for the parameters of the question, then `key=value` for what the database knows."""
    from egraph.graph.statements import PLAIN_TYPES, names, statement

    # An option without its value hides the words before it from the parser.
    name = context.params.get("name") or next((word for word in typed_words() if word in names("questions")), None)
    if name not in names("questions"):
        return []
    given = dict(one.partition("=")[::2] for one in context.params.get("parameters") or ())
    key, equals, _ = incomplete.partition("=")
    asked = {p.name: p for p in statement(f"questions/{name}").parameters}
    if not equals:
        return proposals(incomplete, [f"{one}=" for one in asked if one not in given])
    if key not in asked or asked[key].type in PLAIN_TYPES:
        return []
    category = given.get("other_category" if key == "other_graph" else "category")
    asked_of = {"category": category, "part": given.get("part"), "value": ""}
    looked = {name: asked_of[name] for name in statement(f"values/{asked[key].type}").takes}
    values = known(context, f"values/{asked[key].type}", "value", **looked)
    return proposals(incomplete, [f"{key}={value}" for value in values])


def known(context: typer.Context, statement: str, column: str, **values: object) -> list[str]:
    """One column of what a reading statement answers; nothing where no database runs."""
    from egraph.errors import EgraphError
    from egraph.graph.connection import open_database
    from egraph.settings import load_settings

    flags = context.find_root().params
    try:
        settings = load_settings(
            neo4j_uri=flags.get("neo4j_uri"),
            neo4j_username=flags.get("neo4j_username"),
            neo4j_database=flags.get("neo4j_database"),
            home=flags.get("home"),
        )
        with open_database(settings, start=False) as database:
            rows = database.ask(statement, values, seconds=SECONDS).records()
            return [str(row[column]) for row in rows]
    except EgraphError:
        return []
