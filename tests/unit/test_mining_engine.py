"""Mining the generated world from photos to graph, and placing what was mined."""

import errno
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from egraph.demo.world import write_world
from egraph.errors import EgraphError, InputError, UsageError
from egraph.graph.content_hash import content_hash
from egraph.mining import stages
from egraph.mining.engine import Mined, mine
from egraph.mining.firings import STRONGEST_PHOTOS
from egraph.mining.graph_model import GraphModel
from egraph.mining.graph_tables import ANCHORS, FilterPeaks, MinedGraph
from egraph.mining.inference import firings, place_patterns
from egraph.network.finite import check_finite
from egraph.network.geometry import layer_geometries
from egraph.network.layers import activations, resolve_layers
from egraph.network.load import Network, load_network
from egraph.photos.annotations import read_annotations
from egraph.photos.crop import read_crop
from egraph.photos.mirroring import turned_columns
from egraph.photos.photo import PhotoObject
from egraph.responses import forward

NETWORK = "egraph.demo.network:animals"
LAYERS = ["block2", "block3", "block4"]
PHOTOS = 40

Miner = Callable[..., Mined]


@pytest.fixture(scope="module", autouse=True)
def small_sample() -> Iterator[None]:
    """Most photos are read after the sample that calibrates, as in real use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "CALIBRATION_PHOTOS", 12)
        yield


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(NETWORK)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, "horse", PHOTOS, seed=3)
    return folder


@pytest.fixture(scope="module")
def objects(world: Path) -> list[PhotoObject]:
    return read_annotations(world / "annotations.json", world, "horse").objects


@pytest.fixture(scope="module")
def miner(network: Network, objects: list[PhotoObject]) -> Miner:
    layers = layer_geometries(network, resolve_layers(network, LAYERS))

    def run(home: Path, seed: int = 0, some: list[PhotoObject] | None = None, **more) -> Mined:
        chosen = objects if some is None else some
        return mine(network, layers, chosen, category="horse", name="test", seed=seed, home=home, **more)

    return run


@pytest.fixture(scope="module")
def mined(miner: Miner, tmp_path_factory: pytest.TempPathFactory) -> Mined:
    return miner(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def zhang(miner: Miner, tmp_path_factory: pytest.TempPathFactory) -> Mined:
    """The graph of the papers' own model."""
    return miner(tmp_path_factory.mktemp("zhang"), model="zhang2018")


def arrays(table: object) -> dict[str, np.ndarray]:
    values = {field.name: getattr(table, field.name) for field in fields(table)}  # type: ignore[arg-type]
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def assert_sound(graph: MinedGraph, per_filter: dict[str, int]) -> None:
    """What must hold of any graph."""
    tables = [*graph.patterns.values(), *graph.co_activations, *graph.displacements, *graph.firings, *graph.peaks]
    for table in [*tables, *graph.readings.values()]:
        for name, column in arrays(table).items():
            assert np.isfinite(column).all() and column.dtype in (np.float32, np.int32), name
    assert np.isfinite(graph.pose).all() and np.isfinite(graph.log_likelihood)
    kept = sum(len(graph.patterns[layer]) for layer in per_filter)
    possible = sum(layer.channels * per_filter[layer.name] for layer in graph.layers if layer.name != ANCHORS)
    assert kept + sum(graph.dropped.values()) == possible
    for edges in (*graph.co_activations, *graph.displacements):
        assert not len(edges.source) or edges.source.max() < len(graph.patterns[edges.lower])
        assert not len(edges.target) or edges.target.max() < len(graph.patterns[edges.upper])
    for f in graph.firings:
        assert not len(f.object) or f.object.max() < len(graph.objects)
        assert not len(f.object) or f.pattern.max() < len(graph.patterns[f.layer])


def test_a_graph_of_the_generated_world_is_sound_and_whole(mined: Mined) -> None:
    graph = mined.graph
    assert_sound(graph, {"block2": 34, "block3": 17, "block4": 9})
    assert [layer.name for layer in graph.layers] == [*LAYERS, ANCHORS]
    assert [(e.lower, e.upper) for e in graph.co_activations] == [("block2", "block3"), ("block3", "block4")]
    assert all(len(edges.source) for edges in graph.co_activations)
    assert len(graph.objects) == len(graph.mirrored) == len(graph.pose) == PHOTOS and not mined.skipped
    assert graph.mirrored.sum() <= PHOTOS / 2
    posed = [name for name, table in graph.patterns.items() if table.orientation_weight.any()]
    assert posed == ["block3"] and graph.patterns["block3"].pose.shape[1] == graph.pose.shape[1]
    assert list(mined.seconds) == ["forward", "mining"]


