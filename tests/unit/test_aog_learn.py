"""Learning and parsing a part: every step against its slow reference, and on pools with a planted part."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from egraph.aog import exemplars, learn, maps, votes
from egraph.aog.exemplars import Exemplars
from egraph.aog.learn import DEFAULTS, LabelSets, LearntPart, Terms, learn_part
from egraph.aog.pool import Pool
from egraph.aog.subgraph import led_to, rows_of
from egraph.aog.templates import describe_templates, group_poses
from egraph.responses.evidence import grid_places
from reference import and_or_graph as slow
from reference.planted_part import FILTERS, OWN, labelled, plant_part, without_evidence

SEEDS = st.integers(0, 10_000)


def random_of(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, cells=st.integers(2, 6), width=st.floats(0.02, 0.5))
def test_maps_of_places(seed: int, cells: int, width: float) -> None:
    grid, places = grid_places(cells), torch.rand(3, 2, generator=random_of(seed)) * 1.4 - 0.2
    found = maps.gaussian_maps(places, grid, width)
    expected = np.stack([slow.gaussian_map(p, grid.double().numpy(), width) for p in places.double().numpy()])
    np.testing.assert_allclose(found, expected, atol=2e-5)
    np.testing.assert_allclose(maps.log_map(found), [slow.log_map(m) for m in expected], atol=2e-4)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, cells=st.integers(4, 7), sharpness=st.floats(0.1, 8))
def test_margin_and_median_of_an_energy(seed: int, cells: int, sharpness: float) -> None:
    grid = grid_places(cells)
    scores = sharpness * torch.randn(2, 3, cells**2, generator=random_of(seed))
    expected = [slow.margin(s, grid.numpy()) for s in scores.double().numpy()]
    np.testing.assert_allclose(maps.margin(scores, grid), expected, rtol=1e-4)
    energies = scores[0, 0].double().numpy()
    found = maps.median_place(scores[0, 0], grid).double().numpy()
    best = slow.median_place(energies, grid.numpy())
    assert slow.expected_distance(found, energies, grid.numpy()) < 1.03 * slow.expected_distance(
        best, energies, grid.numpy()
    )


def test_ambiguous_scores_lean_on_the_prior_within_bounds() -> None:
    rule = maps.Surety(at=0.2, margin_at=0.85, power=4.0, least=0.1, most=1.5)
    weights = maps.prior_weight(torch.tensor([0.85, 0.5, 2.0, 0.0, -1.0]), rule)
    np.testing.assert_allclose(weights, [0.2, min(1.5, 0.2 * 1.7**4), 0.1, 1.5, 1.5], rtol=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, others=st.integers(1, 30))
def test_exemplars_are_the_nearest_others_by_pose(seed: int, others: int) -> None:
    random = random_of(seed)
    poses, known = torch.randn(3, 5, generator=random), torch.randn(others + 1, 5, generator=random)
    trust = torch.rand(others + 1, generator=random) + 0.1
    same = torch.tensor([-1, others, 0])
    near = exemplars.nearest(poses, known, trust, same, 12, 0.05)
    expected = [slow.pose_weights(p, known.numpy(), int(s)) for p, s in zip(poses.numpy(), same, strict=True)]
    weighed = np.stack(expected) * trust.numpy()
    weighed /= weighed.sum(1, keepdims=True)
    np.testing.assert_allclose(near.full(others + 1), weighed, atol=1e-5)
    template = torch.randint(0, 3, (others + 1,), generator=random)
    by_template = [[weighed[n][template.numpy() == t].sum() for t in range(3)] for n in range(3)]
    np.testing.assert_allclose(near.templates(template, 3), by_template, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, patterns=st.integers(1, 4), templates=st.integers(1, 3), edited=st.booleans())
def test_votes_against_one_pattern_and_one_place_at_a_time(
    seed: int, patterns: int, templates: int, edited: bool
) -> None:
    random, cells, objects, known = random_of(seed), 5, 9, 6

    def some(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=random)

    weight = some(patterns, templates) * (some(patterns, templates) > 0.3)
    displacement = 0.3 * (some(patterns, templates, 2) - 0.5)
    moved = 0.4 * (some(patterns, templates, 2) - 0.5) if edited else 0
    settings_ = votes.VoteSettings(0.7, saturation=5.0, width=0.2, following=0.5)
    voters = votes.Voters(
        weight,
        displacement + moved,
        displacement,
        some(patterns),
        some(patterns, 2),
        some(patterns, 3, 2),
        0.4,
        settings_,
    )
    people = Exemplars(some(known, 3), some(known) + 0.1, torch.arange(known) % templates, 0.1 * some(known, 2), {})
    numbers, evidence = some(objects, 3) - 0.5, some(objects, cells**2, patterns)
    near = exemplars.nearest(some(objects, 3), people.pose, people.trust, torch.full((objects,), -1), 4, 0.3)
    seen, placed = (torch.cat(half) for half in zip(*voters.votes(evidence, numbers, near, people), strict=True))
    found = (seen + placed).numpy()
    standing, grid = voters.standing(numbers).double().numpy(), grid_places(cells).double().numpy()
    for n in range(objects):
        speak = [
            (float(near.share[n, k]), int(people.template[j]), people.residual[j].double().numpy())
            for k, j in enumerate(near.index[n].tolist())
        ]
        for s in range(patterns):
            map_ = evidence[n, :, s].double().numpy().reshape(cells, cells)
            tables = [t[s].double().numpy() for t in (weight, voters.displacement, voters.response)]
            for u in range(cells**2):
                expected = slow.vote(
                    grid[u], map_, float(voters.mean_evidence[s]), *tables, standing[s, n], speak, 0.4, 0.7, 5.0, 0.2
                )
                assert found[n, s, u] == pytest.approx(expected, abs=2e-5)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, patterns=st.integers(1, 12), filters=st.integers(1, 8))
def test_the_closest_asked_pattern_of_every_filter(seed: int, patterns: int, filters: int) -> None:
    random = random_of(seed)
    places = torch.rand(patterns, 5, 2, generator=random)
    column = torch.randint(0, filters, (patterns,), generator=random)
    asked = torch.rand(2, patterns, generator=random) < 0.6
    part, counts = torch.rand(2, 5, 2, generator=random), torch.rand(2, 5, generator=random)
    rows = learn.closest_patterns(places, column, asked, part, counts, filters)
    for m in range(2):
        tables = places.numpy(), column.numpy(), asked[m].numpy(), part[m].numpy(), counts[m].numpy()
        assert rows[m].tolist() == slow.closest_patterns(*tables, filters)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_the_filters_that_a_part_stands_out_by(seed: int) -> None:
    pool, _ = plant_part(objects=20, seed=seed % 7)
    appearance = torch.nn.functional.normalize(torch.rand(2, FILTERS, generator=random_of(seed)), dim=1)
    allowed = (torch.rand(2, FILTERS, generator=random_of(seed + 1)) > 0.3).float()
    weights = learn.part_weights(appearance, pool, allowed)
    statistics = pool.evidence_mean.numpy(), pool.evidence_deviation.numpy()
    for m in range(2):
        np.testing.assert_allclose(
            weights[m], slow.part_weights(appearance[m].numpy(), *statistics, allowed[m].numpy()), atol=1e-5
        )


def error(places: torch.Tensor, truth: torch.Tensor) -> float:
    return float((places - truth).norm(dim=-1).mean())


def learn_from(pool: Pool, labels: LabelSets, terms: Terms = learn.ALL_TERMS, **changed: Any) -> list[LearntPart]:
    return learn_part(pool, labels, group_poses(pool.stance.pose, 0), None, terms, replace(DEFAULTS, **changed))


def places_of(learnt: list[LearntPart]) -> torch.Tensor:
    return torch.stack([part.places for part in learnt])


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_part_is_found_from_three_labels_and_from_one(seed: int) -> None:
    pool, truth = plant_part(seed=seed)
    for rows in ([[0, 1, 2], [3, 4, 5]], [[7]]):
        still = error(truth[rows[0]].mean(0).expand_as(truth), truth)
        for m, part in enumerate(learn_from(pool, labelled(truth, rows))):
            assert error(part.places, truth) < 0.25 * still
            assert part.places[rows[m]].equal(truth[rows[m]]), "a labelled object has the part where the label says"
            assert set(part.model.columns.tolist()) <= set(range(OWN)) and len(part.patterns) >= 1
            assert (part.patterns % 2 == 0).all(), "the following pattern stands for the filter"
            trust = part.model.exemplars.trust
            assert (trust[rows[m]] == DEFAULTS.trust[0]).all()
            np.testing.assert_allclose(trust.unique(), sorted(DEFAULTS.trust))


def test_label_sets_that_are_learnt_side_by_side_do_not_know_of_each_other() -> None:
    pool, truth = plant_part()
    _, both = learn_from(pool, labelled(truth, [[0, 1, 2], [9, 8, 7]]))
    (alone,) = learn_from(pool, labelled(truth, [[9, 8, 7]]))
    for name in ("patterns", "prior", "places", "prior_weight", "votes", "seen"):
        np.testing.assert_allclose(getattr(both, name), getattr(alone, name), atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, count=st.integers(1, 4), most=st.floats(0.1, 2))
def test_what_misses_the_labels_by_more_than_a_constant_would_is_led_away(seed: int, count: int, most: float) -> None:
    places, missed = torch.rand(5, count, 2, generator=random_of(seed)), torch.rand(5, generator=random_of(seed + 1))
    for m, away in enumerate(learn.led_away(missed, places, most).tolist()):
        drawn = places[m].double().numpy()
        held_out = [np.linalg.norm(np.delete(drawn, k, 0).mean(0) - drawn[k]) for k in range(count) if count > 1]
        assert away == (bool(held_out) and float(missed[m]) > most * np.mean(held_out))


def test_appearance_is_that_of_the_labels_alone_where_others_lead_away() -> None:
    pool, truth = plant_part(noise=0.7)
    labels = labelled(truth, [[0, 1, 2], [9, 8, 7]])
    with_others, alone = (
        learn_from(pool, labels, led_away=torch.inf, label_share=share) for share in (DEFAULTS.label_share, 1.0)
    )
    missed = [part.missed for part in with_others]
    assert [part.label_share for part in with_others + alone] == [DEFAULTS.label_share] * 2 + [1.0] * 2
    for part, m in zip(with_others, (0, 1), strict=True):
        rows = labels.rows[m]
        parsed = part.model.parse(torch.cat(list(pool.evidence())), pool.stance, ["new"] * 60, pool.grid)
        assert part.missed == pytest.approx(error(parsed.places[rows], truth[rows]), abs=0.02)
    still = (labels.places.sum(1, keepdim=True) - labels.places) / 2 - labels.places
    ratio = [miss / float(far) for miss, far in zip(missed, still.norm(dim=2).mean(1), strict=True)]
    chosen = learn_from(pool, labels, led_away=sum(ratio) / 2)
    worse = int(np.argmax(ratio))
    for m, part in enumerate(chosen):
        expected = alone[m] if m == worse else with_others[m]
        assert part.label_share == expected.label_share
        np.testing.assert_allclose(part.places, expected.places, atol=1e-4)


def test_without_appearance_only_pose_and_prior_are_left() -> None:
    pool, truth = plant_part()
    labels = labelled(truth, [[0, 1, 2]])
    full = error(places_of(learn_from(pool, labels)), truth)
    off = error(places_of(learn_from(pool, labels, Terms(appearance=False))), truth)
    blind = error(places_of(learn_from(without_evidence(pool), labels)), truth)
    assert full < 0.5 * off and full < 0.5 * blind


def test_objects_of_the_same_pose_help_where_the_evidence_is_weak() -> None:
    with_pose, without, expected = [], [], []
    for seed in range(4):
        pool, truth = plant_part(objects=90, seed=seed, noise=2.5)
        labels = labelled(truth, [[0, 1, 2], [3, 4, 5]])
        with_pose.append(error(places_of(learn_from(pool, labels)), truth))
        without.append(error(places_of(learn_from(pool, labels, Terms(places=False))), truth))
        expected.append(error(places_of(learn_from(pool, labels, Terms(evidence=False))), truth))
    assert np.mean(with_pose) < 0.95 * np.mean(without)
    assert np.mean(with_pose) < np.mean(expected), "a pose that says nothing must not help as much"


@given(objects=st.integers(2, 500))
def test_more_objects_teach_in_every_iteration(objects: int) -> None:
    counts = [learn.pseudo_labels_at(iteration, objects) for iteration in range(len(DEFAULTS.pseudo_labels) + 1)]
    assert counts == sorted(counts) and counts[0] >= 1 and counts[-1] <= max(1, int(0.7 * objects))
    assert counts[0] == max(min(12, counts[-1]), objects // 10)


def test_appearance_spreads_from_pose_to_pose() -> None:
    step_by_step, at_once = [], []
    last = DEFAULTS.pseudo_labels[-1:] * len(DEFAULTS.pseudo_labels)
    for seed in range(5):
        pool, truth = plant_part(objects=90, seed=seed, noise=0.7, turning=0.3)
        labels = labelled(truth, [[row] for row in pool.stance.pose[:, 0].argsort()[:4].tolist()])
        step_by_step.append(error(places_of(learn_from(pool, labels)), truth))
        at_once.append(error(places_of(learn_from(pool, labels, pseudo_labels=last)), truth))
    assert np.mean(step_by_step) < 0.97 * np.mean(at_once)


def test_parsing_a_known_object_gives_what_learning_found_and_a_new_one_its_part() -> None:
    pool, truth = plant_part(objects=80)
    (learnt,) = learn_from(pool, labelled(truth, [[0, 1, 2]]))
    evidence = torch.cat(list(pool.evidence()))
    parsed = learnt.model.parse(evidence, pool.stance, [str(row) for row in range(80)], pool.grid)
    others = torch.arange(3, 80)
    assert error(parsed.places[others], learnt.places[others]) < 0.02
    np.testing.assert_allclose(parsed.prior + parsed.votes.sum(1), parsed.score, atol=1e-4)
    more, elsewhere = plant_part(objects=40, seed=77)
    strangers = learnt.model.parse(torch.cat(list(more.evidence())), more.stance, ["new"] * 40, pool.grid)
    assert error(strangers.places, elsewhere) < 0.25 * error(truth[:3].mean(0).expand_as(elsewhere), elsewhere)


def test_patterns_that_are_taken_away_take_exactly_their_votes_along() -> None:
    pool, truth = plant_part(objects=60)
    (learnt,) = learn_from(pool, labelled(truth, [[0, 1, 2]]), selected=0.3)
    model, evidence = learnt.model, torch.cat(list(pool.evidence()))
    before = model.parse(evidence, pool.stance, ["new"] * 60, pool.grid)
    gone = torch.zeros(len(learnt.patterns), dtype=torch.bool)
    gone[::2] = True
    fewer = replace(model.voters, weight=model.voters.weight.clone().masked_fill(gone[:, None], 0.0))
    near = exemplars.nearest(
        pool.stance.pose, model.exemplars.pose, model.exemplars.trust, torch.full((60,), -1), 12, 0.05
    )
    halves = fewer.votes(evidence[..., model.columns], pool.stance.numbers, near, model.exemplars)
    after = torch.cat([(seen + placed).sum(1) for seen, placed in halves]) + model.prior
    unit = maps.nearest_units(before.places, pool.grid)
    fell = before.score - after[torch.arange(60), unit]
    np.testing.assert_allclose(fell, before.votes[:, gone].sum(1), atol=1e-4)
    assert fell.abs().max() > 0.1


def test_a_displacement_that_is_moved_moves_the_answer() -> None:
    pool, truth = plant_part(objects=60)
    (learnt,) = learn_from(pool, labelled(truth, [[0, 1, 2]]))
    evidence = torch.cat(list(pool.evidence()))
    voters = replace(learnt.model.voters, displacement=learnt.model.voters.displacement + torch.tensor([0.0, 0.15]))
    model, ids = replace(learnt.model, voters=voters), ["new"] * 60
    moved = model.parse(evidence, pool.stance, ids, pool.grid).places
    moved = moved - learnt.model.parse(evidence, pool.stance, ids, pool.grid).places
    assert moved[:, 1].mean() == pytest.approx(0.15, abs=0.04) and moved[:, 0].abs().mean() < 0.02


def test_labels_lead_to_the_patterns_in_their_boxes_and_to_their_partners() -> None:
    pool, truth = plant_part(objects=30)
    labels = labelled(truth, [[0, 1], [2, 3]])
    sizes = torch.full((2, 2, 2), 0.2)
    alone = led_to(pool, labels, sizes)
    standing = pool.standing(pool.mined_numbers)
    for m, rows in enumerate(labels.rows.tolist()):
        for p in range(len(pool.column)):
            inside = [((standing[p, row] - truth[row]).abs() <= 0.15).all() and pool.fires[p, row] for row in rows]
            assert bool(alone[m, p]) == any(inside)
    edge = SimpleNamespace(lower="only", upper="only", source=np.array([0, 5]), target=np.array([1, 9]))
    graph = replace_namespace(pool.graph, displacements=[edge])
    joined = led_to(replace(pool, graph=graph), labels, sizes)
    for one, other in ((0, 1), (1, 0), (5, 9), (9, 5)):
        assert (joined[:, other] >= alone[:, one]).all()
    names = [("only", int(p) // 2, int(p) % 2 + 1) for p in alone[0].nonzero()[:, 0]]
    assert rows_of(pool, names).equal(alone[0])


def replace_namespace(graph: Any, **changed: Any) -> Any:
    return SimpleNamespace(**{**vars(graph), **changed})


def test_poses_are_grouped_and_each_template_knows_its_patterns() -> None:
    pool, truth = plant_part(objects=96)
    (learnt,) = learn_from(pool, labelled(truth, [[0, 1, 2]]))
    groups = group_poses(pool.stance.pose, seed=0)
    sizes = np.bincount(groups)
    assert len(sizes) == 8 and (np.diff(sizes) <= 0).all() and groups.equal(group_poses(pool.stance.pose, seed=0))
    assert set(group_poses(pool.stance.pose[:5], seed=0).tolist()) == {0}
    templates = describe_templates(learnt, pool.stance.pose, np.array([0.2, 0.1]))
    assert [t.objects for t in templates] == sizes.tolist()
    voters, known = learnt.model.voters, learnt.model.exemplars
    apart = (learnt.places - voters.standing(pool.stance.numbers)).numpy()
    overall = (apart * known.trust.numpy()[None, :, None]).sum(1) / known.trust.numpy().sum()
    for group, template in enumerate(templates):
        rows = np.flatnonzero(groups.numpy() == group)
        trust = known.trust[rows].numpy()
        mean = ((apart[:, rows] * trust[None, :, None]).sum(1) + 5 * overall) / (trust.sum() + 5)
        np.testing.assert_allclose(template.displacement, mean, atol=1e-5)
        np.testing.assert_allclose(template.response, template.displacement, atol=1e-6)
        assert template.share.sum() == pytest.approx(1.0, abs=1e-5) and (template.share >= 0).all()
        np.testing.assert_allclose(template.pose, pool.stance.pose[rows].mean(0), atol=1e-6)
