"""Finding parts on a person's photos: the database and the photos come together, a batch at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from torch import nn

from egraph.aog.locate import LocatedPart, Locator
from egraph.aog.storage import find_aogs, read_aog
from egraph.commands.network import network_of
from egraph.commands.requests import LocateRequest
from egraph.errors import InputError
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.photos.annotations import read_annotations
from egraph.photos.folder import read_photos
from egraph.photos.image import PhotoError, read_pixels, to_rgb
from egraph.photos.memory import written
from egraph.photos.photo import PhotoObject, PhotoSet, Skipped
from egraph.progress import Progress, report
from egraph.results import Result, data_frame, plain
from egraph.settings import Settings

if TYPE_CHECKING:
    import pandas

    from egraph.report.voters import Voters

BATCH_OBJECTS = 8
SHOWN = 12
"""Pictures that a notebook shows at once."""
OBJECT_COLUMNS = ("object_x", "object_y", "object_width", "object_height")
PART_COLUMNS = ("box_x", "box_y", "box_width", "box_height")


@dataclass(frozen=True)
class Finding:
    """The objects with their parts, as they are found; what was skipped, which grows while the former are read; the
    layers of the graph, from the input side up; and the graph's id."""

    objects: "Iterator[LocatedObject]"
    skipped: list[Skipped]
    layers: list[str]
    graph: str


@dataclass(frozen=True)
class LocatedObject(Result):
    """An object of a photo with the parts found on it, in pixels of the photo as a viewer shows it. layers: of the
    graph, from the input side up; image: the photo, where it is no file."""

    object: PhotoObject
    parts: list[LocatedPart]
    layers: list[str] = field(repr=False)
    image: Image.Image | None = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """For programs: the photo, the object's box, each part by its name."""
        return {
            "photo": str(self.object.path),
            "object": plain(self.object.box),
            "parts": {p.part: located_values(p) for p in self.parts},
        }

    def picture(self) -> Image.Image:
        """The parts, and what the patterns add to the score of their places, drawn on the photo.

        Raises:
            PhotoError: the photo cannot be read any more.
        """
        from egraph.report.parse_picture import parse_picture

        photo = to_rgb(read_pixels(self.object.path), self.object.path) if self.image is None else self.image
        return parse_picture(photo, self.object, self.parts, self.layers)

    def _repr_png_(self) -> bytes:
        from egraph.report.pictures import png_bytes

        return png_bytes(self.picture())


