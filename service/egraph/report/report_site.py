"""The addresses of a report: pages and pictures in one folder, or all in one file. Only what the report holds is
linked."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from egraph.photos.crop import PhotoError
from egraph.photos.photo import PhotoObject
from egraph.report.cutouts import cut_picture, webp, whole_picture
from egraph.report.files import ReportError, write_whole
from egraph.report.site import Site, asset, cut_of, source_hash
from egraph.report.views import GraphRow, Sighting

CUT, QUALITY = 108, 56
"""Pixels and quality of a cut: a report holds thousands."""
WHOLE = 320
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
HOME = "index.html"


def file_name(kind: str, name: str) -> str:
    """What the page of a thing is called, without its ending: readable, and safe in every file system. Where something
    had to be replaced, a hash tells names apart."""
    words = UNSAFE.sub("-", name)[:80]
    mark = (
        "" if words == name.replace("/", "-") else "-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    )
    return f"{kind}-{words}{mark}"


class ReportSite(Site):
    """What a folder and a single file have in common; `holds` are the names of the report's pages."""

    brief = True

    def __init__(self) -> None:
        super().__init__()
        self.cut_side = CUT
        self.arrows_side = WHOLE
        self.holds: set[str] = set()
        self._pictures: dict[Any, str | None] = {}

    def address(self, page: str) -> str:
        """The address of a page that the report holds."""
        raise NotImplementedError

    def keep(self, name: str, picture: bytes, size: tuple[int, int]) -> str:
        """Keep a picture; its address."""
        raise NotImplementedError

    def page(self, kind: str, name: str) -> str | None:
        known = file_name(kind, name)
        return self.address(known) if known in self.holds else None

    def graph(self, graph: GraphRow) -> str | None:
        return self.home

    def pattern(self, graph: GraphRow, id: str) -> str | None:
        return self.page("pattern", graph.label(id))

    def filter(self, graph: GraphRow, layer: str, channel: int) -> str | None:
        return self.page("filter", f"{layer}/{channel}")

    def part(self, graph: GraphRow, part: str) -> str | None:
        return self.page("part", part)

    def object(self, graph: GraphRow, id: str) -> str | None:
        return self.page("object", id)

    def cut(self, graph: GraphRow, seen: Sighting, layer: str | None) -> str | None:
        cut = cut_of(graph, seen, layer)
        key = (cut.object.id, *cut[1:])
        return self._drawn(key, lambda: cut_picture(cut, CUT))

    def whole(self, obj: PhotoObject, pixels: int) -> str | None:
        return self._drawn((obj.id, pixels), lambda: whole_picture(obj, pixels))

    def kept(self, picture: Image.Image) -> str:
        data = webp(picture)
        return self.keep(hashlib.sha256(data).hexdigest()[:16], data, picture.size)

    def _drawn(self, key: tuple[Any, ...], draw: Callable[[], Image.Image]) -> str | None:
        """Each picture is drawn and kept once."""
        if key not in self._pictures:
            try:
                picture = draw()
            except PhotoError as error:
                self.gone.add(error.path)
                self._pictures[key] = None
            else:
                name = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
                self._pictures[key] = self.keep(name, webp(picture, QUALITY), picture.size)
        return self._pictures[key]


class FolderSite(ReportSite):
    """A folder with a file for each page and each picture. It works from the disk, so the style and the script are
    named by their hashes where 'self' means nothing."""

    inline = False
    home = HOME
    search = HOME

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.bytes = 0

    @property
    def style(self) -> str:
        return "style.css"

    @property
    def script(self) -> str:
        return "page.js"

    @property
    def policy(self) -> str | None:
        return (
            "default-src 'none'; img-src 'self' file: data:; style-src 'self' file:; script-src 'self' file:; "
            "base-uri 'none'; form-action 'self' file:"
        )

    def address(self, page: str) -> str:
        return f"{page}.html"

    def keep(self, name: str, picture: bytes, size: tuple[int, int]) -> str:
        self.write(f"pictures/{name}.webp", picture)
        return f"pictures/{name}.webp"

    def write(self, name: str, content: bytes) -> None:
        """Write a file of the report. The first page is written last, and only it need be whole at any moment: to wait
        for the disk after each of some thousand pictures takes minutes.

        Raises:
            ReportError: it cannot be written.
        """
        path = self.folder / name
        if name == HOME:
            write_whole(path, content)
        else:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            except OSError as error:
                raise ReportError(path, error.strerror or str(error)) from error
        self.bytes += len(content)

    def write_assets(self) -> None:
        """The style sheet and the script."""
        for name in ("style.css", "page.js"):
            self.write(name, asset(name).encode())


class FileSite(ReportSite):
    """One file with everything. A picture stands in it once, and is used by its name."""

    home = "#"
    search = "#"
    shared = True

    def __init__(self) -> None:
        super().__init__()
        self.pictures: dict[str, tuple[bytes, tuple[int, int]]] = {}

    @property
    def policy(self) -> str | None:
        return (
            f"default-src 'none'; img-src data:; style-src {source_hash(self.style)}; "
            f"script-src {source_hash(self.script)}; base-uri 'none'; form-action 'none'"
        )

    def address(self, page: str) -> str:
        return f"#{page}"

    def keep(self, name: str, picture: bytes, size: tuple[int, int]) -> str:
        self.pictures[f"i{name}"] = (picture, size)
        return f"#i{name}"
