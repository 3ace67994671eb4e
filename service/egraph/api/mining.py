"""From photos and a network to a graph."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from torch import nn

from egraph.api.optional import given
from egraph.commands.mine import MineReport, mine_category
from egraph.commands.place import PlaceReport, place_photos
from egraph.commands.requests import MineRequest, PlaceRequest
from egraph.network.load import MEMORY
from egraph.network.memory import network_in_memory
from egraph.network.preprocessing import Preprocessing
from egraph.progress import Progress
from egraph.settings import Settings, load_settings
from egraph.torchrun import own_device


def mine(
    photos: str | PathLike[str],
    *,
    network: str | nn.Module,
    category: str,
    weights: str | PathLike[str] | None = None,
    annotations: str | PathLike[str] | None = None,
    layers: Sequence[str] | None = None,
    name: str = "default",
    device: str = "cpu",
    limit: int | None = None,
    seed: int = 0,
    model: str = "egraph",
    explaining: bool = True,
    preprocessing: Preprocessing | None = None,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> MineReport:
    """Mine a category's patterns and write them to the graph database.

    The same call goes on where it was interrupted; once its graph is complete, it changes nothing.

    >>> report = eg.mine("photos", network="egraph.demo.network:animals", category="horse",
    ...                  annotations="photos/annotations.json", limit=16)
    >>> report.used, report.counts["patterns"] > 100
    (16, True)

    A module in memory is a network too; a copy of it is run. Whatever is done later with its graph needs it again.

    >>> from egraph.demo.network import animals
    >>> own = eg.mine("photos", network=animals(), category="horse", name="own", limit=6,
    ...               annotations="photos/annotations.json")
    >>> own.graph
    'AnimalNetwork@.../horse/own'

    Args:
        photos: a folder; each photo is one object, unless `annotations` says otherwise.
        network: the name of a torchvision model, `module:callable`, or a module.
        category: the kind of object.
        weights: a file, the name of torchvision's weights, or `random`; not for a module.
        annotations: a COCO file with the objects' boxes.
        layers: which layers to mine; egraph chooses where none is named.
        name: of the graph, to keep several of one category.
        device: where to compute: `cpu`, `cuda`, ….
        limit: use at most so many objects, drawn by `seed`.
        seed: of everything random.
        model: `egraph`, or `zhang2018`: the papers' own, to compare with.
        explaining: find out what the filters' activation is made of, too: half a pass of the network more.
        preprocessing: of a module's input; as for torchvision's networks where neither this nor the module's
            attribute `preprocessing` says otherwise.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        UsageError: there is no such network, or the graph is there from other photos or settings.
        InputError: photos, annotations or weights cannot be used.
    """
    held = None if isinstance(network, str) else network_in_memory(network, preprocessing, own_device(device))
    request = MineRequest(
        photos=Path(photos),
        network=network if isinstance(network, str) else type(network).__name__,
        weights=str(weights) if weights is not None else MEMORY if held else None,
        category=category,
        annotations=given(Path, annotations),
        layers=given(list, layers),
        name=name,
        device=device,
        limit=limit,
        seed=seed,
        model=model,
        explaining=explaining,
    )
    return mine_category(settings or load_settings(), request, progress, network=held)


def place(
    photos: str | PathLike[str],
    *,
    category: str,
    annotations: str | PathLike[str] | None = None,
    graph: str | None = None,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> PlaceReport:
    """Place a graph's patterns on photos that it was not mined from, and write where they fire.

    >>> eg.place("new-photos", category="horse", graph="default").placed
    6

    Args:
        photos: a folder; each photo is one object, unless `annotations` says otherwise.
        category: the kind of object.
        annotations: a COCO file with the objects' boxes.
        graph: the graph's name, where the category has several.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        limit: use at most so many objects, drawn by `seed`.
        seed: of the drawing.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no complete graph.
        InputError: the weights are not those of the graph, or there is no photo.
    """
    request = PlaceRequest(
        photos=Path(photos),
        category=category,
        annotations=given(Path, annotations),
        graph=graph,
        weights=given(str, weights),
        device=device,
        limit=limit,
        seed=seed,
    )
    return place_photos(settings or load_settings(), request, progress, module=network)
