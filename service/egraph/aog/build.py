"""Building an And-Or graph: from a graph of the database and a person's boxes back into the database."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import sklearn
import torch

import egraph
from egraph.aog import energy, learn, neighbours, templates
from egraph.aog.confidence import confidence, familiarity, habit, levels
from egraph.aog.labels import canonical_places, choose_labels
from egraph.aog.learn import LabelSets, LearntPart, learn_part
from egraph.aog.model import AndOrGraph, Found
from egraph.aog.pool import Pool, gather_pool
from egraph.aog.storage import write_aog
from egraph.aog.templates import describe_templates, group_poses
from egraph.graph.connection import Fence, open_database
from egraph.graph.graphs import find_graph
from egraph.graph.objects import check_names
from egraph.graph.parts import labelled_objects
from egraph.graph.read import read_graph
from egraph.mining.mined import ANCHORS, MinedGraph
from egraph.network.load import Network, load_network
from egraph.photos.photo import PhotoObject
from egraph.request import BuildRequest
from egraph.responses.forward import collect_responses, plan_responses
from egraph.settings import Settings

Progress = Callable[[str, int, int], None]


def build_aog(
    settings: Settings, request: BuildRequest, progress: Progress | None = None, fence: Fence | None = None
) -> dict[str, Any]:
    """Learn a part from its labels and write its And-Or graph; one of the same name is replaced.

    With `fence`, nothing is written that it does not let pass.

    Returns:
        aog, part, category, labels, left_out (sentences on labels that could not be used), templates (id, patterns).

    Raises:
        NothingYetError: there is no graph, or no labelled object was mined into it.
        InputError: the weights at hand are not those of the graph, or the photos are gone.
    """
    check_names(request.category, request.part, request.name)
    with open_database(settings, fence=fence) as database:
        summary = find_graph(database, request.category, request.graph)
        _say(progress, "reading the graph", 0, 1)
        graph = read_graph(database, summary.id, placing=True)
        content = database.read("read/graph", graph=summary.id)[0]["graph"]["content"]
        _say(progress, "reading the graph", 1, 1)
        labelled, left_out = choose_labels(
            graph, labelled_objects(database, request.category), request.part, request.shots, request.seed
        )
        network = load_network(graph.network_name, request.weights or graph.weights_source, request.device)
        pool = pool_of(settings, graph, network, [o.id for o in labelled], progress)
        _say(progress, "learning the part", 0, 1)
        aog = describe(pool, content, request, labelled)
        _say(progress, "learning the part", 1, 1)
        write_aog(database, aog, {o.id: bool(m) for o, m in zip(graph.objects, graph.mirrored, strict=True)})
    return {
        "aog": aog.id,
        "part": aog.part,
        "category": aog.category,
        "labels": len(aog.learnt_from),
        "left_out": left_out,
        "templates": [
            {"id": f"{aog.id}/{number}", "patterns": len(aog.layer)} for number in range(1, len(aog.templates) + 1)
        ],
    }


def pool_of(
    settings: Settings,
    graph: MinedGraph,
    network: Network,
    labelled: Sequence[str] = (),
    progress: Progress | None = None,
) -> Pool:
    """What is learnt from: the kept responses of the graph's photos, or, where they are gone, new ones."""
    layers = [layer for layer in graph.layers if layer.name != ANCHORS]
    plan = plan_responses(network, layers, graph.objects)
    store = collect_responses(network, plan, graph.objects, settings.home / "cache" / "responses", progress)
    return gather_pool(graph, network, store, {o.id: row for row, o in enumerate(graph.objects)}, labelled)


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


def _say(progress: Progress | None, stage: str, done: int, total: int) -> None:
    if progress:
        progress(stage, done, total)
