"""Which photo a file of annotations means: exporters write names in many ways."""

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

from egraph.photos.folder import COMPANIONS
from egraph.photos.image import PhotoError

UPLOAD = re.compile(r"[0-9a-f]{8}-(?=.)")
"""What Label Studio puts before the name of an uploaded photo."""
MISSING = "the file is missing"
SHOWN = 3
"""So many photos are named where several fit."""


@dataclass(frozen=True, slots=True)
class Named:
    """A photo that a name means; `exact` where the name leads there as it stands, not only by its end."""

    path: Path
    exact: bool


class PhotoNames:
    """The photos that annotations may mean: all under a folder, or the files given.

    A name counts from the folder, from its `images`, or from above the folder where it repeats the folder's name.
    Otherwise the photo is the only one whose path ends as the name does: whatever stands before it (`/data/upload/3/`,
    `C:\\photos\\`, `../images/`), in whatever case and Unicode normal form, with `%20` for a blank, with or without
    the ending of the file.
    """

    def __init__(self, folder: Path, files: Sequence[Path] | None = None) -> None:
        self.folder = folder
        self._root = folder.resolve()
        self._files = files
        self._ends: dict[str, list[tuple[tuple[str, ...], Path]]] | None = None

    def find(self, name: str) -> Named:
        """The photo that `name` means.

        Raises:
            PhotoError: there is none, several fit, or a link leads out of the folder.
        """
        spellings = list(dict.fromkeys([name, name.replace("\\", "/"), unquote(name).replace("\\", "/")]))
        try:
            if self._files is None:
                for path in (path for spelling in spellings for path in self._from_folder(spelling)):
                    if path.exists() and not path.is_dir():
                        return Named(self._inside(path, name), True)
            for spelling in spellings:
                if fitting := self._by_end(spelling):
                    if len(fitting) > 1:
                        shown = ", ".join(str(path) for path in sorted(fitting)[:SHOWN])
                        raise PhotoError(name, f"several photos fit its name: {shown}")
                    return Named(self._inside(fitting[0], name), False)
        except (OSError, ValueError) as error:
            raise PhotoError(name, "its name is not valid") from error
        away = self._files is None and leads_out(name)
        raise PhotoError(name, "its name leads out of the folder of the photos" if away else MISSING)

    def _from_folder(self, name: str) -> list[Path]:
        if leads_out(name):
            return []
        parts = PurePosixPath(name).parts
        repeats = len(parts) > 1 and parts[0] in (self.folder.name, self._root.name)
        return [self.folder / name, self.folder / "images" / name] + (
            [self.folder.joinpath(*parts[1:])] if repeats else []
        )

    def _inside(self, path: Path, name: str) -> Path:
        """`path`, unless a link in the folder leads out of it: annotations of strangers may not read elsewhere."""
        if self._files is None and not path.resolve().is_relative_to(self._root):
            raise PhotoError(name, "a link leads from it out of the folder of the photos, name the folder it leads to")
        return path

    def _by_end(self, name: str) -> list[Path]:
        """The photos whose paths share the longest end with the name, at least the file's own name."""
        parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
        if not parts:
            return []
        known = self._known()
        for last in dict.fromkeys([parts[-1], UPLOAD.sub("", parts[-1], count=1)]):
            wanted = tuple(_alike(part) for part in [*parts[:-1], last])
            there = known.get(wanted[-1], [])
            for start in range(len(wanted)):
                end = wanted[start:]
                if fitting := [path for alike, path in there if alike[-len(end) :] == end]:
                    spelt = [path for path in fitting if _composed(path.name) == _composed(last)]
                    return spelt if len(spelt) == 1 else fitting
        return []

    def _known(self) -> dict[str, list[tuple[tuple[str, ...], Path]]]:
        """Every photo with its path as `_alike` sees it, by the name of the file."""
        if self._ends is None:
            self._ends = defaultdict(list)
            for path in _files_under(self.folder) if self._files is None else self._files:
                below = path.relative_to(self.folder) if self._files is None else path.absolute()
                alike = tuple(_alike(part) for part in below.parts)
                self._ends[alike[-1]].append((alike, path))
                if path.suffix and path.suffix.lower() not in COMPANIONS:
                    stem = _alike(path.stem)
                    self._ends[stem].append(((*alike[:-1], stem), path))
        return self._ends


def leads_out(name: str) -> bool:
    """Whether a name, read as a path from the folder, would leave it."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or bool(PureWindowsPath(name).drive) or ".." in path.parts


def _files_under(folder: Path) -> list[Path]:
    return [
        Path(parent, name) for parent, _, names in os.walk(folder) for name in sorted(names) if not name.startswith(".")
    ]


def _composed(text: str) -> str:
    """macOS and archives made there keep `é` as two characters."""
    return unicodedata.normalize("NFC", text)


def _alike(text: str) -> str:
    return unicodedata.normalize("NFC", _composed(text).casefold())
