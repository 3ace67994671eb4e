"""`egraph db`: the graph database."""

from typing import TYPE_CHECKING, Any

import typer

from egraph.errors import UsageError
from egraph_cli.options import Json, settings_of
from egraph_cli.output import write_json

if TYPE_CHECKING:
    from egraph.settings import Settings

app = typer.Typer(
    help="Start, stop, look at and prepare the graph database.", no_args_is_help=True, rich_markup_mode=None
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
    """Create what is missing of constraints, indexes and sums; mining does so too."""
    from egraph.graph.connection import open_database
    from egraph.graph.constraints import ensure_schema
    from egraph.graph.upgrade import add_summaries
    from egraph.graph.version import VERSION

    with open_database(settings_of(context)) as database:
        ensure_schema(database)
        add_summaries(database)
        show({"address": database.address, "server": database.agent, "schema": VERSION}, as_json)


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
