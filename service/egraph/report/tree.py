"""An And-Or graph as one picture: the part, its templates from top to bottom, each with its strongest patterns.

Objects are shown in their canonical view, so that all poses face the same way and displacements can be seen. Everything
is drawn at twice its size and reduced.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from egraph.aog.show import Sighting, Tree, TreePattern, TreeTemplate
from egraph.photos.image import PhotoError
from egraph.report.lettering import write
from egraph.report.page_content import Example
from egraph.report.parse_picture import FINER, INK, LINE, MARGIN, SOFT, layer_colours, outline
from egraph.report.pictures import PATCH_PIXELS, patch_of, read_photo
from egraph.report.words import displacement_words

ROOT_WIDTH, GAP, CROP = 190, 64, 176
TILE = 158
ROW = 264
HEAD = 72
AIR = 0.08
GONE = "no photo"
KEY = (
    "Box: the part, as it was found. Ring: where the pattern fires best, on an object of its template if it is known "
    "to. Share: of the sum of all votes. Left, below: where the part is, counted from the pattern."
)


@dataclass(frozen=True)
class TemplatePictures:
    """A template's object, and a patch of each of its patterns that are shown; None where no photo is there."""

    template: TreeTemplate
    crop: Image.Image | None
    patches: list[tuple[TreePattern, Image.Image | None]]


def template_pictures(tree: Tree, gone: set[Path]) -> Iterator[TemplatePictures]:
    """The pictures of one template after the other; photos that cannot be read any more are added to `gone`."""
    colours = layer_colours(tree.layers)
    for template in tree.templates:
        patches = []
        for pattern in template.patterns[: tree.shown]:
            found = _first_there(pattern.seen, gone)
            patches.append((pattern, _patch(*found, colours.get(pattern.layer, SOFT)) if found else None))
        found = _first_there(template.seen, gone)
        yield TemplatePictures(template, _crop(*found) if found else None, patches)


def tree_picture(tree: Tree, rows: Sequence[TemplatePictures]) -> Image.Image:
    """The whole tree, from the pictures of its templates."""
    colours = layer_colours(tree.layers)
    tiles = max([len(row.patches) for row in rows], default=0)
    left = MARGIN + ROOT_WIDTH + GAP
    first = left + CROP + GAP
    width = max(first + tiles * TILE + MARGIN, first + 200)
    height = HEAD + len(rows) * ROW + 60
    sheet = Image.new("RGB", (width * FINER, height * FINER), "white")
    draw = ImageDraw.Draw(sheet)
    middles = [HEAD + k * ROW + CROP / 2 for k in range(len(rows))]
    root = middles[0] if middles else HEAD + CROP / 2
    write(draw, (MARGIN * FINER, 34 * FINER), tree.summary.id, 15 * FINER, SOFT, (width - 2 * MARGIN) * FINER)
    _root(draw, tree, root)
    trunk = left - GAP / 2
    for middle in middles:
        _branch(draw, (MARGIN + ROOT_WIDTH, root), (trunk, root), (trunk, middle), (left, middle))
    _junction(draw, (trunk, root), "or")
    for row, middle in zip(rows, middles, strict=True):
        top = middle - CROP / 2
        end = first + (len(row.patches) - 1) * TILE + PATCH_PIXELS / 2 if row.patches else first
        _branch(draw, (left + CROP, middle), (end, middle))
        _junction(draw, (first - GAP / 2, middle), "and")
        _paste(sheet, row.crop, (left, top), (CROP, CROP))
        words = [
            f"template {row.template.number}",
            f"{row.template.objects:,} object{'' if row.template.objects == 1 else 's'}",
            f"box {row.template.width:.0%} x {row.template.height:.0%}",
        ]
        _lines(draw, (left, top + CROP + 16), words, CROP)
        for k, (pattern, patch) in enumerate(row.patches):
            at = (first + k * TILE, middle - PATCH_PIXELS / 2)
            _paste(sheet, patch, at, (PATCH_PIXELS, PATCH_PIXELS))
            colour = colours.get(pattern.layer, SOFT)
            under = at[1] + PATCH_PIXELS
            bar = (at[0], under + 4, at[0] + PATCH_PIXELS, under + 8)
            draw.rectangle([side * FINER for side in bar], fill=colour)
            words = [pattern.label, f"share {pattern.share:.1%}", *_displacement(pattern)]
            _lines(draw, (at[0], under + 22), words, TILE - 8)
    write(draw, (MARGIN * FINER, (height - 28) * FINER), KEY, 13 * FINER, SOFT, (width - 2 * MARGIN) * FINER)
    return sheet.resize((width, height), Image.Resampling.LANCZOS)


