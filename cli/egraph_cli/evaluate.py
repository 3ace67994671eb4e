"""`egraph evaluate`: how good a graph is, beside what it must be better than."""

from pathlib import Path
from typing import Annotated, Any

import typer

from egraph_cli.options import Category, Device, Part, Quiet, Seed, settings_of
from egraph_cli.output import Format, formats, write_rows
from egraph_cli.progress import ProgressDisplay

app = typer.Typer(
    help="Measure a graph against drawn boxes, beside its controls.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Annotations = Annotated[Path, typer.Option(help="COCO file with boxes of the object and of its part.")]
Photos = Annotated[Path | None, typer.Option(help="Folder of the photos.", show_default="the folder of the COCO file")]
Graph = Annotated[str | None, typer.Option(help="Name of the graph, where the category has several.")]
Weights = Annotated[
    str | None, typer.Option(help="Weights of the mined network, where the graph does not know where they lie.")
]


@app.command("tracking")
@formats
def tracking(
    context: typer.Context,
    category: Category,
    part: Part,
    annotations: Annotations,
    photos: Photos = None,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    draws: Annotated[int, typer.Option(help="Random halves of the objects to choose on and score on.", min=1)] = 12,
    seed: Seed = 0,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Do patterns follow a part?

    The error is the mean distance between the part and the best patterns, moved by their mean vector to the part, in
    diagonals of the object's crop; low and high are the 2.5th and 97.5th percentile over the draws.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.evaluate import measure

        found = measure(
            settings, "tracking", category, part, annotations, photos or annotations.parent, graph, weights, device,
            draws, seed, progress,
        )  # fmt: skip
    show(output, found, ["error", "low", "high"])


@app.command("instability")
@formats
def instability(
    context: typer.Context,
    category: Category,
    part: Part,
    annotations: Annotations,
    photos: Photos = None,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """How much does the distance between patterns and a part vary? (the papers' figure)

    It rewards standing still; read it beside the control `still`. top20: the best 167 patterns of each layer on their
    20 strongest objects; top100: all patterns on their 100 strongest objects.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.evaluate import measure

        found = measure(
            settings, "instability", category, part, annotations, photos or annotations.parent, graph, weights, device,
            1, seed, progress,
        )  # fmt: skip
    show(output, found, ["top20", "top100"])


@app.command("localization")
@formats
def localization(
    context: typer.Context,
    category: Category,
    part: Part,
    annotations: Annotations,
    photos: Photos = None,
    shots: Annotated[int, typer.Option(help="Labelled objects to learn from.", min=1)] = 3,
    draws: Annotated[int, typer.Option(help="Random sets of labelled objects.", min=1)] = 12,
    new_photos: Annotated[
        bool, typer.Option("--new-photos", help="Mine one half of the photos, find the part on the other half.")
    ] = False,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Is a part found from a few boxes?

    The error is the mean distance between the centres in diagonals of the object's crop, over objects on photos that
    were not learnt from; low and high are the 95 % confidence interval of its mean over the draws. Beside the And-Or
    graph: the same with something taken away, a constant, and few-shot template matching. behind: by how much more
    each errs than the And-Or graph on the same draws, with its interval.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.evaluate import measure_localization

        found = measure_localization(
            settings, category, part, annotations, photos or annotations.parent, shots, draws, new_photos, graph,
            weights, device, seed, progress,
        )  # fmt: skip
    show(output, found, ["error", "low", "high", "behind", "behind_low", "behind_high", "centre_in_box", "iou50"])


def show(output: Format, found: dict[str, Any], columns: list[str]) -> None:
    """Print the methods as rows; JSON has everything."""
    rows = [{"method": name, **{c: score[c] for c in columns}} for name, score in found["methods"].items()]
    write_rows(output, ["method", *columns], rows, whole=found)
    if output is Format.TABLE and "orientation" in found:
        right, control = found["orientation"]["right"], found["orientation"]["unmirrored"]
        side = "" if right is None else f"; side right on {right:.3f} of those that tell (none mirrored: {control:.3f})"
        typer.echo(f"{found['part']} on {found['photos']} objects of {found['graph']}{side}", err=True)
