from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from egraph.demo import network as demo_network
from egraph.demo.crops import crops_of_many, make_crop
from egraph.demo.network import CHECKPOINT, CLASSES, INPUT_SIZE, AnimalNetwork, animals
from egraph.demo.train import (
    Recipe,
    hide,
    main,
    make_crop_set,
    move,
    recolour,
    save_network,
    score_network,
    train_network,
)
from egraph.demo.world import make_photo
from egraph.errors import InputError, UsageError
from egraph.network.checkpoint_match import match_weights, put_weights
from egraph.network.load import load_network
from egraph.network.weights import read_checkpoint

NAME = "egraph.demo.network:animals"


def test_the_checkpoint_is_small_and_holds_half_precision_tensors_only() -> None:
    assert CHECKPOINT.stat().st_size < 8_000_000
    assert sum(parameter.numel() for parameter in AnimalNetwork().parameters()) < 4_000_000
    with safe_open(CHECKPOINT, "pt") as file:
        assert {file.get_tensor(name).dtype for name in file.keys()} == {torch.float16}  # noqa: SIM118


def test_the_maps_have_the_widths_that_are_promised() -> None:
    module, x, widths = animals(), torch.zeros(1, 3, INPUT_SIZE, INPUT_SIZE), []
    for name in ("block1", "block2", "block3", "block4"):
        x = module.get_submodule(name)(x)
        widths.append(x.shape[-1])
    assert widths == [48, 24, 12, 6]


def test_it_loads_as_a_users_own_network_with_its_own_preprocessing() -> None:
    network = load_network(NAME)
    assert network.preprocessing.size == INPUT_SIZE and network.preprocessing.mean == (0.5, 0.5, 0.5)
    again = load_network(NAME, str(CHECKPOINT))
    assert again.preprocessing == network.preprocessing
    crops = make_crop(0, 1, INPUT_SIZE, 0)[1][None]
    answers = network.module(network.preprocess(crops))
    assert answers.shape == (1, len(CLASSES))
    torch.testing.assert_close(answers, again.module(again.preprocess(crops)))


def test_a_preprocessing_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AnimalNetwork, "preprocessing", {"size": 96, "average": [0, 0, 0]})
    with pytest.raises(UsageError, match=r"attribute preprocessing of .* is not valid"):
        load_network(NAME)


def test_a_missing_checkpoint_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo_network, "CHECKPOINT", tmp_path / "animals.safetensors")
    with pytest.raises(InputError, match="There is no weights file"):
        animals()


def test_it_tells_new_photos_apart_far_better_than_the_control() -> None:
    crops, classes = make_crop_set(Recipe(held_out=3 * len(CLASSES), seed=77, workers=0), held_out=True)
    outcome = score_network(animals(), crops, classes)
    assert outcome.majority == pytest.approx(1 / len(CLASSES))
    assert outcome.accuracy >= 0.85


def test_crops_do_not_depend_on_who_makes_them() -> None:
    alone = [make_crop(index, 4, 32, 0.1) for index in range(3)]
    for (number, crop), (expected, wanted) in zip(crops_of_many(3, 4, 32, 0.1, workers=1), alone, strict=True):
        assert number == expected
        np.testing.assert_array_equal(crop, wanted)
    numbers = [make_crop(index, 4, 8, 0.0)[0] for index in (0, len(CLASSES) - 1, len(CLASSES))]
    assert numbers == [0, len(CLASSES) - 1, 0]


def test_a_crop_shows_the_object_and_a_margin_around_it() -> None:
    photo = make_photo(np.random.default_rng([4, 7]), CLASSES[7])
    for margin in (0.0, 0.1):
        aside, above = margin * photo.box.width, margin * photo.box.height
        left, top = max(0, round(photo.box.x - aside)), max(0, round(photo.box.y - above))
        right = min(photo.image.width, round(photo.box.x + photo.box.width + aside))
        bottom = min(photo.image.height, round(photo.box.y + photo.box.height + above))
        shown = photo.image.crop((left, top, right, bottom)).resize((40, 40), Image.Resampling.BICUBIC)
        number, crop = make_crop(7, 4, 40, margin)
        assert number == 7
        np.testing.assert_array_equal(crop, np.asarray(shown))


def test_moved_inputs_are_pieces_of_them_and_half_of_them_mirrored() -> None:
    side, n = 64, 200
    row, column = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
    x = torch.stack([row, column, torch.ones(side, side)]).expand(n, 3, side, side)
    moved = move(x, torch.Generator().manual_seed(1), 48)
    assert moved.shape == (n, 3, 48, 48) and moved.min() >= 0 and moved.max() <= 1 + 1e-6
    down, across = (moved[:, 0, -1] - moved[:, 0, 0]).mean(1), (moved[:, 1, :, -1] - moved[:, 1, :, 0]).mean(1)
    assert down.min() > 0.6
    assert across.abs().min() > 0.6 and 0.35 < (across < 0).float().mean() < 0.65


def test_recolouring_keeps_each_colour_plane_up_to_gain_and_order() -> None:
    x = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    for before, after in zip(x, recolour(x, torch.Generator().manual_seed(2)), strict=True):
        for plane in after.flatten(1):
            correlations = torch.stack([torch.corrcoef(torch.stack([plane, o]))[0, 1] for o in before.flatten(1)])
            assert correlations.max() > 0.999


def test_a_rectangle_of_half_of_the_inputs_is_hidden() -> None:
    hidden = (hide(torch.full((400, 3, 40, 40), 9.0), torch.Generator().manual_seed(3)) != 9).all(1)
    touched = hidden.any((1, 2))
    assert 0.4 < touched.float().mean() < 0.6
    high, wide = hidden.any(2).sum(1)[touched], hidden.any(1).sum(1)[touched]
    assert torch.equal(hidden.sum((1, 2))[touched], high * wide), "it is a rectangle"
    assert high.max() <= 21 and wide.max() <= 21


def test_training_learns_repeats_and_writes_what_it_scores(tmp_path: Path) -> None:
    recipe = Recipe(photos=16, epochs=2, batch=8, workers=0)
    crops, classes = make_crop_set(recipe, held_out=False)
    first, again = (train_network(recipe, crops, classes) for _ in range(2))
    for one, other in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(one, other)
    save_network(first, tmp_path / "x.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]
    loaded = AnimalNetwork()
    match = match_weights(loaded, read_checkpoint(tmp_path / "x.safetensors"), "animals", "x")
    assert match.whole and put_weights(loaded, match) == ()
    for one, other in zip(loaded.parameters(), first.half().float().parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_command_logs_its_figure_beside_the_control(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    output = tmp_path / "animals.safetensors"
    options = ["--photos", "64", "--held-out", str(len(CLASSES)), "--epochs", "1", "--workers", "0"]
    main([*options, "--output", str(output)])
    assert output.is_file()
    assert (
        f"{len(CLASSES)} new photos; always naming the most frequent class: {100 / len(CLASSES):.1f} %" in caplog.text
    )


def test_too_few_photos_to_train_on_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--photos", "10"])
    assert "at least 64 photos" in capsys.readouterr().err
