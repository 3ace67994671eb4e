"""Trying a repair: what becomes of a network's answers when the units of named patterns stay at their usual value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from egraph.commands.explain import chosen_graph
from egraph.commands.looked_at import Looking, look_at_photos, needed_mixture, top_layer
from egraph.commands.network import network_of
from egraph.commands.requests import RepairRequest
from egraph.diagnosing.repairing import (
    Answers,
    Repair,
    answers_after,
    drawn_of_equal_mass,
    helps,
    mean_of,
    read_repair,
    share_of,
    usual_owners,
)
from egraph.diagnosing.scoring import Accepted, is_right
from egraph.diagnosing.seen import Seen, answers_of, view_inputs
from egraph.diagnosing.silencing import Silenced
from egraph.errors import UsageError
from egraph.graph.connection import open_database
from egraph.graph.read import read_graph
from egraph.mining.graph_tables import MinedGraph
from egraph.network.layer import LayerGeometry
from egraph.network.layers import map_shapes
from egraph.network.network import Network
from egraph.photos.photo import Skipped
from egraph.progress import Progress, report
from egraph.results import Result, plain
from egraph.settings import Settings

AT_ONCE = 8


@dataclass(frozen=True)
class RepairReport(Result):
    """What a repair did. named: what was silenced. photos: with truth, of which `wrong` were answered wrongly before.
    right, won, lost: see `Answers`; control: the mean over `draws` draws of other patterns (or filters) that hold as
    much activation. helps: whether it is better than nothing, beyond chance, and than each draw. repair: itself."""

    graph: str
    layer: str
    named: list[str]
    photos: int
    wrong: int
    before: Answers
    repaired: Answers
    control: Answers
    draws: int
    helps: bool
    skipped: list[Skipped] = field(repr=False)
    repair: Repair = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Everything but the repair itself."""
        return {name: plain(value) for name, value in vars(self).items() if name != "repair"}

    @property
    def sentence(self) -> str:
        """What it did, in words."""
        told = (
            f"{self.repaired.right} of {self.photos} photos are answered rightly, {self.before.right} before "
            f"({self.control.right:.1f} with as much silenced at random): {self.repaired.won} of {self.wrong} wrong "
            f"answers are won back, {self.repaired.lost} right ones are lost."
        )
        return f"It helps: {told}" if self.helps else f"It does not help beyond chance: {told}"

    def module(self, network: nn.Module) -> Silenced:
        """The user's network, repaired; it takes what the network takes."""
        return self.repair.wrapped(network)


def repair(
    settings: Settings, request: RepairRequest, progress: Progress | None = None, module: nn.Module | None = None
) -> RepairReport:
    """Try a repair on photos with truth, beside as many patterns at random that hold as much activation.

    Raises:
        NothingYetError: there is no graph, or it does not say what its filters' activation is made of.
        InputError: no photo can be used, or the weights are not those of the graph, or have no classifier.
        UsageError: there is no such pattern or filter, or they are of several layers.
    """
    with open_database(settings) as database:
        report(progress, "reading the graph", 0, 1)
        graph = read_graph(database, chosen_graph(database, request.category, request.graph), placing=True)
        report(progress, "reading the graph", 1, 1)
    network = network_of(graph, request, module)
    network.need_classifier("A repair")
    return repair_of(graph, network, request, progress)


def repair_of(
    graph: MinedGraph, network: Network, request: RepairRequest, progress: Progress | None = None
) -> RepairReport:
    """The same of a graph that is read."""
    layer, patterns, filters = named_units(graph, request.names)
    mixture = needed_mixture(graph, layer.name)
    looking = Looking(network, layer, request.limit, progress)
    photos = look_at_photos(graph, request, looking)
    own = photos.own
    owners = usual_owners(
        mixture, torch.from_numpy(graph.patterns[layer.name].mean_place), layer, network.preprocessing.size
    )
    mean_maps = torch.stack([one.float() for one in own.maps]).mean(0)
    share = share_of(owners, mixture.filter, patterns, filters, mean_maps)
    shares = [share, *_controls(owners, mixture.filter, patterns, filters, share, mean_maps, request)]
    turned = any(shape.name == layer.name and shape.channels_last for shape in map_shapes(network))
    usual = torch.from_numpy(graph.readings[layer.name].filter_mean)
    repairs = [Repair(layer.name, one, usual, network.id, list(request.names), turned) for one in shares]
    told = _told(network, own, photos.accepted, repairs, progress)
    before = photos.right
    repaired, *controls = (answers_after(before, after) for after in told)
    if request.save is not None:
        repairs[0].write(request.save)
    return RepairReport(
        graph=graph.id,
        layer=layer.name,
        named=list(request.names),
        photos=len(own),
        wrong=int((~before).sum()),
        before=answers_after(before, before),
        repaired=repaired,
        control=mean_of(controls),
        draws=len(controls),
        helps=helps(repaired, controls),
        skipped=looking.skipped,
        repair=repairs[0],
    )


