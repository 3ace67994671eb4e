"""`egraph db`: the graph database."""

from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egraph.errors import UsageError
from egraph_cli.options import Json, Quiet, Yes, confirm, settings_of
from egraph_cli.output import printable, write_json
from egraph_cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from egraph.settings import Settings

NEO4J_BACKUP = (
    "NEO4J_URI names a Neo4j, which its own tools back up: stop it and type `neo4j-admin database dump neo4j "
    "--to-path=FOLDER` on its machine, or on Enterprise, while it runs, `neo4j-admin database backup neo4j "
    "--to-path=FOLDER`. Aura makes backups by itself; `egraph export GRAPH --format neo4j-admin` takes a single graph."
)
NEO4J_RESTORE = (
    "NEO4J_URI names a Neo4j, which its own tools restore: stop it and type `neo4j-admin database load neo4j "
    "--from-path=FOLDER --overwrite-destination=true` on its machine, then start it and type `egraph db init`."
)

app = typer.Typer(
    help="Start, stop, look at, prepare, check and back up the graph database.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def own_database(context: typer.Context, verb: str) -> "Settings":
    """The settings, if the database is egraph's own to start and stop."""
    settings = settings_of(context)
    if not settings.embedded:
        raise UsageError(
            f"NEO4J_URI names {settings.neo4j_uri}, which is not egraph's to {verb}; "
            "unset it to use the embedded database."
        )
    return settings


def show(values: dict[str, Any], as_json: bool) -> None:
    """Print what is known of the database."""
    if as_json:
        write_json(values)
        return
    for key, value in values.items():
        if value is not None:
            print(f"{key}: {('yes' if value else 'no') if isinstance(value, bool) else value}")


@app.command()
def start(context: typer.Context, as_json: Json = False) -> None:
    """Start the embedded database; any other command does so too."""
    from egraph.graph import embedded

    show(description(embedded.start(own_database(context, "start"))), as_json)


@app.command()
def stop(context: typer.Context, as_json: Json = False) -> None:
    """Stop the embedded database."""
    from egraph.graph import embedded

    stopped = embedded.stop(own_database(context, "stop"))
    if as_json:
        write_json({"stopped": stopped})
    else:
        print("Stopped." if stopped else "It was not running.")


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show whether the database answers, and where; starts nothing."""
    settings = settings_of(context)
    if settings.embedded:
        from egraph.graph import embedded

        show(description(embedded.status(settings)), as_json)
        return
    from egraph.graph.connection import open_database

    with open_database(settings) as database:
        show(
            {
                "kind": "neo4j",
                "running": True,
                "address": database.address,
                "user": database.user,
                "database": database.name,
                "server": database.agent,
            },
            as_json,
        )


@app.command()
def init(context: typer.Context, as_json: Json = False) -> None:
    """Create missing constraints, indexes and sums, which mining does too, and check all graphs."""
    from egraph.graph.check import check_graphs, warn
    from egraph.graph.connection import open_database
    from egraph.graph.constraints import ensure_schema
    from egraph.graph.upgrade import add_summaries
    from egraph.graph.version import VERSION

    with open_database(settings_of(context)) as database:
        ensure_schema(database)
        add_summaries(database)
        checked = check_graphs(database)
        warn(checked)
        damaged = [one.graph for one in checked if one.damage]
        values = {"address": database.address, "server": database.agent, "schema": VERSION, "graphs": len(checked)}
        show(values | {"damaged": damaged if as_json else ", ".join(damaged) or None}, as_json)


@app.command()
def check(context: typer.Context, quiet: Quiet = False, as_json: Json = False) -> None:
    """Count and compare what the database holds of every graph; damaged ones are named, and no question uses them.

    The embedded database is checked by itself when it did not end as it should. Exit code 4 where a graph is damaged.
    """
    from egraph.errors import DatabaseError
    from egraph.graph.check import check_graphs, sentence
    from egraph.graph.connection import open_database

    with open_database(settings_of(context)) as database, ProgressDisplay(quiet) as progress:
        checked = check_graphs(database, progress)
    damaged = [one for one in checked if one.damage]
    if as_json:
        write_json({"graphs": [asdict(one) for one in checked]})
    else:
        for one in checked:
            if not one.damage:
                how = "" if one.hashed else ", counted only: an earlier egraph kept no hashes of it"
                print(printable(f"{one.graph}: whole{how}"))
    if damaged:
        raise DatabaseError(" ".join(sentence(one) for one in damaged))


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there.", metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Write a backup of the embedded database while it runs; for a Neo4j, this says what to type there."""
    from egraph.graph.backup import back_up

    settings = settings_of(context)
    if not settings.embedded:
        raise UsageError(NEO4J_BACKUP)
    size = back_up(settings, file.absolute())
    if as_json:
        write_json({"file": str(file), "bytes": size})
    else:
        print(printable(f"Wrote {file}, {size / 1e6:,.1f} MB; `egraph db restore {quote(str(file))}` brings it back."))


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `egraph db backup` wrote.", metavar="FILE")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Replace the embedded database by a backup, after asking, and check its graphs."""
    from egraph.graph.backup import restore as bring_back
    from egraph.graph.connection import open_database
    from egraph.graph.graphs import graphs

    settings = settings_of(context)
    if not settings.embedded:
        raise UsageError(NEO4J_RESTORE)
    confirm("Replace all that is in the embedded database?", yes)
    bring_back(settings, file)
    with open_database(settings) as database:
        there = [graph for graph in graphs(database) if graph.state == "complete"]
    if as_json:
        write_json({"file": str(file), "graphs": [graph.id for graph in there]})
    else:
        print(printable(f"Restored {file}: {len(there)} complete graphs."))


def description(state: Any) -> dict[str, Any]:
    """The embedded database's state, as shown."""
    return {
        "kind": "embedded",
        "running": state.running,
        "address": state.address,
        "pid": state.pid,
        "user": state.user,
        "password_file": str(state.password_file),
        "database": state.database,
        "folder": str(state.folder),
    }
