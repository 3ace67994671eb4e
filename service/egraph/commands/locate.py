"""Finding parts on a person's photos: the database and the photos come together, a batch at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from egraph.aog.locate import LocatedPart, Locator
from egraph.aog.storage import find_aogs, read_aog
from egraph.commands.requests import LocateRequest
from egraph.errors import InputError
from egraph.graph.connection import open_database
from egraph.graph.read import read_graph
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.photos.folder import read_photos
from egraph.photos.image import PhotoError
from egraph.photos.photo import PhotoObject, PhotoSet, Skipped
from egraph.progress import Progress, report
from egraph.settings import Settings

BATCH_OBJECTS = 8


@dataclass(frozen=True)
class Finding:
    """The objects with their parts, as they are found; what was skipped, which grows while the former are read; and
    the layers of the graph, from the input side up."""

    objects: Iterator[tuple[PhotoObject, list[LocatedPart]]]
    skipped: list[Skipped]
    layers: list[str]


def find_parts(settings: Settings, request: LocateRequest, progress: Progress | None = None) -> Finding:
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
    found = objects_of(request, progress)
    network = load_network(graph.network_name, request.weights or graph.weights_source, request.device)
    locator = Locator(graph, network, aogs)
    skipped = list(found.skipped)
    objects = _found(locator, found.objects, request.patterns, skipped, progress)
    return Finding(objects, skipped, [layer.name for layer in graph.layers])


def objects_of(request: LocateRequest, progress: Progress | None = None) -> PhotoSet:
    """The objects to look at: whole photos, or, with annotations, their boxes on the photos asked for."""
    photos = read_photos(request.photos, progress)
    if request.annotations is None:
        return photos
    boxed = read_annotations(
        request.annotations,
        request.annotations.parent,
        request.category,
        progress=progress,
        files=[o.path for o in photos.objects],
    )
    there = {o.path for o in boxed.objects}
    bare = [
        Skipped(str(o.path), f"{request.annotations} has no {request.category} on it")
        for o in photos.objects
        if o.path not in there
    ]
    return PhotoSet(boxed.objects, photos.skipped + boxed.skipped + bare)


def _found(
    locator: Locator, objects: Sequence[PhotoObject], voters: int, skipped: list[Skipped], progress: Progress | None
) -> Iterator[tuple[PhotoObject, list[LocatedPart]]]:
    for start in range(0, len(objects), BATCH_OBJECTS):
        some = objects[start : start + BATCH_OBJECTS]
        try:
            yield from zip(some, locator.locate(some, voters), strict=True)
        except InputError:
            # One photo of the batch cannot be decoded: the others are looked at one by one.
            for obj in some:
                try:
                    yield obj, locator.locate([obj], voters)[0]
                except InputError as error:
                    skipped.append(
                        Skipped(str(obj.path), error.reason if isinstance(error, PhotoError) else str(error))
                    )
        report(progress, "looking at photos", min(start + BATCH_OBJECTS, len(objects)), len(objects))
