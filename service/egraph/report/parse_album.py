"""Parses of many photos: a folder of pictures, or one page; each is written as it comes, none is kept in memory."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from PIL import Image

from egraph.aog.locate import Contribution, LocatedPart
from egraph.photos.photo import PhotoObject
from egraph.report.album import AlbumPage, PictureFolder
from egraph.report.page import folded, table, text
from egraph.report.parse_picture import (
    CONFIDENCE,
    KEY,
    MOST_PATTERNS,
    account,
    bare_panel,
    certainty_words,
    layer_colours,
    parse_panel,
    parse_picture,
    pattern_layer,
    pattern_name,
    pose_words,
)
from egraph.report.pictures import data_uri, read_photo
from egraph.report.voters import VOTERS_STYLE, Voters, voter_anchor, voters_section

PARSE_STYLE = """
.parse { margin: 2rem 0 3rem; }
.found { display: grid; grid-template-columns: minmax(0, 40rem) minmax(19rem, 1fr); gap: 1.6rem; margin: 1rem 0 2rem; }
.found > img { width: 100%; height: auto; border-radius: .5rem; display: block; }
.found h3 { font-size: 1.5rem; margin: 0; line-height: 1.2; }
.found td { vertical-align: middle; }
.sure, .unsure { font-weight: 600; margin: .8rem 0 .3rem; }
.unsure { color: #c62828; }
.bar { background: var(--line); border-radius: 1em; height: .55em; overflow: hidden; min-width: 3.5rem; }
.found td.k code { overflow-wrap: normal; white-space: nowrap; }
.bar i { display: block; height: 100%; border-radius: 1em; }
@media (max-width: 46rem) { .found { grid-template-columns: 1fr; } }
@media (prefers-color-scheme: dark) { .unsure { color: #ff8a80; } }
"""


class ParseFolder(PictureFolder):
    """A folder with one PNG for each object."""

    def __init__(self, folder: Path, layers: Sequence[str]) -> None:
        """
        Args:
            layers: of the graph, from the input side up.

        Raises:
            ReportError: there can be no such folder.
        """
        super().__init__(folder, "parse")
        self.layers = layers

    def add(self, photo: Image.Image, obj: PhotoObject, parts: Sequence[LocatedPart]) -> Path:
        """Write an object's picture and return its path.

        Raises:
            ReportError: it cannot be written.
        """
        return self.write(obj.path, parse_picture(photo, obj, parts, self.layers))


class ParsePage(AlbumPage):
    """One page of all objects."""

    def __init__(self, destination: Path, category: str, layers: Sequence[str]) -> None:
        """
        Args:
            layers: of the graph, from the input side up.
        """
        self.colours = layer_colours(layers)
        self.named: dict[str, None] = {}
        head = f"<h1>{text(category.capitalize())}: what was found, and why</h1>\n"
        head += (
            f'<p class="soft">{text(KEY)} Confidence is {text(CONFIDENCE)}. A pattern\'s name leads to its pictures '
        )
        head += "at the end of the page.</p>\n"
        super().__init__(destination, f"egraph: {category}", head, PARSE_STYLE + VOTERS_STYLE)

    def add(self, photo: Image.Image, obj: PhotoObject, parts: Sequence[LocatedPart]) -> None:
        """Write an object's section.

        Raises:
            ReportError: it cannot be written.
        """
        self.named |= dict.fromkeys(pattern.id for part in parts for pattern in part.patterns)
        self.write("\n".join(parse_section(photo, obj, parts, self.colours)) + "\n")

    def add_voters(self, voters: Voters) -> set[Path]:
        """Write the pictures of the patterns that the sections name; returns the photos that cannot be read any more.

        Raises:
            ReportError: it cannot be written.
        """
        gone: set[Path] = set()
        for piece in voters_section(voters, gone):
            self.write(piece + "\n")
        return gone


class Parses:
    """The folder and the page that a person asked for, each or neither; in a `with` block, as the page is whole only
    at its end."""

    def __init__(self, category: str, layers: Sequence[str], folder: Path | None, page: Path | None) -> None:
        """
        Args:
            layers: of the graph, from the input side up.

        Raises:
            ReportError: there can be no such folder.
        """
        self._folder = ParseFolder(folder, layers) if folder else None
        self._page = ParsePage(page, category, layers) if page else None
        self._open = ExitStack()

    def __enter__(self) -> "Parses":
        """
        Raises:
            ReportError: there can be no such page.
        """
        if self._page:
            self._open.enter_context(self._page)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def add(self, obj: PhotoObject, parts: Sequence[LocatedPart]) -> None:
        """Draw an object's parts.

        Raises:
            PhotoError: the photo cannot be read any more.
            ReportError: the picture cannot be written.
        """
        if not self._folder and not self._page:
            return
        photo = read_photo(obj.path)
        if self._folder:
            self._folder.add(photo, obj, parts)
        if self._page:
            self._page.add(photo, obj, parts)

    @property
    def named(self) -> list[str]:
        """The ids of the patterns that the page names."""
        return list(self._page.named) if self._page else []

    def add_voters(self, voters: Voters) -> set[Path]:
        """Close the page with the pictures of these patterns; returns the photos that cannot be read any more.

        Raises:
            ReportError: it cannot be written.
        """
        return self._page.add_voters(voters) if self._page else set()


def parse_section(
    photo: Image.Image, obj: PhotoObject, parts: Sequence[LocatedPart], colours: dict[str, str], heading: str = "h2"
) -> Iterator[str]:
    """An object's parts in a page: its picture and what the numbers mean."""
    yield f'<section class="parse"><{heading} title="{text(obj.path)}">{text(obj.path.name)}</{heading}>'
    if not parts:
        yield f'<img class="portrait" src="{data_uri(bare_panel(photo, obj))}" alt="{text(obj.path.name)}">'
    for part in parts:
        panel = parse_panel(photo, obj, part, colours, parts)
        words = f"{part.part} on {obj.path.name}, {certainty_words(part)}"
        tone = "var(--ink)" if not part.unsure else "#c62828"
        yield f'<div class="found"><img src="{data_uri(panel)}" alt="{text(words)}" loading="lazy"><div>'
        yield f'<h3>{text(part.part)}</h3><p class="soft">{text(pose_words(part))}</p>'
        yield f'<p class="{"unsure" if part.unsure else "sure"}">{text(certainty_words(part))}</p>'
        yield _bar(part.confidence, tone)
        if part.patterns:
            yield account_table(part, colours)
        yield "</div></div>"
    yield "</section>"


def account_table(part: LocatedPart, colours: dict[str, str]) -> str:
    """What the score of a place is the sum of; the patterns by their numbers in the picture, and those that are not
    drawn in a table that opens on demand."""
    most = max(pattern.share for pattern in part.patterns) or 1.0
    rows = [_vote_row(pattern, place, most, colours) for place, pattern in enumerate(part.patterns, start=1)]
    sums = [(text(words), "", f"{share:+.2f}") for words, share in account(part)]
    shown = table(
        [("what adds to the score of the place", False), ("", False), ("share", True)], rows[:MOST_PATTERNS] + sums
    )
    if len(rows) <= MOST_PATTERNS:
        return shown
    others = [("pattern", False), ("", False), ("share", True)]
    return shown + folded(f"{len(rows) - MOST_PATTERNS:,} more votes", table(others, rows[MOST_PATTERNS:]))


def _vote_row(pattern: Contribution, place: int, most: float, colours: dict[str, str]) -> tuple[str, str, str]:
    colour = colours.get(pattern_layer(pattern.id), "#5b6472")
    name = f'<a href="#{voter_anchor(pattern.id)}"><code>{text(pattern_name(pattern.id))}</code></a>'
    digits = 2 if place <= MOST_PATTERNS else 3
    badge = f'<span class="badge" style="background:{colour}">{place}</span> {name}'
    return badge, _bar(pattern.share / most, colour), f"{pattern.share:+.{digits}f}"


def _bar(share: float, colour: str) -> str:
    return f'<div class="bar"><i style="width:{100 * min(max(share, 0.0), 1.0):.0f}%;background:{colour}"></i></div>'
