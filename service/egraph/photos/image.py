"""One image file: what its header says, and its pixels as a viewer shows them."""

import hashlib
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from egraph.errors import InputError
from egraph.photos.signatures import FIRST, foreign_format, is_heif, without_texts

PIXEL_LIMIT = 100_000_000
"""A photo with more pixels is refused from its header alone: decoding it could fill the memory."""

FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF", "HEIF")
"""Only plain raster formats: some others that Pillow knows start outside programs."""

SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that exchange width and height."""


TURNED_BY_PILLOW = ("TIFF",)
"""Formats that Pillow's decoder turns upright by itself."""


class PhotoError(InputError):
    """The photo {path} cannot be used: {reason}."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"The photo {path} cannot be used: {reason}; replace it or take it out.")
        self.path = Path(path)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """A photo's size in pixels as a viewer shows it (EXIF applied), whether EXIF exchanged width and height for that,
    and the hex SHA-256 of its file."""

    width: int
    height: int
    sideways: bool
    sha256: str


def read_header(path: Path) -> ImageHeader:
    """Look at a photo without decoding it.

    Raises:
        PhotoError: the file is missing, empty, no image, cut off inside its header, or too large.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError(path, "it is not a file")
        if status.st_size == 0:
            raise PhotoError(path, "the file is empty")
    except (OSError, ValueError) as error:
        raise PhotoError(path, _why_unreadable(error)) from error
    with _opened(path) as (image, orientation):
        width, height = image.size
        turned_by_pillow = image.format in TURNED_BY_PILLOW
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(path, _why_unreadable(error)) from error
    sideways = orientation in SIDEWAYS
    if sideways and not turned_by_pillow:
        width, height = height, width
    return ImageHeader(width, height, sideways, sha256)


def read_pixels(path: Path, least: tuple[int, int] | None = None) -> Image.Image:
    """Decode a photo, upright, in the mode of its file.

    Args:
        least: width and height; a JPEG that is at least twice as large may be decoded smaller, which is much quicker.

    Raises:
        PhotoError: as `read_header`, or the pixels are cut off or damaged.
    """
    with _opened(path) as (image, orientation):
        if least is not None:
            image.draft(None, least if orientation not in SIDEWAYS else (least[1], least[0]))
        try:
            image.load()
        except Exception as error:  # decoders raise whatever a damaged file leads them to
            raise PhotoError(path, _why_undecodable(error)) from error
        if orientation == 1 or image.format in TURNED_BY_PILLOW:
            return image.copy()
        image.getexif()[ExifTags.Base.Orientation] = orientation
        return ImageOps.exif_transpose(image)


def to_rgb(image: Image.Image, path: Path) -> Image.Image:
    """Any mode to 8-bit RGB: 16 bits are scaled, what is transparent is laid on white.

    Raises:
        PhotoError: the mode has no fixed range (32-bit or floating point).
    """
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        if values.size and (values.min() < 0 or values.max() > 65535):
            raise PhotoError(path, "its 32-bit grey values have no fixed range, save it with 8 or 16 bits")
        image = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    elif image.mode == "F":
        raise PhotoError(path, "its floating-point values have no fixed range, save it with 8 or 16 bits")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    try:
        return image.convert("RGB")
    except ValueError as error:
        raise PhotoError(path, f"its colours ({image.mode}) cannot be turned into RGB") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Image.Image, int]]:
    """The image with its header read, and its EXIF orientation (1 where nothing is to be done)."""
    Image.init()
    first = b""
    try:
        with path.open("rb") as file:
            first = file.read(FIRST)
        if is_heif(first):
            _add_heif()
        with warnings.catch_warnings():
            # Pillow warns of what is refused below anyway, and of harmless oddities in EXIF
            warnings.simplefilter("ignore")
            image = Image.open(without_texts(path), formats=[name for name in FORMATS if name in Image.OPEN])
            orientation = _orientation(image)
    except UnidentifiedImageError as error:
        foreign = "" if is_heif(first) and "HEIF" in Image.OPEN else foreign_format(first)
        raise PhotoError(path, foreign or "it is not an image, or its beginning is damaged") from error
    except Image.DecompressionBombError as error:
        raise PhotoError(path, f"it has more than {PIXEL_LIMIT // 1_000_000} million pixels") from error
    except OSError as error:
        raise PhotoError(path, _why_unreadable(error)) from error
    except Exception as error:  # a hostile header may lead a plugin to anything
        raise PhotoError(path, "its header is damaged") from error
    with image:
        if image.width * image.height > PIXEL_LIMIT:
            raise PhotoError(
                path,
                f"it has {image.width} x {image.height} pixels, more than {PIXEL_LIMIT // 1_000_000} million",
            )
        yield image, orientation


def _add_heif() -> None:
    """Teach Pillow to read HEIC where the package for it is installed."""
    if "HEIF" not in Image.OPEN:
        with suppress(ImportError):
            from pillow_heif import register_heif_opener

            register_heif_opener()


def _orientation(image: Image.Image) -> int:
    if image.format == "PNG" and "exif" not in image.info:
        # asking such a PNG for EXIF would decode it whole
        return 1
    value = image.getexif().get(ExifTags.Base.Orientation, 1)
    return value if value in range(2, 9) else 1


def _why_unreadable(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    if isinstance(error, PermissionError):
        return "the file may not be read"
    if isinstance(error, OSError) and error.strerror:
        return f"the file cannot be read ({error.strerror})"
    return "its header is damaged" if isinstance(error, OSError) else "its name is not valid"


def _why_undecodable(error: Exception) -> str:
    if isinstance(error, OSError) and "truncated" in str(error):
        return "the file is cut off"
    return "its pixels cannot be decoded, the file is damaged"