def gone_sentence(gone: set[Path]) -> str:
    """That photos are gone, and what is missing therefore."""
    first = min(gone)
    more = f" and {len(gone) - 1} more photos" if len(gone) > 1 else ""
    return f"{first}{more} cannot be read any more; the tree is drawn with the photos that are left."


def _displacement(pattern: TreePattern) -> list[str]:
    return [displacement_words(pattern.dx, pattern.dy, None), f"sigma {pattern.sigma:.0%}"]


def _first_there(seen: Sequence[Sighting], gone: set[Path]) -> tuple[Sighting, Image.Image] | None:
    for sighting in seen:
        obj = sighting.object
        if obj.path in gone:
            continue
        try:
            photo = read_photo(obj.path)
        except PhotoError:
            gone.add(obj.path)
            continue
        if photo.size == (obj.photo_width, obj.photo_height):
            return sighting, photo
        gone.add(obj.path)
    return None


def _patch(sighting: Sighting, photo: Image.Image, colour: str) -> Image.Image:
    patch = patch_of(photo, Example(sighting.object, sighting.x, sighting.y, 0.0), [sighting.part], colour)
    return ImageOps.mirror(patch) if sighting.mirrored else patch


def _crop(sighting: Sighting, photo: Image.Image) -> Image.Image:
    """A square around the object with the part's box, white where the photo ends; (CROP, CROP)."""
    box, pixels = sighting.object.box, CROP * FINER
    side = (1 + 2 * AIR) * max(box.width, box.height)
    left, top = box.x + (box.width - side) / 2, box.y + (box.height - side) / 2
    scale = pixels / side
    crop = photo.transform(
        (pixels, pixels),
        Image.Transform.AFFINE,
        (1 / scale, 0, left, 0, 1 / scale, top),
        Image.Resampling.BICUBIC,
        fillcolor="white",
    )
    part = sighting.part
    x, y = (part.x - left) * scale, (part.y - top) * scale
    outline(ImageDraw.Draw(crop), (x, y, x + part.width * scale, y + part.height * scale))
    crop = ImageOps.mirror(crop) if sighting.mirrored else crop
    return crop.resize((CROP, CROP), Image.Resampling.LANCZOS)


def _root(draw: ImageDraw.ImageDraw, tree: Tree, middle: float) -> None:
    corners = [side * FINER for side in (MARGIN, middle - 62, MARGIN + ROOT_WIDTH, middle + 62)]
    draw.rounded_rectangle(corners, radius=10 * FINER, fill="#f5f7fa", outline=LINE, width=FINER)
    labels = f"{tree.summary.labels} label{'' if tree.summary.labels == 1 else 's'}"
    room = (ROOT_WIDTH - 28) * FINER
    x = (MARGIN + 14) * FINER
    write(draw, (x, (middle - 32) * FINER), tree.summary.part, 26 * FINER, INK, room)
    lines = [f"of {tree.summary.category}, {labels}", f"{len(tree.templates)} templates", tree.summary.name]
    _lines(draw, (MARGIN + 14, middle), lines, ROOT_WIDTH - 28, first=15)


def _branch(draw: ImageDraw.ImageDraw, *places: tuple[float, float]) -> None:
    draw.line([(x * FINER, y * FINER) for x, y in places], fill="#b5bdc9", width=2 * FINER, joint="curve")


def _junction(draw: ImageDraw.ImageDraw, place: tuple[float, float], word: str) -> None:
    x, y = place
    corners = [side * FINER for side in (x - 19, y - 12, x + 19, y + 12)]
    draw.rounded_rectangle(corners, radius=12 * FINER, fill=INK)
    write(draw, (x * FINER, y * FINER), word, 14 * FINER, "white", anchor="mm")


def _paste(sheet: Image.Image, picture: Image.Image | None, corner: tuple[float, float], size: tuple[int, int]) -> None:
    x, y = round(corner[0] * FINER), round(corner[1] * FINER)
    wide, high = size[0] * FINER, size[1] * FINER
    draw = ImageDraw.Draw(sheet)
    if picture is None:
        draw.rectangle((x, y, x + wide - 1, y + high - 1), fill="#f5f7fa", outline=LINE, width=FINER)
        write(draw, (x + wide / 2, y + high / 2), GONE, 14 * FINER, SOFT, anchor="mm")
        return
    sheet.paste(picture.resize((wide, high), Image.Resampling.BICUBIC), (x, y))
    draw.rectangle((x, y, x + wide - 1, y + high - 1), outline=LINE, width=FINER)


def _lines(
    draw: ImageDraw.ImageDraw, place: tuple[float, float], words: Sequence[str], width: float, first: int = 16
) -> None:
    """Lines of text below each other, the first one larger."""
    x, y = place
    for k, line in enumerate(words):
        write(
            draw,
            (x * FINER, (y + 19 * k) * FINER),
            line,
            (14 if k else first) * FINER,
            SOFT if k else INK,
            width * FINER,
        )