def test_the_model_of_2018_keeps_every_pattern_and_follows_the_layer_above(zhang: Mined, network: Network) -> None:
    graph = zhang.graph
    assert_sound(graph, {"block2": 34, "block3": 17, "block4": 9})
    assert not any(graph.dropped.values()) and graph.parameters["model"] == "zhang2018"
    assert [(e.lower, e.upper) for e in graph.displacements] == [("block2", "block3"), ("block3", "block4")]
    for edges in graph.displacements:
        shares = np.bincount(edges.source, edges.weight, minlength=len(graph.patterns[edges.lower]))
        np.testing.assert_allclose(shares, 1, atol=1e-4)
    with pytest.raises(UsageError, match=r"own model.*--model.*\.$"):
        GraphModel(graph, network)


def test_the_objects_face_the_same_way(mined: Mined, world: Path) -> None:
    annotations = json.loads((world / "annotations.json").read_text())["annotations"]
    left = np.array([a["facing"] == "left" for a in annotations if "facing" in a])
    assert len(left) == PHOTOS
    same = (left ^ mined.graph.mirrored).mean()
    assert max(same, 1 - same) > 0.9


def test_the_same_seed_gives_the_same_graph_to_the_bit_and_another_seed_another(
    miner: Miner, mined: Mined, tmp_path: Path
) -> None:
    again, other = miner(tmp_path / "a"), miner(tmp_path / "b", seed=1)
    assert content_hash(again.graph) == content_hash(mined.graph)
    unseeded = replace(other.graph, seed=0)
    assert content_hash(unseeded) != content_hash(mined.graph)
    assert other.graph.mirrored.tolist() == mined.graph.mirrored.tolist()


