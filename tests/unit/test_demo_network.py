from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from egraph.demo import network as demo_network
from egraph.demo.crops import crops_of_many, make_crops
from egraph.demo.network import CHECKPOINT, CLASSES, INPUT_SIZE, AnimalNetwork, animals
from egraph.demo.train import Recipe, main, make_crop_set, save_network, score_network, train_network, vary
from egraph.errors import InputError, UsageError
from egraph.network.checkpoint_match import match_weights, put_weights
from egraph.network.load import load_network
from egraph.network.weights import read_checkpoint

NAME = "egraph.demo.network:animals"


def test_the_checkpoint_is_small_and_holds_half_precision_tensors_only() -> None:
    assert CHECKPOINT.stat().st_size < 2_000_000
    assert sum(parameter.numel() for parameter in AnimalNetwork().parameters()) < 1_000_000
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
    crops = make_crops(0, 1, INPUT_SIZE, 1)[1]
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
    crops, classes = make_crop_set(Recipe(held_out=48, seed=77, workers=0), held_out=True)
    outcome = score_network(animals(), crops, classes)
    assert outcome.majority == pytest.approx(1 / 6)
    assert outcome.accuracy >= 0.93


def test_crops_do_not_depend_on_who_makes_them() -> None:
    alone = [make_crops(index, 4, 32, 2) for index in range(7)]
    for (number, crops), (expected, wanted) in zip(crops_of_many(7, 4, 32, 2, workers=1), alone, strict=True):
        assert number == expected
        np.testing.assert_array_equal(crops, wanted)
    assert [number for number, _ in alone] == [0, 1, 2, 3, 4, 5, 0]


def test_varying_keeps_each_colour_plane_of_each_input_up_to_gain_mirror_and_order() -> None:
    x = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    varied = vary(x, torch.Generator().manual_seed(2))
    for before, after in zip(x, varied, strict=True):
        planes = torch.cat([before, before.flip(2)]).flatten(1)
        for plane in after.flatten(1):
            correlations = torch.stack([torch.corrcoef(torch.stack([plane, other]))[0, 1] for other in planes])
            assert correlations.max() > 0.999


def test_training_learns_repeats_and_writes_what_it_scores(tmp_path: Path) -> None:
    recipe = Recipe(photos=12, variants=2, epochs=2, batch=8, workers=0)
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
    options = ["--photos", "32", "--variants", "2", "--held-out", "12", "--epochs", "1", "--workers", "0"]
    main([*options, "--output", str(output)])
    assert output.is_file()
    assert "12 new photos; always naming the most frequent class: 16.7 %" in caplog.text


def test_too_few_photos_to_train_on_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--photos", "10"])
    assert "at least 64 crops" in capsys.readouterr().err
