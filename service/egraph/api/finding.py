"""Finding parts on photos, and measuring a graph."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from egraph.api.optional import given
from egraph.commands.evaluate import LocalizationMeasures, Measures, PartsMeasures, evaluate_graph
from egraph.commands.explanation_measures import ExplanationReport, measure_explanation
from egraph.commands.figures import keep_figures as keep
from egraph.commands.locate import Located, locate_photos
from egraph.commands.purity import PurityReport, measure_purity
from egraph.commands.requests import EvaluateRequest, ExplanationRequest, LocateRequest, PurityRequest
from egraph.progress import Progress
from egraph.settings import Settings, load_settings

Photo = str | PathLike[str] | Image.Image | np.ndarray
"""A path, an image, or an array (height, width, 3) RGB or (height, width) grey, uint8."""


def locate(
    photos: Photo | Iterable[Photo],
    *,
    category: str,
    part: str | None = None,
    name: str | None = None,
    graph: str | None = None,
    annotations: str | PathLike[str] | None = None,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    patterns: int = 10,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Located:
    """Find parts on photos, mined or new: box, confidence, and the patterns that spoke for the place.

    A notebook shows each object's picture. Nothing is stored, so photos may be in memory.

    >>> found = eg.locate("new-photos", category="horse", part="head", graph="default")
    >>> len(found), found[0].parts[0].part
    (6, 'head')
    >>> from PIL import Image
    >>> image = Image.open("new-photos/images/horse_00000.png")
    >>> eg.locate(image, category="horse", graph="default")[0].to_json()["photo"]
    'photo 1'

    Args:
        photos: paths of photos or folders, PIL images, or arrays; one, or several.
        category: the kind of object.
        part: only this one; all that were built, unless given.
        name: of the And-Or graph, where a part has several.
        graph: name of the explanatory graph, where the category has several.
        annotations: a COCO file with the objects' boxes; without it, a photo is one object.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        patterns: name so many that spoke for a place.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no And-Or graph.
        InputError: no photo can be used, or the weights are not those of the graph.
    """
    if isinstance(photos, str | PathLike | Image.Image | np.ndarray):
        photos = [photos]
    request = LocateRequest(
        photos=(),
        category=category,
        part=part,
        name=name,
        graph=graph,
        annotations=given(Path, annotations),
        weights=given(str, weights),
        device=device,
        patterns=patterns,
    )
    return locate_photos(settings or load_settings(), request, list(photos), progress, network)


def evaluate(
    task: str,
    *,
    category: str,
    part: str,
    annotations: str | PathLike[str],
    photos: str | PathLike[str] | None = None,
    graph: str | None = None,
    draws: int = 12,
    shots: int = 3,
    new_photos: bool = False,
    baselines: bool = False,
    seed: int = 0,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Measures | LocalizationMeasures | PartsMeasures:
    """Measure a graph against drawn boxes, beside its controls. Nothing is stored.

    >>> measured = eg.evaluate("tracking", category="horse", part="head", graph="default",
    ...                        annotations="photos/annotations.json")
    >>> measured.photos, "random" in measured.methods
    (16, True)

    Args:
        task: `tracking` (do patterns follow the part?), `instability` (the papers' figure), `localization` (is the
            part found from few boxes?), or `parts` (do patterns that are said to lie on the part lie on it?).
        category: the kind of object.
        part: the part's name.
        annotations: a COCO file with boxes of the object and of its part.
        photos: their folder; that of the annotations, unless given.
        graph: name of the explanatory graph, where the category has several.
        draws: random halves to choose on and to score on, or random sets of labels.
        shots: labels of each set, for `localization` and `parts`.
        new_photos: for `localization`, mine one half of the photos and find the part on the other.
        baselines: for `localization`, also what a practitioner would do with the same network, without a graph.
        seed: of the drawing.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        InputError: none of the annotated objects was mined.
        NothingYetError: there is no graph, or too few objects show the part.
    """
    request = EvaluateRequest(
        task=task,
        category=category,
        part=part,
        annotations=Path(annotations),
        photos=given(Path, photos),
        graph=graph,
        weights=given(str, weights),
        device=device,
        draws=draws,
        shots=shots,
        new_photos=new_photos,
        seed=seed,
        baselines=baselines,
    )
    return evaluate_graph(settings or load_settings(), request, progress, network)


def evaluate_purity(
    category: str,
    *,
    judge: str,
    judge_weights: str | PathLike[str] | None = None,
    annotations: str | PathLike[str] | None = None,
    photos: str | PathLike[str] | None = None,
    graph: str | None = None,
    seed: int = 0,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> PurityReport:
    """Does each pattern show one thing? Judged by a network that had no part in mining. Nothing is stored.

    >>> pure = eg.evaluate_purity("horse", graph="default", judge="egraph.demo.network:AnimalNetwork",
    ...                           judge_weights="random")
    >>> pure.photos, "random" in pure.methods
    (16, True)

    Args:
        category: the kind of object.
        judge: the name of a network other than the mined one.
        judge_weights: its weights: a file, or torchvision's name.
        annotations: a COCO file with boxes of the object and of its parts; with it, the share of each pattern's places
            on one part is measured too.
        photos: their folder; that of the annotations, unless given.
        graph: name of the explanatory graph, where the category has several.
        seed: of the random places beside it.
        network: the module, where the graph was mined from one.
        weights: where the mined network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no graph.
        InputError: a photo cannot be read, or none of the annotated objects was mined.
        UsageError: the judge is the network that was mined.
    """
    request = PurityRequest(
        category=category,
        judge=judge,
        judge_weights=given(str, judge_weights),
        annotations=given(Path, annotations),
        photos=given(Path, photos),
        graph=graph,
        weights=given(str, weights),
        device=device,
        seed=seed,
    )
    return measure_purity(settings or load_settings(), request, progress, network)


def keep_figures(
    measured: Measures | LocalizationMeasures | PartsMeasures | PurityReport, *, settings: Settings | None = None
) -> None:
    """Store the main figure of an evaluation, beside its controls, with the graph: its pages show it.

    >>> eg.keep_figures(eg.evaluate("tracking", category="horse", part="head", graph="default", draws=2,
    ...                             annotations="photos/annotations.json"))

    Args:
        measured: what `evaluate` or `evaluate_purity` gave.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: the graph is no longer there.
    """
    keep(settings or load_settings(), measured)


def evaluate_explanation(
    category: str,
    *,
    annotations: str | PathLike[str] | None = None,
    photos_folder: str | PathLike[str] | None = None,
    graph: str | None = None,
    photos: int = 30,
    seed: int = 0,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> ExplanationReport:
    """Are explanations true? Measured on photos of the graph, beside every control. Nothing is stored.

    >>> true = eg.evaluate_explanation("horse", graph="default", photos=4)
    >>> true.error < 1e-3, true.methods["egraph"].part_share > true.methods["scattered"].part_share
    (True, True)

    Args:
        category: the kind of object.
        annotations: a COCO file with boxes of the object and of its parts; with it, named parts are measured too.
        photos_folder: their folder; that of the annotations, unless given.
        graph: name of the explanatory graph, where the category has several.
        photos: look at so many.
        seed: of everything random.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no graph, or it does not say what its filters' activation is made of.
        InputError: a photo cannot be read, or the weights are not those of the graph, or have no classifier.
    """
    request = ExplanationRequest(
        category=category,
        annotations=given(Path, annotations),
        photos_folder=given(Path, photos_folder),
        graph=graph,
        photos=photos,
        weights=given(str, weights),
        device=device,
        seed=seed,
    )
    return measure_explanation(settings or load_settings(), request, progress, network)