def load_repair(path: Path, module: nn.Module) -> Silenced:
    """A user's network, repaired by what a file says.

    Raises:
        InputError: the file is no repair.
        UsageError: the network has no such layer.
    """
    found = read_repair(path)
    if found.layer not in dict(module.named_modules()):
        raise UsageError(f"{path} repairs the layer {found.layer}, which this {type(module).__name__} does not have.")
    return found.wrapped(module)


def named_units(graph: MinedGraph, names: Sequence[str]) -> tuple[LayerGeometry, list[int], list[int]]:
    """The layer that names are of, the rows of the patterns and the numbers of the filters among them.

    Raises:
        UsageError: there is no such pattern or filter, or they are of several layers.
    """
    layers: dict[str, None] = {}
    patterns, filters = [], []
    for name in names:
        short = name.removeprefix(f"{graph.id}/").removeprefix(f"{graph.network_id}/")
        layer = next((one.name for one in graph.layers if short.startswith(f"{one.name}/")), None)
        numbers = short.removeprefix(f"{layer}/").split("/")
        if layer is None or layer not in graph.readings or not all(number.isdecimal() for number in numbers):
            raise UsageError(f"{name} is no pattern and no filter; give layer/filter/number, or layer/filter.")
        layers[layer] = None
        table = graph.patterns[layer]
        if len(numbers) == 1 and int(numbers[0]) < len(graph.readings[layer].filter_mean):
            filters.append(int(numbers[0]))
            continue
        found = np.zeros(0, int)
        if len(numbers) == 2:
            found = np.flatnonzero((table.filter == int(numbers[0])) & (table.number == int(numbers[1])))
        if not len(found):
            raise UsageError(f"{graph.id} has no {short}; `egraph query patterns` lists its patterns.")
        patterns.append(int(found[0]))
    if len(layers) != 1:
        raise UsageError(f"Name patterns of one layer, not of {', '.join(layers) or 'none'}.")
    return top_layer(graph, next(iter(layers))), patterns, filters


def _controls(
    owners: Tensor,
    filter_: Tensor,
    patterns: Sequence[int],
    filters: Sequence[int],
    share: Tensor,
    maps: Tensor,
    request: RepairRequest,
) -> list[Tensor]:
    """The shares of other patterns, or of other filters where only filters are named, that hold as much activation."""
    random, wanted = np.random.default_rng(request.seed), float((share * maps).sum())
    made = []
    for _ in range(request.draws):
        if patterns:
            mass = (owners * maps[filter_]).sum(1)
            rest = sorted(set(range(len(owners))) - set(patterns))
            made.append(share_of(owners, filter_, drawn_of_equal_mass(mass, rest, wanted, random), [], maps))
        else:
            rest = sorted(set(range(len(maps))) - set(filters))
            made.append(share_of(owners, filter_, [], drawn_of_equal_mass(maps.sum(1), rest, wanted, random), maps))
    return made


def _told(
    network: Network, own: Seen, accepted: Accepted, repairs: Sequence[Repair], progress: Progress | None
) -> list[Tensor]:
    """Whether each photo is answered rightly by each repair: (n,) bool each."""
    told: list[list[Tensor]] = [[] for _ in repairs]
    modules = [one.wrapped(network.module) for one in repairs]
    for start in range(0, len(own), AT_ONCE):
        rows = range(start, min(start + AT_ONCE, len(own)))
        inputs = view_inputs(network, own, rows)
        for found, module in zip(told, modules, strict=True):
            answers = answers_of(network, inputs, module).cpu()
            found.append(is_right(answers, [accepted[row] for row in rows]))
        report(progress, "trying the repair", rows.stop, len(own))
    return [torch.cat(found) for found in told]
