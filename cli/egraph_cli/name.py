"""`egraph name`: names and notes of one's own."""

from typing import Annotated

import typer

from egraph.errors import UsageError
from egraph_cli.options import Graph, Json, settings_of, typed
from egraph_cli.output import printable, write_json
from egraph_cli.show import SomeCategory


def name(
    context: typer.Context,
    id: Annotated[
        str,
        typer.Argument(
            help="A pattern (layer3/58/8, or its whole id), a filter (layer3/58) or a part (head).", callback=typed
        ),
    ],
    name: Annotated[str | None, typer.Argument(help="The name to give it.", callback=typed, show_default=False)] = None,
    note: Annotated[
        str | None,
        typer.Option(help="A note; without it, the one that is there stays.", callback=typed, metavar="TEXT"),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the name and the note away.")] = False,
    category: SomeCategory = None,
    graph: Graph = None,
    as_json: Json = False,
) -> None:
    """Give a pattern, a filter or a part a name of your own, and a note.

    Both are kept in the database, shown on all pages, found by their search, and exported. What was mined, and its
    content hash, stay as they are; when the graph is removed, the names of its patterns go with it.
    """
    from egraph.commands.names import name_subject, unname_subject

    settings = settings_of(context)
    if remove == (name is not None):
        raise UsageError("Give a name, or --remove, one of the two.")
    if name is None:
        done = unname_subject(settings, id, category, graph)
    else:
        done = name_subject(settings, id, name, note, category, graph)
    if as_json:
        write_json(done.to_json())
    elif done.name is None:
        print(printable(f"The {done.kind} {done.id} has no name of its own any more."))
    else:
        print(printable(f"The {done.kind} {done.id} is called {done.name}."))
