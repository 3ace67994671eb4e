"""What is wrong with a network, and what repairs it."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from torch import nn

from egraph.api.optional import given
from egraph.commands.diagnose import diagnose as find
from egraph.commands.repair import RepairReport
from egraph.commands.repair import load_repair as load
from egraph.commands.repair import repair as try_repair
from egraph.commands.requests import DiagnoseRequest, RepairRequest
from egraph.diagnosing.diagnosis import Diagnosis
from egraph.diagnosing.silencing import Silenced
from egraph.progress import Progress
from egraph.settings import Settings, load_settings


def diagnose(
    category: str | None = None,
    *,
    photos: str | PathLike[str] | None = None,
    truth: str | PathLike[str] | None = None,
    class_: str | int | Sequence[str | int] = (),
    backgrounds: str | PathLike[str] | None = None,
    annotations: str | PathLike[str] | None = None,
    classes: str | PathLike[str] | None = None,
    layer: str | None = None,
    limit: int = 200,
    keep: bool = False,
    seed: int = 0,
    graph: str | None = None,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Diagnosis:
    """Find what is wrong with a network's answers: each finding beside its control, and tested.

    >>> found = eg.diagnose("horse", graph="default", class_="horse", limit=8)
    >>> found.photos, all(finding.trials for finding in found)
    (8, True)

    Args:
        category: the kind of object; that of the only graph there is, unless given.
        photos: a folder of photos to diagnose, with `truth`; the photos that the graph was mined from, unless given.
        truth: a CSV file with lines `photo,class`; a photo may have several lines.
        class_: name or number of the class that is right for the category, or several.
        backgrounds: a folder of photos without the object.
        annotations: a COCO file with the objects' boxes on `photos`; without it, a photo is one object.
        classes: a file with the classes' names.
        layer: of the graph; the uppermost one, unless given.
        limit: look at so many photos of each kind.
        keep: store the findings in the database, in place of earlier ones, so that Cypher can be asked about them.
        seed: of everything random.
        graph: name of the explanatory graph, where the category has several.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no graph.
        InputError: no photo can be used, or the weights are not those of the graph, or have no classifier.
        UsageError: there is no such class or layer.
    """
    named = [class_] if isinstance(class_, str | int) else list(class_)
    request = DiagnoseRequest(
        category=category,
        photos=given(Path, photos),
        truth=given(Path, truth),
        classes=[str(one) for one in named],
        backgrounds=given(Path, backgrounds),
        annotations=given(Path, annotations),
        classes_file=given(Path, classes),
        layer=layer,
        limit=limit,
        keep=keep,
        graph=graph,
        weights=given(str, weights),
        device=device,
        seed=seed,
    )
    return find(settings or load_settings(), request, progress, network)


def repair(
    names: str | Sequence[str],
    *,
    category: str | None = None,
    photos: str | PathLike[str] | None = None,
    truth: str | PathLike[str] | None = None,
    class_: str | int | Sequence[str | int] = (),
    annotations: str | PathLike[str] | None = None,
    classes: str | PathLike[str] | None = None,
    limit: int = 200,
    draws: int = 5,
    save: str | PathLike[str] | None = None,
    seed: int = 0,
    graph: str | None = None,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> RepairReport:
    """An experiment: hold the units of named patterns or filters at their usual value, and measure what becomes of the
    network's answers, beside as much that is silenced at random.

    >>> tried = eg.repair("block4/3", category="horse", graph="default", class_="horse", limit=8,
    ...                   save="repair.safetensors")
    >>> tried.photos, tried.draws, tried.sentence.startswith("It ")
    (8, 5, True)
    >>> from egraph.demo.network import animals
    >>> better = tried.module(animals())  # a torch module that takes what the network takes

    Args:
        names: patterns (`layer/filter/number`) and filters (`layer/filter`) of one layer, as a finding names them.
        category: the kind of object; that of the only graph there is, unless given.
        photos: a folder of photos to try it on, with `truth`; the photos that the graph was mined from, unless given.
        truth: a CSV file with lines `photo,class`; a photo may have several lines.
        class_: name or number of the class that is right for the category, or several.
        annotations: a COCO file with the objects' boxes on `photos`; without it, a photo is one object.
        classes: a file with the classes' names.
        limit: try it on so many photos.
        draws: so many times as much is silenced at random.
        save: write the repair to this file, for `load_repair`.
        seed: of everything random.
        graph: name of the explanatory graph, where the category has several.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no graph.
        InputError: no photo can be used, or the weights are not those of the graph, or have no classifier.
        UsageError: there is no such pattern or filter, or they are of several layers.
    """
    named = [class_] if isinstance(class_, str | int) else list(class_)
    request = RepairRequest(
        names=[names] if isinstance(names, str) else list(names),
        category=category,
        photos=given(Path, photos),
        truth=given(Path, truth),
        classes=[str(one) for one in named],
        annotations=given(Path, annotations),
        classes_file=given(Path, classes),
        limit=limit,
        draws=draws,
        save=given(Path, save),
        graph=graph,
        weights=given(str, weights),
        device=device,
        seed=seed,
    )
    return try_repair(settings or load_settings(), request, progress, network)


def load_repair(path: str | PathLike[str], network: nn.Module) -> Silenced:
    """A network of yours, repaired by a file that `repair` wrote. The network itself stays as it is.

    >>> better = eg.load_repair("repair.safetensors", animals())
    >>> type(better).__name__
    'Silenced'

    Args:
        path: of the file.
        network: the module that the repair was made for.

    Raises:
        InputError: the file is no repair.
        UsageError: the network has no such layer.
    """
    return load(Path(path), network)
