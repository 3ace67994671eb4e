"""Purity of patterns: the yardsticks beside plain loops, and what they must say of nodes that are known."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from egraph.errors import UsageError
from egraph.evaluation.judge import PATCH, STEP, Patches, judge_patches, last_map
from egraph.evaluation.purity import (
    STRONGEST,
    PartBoxes,
    evaluate_purity,
    score_nodes,
    strongest,
    sureness,
    surest_rows,
)
from egraph.evaluation.truth import Nodes
from egraph.mining.graph_tables import PatternTable
from egraph.network.load import Network
from egraph.network.preprocessing import Preprocessing
from egraph.photos.photo import Box, PhotoObject

CENTRES = torch.tensor([0.2, 0.4, 0.6, 0.8])


def random_patches(objects: int, seed: int = 0) -> Patches:
    generator = torch.Generator().manual_seed(seed)
    return Patches.of(torch.randn(objects, len(CENTRES) ** 2, 5, generator=generator), CENTRES)


def random_nodes(nodes: int, objects: int, seed: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(nodes, objects, 2, generator=generator), torch.rand(nodes, objects, generator=generator)


def slow_coherence(patches: Patches, places: np.ndarray, objects: np.ndarray) -> list[float]:
    found = []
    for node_places, node_objects in zip(places, objects, strict=True):
        seen = []
        for (row, column), o in zip(node_places, node_objects, strict=True):
            cell = [int(np.abs(CENTRES.numpy() - v).argmin()) for v in (row, column)]
            seen.append(patches.directions[o, cell[0] * len(CENTRES) + cell[1]].numpy())
        found.append(np.mean([a @ b for a, b in itertools.combinations(seen, 2)]))
    return found


def test_coherence_is_that_of_plain_loops() -> None:
    patches = random_patches(12)
    places, scores = random_nodes(9, 12)
    chosen = strongest(places, scores, 6)
    wanted = slow_coherence(patches, *(t.numpy() for t in chosen))
    assert patches.coherence(*chosen).tolist() == pytest.approx(wanted, abs=1e-5)


def test_the_same_picture_everywhere_is_coherent_and_random_pictures_are_not() -> None:
    embeddings = torch.randn(30, len(CENTRES) ** 2, 40, generator=torch.Generator().manual_seed(0))
    embeddings[:, 5] = embeddings[0, 5]
    patches = Patches.of(embeddings, CENTRES)
    on_it = torch.tensor([0.4, 0.4]).expand(1, 30, 2)
    assert score_nodes(on_it, torch.ones(1, 30), patches, None).coherence == pytest.approx(1, abs=1e-5)
    assert abs(score_nodes(*random_nodes(500, 30), patches, None).coherence) < 0.05


def horses(count: int) -> list[PhotoObject]:
    """Objects 100 x 50 at (10, 20): a head top left, two legs, the left one overlapping a large trunk."""
    parts = {
        "head": (Box(10, 20, 30, 20),),
        "leg": (Box(40, 50, 10, 20), Box(90, 50, 10, 20)),
        "trunk": (Box(30, 30, 60, 30),),
    }
    return [PhotoObject(Path("a.png"), f"{i:064}", 200, 100, Box(10, 20, 100, 50), dict(parts)) for i in range(count)]


def slow_part(obj: PhotoObject, mirrored: bool, row: float, column: float) -> str | None:
    x = obj.box.x + obj.box.width * (1 - column if mirrored else column)
    y = obj.box.y + obj.box.height * row
    inside = [
        (b.width * b.height, name)
        for name, boxes in obj.parts.items()
        for b in boxes
        if b.x <= x <= b.x + b.width and b.y <= y <= b.y + b.height
    ]
    return min(inside)[1] if inside else None


def test_a_place_is_on_the_smallest_part_around_it() -> None:
    objects = horses(12)
    mirrored = np.arange(12) % 2 == 1
    boxes = PartBoxes.of(objects, mirrored)
    assert boxes.names == ("head", "leg", "trunk") and boxes.drawn.all()
    places, _ = random_nodes(40, 12)
    rows = torch.arange(12).expand(40, 12)
    found = boxes.parts_at(places, rows)
    names = (None, *boxes.names)
    shares = []
    for node in range(40):
        wanted = [slow_part(o, bool(mirrored[i]), *places[node, i].tolist()) for i, o in enumerate(objects)]
        assert [names[part] for part in found[node]] == wanted
        shares.append(max(wanted.count(name) for name in names) / 12)
    assert boxes.purity(places, rows).tolist() == pytest.approx(shares)
    assert set(found.unique().tolist()) == {0, 1, 2, 3}, "the places reach every part, and none"


def test_only_the_strongest_objects_count_and_for_parts_only_those_with_boxes() -> None:
    count = 3 * STRONGEST
    objects = horses(count)
    for o in objects[: STRONGEST + 5]:
        o.parts.clear()
    boxes = PartBoxes.of(objects, np.zeros(count, bool))
    assert boxes.drawn.sum() == count - STRONGEST - 5
    scores = torch.linspace(1, 0, count)[None]
    places = torch.tensor([0.95, 0.05]).repeat(1, count, 1)
    places[0, STRONGEST + 5 : 2 * STRONGEST + 5] = torch.tensor([0.1, 0.1])
    assert score_nodes(places, scores, random_patches(count), boxes).purity == 1, "on all of the next twenty: the head"
    assert strongest(places, scores)[1].tolist() == [list(range(STRONGEST))]


def test_a_node_that_follows_one_part_is_purer_than_a_point_that_stands_still() -> None:
    objects = horses(30)
    generator = np.random.default_rng(0)
    for o in objects:
        x, y = generator.uniform(10, 70), generator.uniform(20, 50)
        o.parts.clear()
        o.parts["head"] = (Box(x, y, 20, 15),)
    boxes = PartBoxes.of(objects, np.zeros(30, bool))
    edges = boxes.edges[:, 0, 0]
    follows = torch.stack([edges[:, [0, 2]].mean(1), edges[:, [1, 3]].mean(1)], 1)[None]
    nodes = Nodes({"layer": follows}, {"layer": torch.rand(1, 30, generator=torch.Generator().manual_seed(0))})
    found = evaluate_purity(
        nodes, {"layer": follows.mean(1)}, nodes, {"layer": torch.tensor([0])}, random_patches(30), boxes
    )
    assert set(found) == {"layer", "all"} and found["layer"] == found["all"]
    scores = found["all"]
    assert scores["egraph"].purity == scores["raw_filters"].purity == scores["surest"].purity == 1
    assert scores["still"].purity < 1 and scores["surest_still"] == scores["still"]


def test_the_surest_patterns_find_most_beyond_chance() -> None:
    count = 4
    numbers = {name: np.zeros(count, np.float32) for name in PatternTable.__dataclass_fields__ if name != "layer"}
    numbers |= {
        "score": np.array([1, 4, 1, 0.1], np.float32),
        "advantage": np.array([1, 2, 3, 5], np.float32),
    }
    table = PatternTable(layer="layer", **numbers)
    # evidence and scatter of 100 objects: 100 of 100, 400 of 200, 100 of 33.3, 10 of 2
    wanted = [0, 200 / 200**0.5, (100 - 100 / 3) / (100 / 3) ** 0.5, 8 / 2**0.5]
    assert sureness(table, 100).tolist() == pytest.approx(wanted, rel=1e-5)
    assert surest_rows(table, 100, 3).tolist() == [1, 2, 3]


def judge_of(module: nn.Module) -> Network:
    return Network("judge@0", "judge", module.eval(), Preprocessing(96), "0" * 64, "own", torch.device("cpu"))


@pytest.fixture
def colours() -> Network:
    """A judge that sees the colours of a patch, and nothing else."""
    means = nn.Conv2d(3, 3, 8, stride=8, bias=False)
    with torch.no_grad():
        means.weight.copy_(torch.eye(3)[..., None, None].expand(3, 3, 8, 8) / 64)
    return judge_of(nn.Sequential(means, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 7)))


def test_patches_are_seen_in_the_canonical_view(tmp_path: Path, colours: Network) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    objects = []
    for name, image in (("photo", pixels), ("mirror", pixels[:, ::-1])):
        path = tmp_path / f"{name}.png"
        Image.fromarray(image).save(path)
        objects.append(PhotoObject(path, f"{name:0>64}", 112, 112, Box(0, 0, 112, 112)))
    patches = judge_patches(colours, objects, np.array([False, True]), 112)
    assert len(patches.centres) == round((1 - PATCH) / STEP) + 1
    assert patches.centres[0] == pytest.approx(PATCH / 2, abs=1 / 112)
    assert patches.centres[-1] == pytest.approx(1 - PATCH / 2, abs=1 / 112), "no patch reaches beyond the crop"
    assert torch.allclose(patches.directions[0], patches.directions[1], atol=2e-2)
    as_photographed = judge_patches(colours, objects, np.array([False, False]), 112)
    assert not torch.allclose(as_photographed.directions[0], as_photographed.directions[1], atol=2e-2)


def test_a_judge_must_have_a_map(colours: Network) -> None:
    assert last_map(colours) == "0"
    classes = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 7, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert last_map(judge_of(classes)) == "0", "a map of the classes says what is there, not how it looks"
    with pytest.raises(UsageError, match=r"has no map.*\.$"):
        last_map(judge_of(nn.Sequential(nn.Flatten(), nn.Linear(3 * 96 * 96, 2))))
