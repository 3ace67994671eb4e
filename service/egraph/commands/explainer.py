"""One graph and its network, ready to explain photos: what the network saw, divided and accounted for."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from egraph.aog.locate import Locator
from egraph.commands.requests import ExplainRequest
from egraph.errors import NothingYetError, UsageError
from egraph.explaining.account import LayerPatterns, LayerView, divided, layer_account, layer_view, shown_unnamed
from egraph.explaining.contributions import pooled_head
from egraph.explaining.explanation import ClassLine, Explanation, Without
from egraph.explaining.fitting import mixture_of
from egraph.explaining.groups import Groups, nearest_anchor, unnamed_part
from egraph.explaining.score import Score, class_score, probabilities, region_weights
from egraph.explaining.texture import texture_shares
from egraph.explaining.upper import upper_networks
from egraph.explaining.view import View, layer_units, read_view, widened_view
from egraph.explaining.without import answer_without, equal_mass
from egraph.graph.explanations import KEPT_PATTERNS
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.network.class_names import ClassNames, class_names
from egraph.network.network import Network
from egraph.photos.boxes import clip_to
from egraph.photos.crop import read_crop
from egraph.photos.mirroring import turned_places
from egraph.photos.photo import Box, PhotoObject


@dataclass(frozen=True)
class Seen:
    """What the network saw of an object. picture: (1, 3, size, size) its input. means: (C,) of each layer's filters on
    the object alone. views, groups: of the layers, from the input side up. parts: where the named ones were found;
    missing: those that may not be there."""

    object: PhotoObject
    view: View
    picture: Tensor
    predicted: ClassLine
    explained: ClassLine
    instead_of: ClassLine | None
    score: Score
    means: dict[str, Tensor]
    views: list[LayerView]
    groups: list[Groups]
    parts: dict[str, Box]
    missing: list[str]


class Explainer:
    """A graph, its network and its And-Or graphs, ready to explain photos. names: of the network's classes, once its
    first answer tells how many there are."""

    def __init__(
        self, graph: MinedGraph, network: Network, locator: Locator, layers: Sequence[str], classes: Path | None
    ) -> None:
        self.graph, self.network, self.locator = graph, network, locator
        self.layers = [layer for layer in graph.layers if layer.name in layers]
        self._classes_file, self._untried = classes, True
        self.names: ClassNames | None = None
        anchors = torch.from_numpy(graph.patterns[ANCHORS].mean_place)
        self.known_parts = {aog.part for aog in locator.aogs}
        self.patterns = {name: _layer_patterns(graph, name, anchors) for name in layers}
        self.usual = {name: torch.from_numpy(graph.readings[name].filter_mean) for name in layers}

    def explain(self, obj: PhotoObject, request: ExplainRequest) -> Explanation:
        """Explain one object.

        Raises:
            InputError: the photo cannot be read.
            UsageError: the network gives no classes, or has none of this name.
        """
        seen = self.see(obj, request)
        most = request.patterns
        if request.keep and most is not None:
            most = max(most, KEPT_PATTERNS)
        each = list(zip(seen.views, seen.groups, strict=True))
        return Explanation(
            object=obj,
            region=seen.view.region,
            category=self.graph.category,
            predicted=seen.predicted,
            explained=seen.explained,
            instead_of=seen.instead_of,
            layers=[layer_account(view, groups, seen.score, obj, most) for view, groups in each],
            parts=seen.parts,
            missing=seen.missing,
            without=self._without(list(request.without), seen) if request.without else None,
        )

    def see(self, obj: PhotoObject, request: ExplainRequest) -> Seen:
        """Run the network over an object and its surroundings, account for each layer and divide its units.

        Raises:
            InputError: the photo cannot be read.
            UsageError: the network gives no classes, or has none of this name.
        """
        network, names = self.network, [layer.name for layer in self.layers]
        posture = self.locator.viewer.look([obj])
        found = self.locator.parts_on([obj], posture, 0)[0]
        parts = {part.part: part.box for part in found if not part.absent}
        view = widened_view(obj)
        picture = network.preprocess(read_view(obj, view, network.preprocessing.size)[None].copy())
        uppers = upper_networks(network, names, picture, self._untried)
        self._untried = False
        before = {name: posture.means[name][0] for name in names}
        texture = texture_shares(network, before, read_crop(obj, network.preprocessing.size).copy())
        region = self._region(uppers[0].answer, request.region, obj, view)
        answers = Score(torch.ones(0), region).answers(uppers[0].answer)
        predicted, explained, instead_of = _classes(answers, self._names(answers.shape[1]), request)
        direction = class_score(len(answers[0]), explained.number, instead_of.number if instead_of else None)
        score, head = Score(direction, region), pooled_head(uppers[-1])
        views = []
        for layer, upper in zip(self.layers, uppers, strict=True):
            places = self.locator.viewer.model.posed_places(layer.name, posture.numbers)
            as_seen = turned_places(places, posture.mirrored)[:, 0]
            units = layer_units([view], layer, network.preprocessing.size)
            top = head if upper is uppers[-1] else None
            views.append(layer_view(self.patterns[layer.name], upper, units, as_seen, texture[layer.name], score, top))
        shown = shown_unnamed(views[-1], parts, obj)
        return Seen(
            object=obj,
            view=view,
            picture=picture,
            predicted=predicted,
            explained=explained,
            instead_of=instead_of,
            score=score,
            means=before,
            views=views,
            groups=[divided(one, parts, obj, shown) for one in views],
            parts=parts,
            missing=[part.part for part in found if part.absent],
        )

    def _names(self, count: int) -> ClassNames:
        if self.names is None:
            self.names = class_names(self.network, count, self._classes_file)
        return self.names

    def _region(self, answer: Tensor, region: Box | None, obj: PhotoObject, view: View) -> Tensor | None:
        """The weights of a dense answer's places: those of `region`, in pixels of the photo, or of the object."""
        if answer.ndim == 2:
            if region is not None:
                raise UsageError(
                    f"{self.network.name} answers once for each photo, not for regions; leave --region out."
                )
            return None
        asked = region or obj.box
        inside = clip_to(asked, view.region)
        if inside is None:
            raise UsageError("--region lies outside what the network sees, the object's box and a quarter around it.")
        frame = view.region
        box = Box(
            (inside.x - frame.x) / frame.width,
            (inside.y - frame.y) / frame.height,
            inside.width / frame.width,
            inside.height / frame.height,
        )
        return region_weights(box, *answer.shape[2:])

    def _named_units(self, named: Sequence[str], seen: Seen, view: LayerView, groups: Groups) -> Tensor:
        """Which share of a layer's units patterns, filters and groups name, (C, U)."""
        layer, filter_ = view.upper.layer, view.patterns.mixture.filter
        row_of = {id_: row for row, id_ in enumerate(view.patterns.ids)}
        total = torch.zeros(groups.share.shape[1:])
        for name in named:
            short = name.removeprefix(f"{self.graph.id}/").removeprefix(f"{self.graph.network_id}/")
            if (row := row_of.get(f"{self.graph.id}/{short}")) is not None:
                total[filter_[row]] += view.owners.pattern[row]
            elif name in groups.names:
                total += groups.share[groups.names.index(name)]
            elif (number := self._anchor(name)) is not None:
                one = divided(view, seen.parts, seen.object, [number])
                total += one.share[one.names.index(name)]
            elif name in self.known_parts:
                continue  # it was not found on this photo
            elif short.rpartition("/")[0] == layer and short.rpartition("/")[2].isdecimal():
                channel = int(short.rpartition("/")[2])
                if channel >= len(total):
                    raise UsageError(f"{layer} has no filter {channel}; it has filters 0 to {len(total) - 1}.")
                total[channel] = 1
            elif not self._elsewhere(short, name, groups):
                raise UsageError(
                    f"--without {name}: that is no pattern, filter or group; give layer/filter/number, layer/filter, "
                    f"or one of {', '.join(groups.names)}."
                )
        return total.clamp_max(1.0)

    def _anchor(self, name: str) -> int | None:
        """The number of the anchor that an unnamed part is called by, whether it has a line here or not."""
        numbers = range(len(self.graph.patterns[ANCHORS]))
        return next((number for number in numbers if unnamed_part(number) == name), None)

    def _elsewhere(self, short: str, name: str, groups: Groups) -> bool:
        """Whether a name means something in another one of the layers that are explained."""
        layer = next((layer.name for layer in self.layers if short.startswith(f"{layer.name}/")), None)
        if layer is None:
            return False
        rest = short.removeprefix(f"{layer}/")
        return rest.isdecimal() or f"{self.graph.id}/{short}" in self.patterns[layer].ids

    def _without(self, named: list[str], seen: Seen) -> Without:
        each = list(zip(seen.views, seen.groups, strict=True))
        shares = {view.upper.layer: self._named_units(named, seen, view, groups) for view, groups in each}
        random = torch.Generator().manual_seed(0)
        control = {v.upper.layer: equal_mass(v.activation, shares[v.upper.layer], random) for v in seen.views}
        answers = [answer_without(self.network, seen.picture, some, self.usual) for some in (shares, control)]
        then, by_chance = (seen.score.answers(answer) for answer in answers)
        return Without(
            named=named,
            predicted=self._line(then, int(then[0].argmax())),
            probability=float(probabilities(then)[0, seen.explained.number]),
            score=float(seen.score(answers[0])[0]),
            control_predicted=self._line(by_chance, int(by_chance[0].argmax())),
            control_score=float(seen.score(answers[1])[0]),
        )

    def _line(self, answers: Tensor, number: int) -> ClassLine:
        return _line(answers, self._names(answers.shape[1]), number)


