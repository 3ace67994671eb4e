"""Are a graph's explanations true? Measured on some of its own photos, beside every control. Nothing is written."""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from egraph.aog.locate import Locator
from egraph.commands.explain import explained_layers, newest_and_or_graphs
from egraph.commands.explainer import Explainer, Seen, require_mixtures
from egraph.commands.network import network_of
from egraph.commands.requests import ExplainRequest, ExplanationRequest
from egraph.evaluation.activation import LayerActivation, held_out, scattered_units
from egraph.evaluation.explanation import (
    Curves,
    Taken,
    blurred_curves,
    correlation_and_slope,
    grad_cam,
    on_cells,
    take_away,
)
from egraph.explaining.account import LayerView
from egraph.explaining.contributions import gradient_times_activation
from egraph.explaining.fitting import PHOTOS, Sample, coarse, read_maps
from egraph.explaining.groups import explained, inside
from egraph.explaining.texture import texture_shares
from egraph.explaining.view import Units, layer_units, widened_view
from egraph.graph.connection import open_database
from egraph.graph.graphs import find_graph
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.inference import place_patterns
from egraph.network.layers import first_tensor
from egraph.network.load import ready
from egraph.network.network import Network
from egraph.photos.annotations import read_annotations
from egraph.photos.crop import read_crop
from egraph.photos.photo import Box, PhotoObject
from egraph.progress import Progress, report
from egraph.results import Result
from egraph.settings import Settings

VIEWS = 2 * PHOTOS
"""Photos of which mixtures are fitted anew: on half of them, as many as mining fits on, for they claim the more of
scattered activation the fewer there are."""

FEWEST = 4
"""Photos with a part, without which nothing can be said of agreement."""


@dataclass(frozen=True)
class Figures:
    """One method; None where a figure has no meaning for it.

    correlation, slope: of what the score loses without groups of units of the lower layer, against what the method says
    that they add. drop: mean loss without all units that patterns explain there. deletion: share of the score that is
    left while the strongest cells are blurred; insertion: while all but the strongest are; gain: area between blurring
    the weakest and the strongest first. part_share: share of the top layer's activation that patterns explain.
    texture: correlation of the texture's share of the score from two sets of shuffles. parts: correlation of what is
    said to come from a named part, by the box where it was found, with what comes from the box that a person drew.
    """

    correlation: float | None = None
    slope: float | None = None
    drop: float | None = None
    deletion: float | None = None
    insertion: float | None = None
    gain: float | None = None
    part_share: float | None = None
    texture: float | None = None
    parts: float | None = None


@dataclass(frozen=True)
class ExplanationReport(Result):
    """How true the explanations of some photos are. remainder: the largest that an account lacks, as a share of the
    score above its baseline; error: by how much the lines of an account miss the score, at most. cost, cost_top: time
    of an explanation, and of one of the top layer alone, in forward and backward passes of the network. groups: mean
    of what each group of units was said to add, of the loss without it, and without as much activation at random."""

    task: str
    category: str
    graph: str
    photos: int
    layers: list[str]
    remainder: float
    error: float
    cost: float
    cost_top: float
    with_parts: dict[str, int]
    groups: dict[str, dict[str, float]]
    methods: dict[str, Figures]


@dataclass(frozen=True)
class _PartSeen:
    """A named part on one photo. values: (U,) what patterns add at each unit of the lower layer. found, drawn: where it
    was found, and where a person drew it."""

    object: PhotoObject
    units: Units
    values: Tensor
    found: Box
    drawn: Box

    def within(self, box: Box) -> float:
        """What patterns add inside a box."""
        return float((self.values * inside(self.units, box, self.object)).sum())

    def as_on(self, other: "_PartSeen") -> Box:
        """The box that was drawn on another object, at the same place of this one."""
        box, frame, own = other.drawn, other.object.box, self.object.box
        return Box(
            own.x + (box.x - frame.x) / frame.width * own.width,
            own.y + (box.y - frame.y) / frame.height * own.height,
            box.width / frame.width * own.width,
            box.height / frame.height * own.height,
        )


@dataclass
class _Measured:
    """What was measured so far, photo by photo."""

    taken: dict[str, list[Taken]] = field(default_factory=dict)
    curves: dict[str, list[Curves]] = field(default_factory=dict)
    texture: list[tuple[float, float, float]] = field(default_factory=list)
    parts: dict[str, list[_PartSeen]] = field(default_factory=dict)
    remainders: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)


