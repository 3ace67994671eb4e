"""`egraph evaluate`: how good a graph is, beside what it must be better than."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egraph.commands.requests import (
    ActivationRequest,
    EdgesRequest,
    EvaluateRequest,
    ExplanationRequest,
    PurityRequest,
    StabilityRequest,
)
from egraph_cli.options import Category, Device, Graph, Part, Quiet, Seed, Weights, settings_of
from egraph_cli.output import Format, formats, write_rows
from egraph_cli.progress import ProgressDisplay

if TYPE_CHECKING:
    from egraph.results import Result

app = typer.Typer(
    help="Measure a graph beside its controls.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Annotations = Annotated[Path, typer.Option(help="COCO file with boxes of the object and of its part.")]
Photos = Annotated[Path | None, typer.Option(help="Folder of the photos.", show_default="the folder of the COCO file")]
Keep = Annotated[
    bool, typer.Option("--keep", help="Store the main figure, beside its controls, with the graph: its pages show it.")
]


def figures(context: typer.Context, request: EvaluateRequest, quiet: bool) -> "Result":
    """What one evaluation of a category's graph gives."""
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.evaluate import evaluate_graph

        return evaluate_graph(settings, request, progress)


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
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Do patterns follow a part?

    The error is the mean distance between the part and the best patterns, moved by their mean vector to the part, in
    diagonals of the object's crop; low and high are the 2.5th and 97.5th percentile over the draws.
    """
    request = EvaluateRequest("tracking", category, part, annotations, photos, graph, weights, device, draws, seed=seed)
    found = figures(context, request, quiet)
    show(context, output, found, keep, ["error", "low", "high"])


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
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """How much does the distance between patterns and a part vary? (the papers' figure)

    A pattern that never moves gets a good figure, so compare with the control `still`. top20: the best 167 patterns of
    each layer on their 20 strongest objects; top100: all patterns on their 100 strongest objects.
    """
    request = EvaluateRequest("instability", category, part, annotations, photos, graph, weights, device, seed=seed)
    found = figures(context, request, quiet)
    show(context, output, found, keep, ["top20", "top100"])


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
    baselines: Annotated[
        bool,
        typer.Option("--baselines", help="Also what a practitioner would do with the same network, without a graph."),
    ] = False,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Is a part found from a few boxes?

    The error is the mean distance between the centres in diagonals of the object's crop, over objects on photos that
    were not learnt from; low and high are the 95 % confidence interval of its mean over the draws. The controls
    are the And-Or graph with something taken away, a constant place, and few-shot template matching. behind: by how
    much the error of each is larger than the And-Or graph's on the same draws, with its interval. With --baselines:
    correspondence carries each label over to the most alike units, self_trained trains a small head (on the first
    three draws).

    The second table tells what the confidence is worth: the error of the surest 50, 75 and 90 % of the answers, the
    mean over all such shares (area), and how many of the surest 75 % are off by more than .15; sorted by egraph's two
    confidences, by the score alone, by nothing (random), and by the errors themselves (best).
    """
    request = EvaluateRequest(
        task="localization",
        category=category,
        part=part,
        annotations=annotations,
        photos=photos,
        graph=graph,
        weights=weights,
        device=device,
        draws=draws,
        shots=shots,
        new_photos=new_photos,
        seed=seed,
        baselines=baselines,
    )
    found = figures(context, request, quiet)
    columns = ["error", "low", "high", "behind", "behind_low", "behind_high", "median", "pck10", "pck20", "far"]
    show(
        context,
        output,
        found,
        keep,
        [*columns, "centre_in_box", "iou", "iou50", "box_gain", "box_gain_low", "box_gain_high"],
    )
    if output is Format.TABLE:
        rows = [{"surest by": name, **score} for name, score in found.to_json()["risks"].items()]
        typer.echo()
        write_rows(output, ["surest by", "area", "at50", "at75", "at90", "far75"], rows)


@app.command("parts")
@formats
def parts(
    context: typer.Context,
    category: Category,
    part: Part,
    annotations: Annotations,
    photos: Photos = None,
    shots: Annotated[int, typer.Option(help="Labelled objects to learn from.", min=1)] = 3,
    draws: Annotated[int, typer.Option(help="Random sets of labelled objects.", min=1)] = 12,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Do the patterns that fire together on a part lie on it?

    share: of the annotated objects that were not labelled, the share on which the first 20 patterns of `fires-together`
    are expected inside the box of the part; low and high are the 95 % confidence interval of its mean over the draws.
    fires: the same of the units at which they fire. named: patterns that lie on the part beyond chance. The
    controls: patterns counted over the labels alone, boxes at random places of the same objects, the boxes' area (a
    place drawn at random), and the 20 best patterns that there are.
    """
    request = EvaluateRequest(
        "parts", category, part, annotations, photos, graph, weights, device, draws, shots, seed=seed
    )
    found = figures(context, request, quiet)
    show(context, output, found, keep, ["share", "low", "high", "fires", "named", "objects"])


@app.command("purity")
@formats
def purity(
    context: typer.Context,
    category: Category,
    judge: Annotated[str, typer.Option(help="Network that judges pictures: any but the mined one.", metavar="NETWORK")],
    judge_weights: Annotated[
        str | None, typer.Option("--judge-weights", help="Its weights: a file, or torchvision's name.", metavar="FILE")
    ] = None,
    annotations: Annotated[
        Path | None, typer.Option(help="COCO file with boxes of the object and of its parts, for part purity.")
    ] = None,
    photos: Photos = None,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Does each pattern show one thing?

    On the 20 objects of a pattern's largest score: coherence, the mean cosine of what the judge sees around the
    places; purity, the share of the places on the commonest part. The figures are means over all patterns of a
    layer, then over layers. The controls are a point that stands still on the same objects, the strongest units of raw
    filters, and random places; surest are as many patterns as there are filters.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.purity import measure_purity

        request = PurityRequest(category, judge, judge_weights, annotations, photos, graph, weights, device, seed)
        found = measure_purity(settings, request, progress)
    show(context, output, found, keep, ["coherence", "purity", "nodes"])


@app.command("stability")
@formats
def stability(
    context: typer.Context,
    category: Category,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    one_seed: Annotated[
        bool, typer.Option("--one-seed", help="Mine both halves with one seed: what the photos alone change.")
    ] = False,
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Are patterns found again on other photos?

    Two random halves of the graph's photos are mined with two seeds, and the patterns of both are seen on all photos.
    found again: share of the patterns for which the other half has one of the same filter within a unit, whose scores
    correlate above .5. place: the same without regard to the scores. photos: share of the 20 strongest photos in
    common with the nearest pattern. surest: as many patterns as there are filters; next_filter: the control, for which
    each pattern is sought among those of another filter.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.stability import measure_stability

        found = measure_stability(
            settings, StabilityRequest(category, graph, weights, device, seed, one_seed), progress
        )
    show(context, output, found, keep, ["found_again", "place", "photos", "patterns"])


@app.command("edges")
@formats
def edges(
    context: typer.Context,
    category: Category,
    graph: Graph = None,
    photos: Annotated[int, typer.Option(help="Photos to look at.", min=1, metavar="N")] = 12,
    patterns: Annotated[
        int, typer.Option(help="Patterns to switch off on each photo, in each layer.", min=1, metavar="N")
    ] = 36,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Do co-activations say what the network does?

    On photos of the graph, lower patterns are switched off: their unit is set to 0, and the network runs on. fall: the
    share of its activation that a partner above loses, on average, with the 95 % interval; q05 to q95: quantiles.
    The controls are non-partners of the same layer, at the same unit, with about the same activation. farther: share of
    the pairs in which the partner falls farther than a non-partner drawn at random.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.edges import measure_edges

        request = EdgesRequest(category, graph, photos, patterns, weights, device, seed)
        found = measure_edges(settings, request, progress)
    rows = [
        {"method": name, **vars(fall), **dict(zip(("q05", "q25", "q50", "q75", "q95"), fall.quantiles, strict=False))}
        for name, fall in found.methods.items()
    ]
    columns = ["method", "fall", "low", "high", "q05", "q25", "q50", "q75", "q95", "farther", "pairs"]
    write_rows(output, columns, rows, whole=found.to_json())
    kept(context, found, keep)


@app.command("activation")
@formats
def activation(
    context: typer.Context,
    category: Category,
    graph: Graph = None,
    photos: Annotated[int, typer.Option(help="Photos to look at.", min=8, metavar="N")] = 160,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """How much of what filters give out do patterns explain?

    On half of the photos, with a quarter of each object's size around it, a mixture is fitted to the activation of each
    filter; on the other half, it is scored. explained: share of all activation that lies about the patterns' places;
    scattered: over the object; beside: the object. likelihood: mean log of how much likelier the places of the
    activation are than if it were scattered evenly. The controls are still: patterns that do not move; other_photo:
    places of another photo; scattered_units: the activation of each filter thrown about on the object, and beside it.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.activation import measure_activation

        found = measure_activation(
            settings, ActivationRequest(category, graph, photos, weights, device, seed), progress
        )
    layers = {**found.layers, "all": found.methods}
    rows = [{"layer": layer, "method": name, **vars(of)} for layer, by in layers.items() for name, of in by.items()]
    columns = ["layer", "method", "explained", "scattered", "beside", "likelihood"]
    write_rows(output, columns, rows, whole=found.to_json())
    kept(context, found, keep)


@app.command("explanation")
@formats
def explanation(
    context: typer.Context,
    category: Category,
    annotations: Annotated[
        Path | None, typer.Option(help="COCO file with boxes of the object and of its parts, for named parts.")
    ] = None,
    photos_folder: Annotated[
        Path | None,
        typer.Option("--photos-folder", help="Folder of the photos.", show_default="the folder of the COCO file"),
    ] = None,
    graph: Graph = None,
    photos: Annotated[int, typer.Option(help="Photos to look at.", min=4, metavar="N")] = 30,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    keep: Keep = False,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Are explanations true?

    On photos of the graph. correlation, slope: of what the score loses without groups of units of the lower layer,
    against what the account says. drop: the loss without all units that patterns explain; random takes as much
    activation away. deletion, insertion, gain: while cells of the photo are blurred in the method's order (low, high
    and high are good). part_share: the share of the top layer's activation that patterns explain. texture: the
    agreement of two sets of shuffles. parts: the agreement of parts that were found with boxes that a person drew.
    """
    settings = settings_of(context)
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.explanation_measures import measure_explanation

        request = ExplanationRequest(category, annotations, photos_folder, graph, photos, weights, device, seed)
        found = measure_explanation(settings, request, progress)
    columns = ["correlation", "slope", "drop", "deletion", "insertion", "gain", "part_share", "texture", "parts"]
    show(context, output, found, keep, columns)


def show(context: typer.Context, output: Format, found: "Result", keep: bool, columns: list[str]) -> None:
    """Print the methods as rows; JSON has everything."""
    values = found.to_json()
    rows = [{"method": name, **{c: score[c] for c in columns}} for name, score in values["methods"].items()]
    write_rows(output, ["method", *columns], rows, whole=values)
    if output is Format.TABLE and "orientation" in values:
        right, control = values["orientation"]["right"], values["orientation"]["unmirrored"]
        side = "" if right is None else f"; side right on {right:.3f} of those that tell (none mirrored: {control:.3f})"
        typer.echo(f"{values['part']} on {values['photos']} objects of {values['graph']}{side}", err=True)
    kept(context, found, keep)


def kept(context: typer.Context, found: "Result", keep: bool) -> None:
    """Store the main figure with the graph, where that was asked for."""
    if keep:
        from egraph.commands.figures import keep_figures

        keep_figures(settings_of(context), found)
