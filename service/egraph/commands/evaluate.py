"""Measuring a graph of the database against boxes that a person drew."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t as student_t
from torch import nn

from egraph.aog.locate import Viewer
from egraph.commands.build import pool_of
from egraph.commands.network import network_of
from egraph.commands.requests import EvaluateRequest
from egraph.errors import InputError, UsageError
from egraph.evaluation.coverage import Risk
from egraph.evaluation.instability import evaluate_instability
from egraph.evaluation.localization import Figures, Measured, Truth, draw_label_sets, evaluate_new, evaluate_pool
from egraph.evaluation.on_part import OnPartFigures, evaluate_on_part
from egraph.evaluation.practitioner import Practitioner
from egraph.evaluation.tracking import evaluate_tracking
from egraph.evaluation.truth import compare_with_boxes, require_enough
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.engine import mine
from egraph.mining.graph_model import GraphModel, require_model
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.mining.inference import place_patterns
from egraph.network.load import Network
from egraph.photos.annotations import read_annotations
from egraph.photos.photo import PhotoObject
from egraph.progress import Progress
from egraph.results import Result, data_frame
from egraph.settings import Settings

if TYPE_CHECKING:
    import pandas

TASKS = ("tracking", "instability", "localization", "parts")


@dataclass(frozen=True)
class Orientation(Result):
    """On which share of the objects the side inferred is right, and the same where none is taken for mirrored; None
    where the boxes do not tell."""

    right: float | None
    unmirrored: float | None


@dataclass(frozen=True)
class Measures(Result):
    """How well a graph's patterns follow a part, or stand steadily to it, beside every control."""

    task: str
    category: str
    part: str
    graph: str
    photos: int
    draws: int
    orientation: Orientation
    methods: dict[str, dict[str, float]]

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each method: egraph's own, then its controls."""
        return _method_frame(self.methods)


@dataclass(frozen=True)
class LocalizationMeasures(Result):
    """How well a part is found from few boxes, beside every control and baseline; `methods`: see `summarise`. risks:
    how large the error is where only the surest answers are kept, by what they are sorted by; see `Risk`."""

    task: str
    category: str
    part: str
    graph: str
    photos: int
    shots: int
    draws: int
    new_photos: bool
    methods: dict[str, dict[str, float | None]]
    risks: dict[str, dict[str, float]]

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each method: egraph's own, then its controls and baselines."""
        return _method_frame(self.methods)


@dataclass(frozen=True)
class PartsMeasures(Result):
    """How often the patterns that are said to lie on a part do lie on it, beside every control; `methods`: of each, the
    means of `OnPartFigures` over the label sets, with the 95 % interval of `share`."""

    task: str
    category: str
    part: str
    graph: str
    photos: int
    shots: int
    draws: int
    methods: dict[str, dict[str, float | None]]

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each method: egraph's own, then its controls."""
        return _method_frame(self.methods)


def _method_frame(methods: Mapping[str, Mapping[str, Any]]) -> "pandas.DataFrame":
    rows = [{"method": name, **score} for name, score in methods.items()]
    return data_frame(rows, ["method", *dict.fromkeys(name for score in methods.values() for name in score)])


