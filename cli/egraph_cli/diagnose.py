"""`egraph diagnose`: what is wrong with a network's answers."""

from pathlib import Path
from typing import Annotated

import typer

from egraph.commands.requests import DiagnoseRequest
from egraph_cli.options import Boxes, Device, Graph, Quiet, Seed, Weights, settings_of
from egraph_cli.output import Format, formats, printable, skipped_lines, write_rows
from egraph_cli.progress import ProgressDisplay
from egraph_cli.show import SomeCategory

Classes = Annotated[
    Path | None,
    typer.Option(help="The classes' names, one a line.", metavar="FILE", show_default="those of torchvision's weights"),
]
Photos = Annotated[
    Path | None,
    typer.Option(help="Folder of photos, with --truth.", show_default="the photos that the graph was mined from"),
]
Truth = Annotated[
    Path | None, typer.Option(help="What is on the photos: a CSV file with lines photo,class.", metavar="FILE")
]
Right = Annotated[
    list[str] | None,
    typer.Option(
        "--class",
        help="Class that is right for the category, by name or number; may be given several times.",
        metavar="NAME|INDEX",
        show_default="what most of its photos are taken for",
    ),
]


@formats
def diagnose(
    context: typer.Context,
    category: SomeCategory = None,
    photos: Photos = None,
    truth: Truth = None,
    class_: Right = None,
    backgrounds: Annotated[Path | None, typer.Option(help="Folder of photos without the object.")] = None,
    annotations: Boxes = None,
    classes: Classes = None,
    layer: Annotated[
        str | None, typer.Option(help="Layer of the graph to look at.", show_default="the uppermost one")
    ] = None,
    limit: Annotated[int, typer.Option(help="Look at so many photos of each kind.", min=1)] = 200,
    keep: Annotated[
        bool, typer.Option("--keep", help="Store the findings in the database, in place of earlier ones.")
    ] = False,
    graph: Graph = None,
    weights: Weights = None,
    device: Device = "cpu",
    seed: Seed = 0,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures.", metavar="FILE")] = None,
    quiet: Quiet = False,
    *,
    output: Format,
) -> None:
    """Find what is wrong with a network's answers: wrong photos and what pulled them, what fires without the object,
    two things in one filter or pattern, surroundings that carry the answer, what sits at the picture's border, and what
    other categories share.

    Each finding was tested: something was taken out of the photo or of the network, and the score measured again;
    by_chance is the score after as much was taken out at random. matters: whether the difference is beyond chance.
    """
    settings = settings_of(context)
    request = DiagnoseRequest(
        category=category,
        photos=photos,
        truth=truth,
        classes=class_ or (),
        backgrounds=backgrounds,
        annotations=annotations,
        classes_file=classes,
        layer=layer,
        limit=limit,
        keep=keep,
        graph=graph,
        weights=weights,
        device=device,
        seed=seed,
    )
    with ProgressDisplay(quiet) as progress:
        from egraph.commands.diagnose import diagnose as find
        from egraph.diagnosing.diagnosis import COLUMNS

        found = find(settings, request, progress)
        if html:
            from egraph.report.diagnosis_page import diagnosis_page
            from egraph.report.files import write_whole

            write_whole(html, diagnosis_page(found).encode("utf-8", "replace"))
    write_rows(output, COLUMNS, found.rows(), found.to_json())
    for line in [*map(printable, found.notes), *skipped_lines(found.skipped)]:
        typer.echo(line, err=True)