def test_the_number_of_threads_changes_nothing(miner: Miner, mined: Mined, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(3 - min(threads, 2))
    try:
        other = miner(tmp_path)
    finally:
        torch.set_num_threads(threads)
    assert content_hash(other.graph) == content_hash(mined.graph)


def interrupted(stage: str, least: int) -> Callable[[str, int, int], None]:
    def progress(at: str, done: int, total: int) -> None:
        if at == stage and done >= least:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("stage", [("running the network", 8), ("running the network", 20), ("mining patterns", 257)])
def test_a_run_that_was_interrupted_goes_on_and_gives_the_same_graph(
    miner: Miner, mined: Mined, tmp_path: Path, stage: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        miner(tmp_path, progress=interrupted(*stage))
    rows: list[int] = []
    filters: list[int] = []
    layer, views = stages.mine_layer, forward.read_views
    monkeypatch.setattr(stages, "mine_layer", lambda task, *rest: filters.append(task.filters) or layer(task, *rest))
    monkeypatch.setattr(forward, "read_views", lambda network, some: rows.append(len(some)) or views(network, some))
    assert content_hash(miner(tmp_path).graph) == content_hash(mined.graph)
    if stage[0] == "mining patterns":
        assert rows == [] and filters == [128, 64], "the top layer is not mined again"
    filters.clear()
    assert content_hash(miner(tmp_path).graph) == content_hash(mined.graph)
    assert filters == [], "nothing is mined again"


@pytest.mark.parametrize("model", ["egraph", "zhang2018"])
def test_patterns_are_placed_where_mining_had_them(mined: Mined, zhang: Mined, network: Network, model: str) -> None:
    graph = {"egraph": mined, "zhang2018": zhang}[model].graph
    placed = place_patterns(graph, network, graph.objects, graph.mirrored)
    for f in graph.firings:
        rows = torch.from_numpy(f.pattern).long(), torch.from_numpy(f.object).long()
        where = placed.places if model == "egraph" else placed.expected
        for place, x, y in ((where, f.expected_x, f.expected_y), (placed.units, f.x, f.y)):
            there = place[f.layer][rows].numpy()
            apart = np.hypot(there[:, 0] - y, turned_columns(there[:, 1], graph.mirrored[f.object]) - x)
            # the photos that calibrate were read from activations in half floats: now and then another peak is stronger
            assert np.quantile(apart, 0.97) < 0.003 and np.median(apart) < 1e-4, f.layer
        score, likeness = placed.score[f.layer][rows].numpy(), placed.likeness[f.layer][rows].numpy()
        assert np.quantile(np.abs(score - f.score), 0.97) < 0.02 * max(1, f.score.max()), f.layer
        if model == "egraph":
            assert np.quantile(np.abs(likeness - f.likeness), 0.97) < 0.02
            assert np.abs(placed.units[f.layer].mean() - placed.places[f.layer].mean()) > 1e-4, "two kinds of places"
        else:
            assert not len(f.likeness) and not len(graph.patterns[f.layer].likeness)
        assert placed.fires[f.layer][rows].float().mean() > 0.97, f.layer
        mean = placed.places[f.layer].mean(1).numpy()
        assert np.quantile(np.abs(mean - graph.patterns[f.layer].mean_place), 0.999) < 0.01
        assert np.abs(placed.fires[f.layer].sum(1).numpy() - graph.patterns[f.layer].support).mean() < 1


@pytest.mark.parametrize("model", ["egraph", "zhang2018"])
def test_at_every_firing_the_networks_output_is_above_0_and_is_the_one_that_is_kept(
    mined: Mined, zhang: Mined, network: Network, model: str
) -> None:
    graph = {"egraph": mined, "zhang2018": zhang}[model].graph
    crops = network.preprocess(np.stack([read_crop(o, network.preprocessing.size) for o in graph.objects]))
    views = torch.where(torch.from_numpy(graph.mirrored)[:, None, None, None], crops.flip(3), crops)
    with torch.inference_mode():
        maps = activations(network, LAYERS, views)
    geometry = {layer.name: layer for layer in graph.layers}
    for edges, filters in (
        *((f, graph.patterns[f.layer].filter[f.pattern]) for f in graph.firings),
        *((p, p.filter) for p in graph.peaks),
    ):
        outputs, layer = maps[edges.layer], geometry[edges.layer]
        own = outputs[edges.object, filters].numpy()
        unit = (
            np.stack([edges.y, turned_columns(edges.x, graph.mirrored[edges.object])], 1) * network.preprocessing.size
        )
        row, column = ((unit - layer.first_centre) / layer.stride).round().astype(int).T
        there = own[np.arange(len(own)), row, column]
        assert len(there) > 100 and (there > 0).all() and (edges.activation > 0).all()
        # half floats where the photos calibrate
        np.testing.assert_allclose(edges.activation, there, rtol=2e-3)
        if isinstance(edges, FilterPeaks):
            np.testing.assert_allclose(there, own.max((1, 2)), rtol=2e-3)
            best = np.sort(outputs.amax((2, 3)).numpy(), 0)[::-1][:STRONGEST_PHOTOS]
            for channel in np.unique(filters):
                kept = np.sort(edges.activation[filters == channel])[::-1]
                np.testing.assert_allclose(kept, best[: len(kept), channel], rtol=2e-3)


def test_every_pattern_and_every_filter_keeps_its_strongest_photos(mined: Mined, network: Network) -> None:
    graph = mined.graph
    placed = place_patterns(graph, network, graph.objects, graph.mirrored)
    for f, p in zip(graph.firings, graph.peaks, strict=True):
        wanted = np.minimum(graph.patterns[f.layer].support, STRONGEST_PHOTOS)
        assert (np.bincount(f.pattern, minlength=len(wanted)) >= wanted).all()
        score = torch.where(placed.fires[f.layer], placed.score[f.layer], 0.0).sort(1, descending=True).values
        alike: list[bool] = []
        for pattern in range(0, len(wanted), 7):
            kept = np.sort(f.score[f.pattern == pattern])[::-1][:STRONGEST_PHOTOS]
            alike += np.isclose(kept, score[pattern, : len(kept)], rtol=0.1, atol=0.02).tolist()
        # the photos that calibrate were read from half floats: now and then one more fires
        assert np.mean(alike) > 0.99
        assert np.bincount(p.filter).max() == STRONGEST_PHOTOS
    assert {ANCHORS} == set(graph.patterns) - {f.layer for f in graph.firings}, "anchors have no units"


def test_firings_of_placed_patterns_hold_those_of_mining(mined: Mined, network: Network) -> None:
    graph = mined.graph
    found = firings(place_patterns(graph, network, graph.objects[:12], graph.mirrored[:12]))
    for before, after in zip(graph.firings, found, strict=True):
        wanted = {(p, o) for p, o in zip(before.pattern.tolist(), before.object.tolist(), strict=True) if o < 12}
        there = dict(zip(zip(after.pattern.tolist(), after.object.tolist(), strict=True), after.x, strict=True))
        assert len(wanted - set(there)) <= 0.03 * len(wanted)
        x = {(p, o): x for p, o, x in zip(before.pattern.tolist(), before.object.tolist(), before.x, strict=True)}
        assert np.median([abs(there[key] - x[key]) for key in wanted & set(there)]) < 1e-4


def test_the_side_of_a_photo_is_found_from_the_patterns_alone(mined: Mined, network: Network) -> None:
    placed = place_patterns(mined.graph, network, mined.graph.objects)
    assert (placed.mirrored == mined.graph.mirrored).mean() >= 0.95


def test_without_any_weight_for_sides_objects_stay_as_they_are(mined: Mined, network: Network) -> None:
    tables = mined.graph.patterns
    blind = replace(tables["block3"], orientation_weight=np.zeros_like(tables["block3"].orientation_weight))
    graph = replace(mined.graph, patterns={**tables, "block3": blind})
    assert not place_patterns(graph, network, graph.objects[:4]).mirrored.any()


def test_a_graph_mined_with_other_weights_is_refused(mined: Mined, network: Network) -> None:
    other = replace(network, id="animals@0123456789ab")
    with pytest.raises(InputError, match=r"was mined with .*; give the weights that it was mined with.*\.$"):
        place_patterns(mined.graph, other, mined.graph.objects[:1])


@pytest.mark.parametrize("number", [0, 16])
def test_a_photo_that_breaks_after_listing_is_skipped_and_named(
    miner: Miner, objects: list[PhotoObject], tmp_path: Path, number: int
) -> None:
    broken = tmp_path / "broken.png"
    content = objects[number].path.read_bytes()
    broken.write_bytes(content[: len(content) // 2])
    some = [replace(o, path=broken) if o is objects[number] else o for o in objects[:20]]
    found = miner(tmp_path, some=some)
    assert [s.path for s in found.skipped] == [str(broken)] and "cut off" in found.skipped[0].reason
    assert found.graph.objects == [o for o in some if o.path != broken]
    assert len(found.graph.mirrored) == len(found.graph.pose) == 19
    assert content_hash(miner(tmp_path, some=some).graph) == content_hash(found.graph)


def test_too_few_photos_are_refused_with_a_sentence(miner: Miner, objects: list[PhotoObject], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Only 3 of .*\.$"):
        miner(tmp_path, some=objects[:3])


@pytest.mark.parametrize("count", [4, 5])
def test_the_fewest_photos_give_a_sound_graph(
    miner: Miner, network: Network, objects: list[PhotoObject], tmp_path: Path, count: int
) -> None:
    graph = miner(tmp_path, some=objects[:count]).graph
    assert_sound(graph, {"block2": 34, "block3": 17, "block4": 9})
    assert place_patterns(graph, network, objects[:1]).mirrored.shape == (1,)


def test_photos_all_alike_give_a_sound_graph(
    miner: Miner, network: Network, objects: list[PhotoObject], tmp_path: Path
) -> None:
    alike = [replace(objects[0], sha256=f"{n:064x}") for n in range(20)]
    graph = miner(tmp_path, some=alike).graph
    assert_sound(graph, {"block2": 34, "block3": 17, "block4": 9})
    assert not graph.mirrored.any()
    placed = place_patterns(graph, network, alike[:2])
    assert all(places.isfinite().all() for places in placed.places.values())


def test_photos_that_show_nothing_give_a_sound_graph(
    miner: Miner, network: Network, objects: list[PhotoObject], tmp_path: Path
) -> None:
    grey = tmp_path / "grey.png"
    Image.new("RGB", (objects[0].photo_width, objects[0].photo_height), (128, 128, 128)).save(grey)
    blank = [replace(objects[0], path=grey, sha256=f"{n:064x}") for n in range(6)]
    graph = miner(tmp_path, some=blank).graph
    assert_sound(graph, {"block2": 34, "block3": 17, "block4": 9})
    placed = place_patterns(graph, network, [*blank[:1], *objects[:2]])
    assert placed.mirrored.shape == (3,) and all(places.isfinite().all() for places in placed.places.values())


def test_filters_that_are_dead_have_no_patterns(objects: list[PhotoObject], tmp_path: Path) -> None:
    network = load_network(NETWORK)
    with torch.no_grad():
        # what the last convolution adds to, and what it adds
        for name, bias in (("block4.1.1", [0.0, 0.0, 0.0, 0.0]), ("block4.2.4", [0.0, -3.3, 0.0, 3.3])):
            normalisation = network.module.get_submodule(name)
            normalisation.weight[:4] = 0.0
            normalisation.bias[:4] = torch.tensor(bias)
    layers = layer_geometries(load_network(NETWORK), LAYERS)
    graph = mine(network, layers, objects, category="horse", name="test", seed=0, home=tmp_path).graph
    assert_sound(graph, {"block2": 34, "block3": 17, "block4": 9})
    assert graph.patterns["block4"].filter.min() == 4
    placed = place_patterns(graph, network, objects[:2])
    assert all(places.isfinite().all() for places in placed.places.values())


def put(network: Network, layer: str, value: float) -> None:
    with torch.no_grad():
        network.module.get_submodule(layer).weight[:8] = value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (
            torch.nan,
            r"NaN from block3 on \(first: block3\.2\.4\); its weights are damaged \(block3\.2\.4\.weight\)",
        ),
        (-torch.inf, r"from block3 on \(first: block3\.2\.4\); its weights are damaged"),
        (
            3e38,
            r"infinite numbers from block3 on .*grow beyond what a float holds, as after training",
        ),
    ],
)
def test_a_network_that_gives_no_numbers_is_refused(
    objects: list[PhotoObject], tmp_path: Path, value: float, words: str
) -> None:
    network = load_network(NETWORK)
    layers = layer_geometries(network, LAYERS)
    check_finite(network, LAYERS)
    put(network, "block3.2.4", value)
    with pytest.raises(InputError, match=words):
        check_finite(network, LAYERS)
    with pytest.raises(InputError, match=words):
        mine(network, layers, objects, category="horse", name="test", seed=0, home=tmp_path)


def test_activations_beyond_half_floats_are_kept_as_they_are(
    miner: Miner, network: Network, objects: list[PhotoObject], tmp_path: Path
) -> None:
    usual = miner(tmp_path / "usual", some=objects[:8]).graph
    large = load_network(NETWORK)
    # block4 gives the same map times 2**17, far beyond what a half float holds
    large.module.get_submodule("block4").register_forward_hook(lambda module, given, answer: answer * 2.0**17)
    layers = layer_geometries(network, LAYERS)
    graph = mine(large, layers, objects[:8], category="horse", name="test", seed=0, home=tmp_path / "large").graph
    assert len(graph.patterns["block4"]) == pytest.approx(len(usual.patterns["block4"]), rel=0.05)


def test_a_disk_that_fills_up_while_mining_is_one_sentence(
    miner: Miner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fill(stage: str, done: int, total: int) -> None:
        if stage == "mining anchors":
            monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(EgraphError, match=r"No space left on device.*\.$"):
        miner(tmp_path, progress=fill)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_mines_a_graph_like_the_cpus(mined: Mined, objects: list[PhotoObject], tmp_path: Path) -> None:
    on_gpu = load_network(NETWORK, device="cuda")
    layers = layer_geometries(on_gpu, resolve_layers(on_gpu, LAYERS))
    graph = mine(on_gpu, layers, objects, category="horse", name="test", seed=0, home=tmp_path).graph
    assert graph.mirrored.tolist() == mined.graph.mirrored.tolist()
    for name, table in graph.patterns.items():
        assert len(table) == pytest.approx(len(mined.graph.patterns[name]), rel=0.02)
    assert place_patterns(graph, on_gpu, objects[:3]).mirrored.shape == (3,)
