"""Photos that a program has in memory: written to files without loss, as everything here reads photos from files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageOps

from egraph.errors import InputError
from egraph.photos.image import to_rgb


def as_image(photo: Image.Image | np.ndarray, name: str) -> Image.Image:
    """A photo upright and in RGB. An array is (height, width, 3) RGB or (height, width) grey, uint8.

    Raises:
        InputError: it is something else, or has no pixels.
    """
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim not in (2, 3) or photo.shape[2:] not in ((), (3,)):
            raise InputError(
                f"{name} is an array {photo.shape} of {photo.dtype}; give (height, width, 3) RGB or (height, width) "
                "grey, as uint8."
            )
        photo = Image.fromarray(photo) if photo.size else Image.new("RGB", (0, 0))
    if not isinstance(photo, Image.Image):
        raise InputError(f"{name} is a {type(photo).__name__}; give a path, a PIL image or a NumPy array.")
    if 0 in photo.size:
        raise InputError(f"{name} has no pixels; give another.")
    return to_rgb(ImageOps.exif_transpose(photo), Path(name))


@contextmanager
def written(photos: Sequence[object]) -> Iterator[tuple[list[Path], dict[Path, Image.Image]]]:
    """The paths of photos, and the images of those that were in memory; they are named `photo N` by their number.

    Raises:
        InputError: one is neither a path, a PIL image nor an array.
    """
    paths: list[Path] = []
    images: dict[Path, Image.Image] = {}
    with TemporaryDirectory(prefix="egraph-photos-") as folder:
        for number, photo in enumerate(photos, start=1):
            if isinstance(photo, str | Path):
                paths.append(Path(photo))
                continue
            path = Path(folder, f"photo {number}")
            images[path] = as_image(photo, path.name)  # type: ignore[arg-type]
            images[path].save(path, format="PNG", compress_level=1)
            paths.append(path)
        yield paths, images
