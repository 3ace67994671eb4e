"""What a pool of objects and a person's boxes teach, put into an And-Or graph."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor

import egraph
from egraph.aog.boxes import square_size
from egraph.aog.confidence import confidence, familiarity, habit, levels, place_confidence
from egraph.aog.labels import canonical_places
from egraph.aog.learn import DEFAULTS, LabelSets, LearntPart, learn_part
from egraph.aog.model import AndOrGraph, Found
from egraph.aog.pool import Pool
from egraph.aog.templates import POSES, describe_templates, group_poses
from egraph.photos.photo import PhotoObject


def describe(
    pool: Pool, content: str, labelled: Sequence[PhotoObject], asked: Tensor, part: str, name: str, seed: int
) -> AndOrGraph:
    """Learn a part from a pool's labelled objects, and put what was learnt into an And-Or graph.

    Args:
        content: hash of the graph. asked: (P,) bool, the patterns that the labelled boxes led to. name: of the And-Or
            graph.
    """
    rows = torch.tensor([[pool.row_of[o.id] for o in labelled]])
    labels = LabelSets(rows, canonical_places(pool.graph, labelled, part)[None])
    template = group_poses(pool.stance.pose, seed)
    (learnt,) = learn_part(pool, labels, template, asked[None])
    return and_or_graph(pool, learnt, content, labelled, part, name, seed)


def and_or_graph(
    pool: Pool, learnt: LearntPart, content: str, labelled: Sequence[PhotoObject], part: str, name: str, seed: int
) -> AndOrGraph:
    """What a label set taught, as it is kept."""
    graph, model = pool.graph, learnt.model
    frames = np.array([[o.box.height, o.box.width] for o in labelled])
    drawn = np.array([[o.parts[part][0].height, o.parts[part][0].width] for o in labelled])
    box = square_size(drawn / frames, frames).astype(np.float32)
    tables = [graph.patterns[layer] for layer in pool.layers]
    names = [(t.layer, int(f), int(n)) for t in tables for f, n in zip(t.filter, t.number, strict=True)]
    chosen = [names[row] for row in learnt.patterns.tolist()]
    usual = habit(learnt.seen, pool.wholeness)
    familiar = familiarity(learnt.seen, pool.wholeness, usual)
    known, doubt = levels(familiar), levels(learnt.expected_error)
    return AndOrGraph(
        graph=graph.id,
        content=content,
        category=graph.category,
        part=part,
        name=name,
        seed=seed,
        parameters=aog_parameters() | {"shots": len(labelled), "label_share": learnt.label_share},
        versions={
            "egraph": egraph.__version__,
            "torch": torch.__version__,
            "scikit-learn": version("scikit-learn"),
            "python": platform.python_version(),
        },
        learnt_from=sorted(o.id for o in labelled),
        layer=[layer for layer, _, _ in chosen],
        filter=np.array([f for _, f, _ in chosen], np.int32),
        number=np.array([n for _, _, n in chosen], np.int32),
        mean_evidence=model.voters.mean_evidence.numpy(),
        prior=learnt.prior.numpy(),
        prior_weight=learnt.prior_weight,
        score_deviation=model.voters.score_deviation,
        settings=model.voters.settings,
        offset=model.offset.numpy(),
        habit=usual.numpy(),
        familiarity_levels=known.numpy(),
        error_levels=doubt.numpy(),
        templates=describe_templates(learnt, pool.stance.pose, box),
        found=Found(
            objects=[graph.objects[row].id for row in pool.rows],
            places=learnt.places.clamp(0, 1).numpy(),
            residual=model.exemplars.residual.numpy(),
            trust=model.exemplars.trust.numpy(),
            confidence=confidence(familiar, known).numpy(),
            place_confidence=place_confidence(learnt.expected_error, doubt).numpy(),
            template=model.exemplars.template.numpy().astype(np.int32),
        ),
    )


def aog_parameters() -> dict[str, Any]:
    """Every setting that decides what is learnt, for provenance."""
    return {**asdict(DEFAULTS), "poses": POSES}
