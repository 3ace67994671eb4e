"""One page about one category's graph: a single HTML file that needs nothing else."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from egraph.aog.locate import LocatedPart
from egraph.photos.image import PhotoError
from egraph.photos.photo import PhotoObject
from egraph.report.files import write_whole
from egraph.report.page import (
    PAGE,
    STYLE,
    figures_table,
    folded,
    head_of,
    layers_of,
    names_and_values,
    number,
    table,
    text,
    together_table,
)
from egraph.report.page_content import CategoryReport, Example, PartSection, PatternRow
from egraph.report.parse_album import PARSE_STYLE, parse_section
from egraph.report.parse_picture import CONFIDENCE, KEY
from egraph.report.pictures import colour_of, data_uri, patch_of, portrait_of, read_photo

MOST_EXAMPLES = 6
NO_COLOUR = "#555"

logger = logging.getLogger(__name__)


def write_report(destination: Path, report: CategoryReport) -> Path:
    """Write the page, pictures embedded, and return its path; a reader never sees half a file.

    A photo that cannot be read any more is replaced by a note.

    Raises:
        ReportError: the file cannot be written.
    """
    page = PAGE.substitute(
        title=text(f"egraph: {report.category}"), style=STYLE + PARSE_STYLE, body="\n".join(_sections(report))
    )
    return write_whole(destination, page.encode("utf-8", "replace"))


def _sections(report: CategoryReport) -> Iterator[str]:
    yield head_of(report)
    if report.figures:
        yield "<h2>Figures beside their controls</h2>"
        yield '<p class="soft">A figure says little alone; the control is what one gets without looking.</p>'
        yield figures_table(report.figures)
    colours = {layer.name: colour_of(index) for index, layer in enumerate(report.layers)}
    for part in report.parts:
        yield from _part(report.category, part, colours)
    if report.parses:
        yield "<h2>Found on photos that were not mined</h2>"
        words = f"The first {len(report.parses)}, as they come. {KEY} Confidence is {CONFIDENCE}."
        yield f'<p class="soft">{text(words)}</p>'
        for obj, parts in report.parses:
            yield from _parse(obj, parts, colours)
    yield "<h2>The graph, from the top layer down</h2>"
    yield '<p class="soft">Squares are the crop in units of the layer; the dark part is what one unit sees.</p>'
    yield layers_of(report.layers, report.edges)
    yield "<h2>How it was mined</h2>"
    yield from _provenance(report)


def _part(category: str, part: PartSection, colours: dict[str, str]) -> Iterator[str]:
    numbers = {pattern.id: place for place, pattern in enumerate(part.patterns, start=1)}
    hues = {pattern.id: colours.get(pattern.layer, NO_COLOUR) for pattern in part.patterns}
    badges = {
        pattern.id: f'<span class="badge" style="background:{hues[pattern.id]}">{numbers[pattern.id]}</span> '
        f"{text(pattern.label)}"
        for pattern in part.patterns
    }
    yield f"<h2>The {text(category)}'s {text(part.part)}</h2>"
    labelled = "1 labelled object" if part.labelled == 1 else f"{number(part.labelled)} labelled objects"
    yield f'<p class="soft">Known from {labelled}.</p>'
    if part.portrait:
        obj = part.portrait.object
        try:
            photo = read_photo(obj.path)
        except PhotoError as error:
            logger.warning("%s", error)
            yield f'<div class="gone">{text(obj.path.name)} cannot be read any more</div>'
        else:
            boxes = obj.parts.get(part.part, ())
            picture = portrait_of(photo, part.portrait, numbers, hues, part.together, boxes)
            words = f"places of the patterns on {obj.path.name}"
            size = f'width="{picture.width}" height="{picture.height}"'
            yield f'<img class="portrait" {size} src="{data_uri(picture)}" alt="{text(words)}">'
            shown = {pattern.layer for pattern in part.patterns}
            dots = (
                f'<span class="dot" style="background:{colour}"></span>{text(layer)}'
                for layer, colour in colours.items()
                if layer in shown
            )
            yield f'<p class="soft">{" &nbsp; ".join(dots)} &nbsp; a line: the two fire together</p>'
    if part.together:
        yield "<h3>Which fire together</h3>"
        yield together_table(part.together, badges)
    if part.patterns:
        yield "<h3>What they react to</h3>"
        yield '<p class="soft">The ring is the place where the pattern fires; the box is the part as labelled.</p>'
    photos: dict[Path, Image.Image | None] = {}
    for pattern in part.patterns:
        yield _pattern(pattern, part.part, badges[pattern.id], hues[pattern.id], photos)


def _parse(obj: PhotoObject, parts: Sequence[LocatedPart], colours: dict[str, str]) -> Iterator[str]:
    try:
        yield from parse_section(read_photo(obj.path), obj, parts, colours, "h3")
    except PhotoError as error:
        logger.warning("%s", error)
        yield f'<div class="gone">{text(obj.path.name)} cannot be read any more</div>'


def _pattern(pattern: PatternRow, part: str, badge: str, colour: str, photos: dict[Path, Image.Image | None]) -> str:
    about = f"fires on {number(pattern.support)} photos"
    if pattern.on_part is not None:
        about += f", on the {text(part)} in at least {pattern.on_part:.0%} of those with a known {text(part)}"
    patches = "\n".join(_patch(example, part, colour, photos) for example in pattern.examples[:MOST_EXAMPLES])
    title = f'<b>{badge}</b> <span class="soft">{about}</span>'
    return f'<div class="pattern">{title}\n<div class="patches">{patches}</div></div>'


def _patch(example: Example, part: str, colour: str, photos: dict[Path, Image.Image | None]) -> str:
    path = example.object.path
    if path not in photos:
        try:
            photos[path] = read_photo(path)
        except PhotoError as error:
            logger.warning("%s", error)
            photos[path] = None
    photo = photos[path]
    if photo is None:
        return f'<div class="gone">{text(path.name)} cannot be read any more</div>'
    patch = patch_of(photo, example, example.object.parts.get(part, ()), colour)
    words = f"{path.name}, score {number(example.score)}"
    return f'<img src="{data_uri(patch)}" alt="{text(words)}" title="{text(words)}" loading="lazy">'


def _provenance(report: CategoryReport) -> Iterator[str]:
    settled = {
        "network": report.network,
        "weights": report.weights_source,
        "weights' SHA-256": report.weights_sha256,
        "seed": report.seed,
        "photos used": report.photos_used,
        "photos skipped": len(report.photos_skipped),
    }
    yield names_and_values(("what", "value"), settled)
    if report.dropped:
        yield "<h3>Patterns left out</h3>"
        yield names_and_values(("reason", "patterns"), report.dropped)
    if report.settings:
        yield folded(f"Settings ({len(report.settings)})", names_and_values(("setting", "value"), report.settings))
    if report.versions:
        yield folded(f"Versions ({len(report.versions)})", names_and_values(("package", "version"), report.versions))
    if report.photos_skipped:
        reasons = [(text(skipped.path), text(skipped.reason)) for skipped in report.photos_skipped]
        columns = [("photo", False), ("reason", False)]
        yield folded(f"Skipped photos ({len(reasons)})", table(columns, reasons))
