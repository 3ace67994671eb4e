"""`egraph explain`: why the network says what it says of a photo."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egraph.commands.requests import ExplainRequest, read_box
from egraph_cli import complete
from egraph_cli.aog import number_or_all
from egraph_cli.options import Boxes, Device, Graph, Json, Quiet, Weights, settings_of, typed
from egraph_cli.output import printable, skipped_lines, write_line
from egraph_cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from egraph.commands.explain import ExplainedObject
    from egraph.explaining.account import LayerAccount
    from egraph.explaining.explanation import WithoutSummary


MOST_LACKING = 0.05
"""Of the score above its baseline; a remainder that is larger is told in words."""


def explain(
    context: typer.Context,
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos.")],
    category: Annotated[
        str | None,
        typer.Option(
            help="Kind of object, for example horse.",
            autocompletion=complete.categories,
            callback=typed,
            show_default="the only one there is",
        ),
    ] = None,
    class_: Annotated[
        str | None,
        typer.Option(
            "--class",
            help="Explain this class, by name or number.",
            metavar="NAME|INDEX",
            show_default="the predicted one",
        ),
    ] = None,
    instead_of: Annotated[
        str | None, typer.Option(help="Explain why the class and not this one.", metavar="NAME|INDEX")
    ] = None,
    annotations: Boxes = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            help="Also say what the network would answer without a pattern (layer/filter/number), a filter "
            "(layer/filter) or a group, such as head or background; may be given several times.",
            metavar="ID",
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            help="In dense tasks: the region whose mean score is explained.",
            metavar="X,Y,W,H",
            show_default="the object's box",
        ),
    ] = None,
    layers: Annotated[
        str | None,
        typer.Option(help="Explain only these layers, comma separated.", metavar="A,B", show_default="the upper two"),
    ] = None,
    classes: Annotated[
        Path | None,
        typer.Option(
            help="The classes' names, one a line.", metavar="FILE", show_default="those of torchvision's weights"
        ),
    ] = None,
    patterns: Annotated[
        str, typer.Option(help="Name this many patterns of each layer, those that say most; or all.", metavar="N|all")
    ] = "20",
    keep: Annotated[
        bool, typer.Option("--keep", help="Store the explanations in the database, in place of earlier ones.")
    ] = False,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    as_json: Json = False,
    png: Annotated[Path | None, typer.Option(help="Folder for a picture of each object.", metavar="DIR")] = None,
    html: Annotated[Path | None, typer.Option(help="Page with a picture of each object.", metavar="FILE")] = None,
    quiet: Quiet = False,
) -> None:
    """Say why the network gives its answer on photos: what spoke for it and what against, where, and how much.

    The lines of each layer add up to the class's score: parts of the object, its texture, what surrounds it, and what
    is not explained. chance: what the line would be if the filters that speak for the class were dealt at random. drop:
    what the score really loses when these units are silent. With --json, one line is printed for each object.
    """
    settings = settings_of(context)
    request = ExplainRequest(
        photos=photos,
        category=category,
        class_=class_,
        instead_of=instead_of,
        annotations=annotations,
        without=without or (),
        region=None if region is None else read_box(region, "--region"),
        layers=None if layers is None else [name.strip() for name in layers.split(",")],
        classes=classes,
        patterns=number_or_all(patterns),
        keep=keep,
        graph=graph,
        weights=weights,
        device=device,
    )
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.explain import explain_photos
        from egraph.explaining.explanation import without_summary
        from egraph.photos.image import PhotoError
        from egraph.photos.photo import Skipped
        from egraph.report.explanation_album import Explanations

        found, all_ = explain_photos(settings, request, progress), []
        with Explanations(found.category, png, html) as pictures:
            for one in found.objects:
                try:
                    pictures.add(one.explanation)
                except PhotoError as error:
                    found.skipped.append(Skipped(str(error.path), error.reason))
                if as_json:
                    write_line(one.to_json())
                else:
                    for line in lines(one):
                        print(printable(line), flush=True)
                if request.without:
                    all_.append(replace(one.explanation, layers=one.explanation.layers[-1:]))
    if not as_json and (summary := without_summary(all_)) and summary.photos > 1:
        print(printable(summary_line(summary, ", ".join(request.without))))
    for line in skipped_lines(found.skipped):
        typer.echo(line, err=True)


def lines(one: "ExplainedObject") -> list[str]:
    """An explanation for people: the sentence, then each layer's account from the top down."""
    found = one.explanation
    said = [f"{found.object.path}: {one.sentence}"]
    for layer in reversed(found.layers):
        said += account_lines(layer)
    if found.without:
        then, control = found.without, found.without.control_predicted
        said.append(
            f'  without {", ".join(then.named)}: "{then.predicted.name}", {then.predicted.probability:.0%} sure; '
            f'score {then.score:+.2f} (as much taken away at random: "{control.name}", {then.control_score:+.2f})'
        )
    return said


def summary_line(summary: "WithoutSummary", named: str) -> str:
    """What became of all answers without some units."""
    return (
        f"Without {named}, another answer on {summary.changed} of {summary.photos} photos and a score that differs by "
        f"{summary.score:+.2f} on average; as much taken away at random: on {summary.control_changed}, by "
        f"{summary.control_score:+.2f}."
    )


def account_lines(layer: "LayerAccount") -> list[str]:
    """The account of one layer."""
    said = [f"  {layer.layer:<28}{'for':>8}{'against':>9}{'together':>10}{'chance':>8}{'drop':>8}"]
    for line in layer.groups:
        numbers = f"{line.pro:+8.2f}{line.contra:+9.2f}{line.net:+10.2f}{line.chance:+8.2f}{line.drop:+8.2f}"
        said.append(f"    {line.name:<26}{numbers}")
    said.append(f"    {'where nothing is detected':<26}{layer.baseline:+27.2f}")
    said.append(f"    {'numerical remainder':<26}{layer.remainder:+27.2f}")
    said.append(f"    {'score':<26}{layer.score:+27.2f}")
    if layer.lacking > MOST_LACKING:
        said.append(
            f"    The integral lacks {layer.lacking:.0%} of the score: do not rely on the lines of {layer.layer}."
        )
    return said