def evaluate_graph(
    settings: Settings, request: EvaluateRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> Measures | LocalizationMeasures | PartsMeasures:
    """Measure a graph against drawn boxes, beside its controls. Nothing is written to the database.

    Raises:
        InputError: none of the annotated objects was mined.
        NothingYetError: there is no graph, or too few objects show the part.
        UsageError: there is no such task; or the graph was mined by another model, which finds no parts.
    """
    if request.task not in TASKS:
        raise UsageError(f"There is no task {request.task!r} to evaluate; there are {', '.join(TASKS)}.")
    if request.task == "localization":
        return measure_localization(settings, request, progress, module)
    if request.task == "parts":
        return measure_parts(settings, request, progress, module)
    return measure(settings, request, progress, module)


def measure(
    settings: Settings, request: EvaluateRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> Measures:
    """Place a graph's patterns on its own objects that show the part, and score them: `tracking` or `instability`."""
    part, seed = request.part, request.seed
    found = read_annotations(request.annotations, request.folder, request.category, progress=progress, part=part)
    with open_database(settings) as database:
        graph_id = find_graph(database, request.category, request.graph).id
        mined = read_graph(database, graph_id, placing=True)
    drawn = {o.id: o for o in found.objects if len(o.parts.get(part, ())) == 1}
    rows = [row for row, o in enumerate(mined.objects) if o.id in drawn]
    if drawn and not rows:
        raise _none_mined(request, mined)
    objects = [drawn[mined.objects[row].id] for row in rows]
    require_enough(len(objects), part)
    network = network_of(mined, request, module)
    placed = place_patterns(mined, network, objects, mined.mirrored[rows], progress)
    labelled = compare_with_boxes(placed, objects, part, seed)
    if request.task == "tracking":
        methods = {name: asdict(s) for name, s in evaluate_tracking(labelled, request.draws, seed).items()}
    else:
        methods = {name: {"error": s["top20"], **s} for name, s in evaluate_instability(labelled).items()}
    return Measures(
        task=request.task,
        category=request.category,
        part=part,
        graph=mined.id,
        photos=len(labelled.truth),
        draws=request.draws if request.task == "tracking" else 1,
        orientation=Orientation(labelled.orientation, labelled.unmirrored),
        methods=methods,
    )


def measure_localization(
    settings: Settings, request: EvaluateRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> LocalizationMeasures:
    """Find a part from random sets of labels. On new photos, what is mined is what would be written to the database."""
    part, shots, draws, seed = request.part, request.shots, request.draws, request.seed
    annotated = read_annotations(request.annotations, request.folder, request.category, progress=progress, part=part)
    drawn = {o.id: o for o in annotated.objects}
    with open_database(settings) as database:
        whole = read_graph(database, find_graph(database, request.category, request.graph).id)
    require_model(whole)
    objects = [drawn.get(o.id, o) for o in whole.objects]
    if not any(o.parts.get(part) for o in objects):
        raise _none_mined(request, whole)
    network = network_of(whole, request, module)
    if request.new_photos:
        runs = [
            _on_new(settings, whole, network, objects, half, request, progress)
            for half in halves([o.sha256 for o in objects], seed)
        ]
    else:
        pool = pool_of(settings, whole, network, progress=progress)
        shown = [objects[row] for row in pool.rows]
        truth = Truth.of(shown, part)
        practitioner = _practitioner(whole, network, shown, request, progress)
        runs = [evaluate_pool(pool, truth, draw_label_sets(truth.there, shots, draws, seed), practitioner)]
    return LocalizationMeasures(
        task=request.task,
        category=request.category,
        part=part,
        graph=whole.id,
        photos=len(Truth.of(objects, part).there),
        shots=shots,
        draws=draws,
        new_photos=request.new_photos,
        methods=summarise([run.methods for run in runs]),
        risks=mean_risks([run.risks for run in runs]),
    )


def _practitioner(
    graph: MinedGraph,
    network: Network,
    objects: Sequence[PhotoObject],
    request: EvaluateRequest,
    progress: Progress | None,
) -> Practitioner | None:
    """Who finds the part without a graph, if that is asked for: labels are drawn from `objects`."""
    if not request.baselines:
        return None
    return Practitioner(GraphModel(graph, network, whole=False), objects, request.part, request.seed, progress)


def measure_parts(
    settings: Settings, request: EvaluateRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> PartsMeasures:
    """Ask which patterns lie on a part, from random sets of labels, and look on objects that were not labelled."""
    part, shots, draws, seed = request.part, request.shots, request.draws, request.seed
    annotated = read_annotations(request.annotations, request.folder, request.category, progress=progress, part=part)
    drawn = {o.id: o for o in annotated.objects}
    with open_database(settings) as database:
        graph = read_graph(database, find_graph(database, request.category, request.graph).id)
    require_model(graph)
    objects = [drawn.get(o.id, o) for o in graph.objects]
    if not any(o.parts.get(part) for o in objects):
        raise _none_mined(request, graph)
    pool = pool_of(settings, graph, network_of(graph, request, module), progress=progress)
    shown = [objects[row] for row in pool.rows]
    there = Truth.of(shown, part).there
    found = evaluate_on_part(pool, shown, part, draw_label_sets(there, shots, draws, seed), seed)
    return PartsMeasures(
        task=request.task,
        category=request.category,
        part=part,
        graph=graph.id,
        photos=len(there),
        shots=shots,
        draws=draws,
        methods={name: _parts_figures(figures) for name, figures in found.items()},
    )


def _parts_figures(figures: Sequence[OnPartFigures]) -> dict[str, float | None]:
    """The means over label sets, of those that name any pattern."""
    told = {
        field.name: np.array([value for f in figures if (value := getattr(f, field.name)) is not None])
        for field in fields(OnPartFigures)
    }
    means = {name: float(values.mean()) if len(values) else None for name, values in told.items()}
    low, high = confidence_interval(told["share"]) if len(told["share"]) else (None, None)
    return {"share": means.pop("share"), "low": low, "high": high, **means}


def _none_mined(request: EvaluateRequest, graph: MinedGraph) -> InputError:
    return InputError(
        f"No object that {request.annotations} shows {request.part!r} on was mined into {graph.id}; give its photos."
    )


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
    request: EvaluateRequest,
    progress: Progress | None,
) -> Measured:
    """Mine some of a graph's objects, and find the part on the others."""
    say = progress or (lambda stage, done, total: None)
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
    shown = [mined.graph.objects[row] for row in pool.rows]
    truth = Truth.of(shown, request.part)
    sets = draw_label_sets(truth.there, request.shots, request.draws, request.seed)
    practitioner = _practitioner(mined.graph, network, shown, request, progress)
    return evaluate_new(pool, Viewer(mined.graph, network), truth, sets, others, request.part, say, practitioner)


def summarise(runs: Sequence[dict[str, list[Figures]]]) -> dict[str, dict[str, float | None]]:
    """Of each method, the means of its `Figures` over runs and label sets.

    low, high: 95 % confidence interval of the error's mean over label sets (Student's t). behind: by how much the error
    exceeds that of `egraph` on the same label sets. box_gain: by how much more boxes overlap by half than boxes of one
    size at the same places. Both with their intervals.

    Args:
        runs: by method, the figures of each label set.
    """

    def by_set(name: str, figure: str) -> np.ndarray:
        figures: np.ndarray = np.mean([[getattr(f, figure) for f in run[name]] for run in runs], axis=0)
        return figures

    found: dict[str, dict[str, float | None]] = {}
    for name in runs[0]:
        error = by_set(name, "error")  # of the first label sets, where a method was run on some alone
        low, high = confidence_interval(error)
        found[name] = {"error": float(error.mean()), "low": low, "high": high}
        found[name] |= _with_interval("behind", error - by_set("egraph", "error")[: len(error)])
        found[name] |= {field.name: float(by_set(name, field.name).mean()) for field in fields(Figures)}
        found[name] |= _with_interval("box_gain", by_set(name, "iou50") - by_set(name, "one_size_iou50"))
    return found


def mean_risks(runs: Sequence[dict[str, list[Risk]]]) -> dict[str, dict[str, float]]:
    """The means over runs and label sets, by what the answers are sorted by."""
    return {
        name: {
            field.name: float(np.mean([getattr(risk, field.name) for run in runs for risk in run[name]]))
            for field in fields(Risk)
        }
        for name in runs[0]
    }


def _with_interval(name: str, values: np.ndarray) -> dict[str, float | None]:
    low, high = confidence_interval(values)
    return {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}


def confidence_interval(values: np.ndarray) -> tuple[float | None, float | None]:
    """Of the mean of independent values, 95 % by Student's t; None where there is only one value."""
    if len(values) < 2:
        return None, None
    half = float(student_t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
    return float(values.mean()) - half, float(values.mean()) + half
