"""What is wrong with a network, and what repairs it."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from torch import nn

from egraph.commands.diagnose import diagnose as find
from egraph.commands.requests import DiagnoseRequest
from egraph.diagnosing.diagnosis import Diagnosis
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
    seed: int = 0,
    graph: str | None = None,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Diagnosis:
    """Find what is wrong with a network's answers: each finding beside its control, and tested. Nothing is stored.

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
        photos=None if photos is None else Path(photos),
        truth=None if truth is None else Path(truth),
        classes=[str(one) for one in named],
        backgrounds=None if backgrounds is None else Path(backgrounds),
        annotations=None if annotations is None else Path(annotations),
        classes_file=None if classes is None else Path(classes),
        layer=layer,
        limit=limit,
        graph=graph,
        weights=None if weights is None else str(weights),
        device=device,
        seed=seed,
    )
    return find(settings or load_settings(), request, progress, network)
