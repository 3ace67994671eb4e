"""Which categories there are: the subfolders of a folder of photos, or the labels of annotations."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from egraph.errors import InputError
from egraph.photos.annotations import read_drawn
from egraph.photos.folder import check_folder, list_files


@dataclass(frozen=True, slots=True)
class CategoryPhotos:
    """A category, the folder of its photos, and how many objects there seem to be: photos, or boxes."""

    name: str
    folder: Path
    objects: int


def list_categories(photos: Path, annotations: Path | None = None) -> list[CategoryPhotos]:
    """All categories, by name: with annotations the labels that are no part of another one, else the subfolders.

    Raises:
        InputError: the folder or the annotations cannot be read, or there is no category.
    """
    check_folder(photos)
    if annotations is not None:
        drawings = [drawing for photo in read_drawn(annotations).photos for drawing in photo.drawings]
        labels = {drawing.label for drawing in drawings}
        counts = Counter(d.label for d in drawings if d.part_of_kind == d.label or d.part_of_kind not in labels)
        found = [CategoryPhotos(label, photos, counts[label]) for label in sorted(counts)]
    else:
        folders = sorted(path for path in photos.iterdir() if path.is_dir() and not path.name.startswith("."))
        found = [CategoryPhotos(folder.name, folder, len(list_files(folder)[0])) for folder in folders]
    if not found:
        if annotations is not None:
            raise InputError(f"There is no category: {annotations} has no box; draw some.")
        raise InputError(f"There is no category: {photos} has no subfolder; put each category's photos into one.")
    return found
