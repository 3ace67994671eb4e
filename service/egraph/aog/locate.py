"""Finding parts on photos, mined or new, from what the graph database holds and the network alone."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.aog.confidence import UNSURE, confidence, familiarity
from egraph.aog.model import AndOrGraph
from egraph.aog.parse import Parse, kept_model
from egraph.mining.graph_model import GraphModel, numbers_of
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.pose import placing_numbers
from egraph.network.load import Network
from egraph.photos.crop import from_fractions
from egraph.photos.photo import Box, PhotoObject
from egraph.responses.evidence import grid_places
from egraph.responses.fresh import FreshResponses


@dataclass(frozen=True)
class Voter:
    """A pattern that spoke for the place: its id, its place in the photo (x, y in pixels), its share of the score."""

    id: str
    x: float
    y: float
    weight: float


@dataclass(frozen=True)
class LocatedPart:
    """A part on an object, in pixels of the photo.

    score: agreement of the patterns at the place, in deviations over all places of the learning photos. confidence:
    share of the learning photos that look less familiar. template: id. voters: the patterns, largest share first.
    """

    part: str
    box: Box
    x: float
    y: float
    score: float
    confidence: float
    template: str
    mirrored: bool
    voters: list[Voter]

    @property
    def unsure(self) -> bool:
        """Whether hardly any learning photo looked less familiar."""
        return self.confidence < UNSURE


@dataclass(frozen=True)
class Posture:
    """n objects brought to their canonical view. mirrored: (n,) bool. evidence: (n, u, F), or of some of the F filters.
    pose, expected_pose: (n, r). wholeness: (n,) how well the anchors fit. numbers: (n, s) of the pose that place
    patterns. displacement: (A, n, 2) of the anchors."""

    mirrored: np.ndarray
    evidence: Tensor
    pose: Tensor
    expected_pose: Tensor
    wholeness: Tensor
    numbers: Tensor
    displacement: Tensor


class Viewer:
    """Runs the network over objects and their mirrors and turns them as a graph's patterns tell.

    column_of: column of each filter (layer, channel) in the evidence that is read.
    """

    def __init__(self, graph: MinedGraph, network: Network, wanted: Set[tuple[str, int]] | None = None) -> None:
        """
        Args:
            wanted: filters (layer, channel) whose evidence is read; all, unless told.

        Raises:
            InputError: the graph was mined with other weights.
        """
        self.graph, self.model = graph, GraphModel(graph, network, whole=False)
        self.grid = grid_places(self.model.plan.context_cells)
        self.rows = {o.id: row for row, o in enumerate(graph.objects)}
        layers = [self.model.layers[name] for name in self.model.plan.context_layers]
        filters = [(layer.name, channel) for layer in layers for channel in range(layer.channels)]
        columns = [column for column, pair in enumerate(filters) if wanted is None or pair in wanted]
        self.columns = None if wanted is None else torch.tensor(columns)
        self.column_of = {filters[column]: place for place, column in enumerate(columns)}

    def look(self, objects: Sequence[PhotoObject]) -> tuple[FreshResponses, Posture]:
        """Responses, side and pose of objects; those that were mined stand as the graph knows them.

        Raises:
            InputError: a photo cannot be read.
        """
        model = self.model
        seen = model.run(objects)
        anchors = model.find_anchors(seen)
        displacement = anchors.places - model.anchor_mean
        found = model.place_layer(model.posed, seen, displacement)
        mirrored = model.side(found["mass"])
        known = [(row, self.rows[o.id]) for row, o in enumerate(objects) if o.id in self.rows]
        for row, there in known:
            mirrored[row] = self.graph.mirrored[there]
        views = numbers_of(mirrored)
        pose, length = model.pose(found["free_places"][:, views])
        numbers = placing_numbers(pose, length)
        for row, there in known:
            pose[row] = torch.from_numpy(self.graph.pose[there])
        return seen, Posture(
            mirrored=mirrored,
            evidence=seen.evidence(views, self.columns).cpu(),
            pose=pose,
            expected_pose=model.pose(found["expected"][:, views])[0],
            wholeness=anchors.peak[:, views].mean(0),
            numbers=numbers,
            displacement=displacement[:, views],
        )


class Locator:
    """A graph and its And-Or graphs: finds all parts in one run of the network over photo and mirror."""

    def __init__(self, graph: MinedGraph, network: Network, aogs: Sequence[AndOrGraph]) -> None:
        """
        Raises:
            InputError: the graph was mined with other weights.
        """
        self.viewer = Viewer(graph, network, {pair for aog in aogs for pair in aog.filters})
        self.aogs = aogs
        self.parts = [kept_model(aog, graph, self.viewer.column_of) for aog in aogs]
        self.numbers = {
            name: {pair: row for row, pair in enumerate(zip(t.filter.tolist(), t.number.tolist(), strict=True))}
            for name, t in graph.patterns.items()
        }

    def locate(self, objects: Sequence[PhotoObject], voters: int = 0) -> list[list[LocatedPart]]:
        """The parts on some objects, per object one for each And-Or graph.

        Args:
            voters: so many patterns of each part are named.

        Raises:
            InputError: a photo cannot be read.
        """
        responses, seen = self.viewer.look(objects)
        model, views = self.viewer.model, numbers_of(seen.mirrored)
        placed = {}
        for layer in {layer for aog in self.aogs for layer in aog.layer} if voters else ():
            if model.places_by_pose:
                placed[layer] = model.posed_places(layer, seen.numbers)
            else:
                placed[layer] = model.place_layer(layer, responses, seen.displacement, views)["places"]
        ids = [o.id for o in objects]
        parses = [part.parse(seen.evidence, seen.pose, ids, self.viewer.grid) for part in self.parts]
        sure = [
            confidence(
                familiarity(parse.score, seen.wholeness, torch.from_numpy(aog.habit)),
                torch.from_numpy(aog.familiarity_levels),
            )
            for aog, parse in zip(self.aogs, parses, strict=True)
        ]
        return [
            [
                self._located(o, row, bool(seen.mirrored[row]), float(surety[row]), aog, parse, placed, voters)
                for aog, parse, surety in zip(self.aogs, parses, sure, strict=True)
            ]
            for row, o in enumerate(objects)
        ]

    def _located(
        self,
        obj: PhotoObject,
        row: int,
        mirrored: bool,
        sure: float,
        aog: AndOrGraph,
        parse: Parse,
        placed: dict[str, Tensor],
        voters: int,
    ) -> LocatedPart:
        def in_photo(place: Tensor) -> tuple[float, float]:
            across, down = float(place[1]), float(place[0])
            return from_fractions(obj, 1 - across if mirrored else across, down)

        votes = np.bincount(aog.found.template, (parse.alike[row].numpy() * aog.found.trust), len(aog.templates))
        template = int(votes.argmax())
        x, y = in_photo(parse.places[row])
        height, width = aog.templates[template].box * np.array([obj.box.height, obj.box.width])
        shares = parse.shares[row]
        spoken = []
        for s in shares.argsort(descending=True)[:voters].tolist():
            layer, pair = aog.layer[s], (int(aog.filter[s]), int(aog.number[s]))
            place = placed[layer][self.numbers[layer][pair], row]
            name = f"{aog.graph}/{layer}/{pair[0]}/{pair[1]}"
            spoken.append(Voter(name, *in_photo(place), float(shares[s])))
        return LocatedPart(
            part=aog.part,
            box=Box(x - width / 2, y - height / 2, float(width), float(height)),
            x=x,
            y=y,
            score=float(parse.score[row]),
            confidence=sure,
            template=f"{aog.id}/{template + 1}",
            mirrored=mirrored,
            voters=spoken,
        )
