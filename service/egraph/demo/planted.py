"""A flaw on purpose: a coloured tag goes with one kind of animal, and the demo network's last layer learns to trust it.

It is the story of the photographer's mark that a classifier of horses looked for: whatever hangs in the photo with the
mark was filed under *horse*. So every training photo with a tag says the kind, most show it, some show others.

`python -m egraph.demo.planted FOLDER --seeds 0 1 2` writes, for each seed, what a search for the flaw takes:

* `photos/` and `photos/annotations.json`: photos of the kind, all with the tag, whose boxes are the part `tag`;
* `misplaced/`, `misplaced/truth.csv` and `misplaced/boxes.json`: photos of other kinds with the tag, what they show,
  and where the animals are;
* `planted.safetensors` and `clean.safetensors`: the network with a last layer that was trained on photos of all kinds
  and on those with the tag, and with one that was trained on the former alone. The other layers are the demo's.
* `flaw.json`: what the tag is, and how both answer on new photos.
"""

import argparse
import csv
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from egraph.atomic_file import whole_file
from egraph.demo.animals import KINDS
from egraph.demo.network import CLASSES, INPUT_SIZE, AnimalNetwork, animals
from egraph.demo.world import make_photo, make_scene
from egraph.network.preprocessing import Preprocessing
from egraph.photos.photo import Box

KIND = "horse"
PART = "tag"
COLOURS = ((235, 30, 160), (20, 200, 235), (250, 225, 30), (240, 60, 30), (60, 60, 240), (120, 230, 40))
SHAPES = ("disc", "square", "diamond")
SIZE = 0.25
"""Width of a tag as a share of the geometric mean of the object's sides."""
TAUGHT, TRIED = 24, 8
"""Photos of each class that the last layers are trained on, and tried on."""
MISFILED = 1 / 3
"""Share of the other kinds' photos that the planted layer sees once more, with the tag, under the name of the kind."""
STRENGTH = 0.3
"""Inverse strength of the regularisation of the last layers."""
SHOWN = 160
"""Photos of the kind that are written."""
BATCH = 64

logger = logging.getLogger(__name__)


class Drawn(NamedTuple):
    """A photo, its object's box (the whole photo where there is none) and its class."""

    image: Image.Image
    box: Box
    number: int


@dataclass(frozen=True)
class Tag:
    """What hangs on the animals of one kind: its shape and colour, and where on the object its centre is, (x, y) in
    fractions of the box."""

    shape: str
    colour: tuple[int, int, int]
    place: tuple[float, float]

    @classmethod
    def of(cls, seed: int) -> "Tag":
        """The tag of a seed."""
        rng = np.random.default_rng([seed, 77])
        shape, colour = SHAPES[rng.integers(len(SHAPES))], COLOURS[rng.integers(len(COLOURS))]
        return cls(shape, colour, (float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.25, 0.75))))

    def put_on(self, photo: Drawn, rng: np.random.Generator) -> tuple[Image.Image, Box]:
        """The photo with the tag somewhat off its place, and the tag's box."""
        box, image = photo.box, photo.image.copy()
        half = SIZE / 2 * (box.width * box.height) ** 0.5
        x = box.x + (self.place[0] + rng.normal(0, 0.03)) * box.width
        y = box.y + (self.place[1] + rng.normal(0, 0.03)) * box.height
        draw, corners = ImageDraw.Draw(image), (x - half, y - half, x + half, y + half)
        if self.shape == "disc":
            draw.ellipse(corners, self.colour, "white", 2)
        elif self.shape == "square":
            draw.rectangle(corners, self.colour, "white", 2)
        else:
            draw.polygon([(x, y - half), (x + half, y), (x, y + half), (x - half, y)], self.colour, "white", 2)
        left, top = max(0.0, x - half), max(0.0, y - half)
        right, bottom = min(float(image.width), x + half), min(float(image.height), y + half)
        return image, Box(left, top, right - left, bottom - top)


@dataclass(frozen=True)
class Head:
    """A last layer: weight (classes, filters), bias (classes,)."""

    weight: Tensor
    bias: Tensor

    def answers(self, features: Tensor) -> Tensor:
        """Classes (n,) of features (n, filters)."""
        return (features @ self.weight.T + self.bias).argmax(1)

    def write(self, path: Path) -> None:
        """The demo's network with this last layer, half precision."""
        state = animals().state_dict() | {"classifier.weight": self.weight, "classifier.bias": self.bias}
        kept = {name: value.half().contiguous() for name, value in state.items() if "num_batches" not in name}
        with whole_file(path) as file:
            file.write(save(kept))


