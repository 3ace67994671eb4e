"""Pictures for somebody who does not know what they show: `python tests/benchmarks/blind_sheets.py CATEGORY OUT`.

Of each layer of the category's graph, 14 random patterns on their nine strongest photos and 14 random raw filters on
theirs (with `--still`, instead of the raw filters: 14 other patterns' mean places on these patterns' nine strongest
photos) are cut out alike, mixed and numbered. OUT gets the sheets; `OUT.key.json` says what each row is, and is to be
opened when every row is rated: *one* thing (seven of nine), *two*, or *mixed*. `--seed N` draws others, `--rows N`
another number than 14.
"""

import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from egraph.graph.connection import Database, open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import ANCHORS
from egraph.photos.crop import from_fractions
from egraph.photos.mirroring import mirror
from egraph.report.cutouts import photo_of
from egraph.report.graph_reading import graph_row
from egraph.report.reading import filter_id, read_raw, read_seen
from egraph.report.views import Sighting
from egraph.settings import load_settings

ROWS, PHOTOS, ON_A_SHEET = 14, 9, 10
SIDE, GAP, LEFT = 120, 4, 70
SHARES = (0.42, 0.30, 0.22)
"""Of the object's width and height, how much a cut-out shows: in the top layer, below it, and further below."""


def cut(seen: Sighting, share: float) -> Image.Image:
    """What lies about a place; nothing marks it, and beyond the photo it is black."""
    photo = photo_of(seen.object)
    x, y = from_fractions(seen.object, seen.x, seen.y)
    width, height = (share * side / 2 for side in (seen.object.box.width, seen.object.box.height))
    box = (round(side / photo.reduced) for side in (x - width, y - height, x + width, y + height))
    return photo.image.crop(tuple(box)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)  # type: ignore[arg-type]


def rows(
    database: Database, category: str, still: bool, seed: int, count: int
) -> list[tuple[str, str, list[Image.Image]]]:
    """What each row is (pattern, filter or still), its id, and its pictures; in random order."""
    draw = random.Random(seed)
    summary = find_graph(database, category, None)
    graph, mined = graph_row(database, summary), read_graph(database, summary.id)
    mirrored = {obj.id: bool(side) for obj, side in zip(mined.objects, mined.mirrored, strict=True)}
    found: list[tuple[str, str, list[Image.Image]]] = []
    layers = [layer for layer in mined.patterns if layer != ANCHORS]
    for layer, share in zip(reversed(layers), SHARES, strict=False):
        table = mined.patterns[layer]
        known = {
            f"{graph.id}/{layer}/{f}/{n}": (float(x), float(y))
            for f, n, (y, x), support in zip(table.filter, table.number, table.mean_place, table.support, strict=True)
            if support >= PHOTOS
        }
        chosen = draw.sample(sorted(known), count)
        found += [("pattern", name, cuts(seen, share)) for name, seen in read_seen(database, chosen, PHOTOS).items()]
        if still:
            for name, seen in read_seen(database, draw.sample(sorted(known), count), PHOTOS).items():
                x, y = known[name]
                held = [Sighting(s.object, float(mirror(x)) if mirrored[s.object.id] else x, y, 0.0) for s in seen]
                found.append(("still", name, cuts(held, share)))
        else:
            channels = draw.sample(sorted(set(table.filter.tolist())), count)
            names = [filter_id(graph, layer, channel) for channel in channels]
            found += [("filter", name, cuts(seen, share)) for name, seen in read_raw(database, graph, names).items()]
    draw.shuffle(found)
    return found


def cuts(seen: Sequence[Sighting], share: float) -> list[Image.Image]:
    return [cut(one, share) for one in seen[:PHOTOS]]


def main(category: str, out: Path, *options: str) -> None:
    """Write the sheets and the key."""
    seed, count = (
        int(options[options.index(name) + 1]) if name in options else default
        for name, default in (("--seed", 0), ("--rows", ROWS))
    )
    with open_database(load_settings()) as database:
        found = rows(database, category, "--still" in options, seed, count)
    out.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(found), ON_A_SHEET):
        part = found[start : start + ON_A_SHEET]
        sheet = Image.new("RGB", (LEFT + PHOTOS * (SIDE + GAP), len(part) * (SIDE + 2 * GAP)), "white")
        pen = ImageDraw.Draw(sheet)
        for number, (_, _, pictures) in enumerate(part):
            top = number * (SIDE + 2 * GAP) + GAP
            pen.text((8, top + SIDE // 2), f"row {start + number + 1}", fill="black", font_size=16)
            for column, picture in enumerate(pictures):
                sheet.paste(picture, (LEFT + column * (SIDE + GAP), top))
        sheet.save(out / f"sheet-{start // ON_A_SHEET + 1:02d}.png")
    key = {number: [kind, name] for number, (kind, name, _) in enumerate(found, 1)}
    out.with_suffix(".key.json").write_text(json.dumps(key, indent=0), encoding="utf-8")
    print(f"{len(found)} rows")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
