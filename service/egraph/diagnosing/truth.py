"""What is on photos, as a person said it: lines `photo,class`."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from egraph.errors import InputError
from egraph.network.class_names import ClassNames
from egraph.photos.image import PhotoError
from egraph.photos.names import PhotoNames
from egraph.photos.photo import PhotoObject, Skipped

HEADER = ("photo", "class")
COLUMNS = 2


def read_truth(path: Path) -> list[tuple[str, str]]:
    """The lines of a CSV file: photo and class; a photo may have several lines, one for each class that is right.

    Raises:
        InputError: it cannot be read, or a line has not two columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [(number, line) for number, line in enumerate(csv.reader(file), start=1) if any(line)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}); give a CSV file with lines photo,class.") from error
    found = []
    for number, line in lines:
        cells = [cell.strip() for cell in line]
        if len(cells) != COLUMNS or not all(cells):
            raise InputError(f"{path}, line {number}: {','.join(line)!r} is not photo,class.")
        if not (number == lines[0][0] and tuple(cell.casefold() for cell in cells) == HEADER):
            found.append((cells[0], cells[1]))
    if not found:
        raise InputError(f"{path} says nothing of any photo; give lines photo,class.")
    return found


def right_classes(
    truth: Sequence[tuple[str, str]],
    folder: Path,
    objects: Sequence[PhotoObject],
    names: ClassNames,
    skipped: list[Skipped],
) -> dict[str, list[int]]:
    """The right classes of each object, by its id; photos of which nothing is said, and lines that mean no photo, are
    added to `skipped`.

    Args:
        folder: of the photos, from which names count.

    Raises:
        UsageError: the network has no class of a name.
        InputError: no line means one of the photos.
    """
    files = list(dict.fromkeys(o.path for o in objects))
    photos = PhotoNames(folder, files)
    of_path: dict[Path, list[int]] = defaultdict(list)
    for photo, class_ in truth:
        try:
            path = photos.find(photo).path
        except PhotoError as error:
            skipped.append(Skipped(photo, error.reason))
            continue
        number = names.number(class_)
        if number not in of_path[path]:
            of_path[path].append(number)
    if not of_path:
        raise InputError(f"None of the photos that are named lies under {folder}; check the names.")
    skipped += [Skipped(str(path), "nothing says what is on it") for path in files if path not in of_path]
    return {o.id: of_path[o.path] for o in objects if o.path in of_path}