def _line(answers: Tensor, names: ClassNames, number: int) -> ClassLine:
    return ClassLine(number, names.name(number), float(probabilities(answers)[0, number]))


def _classes(
    answers: Tensor, names: ClassNames, request: ExplainRequest
) -> tuple[ClassLine, ClassLine, ClassLine | None]:
    """The class that the network predicts, the one that is explained, and the one instead of which."""
    top = int(answers[0].argmax())
    explained = top if request.class_ is None else names.number(request.class_)
    instead = None if request.instead_of is None else names.number(request.instead_of)
    if instead == explained:
        raise UsageError(
            f"--instead-of {names.name(explained)}: that is the class that is explained itself; give another one, or "
            "--class."
        )
    return (
        _line(answers, names, top),
        _line(answers, names, explained),
        None if instead is None else _line(answers, names, instead),
    )


def require_mixtures(graph: MinedGraph, layers: Sequence[str]) -> None:
    """
    Raises:
        NothingYetError: the graph does not say of one of the layers what its filters' activation is made of.
    """
    if any(mixture_of(graph, layer) is None for layer in layers):
        raise NothingYetError(
            f"{graph.id} does not say what its filters' activation is made of; mine it again, under another --name or "
            "after `egraph graph remove`, by egraph's own model and with --explaining."
        )


def _layer_patterns(graph: MinedGraph, layer: str, anchors: Tensor) -> LayerPatterns:
    table, mixture = graph.patterns[layer], mixture_of(graph, layer)
    assert mixture is not None
    ids = [f"{graph.id}/{layer}/{f}/{n}" for f, n in zip(table.filter.tolist(), table.number.tolist(), strict=True)]
    return LayerPatterns(ids, mixture, nearest_anchor(torch.from_numpy(table.mean_place), anchors))