@dataclass(frozen=True)
class Located(Result):
    """The objects of photos with their parts, and what was skipped."""

    objects: list[LocatedObject]
    skipped: list[Skipped]

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[LocatedObject]:
        return iter(self.objects)

    def __getitem__(self, number: int) -> LocatedObject:
        return self.objects[number]

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each part of each object; boxes as four columns, the patterns left to the objects."""
        columns = ["photo", *OBJECT_COLUMNS, "part", "x", "y", *PART_COLUMNS]
        columns += ["score", "confidence", "place_confidence", "expected_error", "unsure", "template", "mirrored"]
        rows = []
        for one in self.objects:
            for p in one.parts:
                object_box = dict(zip(OBJECT_COLUMNS, plain(one.object.box), strict=True))
                part_box = dict(zip(PART_COLUMNS, plain(p.box), strict=True))
                values = {name: getattr(p, name) for name in columns if hasattr(p, name)}
                rows.append({"photo": str(one.object.path), **object_box, **values, **part_box})
        return data_frame(rows, columns)

    def _repr_html_(self) -> str:
        from egraph.report.pictures import data_uri

        shown = [f'<img src="{data_uri(one.picture())}" style="max-width: 100%">' for one in self.objects[:SHOWN]]
        more = f"<p>The first {SHOWN} of {len(self):,} objects.</p>" if len(self) > SHOWN else ""
        return "".join(f"<p>{one}</p>" for one in shown) + more


def located_values(part: LocatedPart) -> dict[str, Any]:
    """A part for programs: boxes [x, y, width, height]."""
    return {
        "box": plain(part.box),
        "center": [part.x, part.y],
        "score": part.score,
        "prior": part.prior,
        "confidence": part.confidence,
        "place_confidence": part.place_confidence,
        "expected_error": part.expected_error,
        "unsure": part.unsure,
        "template": part.template,
        "mirrored": part.mirrored,
        "patterns": plain(part.patterns),
    }


def find_parts(
    settings: Settings, request: LocateRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> Finding:
    """The parts of a category on photos, object by object as they are found.

    Raises:
        NothingYetError: there is no And-Or graph.
        InputError: no photo can be used, or the weights are not those of the graph.
    """
    with open_database(settings) as database:
        report(progress, "reading the graph", 0, 1)
        fitting = find_aogs(database, request.category, request.part, request.name, request.graph)
        graph = read_graph(database, fitting[0].graph, placing=True)
        aogs = [read_aog(database, aog.id, graph) for aog in fitting]
        report(progress, "reading the graph", 1, 1)
    found = objects_of(request.photos, request.annotations, request.category, progress)
    network = network_of(graph, request, module)
    locator = Locator(graph, network, aogs)
    skipped = list(found.skipped)
    layers = [layer.name for layer in graph.layers]
    pairs = _found(locator, found.objects, request.patterns, skipped, progress)
    return Finding((LocatedObject(obj, parts, layers) for obj, parts in pairs), skipped, layers, graph.id)


def read_voters(settings: Settings, category: str, graph: str, patterns: Sequence[str]) -> "Voters":
    """Patterns of a category's graph, by their ids, with the photos on which they fire best.

    Raises:
        NothingYetError: the graph is no longer there.
    """
    from egraph.report.graph_reading import graph_row
    from egraph.report.reading import read_rows
    from egraph.report.voters import SEEN, Voters

    with open_database(settings) as database:
        row = graph_row(database, find_graph(database, category, graph))
        return Voters(row, list(read_rows(database, row, patterns, SEEN).values()))


def locate_photos(
    settings: Settings,
    request: LocateRequest,
    photos: Sequence[object],
    progress: Progress | None = None,
    module: nn.Module | None = None,
) -> Located:
    """The parts of a category on photos of which some may be in memory: PIL images or arrays, named `photo N`.

    Raises:
        NothingYetError: there is no And-Or graph.
        InputError: no photo can be used, or the weights are not those of the graph.
    """
    with written(photos) as (paths, images):
        finding = find_parts(settings, replace(request, photos=paths), progress, module)
        objects = []
        for one in finding.objects:
            if (image := images.get(one.object.path)) is not None:
                one = replace(one, object=replace(one.object, path=Path(one.object.path.name)), image=image)
            objects.append(one)
        skipped = [
            replace(one, path=Path(one.path).name) if Path(one.path) in images else one for one in finding.skipped
        ]
    return Located(objects, skipped)


def objects_of(
    asked: Sequence[Path], annotations: Path | None, category: str, progress: Progress | None = None
) -> PhotoSet:
    """The objects to look at: whole photos, or, with annotations, a category's boxes on the photos asked for."""
    photos = read_photos(asked, progress)
    if annotations is None:
        return photos
    boxed = read_annotations(
        annotations, annotations.parent, category, progress=progress, files=[o.path for o in photos.objects]
    )
    there = {o.path for o in boxed.objects}
    bare = [
        Skipped(str(o.path), f"{annotations} has no {category} on it") for o in photos.objects if o.path not in there
    ]
    return PhotoSet(boxed.objects, photos.skipped + boxed.skipped + bare)


def _found(
    locator: Locator,
    objects: Sequence[PhotoObject],
    patterns: int | None,
    skipped: list[Skipped],
    progress: Progress | None,
) -> Iterator[tuple[PhotoObject, list[LocatedPart]]]:
    for start in range(0, len(objects), BATCH_OBJECTS):
        some = objects[start : start + BATCH_OBJECTS]
        try:
            yield from zip(some, locator.locate(some, patterns), strict=True)
        except InputError:
            # One photo of the batch cannot be decoded: the others are looked at one by one.
            for obj in some:
                try:
                    yield obj, locator.locate([obj], patterns)[0]
                except InputError as error:
                    skipped.append(
                        Skipped(str(obj.path), error.reason if isinstance(error, PhotoError) else str(error))
                    )
        report(progress, "looking at photos", min(start + BATCH_OBJECTS, len(objects)), len(objects))
