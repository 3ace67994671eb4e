"""What a pool of objects and a person's boxes teach, put into an And-Or graph."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import sklearn
import torch

import egraph
from egraph.aog import energy, learn, neighbours, templates
from egraph.aog.confidence import confidence, familiarity, habit, levels
from egraph.aog.labels import canonical_places
from egraph.aog.learn import LabelSets, LearntPart, learn_part
from egraph.aog.model import AndOrGraph, Found
from egraph.aog.pool import Pool
from egraph.aog.templates import describe_templates, group_poses
from egraph.commands.requests import BuildRequest
from egraph.photos.photo import PhotoObject


def describe(pool: Pool, content: str, request: BuildRequest, labelled: Sequence[PhotoObject]) -> AndOrGraph:
    """Learn from a pool's labelled objects, and put what was learnt into an And-Or graph."""
    rows = {pool.graph.objects[row].id: i for i, row in enumerate(pool.rows)}
    chosen = torch.tensor([[rows[o.id] for o in labelled]])
    labels = LabelSets(chosen, canonical_places(pool.graph, labelled, request.part)[None])
    learnt = learn_part(pool, labels)
    return and_or_graph(pool, learnt, content, request, labelled)


def and_or_graph(
    pool: Pool, learnt: LearntPart, content: str, request: BuildRequest, labelled: Sequence[PhotoObject]
) -> AndOrGraph:
    """What the first label set taught, as it is kept."""
    graph = pool.graph
    columns = learnt.weights[0].nonzero()[:, 0]
    patterns = learnt.patterns[0, columns]
    boxes = [(o.parts[request.part][0], o.box) for o in labelled]
    sizes = np.array([[b.height / frame.height, b.width / frame.width] for b, frame in boxes], np.float32)
    groups = group_poses(pool.pose, request.seed)
    tables = [graph.patterns[layer] for layer in pool.layers]
    names = [(t.layer, int(f), int(n)) for t in tables for f, n in zip(t.filter, t.number, strict=True)]
    chosen = [names[row] for row in patterns.tolist()]
    usual = habit(learnt.score[0], pool.wholeness)
    familiar = familiarity(learnt.score[0], pool.wholeness, usual)
    known = levels(familiar)
    places = learnt.places[0].clamp(0, 1)
    return AndOrGraph(
        graph=graph.id,
        content=content,
        category=graph.category,
        part=request.part,
        name=request.name,
        seed=request.seed,
        parameters=aog_parameters() | {"shots": len(labelled)},
        versions={
            "egraph": egraph.__version__,
            "torch": torch.__version__,
            "scikit-learn": sklearn.__version__,
            "python": platform.python_version(),
        },
        learnt_from=sorted(o.id for o in labelled),
        layer=[layer for layer, _, _ in chosen],
        filter=np.array([f for _, f, _ in chosen], np.int32),
        number=np.array([n for _, _, n in chosen], np.int32),
        weight=learnt.weights[0, columns].numpy(),
        prior=learnt.prior[0].numpy(),
        prior_weight=float(learnt.prior_weight[0]),
        score_mean=float(learnt.score_mean[0]),
        score_deviation=float(learnt.score_deviation[0]),
        offset=learnt.offset[0].numpy(),
        habit=usual.numpy(),
        familiarity_levels=known.numpy(),
        templates=describe_templates(pool, learnt, patterns, columns, groups, sizes.mean(0)),
        found=Found(
            objects=[graph.objects[row].id for row in pool.rows],
            places=places.numpy(),
            trust=learnt.trust[0].numpy(),
            confidence=confidence(familiar, known).numpy(),
            template=groups.astype(np.int32),
        ),
    )


def aog_parameters() -> dict[str, Any]:
    """Every setting that decides what is learnt, for provenance."""
    return {
        "label_share": learn.LABEL_SHARE,
        "alike_weight": learn.ALIKE_WEIGHT,
        "first_prior_width": learn.FIRST_PRIOR_WIDTH,
        "contrast": learn.CONTRAST,
        "selected": learn.SELECTED,
        "near_share": learn.NEAR_SHARE,
        "teachers": learn.TEACHERS,
        "fewest_teachers": learn.FEWEST_TEACHERS,
        "nearest": neighbours.NEAREST,
        "neighbour_weight": energy.NEIGHBOUR_WEIGHT,
        "surety": asdict(learn.SURETY),
        "poses": templates.POSES,
    }
