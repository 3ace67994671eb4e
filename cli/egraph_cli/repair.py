"""`egraph repair`: an experiment, what becomes of a network's answers without some patterns."""

from pathlib import Path
from typing import Annotated

import typer

from egraph.commands.requests import RepairRequest
from egraph_cli.diagnose import Classes, Photos, Right, Truth
from egraph_cli.options import Boxes, Device, Graph, Json, Quiet, Seed, Weights, settings_of
from egraph_cli.output import printable, skipped_lines, write_json
from egraph_cli.progress import ProgressDisplay
from egraph_cli.show import SomeCategory


def repair(
    context: typer.Context,
    names: Annotated[
        list[str],
        typer.Argument(
            help="Patterns (layer3/58/8) and filters (layer3/58) of one layer, as a finding names them.",
            show_default=False,
        ),
    ],
    category: SomeCategory = None,
    photos: Photos = None,
    truth: Truth = None,
    class_: Right = None,
    annotations: Boxes = None,
    classes: Classes = None,
    limit: Annotated[int, typer.Option(help="Try it on so many photos.", min=1)] = 200,
    draws: Annotated[int, typer.Option(help="Random draws of as much activation.", min=1)] = 5,
    save: Annotated[
        Path | None, typer.Option(help="Write the repair, for eg.load_repair.", metavar="FILE.safetensors")
    ] = None,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """An experiment: hold the units of named patterns or filters at their usual value, and see what becomes of the
    network's answers.

    Prints how many photos are answered rightly, how many wrong answers are won back and right ones lost, beside other
    patterns drawn at random that hold as much activation. If it does not help, it says so.
    """
    settings = settings_of(context)
    request = RepairRequest(
        names=names,
        category=category,
        photos=photos,
        truth=truth,
        classes=class_ or (),
        annotations=annotations,
        classes_file=classes,
        limit=limit,
        draws=draws,
        save=save,
        graph=graph,
        weights=weights,
        device=device,
        seed=seed,
    )
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.repair import repair as try_repair

        found = try_repair(settings, request, progress)
    if as_json:
        write_json(found.to_json())
    else:
        print(printable(found.sentence))
    for line in skipped_lines(found.skipped):
        typer.echo(line, err=True)
