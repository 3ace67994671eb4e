"""A folder of photos in which each whole photo is one object."""

import heapq
import os
from collections.abc import Sequence
from pathlib import Path

from egraph.errors import InputError
from egraph.photos.image import PhotoError, read_header
from egraph.photos.photo import Box, PhotoObject, PhotoSet, Skipped
from egraph.photos.selection import select
from egraph.progress import Progress

# fmt: off
COMPANIONS = frozenset({
    ".json", ".jsonl", ".txt", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".md", ".rst",
    ".html", ".htm", ".pdf", ".log", ".py", ".ipynb", ".sh", ".mat", ".npy", ".npz", ".pkl", ".pt", ".pth",
    ".safetensors", ".h5", ".zip", ".tar", ".gz", ".db", ".sqlite", ".lock",
})
# fmt: on
"""Endings of files that lie beside photos and claim to be none: passed over without a word."""


def read_folder(folder: Path, limit: int | None = None, seed: int = 0, progress: Progress | None = None) -> PhotoSet:
    """List the photos under a folder and its subfolders, linked ones too, sorted by path; hidden files are passed over.

    Only headers are read: a photo that is cut off further inside shows when its crop is read. Of unusable files,
    those that claim to be photos are named with the reason. `limit` draws that many, see `selection.select`.

    Raises:
        InputError: the folder is missing or may not be read, or holds no usable photo.
        UsageError: `limit` is below 1.
    """
    files, skipped = list_files(folder)
    objects = _whole_photos(files, skipped, progress)
    if not objects:
        found = f"files that cannot be used: {len(skipped)}" if skipped else "there is no file that could be one"
        hint = f" (the first: {Path(skipped[0].path).name}, {skipped[0].reason})" if skipped else ""
        raise InputError(f"No usable photo under {folder}: {found}{hint}; name a folder with photos.")
    return select(objects, skipped, limit, seed)


def read_photos(paths: Sequence[Path], progress: Progress | None = None) -> PhotoSet:
    """Whole photos: the files named, and those in the folders named, in this order.

    Raises:
        InputError: a file or folder is missing, or no photo can be used.
    """
    files: list[Path] = []
    skipped: list[Skipped] = []
    for path in paths:
        if not path.exists():
            raise InputError(f"There is no photo or folder {path}; name photos, or folders of photos.")
        inside, refused = list_files(path) if not path.is_file() else ([path], [])
        files, skipped = files + inside, skipped + refused
    objects = _whole_photos(files, skipped, progress)
    if not objects:
        hint = f" ({Path(skipped[0].path).name}: {skipped[0].reason})" if skipped else ""
        raise InputError(f"None of these files is a usable photo{hint}; name photos or folders of photos.")
    return PhotoSet(objects, skipped)


def read_photo(path: Path) -> PhotoObject:
    """One whole photo.

    Raises:
        InputError: the file is missing, is a folder, or is no usable photo.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder; name one photo.")
    return read_photos([path]).objects[0]


def _whole_photos(files: Sequence[Path], skipped: list[Skipped], progress: Progress | None) -> list[PhotoObject]:
    """One object for each photo; files that are none are added to `skipped`."""
    objects = []
    for done, path in enumerate(files, start=1):
        try:
            header = read_header(path)
        except PhotoError as error:
            skipped.append(Skipped(str(path), error.reason))
        else:
            whole = Box(0.0, 0.0, float(header.width), float(header.height))
            objects.append(PhotoObject(path, header.sha256, header.width, header.height, whole))
        if progress:
            progress("reading photos", done, len(files))
    return objects


def list_files(folder: Path) -> tuple[list[Path], list[Skipped]]:
    """Every file under a folder that may be a photo, sorted by path, and the subfolders that are left out.

    Links to folders are followed, each folder once: first those that lie there, then those that links lead to.

    Raises:
        InputError: the folder is missing or may not be read.
    """
    check_folder(folder)
    skipped: list[Skipped] = []

    def refused(error: OSError) -> None:
        skipped.append(Skipped(str(error.filename), "the folder may not be read"))

    files: list[Path] = []
    waiting = [folder]
    seen: set[tuple[int, int]] = set()
    while waiting:
        # links only after the folder itself: a photo's path is where it lies, if it lies under the folder at all
        for parent, folders, names in os.walk(heapq.heappop(waiting), onerror=refused):
            status = Path(parent).stat()
            if (status.st_dev, status.st_ino) in seen:
                skipped.append(Skipped(parent, "this folder was looked at already, by another path"))
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            inside = [Path(parent, name) for name in folders if not name.startswith(".")]
            folders[:] = [path.name for path in inside if not path.is_symlink()]
            for link in (path for path in inside if path.is_symlink()):
                heapq.heappush(waiting, link)
            files += [
                Path(parent, name)
                for name in names
                if not name.startswith(".") and Path(name).suffix.lower() not in COMPANIONS
            ]
    return sorted(files), skipped


def check_folder(folder: Path) -> None:
    """Raise InputError where `folder` is missing, no folder, or may not be read."""
    try:
        with os.scandir(folder):
            return
    except FileNotFoundError as error:
        raise InputError(f"The folder {folder} does not exist; check its name.") from error
    except NotADirectoryError as error:
        raise InputError(f"{folder} is not a folder; name the folder that holds the photos.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"The folder {folder} cannot be read ({reason}); check its permissions.") from error
