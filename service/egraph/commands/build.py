"""Building an And-Or graph: from a graph of the database and a person's boxes back into the database."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from egraph.aog.build import describe
from egraph.aog.labels import choose_labels
from egraph.aog.lying import count_lying, lying, part_boxes
from egraph.aog.pool import Pool, gather_pool
from egraph.aog.storage import write_aog
from egraph.aog.subgraph import read_subgraph, rows_of
from egraph.commands.network import network_of
from egraph.commands.place import place_mined
from egraph.commands.requests import BuildRequest
from egraph.errors import NothingYetError
from egraph.graph.connection import Database, Fence, open_database
from egraph.graph.graph_state import content_of
from egraph.graph.graphs import find_graph
from egraph.graph.lying import write_lying
from egraph.graph.objects import check_names
from egraph.graph.parts import labelled_objects
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.network.load import Network
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress, report
from egraph.responses.forward import collect_responses, plan_responses
from egraph.results import Result
from egraph.settings import Settings


@dataclass(frozen=True)
class TemplateSummary(Result):
    """A template of an And-Or graph, and from how many patterns it is composed."""

    id: str
    patterns: int


@dataclass(frozen=True)
class BuildReport(Result):
    """The And-Or graph that was written. labels: objects that it was learnt from; led_away: whether the other objects
    led away from these, so that the part's appearance is that of the labels alone; left_out: sentences on labels that
    could not be used; found: on how many further objects the part was surely found; on_part: how many patterns lie on
    it beyond chance, counted over all of these."""

    aog: str
    part: str
    category: str
    labels: int
    led_away: bool
    left_out: list[str]
    templates: list[TemplateSummary]
    found: int
    on_part: int


def build_aog(
    settings: Settings,
    request: BuildRequest,
    progress: Progress | None = None,
    fence: Fence | None = None,
    module: nn.Module | None = None,
) -> BuildReport:
    """Learn a part from its labels and write its And-Or graph; one of the same name is replaced.

    With `fence`, nothing is written that it does not let pass.

    Raises:
        NothingYetError: there is no graph, no labelled object was mined into it, or no pattern speaks for the part.
        InputError: the weights at hand are not those of the graph, or the photos are gone.
    """
    check_names(request.category, request.part, request.name)
    with open_database(settings, fence=fence) as database:
        summary = find_graph(database, request.category, request.graph)
        report(progress, "reading the graph", 0, 1)
        content = content_of(database, summary.id)
        graph = read_graph(database, summary.id, placing=True)
        report(progress, "reading the graph", 1, 1)
        showing = [o for o in labelled_objects(database, request.category) if o.parts.get(request.part)]
        labelled, left_out = choose_labels(graph, showing, request.part, request.shots, request.seed)
        network = network_of(graph, request, module)
        pool = pool_of(settings, graph, network, [o.id for o in showing], progress)
        report(progress, "learning the part", 0, 1)
        asked = _led_to(database, pool, content, network, labelled, request.part, progress)
        aog = describe(pool, content, labelled, asked, request.part, request.name, request.seed)
        report(progress, "learning the part", 1, 1)
        if not len(aog.layer):
            raise NothingYetError(
                f"No pattern of {graph.id} speaks for the {request.part}, so nothing could find it; label more objects "
                "or mine the graph again from more photos or with other layers."
            )
        write_aog(database, aog, {o.id: bool(m) for o, m in zip(graph.objects, graph.mirrored, strict=True)})
        report(progress, "finding the patterns on the part", 0, 1)
        boxes = part_boxes(pool, aog, showing)
        (counts,) = count_lying(pool, [boxes])
        on_part = lying(pool, boxes, counts)
        write_lying(database, graph.id, content, graph.category, aog.part, aog.id, on_part)
        report(progress, "finding the patterns on the part", 1, 1)
    return BuildReport(
        aog=aog.id,
        part=aog.part,
        category=aog.category,
        labels=len(aog.learnt_from),
        led_away=aog.parameters["label_share"] == 1.0,
        left_out=left_out,
        templates=[
            TemplateSummary(f"{aog.id}/{number}", int(np.count_nonzero(template.weight)))
            for number, template in enumerate(aog.templates, start=1)
        ],
        found=on_part.found_objects,
        on_part=int((on_part.share > on_part.by_chance).sum()),
    )


def _led_to(
    database: Database,
    pool: Pool,
    content: str,
    network: Network,
    labelled: Sequence[PhotoObject],
    part: str,
    progress: Progress | None,
) -> Tensor:
    """The patterns that the labelled boxes lead to: (P,) bool. Where the patterns' firings on these objects are not yet
    in the database, they are written first.

    Raises:
        NothingYetError: no pattern fires in the boxes.
    """
    graph, ids = pool.graph, [o.id for o in labelled]
    waiting = {row["object"] for row in database.read("parts/unplaced_objects", graph=graph.id)}
    if waiting:
        place_mined(database, graph, content, network, waiting, progress)
    found = read_subgraph(database, graph.id, pool.layers, graph.category, part, ids)
    if not found:
        place_mined(database, graph, content, network, set(ids), progress)
        found = read_subgraph(database, graph.id, pool.layers, graph.category, part, ids)
    if not found:
        raise NothingYetError(
            f"No pattern of {graph.id} fires in the boxes of {part}; draw them larger, or on other photos."
        )
    return rows_of(pool, found)


def pool_of(
    settings: Settings,
    graph: MinedGraph,
    network: Network,
    labelled: Sequence[str] = (),
    progress: Progress | None = None,
) -> Pool:
    """What is learnt from: the kept responses of the graph's photos, or, where they are gone, new ones."""
    layers = [layer for layer in graph.layers if layer.name != ANCHORS]
    plan = plan_responses(network, layers, graph.objects)
    store = collect_responses(network, plan, graph.objects, settings.home / "cache" / "responses", progress)
    return gather_pool(graph, network, store, {o.id: row for row, o in enumerate(graph.objects)}, labelled)
