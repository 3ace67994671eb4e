"""`egraph aog`: And-Or graphs, which find a named part on photos and show why."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egraph.commands.requests import BuildRequest, EditRequest, LocateRequest, RestoreRequest, SuggestRequest, read_step
from egraph.errors import UsageError
from egraph_cli.jobs import Priority, Queue, enqueue
from egraph_cli.options import (
    Boxes,
    Category,
    Device,
    Graph,
    Json,
    Part,
    Quiet,
    Seed,
    Weights,
    Yes,
    confirm,
    settings_of,
)
from egraph_cli.output import Format, formats, printable, skipped_lines, write_json, write_line, write_rows
from egraph_cli.progress import ProgressDisplay
from egraph_cli.tree import print_tree

if TYPE_CHECKING:
    from egraph.aog.edits import Version
    from egraph.aog.locate import LocatedPart
    from egraph.photos.photo import PhotoObject

app = typer.Typer(
    help="Build And-Or graphs from a part's boxes, and find the part with them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

VERSIONS = ("number", "created_at", "who", "pattern", "templates", "change")

Name = Annotated[str, typer.Option(help="Name of the And-Or graph, to keep several of one part.")]
SomeName = Annotated[str | None, typer.Option(help="Name of the And-Or graph, where a part has several.")]


@app.command("build")
def build(
    context: typer.Context,
    category: Category,
    part: Part,
    shots: Annotated[
        int | None,
        typer.Option(
            help="Learn from this many labelled objects, drawn at random with --seed.", min=1, show_default="all"
        ),
    ] = None,
    seed: Seed = 0,
    name: Name = "default",
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    queue: Queue = False,
    priority: Priority = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Learn a part from one to three boxes and everything that was mined, and write its And-Or graph.

    An And-Or graph of the same name is replaced, and its edits are lost; the explanatory graph stays as it is. With
    --queue, a worker does the work.
    """
    settings = settings_of(context)
    request = BuildRequest(category, part, name, graph, shots, seed, weights, device)
    if queue:
        enqueue(settings, "aog", request, priority, as_json)
        return
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.build import build_aog

        built = build_aog(settings, request, progress)
    if as_json:
        write_json(built.to_json())
        return
    print(f"And-Or graph {built.aog}")
    print(f"  learnt from {built.labels} labelled objects")
    if built.led_away:
        print("  the other objects led away from the labels; its appearance is that of the labels alone")
    for reason in built.left_out:
        print(f"  {reason}")
    for template in built.templates:
        print(f"  template {template.id.rsplit('/', 1)[1]}: {template.patterns} patterns")
    print(f"  surely found on {built.found:,} more objects; {built.on_part:,} patterns lie on it beyond chance")
    print(f"Next: egraph aog locate PHOTO --category {quote(category)} --part {quote(part)}")


@app.command("list")
@formats
def list_(context: typer.Context, *, output: Format) -> None:
    """List the And-Or graphs.

    labels: number of labelled objects that it was learnt from; labelled: how many of them still have their label.
    current: false if the explanatory graph was mined again, or removed, after the And-Or graph was built; it must then
    be built again before it can be used.
    """
    from egraph.commands.inventory import list_aogs

    found = list_aogs(settings_of(context))
    write_rows(output, found.columns, found.rows)


