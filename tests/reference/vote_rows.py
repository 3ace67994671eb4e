"""Votes recomputed from the rows of the database alone, one pattern and one place at a time."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from egraph.aog.locate import Posture, Viewer
from egraph.graph.connection import Database
from egraph.graph.read import read_graph
from egraph.network.load import load_network
from egraph.photos.crop import to_fractions
from egraph.photos.photo import PhotoObject
from reference import and_or_graph as slow


@dataclass(frozen=True)
class VoteRows:
    """Rows of one And-Or graph, as the database gives them; viewer: brings objects to their canonical view."""

    aog: dict[str, Any]
    templates: list[str]
    composed: list[dict[str, Any]]
    found: list[dict[str, Any]]
    viewer: Viewer

    @classmethod
    def read(cls, database: Database, aog: str) -> "VoteRows":
        """Ask the database."""
        rows = database.read("aog/read", id=aog)
        kept = rows[0]["aog"]
        templates = [row["template"]["id"] for row in rows]
        composed = [
            {**row, "template": number}
            for number, template in enumerate(templates)
            for row in database.read("aog/read_patterns", template=template)
        ]
        graph = read_graph(database, kept["graph"], placing=True)
        viewer = Viewer(graph, load_network(graph.network_name, graph.weights_source))
        return cls(kept, templates, composed, database.read("aog/read_found", id=aog), viewer)

    def look(self, objects: list[PhotoObject]) -> Posture:
        """The network's evidence on objects, and how they stand."""
        return self.viewer.look(objects)

    def unit(self, obj: PhotoObject, part: dict[str, Any]) -> int:
        """Number of the grid's unit nearest to a printed centre."""
        x, y = to_fractions(obj, *part["center"])
        place = np.array([y, 1 - x if part["mirrored"] else x])
        return int(((self.viewer.grid.numpy() - place) ** 2).sum(1).argmin())

    def votes(self, seen: Posture, row: int, unit: int) -> dict[str, float]:
        """Each pattern's vote at one unit of one object, by its id."""
        aog, graph = self.aog, self.viewer.graph
        place, cells = self.viewer.grid.double().numpy()[unit], math.isqrt(len(self.viewer.grid))
        poses = {o.id: graph.pose[i].astype(float) for i, o in enumerate(graph.objects)}
        own = seen.stance.pose[row].double().numpy()
        likeness = {
            f["object"]: float(own @ poses[f["object"]])
            for f in self.found
            if not np.allclose(own, poses[f["object"]], atol=1e-7)
        }
        near = sorted(likeness, key=likeness.__getitem__, reverse=True)[: aog["nearest"]]
        by_id = {f["object"]: f for f in self.found}
        weights = np.array([math.exp(likeness[o] / aog["temperature"]) for o in near])
        weights = weights / weights.sum() * [by_id[o]["trust"] for o in near]
        shares = weights / weights.sum()
        exemplars = [
            (float(s), by_id[o]["template"] - 1, np.array([by_id[o]["residual_y"], by_id[o]["residual_x"]]))
            for s, o in zip(shares, near, strict=True)
        ]
        found = {}
        for key in {(r["layer"], r["filter"], r["number"]) for r in self.composed}:
            layer, filter_, number = key
            table = {r["template"]: r for r in self.composed if (r["layer"], r["filter"], r["number"]) == key}
            columns = [
                [[table[t][name] if t in table else 0.0 for name in names] for t in range(len(self.templates))]
                for names in (("weight",), ("dy", "dx"), ("response_dy", "response_dx"))
            ]
            patterns = graph.patterns[layer]
            at = int(np.flatnonzero((patterns.filter == filter_) & (patterns.number == number))[0])
            numbers = seen.stance.numbers[row].double().numpy()
            moved = (patterns.pose[at, : len(numbers)].astype(float) * numbers[:, None]).sum(0)
            evidence = seen.evidence[row, :, self.viewer.column_of[layer, filter_]].double().numpy()
            found[f"{graph.id}/{layer}/{filter_}/{number}"] = slow.vote(
                place,
                evidence.reshape(cells, cells),
                next(iter(table.values()))["mean_evidence"],
                np.array(columns[0])[:, 0],
                np.array(columns[1]),
                np.array(columns[2]),
                patterns.mean_place[at].astype(float) + aog["following"] * moved,
                exemplars,
                aog["score_deviation"],
                aog["place_weight"],
                aog["saturation"],
                aog["width"],
            )
        return found
