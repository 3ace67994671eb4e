"""An explanation as a picture: what the network says, where on the photo that comes from, and the account beside it.

Everything is drawn at twice its size and reduced, which smooths lines and letters.
"""

import numpy as np
import torch.nn.functional as F
from PIL import Image, ImageColor, ImageDraw
from torch import Tensor

from egraph.explaining.account import GroupLine, LayerAccount
from egraph.explaining.explanation import Explanation
from egraph.explaining.groups import OTHER_PARTS, Kind, is_unnamed
from egraph.explaining.sentence import sentence, spoken
from egraph.photos.photo import Box
from egraph.report.lettering import wrapped, write
from egraph.report.parse_picture import outline
from egraph.report.pictures import badge, badges

FINER = 2
MARGIN, GAP = 28, 24
WIDTH = 1120
PANEL = ((WIDTH - 2 * MARGIN - GAP) // 2, 430)
"""The room for a photo, (width, height)."""
TITLE_ROW, SENTENCE_ROW, HEAD = 44, 26, 32
BAR_TOP, BAR_ROW, BAR_HEIGHT = 46, 33, 15
NAME_WIDTH, VALUE_WIDTH = 290, 180
FOR, AGAINST = "#00795a", "#c2491d"
INK, SOFT, LINE = "#1d2129", "#5b6472", "#dde1e7"
BADGE = 11.0
DIMMED = 0.72
"""How far the photo fades where nothing speaks."""
TINT = 0.38
NOTES = (
    "By chance: what the two bars would make together if it were left to chance which filters speak for the class.",
    "Thin box: the object; what surrounds it lies outside. Bold boxes: parts that have a name, where they were found.",
)
NOTE_ROW = 21
THIRDS = (0.36, 0.64)
"""Where an object's outer thirds end."""


def explanation_picture(photo: Image.Image, found: Explanation) -> Image.Image:
    """The answer and the reason in words, the photo twice (what speaks for, what against), and the account.

    photo: as a viewer shows it, in RGB.
    """
    top, lines = found.top, ordered(found.top)
    numbers = {line.name: place for place, line in enumerate(placed(lines), start=1)}
    piece, scale = _piece(photo, found)
    room = (WIDTH - 2 * MARGIN) * FINER
    words = wrapped(sentence(found), 17 * FINER, room)
    panels = MARGIN + TITLE_ROW + len(words) * SENTENCE_ROW + 14
    account = panels + HEAD + piece.height // FINER + 18
    height = account + BAR_TOP + BAR_ROW * len(lines) + 72 + NOTE_ROW * len(NOTES) + MARGIN
    sheet = Image.new("RGB", (WIDTH * FINER, height * FINER), "white")
    draw = ImageDraw.Draw(sheet)
    left = MARGIN * FINER
    write(draw, (left, (MARGIN + 12) * FINER), title(found), 30 * FINER, INK, room)
    for row, line in enumerate(words):
        write(draw, (left, (MARGIN + TITLE_ROW + 14 + row * SENTENCE_ROW) * FINER), line, 17 * FINER, INK)
    most = max(float(top.pro.max()), -float(top.contra.min()), 1e-9)
    for strength, colour, name in ((top.pro, FOR, "for"), (-top.contra, AGAINST, "against")):
        write(draw, (left, (panels + 12) * FINER), f"What speaks {name} it", 18 * FINER, colour)
        panel = glowing(piece, strength / most, colour)
        _mark(panel, found, lines, numbers, scale)
        sheet.paste(panel, (left, (panels + HEAD) * FINER))
        left += panel.width + GAP * FINER
    _account(draw, found, lines, numbers, MARGIN * FINER, account * FINER)
    return sheet.resize((WIDTH, height), Image.Resampling.LANCZOS)


def title(found: Explanation) -> str:
    """The network's answer, and what is explained if that is something else."""
    said = f'The network says "{found.predicted.name}", {100 * found.predicted.probability:.0f}% sure'
    if found.instead_of is not None:
        return f'{said}. Why "{found.explained.name}" and not "{found.instead_of.name}"?'
    if found.explained.number != found.predicted.number:
        return f'{said}. What about "{found.explained.name}"?'
    return said


def ordered(layer: LayerAccount) -> list[GroupLine]:
    """The groups: the parts first, those before that add most, then the other kinds in their order."""
    kinds = list(Kind)
    return sorted(layer.groups, key=lambda line: (kinds.index(line.kind), line.name == OTHER_PARTS, -line.net))


def placed(lines: list[GroupLine]) -> list[GroupLine]:
    """The groups that are at one place of the photo, which a number shows."""
    return [line for line in lines if line.kind is Kind.PART and line.name != OTHER_PARTS]


def row_words(line: GroupLine, found: Explanation) -> str:
    """A group in the account."""
    if line.name == OTHER_PARTS:
        return f"other parts of the {found.category}"
    if line.kind is Kind.PART:
        return f"part {where(line, found)}" if is_unnamed(line.name) else spoken(line.name)
    return {
        Kind.TEXTURE: "texture, wherever it is",
        Kind.BACKGROUND: f"what surrounds the {found.category}",
        Kind.UNEXPLAINED: "not explained",
    }[line.kind]


def where(line: GroupLine, found: Explanation) -> str:
    """In which third of the object a group is, each way."""
    box = found.object.box
    across, down = (line.x - box.x) / box.width, (line.y - box.y) / box.height
    row = "at the top" if down < THIRDS[0] else "at the bottom" if down > THIRDS[1] else ""
    column = "left" if across < THIRDS[0] else "right" if across > THIRDS[1] else ""
    if not row:
        return f"on the {column}" if column else "in the middle"
    return f"{row} {column}".strip()


def glowing(piece: Image.Image, strength: Tensor, colour: str) -> Image.Image:
    """The piece of the photo, faded to grey but where there is strength, (height, width) from 0 to 1 over the piece:
    there it is as photographed, and tinted."""
    size = (piece.height, piece.width)
    wide = F.interpolate(strength[None, None].float(), size, mode="bicubic", align_corners=False)[0, 0]
    alpha = wide.clamp(0, 1).pow(0.8).numpy()[..., None]
    seen = np.asarray(piece, np.float32)
    faded = (1 - DIMMED) * seen.mean(2, keepdims=True) + DIMMED * 235.0
    tint = np.array(ImageColor.getrgb(colour), np.float32)
    lit = (1 - TINT * alpha) * seen + TINT * alpha * tint
    return Image.fromarray((faded * (1 - alpha) + lit * alpha).clip(0, 255).astype(np.uint8))


def _piece(photo: Image.Image, found: Explanation) -> tuple[Image.Image, float]:
    """What the network saw of the photo, enlarged, and its scale."""
    region = found.region
    scale = FINER * min(PANEL[0] / region.width, PANEL[1] / region.height)
    box = (region.x, region.y, region.x + region.width, region.y + region.height)
    size = (max(FINER, round(region.width * scale)), max(FINER, round(region.height * scale)))
    return photo.resize(size, Image.Resampling.BICUBIC, box=box), scale


def _mark(
    panel: Image.Image, found: Explanation, lines: list[GroupLine], numbers: dict[str, int], scale: float
) -> None:
    """The numbers of the parts at their places, and the boxes of those that have a name."""
    draw = ImageDraw.Draw(panel, "RGBA")

    def seen(x: float, y: float) -> tuple[float, float]:
        across, down = (x - found.region.x) * scale, (y - found.region.y) * scale
        return min(max(across, 0.0), panel.width - 1.0), min(max(down, 0.0), panel.height - 1.0)

    def corners(box: Box) -> tuple[float, float, float, float]:
        return (*seen(box.x, box.y), *seen(box.x + box.width, box.y + box.height))

    draw.rectangle(corners(found.object.box), outline=(255, 255, 255, 220), width=FINER)
    for box in found.parts.values():
        outline(draw, corners(box))
    places = {line.name: seen(line.x, line.y) for line in lines if line.name in numbers}
    colours = {line.name: FOR if line.net >= 0 else AGAINST for line in lines}
    badges(draw, places, numbers, colours, panel.size, radius=BADGE * FINER)


def _account(
    draw: ImageDraw.ImageDraw, found: Explanation, lines: list[GroupLine], numbers: dict[str, int], x: float, y: float
) -> None:
    """One row for each group: how much it speaks against, to the left, and for, to the right."""
    width = WIDTH - 2 * MARGIN

    def at(right: float, down: float) -> tuple[float, float]:
        return x + right * FINER, y + down * FINER

    most = max([line.pro for line in lines] + [1e-9])
    against = max(-line.contra for line in lines)
    unit = (width - NAME_WIDTH - VALUE_WIDTH) / (most + against)
    axis = NAME_WIDTH + against * unit
    write(draw, at(0, 14), f'What "{found.explained.name}" rests on', 18 * FINER, INK, (NAME_WIDTH + 60) * FINER)
    write(draw, at(axis - 8, 14), "against", 15 * FINER, AGAINST, anchor="rm")
    write(draw, at(axis + 8, 14), "for", 15 * FINER, FOR)
    together = width - VALUE_WIDTH / 2
    write(draw, at(together, 14), "together", 15 * FINER, INK, anchor="rm")
    write(draw, at(width, 14), "by chance", 15 * FINER, SOFT, anchor="rm")
    half = BAR_HEIGHT / 2
    for row, line in enumerate(lines):
        middle = BAR_TOP + row * BAR_ROW
        if line.name in numbers:
            badge(draw, at(12, middle), str(numbers[line.name]), FOR if line.net >= 0 else AGAINST, BADGE * FINER)
        write(draw, at(32, middle), row_words(line, found), 16 * FINER, INK, (NAME_WIDTH - 40) * FINER)
        draw.rectangle((*at(axis, middle - half), *at(axis + line.pro * unit, middle + half)), fill=FOR)
        draw.rectangle((*at(axis + line.contra * unit, middle - half), *at(axis, middle + half)), fill=AGAINST)
        write(draw, at(together, middle), signed(line.net), 16 * FINER, INK, anchor="rm")
        write(draw, at(width, middle), signed(line.chance), 16 * FINER, SOFT, anchor="rm")
    bottom = BAR_TOP + len(lines) * BAR_ROW - 12
    draw.line((*at(axis, BAR_TOP - 16), *at(axis, bottom)), fill=INK, width=FINER)
    draw.line((*at(0, bottom + 6), *at(width, bottom + 6)), fill=LINE, width=FINER)
    rest = found.top.baseline + found.top.remainder
    for down, words, value in ((24, "where nothing is detected", rest), (48, score_words(found), found.top.score)):
        write(draw, at(32, bottom + down), words, 16 * FINER, SOFT if down == 24 else INK, 700 * FINER)
        write(draw, at(together, bottom + down), signed(value), 16 * FINER, SOFT if down == 24 else INK, anchor="rm")
    for row, note in enumerate(NOTES):
        write(draw, at(0, bottom + 84 + row * NOTE_ROW), note, 13 * FINER, SOFT, width * FINER)


def signed(value: float) -> str:
    """A number to one digit; none is -0.0."""
    return f"{round(value, 1) + 0.0:+.1f}"


def score_words(found: Explanation) -> str:
    """What all lines add up to."""
    if found.instead_of is not None:
        return f'all together: how far "{found.explained.name}" is ahead of "{found.instead_of.name}"'
    return f'all together: how far "{found.explained.name}" is ahead of the average class'
