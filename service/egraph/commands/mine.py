"""Mining: photos and a network become a graph of the database."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from shlex import quote
from typing import Any

from egraph.commands.place import place_mined, read_asked
from egraph.commands.requests import MineRequest
from egraph.distributed import Group, processes
from egraph.errors import InputError, UsageError
from egraph.explaining.fitting import PARAMETERS as EXPLAINING
from egraph.explaining.fitting import fit_graph
from egraph.graph.connection import Database, Fence, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.content_hash import content_hash
from egraph.graph.graph_state import COMPLETE
from egraph.graph.objects import check_names, note_paths
from egraph.graph.parts import labelled_objects
from egraph.graph.write import check_not_removed, write_graph
from egraph.mining.engine import mine
from egraph.mining.graph_tables import MinedGraph
from egraph.mining.models import MODELS, mining_parameters
from egraph.mining.stages import LayerWatch
from egraph.network.finite import check_finite
from egraph.network.known_geometry import known_geometries
from egraph.network.layers import resolve_layers
from egraph.network.load import Network, load_network
from egraph.photos.photo import PhotoObject, PhotoSet, Skipped
from egraph.progress import Progress
from egraph.settings import Settings
from egraph.torchrun import own_device

STAGES = ("forward", "mining", "explaining", "writing")
FEW_OBJECTS = 50
"""A graph of fewer is written with a word of warning."""


@dataclass(frozen=True)
class MineReport:
    """What mining did. `already` is true where the graph was complete before; `notes` say what was passed over, and
    what is to be taken with care."""

    graph: str
    counts: dict[str, int]
    used: int
    skipped: list[Skipped]
    seconds: dict[str, float]
    dropped: dict[str, int] = field(default_factory=dict)
    already: bool = False
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For programs; what else the graph carries is asked of the database."""
        return {
            "graph": self.graph,
            "patterns": self.counts["patterns"],
            "edges": {kind: self.counts[kind] for kind in ("CO_ACTIVATES_WITH", "DISPLACED_FROM")},
            "photos": {"used": self.used, "skipped": [{"path": s.path, "reason": s.reason} for s in self.skipped]},
            "seconds": {stage: round(self.seconds.get(stage, 0.0), 2) for stage in STAGES},
        }


def mine_category(
    settings: Settings,
    request: MineRequest,
    progress: Progress | None = None,
    at_layer: LayerWatch | None = None,
    fence: Fence | None = None,
    network: Network | None = None,
) -> MineReport:
    """Read photos, run the network, mine, write the graph, and place the patterns on objects that have labels.

    The database is looked at first, so that one that is down is known before the long work. A complete graph of the
    same photos, weights and settings is left as it is. With `fence`, nothing is written that it does not let pass.
    `progress` and `at_layer` may raise to end the work there. Processes that torchrun started mine together. `network`
    is one that cannot be loaded by its name.

    Raises:
        UsageError: there is no such model, or the graph is there from other photos or settings.
        InputError: the network gives NaN, or no pattern is found.
        EgraphError: one sentence with the remedy; what is done stays, and the same call goes on behind it.
    """
    check_names(request.category, request.name)
    if request.model not in MODELS:
        raise UsageError(f"There is no model {request.model!r}; there are {' and '.join(MODELS)}.")
    with processes(progress) as group:
        return _mine_together(settings, request, group, progress, at_layer, fence, network)


