"""`egraph query`: ask the graph database one of the questions in `cypher/questions/`."""

import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egraph_cli import complete
from egraph_cli.options import settings_of
from egraph_cli.output import Format, formats, printable, write_rows

if TYPE_CHECKING:
    from egraph.graph import questions, read_only
    from egraph.graph.statements import Statement


@formats
def query(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            help="The question's name; if none is given, all questions are listed.",
            autocompletion=complete.question_names,
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameter",
            "-P",
            help="A parameter of the question; can be given several times.",
            metavar="KEY=VALUE",
            autocompletion=complete.parameters,
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Print the question's Cypher, to paste into Neo4j Browser.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what the question answers and what its columns and parameters mean.")
    ] = False,
    cypher: Annotated[
        str | None,
        typer.Option("--cypher", help="Run this Cypher; a statement that would write is refused.", metavar="TEXT"),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="The same with the Cypher in a file; - is stdin.", metavar="FILE"),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Stop your own Cypher after this many seconds; default: 30.", min=0.1, max=86400),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            help="Print at most this many rows; default: the question's own limit, or 1000.", min=1, metavar="N"
        ),
    ] = None,
    *,
    output: Format,
) -> None:
    """Ask a question of the mined graphs.

    With --cypher or --file, run your own Cypher instead, which can only read.

    For example: egraph query fires-together -P category=horse -P part=head
    """
    if cypher is not None or file is not None:
        if name is not None or show or explain or (cypher is not None and file is not None):
            raise typer.BadParameter("give one of a question's name, --cypher and --file.")
        answer_cypher(context, cypher, file, parameters or [], limit, timeout, output)
        return
    if timeout is not None:
        raise typer.BadParameter("--timeout goes with --cypher or --file.")
    if name is None:
        from egraph.commands.ask import list_questions

        known = list_questions()
        write_rows(output, known.columns, known.rows, whole=[one.to_json() for one in known.described])
        return
    answer_question(context, name, parameters or [], limit, show, explain, output)


def answer_question(
    context: typer.Context,
    name: str,
    parameters: list[str],
    limit: int | None,
    show: bool,
    explain: bool,
    output: Format,
) -> None:
    """Answer a question, or print its Cypher (show) or what it means (explain)."""
    from egraph.commands.ask import ask_question
    from egraph.graph import questions

    asked = questions.question(name)
    if show:
        print(asked.text.rstrip())
        return
    if explain:
        print(explanation(asked))
        return
    given = questions.parse_assignments(parameters)
    write_answer(output, ask_question(settings_of(context), name, given, limit))
    if output is Format.TABLE and sys.stdout.isatty():
        print(f"What the columns mean: egraph query {name} --explain", file=sys.stderr)


def explanation(asked: "Statement") -> str:
    """What a question answers, with its columns and parameters, wrapped for a terminal."""
    width = min(100, shutil.get_terminal_size().columns)
    lines = [asked.title, "", textwrap.fill(asked.answers, width), ""]
    lines += [textwrap.fill(f"Columns: {', '.join(asked.columns)}", width, subsequent_indent="  "), "", "Parameters:"]
    for one in asked.parameters:
        need = "required" if one.required else "optional" if one.default is None else f"= {json.dumps(one.default)}"
        text = f"{one.name} ({one.type}, {need}): {one.description}"
        lines.append(textwrap.fill(text, width, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(lines)


def answer_cypher(
    context: typer.Context,
    cypher: str | None,
    file: Path | None,
    parameters: list[str],
    limit: int | None,
    timeout: float | None,
    output: Format,
) -> None:
    """Answer Cypher that somebody typed, or keeps in a file."""
    from egraph.commands.ask import ask_cypher
    from egraph.errors import UsageError
    from egraph.graph.read_only import read_parameters

    if file is not None:
        try:
            cypher = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The file {file} cannot be read as UTF-8 text ({error}); give another.") from error
    given = read_parameters(parameters)
    write_answer(output, ask_cypher(settings_of(context), cypher or "", given, limit, timeout))


def write_answer(output: Format, answer: "questions.Answer | read_only.Answer") -> None:
    """Print the rows, and say where there are more."""
    write_rows(output, answer.columns, answer.rows, whole=answer.to_json())
    for hint in answer.hints:
        print(printable(hint), file=sys.stderr)
    if answer.truncated:
        print(f"These are the first {len(answer.rows):,} rows; --limit N shows more.", file=sys.stderr)
