"""One request of mining for each category of a folder."""

from dataclasses import dataclass, replace

from egraph.commands.requests import MineRequest
from egraph.errors import InputError
from egraph.photos.categories import list_categories
from egraph.photos.photo import Skipped
from egraph.responses.forward import FEWEST_PHOTOS


@dataclass(frozen=True)
class EachCategory:
    """What is to be mined, by category, and which categories have too few photos."""

    requests: list[MineRequest]
    left_out: list[Skipped]


def each_category(request: MineRequest) -> EachCategory:
    """The same request for every category: of the annotations, else of the subfolders of `photos`.

    Raises:
        InputError: there is no category, or none has enough photos.
    """
    found = list_categories(request.photos, request.annotations)
    enough = [one for one in found if one.objects >= FEWEST_PHOTOS]
    left_out = [
        Skipped(one.name, f"{one.objects} objects; mining needs {FEWEST_PHOTOS}")
        for one in found
        if one.objects < FEWEST_PHOTOS
    ]
    if not enough:
        raise InputError(f"None of the {len(found)} categories under {request.photos} has {FEWEST_PHOTOS} objects.")
    return EachCategory([replace(request, category=one.name, photos=one.folder) for one in enough], left_out)
