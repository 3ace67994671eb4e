"""Explanations of many photos: a folder of pictures, or one page."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from PIL import Image

from egraph.explaining.account import LayerAccount
from egraph.explaining.explanation import Explanation
from egraph.explaining.sentence import sentence
from egraph.report.album import AlbumPage, PictureFolder
from egraph.report.explanation_picture import explanation_picture, ordered, placed, row_words, score_words, title
from egraph.report.page import folded, table, text
from egraph.report.parse_picture import pattern_name
from egraph.report.pictures import data_uri, read_photo

STYLE = """.why { margin: 2rem 0 3rem; } .why > img { width: 100%; height: auto; display: block; border-radius: .5rem; }
.said { display: none; }
/* on a telephone, the letters of the picture are too small */
@media (max-width: 46rem) { .said { display: block; } }"""
HEAD = (
    "For and against are what the network's filters add to the score at their places; all lines add up to it. "
    "By chance: what a line would be if it were left to chance which filters speak for the class. Lost without: what "
    "the score really loses when these places are silent."
)


class Explanations:
    """The folder and the page that a person asked for, each or neither; in a `with` block, as the page is whole only
    at its end."""

    def __init__(self, category: str, folder: Path | None, page: Path | None) -> None:
        """
        Raises:
            ReportError: there can be no such folder.
        """
        self._folder = PictureFolder(folder, "why") if folder else None
        head = f"<h1>{text(category.capitalize())}: what the network says, and why</h1>\n"
        head += f'<p class="soft">{text(HEAD)}</p>\n'
        self._page = AlbumPage(page, f"egraph: {category}", head, STYLE) if page else None
        self._open = ExitStack()

    def __enter__(self) -> "Explanations":
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

    def add(self, found: Explanation) -> None:
        """Draw an explanation.

        Raises:
            PhotoError: the photo cannot be read any more.
            ReportError: the picture cannot be written.
        """
        if not self._folder and not self._page:
            return
        picture = explanation_picture(read_photo(found.object.path), found)
        if self._folder:
            self._folder.write(found.object.path, picture)
        if self._page:
            self._page.write("\n".join(section(found, picture)) + "\n")


def section(found: Explanation, picture: Image.Image) -> Iterator[str]:
    """An explanation in a page: its picture, and the account of each layer from the top down."""
    path = found.object.path
    yield f'<section class="why"><h2 title="{text(path)}">{text(path.name)}</h2>'
    yield f'<img src="{data_uri(picture)}" alt="{text(title(found))}: {text(sentence(found))}" loading="lazy">'
    yield f'<p class="said">{text(sentence(found))}</p>'
    for layer in reversed(found.layers):
        yield folded(f"The account of {layer.layer}", account_table(found, layer) + patterns_table(layer))
    yield "</section>"


def account_table(found: Explanation, layer: LayerAccount) -> str:
    """All lines of a layer; they add up. The parts have the numbers that they have in the picture, which is of the
    uppermost layer."""
    lines = ordered(layer)
    numbers = {line.name: f"{n}. " for n, line in enumerate(placed(lines), start=1)} if layer is found.top else {}
    names = ("for", "against", "together", "by chance", "lost without")
    rows = [
        (
            numbers.get(line.name, "") + text(row_words(line, found)),
            *(f"{v:+.2f}" for v in (line.pro, line.contra, line.net, line.chance, line.drop)),
        )
        for line in lines
    ]
    for words, value in (
        ("where nothing is detected", layer.baseline),
        ("numerical remainder", layer.remainder),
        (score_words(found), layer.score),
    ):
        rows.append((text(words), "", "", f"{value:+.2f}", "", ""))
    return table([("", False), *((name, True) for name in names)], rows)


def patterns_table(layer: LayerAccount) -> str:
    """The patterns that say most."""
    rows = [
        (f"<code>{text(pattern_name(p.id))}</code>", f"{p.pro:+.3f}", f"{p.contra:+.3f}", f"{p.activation:.2f}")
        for p in layer.patterns
    ]
    head = [(f"the strongest of {layer.fired:,} active patterns", False)]
    return table([*head, ("for", True), ("against", True), ("activation", True)], rows)
