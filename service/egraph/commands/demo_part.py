"""The demo's last step: one part, found from a few boxes on photos that were never mined."""

from dataclasses import dataclass
from pathlib import Path

import torch

from egraph.aog.labels import canonical_places, choose_labels, part_places
from egraph.aog.locate import LocatedPart, Locator
from egraph.aog.storage import find_aogs, read_aog
from egraph.commands.build import build_aog
from egraph.commands.requests import BuildRequest
from egraph.demo.world import write_world
from egraph.evaluation.truth import orientation_share
from egraph.graph.connection import open_database
from egraph.graph.parts import labelled_objects
from egraph.mining.graph_tables import MinedGraph
from egraph.network.load import Network
from egraph.photos.annotations import read_annotations
from egraph.photos.crop import to_fractions
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress
from egraph.settings import Settings

CONTRIBUTIONS = 10
BATCH = 16


@dataclass(frozen=True)
class Finding:
    """A part on new photos that show it once. errors: mean distance of its centre, in diagonals of the object's crop,
    by method: `egraph`; `prior`, the mean of the labelled boxes on the side that egraph inferred; `constant`, their
    mean as photographed. side: share of the photos whose side is right; unmirrored: the same where none is mirrored.
    found: the objects with their part; annotations: the file that knows where it is."""

    aog: str
    labels: int
    errors: dict[str, float]
    side: float | None
    unmirrored: float | None
    found: list[tuple[PhotoObject, LocatedPart]]
    annotations: Path


def find_part(
    settings: Settings,
    request: BuildRequest,
    graph: MinedGraph,
    network: Network,
    folder: Path,
    photos: int,
    seed: int,
    progress: Progress | None = None,
) -> Finding:
    """Learn a part, draw photos that were never mined, find the part on them, and compare with where it is.

    Raises:
        EgraphError: as building and locating.
    """
    built = build_aog(settings, request, progress)
    with open_database(settings) as database:
        (summary,) = find_aogs(database, request.category, request.part, built.aog)
        aog = read_aog(database, summary.id, graph)
        known = labelled_objects(database, request.category)
    labelled, _ = choose_labels(graph, known, request.part, request.shots, request.seed)
    annotations = write_world(folder, request.category, photos, seed, progress)
    objects = [o for o in read_annotations(annotations, folder, request.category).objects if request.part in o.parts]
    locator = Locator(graph, network, [aog])
    found: list[tuple[PhotoObject, LocatedPart]] = []
    for start in range(0, len(objects), BATCH):
        some = objects[start : start + BATCH]
        found += [(obj, parts[0]) for obj, parts in zip(some, locator.locate(some, CONTRIBUTIONS), strict=True)]
        if progress:
            progress("finding the part", len(found), len(objects))
    truth = part_places(objects, request.part)
    mirrored = torch.tensor([part.mirrored for _, part in found])
    mean = canonical_places(graph, labelled, request.part).mean(0).expand_as(truth)
    places = {
        "egraph": torch.tensor([to_fractions(obj, part.x, part.y) for obj, part in found]).flip(1),
        "prior": turned_places(mean, mirrored),
        "constant": part_places(labelled, request.part).mean(0).expand_as(truth),
    }
    errors = {name: float((place - truth).norm(dim=1).mean() / 2**0.5) for name, place in places.items()}
    side, unmirrored = (orientation_share(truth, turned) for turned in (mirrored, torch.zeros_like(mirrored)))
    return Finding(summary.id, len(labelled), errors, side, unmirrored, found, annotations)
