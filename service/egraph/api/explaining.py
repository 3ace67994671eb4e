"""Why a network says what it says of photos."""

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from egraph.api.finding import Photo
from egraph.api.optional import given
from egraph.commands.explain import Explained, explain_in_memory
from egraph.commands.requests import ExplainRequest, read_box
from egraph.photos.photo import Box
from egraph.progress import Progress
from egraph.settings import Settings, load_settings


def explain(
    photos: Photo | Iterable[Photo],
    *,
    category: str | None = None,
    class_: str | int | None = None,
    instead_of: str | int | None = None,
    annotations: str | PathLike[str] | None = None,
    without: str | Sequence[str] = (),
    region: Box | str | Sequence[float] | None = None,
    layers: Sequence[str] | None = None,
    classes: str | PathLike[str] | None = None,
    patterns: int | None = 20,
    keep: bool = False,
    graph: str | None = None,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Explained:
    """Explain a network's answer on photos: an account that adds up, of parts, texture, surroundings and the rest.

    A notebook shows each object's picture. Photos may be in memory.

    >>> why = eg.explain("new-photos", category="horse", graph="default", layers=["block4"])
    >>> top = why[0].explanation.top
    >>> total = top.baseline + top.remainder + sum(line.net for line in top.groups)
    >>> abs(total - top.score) < 1e-3
    True
    >>> why[0].sentence
    'The network takes this horse for ...'

    Args:
        photos: paths of photos or folders, PIL images, or arrays; one, or several.
        category: the kind of object; that of the only graph there is, unless given.
        class_: name or number of the class to explain; the predicted one, unless given.
        instead_of: explain why the class and not this one.
        annotations: a COCO file with the objects' boxes; without it, a photo is one object.
        without: patterns (`layer/filter/number`), filters (`layer/filter`) or groups (`head`, `background`): also say
            what the network would answer without them.
        region: in dense tasks, where the mean score is explained; the object's box, unless given.
        layers: of the graph; the uppermost two, unless given.
        classes: a file with the classes' names.
        patterns: name so many of each layer; all that are active where it is None.
        keep: store the explanations in the database, so that Cypher can be asked about them.
        graph: name of the explanatory graph, where the category has several.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no graph.
        InputError: no photo can be used, or the weights are not those of the graph, or have no classifier.
        UsageError: there is no such class, layer or pattern.
    """
    if isinstance(photos, str | PathLike | Image.Image | np.ndarray):
        photos = [photos]
    request = ExplainRequest(
        photos=(),
        category=category,
        class_=given(str, class_),
        instead_of=given(str, instead_of),
        annotations=given(Path, annotations),
        without=[without] if isinstance(without, str) else list(without),
        region=None if region is None else read_box(region, "region"),
        layers=layers,
        classes=given(Path, classes),
        patterns=patterns,
        keep=keep,
        graph=graph,
        weights=given(str, weights),
        device=device,
    )
    return explain_in_memory(settings or load_settings(), request, list(photos), progress, network)
