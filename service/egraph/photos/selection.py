"""Which of the usable objects are taken: each once, and no more than asked for."""

import random
from collections.abc import Sequence

from egraph.errors import UsageError
from egraph.photos.photo import PhotoObject, PhotoSet, Skipped


def select(objects: Sequence[PhotoObject], skipped: Sequence[Skipped], limit: int | None, seed: int) -> PhotoSet:
    """Drop the second of equal objects (same file content, same box), then draw at most `limit`, order kept.

    The same seed draws the same objects, and a smaller limit a part of them.

    Raises:
        UsageError: `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"The limit on photos is {limit}; give 1 or more, or none at all.")
    first: dict[str, PhotoObject] = {}
    left_out = list(skipped)
    for o in objects:
        twin = first.setdefault(o.id, o)
        if twin is not o:
            left_out.append(Skipped(str(o.path), f"the same photo and box as {twin.path}"))
    unique = list(first.values())
    if limit is not None and limit < len(unique):
        order = list(range(len(unique)))
        random.Random(seed).shuffle(order)
        unique = [unique[i] for i in sorted(order[:limit])]
    return PhotoSet(unique, left_out)