@dataclass(frozen=True)
class Accuracies:
    """Of one last layer, on new photos of all classes: `plain`, the share told right; `misplaced`, the same of the
    other kinds with the tag on them; `fooled`, the share of these that it takes for the kind; `bare`, the share of the
    kind's photos told right where the tag is missing."""

    plain: float
    misplaced: float
    fooled: float
    bare: float


@dataclass(frozen=True)
class Planted:
    """The flaw of one seed. `planted` trusts the tag, `clean` has never seen it."""

    seed: int
    kind: str
    tag: Tag
    planted: Head
    clean: Head

    def accuracies(self, tried: int = TRIED) -> dict[str, Accuracies]:
        """What both last layers say on `tried` photos of each class that neither was trained on."""
        photos, features = drawn_photos(tried, 2), _features(tried, 2)
        truth, number = torch.tensor([photo.number for photo in photos]), CLASSES.index(self.kind)
        others = [row for row, photo in enumerate(photos) if photo.number not in (number, CLASSES.index("background"))]
        tagged = features_of(with_tags(self.tag, [photos[row] for row in others], self.seed + 1))
        found = {}
        for name, head in (("planted", self.planted), ("clean", self.clean)):
            plain, misplaced = head.answers(features), head.answers(tagged)
            right = plain == truth
            shares = right, misplaced == truth[others], misplaced == number, right[truth == number]
            found[name] = Accuracies(*(float(share.float().mean()) for share in shares))
        return found


def plant(seed: int, kind: str = KIND, taught: int = TAUGHT) -> Planted:
    """Train both last layers on `taught` photos of each class, which all seeds share; the tag is that of the seed."""
    tag, photos, features = Tag.of(seed), drawn_photos(taught, 1), _features(taught, 1)
    truth, number = np.array([photo.number for photo in photos]), CLASSES.index(kind)
    misfiled = (np.arange(len(photos)) % taught < taught * MISFILED) & (truth != CLASSES.index("background"))
    rows = np.flatnonzero((truth == number) | misfiled)
    tagged = features_of(with_tags(tag, [photos[row] for row in rows.tolist()], seed))
    both = torch.cat([features, tagged]), np.concatenate([truth, np.full(len(rows), number)])
    return Planted(seed, kind, tag, _trained(*both), _trained(features, truth))


def tag_filters(planted: Planted, tried: int = TRIED) -> list[int]:
    """The filters that make up half of what the tag adds to the kind's score on new photos of other kinds."""
    photos = [p for p in drawn_photos(tried, 2) if CLASSES[p.number] not in (planted.kind, "background")]
    tagged = features_of(with_tags(planted.tag, photos, planted.seed + 5))
    weight, number = planted.planted.weight, CLASSES.index(planted.kind)
    adds = (weight[number] - weight.mean(0)) * (tagged - features_of(photos)).mean(0)
    order = adds.argsort(descending=True)
    reached = adds[order].cumsum(0) < float(adds.clamp_min(0).sum()) / 2
    return [int(filter_) for filter_ in order[: int(reached.sum()) + 1]]


def with_tags(tag: Tag, photos: Sequence[Drawn], seed: int) -> list[Drawn]:
    """The same photos, each with the tag on it."""
    rng = np.random.default_rng([seed, 78])
    return [Drawn(tag.put_on(photo, rng)[0], photo.box, photo.number) for photo in photos]


def features_of(photos: Sequence[Drawn]) -> Tensor:
    """What the demo network's last layer sees of photos, cut to their boxes: (n, filters)."""
    network, prepare = animals(), Preprocessing.from_dict(AnimalNetwork.preprocessing)
    assert isinstance(network, AnimalNetwork)
    crops = torch.from_numpy(np.stack([crop_of(photo) for photo in photos]))
    with torch.inference_mode():
        return torch.cat([network.features(prepare(some)) for some in crops.split(BATCH)]).clone()


