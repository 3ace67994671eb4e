"""How much of what filters give out do a graph's patterns explain, on photos that no share was fitted on?"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from egraph.commands.network import network_of
from egraph.commands.requests import ActivationRequest
from egraph.errors import InputError
from egraph.evaluation.activation import LayerActivation, evaluate_activation, over_layers
from egraph.explaining.fitting import Sample, coarse, conv_layers, read_maps
from egraph.explaining.mixture import Tally
from egraph.explaining.view import layer_units, widened_view
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.inference import place_patterns
from egraph.progress import Progress, report
from egraph.results import Result
from egraph.settings import Settings

FEWEST = 8
"""Objects without which nothing can be said."""


@dataclass(frozen=True)
class ActivationReport(Result):
    """What activation is made of, beside every control. photos: half of them fitted on, half scored. methods: means
    over the layers; layers: the same of each."""

    task: str
    category: str
    graph: str
    photos: int
    methods: dict[str, Tally]
    layers: dict[str, dict[str, Tally]]


def measure_activation(
    settings: Settings, request: ActivationRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> ActivationReport:
    """Fit mixtures on half of some of a graph's photos, and score them on the other half. Nothing is written.

    Raises:
        InputError: a photo cannot be read, there are too few, or the weights are not those of the graph.
        NothingYetError: there is no graph.
    """
    with open_database(settings) as database:
        mined = read_graph(database, find_graph(database, request.category, request.graph).id, placing=True)
    if len(mined.objects) < FEWEST:
        raise InputError(f"{mined.id} has {len(mined.objects)} objects; {FEWEST} are the least to fit and to score on.")
    network = network_of(mined, request, module)
    rows = np.unique(np.linspace(0, len(mined.objects) - 1, min(request.photos, len(mined.objects))).astype(int))
    objects, mirrored = [mined.objects[row] for row in rows.tolist()], mined.mirrored[rows]
    places = place_patterns(mined, network, objects, mirrored, progress).places
    sample = Sample(rows, objects, [widened_view(o) for o in objects], {})
    maps = read_maps(network, conv_layers(mined), sample, progress)
    found = {}
    for done, layer in enumerate(conv_layers(mined)):
        report(progress, "explaining activation", done, len(maps) + done)
        found[layer.name] = evaluate_activation(
            LayerActivation(
                mass=maps.pop(layer.name),
                filter=torch.from_numpy(mined.patterns[layer.name].filter).long(),
                places=places.pop(layer.name),
                mirrored=mirrored,
                units=layer_units(sample.views, coarse(layer)[0], network.preprocessing.size),
            ),
            request.seed,
        )
    report(progress, "explaining activation", len(found), len(found))
    return ActivationReport(
        task="activation",
        category=request.category,
        graph=mined.id,
        photos=len(rows),
        methods=over_layers(found),
        layers=found,
    )