def _mine_together(
    settings: Settings,
    request: MineRequest,
    group: Group,
    progress: Progress | None,
    at_layer: LayerWatch | None,
    fence: Fence | None,
    network: Network | None,
) -> MineReport:
    """`mine_category` by all processes of a group, of which the first one alone talks to the database."""
    photos = read_asked(request, progress)
    network = network or load_network(request.network, request.weights, own_device(request.device))
    names = resolve_layers(network, request.layers)
    check_finite(network, names)
    layers = known_geometries(network, names, settings.home / "cache" / "geometry")
    explaining = request.explaining and MODELS[request.model].posed
    provenance = {"photos": _digest(photos.objects), **mining_parameters(layers, request.model)}
    provenance |= {"explaining": EXPLAINING} if explaining else {}
    already = None
    if group.rank == 0:
        with open_database(settings, fence=fence) as database:
            already = _complete_before(database, network, request, provenance, photos)
    if (already := group.first(already)) is not None:
        return already
    mined = mine(
        network,
        layers,
        photos.objects,
        category=request.category,
        name=request.name,
        seed=request.seed,
        home=settings.home,
        progress=progress,
        at_layer=at_layer,
        model=request.model,
        group=group,
    )
    if not any(len(firings.pattern) for firings in mined.graph.firings):
        raise _nothing_found(len(mined.graph.objects))
    graph, seconds = mined.graph, mined.seconds
    if explaining:
        start = time.perf_counter()
        graph = fit_graph(graph, mined.pose, network, settings.home, progress, group)
        seconds |= {"explaining": time.perf_counter() - start}
    graph.parameters.update(provenance)
    report: MineReport | None = None
    if group.rank == 0:
        start = time.perf_counter()
        with open_database(settings, fence=fence) as database:
            counts = _write(database, graph, network, progress)
        report = MineReport(
            graph=graph.id,
            counts=counts,
            used=len(graph.objects),
            skipped=photos.skipped + mined.skipped,
            seconds=seconds | {"writing": time.perf_counter() - start},
            dropped=graph.dropped,
            notes=network.notes + _warning(len(graph.objects)),
        )
    report = group.first(report)
    assert report is not None
    return report


def _complete_before(
    database: Database, network: Network, request: MineRequest, provenance: dict[str, Any], photos: PhotoSet
) -> MineReport | None:
    """The report of a graph that is there and complete; None where there is none, or it must be gone on with.

    Raises:
        UsageError: it is damaged, is being removed, or was mined from other photos or with other settings.
        NothingYetError: an older egraph mined it.
        InputError: none of its patterns fires anywhere.
    """
    ensure_schema(database)
    graph_id = f"{network.id}/{request.category}/{request.name}"
    for row in database.read("read/graph", graph=graph_id):
        graph = row["graph"]
        check_not_removed(graph_id, graph["state"])
        if graph["state"] == COMPLETE:
            found = _already(graph, provenance, request, photos)
            note_paths(database, photos.objects)
            return replace(found, notes=network.notes + _warning(graph["images"]))
    return None


def _write(database: Database, graph: MinedGraph, network: Network, progress: Progress | None) -> dict[str, int]:
    """Write the graph, and place its patterns on the objects that have labels; the counts of what was written."""
    counts = write_graph(database, graph, progress)
    labelled = {o.id for o in labelled_objects(database, graph.category)}
    place_mined(database, graph, content_hash(graph), network, labelled, progress)
    return counts


def _nothing_found(photos: int) -> InputError:
    return InputError(
        f"No pattern fires on any of {photos:,} photos: they show too little in common, or the layers hardly react to "
        "them; give more photos of one kind of object, other layers, or trained weights."
    )


def _warning(objects: int) -> tuple[str, ...]:
    """What to know of a graph of few objects."""
    if objects >= FEW_OBJECTS:
        return ()
    return (
        f"Only {objects} objects were mined. On so few, what fires together by chance looks like what belongs "
        "together, so do not rely on these patterns; a few hundred photos are a good number.",
    )


def _digest(objects: Sequence[PhotoObject]) -> str:
    return hashlib.sha256("\n".join(o.id for o in objects).encode()).hexdigest()[:16]


def _already(there: dict[str, Any], provenance: dict[str, Any], request: MineRequest, photos: PhotoSet) -> MineReport:
    """The report of a graph that needs nothing.

    Raises:
        UsageError: it was mined from other photos or with other settings.
        InputError: none of its patterns fires anywhere, which an earlier egraph wrote without a word.
    """
    if json.loads(there["parameters"]) != json.loads(json.dumps(provenance)) or there["seed"] != request.seed:
        raise UsageError(
            f"The graph {there['id']} is there, from other photos or settings; give another --name, or remove it with "
            f"`egraph graph remove {quote(there['id'])}`."
        )
    if not json.loads(there["edges"])["FIRES_ON"]:
        raise _nothing_found(there["images"])
    return MineReport(
        graph=there["id"],
        counts={"patterns": there["patterns"], **json.loads(there["edges"])},
        used=there["images"],
        skipped=photos.skipped,
        seconds={},
        dropped=json.loads(there["dropped"]),
        already=True,
    )
