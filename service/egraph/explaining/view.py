"""The view that is explained: an object's box with some of what surrounds it, as the photo shows it.

The object stays at nearly the scale that was mined, and there is a background that can be to blame. Places are
(row, column) in fractions of the object's box, as in mining, so that a place of the surroundings lies below 0 or
above 1; the object stands as it was photographed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.network.layer import LayerGeometry
from egraph.photos.boxes import clip, whole_pixels
from egraph.photos.crop import crop_box, read_region
from egraph.photos.photo import Box, PhotoObject

MARGIN = 0.25
"""Of the object's width and height is added on each side, as far as the photo reaches."""

EDGE = 1e-6
"""A unit whose centre lies on the edge of the box is on the object."""


@dataclass(frozen=True, slots=True)
class View:
    """region: of the photo that is seen, in whole pixels. box: the object's, in fractions of the region."""

    region: Box
    box: Box

    def from_box(self, places: Tensor) -> Tensor:
        """Places (..., 2) in fractions of the object's box to fractions of the view."""
        size, corner = self._box_numbers(places)
        return corner + places * size

    def to_box(self, places: Tensor) -> Tensor:
        """Places (..., 2) in fractions of the view to fractions of the object's box."""
        size, corner = self._box_numbers(places)
        return (places - corner) / size

    def _box_numbers(self, like: Tensor) -> tuple[Tensor, Tensor]:
        box = self.box
        return like.new_tensor([box.height, box.width]), like.new_tensor([box.y, box.x])


@dataclass(frozen=True)
class Units:
    """Where the units of one layer look, in fractions of the object's box, in n views.

    rows: (n, height) and columns: (n, width) of their centres. size: (n, 2) height and width of a unit.
    """

    rows: Tensor
    columns: Tensor
    size: Tensor

    @property
    def on_object(self) -> Tensor:
        """Which units look at the object, row by row: (n, units) bool."""
        row, column = ((axis > -EDGE) & (axis < 1 + EDGE) for axis in (self.rows, self.columns))
        return (row[:, :, None] & column[:, None, :]).flatten(1)

    @property
    def places(self) -> Tensor:
        """Their centres, row by row: (n, units, 2)."""
        shape = (-1, self.rows.shape[1], self.columns.shape[1])
        return torch.stack([self.rows[:, :, None].expand(shape), self.columns[:, None].expand(shape)], -1).flatten(1, 2)


def widened_view(obj: PhotoObject) -> View:
    """The view of an object.

    Raises:
        PhotoError: the object's box lies outside the photo.
    """
    box = crop_box(obj)
    across, down = MARGIN * box.width, MARGIN * box.height
    wide = Box(box.x - across, box.y - down, box.width + 2 * across, box.height + 2 * down)
    seen = clip(wide, obj.photo_width, obj.photo_height)
    region = None if seen is None else whole_pixels(seen, obj.photo_width, obj.photo_height)
    assert region is not None
    return View(
        region,
        Box(
            (box.x - region.x) / region.width,
            (box.y - region.y) / region.height,
            box.width / region.width,
            box.height / region.height,
        ),
    )


def read_view(obj: PhotoObject, view: View, size: int) -> np.ndarray:
    """The view's pixels, resized to a square as a crop is: (size, size, 3) uint8, RGB.

    Raises:
        PhotoError: the photo cannot be decoded, or has changed since it was listed.
    """
    return read_region(obj, view.region, size)


def layer_units(views: Sequence[View], layer: LayerGeometry, size: int) -> Units:
    """Where a layer's units look in some views, each of which is `size` pixels wide when the network sees it."""

    def centres(count: int, corners: Tensor, lengths: Tensor) -> Tensor:
        places = (torch.arange(count) * layer.stride + layer.first_centre) / size
        return (places - corners[:, None]) / lengths[:, None]

    left, top, width, height = torch.tensor([[v.box.x, v.box.y, v.box.width, v.box.height] for v in views]).T
    return Units(
        rows=centres(layer.height, top, height),
        columns=centres(layer.width, left, width),
        size=layer.stride / size / torch.stack([height, width], 1),
    )
