"""`egraph part`: the names and boxes that a person gives to parts."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from egraph_cli.options import Category, Device, Json, Part, Quiet, Seed, Yes, confirm, settings_of
from egraph_cli.output import Format, formats, skipped_lines, write_json, write_rows
from egraph_cli.progress import ProgressDisplay

app = typer.Typer(
    help="Import, list and remove the boxes that name parts.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("import")
def import_(
    context: typer.Context,
    annotations: Annotated[Path, typer.Argument(help="COCO file with boxes of the object and of its part.")],
    category: Category,
    part: Part,
    photos: Annotated[
        Path | None, typer.Option(help="Folder of the photos.", show_default="the folder of the COCO file")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Import at most so many objects, drawn by --seed.", min=1, metavar="N")
    ] = None,
    seed: Seed = 0,
    weights: Annotated[
        str | None, typer.Option(help="Weights of the mined network, where the graph does not know where they lie.")
    ] = None,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Import boxes of a part and find the patterns on those objects.

    The patterns are those of every graph that was mined from the objects' category.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.pipeline import import_parts

        done = import_parts(
            settings, annotations, photos or annotations.parent, category, part, limit, seed, weights, device, progress
        )
    if as_json:
        write_json(done)
        return
    print(f"Imported the boxes of {category}/{part} on {done['labels']:,} objects.")
    for graph in done["graphs"]:
        print(f"Placed the patterns of {graph} on them.")
    if not done["graphs"]:
        print(
            f"No graph of {category} was mined from these photos yet; after mining, the boxes are found by themselves."
        )
    for line in skipped_lines(done["skipped"]):
        print(line)
    print(f"Next: egraph query fires-together -P category={category} -P part={part}")


@app.command("list")
@formats
def list_(context: typer.Context, *, output: Format) -> None:
    """List the named parts and on how many objects they are drawn."""
    from egraph.graph.connection import open_database
    from egraph.graph.parts import list_parts

    with open_database(settings_of(context)) as database:
        rows = [asdict(part) for part in list_parts(database)]
    write_rows(output, ["category", "part", "objects", "boxes"], rows)


@app.command("remove")
def remove(
    context: typer.Context,
    category: Category,
    part: Part,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove a part's name and its boxes; photos and graphs stay."""
    settings = settings_of(context)
    confirm(f"Remove {category}/{part} and its boxes?", yes)
    from egraph.graph.connection import open_database
    from egraph.graph.parts import remove_part

    with open_database(settings) as database:
        removed = remove_part(database, category, part)
    if as_json:
        write_json({"category": category, "part": part, "boxes": removed})
    else:
        print(f"Removed {category}/{part} with {removed:,} boxes.")
