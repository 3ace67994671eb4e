"""The models by which a category can be mined, egraph's own and that of 2018, and the settings of each."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from egraph.mining import tables, zhang2018, zhang_graph
from egraph.mining.anchors import PLACE_WEIGHT
from egraph.mining.block import BlockMiner
from egraph.mining.contexts import CONCENTRATION, NUMBERS
from egraph.mining.edges import CANDIDATES, EDGES, FALSE_DISCOVERIES
from egraph.mining.expectation import NOISE, PRIOR_MASS, SEARCHING_PRIOR_MASS
from egraph.mining.graph_model import OWN, GraphModel
from egraph.mining.graph_tables import Displacements
from egraph.mining.mined_layer import MinedLayer
from egraph.mining.orientation import NEIGHBOURS
from egraph.mining.parents import PARENTS, RIDGE
from egraph.mining.patterns import SIGMAS
from egraph.mining.pose import PLACING_NUMBERS, POSE_NUMBERS
from egraph.mining.pruning import FIRING, SURE
from egraph.network.layer import LayerGeometry


@dataclass(frozen=True)
class Model:
    """A way to mine a category and to place what was mined.

    parameters: the settings that it alone has, for the graph's provenance. mines: what mines a block of filters.
    places: what places a graph's patterns on objects. context_numbers: of a peak's context that it looks at. posed:
    whether the pose tells the places of all layers. displacements: the graph's edges of that kind, from its layers and
    what was mined of each.
    """

    name: str
    parameters: dict[str, Any]
    mines: type[BlockMiner]
    places: type[GraphModel]
    context_numbers: int
    posed: bool
    displacements: Callable[[Sequence[LayerGeometry], dict[str, MinedLayer]], list[Displacements]]


MODELS = {
    model.name: model
    for model in (
        Model(
            name=OWN,
            parameters={
                "sigmas": list(SIGMAS),
                "learnt_by": "responsibility",
                "noise": NOISE,
                "prior_mass": PRIOR_MASS,
                "searching_prior_mass": SEARCHING_PRIOR_MASS,
                "noise_deviations": SURE,
                "context_numbers": NUMBERS,
                "context_concentration": CONCENTRATION,
                "parents": PARENTS,
                "parent_ridge": RIDGE,
                "pose_prior_mass": SEARCHING_PRIOR_MASS,
                "placing_numbers": PLACING_NUMBERS,
            },
            mines=BlockMiner,
            places=GraphModel,
            context_numbers=NUMBERS,
            posed=True,
            displacements=tables.displacements,
        ),
        Model(
            name=zhang2018.MODEL,
            parameters=zhang2018.PARAMETERS,
            mines=zhang_graph.ZhangBlockMiner,
            places=zhang_graph.ZhangGraphModel,
            context_numbers=0,
            posed=False,
            displacements=zhang_graph.layer_displacements,
        ),
    )
}
"""By name."""


def patterns_per_filter(width: int) -> int:
    """40, 20, 10 for maps 28, 14, 7 units wide, as in the papers; in proportion for other maps."""
    return math.ceil(1.4 * width)


def mining_parameters(layers: Sequence[LayerGeometry], model: str = OWN) -> dict[str, Any]:
    """Every setting that decides what is mined, for the graph's provenance."""
    return {
        "model": model,
        "layers": [layer.name for layer in layers],
        "patterns_per_filter": {layer.name: patterns_per_filter(layer.width) for layer in layers},
        "orientation_neighbours": NEIGHBOURS,
        "anchor_place_weight": PLACE_WEIGHT,
        "pose_numbers": POSE_NUMBERS,
        "firing": FIRING,
        "edges": EDGES,
        "edge_false_discoveries": FALSE_DISCOVERIES,
        "edge_candidates": CANDIDATES,
        **MODELS[model].parameters,
    }
