"""The parse of an object as a picture: where its parts were found, and which patterns spoke for each place.

Everything is drawn at twice its size and reduced, which smooths lines and letters.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from egraph.aog.confidence import UNSURE
from egraph.aog.locate import LocatedPart
from egraph.photos.photo import Box, PhotoObject
from egraph.report.lettering import write
from egraph.report.pictures import badge, badges, colour_of

PANEL_PIXELS = 640
"""Longer side of the photo's piece."""
LEGEND_WIDTH = 420
MARGIN = 28
FINER = 2
AIR = 0.06
"""Around the object, as a share of its longer side."""
MOST_PATTERNS = 12
DASH = 14
LIST_TOP, ROW, ACCOUNT_ROW = 198, 33, 24
CONFIDENCE = "the share of the mined photos that look less familiar"
KEY_LINES = (
    "White box and cross: the part and its centre; dashed and on grey where it is unsure.",
    "Disc: where a pattern is expected, the larger the more it adds to the score; its colour is its layer's.",
)
KEY = " ".join(KEY_LINES)
KEY_ROW = 19
INK, SOFT, LINE, WARNING = "#1d2129", "#5b6472", "#dde1e7", "#b3261e"
BOX = "#ffffff"


def pattern_name(id: str) -> str:
    """Layer, filter and number of a pattern, from its id."""
    return "/".join(id.rsplit("/", 3)[1:])


def pattern_layer(id: str) -> str:
    """The layer of a pattern, from its id."""
    return id.rsplit("/", 3)[1]


def layer_colours(layers: Sequence[str]) -> dict[str, str]:
    """The colour of each layer of a graph, given from the input side up."""
    return {layer: colour_of(index) for index, layer in enumerate(layers)}


def pose_words(part: LocatedPart) -> str:
    """The template, and on which side the object was seen."""
    return f"template {part.template.rsplit('/', 1)[1]}, seen {'mirrored' if part.mirrored else 'as photographed'}"


def certainty_words(part: LocatedPart) -> str:
    """How sure the place is; an unsure one says so."""
    words = f"confidence {part.confidence:.2f}, place {part.place_confidence:.2f}"
    if part.absent:
        return f"{words}: it is hardly there"
    return f"{words}: place in doubt" if part.unsure else words


def account(part: LocatedPart) -> list[tuple[str, float]]:
    """What the score of the place is the sum of, beside the drawn patterns, and the score itself."""
    drawn = part.patterns[:MOST_PATTERNS]
    rest = part.score - part.prior - sum(pattern.share for pattern in drawn)
    return [
        (f"the other {part.voting - len(drawn):,} patterns", rest),
        ("where the part usually is", part.prior),
        ("score of the place", part.score),
    ]


