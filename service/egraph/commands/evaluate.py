"""Measuring a graph of the database against boxes that a person drew."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student_t

from egraph.aog.locate import Viewer
from egraph.commands.build import pool_of
from egraph.errors import InputError
from egraph.evaluation.instability import evaluate_instability
from egraph.evaluation.localization import Figures, Truth, draw_label_sets, evaluate_new, evaluate_pool
from egraph.evaluation.tracking import DRAWS, evaluate_tracking
from egraph.evaluation.truth import compare_with_boxes, require_enough
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.engine import mine
from egraph.mining.graph_model import require_model
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.mining.inference import place_patterns
from egraph.network.load import Network, load_network
from egraph.photos.coco import read_coco
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress
from egraph.settings import Settings


def measure(
    settings: Settings,
    task: str,
    category: str,
    part: str,
    annotations: Path,
    photos: Path,
    graph: str | None = None,
    weights: str | None = None,
    device: str = "cpu",
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Place a graph's patterns on its own objects that show the part, and score them beside every control.

    Args:
        task: `tracking` or `instability`.
        graph: name of the graph, where the category has several. weights: where the graph does not know where they lie.

    Returns:
        task, category, part, graph, photos, draws, orientation (right, control) and methods: by name the score.

    Raises:
        InputError: none of the annotated objects was mined.
        NothingYetError: there is no graph, or too few objects show the part.
    """
    found = read_coco(annotations, photos, category, progress=progress)
    with open_database(settings) as database:
        mined = read_graph(database, find_graph(database, category, graph).id, placing=True)
    drawn = {o.id: o for o in found.objects if len(o.parts.get(part, ())) == 1}
    rows = [row for row, o in enumerate(mined.objects) if o.id in drawn]
    if drawn and not rows:
        raise InputError(f"No object that {annotations} shows {part!r} on was mined into {mined.id}; give its photos.")
    objects = [drawn[mined.objects[row].id] for row in rows]
    require_enough(len(objects), part)
    network = load_network(mined.network_name, weights or mined.weights_source, device)
    placed = place_patterns(mined, network, objects, mined.mirrored[rows], progress)
    labelled = compare_with_boxes(placed, objects, part, seed)
    methods: dict[str, Any]
    if task == "tracking":
        methods = {name: asdict(score) for name, score in evaluate_tracking(labelled, draws, seed).items()}
    else:
        draws = 1
        methods = {name: {"error": score["top20"], **score} for name, score in evaluate_instability(labelled).items()}
    return {
        "task": task,
        "category": category,
        "part": part,
        "graph": mined.id,
        "photos": len(labelled.truth),
        "draws": draws,
        "orientation": {"right": labelled.orientation, "unmirrored": labelled.unmirrored},
        "methods": methods,
    }


def measure_localization(
    settings: Settings,
    category: str,
    part: str,
    annotations: Path,
    photos: Path,
    shots: int = 3,
    draws: int = DRAWS,
    new_photos: bool = False,
    graph: str | None = None,
    weights: str | None = None,
    device: str = "cpu",
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Find a part from random sets of labels, beside every control and baseline.

    Args:
        new_photos: mine a random half of the graph's photos anew, find the part on the other half, both ways round.
            Nothing is written to the database; what is mined is what would be written there.

    Returns:
        task, category, part, graph, photos, shots, draws, new_photos and methods: by name what `summarise` gives.

    Raises:
        InputError: none of the annotated objects was mined.
        NothingYetError: there is no graph, or too few objects show the part.
        UsageError: the graph was mined by another model.
    """
    say = progress or (lambda stage, done, total: None)
    drawn = {o.id: o for o in read_coco(annotations, photos, category, progress=progress).objects}
    with open_database(settings) as database:
        whole = read_graph(database, find_graph(database, category, graph).id, placing=True)
    require_model(whole)
    objects = [drawn.get(o.id, o) for o in whole.objects]
    if not any(o.parts.get(part) for o in objects):
        raise InputError(f"No object that {annotations} shows {part!r} on was mined into {whole.id}; give its photos.")
    network = load_network(whole.network_name, weights or whole.weights_source, device)
    if new_photos:
        runs = [
            _on_new(settings, whole, network, objects, half, part, shots, draws, seed, say)
            for half in halves([o.sha256 for o in objects], seed)
        ]
    else:
        pool = pool_of(settings, whole, network, progress=progress)
        truth = Truth.of([objects[row] for row in pool.rows], part)
        runs = [evaluate_pool(pool, truth, draw_label_sets(truth.there, shots, draws, seed))]
    return {
        "task": "localization",
        "category": category,
        "part": part,
        "graph": whole.id,
        "photos": len(Truth.of(objects, part).there),
        "shots": shots,
        "draws": draws,
        "new_photos": new_photos,
        "methods": summarise(runs),
    }


def halves(photos: Sequence[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two random halves, each rising; objects of one photo, which `photos` names, are in the same half."""
    _, photo, count = np.unique(photos, return_inverse=True, return_counts=True)
    order = np.random.default_rng([seed, len(photos)]).permutation(len(count))
    first = order[count[order].cumsum() <= len(photos) // 2]
    inside = np.isin(photo, first)
    return np.flatnonzero(inside), np.flatnonzero(~inside)


def _on_new(
    settings: Settings,
    whole: MinedGraph,
    network: Network,
    objects: Sequence[PhotoObject],
    half: np.ndarray,
    part: str,
    shots: int,
    draws: int,
    seed: int,
    progress: Progress,
) -> dict[str, list[Figures]]:
    """Mine some of a graph's objects, and find the part on the others."""
    layers = [layer for layer in whole.layers if layer.name != ANCHORS]
    chosen = [objects[row] for row in half]
    others = [objects[row] for row in np.setdiff1d(np.arange(len(objects)), half)]
    mined = mine(
        network,
        layers,
        chosen,
        category=whole.category,
        name=f"{whole.name} half",
        seed=whole.seed,
        home=settings.home,
        progress=progress,
    )
    pool = pool_of(settings, mined.graph, network, progress=progress)
    truth = Truth.of([mined.graph.objects[row] for row in pool.rows], part)
    sets = draw_label_sets(truth.there, shots, draws, seed)
    return evaluate_new(pool, Viewer(mined.graph, network), truth, sets, others, part, progress)


def summarise(runs: Sequence[dict[str, list[Figures]]]) -> dict[str, dict[str, float | None]]:
    """Of each method, means over runs and label sets, with the 95 % confidence interval of the error's mean over label
    sets (Student's t). behind: by how much its error exceeds that of `egraph` on the same label sets, with interval.

    Args:
        runs: by method, the figures of each label set.
    """
    errors = {name: np.mean([[f.error for f in run[name]] for run in runs], axis=0) for name in runs[0]}
    found = {}
    for name, values in errors.items():
        every = [f for run in runs for f in run[name]]
        low, high = confidence_interval(values)
        behind = values - errors["egraph"]
        behind_low, behind_high = confidence_interval(behind)
        found[name] = {
            "error": float(values.mean()),
            "low": low,
            "high": high,
            "behind": float(behind.mean()),
            "behind_low": behind_low,
            "behind_high": behind_high,
            "centre_in_box": float(np.mean([f.centre_in_box for f in every])),
            "iou50": float(np.mean([f.iou50 for f in every])),
        }
    return found


def confidence_interval(values: np.ndarray) -> tuple[float | None, float | None]:
    """Of the mean of independent values, 95 % by Student's t; None where there is only one value."""
    if len(values) < 2:
        return None, None
    half = float(student_t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
    return float(values.mean()) - half, float(values.mean()) + half
