"""Learning and parsing a part: every step against its slow reference, and on pools with a planted part."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from egraph.aog import energy as en
from egraph.aog import learn, neighbours
from egraph.aog.learn import LearntPart, Terms, learn_part
from egraph.aog.parse import PartModel, learnt_model
from egraph.aog.pool import Pool
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
    maps = en.bumps(places, grid, width)
    expected = np.stack([slow.bump(p, grid.double().numpy(), width) for p in places.double().numpy()])
    np.testing.assert_allclose(maps, expected, atol=2e-5)
    np.testing.assert_allclose(en.log_map(maps), [slow.log_map(m) for m in expected], atol=2e-4)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, cells=st.integers(4, 7), sharpness=st.floats(0.1, 8))
def test_margin_and_median_of_an_energy(seed: int, cells: int, sharpness: float) -> None:
    grid = grid_places(cells)
    scores = sharpness * torch.randn(2, 3, cells**2, generator=random_of(seed))
    expected = [slow.margin(s, grid.numpy()) for s in scores.double().numpy()]
    np.testing.assert_allclose(en.margin(scores, grid), expected, rtol=1e-4)
    energies = scores[0, 0].double().numpy()
    found = en.median_place(scores[0, 0], grid).double().numpy()
    best = slow.median_place(energies, grid.numpy())
    assert slow.expected_distance(found, energies, grid.numpy()) < 1.03 * slow.expected_distance(
        best, energies, grid.numpy()
    )


def test_ambiguous_scores_lean_on_the_prior_within_bounds() -> None:
    rule = en.Surety(at=0.2, margin_at=0.85, power=4.0, least=0.1, most=1.5)
    weights = en.prior_weight(torch.tensor([0.85, 0.5, 2.0, 0.0, -1.0]), rule)
    np.testing.assert_allclose(weights, [0.2, min(1.5, 0.2 * 1.7**4), 0.1, 1.5, 1.5], rtol=1e-5)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, others=st.integers(1, 30))
def test_neighbours_are_the_nearest_others_by_pose(seed: int, others: int) -> None:
    random = random_of(seed)
    poses, known = torch.randn(3, 5, generator=random), torch.randn(others + 1, 5, generator=random)
    same = torch.tensor([-1, others, 0])
    weights = neighbours.pose_weights(poses, known, same)
    expected = [slow.pose_weights(p, known.numpy(), int(s)) for p, s in zip(poses.numpy(), same, strict=True)]
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    trust, maps = torch.rand(2, others + 1, generator=random) + 0.1, torch.rand(2, others + 1, 7, generator=random)
    mixed = neighbours.neighbour_map(weights, trust, maps)
    for m in range(2):
        for n in range(3):
            np.testing.assert_allclose(
                mixed[m, n], slow.neighbour_map(expected[n], trust[m].numpy(), maps[m].numpy()), rtol=1e-4
            )


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, patterns=st.integers(1, 12), filters=st.integers(1, 8))
def test_the_closest_pattern_of_every_filter(seed: int, patterns: int, filters: int) -> None:
    random = random_of(seed)
    places = torch.rand(patterns, 5, 2, generator=random)
    column = torch.randint(0, filters, (patterns,), generator=random)
    part, counts = torch.rand(2, 5, 2, generator=random), torch.rand(2, 5, generator=random)
    rows, distances = learn.closest_patterns(places, column, part, counts, filters)
    for m in range(2):
        expected = slow.closest_patterns(places.numpy(), column.numpy(), part[m].numpy(), counts[m].numpy(), filters)
        assert rows[m].tolist() == expected[0]
        np.testing.assert_allclose(distances[m], expected[1], atol=1e-5)


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


@pytest.mark.parametrize("seed", range(3))
def test_a_planted_part_is_found_from_three_labels_and_from_one(seed: int) -> None:
    pool, truth = plant_part(seed=seed)
    for rows in ([[0, 1, 2], [3, 4, 5]], [[7]]):
        learnt = learn_part(pool, labelled(truth, rows))
        still = error(truth[rows[0]].mean(0).expand_as(truth), truth)
        for m, places in enumerate(learnt.places):
            assert error(places, truth) < 0.25 * still
            assert places[rows[m]].equal(truth[rows[m]]), "a labelled object has the part where the label says"
            chosen = learnt.weights[m].nonzero()[:, 0]
            assert set(chosen.tolist()) <= set(range(OWN)) and len(chosen) >= 1
            assert (learnt.patterns[m, chosen] % 2 == 0).all(), "the following pattern stands for the filter"
        trust = learnt.trust[0]
        assert (trust[rows[0]] == learn.TRUST[0]).all()
        np.testing.assert_allclose(trust.unique(), sorted(learn.TRUST))


def test_label_sets_that_are_learnt_side_by_side_do_not_know_of_each_other() -> None:
    pool, truth = plant_part()
    both = learn_part(pool, labelled(truth, [[0, 1, 2], [9, 8, 7]]))
    alone = learn_part(pool, labelled(truth, [[9, 8, 7]]))
    for name in ("weights", "prior", "places", "offset", "prior_weight", "score"):
        np.testing.assert_allclose(getattr(both, name)[1], getattr(alone, name)[0], atol=1e-4)


def test_without_appearance_only_pose_and_prior_are_left() -> None:
    pool, truth = plant_part()
    labels = labelled(truth, [[0, 1, 2]])
    full = error(learn_part(pool, labels).places[0], truth)
    off = error(learn_part(pool, labels, Terms(appearance=False)).places[0], truth)
    blind = error(learn_part(without_evidence(pool), labels).places[0], truth)
    assert full < 0.5 * off and full < 0.5 * blind


def test_objects_of_the_same_pose_help_where_the_evidence_is_weak() -> None:
    with_pose, without, expected = [], [], []
    for seed in range(4):
        pool, truth = plant_part(objects=90, seed=seed, noise=2.5)
        labels = labelled(truth, [[0, 1, 2], [3, 4, 5]])
        with_pose.append(error(learn_part(pool, labels).places, truth))
        without.append(error(learn_part(pool, labels, Terms(neighbours=False)).places, truth))
        expected.append(error(learn_part(pool, labels, Terms(evidence=False)).places, truth))
    assert np.mean(with_pose) < 0.95 * np.mean(without)
    assert np.mean(with_pose) < np.mean(expected), "a pose that says nothing must not help as much"


@given(objects=st.integers(2, 500))
def test_more_objects_teach_in_every_iteration(objects: int) -> None:
    counts = [learn.teachers_at(iteration, objects) for iteration in range(len(learn.TEACHERS) + 1)]
    assert counts == sorted(counts) and counts[0] >= 1 and counts[-1] <= max(1, int(0.7 * objects))
    assert counts[0] == max(min(12, counts[-1]), objects // 10)


def test_appearance_spreads_from_pose_to_pose(monkeypatch: pytest.MonkeyPatch) -> None:
    step_by_step, at_once = [], []
    for seed in range(5):
        pool, truth = plant_part(objects=90, seed=seed, noise=0.7, turning=0.4)
        labels = labelled(truth, [[row] for row in pool.pose[:, 0].argsort()[:4].tolist()])
        step_by_step.append(error(learn_part(pool, labels).places, truth))
        with monkeypatch.context() as patched:
            patched.setattr(learn, "TEACHERS", learn.TEACHERS[-1:] * len(learn.TEACHERS))
            at_once.append(error(learn_part(pool, labels).places, truth))
    assert np.mean(step_by_step) < 0.9 * np.mean(at_once)


def test_parsing_a_known_object_gives_what_learning_found_and_a_new_one_its_part() -> None:
    pool, truth = plant_part(objects=80)
    labels = labelled(truth, [[0, 1, 2]])
    learnt = learn_part(pool, labels)
    model = learnt_model_of(pool, learnt)
    evidence = torch.cat(list(pool.evidence()))
    ids = [str(row) for row in range(80)]
    parsed = model.parse(evidence, pool.pose, ids, pool.grid)
    others = torch.arange(3, 80)
    assert error(parsed.places[others], learnt.places[0, others]) < 0.02
    assert (parsed.alike.diagonal() == 0).all(), "an object does not tell its own place"
    np.testing.assert_allclose(parsed.shares.sum(1), 1.0, rtol=1e-4)
    more, elsewhere = plant_part(objects=40, seed=77)
    strangers = model.parse(torch.cat(list(more.evidence())), more.pose, ["new"] * 40, pool.grid)
    assert error(strangers.places, elsewhere) < 0.25 * error(truth[:3].mean(0).expand_as(elsewhere), elsewhere)


def learnt_model_of(pool: Pool, learnt: LearntPart) -> PartModel:
    """The model of the first label set; the planted pool has no graph, so that ids are numbers."""
    objects = [SimpleNamespace(id=str(row)) for row in range(len(pool.rows))]
    return learnt_model(replace(pool, graph=SimpleNamespace(objects=objects)), learnt, 0)


def test_poses_are_grouped_and_each_template_knows_its_patterns() -> None:
    pool, truth = plant_part(objects=96)
    learnt = learn_part(pool, labelled(truth, [[0, 1, 2]]))
    groups = group_poses(pool.pose, seed=0)
    sizes = np.bincount(groups)
    assert len(sizes) == 8 and (np.diff(sizes) <= 0).all() and (group_poses(pool.pose, seed=0) == groups).all()
    assert set(group_poses(pool.pose[:5], seed=0)) == {0}
    columns = learnt.weights[0].nonzero()[:, 0]
    patterns = learnt.patterns[0, columns]
    templates = describe_templates(pool, learnt, patterns, columns, groups, np.array([0.2, 0.1]))
    assert [t.objects for t in templates] == sizes.tolist()
    for group, template in enumerate(templates):
        rows = np.flatnonzero(groups == group)
        apart = (learnt.places[0, rows] - pool.places[patterns][:, rows]).numpy()
        weight = (learnt.trust[0, rows] / learnt.trust[0, rows].sum()).numpy()
        mean = (weight[:, None] * apart).sum(1)
        np.testing.assert_allclose(template.displacement, mean, atol=1e-5)
        spread = np.sqrt((((apart - mean[:, None]) ** 2).sum(2) * weight).sum(1))
        np.testing.assert_allclose(template.sigma, spread, atol=1e-4)
        assert template.strength.sum() == pytest.approx(1.0, abs=1e-5) and (template.strength >= 0).all()
        np.testing.assert_allclose(template.pose, pool.pose[rows].mean(0), atol=1e-6)
