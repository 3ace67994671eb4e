"""Explaining a network's answer on photos: the graph, the network and the photos come together, object by object."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from torch import nn

from egraph.aog.locate import Locator
from egraph.aog.model import AndOrGraph
from egraph.aog.storage import list_aogs, read_aog
from egraph.commands.explainer import Explainer, require_mixtures
from egraph.commands.locate import objects_of
from egraph.commands.network import network_of
from egraph.commands.requests import ExplainRequest
from egraph.errors import UsageError
from egraph.explaining.account import GroupLine, LayerAccount
from egraph.explaining.explanation import (
    ClassLine,
    Explanation,
    Without,
    WithoutSummary,
    without_summary,
)
from egraph.explaining.sentence import sentence
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.explanations import write_explanation
from egraph.graph.graph_state import content_of
from egraph.graph.graphs import choose_graph, graphs
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.photos.image import PhotoError, read_pixels, to_rgb
from egraph.photos.memory import written
from egraph.photos.photo import PhotoObject, Skipped
from egraph.progress import Progress, report
from egraph.results import Result, data_frame, plain
from egraph.settings import Settings

if TYPE_CHECKING:
    import pandas

LAYERS = 2
"""So many of the uppermost layers of a graph are explained, unless told otherwise."""


SHOWN = 12
"""Pictures that a notebook shows at once."""


@dataclass(frozen=True)
class ExplainedObject(Result):
    """An object of a photo, and why the network says what it says of it. named: so many patterns of each layer are
    told to programs, None all. image: the photo, where it is no file."""

    explanation: Explanation
    named: int | None = field(default=None, repr=False)
    image: Image.Image | None = field(default=None, repr=False, compare=False)

    @property
    def sentence(self) -> str:
        """The explanation in words."""
        return sentence(self.explanation)

    def picture(self) -> Image.Image:
        """What the network says, where on the photo that comes from, and the account.

        Raises:
            PhotoError: the photo cannot be read any more.
        """
        from egraph.report.explanation_picture import explanation_picture

        path = self.explanation.object.path
        return explanation_picture(
            to_rgb(read_pixels(path), path) if self.image is None else self.image, self.explanation
        )

    def _repr_png_(self) -> bytes:
        from egraph.report.pictures import png_bytes

        return png_bytes(self.picture())

    def to_json(self) -> dict[str, Any]:
        """For programs: the sums of each layer, its groups and its patterns."""
        found = self.explanation
        predicted, explained, instead = found.predicted, found.explained, found.instead_of
        return {
            "photo": str(found.object.path),
            "object": plain(found.object.box),
            "view": plain(found.region),
            "predicted": _class_values(predicted),
            "explained": {
                "class": explained.number,
                "instead_of": instead.number if instead else None,
                "name": explained.name,
                "instead_of_name": instead.name if instead else None,
                "probability": explained.probability,
            },
            "sentence": self.sentence,
            "parts": plain(found.parts),
            "parts_not_found": found.missing,
            "layers": [_layer_values(layer, self.named) for layer in found.layers],
            "without": None if found.without is None else _without_values(found.without),
        }


def _class_values(line: ClassLine) -> dict[str, Any]:
    return {"class": line.number, "name": line.name, "probability": line.probability}


def _without_values(without: Without) -> dict[str, Any]:
    return {
        "named": without.named,
        "predicted": _class_values(without.predicted),
        "probability": without.probability,
        "score": without.score,
        "control": {"predicted": _class_values(without.control_predicted), "score": without.control_score},
    }


def _layer_values(layer: LayerAccount, named: int | None) -> dict[str, Any]:
    names = ("layer", "score", "baseline", "remainder", "steps", "groups", "fired")
    return {name: plain(getattr(layer, name)) for name in names} | {"patterns": plain(layer.patterns[:named])}


@dataclass(frozen=True)
class Explained(Result):
    """The objects of photos with their explanations, and what was skipped."""

    objects: list[ExplainedObject]
    skipped: list[Skipped]

    def __len__(self) -> int:
        return len(self.objects)

    def __iter__(self) -> Iterator[ExplainedObject]:
        return iter(self.objects)

    def __getitem__(self, number: int) -> ExplainedObject:
        return self.objects[number]

    @property
    def without(self) -> WithoutSummary | None:
        """What became of all answers without the units that were taken away, if any were."""
        return without_summary([one.explanation for one in self.objects])

    def to_pandas(self) -> "pandas.DataFrame":
        """One row for each group of each layer of each object."""
        columns = ["photo", "predicted", "explained", "layer", *(field.name for field in fields(GroupLine))]
        rows = []
        for one in self.objects:
            found = one.explanation
            said = {
                "photo": str(found.object.path),
                "predicted": found.predicted.name,
                "explained": found.explained.name,
            }
            rows += [{**said, "layer": layer.layer, **vars(g)} for layer in found.layers for g in layer.groups]
        return data_frame(rows, columns)

    def _repr_html_(self) -> str:
        from egraph.report.pictures import data_uri

        shown = [
            f'<p><img src="{data_uri(one.picture())}" style="max-width: 100%"></p>' for one in self.objects[:SHOWN]
        ]
        more = f"<p>The first {SHOWN} of {len(self):,} objects.</p>" if len(self) > SHOWN else ""
        return "".join(shown) + more


@dataclass(frozen=True)
class Explaining:
    """The objects with their explanations, as they are made, and what was skipped, which grows meanwhile. layers: of
    the graph that are explained, from the input side up."""

    objects: Iterator[ExplainedObject]
    skipped: list[Skipped]
    graph: str
    category: str
    layers: list[str]


def explain_photos(
    settings: Settings, request: ExplainRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> Explaining:
    """Explain a network's answers on photos, object by object; with `keep`, each is stored as it comes.

    Raises:
        NothingYetError: there is no graph.
        InputError: no photo can be used, or the weights are not those of the graph, or have no classifier.
        UsageError: there is no such layer or class.
    """
    with open_database(settings) as database:
        report(progress, "reading the graph", 0, 1)
        graph_id = chosen_graph(database, request.category, request.graph)
        content = content_of(database, graph_id)
        graph = read_graph(database, graph_id, placing=True)
        aogs = newest_and_or_graphs(database, graph)
        report(progress, "reading the graph", 1, 1)
    found = objects_of(request.photos, request.annotations, graph.category, progress)
    network = network_of(graph, request, module)
    network.need_classifier("An explanation")
    layers = explained_layers(graph, request.layers)
    require_mixtures(graph, layers)
    explainer = Explainer(graph, network, Locator(graph, network, aogs), layers, request.classes)
    skipped = list(found.skipped)
    objects = _explained(explainer, found.objects, request, skipped, progress)
    if request.keep:
        objects = _kept(settings, graph.id, content, objects)
    return Explaining(objects, skipped, graph.id, graph.category, layers)


def _kept(
    settings: Settings, graph: str, content: str, objects: Iterator[ExplainedObject]
) -> Iterator[ExplainedObject]:
    """The same objects, each stored before it is handed on."""
    with open_database(settings) as database:
        ensure_schema(database)
        for one in objects:
            write_explanation(database, graph, content, one.explanation)
            yield one


def explain_in_memory(
    settings: Settings,
    request: ExplainRequest,
    photos: Sequence[object],
    progress: Progress | None = None,
    module: nn.Module | None = None,
) -> Explained:
    """Explain photos of which some may be in memory: PIL images or arrays, named `photo N`. See `explain_photos`."""
    with written(photos) as (paths, images):
        explaining = explain_photos(settings, replace(request, photos=paths), progress, module)
        objects = []
        for one in explaining.objects:
            found = one.explanation
            if (image := images.get(found.object.path)) is not None:
                named = replace(found.object, path=Path(found.object.path.name))
                one = replace(one, explanation=replace(found, object=named), image=image)
            objects.append(one)
        skipped = [
            replace(one, path=Path(one.path).name) if Path(one.path) in images else one for one in explaining.skipped
        ]
    return Explained(objects, skipped)


def _explained(
    explainer: Explainer,
    objects: Sequence[PhotoObject],
    request: ExplainRequest,
    skipped: list[Skipped],
    progress: Progress | None,
) -> Iterator[ExplainedObject]:
    for done, obj in enumerate(objects, start=1):
        try:
            yield ExplainedObject(explainer.explain(obj, request), request.patterns)
        except PhotoError as error:
            skipped.append(Skipped(str(obj.path), error.reason))
        report(progress, "explaining photos", done, len(objects))


def chosen_graph(database: Database, category: str | None, name: str | None) -> str:
    """The id of the graph that is asked for; without a category, of the only one there is.

    Raises:
        NothingYetError: there is none.
        UsageError: there are several.
    """
    known = graphs(database)
    categories = sorted({graph.category for graph in known if graph.state == "complete"})
    if category is None and len(categories) > 1:
        raise UsageError(f"There are graphs of {', '.join(categories)}; choose with --category.")
    return choose_graph(known, category or (categories[0] if categories else "any category"), name).id


def newest_and_or_graphs(database: Database, graph: MinedGraph) -> list[AndOrGraph]:
    """The newest And-Or graph of each part, of those that were built from a graph as it is now."""
    newest: dict[str, str] = {}
    for aog in sorted(list_aogs(database), key=lambda aog: aog.created_at):
        if aog.graph == graph.id and aog.current:
            newest[aog.part] = aog.id
    return [read_aog(database, id_, graph) for id_ in newest.values()]


def explained_layers(graph: MinedGraph, asked: Sequence[str] | None) -> list[str]:
    """The layers to explain, from the input side up.

    Raises:
        UsageError: the graph does not have one of them, or does not place its patterns by the photo alone.
    """
    there = [layer.name for layer in graph.layers if layer.name != ANCHORS][-LAYERS:]
    if unknown := [name for name in asked or () if name not in there]:
        raise UsageError(f"{graph.id} cannot explain {unknown[0]}; it explains {' and '.join(there)}.")
    return [name for name in there if not asked or name in asked]
