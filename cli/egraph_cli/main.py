"""The command `egraph`: its groups, and how it ends."""

import errno
import io
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from egraph import __version__
from egraph.errors import EgraphError
from egraph.escape import SHOWN
from egraph_cli import (
    aog,
    browse,
    cache,
    db,
    demo,
    diagnose,
    evaluate,
    explain,
    export,
    graph,
    jobs,
    label,
    layers,
    mine,
    name,
    part,
    query,
    repair,
    report,
    show,
    worker,
)
from egraph_cli.complete import whole_words
from egraph_cli.driver import driver_alone
from egraph_cli.output import printable

INTERRUPTED = "Interrupted; what is done stays, and the same command goes on from there."

app = typer.Typer(
    name="egraph",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("layers")(layers.layers)
app.command("mine")(mine.mine)
app.add_typer(part.app, name="part")
app.add_typer(aog.app, name="aog")
app.command("explain")(explain.explain)
app.command("diagnose")(diagnose.diagnose)
app.command("repair")(repair.repair)
app.command("query")(query.query)
app.command("show")(show.show)
app.command("report")(report.report)
app.command("browse")(browse.browse)
app.command("label")(label.label)
app.command("name")(name.name)
app.add_typer(evaluate.app, name="evaluate")
app.command("export")(export.export)
app.add_typer(graph.app, name="graph")
app.add_typer(db.app, name="db")
app.add_typer(cache.app, name="cache")
app.add_typer(jobs.app, name="jobs")
app.add_typer(worker.app, name="worker")
app.command("demo")(demo.demo)


def show_version(wanted: bool) -> None:
    """Print the version and end, if it was asked for."""
    if wanted:
        print(f"egraph {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def egraph(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and end.")
    ] = False,
    neo4j_uri: Annotated[
        str | None, typer.Option(help="Bolt address of a Neo4j, instead of NEO4J_URI.", metavar="URI")
    ] = None,
    neo4j_username: Annotated[
        str | None, typer.Option(help="User, instead of NEO4J_USERNAME; the password comes from NEO4J_PASSWORD.")
    ] = None,
    neo4j_database: Annotated[str | None, typer.Option(help="Database, instead of NEO4J_DATABASE.")] = None,
    home: Annotated[
        Path | None, typer.Option(help="Folder of the embedded database and the caches, instead of EGRAPH_HOME.")
    ] = None,
) -> None:
    """Take a trained CNN apart and keep what it finds in a graph database.

    The usual order is: layers, mine, part import, query. By default, egraph starts a database of its own.
    """
    context.obj = {
        "neo4j_uri": neo4j_uri,
        "neo4j_username": neo4j_username,
        "neo4j_database": neo4j_database,
        "home": home,
    }
    if context.invoked_subcommand is None:
        print(context.get_help())


def say(sentence: str) -> None:
    """Tell the user something that is no result."""
    print(printable(sentence), file=sys.stderr)


class Warnings(logging.Handler):
    """Says what egraph warns of while a command goes on."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one sentence."""
        say(f"Warning: {record.getMessage()}")


def failure(error: Exception) -> tuple[str, int]:
    """The sentence and the exit code for what ended a command."""
    if isinstance(error, EgraphError):
        return str(error), error.exit_code
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" ({error.filename})" if error.filename else ""
        return f"The disk is full{where}; make room and run the same command again, it goes on from there.", 1
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename} cannot be used ({error.strerror.lower()}); check its permissions and its disk.", 1
    if isinstance(error, MemoryError):
        return "The memory is full; use fewer photos (--limit) or fewer layers (--layers).", 1
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"egraph failed ({what}); set EGRAPH_DEBUG=1 to see where, and report it.", 1


def interrupted(error: BaseException | None) -> bool:
    """Whether an error came up while Ctrl-C was handled: a driver that is cut off in the middle of a message may fail
    to close its connection."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def run() -> None:
    """Run the command line and end the process with its exit code."""
    logging.getLogger("egraph").addHandler(Warnings(logging.WARNING))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # what a terminal cannot show must not end a command whose work is done
            stream.reconfigure(errors=SHOWN)
    code = outcome()
    if code == 130:
        say(INTERRUPTED)
    try:
        sys.stdout.flush()
    except OSError as error:
        # The interpreter flushes once more on its way out, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 1
        if not isinstance(error, BrokenPipeError):
            say(f"Error: {failure(error)[0]}")
    sys.exit(code)


def outcome() -> int:
    """Run the command line; its exit code. Whatever ends it is said in one sentence."""
    try:
        with whole_words(os.environ), driver_alone():
            app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:
        if interrupted(error):
            return 130
        if os.environ.get("EGRAPH_DEBUG"):
            traceback.print_exc()
        sentence, code = failure(error)
        say(f"Error: {sentence}")
        return code
    return 0


if __name__ == "__main__":
    run()
