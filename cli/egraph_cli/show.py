"""`egraph show`: one pattern, filter, part or object, in words, as a picture, or as a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from egraph.commands.requests import ShowRequest
from egraph_cli import complete
from egraph_cli.options import Device, Graph, Json, Weights, settings_of, typed
from egraph_cli.output import Format, Row, printable, write_json, write_rows

if TYPE_CHECKING:
    from egraph.report.views import FilterView, ObjectView, PartView, PatternRow, PatternView, View

SomeCategory = Annotated[
    str | None,
    typer.Option(
        help="Look only at graphs of this kind of object.", autocompletion=complete.categories, callback=typed
    ),
]


def show(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="A pattern (layer3/58/8, or its whole id), a filter (layer3/58), a part (head), an object's id, or a "
            "photo's file name.",
            callback=typed,
        ),
    ],
    category: SomeCategory = None,
    graph: Graph = None,
    png: Annotated[Path | None, typer.Option(help="Write its photos as one picture.", metavar="FILE")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page, pictures within it.", metavar="FILE")] = None,
    heat: Annotated[
        bool, typer.Option(help="For a picture or a page of a pattern, run the network to show its filter's output.")
    ] = True,
    weights: Weights = None,
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Show a pattern, a filter, a part or an object: what it reacts to, how sure that is, what goes together with it.

    On a picture or a page, the ring is the unit that fired, and the cross is where the pattern was expected.
    """
    from egraph.commands.show import show as read
    from egraph.commands.show import write_shown

    settings = settings_of(context)
    shown = read(settings, ShowRequest(name, category, graph, heat and bool(png or html), weights, device))
    write_shown(shown, png, html)
    if as_json:
        write_json(shown.to_json())
    else:
        print_view(shown.view)
    for remark in shown.remarks:
        typer.echo(printable(remark), err=True)


def print_view(view: "View") -> None:
    """What is known, in words and tables."""
    from egraph.report.pages import title_of
    from egraph.report.views import FilterView, PartView, PatternView

    print(printable(f"{title_of(view)} ({view.graph.category}, {view.graph.id})"))
    if isinstance(view, PatternView):
        print_pattern(view)
    elif isinstance(view, FilterView):
        print_filter(view)
    elif isinstance(view, PartView):
        print_part(view)
    else:
        assert not hasattr(view, "strongest")
        print_object(view)


def print_pattern(view: "PatternView") -> None:
    from egraph.report.words import displacement_words, pattern_words

    for words in pattern_words(view):
        print(f"  {printable(words)}")
    if view.pattern.seen:
        print("\nFires most strongly on")
        best = [
            {"photo": str(one.object.path), "score": one.score, "activation": one.activation, "x": one.x, "y": one.y}
            for one in view.pattern.seen
        ]
        write_rows(Format.TABLE, list(best[0]), best)
    partners = [("above", one) for one in view.above] + [("below", one) for one in view.below]
    if partners:
        print("\nFires together with")
        rows = [
            {
                "pattern": one.pattern.label,
                "layer": where,
                "photos": one.photos,
                "times chance": one.lift,
                "stands": displacement_words(one.dx, one.dy, one.sigma),
            }
            for where, one in partners
        ]
        write_rows(Format.TABLE, list(rows[0]), rows)
    if view.siblings:
        print(f"\nThe other patterns of the filter {view.pattern.layer}/{view.pattern.filter}")
        print_patterns(view.siblings)


def print_filter(view: "FilterView") -> None:
    from egraph.report.words import filter_words

    for words in filter_words(view):
        print(f"  {printable(words)}")
    if view.patterns:
        print()
        print_patterns(view.patterns)


def print_part(view: "PartView") -> None:
    by_chance = "" if view.by_chance is None else f"; a place drawn at random: {view.by_chance:.1%}"
    print(f"  {view.on_it:,} patterns lie on it{by_chance}.")
    for found in view.found:
        print(printable(f"  And-Or graph {found.id}: learnt from {found.labels} boxes, {found.templates} templates."))
        for words, places in (("surest on", found.surest), ("least sure on", found.unsure)):
            named = ", ".join(f"{one.object.path.name} ({one.confidence:.2f})" for one in places[:4])
            print(printable(f"    {words} {named}"))
    if view.patterns:
        print()
        rows = [
            {"pattern": row.label, "on part": row.on_part, "photos": row.support, "advantage": row.advantage}
            for row in view.patterns
        ]
        write_rows(Format.TABLE, list(rows[0]), rows)


def print_object(view: "ObjectView") -> None:
    print(printable(f"  {view.object.id}, {view.object.path}{', mirrored' if view.mirrored else ''}"))
    for part, _ in view.drawn:
        print(printable(f"  {part} was drawn on it."))
    for part, place in view.found:
        print(printable(f"  {part} was found on it, confidence {place.confidence:.2f}."))
    for layer, fired in view.layers.items():
        print(f"\n{printable(layer)}")
        rows: list[Row] = [
            {"pattern": one.label, "score": one.seen.score, "x": one.seen.x, "y": one.seen.y} for one in fired
        ]
        write_rows(Format.TABLE, list(rows[0]), rows)


def print_patterns(rows: "Sequence[PatternRow]") -> None:
    shown = [
        {
            "pattern": row.label,
            "name": row.own_name,
            "share": row.share,
            "photos": row.support,
            "advantage": row.advantage,
            "likeness": row.likeness,
            "x": row.x,
            "y": row.y,
        }
        for row in rows
    ]
    columns = [name for name in shown[0] if name != "name" or any(row["name"] for row in shown)]
    write_rows(Format.TABLE, columns, shown)
