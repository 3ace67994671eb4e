"""`egraph db`: the graph database."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from egraph_cli.options import Json, Quiet, Yes, confirm, settings_of
from egraph_cli.output import printable, write_json
from egraph_cli.progress import ProgressDisplay

app = typer.Typer(
    help="Start, stop, look at, prepare, check and back up the graph database.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def show(values: dict[str, Any], as_json: bool) -> None:
    """Print what is known of the database."""
    if as_json:
        write_json(values)
        return
    for key, value in values.items():
        if isinstance(value, list):
            value = ", ".join(value) or None
        if value is not None:
            print(f"{key}: {('yes' if value else 'no') if isinstance(value, bool) else value}")


@app.command()
def start(context: typer.Context, as_json: Json = False) -> None:
    """Start the embedded database; any other command does so too."""
    from egraph.commands import database

    show(database.start(settings_of(context)).to_json(), as_json)


@app.command()
def stop(context: typer.Context, as_json: Json = False) -> None:
    """Stop the embedded database."""
    from egraph.commands import database

    stopped = database.stop(settings_of(context))
    if as_json:
        write_json({"stopped": stopped})
    else:
        print("Stopped." if stopped else "It was not running.")


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show whether the database answers, and where; starts nothing."""
    from egraph.commands import database

    show(database.look(settings_of(context)).to_json(), as_json)


@app.command()
def init(context: typer.Context, as_json: Json = False) -> None:
    """Create missing constraints, indexes and sums, which mining does too, and check all graphs."""
    from egraph.commands import database

    show(database.prepare(settings_of(context)).to_json(), as_json)


@app.command()
def check(context: typer.Context, quiet: Quiet = False, as_json: Json = False) -> None:
    """Count and compare what the database holds of every graph; damaged ones are named, and no question uses them.

    The embedded database is checked by itself when it did not end as it should. Exit code 4 where a graph is damaged.
    """
    from egraph.commands import database

    with ProgressDisplay(quiet) as progress:
        report = database.check(settings_of(context), progress)
    if as_json:
        write_json(report.to_json())
    else:
        for one in report.graphs:
            if not one.damage:
                how = "" if one.hashed else ", counted only: an earlier egraph kept no hashes of it"
                print(printable(f"{one.graph}: whole{how}"))
    report.refuse_damage()


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there.", metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Write a backup of the embedded database while it runs; for a Neo4j, this says what to type there."""
    from egraph.commands import database

    done = database.back_up(settings_of(context), file)
    if as_json:
        write_json(done.to_json())
    else:
        size = f"{done.bytes / 1e6:,.1f} MB"
        print(printable(f"Wrote {file}, {size}; `egraph db restore {quote(str(file))}` brings it back."))


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `egraph db backup` wrote.", metavar="FILE")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Replace the embedded database by a backup, after asking, and check its graphs."""
    from egraph.commands import database

    settings = settings_of(context)
    database.refuse_to_restore_neo4j(settings)
    confirm("Replace all that is in the embedded database?", yes)
    done = database.restore(settings, file)
    if as_json:
        write_json(done.to_json())
    else:
        print(printable(f"Restored {file}: {len(done.graphs)} complete graphs."))
