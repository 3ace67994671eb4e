"""The boxes that a person drew: which of them an And-Or graph learns from, and where they are."""

from collections.abc import Sequence
from shlex import quote

import numpy as np
import torch
from torch import Tensor

from egraph.errors import NothingYetError
from egraph.mining.graph_tables import MinedGraph
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import PhotoObject
from egraph.photos.selection import select


def choose_labels(
    graph: MinedGraph, labelled: Sequence[PhotoObject], part: str, shots: int | None, seed: int
) -> tuple[list[PhotoObject], list[str]]:
    """The labelled objects to learn from: they show the part once and were mined; `shots` of them, drawn by `seed`.

    Returns:
        the objects, and sentences on those that could not be used.

    Raises:
        NothingYetError: there is none.
    """
    showing = [o for o in labelled if o.parts.get(part)]
    how = f"egraph part import coco.json --category {quote(graph.category)} --part {quote(part)}, or egraph part label"
    if not showing:
        raise NothingYetError(f"{graph.category} has no boxes of {part} yet; draw one to three: {how}.")
    mined = {o.id for o in graph.objects}
    inside = [o for o in showing if o.id in mined]
    if not inside:
        raise NothingYetError(
            f"None of the {len(showing)} photos with a box of {part} was mined into {graph.id}; label photos that were "
            f"({how}), or mine these too."
        )
    once = [o for o in inside if len(o.parts[part]) == 1]
    if not once:
        raise NothingYetError(f"Every labelled {graph.category} shows {part} more than once; draw it where it is once.")
    left_out = []
    if beside := len(showing) - len(inside):
        left_out.append(f"{beside:,} more with a box of {part} left out: the graph was not mined from them")
    if twice := len(inside) - len(once):
        left_out.append(
            f"{twice:,} more left out: several boxes of {part}; take them back with `egraph part remove --photo PHOTO "
            f"--category {quote(graph.category)} --part {quote(part)}`"
        )
    if shots is not None and shots > len(once):
        left_out.append(f"{shots} were asked for; there are no more")
    return once if shots is None else select(once, [], shots, seed).objects, left_out


def part_places(objects: Sequence[PhotoObject], part: str) -> Tensor:
    """Centres of the part's first box, (n, 2) row, column in fractions of the object's box, as photographed."""
    rows = []
    for o in objects:
        box = o.parts[part][0]
        row, column = box.y + box.height / 2, box.x + box.width / 2
        rows.append([(row - o.box.y) / o.box.height, (column - o.box.x) / o.box.width])
    return torch.tensor(rows, dtype=torch.float32)


def canonical_places(graph: MinedGraph, objects: Sequence[PhotoObject], part: str) -> Tensor:
    """Centres of a part's boxes in the canonical view: (n, 2) row, column."""
    places = part_places(objects, part)
    mirrored = {o.id: bool(m) for o, m in zip(graph.objects, graph.mirrored, strict=True)}
    return turned_places(places, np.array([mirrored[o.id] for o in objects], bool))
