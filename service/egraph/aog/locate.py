"""Finding parts on photos, mined or new, from what the graph database holds and the network alone."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from egraph.aog.boxes import part_box
from egraph.aog.confidence import DOUBTFUL, UNSURE, confidence, familiarity, place_confidence
from egraph.aog.model import AndOrGraph
from egraph.aog.parse import Parse, kept_model
from egraph.aog.pool import Stance
from egraph.mining.graph_model import GraphModel, numbers_of
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.pose import placing_numbers, unseen_vectors
from egraph.network.load import Network
from egraph.photos.crop import from_fractions
from egraph.photos.mirroring import turned_point
from egraph.photos.photo import Box, PhotoObject
from egraph.responses.evidence import grid_places
from egraph.responses.store import VIEWS


@dataclass(frozen=True)
class Contribution:
    """What a pattern added to the score of the place that was found, `share`: its vote there, which may be negative.

    id: of the pattern. x, y: where it is expected on this object, in pixels of the photo.
    """

    id: str
    x: float
    y: float
    share: float


@dataclass(frozen=True)
class LocatedPart:
    """A part on an object, in pixels of the photo.

    score: of the place; it is exactly `prior` and the shares of all patterns together. prior: what the places where
    the part usually is add to it. confidence: that it is there, the share of the learning photos that
    look less familiar. place_confidence: that the place is right, the share of those on which it was less certain.
    expected_error: how far off the model expects the place to be, in diagonals of the object. template: id.
    patterns: those that were asked for, the largest share first, of `voting` in all.
    """

    part: str
    box: Box
    x: float
    y: float
    score: float
    prior: float
    confidence: float
    place_confidence: float
    expected_error: float
    template: str
    mirrored: bool
    patterns: list[Contribution]
    voting: int

    @property
    def rest(self) -> float:
        """What the patterns that are not named added to the score."""
        return self.score - self.prior - sum(pattern.share for pattern in self.patterns)

    @property
    def unsure(self) -> bool:
        """Whether the part is hardly there, or its place in doubt."""
        return self.absent or self.place_confidence < DOUBTFUL

    @property
    def absent(self) -> bool:
        """Whether hardly any learning photo looked less familiar."""
        return self.confidence < UNSURE


@dataclass(frozen=True)
class Posture:
    """n objects brought to their canonical view. mirrored: (n,) bool. evidence: (n, u, F), or of some of the F filters.
    stance, expected: see `Pool`. wholeness: (n,) how well the anchors fit. numbers: (n, s) of the pose that place
    patterns, as mining placed them. means: (n, channels) of each layer that was read, the mean output of every filter
    on the objects as photographed, what is below 0 counting as 0."""

    mirrored: np.ndarray
    evidence: Tensor
    stance: Stance
    expected: Stance
    wholeness: Tensor
    numbers: Tensor
    means: dict[str, Tensor]


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
        self.pose = torch.from_numpy(graph.pose)
        self.unseen_pose = unseen_vectors(self.pose)
        layers = [self.model.layers[name] for name in self.model.plan.context_layers]
        filters = [(layer.name, channel) for layer in layers for channel in range(layer.channels)]
        columns = [column for column, pair in enumerate(filters) if wanted is None or pair in wanted]
        self.columns = None if wanted is None else torch.tensor(columns, dtype=torch.long)
        self.column_of = {filters[column]: place for place, column in enumerate(columns)}

    def look(self, objects: Sequence[PhotoObject]) -> Posture:
        """Evidence, side and pose of objects; those that were mined stand as the graph knows them.

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
        numbers, unseen = placing_numbers(pose, length), pose.clone()
        for row, there in known:
            pose[row], unseen[row] = self.pose[there], self.unseen_pose[there]
        expected, expected_length = model.pose(found["expected"][:, views])
        return Posture(
            mirrored=mirrored,
            evidence=seen.evidence(views, self.columns).cpu(),
            stance=Stance(pose, placing_numbers(unseen, length)),
            expected=Stance(expected, placing_numbers(expected, expected_length)),
            wholeness=anchors.peak[:, views].mean(0),
            numbers=numbers,
            means={name: values[::VIEWS] for name, values in seen.means.items()},
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

    def locate(self, objects: Sequence[PhotoObject], patterns: int | None = 0) -> list[list[LocatedPart]]:
        """The parts on some objects, per object one for each And-Or graph.

        Args:
            patterns: so many of each part are named; all where it is None.

        Raises:
            InputError: a photo cannot be read.
        """
        return self.parts_on(objects, self.viewer.look(objects), patterns)

    def parts_on(
        self, objects: Sequence[PhotoObject], seen: Posture, patterns: int | None = 0
    ) -> list[list[LocatedPart]]:
        """The same as `locate`, of objects that the viewer has looked at."""
        model = self.viewer.model
        placed = {}
        for layer in {layer for aog in self.aogs for layer in aog.layer} if patterns != 0 else ():
            placed[layer] = model.posed_places(layer, seen.numbers)
        ids = [o.id for o in objects]
        parses = [part.parse(seen.evidence, seen.stance, ids, self.viewer.grid) for part in self.parts]
        sure = [
            confidence(
                familiarity(parse.seen, seen.wholeness, torch.from_numpy(aog.habit)),
                torch.from_numpy(aog.familiarity_levels),
            )
            for aog, parse in zip(self.aogs, parses, strict=True)
        ]
        return [
            [
                self._located(o, row, bool(seen.mirrored[row]), float(there[row]), aog, parse, placed, patterns)
                for aog, parse, there in zip(self.aogs, parses, sure, strict=True)
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
        patterns: int | None,
    ) -> LocatedPart:
        def in_photo(place: Tensor) -> tuple[float, float]:
            return from_fractions(obj, *turned_point(place, mirrored))

        template = int(parse.template[row].argmax())
        x, y = in_photo(parse.places[row])
        box = part_box(obj, x, y, aog.templates[template].box)
        votes, doubt = parse.votes[row], torch.from_numpy(aog.error_levels)
        spoken = []
        for s in votes.argsort(descending=True)[:patterns].tolist():
            layer, pair = aog.layer[s], (int(aog.filter[s]), int(aog.number[s]))
            place = placed[layer][self.numbers[layer][pair], row]
            name = f"{aog.graph}/{layer}/{pair[0]}/{pair[1]}"
            spoken.append(Contribution(name, *in_photo(place), float(votes[s])))
        return LocatedPart(
            part=aog.part,
            box=box,
            x=x,
            y=y,
            score=float(parse.score[row]),
            prior=float(parse.prior[row]),
            confidence=sure,
            place_confidence=float(place_confidence(parse.expected_error[row : row + 1], doubt)),
            expected_error=float(parse.expected_error[row]),
            template=f"{aog.id}/{template + 1}",
            mirrored=mirrored,
            patterns=spoken,
            voting=len(votes),
        )
