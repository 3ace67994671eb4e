"""A filter's output over an object: the network's own map, laid over the photo."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw

from egraph.network.layers import activations
from egraph.network.network import Network
from egraph.photos.crop import from_fractions, read_crop
from egraph.report.cutouts import whole_of, whole_picture
from egraph.report.pictures import colour_of, ring
from egraph.report.views import Sighting

COLOURS = "inferno"
PIXELS = 320
COVER = 0.78
"""How much of the photo the largest output covers."""
QUIET = 0.55
"""How bright the photo is under the map."""
BATCH = 9


def filter_maps(
    network: Network, layer: str, channel: int, seen: Sequence[Sighting], mirrored: Sequence[bool]
) -> np.ndarray:
    """A filter's output on objects, in the views that were mined, turned as photographed: (n, height, width).

    Raises:
        PhotoError: a photo cannot be read.
        UsageError: the network does not run on it.
    """
    size = network.preprocessing.size
    flip = torch.tensor(list(mirrored))[:, None, None, None]
    crops = network.preprocess(np.stack([read_crop(one.object, size) for one in seen]))
    views = torch.where(flip.to(crops.device), crops.flip(3), crops)
    found = activations(network, [layer], views)[layer][:, channel].float().cpu()
    turned = torch.where(flip[:, 0], found.flip(2), found)
    return torch.nan_to_num(turned).clamp_min(0.0).numpy()


def heat_picture(seen: Sighting, output: np.ndarray, most: float, layer: int) -> Image.Image:
    """The photo, darkened, under a filter's output (height, width), `most` of which is brightest; a ring where the unit
    fired.

    Raises:
        PhotoError: the photo cannot be read.
    """
    picture, view = whole_picture(seen.object, PIXELS), whole_of(seen.object, PIXELS)
    left, top, width, height = view.box(seen.object.box)
    share = Image.fromarray((np.clip(output / max(most, 1e-9), 0, 1) * 255).astype(np.uint8))
    size = max(1, round(width)), max(1, round(height))
    values = np.asarray(share.resize(size, Image.Resampling.BICUBIC), np.float32) / 255
    hot = Image.fromarray((matplotlib.colormaps[COLOURS](values)[..., :3] * 255).astype(np.uint8))
    dark = Image.blend(Image.new("RGB", picture.size, "black"), picture.convert("L").convert("RGB"), QUIET)
    cover = Image.fromarray((np.sqrt(values) * COVER * 255).astype(np.uint8))
    dark.paste(hot, (round(left), round(top)), cover)
    ring(ImageDraw.Draw(dark), *view.at(*from_fractions(seen.object, seen.x, seen.y)), 13, colour_of(layer))
    return dark
