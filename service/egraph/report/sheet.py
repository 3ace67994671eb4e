"""A view as one picture: strips of photos below each other, each with a line of words, laid out by matplotlib."""

import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from egraph.photos.crop import PhotoError
from egraph.report.cutouts import cut_picture, whole_of, whole_picture
from egraph.report.site import cut_of
from egraph.report.views import FilterView, GraphRow, ObjectView, PartView, PatternView, Place, Sighting, View
from egraph.report.words import filter_words, number, pattern_words, percent

COLUMNS = 9
INCH, DOTS = 1.05, 130
"""Inches of one photo, dots of one inch."""
WORDS = 0.34
"""Inches of a line of words."""
PLACE_PIXELS = 220


class Strip(NamedTuple):
    """Photos in a row; None where one is gone."""

    words: str
    pictures: list[Image.Image | None]


def sheet(title: str, said: Sequence[str], strips: Sequence[Strip]) -> Image.Image:
    """Strips of photos under a title and some lines of words."""
    rows = [pair for strip in strips for pair in _rows(strip)]
    head = 0.5 + WORDS * len(said) * 0.72 + 0.15
    heights = [(WORDS if words else 0.08) + INCH for words, _ in rows]
    width, height = COLUMNS * (INCH + 0.07) + 0.5, head + sum(heights) + 0.3
    figure = Figure(figsize=(width, height), dpi=DOTS, facecolor="white")
    figure.text(0.25 / width, 1 - 0.3 / height, title, fontsize=15, weight="bold", va="center")
    for line, words in enumerate(said):
        figure.text(
            0.25 / width, 1 - (0.62 + line * WORDS * 0.72) / height, words, fontsize=9, va="center", color="#444"
        )
    down = head
    for (words, pictures), tall in zip(rows, heights, strict=True):
        if words:
            figure.text(
                0.25 / width, 1 - (down + WORDS * 0.62) / height, words, fontsize=9.5, va="center", color="#222"
            )
        for column, picture in enumerate(pictures):
            left = 0.25 + column * (INCH + 0.07)
            axes = figure.add_axes((left / width, 1 - (down + tall) / height, INCH / width, INCH / height))
            axes.set_axis_off()
            if picture is None:
                axes.text(0.5, 0.5, "photo gone", ha="center", va="center", fontsize=7, color="#777")
            else:
                axes.imshow(picture, interpolation="lanczos")
                axes.set_anchor("W")
        down += tall
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")


def strips_of(view: View, heat: Sequence[Image.Image] = ()) -> list[Strip]:
    """What the picture of a view shows."""
    if isinstance(view, PatternView):
        return list(_pattern(view, heat))
    if isinstance(view, FilterView):
        strips = [Strip("the raw filter's strongest photos", _cuts(view.graph, view.raw, view.layer))]
        return strips + [
            Strip(f"{row.label}: {percent(row.share)} of its activation", _cuts(view.graph, row.seen, row.layer))
            for row in view.patterns
        ]
    if isinstance(view, PartView):
        strips = [Strip("as it was drawn", [_place(one) for one in view.labelled])]
        for found in view.found:
            strips.append(Strip(f"surest, {found.name}", [_place(one) for one in found.surest]))
            strips.append(Strip(f"least sure, {found.name}", [_place(one) for one in found.unsure]))
        return strips + [
            Strip(f"{row.label}: on it {percent(row.on_part)}", _cuts(view.graph, row.seen, row.layer))
            for row in view.patterns
        ]
    assert isinstance(view, ObjectView)
    return [
        Strip(f"{layer}: {', '.join(one.label.removeprefix(layer + '/') for one in fired[:COLUMNS])}", pictures)
        for layer, fired in view.layers.items()
        if (pictures := _cuts(view.graph, [one.seen for one in fired[:COLUMNS]], layer))
    ]


def said_of(view: View) -> list[str]:
    """The words over the picture of a view."""
    if isinstance(view, PatternView):
        return pattern_words(view)
    if isinstance(view, FilterView):
        return filter_words(view)
    if isinstance(view, PartView):
        return [f"{number(view.on_it)} patterns lie on it."]
    return []


def _pattern(view: PatternView, heat: Sequence[Image.Image]) -> Iterator[Strip]:
    row, graph = view.pattern, view.graph
    yield Strip(
        "its strongest photos; ring: the unit that fired, cross: where it was expected",
        _cuts(graph, row.seen, row.layer),
    )
    if heat:
        yield Strip("the filter's output over the whole object", list(heat))
    if view.raw:
        yield Strip(f"the raw filter {row.layer}/{row.filter}", _cuts(graph, view.raw, row.layer))
    for other in view.siblings:
        yield Strip(
            f"another of its patterns, {other.label}: {percent(other.share)} of its activation",
            _cuts(graph, other.seen, other.layer),
        )
    for where, partners in (("above", view.above), ("below", view.below)):
        if partners:
            named = ", ".join(partner.pattern.label for partner in partners[:COLUMNS])
            pictures = [_cuts(graph, one.pattern.seen[:1], one.pattern.layer) for one in partners]
            yield Strip(f"fires together in the layer {where}: {named}", [one[0] if one else None for one in pictures])


def _cuts(graph: GraphRow, seen: Sequence[Sighting], layer: str) -> list[Image.Image | None]:
    found: list[Image.Image | None] = []
    for one in seen:
        try:
            found.append(cut_picture(cut_of(graph, one, layer)))
        except PhotoError:
            found.append(None)
    return found


def _place(place: Place) -> Image.Image | None:
    """An object with a part's box."""
    try:
        picture = whole_picture(place.object, PLACE_PIXELS)
    except PhotoError:
        return None
    left, top, width, height = whole_of(place.object, PLACE_PIXELS).box(place.box)
    draw = ImageDraw.Draw(picture)
    for thick, colour in ((5, "#14171c"), (2, "white")):
        draw.rectangle((left, top, left + max(width, 1), top + max(height, 1)), outline=colour, width=thick)
    return picture


def _rows(strip: Strip) -> Iterator[tuple[str, list[Image.Image | None]]]:
    """A strip in rows of so many photos as there is room for; the words stand above the first."""
    for start in range(0, max(1, len(strip.pictures)), COLUMNS):
        yield strip.words if start == 0 else "", strip.pictures[start : start + COLUMNS]
