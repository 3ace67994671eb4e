"""What a file is by its first bytes, so that a refusal names the true reason, and PNG files without their texts."""

import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

FIRST = 512
"""Bytes that are looked at."""
PNG = b"\x89PNG\r\n\x1a\n"
PNG_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
PNG_TEXT_BYTES = 1000
"""Deflate packs at most 1032 to 1, so a text of fewer bytes stays below Pillow's limit of 1 MB."""
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
AVIF_BRANDS = (b"avif", b"avis")


def foreign_format(first: bytes) -> str:
    """Why a file that begins so is no photo that egraph reads; empty where it could be one.

    HEIF and AVIF count as foreign; whoever reads them does not ask.
    """
    text = first.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if is_heif(first):
        return "it is a HEIC photo, which needs pip install 'egraph[heif]', or save it as JPEG"
    if first[4:8] == b"ftyp" and first[8:12] in AVIF_BRANDS:
        return "it is an AVIF photo, and this Pillow was built without AVIF, so save it as JPEG"
    if first[4:8] == b"ftyp":
        return "it is a film or another recording, not a photo"
    if first.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return "it is a JPEG XL photo, which cannot be read, so save it as JPEG"
    if first.startswith(b"8BPS"):
        return "it is a Photoshop document, so save it as JPEG or PNG"
    if text.startswith(b"%pdf"):
        return "it is a PDF document, not a photo"
    if text.startswith(b"version https://git-lfs"):
        return "it is only a pointer to the photo, fetch it with git lfs pull"
    if text.startswith((b"<!doctype html", b"<html")):
        return "it is a web page, not a photo, so the download failed"
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return "it is an SVG drawing, so save it as PNG"
    return ""


def is_heif(first: bytes) -> bool:
    """Whether a file that begins so is what phones call HEIC."""
    return first[4:8] == b"ftyp" and first[8:12] in HEIF_BRANDS and not any(b in first[16:48] for b in AVIF_BRANDS)


def without_texts(path: Path) -> Path | BytesIO:
    """A PNG without texts and colour profile where they are long: image generators keep whole workflows there, and
    Pillow gives up the photo. Any other file is left as it is.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(PNG)) != PNG:
            return path
        chunks = _chunks(file)
        if not any(kind in PNG_TEXTS and size > PNG_TEXT_BYTES for kind, _, size in chunks):
            return path
        kept = [PNG]
        for kind, start, size in chunks:
            if kind not in PNG_TEXTS:
                file.seek(start)
                kept.append(file.read(size))
    return BytesIO(b"".join(kept))


def _chunks(file: BinaryIO) -> list[tuple[bytes, int, int]]:
    """Kind, start and length of every chunk of a PNG, its head and checksum included."""
    found, start = [], len(PNG)
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        found.append((kind, start, size + 12))
        start += size + 12
        file.seek(start)
    return found
