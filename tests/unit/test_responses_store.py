"""Responses and finished layers on disk: filled, reopened, gone on with, and met by a full disk."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from egraph.errors import EgraphError
from egraph.mining.checkpoint import Checkpoints
from egraph.mining.layer import mine_layer
from egraph.mining.mined_layer import flattened
from egraph.mining.pose import Pose
from egraph.network.layer import LayerGeometry
from egraph.network.load import load_network
from egraph.responses.forward import collect_responses
from egraph.responses.store import Calibration, LayerResponses, ResponsePlan, ResponseStore
from reference.planted import plant

PLAN = ResponsePlan(
    network_id="network@123",
    preprocessing={"size": 8},
    layers=(LayerGeometry("low", 0, 3, 4, 4, 2.0, 1.0, 3.0), LayerGeometry("high", 1, 2, 2, 2, 4.0, 2.0, 6.0)),
    peaks={"low": 3, "high": 1},
    context_layers=("low", "high"),
    context_cells=2,
    context_channels=5,
    evidence_photos=3,
    objects=tuple(f"object {n}" for n in range(6)),
)


Responses = tuple[dict[str, LayerResponses], torch.Tensor, Callable[[int], torch.Tensor]]


def responses(photos: int, seed: int) -> Responses:
    generator = torch.Generator().manual_seed(seed)
    peaks = {}
    for layer in PLAN.layers:
        shape = (photos, 2, layer.channels, PLAN.peaks[layer.name])
        units = torch.randint(0, layer.height * layer.width, shape, generator=generator)
        values = torch.rand(shape, generator=generator).half().float()
        activations, largest = torch.rand(shape, generator=generator), torch.rand(shape[:3], generator=generator)
        peaks[layer.name] = LayerResponses(values, units, activations, largest, units[..., 0])
    context = torch.randn(photos, 2, 4, 5, generator=generator).half().float()
    return peaks, context, torch.rand(photos, 2, 4, 5, generator=generator).__getitem__


def assert_holds(store: ResponseStore, rows: list[int], peaks: dict, context: torch.Tensor) -> None:
    """The store gives back what was put there, in both views, in any order of rows."""
    for views in (np.zeros(len(rows), int), np.ones(len(rows), int), np.arange(len(rows)) % 2):
        for layer in PLAN.layers:
            values, units = store.peaks(layer.name, rows, views, slice(1, 3))
            picked = torch.arange(len(rows)), torch.from_numpy(views)
            assert values.dtype == torch.float32 and units.dtype == torch.int64
            kept = peaks[layer.name]
            assert values.equal(kept.values[picked][:, 1:3].transpose(0, 1))
            assert units.equal(kept.units[picked][:, 1:3].transpose(0, 1))
            there = store.activations(layer.name, rows, views, slice(1, 3))
            assert there.equal(kept.activations[picked][:, 1:3].transpose(0, 1))
            largest, unit = store.largest(layer.name, rows, views)
            assert (largest == kept.largest[picked].numpy()).all() and unit.dtype == np.int64
            assert (unit == kept.largest_unit[picked].numpy()).all()
            last = np.full(len(rows), PLAN.peaks[layer.name] - 1)
            unit, activation = store.at_peaks(layer.name, np.array(rows), views, np.ones(len(rows), int), last)
            assert (unit == kept.units[picked][:, 1, -1].numpy()).all()
            assert (activation == kept.activations[picked][:, 1, -1].numpy()).all()
        assert store.context(rows, views).equal(context[picked])
    assert store.context(rows).equal(context)
    assert store.context_cells(rows, slice(1, 3)).equal(context[:, :, 1:3])


def test_what_is_put_is_there_after_reopening_and_the_rest_is_still_waiting(tmp_path: Path) -> None:
    store = ResponseStore(tmp_path, PLAN)
    assert store.waiting() == [0, 1, 2, 3, 4, 5] and store.usable() == []
    peaks, context, evidence = responses(2, 1)
    store.put([4, 1], peaks, context, evidence)
    store.refuse(2, "the photo is broken")
    for again in (store, ResponseStore(tmp_path, PLAN)):
        assert again.waiting() == [0, 2, 3, 5] and again.usable() == [1, 4]
        assert again.reasons == {2: "the photo is broken"}
        assert_holds(again, [4, 1], peaks, context)
    again = ResponseStore(tmp_path, PLAN)
    more, more_context, more_evidence = responses(3, 2)
    again.put([0, 3, 5], more, more_context, more_evidence)
    again.flush()
    last = ResponseStore(tmp_path, PLAN)
    assert last.waiting() == [2] and last.usable() == [0, 1, 3, 4, 5]
    assert_holds(last, [4, 1], peaks, context)
    assert_holds(last, [0, 3, 5], more, more_context)


def test_the_evidence_of_evenly_spread_photos_is_kept_to_a_255th_of_the_largest_of_its_place(tmp_path: Path) -> None:
    store = ResponseStore(tmp_path, PLAN)
    assert PLAN.evidence_rows.tolist() == [0, 2, 5]
    assert store.with_evidence() == []
    evidence = {}
    for rows, seed in (([5, 4], 1), ([1, 0], 2)):
        *rest, given = responses(2, seed)
        whole = torch.stack([given(0), given(1)])
        whole[0, 1, 2] = 0.0
        store.put(rows, *rest, whole.__getitem__)
        evidence |= dict(zip(rows, whole, strict=True))
    store.refuse(2, "the photo is broken")
    store.flush()
    again = ResponseStore(tmp_path, PLAN)
    assert again.with_evidence() == [0, 5]
    for views in (np.array([0, 1]), np.array([1, 0])):
        kept = again.evidence([5, 0], views)
        exact = torch.stack([evidence[row][view] for row, view in zip([5, 0], views, strict=True)])
        assert kept.dtype == torch.float32 and kept.shape == (2, 4, 5)
        assert ((kept - exact).abs() <= exact.amax(-1, keepdim=True) * (0.5 / 255 + 2**-10)).all()
    assert (again.evidence([0], np.array([1])) - evidence[0][1]).abs().max() > 0, "bytes are not exact"


def test_a_photo_that_can_be_read_after_all_is_not_named_any_more(tmp_path: Path) -> None:
    store = ResponseStore(tmp_path, PLAN)
    store.refuse(1, "the folder was away")
    store.refuse(2, "the photo is broken")
    store.put([1], *responses(1, 1))
    assert store.usable() == [1]
    assert store.reasons == ResponseStore(tmp_path, PLAN).reasons == {2: "the photo is broken"}


CHANGES: list[dict[str, Any]] = [
    {"network_id": "network@124"},
    {"preprocessing": {"size": 9}},
    {"layers": PLAN.layers[:1]},
    {"peaks": {"low": 2, "high": 1}},
    {"context_layers": ("low",)},
    {"context_cells": 3},
    {"context_channels": 4},
    {"evidence_photos": 2},
    {"objects": PLAN.objects[:5]},
    {"objects": PLAN.objects[::-1]},
]


def test_plans_that_differ_share_no_folder(tmp_path: Path) -> None:
    plans = [PLAN, *(replace(PLAN, **change) for change in CHANGES)]
    stores = [ResponseStore(tmp_path, plan) for plan in plans]
    assert len({store.folder for store in stores}) == len(plans)
    stores[0].put([0], *responses(1, 1))
    assert all(store.usable() == [] for store in stores[1:])
    assert ResponseStore(tmp_path, replace(PLAN)).usable() == [0]


def test_units_of_very_large_maps_fit(tmp_path: Path) -> None:
    large = LayerGeometry("large", 0, 1, 300, 300, 2.0, 1.0, 3.0)
    plan = replace(PLAN, layers=(large,), peaks={"large": 2}, context_layers=("large",), objects=("a",))
    store = ResponseStore(tmp_path, plan)
    units = torch.tensor([[[[89_999, 65_536]], [[65_535, 0]]]])
    kept = LayerResponses(torch.ones(1, 2, 1, 2), units, torch.ones(1, 2, 1, 2), torch.ones(1, 2, 1), units[..., 0])
    store.put([0], {"large": kept}, torch.zeros(1, 2, 4, 5), torch.zeros(1, 2, 4, 1).__getitem__)
    for view in (0, 1):
        assert store.peaks("large", [0], np.array([view]), slice(0, 1))[1].equal(units[:, view].transpose(0, 1))


def test_calibration_comes_back_equal(tmp_path: Path) -> None:
    store = ResponseStore(tmp_path, PLAN)
    assert store.read_calibration() is None
    generator = torch.Generator().manual_seed(3)
    mean, deviation = ({n.name: torch.rand(n.channels, generator=generator) for n in PLAN.layers} for _ in range(2))
    context, projection = torch.rand(5, generator=generator), torch.rand(5, 4, generator=generator)
    calibration = Calibration(mean, deviation, context, projection)
    store.write_calibration(calibration)
    found = ResponseStore(tmp_path, PLAN).read_calibration()
    assert found is not None
    for name in mean:
        assert found.filter_mean[name].equal(mean[name]) and found.filter_deviation[name].equal(deviation[name])
    assert found.context_mean.equal(calibration.context_mean) and found.projection.equal(calibration.projection)


def test_files_left_unfinished_are_made_anew(tmp_path: Path) -> None:
    store = ResponseStore(tmp_path, PLAN)
    (store.folder / "calibration.0123.new").write_bytes(b"half a fi")
    (store.folder / "marks").write_bytes(b"\1")
    (store.folder / "0.values.new").write_bytes(b"left behind")
    again = ResponseStore(tmp_path, PLAN)
    assert again.read_calibration() is None and again.usable() == []


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "posix_fallocate", full_disk)
    with pytest.raises(EgraphError, match=r"No space left on device.*make room or set EGRAPH_HOME.*\.$") as caught:
        collect_responses(load_network("egraph.demo.network:animals"), PLAN, [], tmp_path)
    assert type(caught.value) is EgraphError and str(tmp_path) in str(caught.value)


def test_two_processes_that_make_a_store_share_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, others = os.link, []

    def link_after_another(beside: Path, path: Path) -> None:
        if not others:
            others.append(None)
            others[0] = ResponseStore(tmp_path, PLAN)
            others[0].put([0], *responses(1, 1))
        link(beside, path)

    monkeypatch.setattr(os, "link", link_after_another)
    store = ResponseStore(tmp_path, PLAN)
    assert store.usable() == others[0].usable() == [0]
    assert_holds(store, [0], *responses(1, 1)[:2])
    assert not list(store.folder.glob("*.new"))


def test_a_finished_layer_comes_back_equal(tmp_path: Path) -> None:
    world = plant(1)
    mined = mine_layer(world.task(), world.reader())
    saved = Checkpoints(tmp_path, {"seed": 1})
    assert saved.load(3) is None
    saved.save(3, mined)
    found = Checkpoints(tmp_path, {"seed": 1}).load(3)
    assert found is not None and saved.load(2) is None
    columns = flattened(found)
    for name, a in flattened(mined).items():
        b = columns[name]
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes() and a.shape == b.shape, name


def test_the_pose_comes_back_equal(tmp_path: Path) -> None:
    saved, pose = Checkpoints(tmp_path, {}), Pose(torch.rand(7, 4, 2), torch.rand(9, 4), torch.rand(9))
    assert saved.load_pose() is None
    saved.save_pose(pose, torch.arange(7.0))
    found = saved.load_pose()
    assert found is not None and found[0].loadings.equal(pose.loadings) and found[0].vectors.equal(pose.vectors)
    assert found[0].lengths.equal(pose.lengths)
    assert found[1].equal(torch.arange(7.0))


def test_two_runs_at_once_share_finished_layers_and_no_other_file(tmp_path: Path) -> None:
    world = plant(1)
    mined = mine_layer(world.task(), world.reader())
    first = Checkpoints(tmp_path, {})
    first.save(3, mined)
    first.unfinished(2).save({"found": np.ones(2)})
    second = Checkpoints(tmp_path, {})
    assert second.load(3) is not None and second.unfinished(2).load() is None
    second.unfinished(2).save({"found": np.zeros(2)})
    second.save(1, mined)
    kept = first.unfinished(2).load()
    assert kept is not None and kept["found"].tolist() == [1, 1] and first.load(1) is None
    folder = second.folder
    del first, second
    assert not folder.exists()
    third = Checkpoints(tmp_path, {})
    assert third.folder != folder and third.unfinished(2).load() is not None


def test_an_unfinished_layer_is_ignored_and_another_identity_is_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = plant(1)
    mined = mine_layer(world.task(), world.reader())
    saved = Checkpoints(tmp_path, {"seed": 1, "rows": [1, 2]})
    with monkeypatch.context() as broken, pytest.raises(OSError):
        broken.setattr(os, "fsync", full_disk)
        saved.save(0, mined)
    assert saved.load(0) is None and not any(saved.folder.glob("layer-*"))
    saved.save(0, mined)
    assert Checkpoints(tmp_path, {"rows": [1, 2], "seed": 1}).load(0) is not None
    for other in ({"seed": 2, "rows": [1, 2]}, {"seed": 1, "rows": [1]}, {"seed": 1}):
        assert Checkpoints(tmp_path, other).load(0) is None
