"""Does each pattern of a graph show one thing? Measured by a network that had no part in mining, and by drawn boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from egraph.commands.network import network_of
from egraph.commands.requests import PurityRequest
from egraph.errors import InputError, UsageError
from egraph.evaluation.judge import judge_patches
from egraph.evaluation.purity import PartBoxes, Purity, evaluate_purity, surest_rows
from egraph.evaluation.truth import Nodes
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.graph_model import Placed
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.inference import place_patterns
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress
from egraph.results import Result
from egraph.settings import Settings

FEWEST = 4
"""Objects without which nothing can be said of pairs."""


@dataclass(frozen=True)
class PurityReport(Result):
    """How alike the places of each pattern look, and how far they lie on one part, beside every control.

    judge: its id. photos: objects of the graph; with_parts: those with drawn boxes. methods: over all layers; layers:
    the same of each.
    """

    task: str
    category: str
    graph: str
    judge: str
    photos: int
    with_parts: int
    methods: dict[str, Purity]
    layers: dict[str, dict[str, Purity]]


def measure_purity(
    settings: Settings, request: PurityRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> PurityReport:
    """Place a graph's patterns on its own objects, and look at where each is strongest. Nothing is written.

    Raises:
        InputError: a photo cannot be read, or none of the annotated objects was mined.
        NothingYetError: there is no graph.
        UsageError: the judge is the network that was mined.
    """
    with open_database(settings) as database:
        mined = read_graph(database, find_graph(database, request.category, request.graph).id, placing=True)
    if len(mined.objects) < FEWEST:
        raise InputError(f"{mined.id} has {len(mined.objects)} objects; {FEWEST} are the least to compare pictures of.")
    judge = load_network(request.judge, request.judge_weights, request.device)
    if judge.id == mined.network_id:
        raise UsageError(f"{judge.id} is the network that was mined; a judge must have had no part in that.")
    boxes = None
    objects: Sequence[PhotoObject] = mined.objects
    if request.annotations is not None:
        objects = _with_parts(mined, request, progress)
        boxes = PartBoxes.of(objects, mined.mirrored)
    network = network_of(mined, request, module)
    size = network.preprocessing.size
    placed = place_patterns(mined, network, objects, mined.mirrored, progress)
    patches = judge_patches(judge, objects, mined.mirrored, size, progress)
    tables = {layer: mined.patterns[layer] for layer in placed.places}
    channels = {layer.name: layer.channels for layer in mined.layers}
    layers = evaluate_purity(
        Nodes(shown_places(placed), placed.score),
        {layer: placed.places[layer].mean(1) for layer in tables},
        Nodes(placed.peaks, placed.peak_scores),
        {layer: surest_rows(table, len(objects), channels[layer]) for layer, table in tables.items()},
        patches,
        boxes,
        request.seed,
    )
    return PurityReport(
        task="purity",
        category=request.category,
        graph=mined.id,
        judge=judge.id,
        photos=len(objects),
        with_parts=0 if boxes is None else int(boxes.drawn.sum()),
        methods=layers.pop("all"),
        layers=layers,
    )


def shown_places(placed: Placed) -> dict[str, Tensor]:
    """What a picture of a firing is cut about: half way between the unit and where the pose puts the pattern, or, in a
    model without a pose, where the pattern is: (P, n, 2) of each layer."""
    if not placed.posed:
        return placed.places
    return {layer: (placed.units[layer] + expected) / 2 for layer, expected in placed.places.items()}


def _with_parts(mined: MinedGraph, request: PurityRequest, progress: Progress | None) -> list[PhotoObject]:
    """The graph's objects, with the boxes that a person drew.

    Raises:
        InputError: too few of them have any.
    """
    assert request.annotations is not None
    folder = request.photos or request.annotations.parent
    found = read_annotations(request.annotations, folder, request.category, progress=progress)
    drawn = {o.id: o for o in found.objects}
    objects = [drawn.get(o.id, o) for o in mined.objects]
    if np.sum([any(o.parts.values()) for o in objects]) < FEWEST:
        raise InputError(
            f"{request.annotations} has boxes of parts on fewer than {FEWEST} objects of {mined.id}; give the photos "
            "that it was mined from, or leave --annotations out."
        )
    return objects
