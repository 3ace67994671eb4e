"""On which mined photos a person's box would teach an And-Or graph most."""

from dataclasses import dataclass
from typing import Any

import torch

from egraph.aog.boxes import part_box
from egraph.aog.confidence import error_at
from egraph.aog.model import AndOrGraph
from egraph.aog.storage import find_aogs, read_aog
from egraph.aog.suggest import propose
from egraph.commands.requests import SuggestRequest
from egraph.graph.connection import open_database
from egraph.graph.parts import labelled_objects
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.crop import from_fractions
from egraph.photos.mirroring import turned_point
from egraph.photos.photo import Box
from egraph.progress import Progress, report
from egraph.results import Result, Table, plain
from egraph.settings import Settings

COLUMNS = ("photo", "box", "place_confidence", "expected_error", "speaks_for", "worth")


@dataclass(frozen=True)
class Suggestion(Result):
    """A mined object that is worth a box. box: where the part was found, to be corrected, in pixels of the photo as a
    viewer shows it; object_box: of the object. expected_error: of the place, in diagonals of the object; speaks_for:
    how many objects it would speak for; worth: of a box."""

    photo: str
    box: Box
    object: str
    object_box: Box
    place_confidence: float
    expected_error: float
    speaks_for: float
    worth: float


@dataclass(frozen=True)
class Suggestions(Table):
    """The objects of an And-Or graph that are most worth a box, the best first: each row a `Suggestion`."""

    aog: str
    columns: list[str]
    rows: list[dict[str, Any]]


def suggest_labels(settings: Settings, request: SuggestRequest, progress: Progress | None = None) -> Suggestions:
    """The mined objects without a box of the part on which a box would teach most.

    Raises:
        NothingYetError: there is no And-Or graph.
        UsageError: several fit.
    """
    with open_database(settings) as database:
        report(progress, "reading the graph", 0, 1)
        summary = find_aogs(database, request.category, request.part, request.name, request.graph)[0]
        graph = read_graph(database, summary.graph, placing=True)
        aog = read_aog(database, summary.id, graph)
        boxed = {o.id for o in labelled_objects(database, request.category) if request.part in o.parts}
        report(progress, "reading the graph", 1, 1)
    found = suggestions(graph, aog, boxed, request.count)
    return Suggestions(aog.id, list(COLUMNS), [plain(one) for one in found])


def suggestions(graph: MinedGraph, aog: AndOrGraph, boxed: set[str], count: int) -> list[Suggestion]:
    """The objects of an And-Or graph that are most worth a box; `boxed` are the ids of those that have one."""
    row_of = {o.id: row for row, o in enumerate(graph.objects)}
    rows, found = [row_of[id] for id in aog.found.objects], aog.found
    error = error_at(torch.from_numpy(found.place_confidence), torch.from_numpy(aog.error_levels))
    labelled = torch.tensor([id in set(aog.learnt_from) for id in found.objects])
    free = torch.tensor([id not in boxed for id in found.objects])
    proposals = propose(
        torch.from_numpy(graph.pose)[rows], torch.from_numpy(found.trust), error, labelled, free, aog.settings, count
    )
    made = []
    for proposal in proposals:
        at = proposal.row
        obj, mirrored = graph.objects[rows[at]], bool(graph.mirrored[rows[at]])
        x, y = from_fractions(obj, *turned_point(found.places[at], mirrored))
        made.append(
            Suggestion(
                photo=str(obj.path),
                box=part_box(obj, x, y, aog.templates[int(found.template[at])].box),
                object=obj.id,
                object_box=obj.box,
                place_confidence=float(found.place_confidence[at]),
                expected_error=float(error[at]),
                speaks_for=proposal.speaks_for,
                worth=proposal.worth,
            )
        )
    return made
