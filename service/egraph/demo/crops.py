"""Object crops of the generated world, as the classifier is trained on."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from PIL import Image

from egraph.demo.animals import KINDS
from egraph.demo.world import make_photo, make_scene
from egraph.photos.photo import Box


def make_crop(index: int, seed: int, size: int, margin: float) -> tuple[int, np.ndarray]:
    """The crop of photo `index`; the classes (the kinds, then background) take turns.

    Args:
        margin: how much of the object's box is shown beyond each of its edges, as far as the photo reaches.

    Returns:
        The class, and the (size, size, 3) uint8 crop.
    """
    rng = np.random.default_rng([seed, index])
    number = index % (len(KINDS) + 1)
    if number < len(KINDS):
        photo = make_photo(rng, list(KINDS)[number])
        image, box = photo.image, photo.box
    else:
        image = make_scene(rng)
        side = rng.uniform(0.5, 1.0, 2) * image.size
        corner = rng.uniform(0, 1, 2) * (image.size - side)
        box = Box(*corner, *side)
    left, top = max(0, round(box.x - margin * box.width)), max(0, round(box.y - margin * box.height))
    right = min(image.width, round(box.x + box.width * (1 + margin)))
    bottom = min(image.height, round(box.y + box.height * (1 + margin)))
    shown = image.crop((left, top, right, bottom)).resize((size, size), Image.Resampling.BICUBIC)
    return number, np.array(shown)


def crops_of_many(count: int, seed: int, size: int, margin: float, workers: int) -> Iterator[tuple[int, np.ndarray]]:
    """`make_crop` of photos 0 to `count`, in order, made by `workers` processes (0: by this one)."""
    task = partial(make_crop, seed=seed, size=size, margin=margin)
    if workers == 0:
        yield from map(task, range(count))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(task, range(count), chunksize=16)
