"""Text in pictures: fonts that are there everywhere, and lines that fit."""

from functools import cache

from matplotlib import font_manager
from PIL import ImageDraw, ImageFont

SYSTEM_FONTS = ("NotoSansCJK-Regular.ttc", "Arial Unicode.ttf")
"""Asked in this order, before the one that matplotlib brings, where Pillow's own font, which knows hardly more than
ASCII, has no letters for a name."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def font_for(text: str, size: int) -> Font:
    """A font in which the text can be read."""
    return _own(size) if text.isascii() else _system(size)


def fitted(text: str, size: int, width: float) -> str:
    """A text in one line that is at most `width` pixels wide; what does not fit is left out in its middle."""
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    font = font_for(text, size)
    if font.getlength(text) <= width:
        return text
    kept = len(text)
    while kept > 1 and font.getlength(_shortened(text, kept)) > width:
        kept -= 1
    return _shortened(text, kept)


def wrapped(text: str, size: int, width: float) -> list[str]:
    """A text in lines that are at most `width` pixels wide, broken between words."""
    lines: list[str] = []
    font = font_for(text, size)
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(fitted(word, size, width))
    return lines


def write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    size: int,
    fill: str,
    width: float = float("inf"),
    anchor: str = "lm",
) -> None:
    """One line of text at a place, no wider than `width`; `anchor` as Pillow has it."""
    text = fitted(text, size, width)
    draw.text(place, text, fill=fill, font=font_for(text, size), anchor=anchor)


def _shortened(text: str, kept: int) -> str:
    head = (kept + 1) // 2
    return text[:head] + "..." + text[len(text) - (kept - head) :]


@cache
def _own(size: int) -> Font:
    return ImageFont.load_default(size=size)


@cache
def _system(size: int) -> Font:
    for name in SYSTEM_FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)
