"""Names for parts, and learning them."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from torch import nn

from egraph.api.optional import given
from egraph.commands import build, edit, parts, suggest
from egraph.commands.build import BuildReport
from egraph.commands.edit import EditReport, RestoreReport
from egraph.commands.labels import LabelReport, keep_labels
from egraph.commands.parts import PartsReport
from egraph.commands.requests import (
    BuildRequest,
    EditRequest,
    ImportRequest,
    LabelRequest,
    RestoreRequest,
    SuggestRequest,
    read_box,
    read_step,
)
from egraph.commands.suggest import Suggestions
from egraph.photos.photo import Box
from egraph.progress import Progress
from egraph.settings import Settings, load_settings
from egraph.worker.labelling import follow_up


def import_parts(
    annotations: str | PathLike[str],
    *,
    category: str,
    part: str,
    photos: str | PathLike[str] | None = None,
    limit: int | None = None,
    seed: int = 0,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> PartsReport:
    """Keep the boxes of a part that a person drew, and place the patterns of the category's graphs on those objects.

    >>> eg.import_parts("photos/annotations.json", category="horse", part="head", limit=3, network=animals()).labels
    3

    Args:
        annotations: a COCO file with boxes of the object and of its part.
        category: the kind of object.
        part: the part's name.
        photos: their folder; that of the annotations, unless given.
        limit: at most so many objects, drawn by `seed`, those that were mined first.
        seed: of the drawing.
        network: the module, where a graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        InputError: the annotations have no such part, or the weights are not those of the graph.
    """
    request = ImportRequest(
        annotations=Path(annotations),
        category=category,
        part=part,
        photos=given(Path, photos),
        limit=limit,
        seed=seed,
        weights=given(str, weights),
        device=device,
    )
    return parts.import_parts(settings or load_settings(), request, progress, network)


def label_part(
    photo: str | PathLike[str],
    box: Box | Sequence[float],
    *,
    category: str,
    part: str,
    object_box: Box | Sequence[float] | None = None,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> LabelReport:
    """Name a part with one box on one photo, and learn from it.

    Patterns are placed on the object, and the part's And-Or graph `default` is built anew, unless somebody edited it.
    With graphs of full size, this is a job, which a worker does.

    >>> kept = eg.label_part("new-photos/images/horse_00000.png", (10, 20, 40, 30), category="horse", part="tail")
    >>> kept.objects[0].object
    Box(x=0.0, y=0.0, ...)

    Args:
        photo: its path; a label is kept in the database, so the photo must be a file.
        box: x, y, width and height in pixels of the photo as a viewer shows it.
        category: the kind of object.
        part: the part's name.
        object_box: of the object; without it, the one mined object that holds the part, else the whole photo.
        network: the module, where a graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        UsageError: a box is none.
        InputError: the photo cannot be read, or the part's box lies outside the object.
    """
    request = LabelRequest(
        photos=[Path(photo)],
        boxes=[read_box(box, "box")],
        category=category,
        part=part,
        object_boxes=None if object_box is None else [read_box(object_box, "object_box")],
        weights=given(str, weights),
        device=device,
    )
    known = settings or load_settings()
    return follow_up(known, request, keep_labels(known, request), progress, network)


def build_aog(
    category: str,
    part: str,
    *,
    name: str = "default",
    graph: str | None = None,
    shots: int | None = None,
    seed: int = 0,
    network: nn.Module | None = None,
    weights: str | PathLike[str] | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> BuildReport:
    """Learn a part from its labels and everything that was mined, and write its And-Or graph.

    One of the same name is replaced, with its edits.

    >>> built = eg.build_aog("horse", "head", graph="default")
    >>> built.labels, len(built.templates) > 0
    (3, True)

    Args:
        category: the kind of object.
        part: the part's name.
        name: of the And-Or graph, to keep several of one part.
        graph: name of the explanatory graph, where the category has several.
        shots: learn from so many labelled objects, drawn by `seed`; from all, unless given.
        seed: of the drawing.
        network: the module, where the graph was mined from one.
        weights: where the network's weights lie now.
        device: where to compute.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        NothingYetError: there is no graph, or no labelled object was mined into it.
        InputError: the weights are not those of the graph, or the photos are gone.
    """
    request = BuildRequest(
        category=category,
        part=part,
        name=name,
        graph=graph,
        shots=shots,
        seed=seed,
        weights=given(str, weights),
        device=device,
    )
    return build.build_aog(settings or load_settings(), request, progress, module=network)


def edit_aog(
    category: str,
    part: str,
    pattern: str,
    *,
    name: str | None = None,
    graph: str | None = None,
    template: int | None = None,
    drop: bool = False,
    weight: float | None = None,
    move: Sequence[float] | None = None,
    settings: Settings | None = None,
) -> EditReport:
    """Change one pattern of an And-Or graph; the next answer of `locate` follows.

    >>> strongest = eg.open_aog("horse", "head").tree.templates[0].patterns[0]
    >>> eg.edit_aog("horse", "head", strongest.id, move=(0.05, 0)).version.number
    1

    Args:
        category: the kind of object.
        part: the part's name.
        pattern: its id, or what that ends in: layer, filter and number, as `layer3/58/8`.
        name: of the And-Or graph, where the part has several.
        graph: name of the explanatory graph, where the category has several.
        template: change it only in the template of this number; in all that have it, unless given.
        drop: take the pattern out.
        weight: what its vote weighs.
        move: dx and dy, by which the part is moved from where the pattern put it, in fractions of the object in the
            canonical view.
        settings: as the environment and the settings file say, unless given.

    Raises:
        UsageError: nothing is to be changed, or a number is none.
        NothingYetError: there is no such And-Or graph, or it has no such pattern.
    """
    request = EditRequest(
        category=category,
        part=part,
        pattern=pattern,
        name=name,
        graph=graph,
        template=template,
        drop=drop,
        weight=weight,
        move=None if move is None else read_step(move, "move"),
    )
    return edit.edit_aog(settings or load_settings(), request)


def restore_aog(
    category: str,
    part: str,
    version: int,
    *,
    name: str | None = None,
    graph: str | None = None,
    settings: Settings | None = None,
) -> RestoreReport:
    """Undo the edits of an And-Or graph behind a version, exactly.

    >>> eg.restore_aog("horse", "head", 0).undone
    1

    Args:
        category: the kind of object.
        part: the part's name.
        version: number of the version, as `open_aog(…).versions` lists them; 0 is as learnt.
        name: of the And-Or graph, where the part has several.
        graph: name of the explanatory graph, where the category has several.
        settings: as the environment and the settings file say, unless given.

    Raises:
        UsageError: there is no such version.
        NothingYetError: there is no such And-Or graph.
    """
    request = RestoreRequest(category=category, part=part, version=version, name=name, graph=graph)
    return edit.restore_aog(settings or load_settings(), request)


def suggest_labels(
    category: str,
    part: str,
    *,
    count: int = 6,
    name: str | None = None,
    graph: str | None = None,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Suggestions:
    """The mined photos on which a box of the part would teach most, the best first.

    Those come first whose place is in doubt, and which, once labelled, speak for many others of like pose.

    >>> suggested = eg.suggest_labels("horse", "head", count=2).rows
    >>> len(suggested), suggested[0]["photo"]
    (2, '...horse_...png')

    Args:
        category: the kind of object.
        part: the part's name.
        count: so many objects.
        name: of the And-Or graph, where the part has several.
        graph: name of the explanatory graph, where the category has several.
        progress: told a stage's name, how much of it is done, and how much there is.
        settings: as the environment and the settings file say, unless given.

    Raises:
        UsageError: several And-Or graphs fit.
        NothingYetError: there is no such And-Or graph.
    """
    request = SuggestRequest(category=category, part=part, name=name, graph=graph, count=count)
    return suggest.suggest_labels(settings or load_settings(), request, progress)
