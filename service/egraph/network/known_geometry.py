"""Geometries that were found before: finding them takes some seconds, and the same network gives the same ones."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from egraph.cache_file import read_json, write_json
from egraph.network.geometry import layer_geometries
from egraph.network.layer import LayerGeometry
from egraph.network.layers import map_shapes
from egraph.network.network import Network


def known_geometries(network: Network, names: Sequence[str], folder: Path) -> list[LayerGeometry]:
    """As `layer_geometries`, from the file in `folder` if there is one for this network and these layers.

    A file is for one architecture: the modules as they print themselves, the maps' shapes, the weights.
    """
    shapes = [[shape.name, shape.channels, shape.height, shape.width] for shape in map_shapes(network)]
    content = [network.id, network.preprocessing.to_dict(), str(network.module), shapes, list(names)]
    key = hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
    file = folder / f"{key}.geometry"
    if (known := read_json(file)) is not None:
        return [LayerGeometry(**values) for values in known]
    geometries = layer_geometries(network, names)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(file, [asdict(geometry) for geometry in geometries])
    return geometries
