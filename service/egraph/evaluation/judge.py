"""Patches of the objects' crops as another network sees them: what says whether pictures show the same thing.

The judge must have had no part in mining, and it sees each patch alone. n objects, c x c patches of each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.errors import UsageError
from egraph.network.layers import activations, map_shapes
from egraph.network.load import Network
from egraph.photos.crop import read_crop
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress, report

PATCH = 70 / 224
"""Side of a patch, in fractions of the crop."""

STEP = 14 / 224
"""The patches' centres lie on a grid of this width; every patch lies inside the crop, so that no border looks alike."""

SEEN_SIZE = 64
"""Pixels to which a patch is resized for the judge."""

AT_ONCE = 36
"""Patches that run through the judge together."""


@dataclass(frozen=True)
class Patches:
    """Directions (n, c * c, d) of what the judge says of each patch, about the mean of all patches, row by row; of
    length 1. centres: (c,) of the patches, in fractions of the crop, the same for rows and columns."""

    directions: Tensor
    centres: Tensor

    @classmethod
    def of(cls, embeddings: Tensor, centres: Tensor) -> "Patches":
        """From what the judge says of each patch, (n, c * c, d)."""
        about_mean = embeddings.float() - embeddings.float().mean((0, 1))
        return cls(F.normalize(about_mean, dim=-1), centres)

    def coherence(self, places: Tensor, objects: Tensor) -> Tensor:
        """How alike the patches about places look: the mean cosine of all pairs, (P,), 1 for the same picture.

        Args:
            places: (P, k, 2) row, column, fractions of the crop; the patch with the nearest centre is looked at.
            objects: (P, k) the object that each place is on.
        """
        nearest = torch.bucketize(places.contiguous(), (self.centres[1:] + self.centres[:-1]) / 2)
        cell = nearest[..., 0] * len(self.centres) + nearest[..., 1]
        count = places.shape[1]
        # the sum over pairs is (|sum|^2 - k) / 2
        sums = [self.directions[o, c].sum(1) for o, c in zip(objects.split(256), cell.split(256), strict=True)]
        return (torch.cat(sums).square().sum(1) - count) / (count * (count - 1))


def judge_patches(
    judge: Network,
    objects: Sequence[PhotoObject],
    mirrored: np.ndarray,
    size: int,
    progress: Progress | None = None,
) -> Patches:
    """Run the judge over all patches of the objects' crops, each crop in its canonical view.

    Args:
        mirrored: (n,) which crops are mirrored. size: of the crop in pixels, as the mined network sees it.

    Raises:
        InputError: a photo cannot be read.
        UsageError: the judge has no map.
    """
    layer = last_map(judge)
    radius = round(PATCH * size / 2)
    starts = torch.linspace(0, size - 2 * radius, round((size - 2 * radius) / (STEP * size)) + 1).round().int().tolist()
    directions = []
    for done, (obj, turned) in enumerate(zip(objects, mirrored, strict=True), start=1):
        crop = read_crop(obj, size)
        whole = judge.preprocess((np.fliplr(crop) if turned else crop.copy())[None])[0]
        patches = torch.stack([whole[:, y : y + 2 * radius, x : x + 2 * radius] for y in starts for x in starts])
        directions.append(_embed(judge, layer, patches).half().cpu())
        report(progress, "looking at patches", done, len(objects))
    return Patches.of(torch.stack(directions), (torch.tensor(starts) + radius) / size)


def last_map(judge: Network) -> str:
    """The judge's last layer that still has a map and is no list of classes; its mean says what a patch shows.

    Raises:
        UsageError: there is none.
    """
    names = [shape.name for shape in map_shapes(judge) if not shape.classes]
    if not names:
        raise UsageError(f"{judge.name} has no map to judge patches by; give a convolutional network as the judge.")
    return names[-1]


def _embed(judge: Network, layer: str, patches: Tensor) -> Tensor:
    """The mean over the map of `layer` for each patch, (patches, channels)."""
    seen = F.interpolate(patches, (SEEN_SIZE, SEEN_SIZE), mode="bilinear", antialias=True, align_corners=False)
    blocks = seen.contiguous(memory_format=torch.channels_last).split(AT_ONCE)
    return torch.cat([activations(judge, [layer], block)[layer].mean((2, 3)) for block in blocks])
