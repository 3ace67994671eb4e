"""The crop that the network sees: an object's box, resized straight to a square."""

import numpy as np
from PIL import Image

from egraph.photos.boxes import whole_pixels
from egraph.photos.image import PhotoError, read_pixels, to_rgb
from egraph.photos.photo import Box, PhotoObject

__all__ = ["PhotoError", "crop_box", "from_fractions", "read_crop", "read_region", "to_fractions"]


def read_crop(obj: PhotoObject, size: int) -> np.ndarray:
    """Decode the photo and resize the object's box to a square, the aspect not kept.

    Returns:
        (size, size, 3) uint8, RGB; bicubic with antialiasing.

    Raises:
        PhotoError: the photo cannot be decoded, has changed since it was listed, or the box lies outside it.
    """
    return read_region(obj, crop_box(obj), size)


def crop_box(obj: PhotoObject) -> Box:
    """The object's box inside the photo, in whole pixels.

    Raises:
        PhotoError: the box lies outside the photo.
    """
    box = whole_pixels(obj.box, obj.photo_width, obj.photo_height)
    if box is None:
        raise PhotoError(obj.path, "the object's box has no pixel inside the photo")
    return box


def read_region(obj: PhotoObject, box: Box, size: int) -> np.ndarray:
    """Decode the photo and resize a part of it, whole pixels, to a square: (size, size, 3) uint8, as `read_crop`.

    Raises:
        PhotoError: the photo cannot be decoded, or has changed since it was listed.
    """
    image = read_pixels(obj.path)
    if image.size != (obj.photo_width, obj.photo_height):
        raise PhotoError(
            obj.path,
            f"it has {image.width} x {image.height} pixels, and had {obj.photo_width} x {obj.photo_height} when listed",
        )
    region = (int(box.x), int(box.y), int(box.x + box.width), int(box.y + box.height))
    # cut first: resizing with a box would let pixels from outside the object in
    crop = to_rgb(image.crop(region), obj.path)
    return np.asarray(crop.resize((size, size), Image.Resampling.BICUBIC))


def from_fractions(obj: PhotoObject, x: float, y: float) -> tuple[float, float]:
    """A place in fractions of the object's crop (0, 0 is its top left corner) to pixels of the photo."""
    return obj.box.x + x * obj.box.width, obj.box.y + y * obj.box.height


def to_fractions(obj: PhotoObject, x: float, y: float) -> tuple[float, float]:
    """A place in pixels of the photo to fractions of the object's crop; outside the box it is below 0 or above 1."""
    return (x - obj.box.x) / obj.box.width, (y - obj.box.y) / obj.box.height
