"""A network's geometry is found once."""

from pathlib import Path

import pytest
from torch import nn

from egraph.network import known_geometry
from egraph.network.known_geometry import known_geometries
from egraph.network.load import load_network


def test_a_geometry_is_found_once_for_each_network_and_choice_of_layers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = load_network("egraph.demo.network:animals")
    found: list[list[str]] = []
    real = known_geometry.layer_geometries
    monkeypatch.setattr(known_geometry, "layer_geometries", lambda n, names: found.append(names) or real(n, names))
    first = known_geometries(network, ["block3", "block4"], tmp_path / "geometry")
    assert known_geometries(network, ["block3", "block4"], tmp_path / "geometry") == first
    assert found == [["block3", "block4"]]
    assert known_geometries(network, ["block4"], tmp_path / "geometry") == first[1:]
    network.module.get_submodule("block4.2").register_module("more", nn.Identity())
    assert known_geometries(network, ["block4"], tmp_path / "geometry") == first[1:]
    assert len(found) == 3, "another architecture is looked at anew"
