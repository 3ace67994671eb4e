"""Learning a part from a few boxes and all objects that have none: EM over where the part is.

The patterns' votes and the place prior agree on a place for every object (E-step), and the surest objects, more of them
every time, teach better votes and a better prior (M-step). m label sets, K labels each, are learnt side by side; n
objects, F filters, P patterns, u places. Of each filter, the pattern that keeps closest to the part, of those that the
labelled boxes led to in the graph, stands for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.aog.exemplars import Exemplars, Near, nearest
from egraph.aog.maps import (
    Surety,
    expected_error,
    gaussian_maps,
    log_map,
    margin,
    median_place,
    nearest_units,
    prior_weight,
)
from egraph.aog.parse import PartModel
from egraph.aog.pool import Pool
from egraph.aog.votes import AT_ONCE, Voters, VoteSettings, gaussians, saturated


@dataclass(frozen=True)
class LearningSettings:
    """Every number that decides what is learnt; widths are fractions of the crop.

    label_share: of the labels in the appearance that is learnt. led_away: see `led_away`. alike_weight: of what
    objects of the same pose show at the labels' places, against a label. contrast: of a filter's appearance against
    its mean. selected: share of the filters whose patterns vote. pseudo_labels: share of the unlabelled objects that
    teach, by iteration; at first the surest few, most of them of the labels' poses, from which the part's appearance
    spreads step by step to poses that look otherwise; never fewer than fewest_pseudo_labels, for a tenth of few
    objects cannot tell an appearance from an accident. temperature: of the posterior that teaches. label_weight,
    label_width: of a label among them. first_prior_width: of the place prior about a single label; K labels say where
    the part is so much better as their mean is surer. prior_blur: of the prior learnt later. trust: in the place of
    the part on an object that is labelled, teaching, or neither. shrinkage: objects' worth of the displacement over
    all templates in that of one. place_weight: of the votes' second halves. offset_*: see `label_offset`.
    """

    label_share: float = 0.3
    led_away: float = 0.5
    alike_weight: float = 0.5
    contrast: float = 0.6
    selected: float = 0.1
    pseudo_labels: tuple[float, ...] = (0.1, 0.2, 0.35, 0.5, 0.7)
    fewest_pseudo_labels: int = 12
    temperature: float = 0.25
    label_weight: float = 5.0
    label_width: float = 16 / 224
    first_prior_width: float = 78 / 224
    prior_blur: float = 45 / 224
    trust: tuple[float, float, float] = (10.0, 1.0, 0.1)
    shrinkage: float = 5.0
    place_weight: float = 2.0
    surety: Surety = field(default_factory=Surety)
    offset_shrinkage: float = 2.0
    offset_reach: float = 45 / 224
    offset_temperature: float = 0.15


DEFAULTS = LearningSettings()


@dataclass(frozen=True)
class LabelSets:
    """m sets of K labelled objects. rows: (m, K) of the pool. places: (m, K, 2) centres of the part."""

    rows: Tensor
    places: Tensor

    def mask(self, objects: int) -> Tensor:
        """(m, n) which objects are labelled."""
        return torch.zeros(len(self.rows), objects, dtype=torch.bool).scatter_(1, self.rows, True)


@dataclass(frozen=True)
class Terms:
    """What the score is made of; switched off for controls.

    appearance: the votes' first halves. places: their second halves. patterns: filters count only where the labels led
    to one of their patterns. evidence: patterns stand where the pose says that the evidence tells, not where their
    parents expect them.
    """

    appearance: bool = True
    places: bool = True
    patterns: bool = True
    evidence: bool = True


ALL_TERMS = Terms()


@dataclass(frozen=True)
class LearntPart:
    """What one label set taught.

    label_share: of the labels in the appearance, 1 where the other objects led away from the labels. missed: how far
    from the labels the part was found on the labelled objects, the mean in fractions of the crop.
    model: ready to parse. patterns: (S,) rows of the pool's patterns that vote. prior: (u,), prior_weight: of its log.
    places: (n, 2) of the part on every object of the pool, labels where there are. score: (n,) at the grid's unit
    nearest to them. seen: (n,) the sum of the votes' first halves there. expected_error: (n,) see
    `maps.expected_error`. votes: (n, S) there. sigma: (S, T) of the part from each pattern.
    """

    label_share: float
    missed: float
    model: PartModel
    patterns: Tensor
    prior: Tensor
    prior_weight: float
    places: Tensor
    score: Tensor
    seen: Tensor
    expected_error: Tensor
    votes: Tensor
    sigma: Tensor


@dataclass(frozen=True)
class _Appearance:
    """What is believed of all label sets before an E-step: weights (m, F) of the filters, prior (m, u), and, but for
    the first time, the voters of each label set with the exemplars."""

    weights: Tensor
    prior: Tensor
    votes: Sequence["_Fitted"] | None


@dataclass(frozen=True)
class _Fitted:
    """The votes of one label set. columns, rows: (S,) filters and patterns. sigma: (S, T)."""

    columns: Tensor
    rows: Tensor
    voters: Voters
    exemplars: Exemplars
    sigma: Tensor


@dataclass(frozen=True)
class _Seen:
    """An E-step: score (m, n, u) of every place, the scores' mean and deviation (m,), the prior's weight (m,), trust
    (m, n) and which objects teach (m, n) bool."""

    score: Tensor
    mean: Tensor
    deviation: Tensor
    lean: Tensor
    trust: Tensor
    teaching: Tensor


def learn_part(
    pool: Pool,
    labels: LabelSets,
    template: Tensor,
    asked: Tensor | None = None,
    terms: Terms = ALL_TERMS,
    settings: LearningSettings = DEFAULTS,
) -> list[LearntPart]:
    """EM over the objects of a pool, from a few labels; see the module. Where the other objects lead away from the
    labels, the appearance is learnt again from the labels alone.

    Args:
        template: (n,) which template each object belongs to. asked: (m, P) bool, the patterns that the labels led to;
            all, unless told.

    Returns:
        What each label set taught.
    """
    learnt = _Learning(pool, labels, template, asked, terms, settings).run()
    missed = torch.tensor([part.missed for part in learnt])
    away = led_away(missed, labels.places, settings.led_away).nonzero()[:, 0]
    if len(away) and settings.label_share < 1:
        some = LabelSets(labels.rows[away], labels.places[away])
        alone = replace(settings, label_share=1.0)
        again = _Learning(pool, some, template, None if asked is None else asked[away], terms, alone).run()
        for number, part in zip(away.tolist(), again, strict=True):
            learnt[number] = part
    return learnt


def led_away(missed: Tensor, places: Tensor, most: float) -> Tensor:
    """Whether what the other objects taught has led away from the labels: (m,) bool.

    Nothing is held out of what was learnt, but labels can be held out of a constant place, the mean of the others.
    Evidence that has seen the labels, and yet misses them by more than `most` of what the constant misses, does not
    help. Of a single label nothing can be said.

    Args:
        missed: (m,) how far what was learnt is from the labels. places: (m, K, 2) of the labels.
    """
    count = places.shape[1]
    if count < 2:
        return torch.zeros(len(places), dtype=torch.bool)
    others = (places.sum(1, keepdim=True) - places) / (count - 1)
    away: Tensor = missed > most * (others - places).norm(dim=2).mean(1)
    return away


class _Learning:
    """The steps of `learn_part`, with what does not change between them."""

    def __init__(
        self,
        pool: Pool,
        labels: LabelSets,
        template: Tensor,
        asked: Tensor | None,
        terms: Terms,
        settings: LearningSettings,
    ) -> None:
        self.pool, self.labels, self.template, self.terms, self.settings = pool, labels, template, terms, settings
        self.objects, self.sets = len(pool.rows), len(labels.rows)
        self.labelled = labels.mask(self.objects)
        self.label_maps = gaussian_maps(labels.places, pool.grid, settings.label_width)
        self.stance = pool.stance if terms.evidence else pool.expected
        self.standing = pool.standing(self.stance.numbers)
        self.asked = asked if asked is not None and terms.patterns else torch.ones(self.sets, len(pool.column)).bool()
        filters = torch.zeros(self.sets, len(pool.evidence_mean))
        self.allowed = filters.scatter_reduce(1, pool.column.expand(self.sets, -1), self.asked.float(), "amax")
        if not terms.patterns:
            self.allowed = torch.ones_like(filters)
        count = labels.rows.shape[1]
        self.first_prior = gaussian_maps(labels.places, pool.grid, settings.first_prior_width / count**0.5).mean(1)
        self.blur = gaussian_maps(pool.grid, pool.grid, settings.prior_blur)
        self.vote = VoteSettings(settings.place_weight if terms.places else 0.0)
        self.shown = self._shown()

    def near(self, trust: Tensor) -> Near:
        """The exemplars of each object of the pool: trust (n,)."""
        pose, vote = self.stance.pose, self.vote
        return nearest(pose, pose, trust, torch.arange(self.objects), vote.nearest, vote.temperature)

    def run(self) -> list[LearntPart]:
        """EM, and what it taught."""
        believed, lean = self.start(), None
        rounds = len(self.settings.pseudo_labels)
        for iteration in range(rounds):
            seen = self.look(believed, iteration, lean)
            believed, lean = self.learn(believed, seen, iteration), seen.lean
        return self.finish(believed, self.look(believed, rounds, lean, every_vote=True))

    def start(self) -> _Appearance:
        """What the labels alone say."""
        return _Appearance(part_weights(self.shown, self.pool, self.allowed, self.settings), self.first_prior, None)

    def look(self, believed: _Appearance, iteration: int, lean: Tensor | None, every_vote: bool = False) -> _Seen:
        """E-step: the score of every place, and who teaches. While learning, the second halves of all patterns' votes
        are one vote, of their mean place: several hundred times cheaper."""
        raw = self.pool.scores(believed.weights)
        mean, deviation = raw.mean((1, 2)), raw.std((1, 2)).clamp_min(1e-9)
        scores = (raw - mean[:, None, None]) / deviation[:, None, None]
        fresh = prior_weight(margin(scores, self.pool.grid), self.settings.surety)
        lean = fresh if lean is None else (lean * fresh).sqrt()
        if not self.terms.appearance:
            scores = torch.zeros_like(scores)
        score = scores + lean[:, None, None] * log_map(believed.prior)[:, None]
        if believed.votes is not None and self.terms.places:
            say = self._every_vote if every_vote else self._mean_vote
            score = score + torch.stack([say(fitted) for fitted in believed.votes])
        sure = score.amax(2)
        count = pseudo_labels_at(iteration, self.objects, self.settings)
        surest = sure.masked_fill(self.labelled, -torch.inf).topk(count, 1).values[:, -1:]
        teaching = (sure >= surest) & ~self.labelled
        labelled, taught, other = self.settings.trust
        trust = torch.where(self.labelled, labelled, torch.where(teaching, taught, other))
        return _Seen(score, mean, deviation, lean, trust, teaching)

    def learn(self, believed: _Appearance, seen: _Seen, iteration: int) -> _Appearance:
        """M-step: appearance, prior and votes from the labels and the objects that teach."""
        pool, setting = self.pool, self.settings
        posterior = torch.softmax(seen.score / setting.temperature, 2)
        taught = posterior * seen.teaching[..., None]
        weight = setting.label_weight * self.labels.rows.shape[1]
        share = weight / (weight + pseudo_labels_at(iteration, self.objects, setting))
        where = taught.sum(1)
        prior = share * self.first_prior + (1 - share) * (where / where.sum(1, keepdim=True)) @ self.blur
        learnt = F.normalize(pool.at(taught), dim=1)
        both = F.normalize(setting.label_share * self.shown + (1 - setting.label_share) * learnt, dim=1)
        weights = part_weights(both, pool, self.allowed, setting)
        places = self._places(median_place(seen.score, pool.grid))
        counts = torch.where(self.labelled, setting.label_weight, seen.teaching.float())
        patterns = closest_patterns(self.standing, pool.column, self.asked, places, counts, weights.shape[1])
        return _Appearance(weights, prior, [self._fit(i, weights, patterns, places, seen) for i in range(self.sets)])

    def finish(self, believed: _Appearance, seen: _Seen) -> list[LearntPart]:
        """What was learnt, with the votes fitted to the places of the last E-step."""
        pool, labels, setting = self.pool, self.labels, self.settings
        offset = label_offset(seen.score, labels, pool.grid, setting)
        found = median_place(seen.score, pool.grid) + offset[:, None]
        places = self._places(found)
        missed = (found.gather(1, labels.rows[..., None].expand(-1, -1, 2)) - labels.places).norm(dim=2).mean(1)
        assert believed.votes is not None
        learnt = []
        for i, fitted in enumerate(believed.votes):
            again = self._fit_rows(i, fitted.columns, fitted.rows, believed.weights, places, seen)
            model = PartModel(
                columns=again.columns,
                voters=again.voters,
                exemplars=again.exemplars,
                prior=seen.lean[i] * log_map(believed.prior[i]),
                offset=offset[i],
            )
            unit = nearest_units(places[i], pool.grid)
            votes, first = self._votes_at(again, unit)
            learnt.append(
                LearntPart(
                    label_share=setting.label_share,
                    missed=float(missed[i]),
                    model=model,
                    patterns=again.rows,
                    prior=believed.prior[i],
                    prior_weight=float(seen.lean[i]),
                    places=places[i],
                    score=votes.sum(1) + model.prior[unit],
                    seen=first,
                    expected_error=expected_error(seen.score[i], found[i], pool.grid),
                    votes=votes,
                    sigma=again.sigma,
                )
            )
        return learnt

    def _shown(self) -> Tensor:
        """What the labels show, and, less surely, what objects of the same pose show at the labels' places: (m, F)."""
        pool, labels = self.pool, self.labels
        units = nearest_units(labels.places, pool.grid)
        at_labels = torch.zeros(self.sets, self.objects, len(pool.grid))
        at_labels[torch.arange(self.sets)[:, None], labels.rows, units] = 1.0
        shown = F.normalize(pool.at(at_labels), dim=1)
        if not self.terms.places:
            return shown
        likeness = self.near(torch.ones(self.objects)).full(self.objects)
        on_alike = torch.einsum("mkn,mku->mnu", likeness[labels.rows], self.label_maps)
        alike = F.normalize(pool.at(on_alike), dim=1)
        return F.normalize(shown + self.settings.alike_weight / labels.rows.shape[1] * alike, dim=1)

    def _places(self, found: Tensor) -> Tensor:
        """The labels' places where there are labels: (m, n, 2)."""
        return found.scatter(1, self.labels.rows[..., None].expand(-1, -1, 2), self.labels.places)

    def _fit(self, i: int, weights: Tensor, patterns: Tensor, places: Tensor, seen: _Seen) -> _Fitted:
        columns = weights[i].nonzero()[:, 0]
        return self._fit_rows(i, columns, patterns[i, columns], weights, places, seen)

    def _fit_rows(self, i: int, columns: Tensor, rows: Tensor, weights: Tensor, places: Tensor, seen: _Seen) -> _Fitted:
        """The votes of label set `i` from where the part is thought to be."""
        pool, setting = self.pool, self.settings
        weight, trust = weights[i, columns], seen.trust[i]
        # where nothing stands out, no pattern votes
        heavy = weight.sum().clamp_min(1e-12)
        voters = Voters(
            weight=weight[:, None].expand(-1, self.templates),
            displacement=torch.zeros(len(rows), self.templates, 2),
            response=torch.zeros(len(rows), self.templates, 2),
            mean_evidence=pool.evidence_mean[columns],
            mean_place=pool.mean_place[rows],
            loadings=pool.loadings[rows],
            score_deviation=float(seen.deviation[i]),
            settings=replace(self.vote, place_weight=self.vote.place_weight / float(heavy)),
        )
        apart = places[i] - voters.standing(self.stance.numbers)
        displacement = shrunk_means(apart, trust, self.template, self.templates, setting.shrinkage)
        residual = apart - displacement[:, self.template]
        sigma = _spread(residual, trust, self.template, self.templates)
        share = weight / heavy
        known = Exemplars(
            pose=self.stance.pose,
            trust=trust,
            template=self.template,
            residual=torch.einsum("s,snc->nc", share, residual),
            row_of=pool.row_of,
        )
        fitted = replace(voters, displacement=displacement, response=displacement)
        return _Fitted(columns, rows, fitted, known, sigma)

    def _mean_vote(self, fitted: _Fitted) -> Tensor:
        """The second halves as one vote, of the patterns' weighted mean place: (n, u)."""
        voters, known = fitted.voters, fitted.exemplars
        near = self.near(known.trust)
        share = voters.weight[:, :1] / voters.weight[:, 0].sum().clamp_min(1e-12)
        standing = (share[..., None] * voters.standing(self.stance.numbers)).sum(0)
        aside = (share[..., None] * voters.displacement).sum(0)[self.template[near.index]] + known.residual[near.index]
        centre, cells = standing[:, None] + aside, round(len(self.pool.grid) ** 0.5)
        support = gaussians(centre[None], near.share[None], voters.settings.width, cells)[:, 0]
        return self.settings.place_weight * saturated(support, voters.settings.saturation)

    def _every_vote(self, fitted: _Fitted) -> Tensor:
        """The second halves of all patterns' votes: (n, u)."""
        voters, near = fitted.voters, self.near(fitted.exemplars.trust)
        cells = round(len(self.pool.grid) ** 0.5)
        blocks = zip(self.stance.numbers.split(AT_ONCE), near.split(AT_ONCE), strict=True)
        return torch.cat([voters.place_votes(n, some, fitted.exemplars, cells).sum(1) for n, some in blocks])

    def _votes_at(self, fitted: _Fitted, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Of every pattern at one unit (n,) of each object: its vote (n, S), and the sum of the first halves (n,)."""
        start, votes, first = 0, [], []
        near = self.near(fitted.exemplars.trust)
        for block in self.pool.evidence():
            some = slice(start, start + len(block))
            halves = fitted.voters.votes(
                block[..., fitted.columns], self.stance.numbers[some], near.rows(some), fitted.exemplars
            )
            seen, placed = (torch.cat(half) for half in zip(*halves, strict=True))
            row = torch.arange(len(block))
            votes.append((seen + placed)[row, :, unit[some]])
            first.append(seen[row, :, unit[some]].sum(1))
            start += len(block)
        return torch.cat(votes), torch.cat(first)

    @property
    def templates(self) -> int:
        """How many templates there are."""
        return int(self.template.max()) + 1


def pseudo_labels_at(iteration: int, objects: int, settings: LearningSettings = DEFAULTS) -> int:
    """How many objects teach in an iteration: their share, at least the fewest, as far as there are."""
    shares = settings.pseudo_labels
    share, last = shares[min(iteration, len(shares) - 1)], shares[-1]
    return max(1, int(share * objects), min(settings.fewest_pseudo_labels, int(last * objects)))


def part_weights(appearance: Tensor, pool: Pool, allowed: Tensor, settings: LearningSettings = DEFAULTS) -> Tensor:
    """Weights of the filters that make the part stand out: relu(0.6 appearance - mean) / sqrt(deviation), best tenth.

    Args:
        appearance: (m, F) of length 1. allowed: (m, F) 0 or 1.

    Returns:
        (m, F) of length 1.
    """
    excess = (settings.contrast * appearance - pool.evidence_mean).clamp_min(0)
    excess = excess / pool.evidence_deviation.sqrt() * allowed
    least = excess.topk(max(1, int(settings.selected * excess.shape[1])), 1).values[:, -1:]
    return F.normalize(torch.where(excess >= least, excess, 0.0), dim=1)


def closest_patterns(
    patterns: Tensor, column: Tensor, asked: Tensor, places: Tensor, counts: Tensor, filters: int
) -> Tensor:
    """Of every filter, the asked pattern that keeps closest to the part, by the mean square distance over objects.

    Args:
        patterns: (P, n, 2). column: (P,) filter of each. asked: (m, P) bool. places: (m, n, 2) of the part. counts:
            (m, n) weights.

    Returns:
        row of the pattern (m, F), -1 where a filter has none.
    """
    share = counts / counts.sum(1, keepdim=True)
    own = share @ patterns.square().sum(2).T
    both = (share[..., None] * places).flatten(1) @ patterns.flatten(1).T
    square = own - 2 * both + (share * places.square().sum(2)).sum(1, keepdim=True)
    square = square.masked_fill(~asked, torch.inf)
    best = torch.full((len(places), filters), torch.inf)
    best.scatter_reduce_(1, column.expand(len(places), -1), square, "amin")
    reached = (square <= best[:, column]) & asked
    rows = torch.where(reached, torch.arange(len(column)), -1)
    index = torch.full((len(places), filters), -1)
    return index.scatter_reduce_(1, column.expand(len(places), -1), rows, "amax")


def shrunk_means(values: Tensor, trust: Tensor, group: Tensor, groups: int, shrinkage: float) -> Tensor:
    """Means over the objects of each group, weighted by trust, drawn towards the mean of all by `shrinkage` units of
    trust: (S, n, 2), (n,) and (n,) give (S, groups, 2)."""
    overall = (trust[:, None] * values).sum(1) / trust.sum()
    weight = F.one_hot(group, groups) * trust[:, None]
    total = torch.einsum("ng,snc->sgc", weight, values)
    return (total + shrinkage * overall[:, None]) / (weight.sum(0) + shrinkage)[:, None]


def label_offset(score: Tensor, labels: LabelSets, grid: Tensor, settings: LearningSettings = DEFAULTS) -> Tensor:
    """From where the score (m, n, u) peaks near the labels to the labels themselves, shrunk by their number: (m, 2)."""
    labels_of = torch.arange(len(labels.rows))[:, None]
    near = (labels.places[:, :, None] - grid).norm(dim=-1) < settings.offset_reach
    local = score[labels_of, labels.rows].masked_fill(~near, -torch.inf)
    peak = torch.softmax(local / settings.offset_temperature, -1) @ grid
    count = labels.rows.shape[1]
    return (labels.places - peak).mean(1) * (count / (count + settings.offset_shrinkage))


def _spread(residual: Tensor, trust: Tensor, group: Tensor, groups: int) -> Tensor:
    """Root mean square length of residuals (S, n, 2) over the objects of each group, by trust: (S, groups)."""
    weight = F.one_hot(group, groups) * trust[:, None]
    return ((residual.square().sum(2) @ weight) / weight.sum(0).clamp_min(1e-12)).sqrt()
