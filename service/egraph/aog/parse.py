"""Laying a learnt part over objects: every pattern votes, and the place on which the votes and the prior agree wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from egraph.aog.exemplars import Exemplars, nearest
from egraph.aog.maps import expected_error, log_map, median_place, nearest_units
from egraph.aog.model import AndOrGraph
from egraph.aog.pool import Stance
from egraph.aog.votes import Voters
from egraph.mining.graph_tables import ANCHORS, MinedGraph
from egraph.mining.pose import PLACING_NUMBERS


@dataclass(frozen=True)
class Parse:
    """A part on n objects, with S patterns and T templates.

    places: (n, 2) canonical. score: (n,) at the grid's unit nearest to them; it is `prior` (n,) + the sum of `votes`
    (n, S), and nothing else. seen: (n,) the sum of the votes' first halves. expected_error: (n,) see
    `maps.expected_error`. template: (n, T) share of each template in
    what the exemplars say.
    """

    places: Tensor
    score: Tensor
    prior: Tensor
    votes: Tensor
    seen: Tensor
    expected_error: Tensor
    template: Tensor


@dataclass(frozen=True)
class PartModel:
    """What parsing needs of a learnt part. columns: (S,) of the voters' filters in the evidence. prior: (u,), log of
    the place prior times its weight. offset: (2,)."""

    columns: Tensor
    voters: Voters
    exemplars: Exemplars
    prior: Tensor
    offset: Tensor

    def parse(self, evidence: Tensor, stance: Stance, ids: Sequence[str], grid: Tensor) -> Parse:
        """Find the part on objects in their canonical view.

        Args:
            evidence: (n, u, F). ids: a known object does not tell its own place. grid: (u, 2).
        """
        voters, known, settings = self.voters, self.exemplars, self.voters.settings
        same = torch.tensor([known.row_of.get(id, -1) for id in ids])
        near = nearest(stance.pose, known.pose, known.trust, same, settings.nearest, settings.temperature)
        columns: list[tuple[Tensor, ...]] = []
        for seen, placed in voters.votes(evidence[..., self.columns], stance.numbers, near, known):
            total = (seen + placed).sum(1) + self.prior
            places = (median_place(total, grid) + self.offset).clamp(0, 1)
            row, unit = torch.arange(len(places)), nearest_units(places, grid)
            first, second = seen[row, :, unit], placed[row, :, unit]
            doubt = expected_error(total, places, grid)
            columns.append((places, total[row, unit], self.prior[unit], first + second, first.sum(1), doubt))
        places, score, prior, votes, first, doubt = (torch.cat(column) for column in zip(*columns, strict=True))
        return Parse(
            places=places,
            score=score,
            prior=prior,
            votes=votes,
            seen=first,
            expected_error=doubt,
            template=near.templates(known.template, voters.weight.shape[1]),
        )


def kept_model(aog: AndOrGraph, graph: MinedGraph, column_of: Mapping[tuple[str, int], int]) -> PartModel:
    """What the database holds of a part, ready to parse; `column_of` each filter (layer, channel) in the evidence."""
    objects = {o.id: row for row, o in enumerate(graph.objects)}
    patterns = {
        (name, int(f), int(n)): (name, row)
        for name, table in graph.patterns.items()
        if name != ANCHORS
        for row, (f, n) in enumerate(zip(table.filter, table.number, strict=True))
    }
    rows = [patterns[key] for key in zip(aog.layer, aog.filter.tolist(), aog.number.tolist(), strict=True)]

    def by_template(name: str) -> Tensor:
        return torch.stack([torch.from_numpy(getattr(t, name)) for t in aog.templates], 1)

    def of_patterns(name: str, numbers: int | None = None) -> Tensor:
        values = [torch.from_numpy(getattr(graph.patterns[layer], name)[row]) for layer, row in rows]
        return torch.stack([value[:numbers] for value in values])

    return PartModel(
        columns=torch.tensor([column_of[pair] for pair in aog.filters]),
        voters=Voters(
            weight=by_template("weight"),
            displacement=by_template("displacement"),
            response=by_template("response"),
            mean_evidence=torch.from_numpy(aog.mean_evidence),
            mean_place=of_patterns("mean_place"),
            loadings=of_patterns("pose", PLACING_NUMBERS),
            score_deviation=aog.score_deviation,
            settings=aog.settings,
        ),
        exemplars=Exemplars(
            pose=torch.from_numpy(graph.pose)[[objects[id] for id in aog.found.objects]],
            trust=torch.from_numpy(aog.found.trust),
            template=torch.from_numpy(aog.found.template).long(),
            residual=torch.from_numpy(aog.found.residual),
            row_of={id: row for row, id in enumerate(aog.found.objects)},
        ),
        prior=aog.prior_weight * log_map(torch.from_numpy(aog.prior)),
        offset=torch.from_numpy(aog.offset),
    )
