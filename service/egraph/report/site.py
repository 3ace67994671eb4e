"""Where pages and pictures are: in one file, in a folder of files, or at a server. Templates ask nothing else."""

import base64
import hashlib
import logging
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from egraph.photos.crop import PhotoError
from egraph.photos.photo import PhotoObject
from egraph.report.cutouts import CUT_PIXELS, Cut, cut_picture, webp, whole_picture
from egraph.report.views import GraphRow, Sighting

logger = logging.getLogger(__name__)

SERVER_PORT = 7480
"""At which `egraph browse` listens, unless told otherwise."""

NO_LAYER = 7
"""Number whose colour is no layer's."""


@cache
def asset(name: str) -> str:
    """A style sheet or a script of the pages."""
    return resources.files("egraph.report").joinpath("templates", name).read_text("utf-8")


def source_hash(text: str) -> str:
    """What a content security policy calls an inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def cut_of(graph: GraphRow, seen: Sighting, layer: str | None) -> Cut:
    """The picture of a sighting of a layer."""
    expected = None
    if seen.expected_x is not None and seen.expected_y is not None:
        expected = (seen.expected_x, seen.expected_y)
    number = graph.layers.index(layer) if layer in graph.layers else NO_LAYER
    return Cut(seen.object, seen.x, seen.y, number, expected)


class Site:
    """A page that stands alone: nothing is linked, pictures are within it. gone: photos that could not be shown."""

    live = False
    inline = True
    shared = False
    brief = False
    cut_side = CUT_PIXELS
    arrows_side = 480
    lazy = Markup("")
    home: str | None = None
    search: str | None = None

    def __init__(self) -> None:
        self.gone: set[Path] = set()

    @property
    def style(self) -> str:
        """The style sheet, or its address."""
        return asset("style.css")

    @property
    def script(self) -> str:
        """The script, or its address."""
        return asset("page.js")

    @property
    def policy(self) -> str | None:
        """The content security policy that the page itself says."""
        return (
            f"default-src 'none'; img-src data:; style-src {source_hash(self.style)}; "
            f"script-src {source_hash(self.script)}; base-uri 'none'; form-action 'none'"
        )

    def graph(self, graph: GraphRow) -> str | None:
        """The address of a graph's page, like those of the others None where there is none."""
        return None

    def mixed(self, graph: GraphRow) -> str | None:
        return None

    def pattern(self, graph: GraphRow, id: str) -> str | None:
        return None

    def filter(self, graph: GraphRow, layer: str, channel: int) -> str | None:
        return None

    def part(self, graph: GraphRow, part: str) -> str | None:
        return None

    def object(self, graph: GraphRow, id: str) -> str | None:
        return None

    def draw(self, graph: GraphRow, patterns: Sequence[str], opened: str | None = None) -> str | None:
        """The address of a drawing of some patterns, and of the partners of one more."""
        return None

    def cut(self, graph: GraphRow, seen: Sighting, layer: str | None) -> str | None:
        """The address of a sighting's picture; None where the photo is gone."""
        try:
            return self.kept(cut_picture(cut_of(graph, seen, layer)))
        except PhotoError as error:
            self.gone.add(error.path)
            return None

    def whole(self, obj: PhotoObject, pixels: int) -> str | None:
        """The address of an object's picture; None where the photo is gone."""
        try:
            return self.kept(whole_picture(obj, pixels))
        except PhotoError as error:
            self.gone.add(error.path)
            return None

    def kept(self, picture: Image.Image) -> str:
        """The address of a picture that the page carries with it."""
        return f"data:image/webp;base64,{base64.b64encode(webp(picture)).decode('ascii')}"