def measure_explanation(
    settings: Settings, request: ExplanationRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> ExplanationReport:
    """Explain some of a graph's own photos, and measure whether the accounts are true.

    Raises:
        InputError: a photo cannot be read, or the weights are not those of the graph.
        NothingYetError: there is no graph, or it does not say what its filters' activation is made of.
    """
    with open_database(settings) as database:
        graph = read_graph(database, find_graph(database, request.category, request.graph).id, placing=True)
        aogs = newest_and_or_graphs(database, graph)
    network = network_of(graph, request, module)
    network.need_classifier("An explanation")
    layers = explained_layers(graph, None)
    require_mixtures(graph, layers)
    explainer = Explainer(graph, network, Locator(graph, network, aogs), layers, None)
    objects = _objects(graph, request, progress)
    asked = ExplainRequest(photos=(), patterns=None)
    measured = _Measured()
    for done, obj in enumerate(objects, start=1):
        _measure(explainer, explainer.see(obj, asked), measured, request.seed + done)
        report(progress, "measuring explanations", done, len(objects))
    shares = _part_shares(network, graph, layers[-1], request, progress)
    cost, cost_top = _costs(explainer, objects, asked)
    return ExplanationReport(
        task="explanation",
        category=request.category,
        graph=graph.id,
        photos=len(objects),
        layers=layers,
        remainder=max(measured.remainders),
        error=max(measured.errors),
        cost=cost,
        cost_top=cost_top,
        with_parts={part: len(rows) for part, rows in measured.parts.items()},
        groups=_group_means(measured.taken["egraph"]),
        methods=_methods(measured, shares),
    )


def _objects(graph: MinedGraph, request: ExplanationRequest, progress: Progress | None) -> list[PhotoObject]:
    """Some of the graph's objects, spread evenly; with the boxes that a person drew, where annotations are given."""
    rows = np.unique(np.linspace(0, len(graph.objects) - 1, request.photos).astype(int))
    objects = [graph.objects[row] for row in rows]
    if request.annotations is None:
        return objects
    folder = request.photos_folder or request.annotations.parent
    drawn = {
        o.id: o for o in read_annotations(request.annotations, folder, request.category, progress=progress).objects
    }
    return [drawn.get(o.id, o) for o in objects]


def _measure(explainer: Explainer, seen: Seen, measured: _Measured, seed: int) -> None:
    """Everything that one photo tells."""
    lower, top = seen.views[0], seen.views[-1]
    for view, groups in zip(seen.views, seen.groups, strict=True):
        found = view.values
        measured.remainders.append(abs(found.remainder) / max(abs(found.score - found.baseline), 1e-9))
        lines = float((groups.share * found.values).double().sum())
        measured.errors.append(abs(found.score - found.baseline - found.remainder - lines))
    gradient = gradient_times_activation(lower.upper, seen.score).cpu()
    accounts = {"egraph": lower.values.values, "gradient_x_activation": gradient}
    for name, taken in take_away(lower, seen.score, accounts, seed).items():
        measured.taken.setdefault(name, []).append(taken)
    for name, order in _orders(seen, lower, top, gradient, seed):
        curves = blurred_curves(top.upper, seen.score, seen.picture, order)
        measured.curves.setdefault(name, []).append(curves)
    measured.texture.append(_texture(explainer.network, seen, top))
    for part, boxes in seen.object.parts.items():
        if boxes and part in seen.parts:
            one = _PartSeen(seen.object, lower.units, by_patterns(lower), seen.parts[part], boxes[0])
            measured.parts.setdefault(part, []).append(one)


def _orders(seen: Seen, lower: LayerView, top: LayerView, gradient: Tensor, seed: int) -> Iterator[tuple[str, Tensor]]:
    """In which order each method blurs the cells."""

    def cells(view: LayerView, values: Tensor) -> Tensor:
        return on_cells(values, seen.view.from_box(view.units.places)[0, : view.upper.maps.shape[2], 1])

    yield "egraph", cells(lower, lower.values.values.sum(0))
    yield "patterns_alone", cells(lower, by_patterns(lower)) + cells(top, by_patterns(top)) / 4
    yield "grad_cam", cells(top, grad_cam(top.upper, seen.score).cpu())
    yield "gradient_x_activation", cells(lower, gradient.sum(0))
    yield (
        "random",
        torch.rand(cells(top, top.values.values.sum(0)).shape, generator=torch.Generator().manual_seed(seed)),
    )


def _texture(network: Network, seen: Seen, top: LayerView) -> tuple[float, float, float]:
    """The texture's share of the score from two sets of shuffles, and the score: the control of their agreement."""
    crop = read_crop(seen.object, network.preprocessing.size).copy()
    free = (top.values.values * top.owners.scattered).sum(1)
    name, whole = top.upper.layer, float(top.values.values.sum())
    sets = [texture_shares(network, {name: seen.means[name]}, crop, seed=seed)[name] for seed in (1, 2)]
    first, second = (float((free * share).sum()) / whole for share in sets)
    return first, second, whole


def by_patterns(view: LayerView) -> Tensor:
    """What patterns add at each unit, over all filters: (U,)."""
    return (view.values.values * explained(view.owners, view.patterns.mixture.filter)).sum(0)


def _part_shares(
    network: Network, graph: MinedGraph, name: str, request: ExplanationRequest, progress: Progress | None
) -> dict[str, float]:
    """The share of a layer's activation that patterns explain on photos that were not fitted on: as it is, scattered,
    and both of a network with random weights."""
    rows = np.unique(np.linspace(0, len(graph.objects) - 1, min(VIEWS, len(graph.objects))).astype(int))
    objects, mirrored = [graph.objects[row] for row in rows.tolist()], graph.mirrored[rows]
    (layer,) = (layer for layer in graph.layers if layer.name == name)
    sample = Sample(rows, objects, [widened_view(o) for o in objects], {})
    seen = LayerActivation(
        mass=read_maps(network, [layer], sample, progress)[name],
        filter=torch.from_numpy(graph.patterns[name].filter).long(),
        places=place_patterns(graph, network, objects, mirrored, progress).places[name],
        mirrored=mirrored,
        units=layer_units(sample.views, coarse(layer)[0], network.preprocessing.size),
    )
    random = read_maps(untrained(network, request.seed), [layer], sample, progress)[name]
    # activation of untrained weights may be of any size
    untaught = replace(seen, mass=random / random.float().mean().clamp_min(1e-12))
    shares = {}
    for done, (method, one) in enumerate((("", seen), ("random_weights", untaught))):
        report(progress, "fitting mixtures anew", 2 * done, 4)
        shares[method or "egraph"] = held_out(one).explained
        shares[f"{method}_scattered".strip("_")] = held_out(scattered_units(one, request.seed)).explained
    report(progress, "fitting mixtures anew", 4, 4)
    return shares


def untrained(network: Network, seed: int) -> Network:
    """The same network with random weights: every module's own first values, in a copy."""
    module = copy.deepcopy(network.module)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for part in module.modules():
            if callable(reset := getattr(part, "reset_parameters", None)):
                reset()
    return replace(network, module=ready(module, network.device))


def _costs(explainer: Explainer, objects: Sequence[PhotoObject], asked: ExplainRequest) -> tuple[float, float]:
    """The time of an explanation of all layers, and of the top layer, in passes forward and backward: medians."""
    alone = Explainer(explainer.graph, explainer.network, explainer.locator, [explainer.layers[-1].name], None)
    passes, all_layers, top = [], [], []
    for obj in objects[:5]:
        picture = explainer.see(obj, asked).picture.clone().requires_grad_()
        passes.append(_seconds(partial(_forward_and_backward, explainer.network.module, picture)))
        all_layers.append(_seconds(partial(explainer.see, obj, asked)))
        top.append(_seconds(partial(alone.see, obj, asked)))
    whole = float(np.median(passes))
    return float(np.median(all_layers)) / whole, float(np.median(top)) / whole


def _forward_and_backward(module: nn.Module, picture: Tensor) -> None:
    first_tensor(module(picture)).amax().backward()  # type: ignore[union-attr]


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _group_means(taken: Sequence[Taken]) -> dict[str, dict[str, float]]:
    columns = {name: np.mean([getattr(one, name) for one in taken], 0) for name in ("predicted", "drop", "control")}
    return {
        group: {name: float(column[row]) for name, column in columns.items()}
        for row, group in enumerate(taken[0].names)
    }


def _methods(measured: _Measured, shares: dict[str, float]) -> dict[str, Figures]:
    found = {name: Figures() for name in (*measured.curves, *shares)}
    for name, taken in measured.taken.items():
        predicted, drop = (np.concatenate([getattr(one, key) for one in taken]) for key in ("predicted", "drop"))
        r, slope = correlation_and_slope(predicted, drop)
        found[name] = replace(found[name], correlation=r, slope=slope)
    own = measured.taken["egraph"]
    found["egraph"] = replace(found["egraph"], drop=float(np.mean([one.drop[0] for one in own])))
    found["random"] = replace(found["random"], drop=float(np.mean([one.control[0] for one in own])))
    for name, curves in measured.curves.items():
        means = {
            key: float(np.mean([getattr(one, key) for one in curves])) for key in ("deletion", "insertion", "gain")
        }
        found[name] = replace(found[name], **means)
    for name, share in shares.items():
        found[name] = replace(found[name], part_share=share)
    first, second, _ = np.array(measured.texture).T
    found["egraph"] = replace(found["egraph"], texture=_r(first, second))
    found["another_photo"] = Figures(texture=_r(first, np.roll(second, 1)), parts=_parts(measured, 1))
    found["egraph"] = replace(found["egraph"], parts=_parts(measured, 0))
    return found


def _parts(measured: _Measured, shift: int) -> float | None:
    """The mean over the parts of the correlation between what lies in the box found and in the box drawn; with a shift,
    the box that was drawn on another photo takes the place of the one found."""
    found = []
    for rows in measured.parts.values():
        if len(rows) >= FEWEST:
            boxes = [row.as_on(rows[k - shift]) if shift else row.found for k, row in enumerate(rows)]
            said = [row.within(box) for row, box in zip(rows, boxes, strict=True)]
            found.append(_r(np.array(said), np.array([row.within(row.drawn) for row in rows])))
    return float(np.mean(found)) if found else None


def _r(some: np.ndarray, others: np.ndarray) -> float:
    return float(np.corrcoef(some, others)[0, 1])
