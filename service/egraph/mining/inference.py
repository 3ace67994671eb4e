"""Where the patterns of a mined graph are on any object, from nothing but the graph and the network."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from egraph.mining.graph_model import Placed, model_of
from egraph.mining.graph_tables import Firings, MinedGraph
from egraph.mining.models import MODELS
from egraph.network.load import Network
from egraph.photos.mirroring import turned_columns
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress

BLOCK_OBJECTS = 8


def place_patterns(
    graph: MinedGraph,
    network: Network,
    objects: Sequence[PhotoObject],
    mirrored: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Placed:
    """Run the network over objects and their mirrors and infer all patterns of the graph.

    Args:
        mirrored: (n,) which objects stand mirrored, where it is known; else the patterns decide.

    Raises:
        InputError: the graph was mined with other weights, or a photo cannot be read.
    """
    blocks = []
    model = MODELS[model_of(graph)].places(graph, network)
    for start in range(0, len(objects), BLOCK_OBJECTS):
        some = slice(start, start + BLOCK_OBJECTS)
        blocks.append(model.place(objects[some], None if mirrored is None else mirrored[some]))
        if progress:
            progress("placing patterns", min(start + BLOCK_OBJECTS, len(objects)), len(objects))
    return _joined(blocks)


def firings(placed: Placed) -> list[Firings]:
    """All firings on the placed objects, counted as they were placed. See `Firings` for the columns."""
    found = []
    for layer in placed.mass:
        pattern, column = placed.fires[layer].nonzero(as_tuple=True)
        mirrored = placed.mirrored[column]

        def at_firings(values: Tensor, where: tuple[Tensor, Tensor] = (pattern, column)) -> np.ndarray:
            return values[where].numpy()

        unit, expected = (
            at_firings(placed.units[layer]),
            at_firings((placed.places if placed.posed else placed.expected)[layer]),
        )
        likeness = at_firings(placed.likeness[layer])
        found.append(
            Firings(
                layer=layer,
                pattern=pattern.int().numpy(),
                object=column.int().numpy(),
                x=turned_columns(unit[:, 1], mirrored),
                y=unit[:, 0],
                activation=at_firings(placed.activation[layer]),
                score=at_firings(placed.score[layer]),
                likeness=likeness if placed.posed else likeness[:0],
                expected_x=turned_columns(expected[:, 1], mirrored),
                expected_y=expected[:, 0],
            )
        )
    return found


def _joined(blocks: Sequence[Placed]) -> Placed:
    """Objects of several blocks, in order."""

    def together(name: str) -> dict[str, Tensor]:
        return {layer: torch.cat([getattr(b, name)[layer] for b in blocks], 1) for layer in blocks[0].places}

    names = "places", "alone", "expected", "mass", "fires", "units", "activation", "score", "likeness"
    return Placed(
        **{name: together(name) for name in (*names, "peaks", "peak_scores")},
        prior=blocks[0].prior,
        mirrored=np.concatenate([b.mirrored for b in blocks]),
        posed=blocks[0].posed,
    )
