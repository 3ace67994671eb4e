"""`egraph mine`: photos and a network become a graph in the database."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egraph.commands.requests import MineRequest
from egraph.errors import UsageError
from egraph.torchrun import rank_and_size
from egraph_cli import complete
from egraph_cli.jobs import Priority, Queue, enqueue, enqueue_each
from egraph_cli.options import Boxes, Device, Json, Quiet, Seed, settings_of, typed
from egraph_cli.output import skipped_lines, write_json
from egraph_cli.progress import ProgressDisplay, span

if TYPE_CHECKING:
    from egraph.commands.mine import MineReport


def mine(
    context: typer.Context,
    photos: Annotated[Path, typer.Argument(help="Folder of photos, or of the photos that --annotations names.")],
    network: Annotated[
        str, typer.Option(help="A torchvision model, for example resnet50, timm:NAME, or module:callable.")
    ],
    category: Annotated[
        str | None,
        typer.Option(help="Kind of object, for example horse.", autocompletion=complete.categories, callback=typed),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="A .pth or .safetensors file, the name of torchvision weights, or random. Your own module:callable "
            "may go without."
        ),
    ] = None,
    annotations: Boxes = None,
    layers: Annotated[
        str | None, typer.Option(help="Layers to mine, comma separated; `egraph layers` lists them.", metavar="A,B,C")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the graph, to keep several of one category.")] = "default",
    device: Device = "cpu",
    limit: Annotated[
        int | None, typer.Option(help="Use at most this many objects, drawn at random with --seed.", min=1, metavar="N")
    ] = None,
    seed: Seed = 0,
    model: Annotated[
        str, typer.Option(help="egraph, or zhang2018: the model of the AAAI 2018 paper, to compare with.")
    ] = "egraph",
    each_category: Annotated[
        bool,
        typer.Option(
            "--each-category",
            help="With --queue: a job for each category, of the annotations or of the subfolders of PHOTOS.",
        ),
    ] = False,
    explaining: Annotated[
        bool,
        typer.Option("--explaining/--no-explaining", help="Find out what each filter's activation is made of, too."),
    ] = True,
    queue: Queue = False,
    priority: Priority = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Mine a category's patterns and write them to the graph database.

    If it is interrupted, the same command continues where it stopped; once the graph is complete, it changes nothing.
    With --queue, a worker does the work. Under torchrun, each process takes a part of the photos, and all of them mine
    one graph.
    """
    settings = settings_of(context)
    if each_category == (category is not None):
        raise UsageError("Give either --category NAME, or --each-category with --queue.")
    if each_category and not queue:
        raise UsageError("--each-category makes jobs for workers: add --queue, then start `egraph worker`.")
    request = MineRequest(
        photos=photos,
        network=network,
        weights=weights,
        category=category or "",
        annotations=annotations,
        layers=[layer.strip() for layer in layers.split(",") if layer.strip()] if layers else None,
        name=name,
        device=device,
        limit=limit,
        seed=seed,
        model=model,
        explaining=explaining,
    )
    if each_category:
        from egraph.commands.each_category import each_category as by_category

        found = by_category(request)
        enqueue_each(settings, "mine", found.requests, found.left_out, priority, as_json)
        return
    if queue:
        enqueue(settings, "mine", request, priority, as_json)
        return
    rank, _ = rank_and_size()
    with ProgressDisplay(quiet or rank > 0) as progress:
        from egraph.commands.mine import mine_category

        report = mine_category(settings, request, progress)
    if rank > 0:
        return
    for note in () if quiet else report.notes:
        print(note, file=sys.stderr)
    if as_json:
        write_json(report.to_json())
        return
    for line in summary(report, request.category, annotations):
        print(line)


def summary(report: "MineReport", category: str, annotations: Path | None = None) -> list[str]:
    """The lines that a person reads at the end of mining."""
    there = " is there already, from the same photos and settings" if report.already else ""
    counts, skipped = report.counts, report.skipped
    lines = [
        f"Graph {report.graph}{there}",
        f"  {report.used:,} objects used, {len(skipped):,} skipped",
        f"  {counts['patterns']:,} patterns",
        f"  {counts['CO_ACTIVATES_WITH']:,} co-activations and {counts['DISPLACED_FROM']:,} displacements between them",
        f"  {counts['FIRES_ON']:,} firings on objects",
    ]
    if dropped := {reason: count for reason, count in report.dropped.items() if count}:
        lines.append(f"  {sum(dropped.values()):,} candidates dropped:")
        lines += [f"    {reason}: {count:,}" for reason, count in dropped.items()]
    if report.seconds:
        lines.append("  " + ", ".join(f"{step} {span(seconds)}" for step, seconds in report.seconds.items()))
    lines += skipped_lines(skipped)
    boxes, kind = shlex.quote(str(annotations or "coco.json")), shlex.quote(category)
    lines.append(f"Next, name a part: egraph part import {boxes} --category {kind} --part head")
    lines.append(f"and ask:           egraph query fires-together -P category={kind} -P part=head")
    return lines
