"""What the shell proposes on Tab: questions, graphs, categories, parts, and the parameters of a question.

Only a database that runs is asked, and whatever goes wrong, nothing is proposed: Tab must neither wait nor complain.
"""

import io
import os
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from egraph.settings import Settings

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
    from egraph.commands import completion
    from egraph.errors import EgraphError
    from egraph.graph.statements import names

    # An option without its value hides the words before it from the parser.
    name = context.params.get("name") or next((word for word in typed_words() if word in names("questions")), None)
    given = dict(one.partition("=")[::2] for one in context.params.get("parameters") or ())
    try:
        return proposals(incomplete, completion.parameters(settings_typed(context), str(name), given, incomplete))
    except EgraphError:
        return []


def known(context: typer.Context, statement: str, column: str, **values: object) -> list[str]:
    """One column of what a reading statement answers; nothing where no database runs."""
    from egraph.commands import completion
    from egraph.errors import EgraphError

    try:
        return completion.known(settings_typed(context), statement, column, **values)
    except EgraphError:
        return []


def settings_typed(context: typer.Context) -> "Settings":
    """The settings, as the options before the command say; Tab runs no command that would keep them.

    Raises:
        UsageError: they make no sense together.
    """
    from egraph.settings import load_settings

    flags = context.find_root().params
    return load_settings(
        neo4j_uri=flags.get("neo4j_uri"),
        neo4j_username=flags.get("neo4j_username"),
        neo4j_database=flags.get("neo4j_database"),
        home=flags.get("home"),
    )