def parse_picture(
    photo: Image.Image, obj: PhotoObject, parts: Sequence[LocatedPart], layers: Sequence[str]
) -> Image.Image:
    """All parts of an object, one below the other: the photo's piece, and beside it what the numbers mean.

    layers: of the graph, from the input side up; each has its colour.
    """
    colours = layer_colours(layers)
    panels = [parse_panel(photo, obj, part, colours, parts) for part in parts] or [bare_panel(photo, obj)]
    legends: list[LocatedPart | None] = [*parts] or [None]
    heights = [max(panel.height, _legend_height(part)) for panel, part in zip(panels, legends, strict=True)]
    width = 3 * MARGIN + panels[0].width + LEGEND_WIDTH
    top, foot = 70, 17 + KEY_ROW * len(KEY_LINES)
    sheet = Image.new("RGB", (width * FINER, (top + sum(heights) + MARGIN * len(heights) + foot) * FINER), "white")
    draw = ImageDraw.Draw(sheet)
    room = (width - 2 * MARGIN) * FINER
    write(draw, (MARGIN * FINER, 36 * FINER), obj.path.name, 22 * FINER, INK, room)
    for panel, part, height in zip(panels, legends, heights, strict=True):
        if part is not None:
            _legend(draw, part, colours, (2 * MARGIN + panel.width) * FINER, top * FINER)
        top += height + MARGIN
    if parts:
        for row, line in enumerate(reversed(KEY_LINES)):
            write(draw, (MARGIN * FINER, sheet.height - (34 + row * KEY_ROW) * FINER), line, 13 * FINER, SOFT, room)
    sheet = sheet.resize((width, sheet.height // FINER), Image.Resampling.LANCZOS)
    top = 70
    for panel, height in zip(panels, heights, strict=True):
        sheet.paste(panel, (MARGIN, top))
        top += height + MARGIN
    return sheet


def parse_panel(
    photo: Image.Image,
    obj: PhotoObject,
    part: LocatedPart,
    colours: Mapping[str, str],
    parts: Sequence[LocatedPart] = (),
) -> Image.Image:
    """One part on the photo's piece around the object: its box and centre, and its patterns' places, each on a line to
    the centre, the larger the more it weighs. Where it is unsure, the photo is grey and the box dashed.

    parts: all of the object; the others' boxes are faint. Its longer side measures PANEL_PIXELS.
    """
    patterns = part.patterns[:MOST_PATTERNS]
    spots = [Box(v.x, v.y, 0, 0) for v in patterns]
    picture, left, top, scale = _piece(photo, obj, [part.box, *spots])
    if part.unsure:
        picture = Image.blend(picture, picture.convert("L").convert("RGB"), 0.85)
    picture = Image.blend(picture, Image.new("RGB", picture.size, "black"), 0.12)
    draw = ImageDraw.Draw(picture, "RGBA")
    size = picture.size

    def seen(x: float, y: float) -> tuple[float, float]:
        return min(max((x - left) * scale, 0.0), size[0] - 1.0), min(max((y - top) * scale, 0.0), size[1] - 1.0)

    def corners(box: Box) -> tuple[float, float, float, float]:
        inset = 3.0 * FINER
        x, y = seen(box.x, box.y)
        right, bottom = seen(box.x + box.width, box.y + box.height)
        x, y = min(max(x, inset), size[0] - 1 - inset), min(max(y, inset), size[1] - 1 - inset)
        return x, y, min(max(right, x), size[0] - 1 - inset), min(max(bottom, y), size[1] - 1 - inset)

    for other in parts:
        if other is not part:
            x, y, right, bottom = corners(other.box)
            draw.rectangle((x, y, right, bottom), outline=(255, 255, 255, 150), width=FINER)
            write(draw, (x + 6 * FINER, y + 12 * FINER), other.part, 13 * FINER, "#ffffffcc", right - x - 8 * FINER)
    centre = seen(part.x, part.y)
    places = {pattern.id: seen(pattern.x, pattern.y) for pattern in patterns}
    hues = {pattern.id: colours.get(pattern_layer(pattern.id), SOFT) for pattern in patterns}
    for pattern in patterns:
        draw.line((places[pattern.id], centre), fill=(255, 255, 255, 170), width=2 * FINER)
    outline(draw, corners(part.box), dashed=part.unsure)
    most = max([pattern.share for pattern in patterns if pattern.share > 0], default=1.0)
    for pattern in reversed(patterns):
        x, y = places[pattern.id]
        radius = (4 + 9 * math.sqrt(max(pattern.share, 0.0) / most)) * FINER
        ring = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(ring, fill=hues[pattern.id] + "b0", outline="white", width=FINER)
    numbers = {pattern.id: number for number, pattern in enumerate(patterns, start=1)}
    badges(draw, places, numbers, hues, size, centre, 12.0 * FINER)
    _cross(draw, *centre)
    return picture.resize((max(1, size[0] // FINER), max(1, size[1] // FINER)), Image.Resampling.LANCZOS)


def bare_panel(photo: Image.Image, obj: PhotoObject) -> Image.Image:
    """The photo's piece around an object of which no part was sought."""
    picture, *_ = _piece(photo, obj, [])
    return picture.resize((max(1, picture.width // FINER), max(1, picture.height // FINER)), Image.Resampling.LANCZOS)


def outline(draw: ImageDraw.ImageDraw, corners: tuple[float, float, float, float], dashed: bool = False) -> None:
    """A part's box: white on a dark casing, in dashes where it is unsure."""
    x, y, right, bottom = corners
    if not dashed:
        draw.rectangle((x - FINER, y - FINER, right + FINER, bottom + FINER), outline="#141414", width=5 * FINER)
        draw.rectangle(corners, outline=BOX, width=3 * FINER)
        return
    edges = [((x, y), (right, y)), ((right, y), (right, bottom)), ((right, bottom), (x, bottom)), ((x, bottom), (x, y))]
    for start, end in edges:
        length = math.dist(start, end)
        steps = max(1, 2 * round(length / (2 * DASH * FINER)) + 1)
        stops = np.linspace(np.array(start), np.array(end), steps + 1)
        for one, next_ in list(pairwise(map(tuple, stops.tolist())))[::2]:
            draw.line((one, next_), fill="#141414", width=6 * FINER)
            draw.line((one, next_), fill=BOX, width=3 * FINER)


def _piece(photo: Image.Image, obj: PhotoObject, seen: Sequence[Box]) -> tuple[Image.Image, float, float, float]:
    """The photo around an object and what is seen on it, enlarged; its left and top in the photo, and its scale."""
    air = AIR * max(obj.box.width, obj.box.height)
    edges = np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in [obj.box, *seen]])
    whole = np.array(photo.size, float)
    low = np.clip(edges[:, :2].min(0) - air, 0, whole - 1)
    high = np.clip(edges[:, 2:].max(0) + air, low + 1, whole)
    scale = PANEL_PIXELS * FINER / float((high - low).max())
    width, height = (max(FINER, round(float(side) * scale)) for side in high - low)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return photo.resize((width, height), Image.Resampling.BICUBIC, box=box), box[0], box[1], scale


def _cross(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    for arm, width, colour in ((11, 6, "#141414"), (10, 3, BOX)):
        reach = arm * FINER
        draw.line((x - reach, y, x + reach, y), fill=colour, width=width * FINER)
        draw.line((x, y - reach, x, y + reach), fill=colour, width=width * FINER)


def _legend_height(part: LocatedPart | None) -> int:
    if part is None:
        return 0
    drawn = min(len(part.patterns), MOST_PATTERNS)
    return LIST_TOP + (ROW * drawn + ACCOUNT_ROW * len(account(part)) if drawn else 0)


def _legend(draw: ImageDraw.ImageDraw, part: LocatedPart, colours: Mapping[str, str], x: float, y: float) -> None:
    def at(down: float, right: float = 0.0) -> tuple[float, float]:
        return x + right * FINER, y + down * FINER

    wide = LEGEND_WIDTH * FINER
    tone = WARNING if part.unsure else INK
    write(draw, at(18), part.part, 30 * FINER, INK, wide)
    write(draw, at(52), pose_words(part), 16 * FINER, SOFT, wide)
    write(draw, at(84), certainty_words(part), 18 * FINER, tone, wide)
    _bar(draw, at(104), wide, 8 * FINER, part.confidence, tone)
    tick = x + UNSURE * wide
    draw.line((tick, y + 101 * FINER, tick, y + 115 * FINER), fill=WARNING, width=2 * FINER)
    write(draw, at(130), CONFIDENCE, 13 * FINER, SOFT, wide)
    if not part.patterns:
        return
    write(draw, at(166), "what the patterns add to the score of the place", 15 * FINER, SOFT)
    write(draw, at(166, LEGEND_WIDTH), "share", 15 * FINER, SOFT, anchor="rm")
    down = LIST_TOP
    most = max(pattern.share for pattern in part.patterns)
    for number, pattern in enumerate(part.patterns[:MOST_PATTERNS], start=1):
        colour = colours.get(pattern_layer(pattern.id), SOFT)
        badge(draw, at(down, 12), str(number), colour, 12.0 * FINER)
        write(draw, at(down, 34), pattern_name(pattern.id), 17 * FINER, INK, 190 * FINER)
        _bar(draw, at(down - 5, 236), 120 * FINER, 10 * FINER, pattern.share / most if most > 0 else 0.0, colour)
        write(draw, at(down, LEGEND_WIDTH), f"{pattern.share:+.2f}", 17 * FINER, INK, anchor="rm")
        down += ROW
    for words, share in account(part):
        write(draw, at(down), words, 15 * FINER, SOFT, 300 * FINER)
        write(draw, at(down, LEGEND_WIDTH), f"{share:+.2f}", 17 * FINER, INK, anchor="rm")
        down += ACCOUNT_ROW


def _bar(
    draw: ImageDraw.ImageDraw, corner: tuple[float, float], width: float, height: float, share: float, colour: str
) -> None:
    x, y = corner
    draw.rounded_rectangle((x, y, x + width, y + height), radius=height / 2, fill=LINE)
    filled = min(max(share, 0.0), 1.0) * width
    if filled >= 1:
        draw.rounded_rectangle((x, y, x + max(filled, height), y + height), radius=height / 2, fill=colour)