@app.command("remove")
def remove(
    context: typer.Context,
    aog: Annotated[str, typer.Argument(help="The And-Or graph's id, as `egraph aog list` shows it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove an And-Or graph; the patterns and the part's boxes stay."""
    settings = settings_of(context)
    confirm(f"Remove the And-Or graph {aog}?", yes)
    from egraph.commands.removal import remove_aog

    remove_aog(settings, aog)
    if as_json:
        write_json({"aog": aog})
    else:
        print(f"Removed {aog}.")


@app.command("locate")
def locate(
    context: typer.Context,
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos.")],
    category: Category,
    part: Annotated[str | None, typer.Option(help="Find only this part.", show_default="all built ones")] = None,
    name: SomeName = None,
    graph: Graph = None,
    annotations: Boxes = None,
    weights: Weights = None,
    device: Device = "cpu",
    patterns: Annotated[
        str, typer.Option(help="Print this many patterns, those that add most to the score; or all.", metavar="N|all")
    ] = "10",
    as_json: Json = False,
    png: Annotated[Path | None, typer.Option(help="Folder for a picture of each object.", metavar="DIR")] = None,
    html: Annotated[Path | None, typer.Option(help="Page with a picture of each object.", metavar="FILE")] = None,
    quiet: Quiet = False,
) -> None:
    """Find parts on photos, mined or new: their boxes, how sure they are, and which patterns voted for the place.

    With --json, one line is printed for each object, as soon as it is done. It has the score of the place, which is the
    prior plus the shares of all patterns (--patterns all prints them all), and the expected error in diagonals of the
    object. The page of --html has every vote that is asked for, and what each pattern reacts to.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.locate import find_parts, read_voters
        from egraph.photos.image import PhotoError
        from egraph.photos.photo import Skipped
        from egraph.report.parse_album import Parses

        request = LocateRequest(
            photos, category, part, name, graph, annotations, weights, device, number_or_all(patterns)
        )
        found = find_parts(settings, request, progress)
        with Parses(category, found.layers, png, html) as parses:
            for one in found.objects:
                try:
                    parses.add(one.object, one.parts)
                except PhotoError as error:
                    found.skipped.append(Skipped(str(one.object.path), error.reason))
                if as_json:
                    write_line(one.to_json())
                else:
                    for located in one.parts:
                        print(printable(sentence(one.object, located)), flush=True)
            if parses.named:
                gone = parses.add_voters(read_voters(settings, category, found.graph, parses.named))
                found.skipped.extend(Skipped(str(path), "cannot be shown any more") for path in sorted(gone))
    for line in skipped_lines(found.skipped):
        typer.echo(line, err=True)


@app.command("show")
def show(
    context: typer.Context,
    category: Category,
    part: Part,
    name: SomeName = None,
    graph: Graph = None,
    patterns: Annotated[int, typer.Option(help="Show this many patterns of each template.", min=1)] = 6,
    as_json: Json = False,
    png: Annotated[Path | None, typer.Option(help="Draw the tree as a picture.", metavar="FILE")] = None,
    html: Annotated[Path | None, typer.Option(help="Draw the tree as a page.", metavar="FILE")] = None,
    versions: Annotated[bool, typer.Option("--versions", help="Instead of the tree, list the edits.")] = False,
) -> None:
    """Show an And-Or graph as a tree: the part, its templates (or), their strongest patterns (and).

    With --json, all patterns of all templates are printed. With --versions, the changes made by `egraph aog edit` are
    listed; version 0 is the And-Or graph as it was learnt.
    """
    if versions and (png or html):
        raise UsageError("--versions lists edits; draw the tree without it.")
    settings = settings_of(context)
    from egraph.commands.open_aog import open_aog

    opened = open_aog(settings, category, part, name, graph, patterns, pictures=bool(png or html))
    if versions:
        rows = [version_row(version) for version in opened.versions]
        shown = [row | {"change": change_sentence(row["change"])} for row in rows]
        write_rows(Format.JSON if as_json else Format.TABLE, VERSIONS, shown, rows)
        return
    if png or html:
        from egraph.report.tree_page import draw_tree

        for line in draw_tree(opened.tree, png, html):
            typer.echo(line, err=True)
    if as_json:
        write_json(opened.to_json())
    else:
        print_tree(opened.tree)


@app.command("edit")
def edit(
    context: typer.Context,
    pattern: Annotated[
        str, typer.Argument(help="The pattern's id, or its end: layer, filter and number, for example layer3/58/8.")
    ],
    category: Category,
    part: Part,
    name: SomeName = None,
    graph: Graph = None,
    template: Annotated[
        int | None,
        typer.Option(help="Change it only in this template.", metavar="N", show_default="in all that have it"),
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Take the pattern out.")] = False,
    weight: Annotated[float | None, typer.Option(help="Give its vote this weight.")] = None,
    move: Annotated[
        str | None,
        typer.Option(
            help="Move the part from where the pattern put it, by fractions of the object in the canonical view.",
            metavar="DX,DY",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Change one pattern of an And-Or graph: drop it, give it another weight, or move the part from it.

    The next `egraph aog locate` uses the change; nothing else is adapted. `egraph aog show --versions` lists the
    edits, `egraph aog restore` undoes them.
    """
    settings = settings_of(context)
    step = None if move is None else read_step(move, "--move")
    from egraph.commands.edit import edit_aog

    edited = edit_aog(settings, EditRequest(category, part, pattern, name, graph, template, drop, weight, step))
    if as_json:
        write_json(edited.to_json())
        return
    version = edited.version
    templates = f"template{'' if len(version.templates) == 1 else 's'} {', '.join(map(str, version.templates))}"
    print(f"Version {version.number} of {edited.aog}: {edited.patterns} patterns")
    print(printable(f"  {version.pattern}, {templates}: {change_sentence(version.change)}"))


@app.command("restore")
def restore(
    context: typer.Context,
    category: Category,
    part: Part,
    version: Annotated[
        int,
        typer.Option(
            help="The version to go back to, as `egraph aog show --versions` lists it; 0: as learnt.", metavar="N"
        ),
    ],
    name: SomeName = None,
    graph: Graph = None,
    as_json: Json = False,
) -> None:
    """Undo all edits of an And-Or graph that came after a version, exactly; the undone edits are not kept."""
    settings = settings_of(context)
    from egraph.commands.edit import restore_aog

    restored = restore_aog(settings, RestoreRequest(category, part, version, name, graph))
    if as_json:
        write_json(restored.to_json())
    else:
        undone = f"{restored.undone} edit{'' if restored.undone == 1 else 's'} undone"
        print(f"Version {restored.version} of {restored.aog}: {restored.patterns} patterns, {undone}")


@app.command("suggest")
@formats
def suggest(
    context: typer.Context,
    category: Category,
    part: Part,
    count: Annotated[int, typer.Option("--count", "-n", help="How many objects.", min=1, metavar="N")] = 6,
    name: SomeName = None,
    graph: Graph = None,
    *,
    output: Format,
) -> None:
    """Suggest the mined photos on which a box of the part would teach most, the best first.

    The first are those whose place is in doubt (expected_error, in diagonals of the object) and which, once labelled,
    help to locate the part on many other objects in a similar pose. box: where the part was found, as x, y, width and
    height in pixels. Correct the box, save it with `egraph part label`, and build the And-Or graph again.
    """
    settings = settings_of(context)
    from egraph.commands.suggest import suggest_labels

    found = suggest_labels(settings, SuggestRequest(category, part, name, graph, count))
    write_rows(output, found.columns, found.rows)


def version_row(version: "Version") -> dict[str, Any]:
    """A version for programs."""
    return {name: getattr(version, name) for name in VERSIONS}


def change_sentence(change: dict[str, Any]) -> str:
    """What an edit did, for people."""
    if not change:
        return "as learnt"
    said = ["dropped"] if "drop" in change else []
    if "weight" in change:
        said.append(f"weight {change['weight']:g}")
    if "move" in change:
        said.append("moved by {:+g}, {:+g}".format(*change["move"]))
    return ", ".join(said)


def number_or_all(patterns: str) -> int | None:
    """How many patterns to name; None is all.

    Raises:
        UsageError: it is neither a number nor `all`.
    """
    if patterns == "all":
        return None
    if not patterns.isdecimal():
        raise UsageError(f"--patterns takes a number or all, not {patterns!r}.")
    return int(patterns)


def sentence(obj: "PhotoObject", part: "LocatedPart") -> str:
    """One part of one object for people."""
    size = f"{part.box.width:.0f} x {part.box.height:.0f} pixels"
    place = f"{part.part}, {size} about its centre at {part.x:.0f}, {part.y:.0f}"
    sure = f"confidence {part.confidence:.2f}, of the place {part.place_confidence:.2f}"
    doubt = ""
    if part.absent:
        doubt = ": it may not be there at all, because fewer than 5 % of the mined photos look less familiar"
    elif part.unsure:
        doubt = ": the place may be wrong, because it was less certain on fewer than 10 % of the mined photos"
    pose = f"template {part.template.rsplit('/', 1)[1]}{', mirrored' if part.mirrored else ''}"
    return f"{obj.path}: {place}, {sure}{doubt}; {pose}"
