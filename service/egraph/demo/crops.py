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

JITTER = 0.08
"""Each edge of a varied crop is off by up to this share of the box."""


def make_crops(index: int, seed: int, size: int, variants: int) -> tuple[int, np.ndarray]:
    """The crops of photo `index`; the classes (the kinds, then background) take turns.

    Returns:
        The class, and (variants, size, size, 3) uint8 crops: the first of the object's box, the others of boxes
        somewhat off it.
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
    crops = [_crop(image, box, np.zeros(4), size)]
    crops += [_crop(image, box, rng.uniform(-JITTER, JITTER, 4), size) for _ in range(variants - 1)]
    return number, np.stack(crops)


def crops_of_many(count: int, seed: int, size: int, variants: int, workers: int) -> Iterator[tuple[int, np.ndarray]]:
    """`make_crops` of photos 0 to `count`, in order, made by `workers` processes (0: by this one)."""
    task = partial(make_crops, seed=seed, size=size, variants=variants)
    if workers == 0:
        yield from map(task, range(count))
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(task, range(count), chunksize=16)


def _crop(image: Image.Image, box: Box, off: np.ndarray, size: int) -> np.ndarray:
    left, top = box.x + off[0] * box.width, box.y + off[1] * box.height
    right, bottom = box.x + box.width * (1 + off[2]), box.y + box.height * (1 + off[3])
    region = (max(0, round(left)), max(0, round(top)), min(image.width, round(right)), min(image.height, round(bottom)))
    return np.asarray(image.crop(region).resize((size, size), Image.Resampling.BICUBIC))
