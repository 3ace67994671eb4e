"""One pattern, filter, part or object of a graph, to look at."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image
from torch import nn

from egraph.commands.requests import ShowRequest
from egraph.errors import EgraphError
from egraph.graph.connection import Database, open_database
from egraph.network.load import MEMORY, load_network
from egraph.network.memory import network_in_memory
from egraph.network.network import Network
from egraph.network.preprocessing import Preprocessing
from egraph.photos.crop import PhotoError
from egraph.report.cutouts import photo_of
from egraph.report.files import write_whole
from egraph.report.graph_reading import graph_row
from egraph.report.heat import filter_maps, heat_picture
from egraph.report.pages import Heat, title_of, view_page
from egraph.report.pictures import png_bytes
from egraph.report.reading import read_filter, read_object, read_part, read_pattern
from egraph.report.sheet import said_of, sheet, strips_of
from egraph.report.site import Site
from egraph.report.subject import Subject, find_subject
from egraph.report.views import PatternView, Sighting, View
from egraph.results import Result
from egraph.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown(Result):
    """What was asked for; kind: `pattern`, `filter`, `part` or `object`. In a notebook it is a picture. heat: the
    filter's output over the pattern's own photos; remarks: what could not be shown."""

    kind: str
    view: View
    heat: list[Image.Image] = field(default_factory=list, repr=False)
    remarks: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Everything but the pictures."""
        return {"kind": self.kind} | self.view.to_json()

    def picture(self) -> Image.Image:
        """All photos on one sheet."""
        title = f"{title_of(self.view)}, {self.view.graph.category}, {self.view.graph.network}"
        return sheet(title, said_of(self.view), strips_of(self.view, self.heat))

    def page(self) -> str:
        """A page that needs nothing else, its pictures within it."""
        site = Site()
        seen = self.view.pattern.seen if isinstance(self.view, PatternView) else []
        heat = [
            Heat(site.kept(picture), picture.width, picture.height, one.object.path.name)
            for picture, one in zip(self.heat, seen, strict=False)
        ]
        return view_page(site, self.view, heat=heat)

    def _repr_png_(self) -> bytes:
        return png_bytes(self.picture())


def show(settings: Settings, request: ShowRequest, module: nn.Module | None = None) -> Shown:
    """Read what a name means, and what pages show of it; with `heat`, the network runs on a pattern's photos.

    Raises:
        NothingYetError: there is none.
        UsageError: it may mean several things.
    """
    with open_database(settings, reader=True) as database:
        subject = find_subject(database, request.name, request.category, request.graph)
        view = read_view(database, subject)
        heat: list[Image.Image] = []
        remarks: list[str] = []
        if request.heat and isinstance(view, PatternView) and view.raw and view.pattern.seen:
            try:
                heat = heat_pictures(database, view, request, module)
            except EgraphError as error:
                remarks.append(f"The filter's output over the photos is left out: {error}")
    gone = sorted({one.object.path for one in _sightings(view) if not _there(one)})
    if gone:
        more = f" and {len(gone) - 1} more photos" if len(gone) > 1 else ""
        remarks.append(
            f"{gone[0]}{more} cannot be read any more; `egraph part import` or `egraph graph place` with the folder "
            "where they are now tells the graph."
        )
    return Shown(subject.kind, view, heat, remarks)


def read_view(database: Database, subject: Subject) -> View:
    """What pages show of a subject.

    Raises:
        NothingYetError: it is no longer there.
    """
    graph = graph_row(database, subject.graph)
    if subject.kind == "pattern":
        return read_pattern(database, graph, subject.name)
    if subject.kind == "filter":
        layer, _, channel = subject.name.rpartition("/")
        return read_filter(database, graph, layer, int(channel))
    if subject.kind == "part":
        return read_part(database, graph, subject.name)
    return read_object(database, graph, subject.name)


def heat_pictures(
    database: Database, view: PatternView, request: ShowRequest, module: nn.Module | None
) -> list[Image.Image]:
    """The filter's output over a pattern's own photos.

    Raises:
        EgraphError: the network or a photo is not there any more.
    """
    pattern, graph = view.pattern, view.graph
    (kept,) = database.read("pages/network", network=graph.network)
    if module is not None:
        network: Network = network_in_memory(
            module, Preprocessing.from_dict(json.loads(kept["preprocessing"])), request.device
        )
    elif kept["weights_source"] == MEMORY:
        raise EgraphError("the network was in a program's memory; give it as network=.")
    else:
        network = load_network(kept["name"], request.weights or kept["weights_source"], request.device)
    if network.id != graph.network:
        raise EgraphError(f"the weights are those of {network.id}, and the graph was mined with {graph.network}.")
    seen = [one for one in pattern.seen if _there(one)]
    rows = database.read("pages/object", objects=[one.object.id for one in seen], graph=graph.id)
    mirrored = {row["id"]: bool(row["mirrored"]) for row in rows}
    turned = [mirrored[one.object.id] for one in seen]
    maps = filter_maps(network, pattern.layer, pattern.filter, seen, turned)
    number = graph.layers.index(pattern.layer)
    return [heat_picture(one, output, float(maps.max()), number) for one, output in zip(seen, maps, strict=True)]


def write_shown(shown: Shown, png: Path | None, html: Path | None) -> None:
    """Write the sheet, the page, or both.

    Raises:
        ReportError: a file cannot be written.
    """
    if png:
        write_whole(png, png_bytes(shown.picture()))
    if html:
        write_whole(html, shown.page().encode("utf-8", "replace"))


def _sightings(view: View) -> Sequence[Sighting]:
    return view.pattern.seen if isinstance(view, PatternView) else []


def _there(seen: Sighting) -> bool:
    try:
        photo_of(seen.object)
    except PhotoError:
        return False
    return True
