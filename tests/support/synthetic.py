"""Graphs made of random numbers, of any size, for tests and measurements of the database."""

import hashlib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from egraph.aog.model import AndOrGraph, Found, Template
from egraph.aog.votes import VoteSettings
from egraph.diagnosing.diagnosis import Diagnosis
from egraph.diagnosing.finding import Figure, Finding
from egraph.diagnosing.finding import Kind as Sort
from egraph.diagnosing.trial import Trial
from egraph.explaining.account import GroupLine, LayerAccount, PatternLine
from egraph.explaining.explanation import ClassLine, Explanation
from egraph.explaining.groups import Kind
from egraph.graph.content_hash import content_hash
from egraph.mining.graph_tables import (
    ANCHORS,
    CoActivations,
    Displacements,
    FilterPeaks,
    Firings,
    LayerReading,
    MinedGraph,
    PatternTable,
)
from egraph.mining.pose import PLACING_NUMBERS
from egraph.network.layer import LayerGeometry
from egraph.photos.photo import Box, PhotoObject


def synthetic_graph(
    category: str = "horse",
    name: str = "default",
    filters: tuple[int, ...] = (6, 4),
    numbers: int = 3,
    anchors: int = 4,
    objects: int = 12,
    parents: int = 3,
    firings_per_object: int = 20,
    rank: int = 4,
    seed: int = 0,
    salt: str = "",
    labelled: int = 0,
) -> MinedGraph:
    """A graph with `filters[i]` filters of `numbers` patterns in layer i, each with `parents` edges of both
    kinds to the layer above, `firings_per_object` of each layer on every object, but on the first `labelled` objects
    half of all patterns fire."""
    random = np.random.default_rng(seed)

    def floats(*shape: int) -> np.ndarray:
        return random.random(shape, dtype=np.float32)

    def shares(channels: int) -> tuple[np.ndarray, np.ndarray]:
        return floats(channels), floats(channels)

    network = f"toy{salt}@{seed:012x}"
    layers = [LayerGeometry(f"layer{i + 1}", i, n, 14, 14, 16.0, 8.0, 100.0) for i, n in enumerate(filters)]
    layers.append(LayerGeometry(ANCHORS, len(filters), sum(filters), 14, 14, 16.0, 8.0, 224.0))
    readings = {
        g.name: LayerReading(
            floats(g.channels), floats(g.channels), floats(g.channels), floats(g.channels, 2), *shares(g.channels)
        )
        for g in layers[:-1]
    }
    patterns = {}
    for geometry in layers:
        top = geometry.name == ANCHORS
        filter_ = (
            np.zeros(anchors, np.int32) if top else np.repeat(np.arange(geometry.channels, dtype=np.int32), numbers)
        )
        number = (
            np.arange(anchors, dtype=np.int32)
            if top
            else np.tile(np.arange(numbers, dtype=np.int32), geometry.channels)
        )
        size = len(filter_)
        placing = 0 if top else min(rank, PLACING_NUMBERS)
        patterns[geometry.name] = PatternTable(
            layer=geometry.name,
            filter=filter_,
            number=number,
            place=floats(size, 2),
            mean_place=floats(size, 2),
            spread=floats(size),
            support=random.integers(1, objects + 1, size).astype(np.int32),
            score=floats(size),
            advantage=floats(size),
            likeness=floats(0 if top else size),
            chance=floats(0 if top else size),
            usual=floats(0 if top else size),
            context=floats(size, 0 if top else 2),
            context_level=floats(0 if top else size),
            share=floats(0 if top else size),
            reach=floats(0 if top else size),
            background=floats(0 if top else size) * 2,
            parent_gain=floats(size),
            pose=floats(size, rank if geometry.name == layers[-2].name else placing, 2),
            orientation_weight=floats(size),
            template=floats(size, sum(filters) if top else 0),
            place_map=floats(size, 49 if top else 0),
            score_mean=floats(size if top else 0),
            score_deviation=floats(size if top else 0),
        )
    co_activations, displacements, firings, peaks = [], [], [], []
    for lower, upper in pairwise(layers):
        below, above = len(patterns[lower.name]), len(patterns[upper.name])
        few = min(parents, above)
        source = np.repeat(np.arange(below, dtype=np.int32), few)
        # Distinct parents of each pattern: a random one and those behind it.
        target = ((random.integers(0, above, below)[:, None] + np.arange(few)) % above).astype(np.int32).ravel()
        shuffled = random.permutation(len(source))
        source, target, size = source[shuffled], target[shuffled], len(source)
        support = random.integers(1, objects + 1, size).astype(np.int32)
        strength = floats(size) * 2 - 1
        co_activations.append(
            CoActivations(lower.name, upper.name, source, target, strength, floats(size) * 3, support)
        )
        displacements.append(
            Displacements(
                lower.name,
                upper.name,
                source,
                target,
                floats(size) - 0.5,
                floats(size) - 0.5,
                floats(size),
                floats(size),
                support,
            )
        )
    for geometry in layers[:-1]:
        size = len(patterns[geometry.name])
        few = min(firings_per_object, size)
        fired = [size // 2 if i < labelled else few for i in range(objects)]
        chosen = np.concatenate([random.choice(size, n, replace=False) for n in fired]).astype(np.int32)
        rows = np.repeat(np.arange(objects, dtype=np.int32), fired)
        firings.append(Firings(geometry.name, chosen, rows, *(floats(len(rows)) for _ in range(7))))
        tops = random.integers(0, objects, geometry.channels).astype(np.int32)
        channels = np.arange(geometry.channels, dtype=np.int32)
        peaks.append(FilterPeaks(geometry.name, channels, tops, *(floats(len(tops)) for _ in range(3))))
    return MinedGraph(
        network_id=network,
        network_name=f"toy{salt}",
        weights_sha256=f"{seed:064x}",
        weights_source="random",
        preprocessing={"size": 224, "mean": [0.5, 0.5, 0.5]},
        category=category,
        name=name,
        seed=seed,
        parameters={"sigma": 0.2, "layers": [g.name for g in layers]},
        versions={"egraph": "0"},
        log_likelihood=-12.5,
        layers=layers,
        readings=readings,
        objects=synthetic_objects(objects, seed, category + salt),
        mirrored=random.random(objects) < 0.5,
        pose=floats(objects, rank),
        patterns=patterns,
        co_activations=co_activations,
        displacements=displacements,
        firings=firings,
        peaks=peaks,
        dropped={"noise": 7},
    )


def synthetic_objects(count: int, seed: int = 0, salt: str = "") -> list[PhotoObject]:
    """Objects of 40 by 30 to 440 by 330 pixels in photos of 640 by 480."""
    random = np.random.default_rng(seed + 1)
    objects = []
    for i in range(count):
        width, height = random.integers(40, 440), random.integers(30, 330)
        box = Box(float(random.integers(0, 200)), float(random.integers(0, 150)), float(width), float(height))
        digest = hashlib.sha256(f"{salt} {seed} {i}".encode()).hexdigest()
        objects.append(PhotoObject(Path(f"/photos/{salt}{i}.jpg"), digest, 640, 480, box))
    return objects


def synthetic_aog(mined: MinedGraph, part: str = "head", name: str = "default", seed: int = 0) -> AndOrGraph:
    """An And-Or graph of random numbers over some patterns of a graph."""
    random = np.random.default_rng(seed)
    tables = [mined.patterns[layer.name] for layer in mined.layers[:-1]]
    rows = [(t.layer, int(f), int(n)) for t in tables for f, n in zip(t.filter[:4], t.number[:4], strict=True)]

    def numbers(*shape: int) -> np.ndarray:
        return random.random(shape).astype(np.float32)

    templates = [
        Template(
            pose=numbers(mined.pose.shape[1]),
            box=numbers(2),
            objects=3 + i,
            weight=numbers(len(rows)) + np.float32(0.1),
            displacement=numbers(len(rows), 2),
            sigma=numbers(len(rows)),
            response=numbers(len(rows), 2),
            share=numbers(len(rows)),
        )
        for i in range(2)
    ]
    objects = [o.id for o in mined.objects]
    n = len(objects)
    template = random.integers(0, 2, n).astype(np.int32)
    found = Found(objects, numbers(n, 2), numbers(n, 2), numbers(n), numbers(n), numbers(n), template)
    return AndOrGraph(
        graph=mined.id,
        content=content_hash(mined),
        category=mined.category,
        part=part,
        name=name,
        seed=seed,
        parameters={"iterations": 5},
        versions={"egraph": "0"},
        learnt_from=sorted(objects[:2]),
        layer=[layer for layer, _, _ in rows],
        filter=np.array([f for _, f, _ in rows], np.int32),
        number=np.array([n for _, _, n in rows], np.int32),
        mean_evidence=numbers(len(rows)),
        prior=numbers(16),
        prior_weight=0.5,
        score_deviation=0.125,
        settings=VoteSettings(0.75),
        offset=numbers(2),
        habit=numbers(4),
        familiarity_levels=np.sort(numbers(101)),
        error_levels=np.sort(numbers(101)),
        templates=templates,
        found=found,
    )


def with_photos(mined: MinedGraph, folder: Path, seed: int = 0) -> MinedGraph:
    """The graph with its objects on real photos of noise, 160 by 120 pixels, written to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    objects = []
    for number in range(len(mined.objects)):
        path = folder / f"photo {number}.png"
        Image.fromarray(random.integers(0, 255, (12, 16, 3), np.uint8)).resize((160, 120)).save(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        objects.append(PhotoObject(path, sha256, 160, 120, Box(10.0, 10.0, 120.0, 90.0)))
    return replace(mined, objects=objects)


def synthetic_explanation(mined: MinedGraph, row: int = 0, seed: int = 0, instead_of: int | None = None) -> Explanation:
    """An account of one object's score, by two patterns of each conv layer."""
    random = np.random.default_rng([seed, row])
    layers = []
    for geometry in mined.layers[:-1]:
        table = mined.patterns[geometry.name]
        lines = []
        for pattern in random.permutation(len(table))[:2].tolist():
            id_ = f"{mined.id}/{geometry.name}/{table.filter[pattern]}/{table.number[pattern]}"
            x, y, activation, pro, contra = random.random(5).tolist()
            lines.append(PatternLine(id_, x, y, activation, pro, -contra))
        names = ("unnamed part 1", "texture", "background", "not explained")
        groups = [
            GroupLine(name, kind, *pair, 0.1, 0.1, 0.1, 5.0, 5.0)
            for name, kind, pair in zip(names, Kind, random.random((4, 2)) * [1, -1], strict=True)
        ]
        maps = torch.zeros(geometry.height, geometry.width)
        total = sum(group.net for group in groups)
        layers.append(LayerAccount(geometry.name, total + 0.5, 0.25, 0.25, 16, groups, lines, len(table), maps, maps))
    other = None if instead_of is None else ClassLine(instead_of, "other", 0.1)
    obj = mined.objects[row]
    return Explanation(
        obj, obj.box, mined.category, ClassLine(3, "one", 0.8), ClassLine(3, "one", 0.8), other, layers, {}
    )


def synthetic_diagnosis(mined: MinedGraph, layer: str, seed: int = 0) -> Diagnosis:
    """Three findings in a layer, each of which names one to three patterns; the last was tried on too few photos."""
    random = np.random.default_rng(seed)
    table = mined.patterns[layer]
    findings = []
    for number, kind in enumerate((Sort.WRONG, Sort.TWO_THINGS, Sort.BORDER)):
        named = random.permutation(len(table))[: number + 1].tolist()
        value, control, before, after, by_chance, low = random.random(6).tolist()
        interval = (float("nan"),) * 2 if kind is Sort.BORDER else (low - number, low + 1)
        findings.append(
            Finding(
                kind,
                f"Finding {number} of {seed}.",
                [Figure("a share", value, "its control", control)],
                [f"{layer}/{table.filter[row]}" for row in named],
                [f"{mined.id}/{layer}/{table.filter[row]}/{table.number[row]}" for row in named],
                7,
                [Trial("tried", "score", 7, before, after, "at random", by_chance, by_chance - after, *interval)],
            )
        )
    return Diagnosis(mined.id, mined.category, mined.network_id, layer, ["one"], 9, 2, {}, findings, [], [])