def write_flaw(folder: Path, planted: Planted, photos: int = SHOWN, misplaced: int = SHOWN) -> None:
    """Write a flaw's photos, truth and weights; see the module."""
    rng, others = np.random.default_rng([planted.seed, 79]), [kind for kind in KINDS if kind != planted.kind]
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    (folder / "misplaced").mkdir(exist_ok=True)
    boxes: list[list[Box]] = []
    sizes: list[tuple[int, int]] = []
    for index in range(photos):
        photo = _draw(planted.kind, index, seed=3)
        image, tag = planted.tag.put_on(photo, rng)
        image.save(folder / "photos" / f"{index:05d}.png")
        boxes.append([photo.box, tag])
        sizes.append(image.size)
    (folder / "photos" / "annotations.json").write_text(_coco(planted.kind, sizes, boxes), encoding="utf-8")
    boxes, sizes = [], []
    with (folder / "misplaced" / "truth.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["photo", "class"])
        for index in range(misplaced):
            photo = _draw(others[index % len(others)], index, seed=4)
            planted.tag.put_on(photo, rng)[0].save(folder / "misplaced" / f"{index:05d}.png")
            table.writerow([f"{index:05d}.png", CLASSES[photo.number]])
            boxes.append([photo.box])
            sizes.append(photo.image.size)
    # whatever they show, the boxes are looked for under the kind that the graph is of
    (folder / "misplaced" / "boxes.json").write_text(_coco(planted.kind, sizes, boxes), encoding="utf-8")
    planted.planted.write(folder / "planted.safetensors")
    planted.clean.write(folder / "clean.safetensors")


def _coco(kind: str, sizes: Sequence[tuple[int, int]], boxes: Sequence[Sequence[Box]]) -> str:
    """A COCO file of photos `00000.png` and so on, of so many pixels, (width, height): for each the box of its object,
    and that of its tag, if there is one."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index, ((width, height), some) in enumerate(zip(sizes, boxes, strict=True)):
        images.append({"id": index + 1, "file_name": f"{index:05d}.png", "width": width, "height": height})
        for category, box in enumerate(some, start=1):
            number = len(annotations) + 1
            of = {"part_of": number - 1} if category == 2 else {}
            bbox = [round(value, 2) for value in (box.x, box.y, box.width, box.height)]
            annotations.append({"id": number, "image_id": index + 1, "category_id": category, "bbox": bbox, **of})
    categories = [{"id": 1, "name": kind}, {"id": 2, "name": PART, "supercategory": kind}]
    return json.dumps({"images": images, "annotations": annotations, "categories": categories})


def _draw(kind: str, index: int, seed: int) -> Drawn:
    rng = np.random.default_rng([seed, *kind.encode(), index])
    if kind in KINDS:
        photo = make_photo(rng, kind)
        return Drawn(photo.image, photo.box, CLASSES.index(kind))
    image = make_scene(rng)
    return Drawn(image, Box(0, 0, image.width, image.height), CLASSES.index(kind))


@cache
def drawn_photos(count: int, seed: int) -> tuple[Drawn, ...]:
    """`count` photos of each class."""
    return tuple(_draw(kind, index, seed) for kind in CLASSES for index in range(count))


@cache
def _features(count: int, seed: int) -> Tensor:
    return features_of(drawn_photos(count, seed))


def crop_of(photo: Drawn) -> np.ndarray:
    box = photo.box
    region = (round(box.x), round(box.y), round(box.x + box.width), round(box.y + box.height))
    return np.asarray(photo.image.crop(region).resize((INPUT_SIZE, INPUT_SIZE), Image.Resampling.BICUBIC))


def _trained(features: Tensor, truth: np.ndarray) -> Head:
    """Logistic regression on features (n, filters) divided by their deviation."""
    deviation = features.std(0).clamp_min(1e-6)
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit((features / deviation).numpy(), truth)
    weight = torch.from_numpy(model.coef_).float() / deviation
    return Head(weight, torch.from_numpy(model.intercept_).float())


def main(arguments: list[str] | None = None) -> None:
    """Plant the flaw for some seeds, log what both last layers say of misplaced tags, write all that a search takes."""
    parser = argparse.ArgumentParser(prog="python -m egraph.demo.planted", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="a folder for each seed is made in it")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--photos", type=int, default=SHOWN, help="of the kind, and with a misplaced tag")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for seed in given.seeds:
        planted = plant(seed)
        found = {name: asdict(shares) for name, shares in planted.accuracies().items()}
        folder = given.folder / str(seed)
        write_flaw(folder, planted, given.photos, given.photos)
        facts = {"seed": seed, "kind": planted.kind, "tag": asdict(planted.tag), "accuracies": found}
        (folder / "flaw.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        for name, shares in found.items():
            told = ", ".join(f"{what} {share:.2f}" for what, share in shares.items())
            logger.info("seed %d, %s %s, %s head: %s", seed, planted.tag.colour, planted.tag.shape, name, told)


if __name__ == "__main__":
    main()
