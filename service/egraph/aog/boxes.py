"""How large a part's box is on an object, from the boxes that were drawn on a few others.

An object's box says how large the object is, and how long it is for its height. Its parts share the first; of the
second they share about half: the head of a lying dog is not as much wider than that of a sitting one as the dog is. So
a box is kept as the size that it has on a square object, and a part's width and height follow the square root of the
object's elongation (`ELONGATION`).
"""

import numpy as np

from egraph.photos.photo import Box, PhotoObject

ELONGATION = 0.5


def square_size(sizes: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """The part's size on a square object, the geometric mean over some objects: (2,) height, width.

    Args:
        sizes: (n, 2) height and width of the drawn boxes, in fractions of the object. frames: (n, 2) of the objects.
    """
    size: np.ndarray = np.exp(np.log(sizes / _stretch(frames)).mean(0))
    return size


def size_on(square: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """The part's size on objects, in fractions of each: (n, 2), never larger than the object.

    Args:
        square: (2,) from `square_size`. frames: (n, 2) height and width of the objects.
    """
    size: np.ndarray = np.minimum(square * _stretch(frames), 1.0)
    return size


def part_box(obj: PhotoObject, x: float, y: float, square: np.ndarray) -> Box:
    """The part's box about its centre, in pixels of the photo, as far as the photo reaches.

    Args:
        x, y: the centre. square: (2,) from `square_size`.
    """
    frame = np.array([[obj.box.height, obj.box.width]], dtype=np.float64)
    height, width = (float(side) for side in (size_on(square, frame) * frame)[0])
    left, top = max(x - width / 2, 0.0), max(y - height / 2, 0.0)
    right, bottom = min(x + width / 2, float(obj.photo_width)), min(y + height / 2, float(obj.photo_height))
    return Box(left, top, right - left, bottom - top)


def _stretch(frames: np.ndarray) -> np.ndarray:
    """What an object's elongation does to fractions of its height and width: (n, 2)."""
    half = (frames[:, 1] / frames[:, 0]) ** (ELONGATION / 2)
    return np.stack([half, 1 / half], 1)
