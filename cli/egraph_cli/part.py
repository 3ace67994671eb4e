"""`egraph part`: the names and boxes that a person gives to parts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egraph.commands.requests import ImportRequest, LabelRequest, read_box
from egraph_cli.options import Category, Device, Json, Part, Quiet, Seed, Weights, Yes, confirm, settings_of
from egraph_cli.output import SKIPPED_SHOWN, Format, formats, printable, skipped_lines, write_json, write_rows
from egraph_cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from egraph.commands.labels import LabelReport

app = typer.Typer(
    help="Draw, import, list and remove the boxes that name parts.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("import")
def import_(
    context: typer.Context,
    annotations: Annotated[
        Path,
        typer.Argument(
            help="Boxes of the object and of its part: a COCO file, or a folder of Pascal VOC, labelme or YOLO files."
        ),
    ],
    category: Category,
    part: Part,
    photos: Annotated[
        Path | None, typer.Option(help="Folder of the photos.", show_default="the folder of the annotations")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(help="Import at most this many objects, drawn at random with --seed.", min=1, metavar="N"),
    ] = None,
    seed: Seed = 0,
    weights: Weights = None,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Import boxes of a part and find the patterns on those objects.

    The patterns are those of every graph that was mined from the objects' category.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.parts import import_parts

        request = ImportRequest(annotations, category, part, photos, limit, seed, weights, device)
        done = import_parts(settings, request, progress)
    if as_json:
        write_json(done.to_json())
        return
    print(f"Imported the boxes of {category}/{part} on {done.labels:,} objects.")
    for graph in done.graphs:
        print(f"Placed the patterns of {graph} on them.")
    if not done.graphs:
        print(
            f"No graph of {category} was mined from these photos yet; after mining, the boxes are found by themselves."
        )
    for line in skipped_lines(done.skipped):
        print(line)
    print(f"Next: egraph aog build --category {quote(category)} --part {quote(part)}")


@app.command("label")
def label(
    context: typer.Context,
    photos: Annotated[list[Path], typer.Argument(help="One photo or several.", metavar="PHOTO…")],
    boxes: Annotated[
        list[str],
        typer.Option(
            "--box",
            help="The part's box in pixels, as a viewer shows the photo; once for each photo, in their order.",
            metavar="X,Y,W,H",
        ),
    ],
    category: Category,
    part: Part,
    objects: Annotated[
        list[str] | None,
        typer.Option(
            "--object",
            help="The object's box; once for each photo.",
            metavar="X,Y,W,H",
            show_default="the mined object around the part, or the whole photo",
        ),
    ] = None,
    weights: Weights = None,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Name a part with one box on each of some photos, and learn from them.

    One to three boxes, on photos that were mined, are enough to build an And-Or graph. The boxes are kept at once. Then
    the patterns are found on these objects, and the And-Or graph `default` is built anew, unless somebody edited it;
    with a graph of full size, this is a job that `egraph worker` does.
    """
    for given, name in ((boxes, "--box"), (objects, "--object")):
        if given and len(given) != len(photos):
            raise typer.BadParameter(f"{len(given)} times {name} for {len(photos)} photos; give one for each.")
    settings = settings_of(context)
    drawn = [read_box(box, "--box") for box in boxes]
    around = [read_box(box, "--object") for box in objects] if objects else None
    from egraph.commands.labels import keep_labels

    request = LabelRequest(photos, drawn, category, part, around, weights, device)
    kept = keep_labels(settings, request)
    if not as_json:
        print_kept(kept)
    with ProgressDisplay(quiet) as progress:
        from egraph.worker.labelling import follow_up

        done = follow_up(settings, request, kept, progress)
    if as_json:
        write_json(done.to_json())
        return
    if done.job is not None:
        print(f"Queued job {done.job[:8]}, which learns from it; `egraph worker` does it.")
    for aog in done.aogs or []:
        print(f"Built {aog} anew.")
    print(f"Next: egraph aog build --category {quote(category)} --part {quote(part)}")


def print_kept(kept: "LabelReport") -> None:
    """Say which boxes were kept."""
    name = f"{kept.category}/{kept.part}"
    for one in kept.objects:
        print(printable(f"Kept a box of {name} on {one.photo}."))
        if one.boxes > 1:
            print(
                f"It bears {one.boxes} of them now, and And-Or graphs learn from objects that show a part once; "
                "`egraph part remove --photo` takes them back."
            )
    if not kept.graphs:
        several = "these objects" if len(kept.objects) > 1 else "this object"
        print(f"No graph of {kept.category} was mined from {several}; And-Or graphs learn from objects that were.")


@app.command("list")
@formats
def list_(context: typer.Context, *, output: Format) -> None:
    """List the named parts, and on how many objects they are drawn.

    without_graph: how many of these objects were used for no complete graph of the category.
    """
    from egraph.commands.inventory import list_parts

    found = list_parts(settings_of(context))
    write_rows(output, found.columns, found.rows)
    if output is Format.TABLE:
        for line in beside_graphs(found.rows):
            typer.echo(printable(line), err=True)


def beside_graphs(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which labels no graph can learn from, and what to do."""
    lines = []
    for row in (row for row in parts if row["without_graph"]):
        photos, category = row["photos_without_graph"], row["category"]
        shown = ", ".join(photos[:SKIPPED_SHOWN]) + (" and more" if len(photos) > SKIPPED_SHOWN else "")
        objects = "1 object" if row["without_graph"] == 1 else f"{row['without_graph']:,} objects"
        lines.append(
            f"{category}/{row['part']} is on {objects} that no complete graph of {category} was "
            f"mined from, so nothing is learnt there: {shown}. Mine them, or take the boxes back with `egraph part "
            "remove --photo`."
        )
    return lines


@app.command("remove")
def remove(
    context: typer.Context,
    category: Category,
    part: Part,
    photo: Annotated[
        Path | None, typer.Option(help="Remove only the boxes on this photo.", show_default="all boxes and the name")
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove a part's name and its boxes, or its boxes on one photo; photos and graphs stay.

    And-Or graphs stay as they were learnt; build them again to learn without the boxes.
    """
    settings = settings_of(context)
    what = f"{category}/{part} and its boxes" if photo is None else f"the boxes of {category}/{part} on {photo}"
    confirm(f"Remove {what}?", yes)
    from egraph.commands.removal import remove_part

    removed = remove_part(settings, category, part, photo)
    boxes = "1 box" if removed == 1 else f"{removed:,} boxes"
    if as_json:
        write_json({"category": category, "part": part, "photo": photo and str(photo), "boxes": removed})
    elif photo is None:
        print(f"Removed {category}/{part} with {boxes}.")
    else:
        print(printable(f"Removed {boxes} of {category}/{part} on {photo}."))
        print(f"Next: egraph aog build --category {quote(category)} --part {quote(part)}")
