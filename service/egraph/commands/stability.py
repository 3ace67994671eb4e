"""Are the patterns of a category found again? Two halves of its photos are mined, each by itself."""

from dataclasses import dataclass

import torch
from torch import nn

from egraph.commands.evaluate import halves
from egraph.commands.network import network_of
from egraph.commands.requests import StabilityRequest
from egraph.errors import InputError
from egraph.evaluation.purity import sureness
from egraph.evaluation.stability import LayerPatterns, Stability, evaluate_stability
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.engine import mine
from egraph.mining.graph_model import model_of
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.mining.inference import place_patterns
from egraph.network.network import Network
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress
from egraph.responses.forward import FEWEST_PHOTOS
from egraph.results import Result
from egraph.settings import Settings


@dataclass(frozen=True)
class StabilityReport(Result):
    """Which share of the patterns is found again, beside the control. methods: over all layers; layers: of each."""

    task: str
    category: str
    graph: str
    photos: int
    methods: dict[str, Stability]
    layers: dict[str, dict[str, Stability]]


def measure_stability(
    settings: Settings, request: StabilityRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> StabilityReport:
    """Mine two random halves of a graph's photos, with two seeds or one; see all patterns on all photos, and compare.

    The halves see each object from the side that the graph found, so that both stand in one canonical view; anchors and
    everything else are their own. Nothing is written to the database.

    Raises:
        InputError: a photo cannot be read, or there are too few.
        NothingYetError: there is no graph.
    """
    with open_database(settings) as database:
        whole = read_graph(database, find_graph(database, request.category, request.graph).id, placing=True)
    if len(whole.objects) < 2 * FEWEST_PHOTOS:
        raise InputError(f"{whole.id} has {len(whole.objects)} objects; {2 * FEWEST_PHOTOS} are the least to halve.")
    network = network_of(whole, request, module)
    layers = [layer for layer in whole.layers if layer.name != ANCHORS]
    found = []
    for number, rows in enumerate(halves([o.sha256 for o in whole.objects], request.seed)):
        mined = mine(
            network,
            layers,
            [whole.objects[row] for row in rows],
            category=whole.category,
            name=f"{whole.name} half",
            seed=request.seed + (0 if request.one_seed else number),
            home=settings.home,
            progress=progress,
            model=model_of(whole),
            mirrored=whole.mirrored[rows],
        )
        found.append(_on_all(mined.graph, network, whole, whole.objects, progress))
    size = network.preprocessing.size
    first, second = found
    of_layers = evaluate_stability(
        first,
        second,
        {layer.name: layer.stride / size for layer in layers},
        {layer.name: layer.channels for layer in layers},
    )
    return StabilityReport(
        task="stability",
        category=request.category,
        graph=whole.id,
        photos=len(whole.objects),
        methods=of_layers.pop("all"),
        layers=of_layers,
    )


def _on_all(
    half: MinedGraph, network: Network, whole: MinedGraph, objects: list[PhotoObject], progress: Progress | None
) -> dict[str, LayerPatterns]:
    """The patterns of a half on all objects, each seen as the whole graph does."""
    placed = place_patterns(half, network, objects, whole.mirrored, progress)
    return {
        layer: LayerPatterns(
            filter=torch.from_numpy(half.patterns[layer].filter).long(),
            places=places.mean(1),
            scores=placed.score[layer],
            sureness=torch.from_numpy(sureness(half.patterns[layer], len(half.objects))),
        )
        for layer, places in placed.places.items()
    }
