"""Where the patterns of a mined graph are on any object, from nothing but the graph and the network."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from egraph.mining.graph_model import Placed, model_of
from egraph.mining.graph_tables import Firings, MinedGraph
from egraph.mining.models import MODELS
from egraph.network.load import Network
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
    for layer, mass in placed.mass.items():
        pattern, column = (a.numpy() for a in placed.fires[layer].nonzero(as_tuple=True))
        place = placed.places[layer][pattern, column].numpy()
        x = np.where(placed.mirrored[column], 1 - place[:, 1], place[:, 1])
        found.append(
            Firings(
                layer=layer,
                pattern=pattern.astype(np.int32),
                object=column.astype(np.int32),
                score=mass[pattern, column].numpy(),
                x=x.astype(np.float32),
                y=place[:, 0].astype(np.float32),
            )
        )
    return found


def _joined(blocks: Sequence[Placed]) -> Placed:
    """Objects of several blocks, in order."""

    def together(name: str) -> dict[str, Tensor]:
        return {layer: torch.cat([getattr(b, name)[layer] for b in blocks], 1) for layer in blocks[0].places}

    return Placed(
        **{name: together(name) for name in ("places", "alone", "expected", "mass", "fires", "peaks", "peak_scores")},
        prior=blocks[0].prior,
        mirrored=np.concatenate([b.mirrored for b in blocks]),
    )
