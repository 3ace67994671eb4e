"""Pictures of many photos: a folder of them, or one page; each is written as it comes, none is kept in memory."""

from pathlib import Path
from types import TracebackType

from PIL import Image

from egraph.report.files import NewFile, ReportError, write_whole
from egraph.report.page import PAGE, STYLE, text
from egraph.report.pictures import png_bytes

NAME_BYTES = 180
"""Of a photo's name in that of its picture: file systems take 255."""

WIDE = "main { max-width: 74rem; }"


class PictureFolder:
    """A folder with one PNG for each object, named `<photo>-<ending>.png`."""

    def __init__(self, folder: Path, ending: str) -> None:
        """
        Raises:
            ReportError: there can be no such folder.
        """
        self.folder, self.ending = folder, ending
        self._taken: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReportError(folder, error.strerror or str(error)) from error

    def write(self, photo: Path, picture: Image.Image) -> Path:
        """Write the picture of an object on a photo and return its path.

        Raises:
            ReportError: it cannot be written.
        """
        return write_whole(self.folder / self._name(photo), png_bytes(picture))

    def _name(self, path: Path) -> str:
        """A name of its own for each object: photos of several folders may have the same, and one photo several
        objects. Some file systems take upper for lower case."""
        stem = path.stem.encode("utf-8", "surrogateescape")[:NAME_BYTES].decode("utf-8", "ignore") or "photo"
        tried, name = 1, f"{stem}-{self.ending}.png"
        while name.casefold() in self._taken:
            tried += 1
            name = f"{stem}-{self.ending}-{tried}.png"
        self._taken.add(name.casefold())
        return name


class AlbumPage:
    """One page of all objects, pictures embedded; written as they come, in its place when it is whole."""

    def __init__(self, destination: Path, title: str, head: str, style: str) -> None:
        """
        Args:
            title: of the page, as text. head: what stands above the objects, as HTML. style: CSS beside the report's.
        """
        page = PAGE.substitute(title=text(title), style=STYLE + style + WIDE, body="\0")
        self._head, _, self._tail = page.partition("\0")
        self._head += head
        self._file = NewFile(destination)

    def __enter__(self) -> "AlbumPage":
        """
        Raises:
            ReportError: there can be no such file.
        """
        self._file.__enter__()
        self.write(self._head)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.write(self._tail)
        self._file.__exit__(kind, error, trace)

    def write(self, piece: str) -> None:
        """Add some HTML.

        Raises:
            ReportError: it cannot be written.
        """
        self._file.write(piece.encode("utf-8", "replace"))
