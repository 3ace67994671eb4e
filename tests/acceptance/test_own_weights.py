"""Weights files of all kinds through `egraph mine`: used, or refused for the true reason."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from egraph.demo.network import AnimalNetwork, animals
from egraph.graph.connection import open_database
from egraph.settings import load_settings

NETWORK = ("--network", "egraph.demo.network:animals", "--category", "thing")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(6):
        noise = generator.integers(0, 256, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((120, 120)).save(folder / f"{number}.png")
    return folder


def save(state: dict, path: Path) -> Path:
    torch.save({"model": {f"module.{key}": value for key, value in state.items()}, "args": argparse.Namespace()}, path)
    return path


def test_a_training_scripts_checkpoint_without_classifier_is_mined(
    egraph_here: Callable, photos: Path, tmp_path: Path
) -> None:
    state = {key: value for key, value in animals().state_dict().items() if not key.startswith("classifier")}
    file = save(state, tmp_path / "backbone.pth")
    done = egraph_here("mine", photos, *NETWORK, "--weights", file, "--json")
    assert json.loads(done.stdout)["patterns"] > 100
    assert "backbone.pth has no fitting classifier.weight, classifier.bias: passed over" in done.stderr
    again = egraph_here("mine", photos, *NETWORK, "--weights", file)
    assert "is there already" in again.stdout and "passed over" in again.stderr
    assert "passed over" not in egraph_here("mine", photos, *NETWORK, "--weights", file, "--quiet").stderr


def test_damaged_weights_end_before_mining(egraph_here: Callable, photos: Path, tmp_path: Path) -> None:
    state = animals().state_dict()
    state["block3.2.1.bias"][5] = torch.nan
    refused = egraph_here("mine", photos, *NETWORK, "--weights", save(state, tmp_path / "nan.pth"), code=3)
    assert "gives NaN from block3 on (first: block3.2.1); its weights are damaged" in refused.stderr
    with open_database(load_settings()) as database:
        assert database.read("read/graphs") == []


def test_a_graph_without_patterns_is_no_success(egraph_here: Callable, photos: Path, tmp_path: Path) -> None:
    state = {key: torch.zeros_like(value) for key, value in AnimalNetwork().state_dict().items()}
    file = save(state, tmp_path / "dead.pth")
    for model in ("egraph", "zhang2018"):
        refused = egraph_here("mine", photos, *NETWORK, "--weights", file, "--model", model, code=3)
        assert "No pattern fires on any of 6 photos" in refused.stderr
    with open_database(load_settings()) as database:
        assert database.read("read/graphs") == []
