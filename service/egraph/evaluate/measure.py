"""Measuring a graph of the database against boxes that a person drew."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from egraph.errors import InputError
from egraph.evaluate.instability import evaluate_instability
from egraph.evaluate.tracking import DRAWS, evaluate_tracking
from egraph.evaluate.truth import compare_with_boxes, require_enough
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.inference import place_patterns
from egraph.network.load import load_network
from egraph.photos.coco import read_coco
from egraph.settings import Settings

Progress = Callable[[str, int, int], None]


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
