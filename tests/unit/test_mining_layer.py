"""Whole layers whose patterns, parents and movements are known are mined back."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from egraph.mining import block as mining_block
from egraph.mining import firings as mining_firings
from egraph.mining import layer as mining_layer
from egraph.mining.block import REASONS, LayerTask
from egraph.mining.contexts import Contexts
from egraph.mining.expectation import SEARCHING_PRIOR_MASS
from egraph.mining.graph_tables import chosen_rows
from egraph.mining.layer import mine_layer
from egraph.mining.mined_layer import MinedLayer, flattened
from egraph.mining.parents import Parents
from egraph.mining.patterns import Patterns, infer_patterns
from egraph.mining.peaks import Peaks
from egraph.mining.pose_record import PoseRecord
from egraph.mining.pruning import EVEN
from reference.planted import NUMBERS, UNIT, Planted, directions, plant

CPU = torch.device("cpu")


def rows_of(world: Planted, mined: MinedLayer) -> dict[tuple[int, int], int]:
    """Row of the mined pattern nearest to every planted one of its filter."""
    found = {}
    for f, k in np.ndindex(*world.parent.shape):
        rows = np.flatnonzero(mined.patterns.filter == f)
        found[f, k] = int(rows[np.linalg.norm(mined.patterns.place[rows] - world.place[f, k], axis=1).argmin()])
    return found


def assert_sound(mined: MinedLayer, filters: int, patterns: int) -> None:
    """What must hold of any mined layer."""
    for name, column in flattened(mined).items():
        assert np.isfinite(column).all(), name
    assert len(mined.patterns.filter) + mined.dropped.sum() == filters * patterns
    key = mined.patterns.filter.astype(int) * patterns + mined.patterns.number
    assert (
        (np.diff(key) > 0).all()
        and (mined.patterns.number < patterns).all()
        and (mined.patterns.filter < filters).all()
    )
    if mined.parents.weight.shape[1]:
        follows = mined.parents.gain > 1e-6
        np.testing.assert_allclose(np.abs(mined.parents.weight[follows]).sum(1), 1, atol=1e-5)
        assert (np.abs(mined.parents.weight).sum(1) < 1 + 1e-5).all() and (mined.parents.gain >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_planted_patterns_are_found_with_their_places_parents_and_movement(seed: int) -> None:
    world = plant(seed)
    mined = mine_layer(world.task(), world.reader())
    assert_sound(mined, 7, 5)
    rows = rows_of(world, mined)
    assert len(set(rows.values())) == 12
    task = world.task()
    for (f, k), row in rows.items():
        assert np.linalg.norm(mined.patterns.place[row] - world.place[f, k]) < UNIT / 2
        assert np.linalg.norm(mined.patterns.mean_place[row] - world.place[f, k]) < UNIT / 2
        parent = world.parent[f, k]
        assert mined.parents.index[row, 0] == parent and mined.parents.weight[row, 0] > 0.8
        apart = world.found[f, k] - (task.anchor_mean[parent].numpy() + world.anchors[parent])
        np.testing.assert_allclose(mined.parents.mean[row, 0], apart.mean(0), atol=UNIT / 4)
        assert mined.parents.sigma[row, 0] == pytest.approx(np.sqrt(apart.var(0).sum()), abs=UNIT / 4)
        wanders = np.sqrt(world.found[f, k].var(0).sum())
        assert 0.5 * wanders < mined.patterns.spread[row] < 1.05 * wanders
        # what it sees is at least as like its thing as on average: of the photos on which it stands, some half
        assert mined.patterns.advantage[row] > 2 and mined.patterns.support[row] > 0.3 * 90
    assert (mined.patterns.filter == 6).sum() <= 1, "a filter of nothing but noise has hardly any pattern"
    assert mined.dropped[REASONS.index(EVEN)] >= 4


@pytest.mark.parametrize("photos", [20, 60, 200])
def test_pure_noise_is_dropped_because_it_is_no_better_than_scattered_peaks(photos: int) -> None:
    world = plant(5, filters=0, photos=photos)
    kept = total = 0
    for seed in range(10):
        task = replace(world.task(patterns=8, seed=seed), filters=1)
        values = torch.rand(1, photos, 4, generator=torch.Generator().manual_seed(seed)) + 0.5
        places = torch.rand(1, photos, 4, 2, generator=torch.Generator().manual_seed(seed + 100))
        contexts = directions(np.random.default_rng(seed), 1, 4, photos, NUMBERS)
        peaks = Peaks(values, places, contexts, values)
        mined = mine_layer(task, lambda filters, other, peaks=peaks: peaks)
        assert_sound(mined, 1, 8)
        kept, total = kept + len(mined.patterns.filter), total + 8
        assert mined.dropped[REASONS.index(EVEN)] + len(mined.patterns.filter) >= 7
    # contexts give noise more to be fitted to than places alone, the more so the fewer photos there are
    assert kept <= {20: 0.35, 60: 0.2, 200: 0.15}[photos] * total


@pytest.mark.parametrize("seed", range(3))
def test_planted_pairs_fire_together_and_stand_where_they_were_planted(seed: int) -> None:
    above = plant(seed)
    below = plant(seed + 100, like=above)
    upper = mine_layer(above.task(), above.reader())
    lower = mine_layer(below.task(upper=upper.candidates.upper(CPU, 0.5)), below.reader())
    assert_sound(lower, 7, 5)
    up, low = rows_of(above, upper), rows_of(below, lower)
    joined = 0
    for pair, row in low.items():
        edges = np.flatnonzero(lower.edges.lower == row)
        own = [e for e in edges if lower.edges.upper[e] == up[pair]]
        joined += len(own)
        if not own:
            continue
        assert lower.edges.strength[own[0]] > 0.8
        others = [e for e in edges if lower.edges.upper[e] in set(up.values()) - {up[pair]}]
        assert all(lower.edges.strength[e] < 0.5 for e in others)
        apart = below.found[pair] - above.found[pair]
        np.testing.assert_allclose([lower.edges.dy[own[0]], lower.edges.dx[own[0]]], apart.mean(0), atol=UNIT / 4)
        assert lower.edges.sigma[own[0]] < UNIT / 2
        # both stand on every photo, and fire where they look more like the thing
        assert lower.edges.lift[own[0]] >= 1.2 and lower.edges.support[own[0]] <= min(lower.patterns.support[row], 90)
    assert 0.75 * len(low) <= joined <= len(low)


def test_the_other_view_is_scored_with_its_own_peaks_and_anchors(tmp_path: Path) -> None:
    world = plant(2)
    task = replace(world.task(), anchors_other=-world.task().anchors)
    turned = replace(world, places=2 * world.place.mean() - world.places, values=world.values * 0.5)

    def read(filters: slice, other: bool) -> Peaks:
        return (turned if other else world).reader()(filters, other)

    record = PoseRecord(tmp_path, 90)
    mined = mine_layer(task, read, record)
    canonical, other = (torch.cat(view) for view in zip(*record.read_scores(), strict=True))
    np.testing.assert_allclose(canonical.mean(1), mined.patterns.score, rtol=1e-2)
    expected = infer_patterns(patterns_of(mined, task), turned.peaks(), task.anchors_other)
    slots = slots_of(mined, task)
    np.testing.assert_allclose(other, expected.assigned.mass.flatten(0, 1)[slots], rtol=1e-2, atol=1e-3)
    moved = torch.cat(list(record.read_displacements()))
    own = infer_patterns(patterns_of(mined, task), world.peaks(), task.anchors)
    pulled = own.assigned.pull / (own.assigned.mass + SEARCHING_PRIOR_MASS)[..., None]
    free = (own.expected + pulled).flatten(0, 1)[slots] - torch.from_numpy(mined.patterns.mean_place)[:, None]
    np.testing.assert_allclose(moved, free, atol=2e-3)
    assert moved.mean(1).abs().max() < 1e-3, "displacements are seen from their own mean"
    shrunk = own.places().flatten(0, 1)[slots]
    assert moved.square().sum(2).mean() > 1.02 * shrunk.var(1, correction=0).sum(1).mean(), (
        "places of the pose are freer"
    )


def slots_of(mined: MinedLayer, task: LayerTask) -> np.ndarray:
    """Where the kept patterns stand among all of all filters."""
    return mined.patterns.filter.astype(int) * task.patterns + mined.patterns.number


def patterns_of(mined: MinedLayer, task: LayerTask) -> Patterns:
    """The kept patterns of all filters; those left out stand nowhere."""
    slots, count = (
        mined.patterns.filter.astype(int) * task.patterns + mined.patterns.number,
        task.filters * task.patterns,
    )
    place, gain = torch.full((count, 2), torch.inf), torch.zeros(count)
    shape = count, mined.parents.index.shape[1]
    index, weight = torch.zeros(shape).long(), torch.zeros(shape)
    place[slots], gain[slots] = torch.from_numpy(mined.patterns.place), torch.from_numpy(mined.parents.gain)
    index[slots], weight[slots] = torch.from_numpy(mined.parents.index).long(), torch.from_numpy(mined.parents.weight)
    direction, log_mean = torch.zeros(count, mined.patterns.context.shape[1]), torch.zeros(count)
    direction[slots] = torch.from_numpy(mined.patterns.context)
    log_mean[slots] = torch.from_numpy(mined.patterns.context_level)
    place, direction, log_mean = (t.unflatten(0, (task.filters, task.patterns)) for t in (place, direction, log_mean))
    return Patterns(place, Parents(index, weight, gain), Contexts(direction, log_mean))


def test_firings_are_the_patterns_that_fire_with_their_places() -> None:
    world = plant(3)
    mined = mine_layer(world.task(), world.reader())
    assert (np.bincount(mined.firings.pattern, minlength=len(mined.patterns.filter)) == mined.patterns.support).all()
    assert (np.diff(mined.firings.object) >= 0).all()
    planted = {row: pair for pair, row in rows_of(world, mined).items()}
    f = mined.firings
    for pattern, photo, peak, expected in zip(f.pattern, f.object, f.peak, f.expected, strict=True):
        if pattern in planted:
            truth = world.found[planted[pattern]][photo]
            assert np.linalg.norm(expected - truth) < 1.5 * UNIT
            unit = world.places[mined.patterns.filter[pattern], photo, peak]
            assert np.linalg.norm(unit - truth) < 1e-6, "it fires on the very peak that was planted"
    assert (f.likeness >= mined.patterns.likeness[f.pattern]).all() and (f.score > 0).all() and f.of_object.all()


def test_only_the_strongest_firings_and_candidates_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = plant(3)
    whole = mine_layer(world.task(), world.reader())
    monkeypatch.setattr(mining_layer, "STRONGEST_FIRINGS", 3)
    monkeypatch.setattr(mining_layer, "CANDIDATES", 4)
    monkeypatch.setattr(mining_firings, "STRONGEST_PHOTOS", 4)
    few = mine_layer(world.task(), world.reader())
    for photo in range(90):
        scores = sorted(whole.firings.score[whole.firings.object == photo], reverse=True)[:3]
        here = (few.firings.object == photo) & few.firings.of_object
        assert sorted(few.firings.score[here], reverse=True) == scores
    for pattern in range(len(whole.patterns)):
        scores = sorted(whole.firings.score[whole.firings.pattern == pattern], reverse=True)[:4]
        there = sorted(few.firings.score[few.firings.pattern == pattern], reverse=True)
        assert there[: len(scores)] == scores, "of every pattern the strongest are kept"
    beside = few.firings.pattern[~few.firings.of_object]
    assert len(beside) and np.bincount(beside).max() <= 4
    rank = whole.patterns.score * whole.patterns.spread
    assert few.candidates.row.tolist() == sorted(np.argsort(-rank)[:4].tolist())
    assert whole.candidates.row.tolist() == list(range(len(whole.patterns.filter)))


def test_blocks_of_filters_change_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    above = plant(1)
    below = plant(101, like=above)
    found = []
    for elements in (10**9, 1, 2 * 5 * 90):
        monkeypatch.setattr(mining_block, "BLOCK", elements)
        seen: list[int] = []
        record = PoseRecord(tmp_path, 90)
        upper = mine_layer(above.task(), above.reader())
        task = below.task(upper=upper.candidates.upper(CPU, 0.2))
        lower = mine_layer(task, below.reader(), record, lambda done, of, seen=seen: seen.append(done))
        assert seen == {10**9: [7], 1: list(range(1, 8))}.get(elements, [2, 4, 6, 7])
        scores = [torch.cat(view) for view in zip(*record.read_scores(), strict=True)]
        # partners that fit equally well come in either order
        order = np.lexsort((lower.edges.upper, lower.edges.lower))
        lower = replace(lower, edges=chosen_rows(lower.edges, order))
        found.append((lower, torch.cat(list(record.read_displacements())), scores))
    (whole, moved, scores), *others = found
    for other, other_moved, other_scores in others:
        columns = flattened(other)
        for name, a in flattened(whole).items():
            assert a.dtype == columns[name].dtype, name
            np.testing.assert_allclose(a, columns[name], rtol=1e-4, atol=1e-6, err_msg=name)
        torch.testing.assert_close(moved, other_moved, rtol=0, atol=1e-4)
        torch.testing.assert_close(scores, other_scores, rtol=1e-3, atol=1e-3)
    assert len(moved) == len(scores[0]) == len(whole.patterns.filter)


class Memory:
    """Keeps what is found of a layer in main memory."""

    def __init__(self) -> None:
        self.found: dict[str, np.ndarray] | None = None

    def load(self) -> dict[str, np.ndarray] | None:
        return self.found

    def save(self, found: dict[str, np.ndarray]) -> None:
        self.found = found


@pytest.mark.parametrize(("threads", "checkpoint"), [(1, 5 * 90), (3, 5 * 90), (1, 10**9)])
def test_a_layer_that_was_cut_off_ends_to_the_bit_as_one_that_was_not(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, tmp_path: Path, threads: int, checkpoint: int
) -> None:
    monkeypatch.setattr(mining_block, "BLOCK", 5 * 90)
    monkeypatch.setattr(mining_layer, "CHECKPOINT", checkpoint)
    monkeypatch.setattr(mining_layer, "STRONGEST_FIRINGS", 3)
    monkeypatch.setattr(mining_layer, "CANDIDATES", 4)
    above = plant(1)
    below = plant(101, like=above)
    upper = mine_layer(above.task(), above.reader()).candidates.upper(CPU, 0.2)
    kept = Memory()
    seen: list[int] = []

    def mine(unfinished: Memory | None, ends_at: int = 0) -> tuple[MinedLayer, list[torch.Tensor]]:
        def progress(done: int, of: int) -> None:
            seen.append(done)
            if done == ends_at:
                raise KeyboardInterrupt

        record = PoseRecord(tmp_path, 90)
        mined = mine_layer(below.task(upper=upper), below.reader(), record, progress, unfinished)
        return mined, [*record.read_displacements(), *itertools.chain(*record.read_scores())]

    before = torch.get_num_threads()
    request.addfinalizer(lambda: torch.set_num_threads(before))
    torch.set_num_threads(threads)
    whole, posed = mine(None)
    for ends_at in (2, 4, 5):
        with pytest.raises(KeyboardInterrupt):
            mine(kept, ends_at)
    seen.clear()
    again, posed_again = mine(kept)
    assert seen == [6, 7], "what was kept is not mined again"
    columns = flattened(again)
    for name, column in flattened(whole).items():
        np.testing.assert_array_equal(columns[name], column, err_msg=name)
    assert all(a.equal(b) for a, b in zip(posed, posed_again, strict=True))


@pytest.mark.parametrize("kind", ["empty", "dead filter", "alike", "one peak", "no anchors"])
def test_layers_that_tell_little_are_mined_without_a_nan(kind: str, tmp_path: Path) -> None:
    world = plant(2, filters=3, photos=12)
    if kind == "empty":
        world.values[:] = 0
    if kind == "dead filter":
        world.values[1], world.places[1] = 0, 0
    if kind == "alike":
        world.values[:], world.places[:] = world.values[:, :1], world.places[:, :1]
        world.contexts[:] = world.contexts[:, :, :1]
    if kind == "one peak":
        world.values[:, :, 1:] = 0
    task = world.task()
    if kind == "no anchors":
        task = replace(task, anchors=task.anchors[:0], anchors_other=task.anchors[:0], anchor_mean=task.anchor_mean[:0])
    record = PoseRecord(tmp_path, 12)
    mined = mine_layer(task, world.reader(), record)
    assert_sound(mined, 4, 5)
    assert all(block.isfinite().all() for block in record.read_displacements())
    if kind in ("empty", "dead filter"):
        assert not (mined.patterns.filter == 1).any() and mined.dropped[REASONS.index(EVEN)] >= 5
    if kind == "empty":
        assert len(mined.patterns.filter) == len(mined.firings.pattern) == 0
    below = mine_layer(world.task(upper=mined.candidates.upper(CPU, 0.2)), world.reader())
    assert_sound(below, 4, 5)
