"""Pieces of photos: what a unit looks at, with a ring where it fired and a cross where its pattern was expected."""

import hashlib
import io
import math
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from egraph.photos.crop import PhotoError, from_fractions
from egraph.photos.image import read_pixels, to_rgb
from egraph.photos.photo import Box, PhotoObject
from egraph.report.pictures import colour_of, cross, ring

CUT_PIXELS = 176
CUT_SHARE = 0.4
"""A cut's side as a share of the object's (the geometric mean of its width and height)."""
LEAST_SIDE = 12.0
WHOLE_PIXELS = 640
"""Longer side of a picture of an object."""
AIR = 0.05
"""Around an object, as a share of its longer side."""
FINER = 2
QUALITY = 74
KEPT_PHOTOS = 96
KEPT_PIXELS = 2_000_000
"""A photo with more pixels is kept smaller: no picture of a page needs them."""
RING = 15


class Cut(NamedTuple):
    """The square around (x, y), fractions of the object's box as photographed. layer: number of the layer, counted from
    the input side, whose colour the ring has. expected: where the cross is, if anywhere."""

    object: PhotoObject
    x: float
    y: float
    layer: int
    expected: tuple[float, float] | None = None


class Photo(NamedTuple):
    """A photo's pixels, and by what its size was divided."""

    image: Image.Image
    reduced: float


@lru_cache(maxsize=KEPT_PHOTOS)
def _decoded(path: Path, changed: tuple[int, int], sha256: str, size: tuple[int, int]) -> Photo:
    """changed: of the file, so that a photo that was exchanged is read anew."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise PhotoError(path, "another photo lies there now")
    reduced = max(1.0, math.sqrt(size[0] * size[1] / KEPT_PIXELS))
    wanted = (math.ceil(size[0] / reduced), math.ceil(size[1] / reduced))
    image = to_rgb(read_pixels(path, wanted if reduced > 1 else None), path)
    if reduced > 1:
        image = image.resize(wanted, Image.Resampling.BILINEAR)
    return Photo(image, size[0] / image.width)


def photo_of(obj: PhotoObject) -> Photo:
    """An object's photo, which must be the very same that was mined.

    Raises:
        PhotoError: it is no longer there, cannot be decoded, or another one lies there.
    """
    try:
        status = obj.path.stat()
    except (OSError, ValueError) as error:
        raise PhotoError(obj.path, "it is no longer there") from error
    return _decoded(obj.path, (status.st_mtime_ns, status.st_size), obj.sha256, (obj.photo_width, obj.photo_height))


def cut_picture(cut: Cut, pixels: int = CUT_PIXELS) -> Image.Image:
    """The square, (pixels, pixels). At the photo's border it is moved inwards, and made smaller only if it must.

    Raises:
        PhotoError: as `photo_of`.
    """
    photo = photo_of(cut.object)
    box = cut.object.box
    side = max(LEAST_SIDE, CUT_SHARE * math.sqrt(box.width * box.height)) / photo.reduced
    side = min(side, *photo.image.size)
    x, y = _in_photo(cut.object, photo, cut.x, cut.y)
    left = min(max(x - side / 2, 0.0), photo.image.width - side)
    top = min(max(y - side / 2, 0.0), photo.image.height - side)
    fine = FINER * pixels
    scale = fine / side
    picture = photo.image.resize((fine, fine), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    draw = ImageDraw.Draw(picture)
    ring(draw, (x - left) * scale, (y - top) * scale, RING * fine / (FINER * CUT_PIXELS) * FINER, colour_of(cut.layer))
    if cut.expected is not None:
        across, down = _in_photo(cut.object, photo, *cut.expected)
        cross(draw, (across - left) * scale, (down - top) * scale, RING * 0.6 * FINER * pixels / CUT_PIXELS)
    return picture.reduce(FINER)


class Whole(NamedTuple):
    """An object with some air around it. left, top, scale: how pixels of the photo become pixels of the picture."""

    left: float
    top: float
    scale: float
    width: int
    height: int

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A place of the photo on the picture."""
        return (x - self.left) * self.scale, (y - self.top) * self.scale

    def box(self, box: Box) -> tuple[float, float, float, float]:
        """Left, top, width and height of a box of the photo on the picture, as far as the picture reaches."""
        left, top = (max(0.0, side) for side in self.at(box.x, box.y))
        right, bottom = self.at(box.x + box.width, box.y + box.height)
        return left, top, min(right, self.width) - left, min(bottom, self.height) - top


def whole_of(obj: PhotoObject, pixels: int = WHOLE_PIXELS) -> Whole:
    """Which piece of an object's photo its picture shows: it needs no photo."""
    air = AIR * max(obj.box.width, obj.box.height)
    left, top = max(0.0, obj.box.x - air), max(0.0, obj.box.y - air)
    right = min(float(obj.photo_width), obj.box.x + obj.box.width + air)
    bottom = min(float(obj.photo_height), obj.box.y + obj.box.height + air)
    scale = pixels / max(right - left, bottom - top, 1.0)
    return Whole(left, top, scale, max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))


def whole_picture(obj: PhotoObject, pixels: int = WHOLE_PIXELS) -> Image.Image:
    """An object with some air around it, as `whole_of` says.

    Raises:
        PhotoError: as `photo_of`.
    """
    photo, view = photo_of(obj), whole_of(obj, pixels)
    box = (view.left, view.top, view.left + view.width / view.scale, view.top + view.height / view.scale)
    low, high = (0.0, 0.0), (float(obj.photo_width), float(obj.photo_height))
    inside = [min(max(side, low[i % 2]), high[i % 2]) / photo.reduced for i, side in enumerate(box)]
    return photo.image.resize(
        (view.width, view.height), Image.Resampling.BICUBIC, box=(inside[0], inside[1], inside[2], inside[3])
    )


def webp(picture: Image.Image, quality: int = QUALITY) -> bytes:
    """A picture as the bytes of a WebP file."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def _in_photo(obj: PhotoObject, photo: Photo, x: float, y: float) -> tuple[float, float]:
    across, down = from_fractions(obj, x, y)
    return across / photo.reduced, down / photo.reduced
