"""Mining one conv layer, a block of filters at a time, so that memory does not grow with the number of filters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from egraph.mining.edges import CANDIDATES, Edges, Upper, candidate_rank, link, relative_place
from egraph.mining.maximization import initial_places
from egraph.mining.noise import EVEN, RARE, TWIN, advantage, even_scatter, find_noise, fires
from egraph.mining.parents import Parents
from egraph.mining.patterns import SIGMAS, Inferred, Patterns, infer_patterns, mine_patterns

STRONGEST_FIRINGS = 50
"""Patterns per object and layer whose firing is kept for every object."""

BLOCK_ELEMENTS = 1_500_000
"""Patterns x photos x peaks handled at once."""

REASONS = (EVEN, RARE, TWIN)

PeakReader = Callable[[slice, bool], tuple[Tensor, Tensor]]
"""Gives values (d, n, K) and places (d, n, K, 2) of some filters, in the canonical view or (True) in the other one."""


@dataclass
class MinedLayer:
    """Everything that is kept of a layer, as numpy arrays, P patterns: see `PatternTable`, `CoActivations`,
    `Displacements` and `Firings` for the meaning of the columns.

    parent_*: (P, M), candidates being rows of the anchors. edge_*: (E,). firing_*: (F,), objects counted among the
    usable ones, places in the canonical view. candidate_*: what the layer below may link to. dropped: patterns left
    out, by `REASONS`.
    """

    filter: np.ndarray
    number: np.ndarray
    place: np.ndarray
    mean_place: np.ndarray
    spread: np.ndarray
    support: np.ndarray
    score: np.ndarray
    advantage: np.ndarray
    parent_gain: np.ndarray
    parent_index: np.ndarray
    parent_weight: np.ndarray
    parent_mean: np.ndarray
    parent_sigma: np.ndarray
    edge_lower: np.ndarray
    edge_upper: np.ndarray
    edge_strength: np.ndarray
    edge_lift: np.ndarray
    edge_support: np.ndarray
    edge_dy: np.ndarray
    edge_dx: np.ndarray
    edge_sigma: np.ndarray
    firing_pattern: np.ndarray
    firing_object: np.ndarray
    firing_score: np.ndarray
    firing_place: np.ndarray
    candidate_row: np.ndarray
    candidate_places: np.ndarray
    candidate_mass: np.ndarray
    candidate_fires: np.ndarray
    dropped: np.ndarray
    log_likelihood: np.ndarray

    def upper(self, device: torch.device) -> Upper:
        """What the layer below may link to, on the device that it is mined on."""
        columns = self.candidate_row, self.candidate_places, self.candidate_mass, self.candidate_fires
        return Upper(*(torch.from_numpy(column).to(device) for column in columns))


@dataclass(frozen=True)
class LayerTask:
    """What mining a layer needs besides its peaks.

    unit: size of a map unit in fractions of the crop. anchors, anchors_other: (A, n, 2) displacements of the anchors
    from their mean places in the canonical view and in the other one. anchor_mean: (A, 2). upper: None for the top
    layer.
    """

    filters: int
    patterns: int
    peaks: int
    photos: int
    unit: float
    anchors: Tensor
    anchors_other: Tensor
    anchor_mean: Tensor
    upper: Upper | None
    generator: torch.Generator


class PoseRecord:
    """Displacements and scores of one layer's patterns on all photos, kept for the pose and the orientation weights."""

    def __init__(self) -> None:
        self.displacements: list[Tensor] = []
        self.scores: list[tuple[Tensor, Tensor]] = []

    def add(self, displacement: Tensor, canonical: Tensor, other: Tensor) -> None:
        """Add a block: (B, n, 2), (B, n), (B, n); kept as half floats in main memory."""
        self.displacements.append(displacement.half().cpu())
        self.scores.append((canonical.half().cpu(), other.half().cpu()))

    def read_displacements(self) -> Iterator[Tensor]:
        """Block by block, float32."""
        return (block.float() for block in self.displacements)

    def read_scores(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Block by block, float32: canonical view, other view."""
        return ((a.float(), b.float()) for a, b in self.scores)


def mine_layer(
    task: LayerTask,
    read: PeakReader,
    pose: PoseRecord | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MinedLayer:
    """Mine all filters of a layer, top to bottom of the graph being the caller's business.

    Patterns that are noise are left out, and the places of the others inferred once more without their competition.
    """
    start = initial_places(task.filters, task.patterns, task.generator).to(task.anchors.device)
    step = max(1, BLOCK_ELEMENTS // (task.patterns * task.photos * task.peaks))
    blocks: list[dict[str, np.ndarray]] = []
    strongest = _Strongest(task.photos)
    candidates = _Candidates(task.photos)
    rows = 0
    for first in range(0, task.filters, step):
        filters = slice(first, min(first + step, task.filters))
        values, places = read(filters, False)
        patterns = mine_patterns(start[filters], values, places, task.anchors)
        inferred = infer_patterns(patterns, values, places, task.anchors)
        scatter = even_scatter(patterns.place, values, SIGMAS[-1])
        noise = find_noise(patterns.place, inferred.assigned.mass, inferred.control, scatter, task.unit)
        left_out = noise[RARE] | noise[EVEN] | noise[TWIN]
        patterns = patterns.without(left_out)
        inferred = infer_patterns(patterns, values, places, task.anchors)
        kept = (~left_out).flatten().nonzero()[:, 0]
        block = _Block(inferred, patterns, kept)
        if pose is not None:
            other = infer_patterns(patterns, *read(filters, True), task.anchors_other)
            pose.add(
                block.places - block.places.mean(1, keepdim=True), block.mass, other.assigned.mass.flatten(0, 1)[kept]
            )
        table = block.table(first, task)
        table |= {"edge_" + n: v for n, v in _edge_columns(block, task.upper, rows).items()}
        table["dropped"] = torch.stack([noise[reason].sum() for reason in REASONS])[None].cpu().numpy()
        table["log_likelihood"] = inferred.assigned.log_likelihood.double().sum()[None].cpu().numpy()
        blocks.append(table)
        strongest.add(block, rows)
        candidates.add(block, rows)
        rows += len(kept)
        if progress:
            progress(filters.stop, task.filters)
    columns = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    for name in ("dropped", "log_likelihood"):
        columns[name] = columns[name].sum(0)
    return MinedLayer(**columns, **strongest.columns(), **candidates.columns())


class _Block:
    """The kept patterns of a block of filters, flattened: places, mass (B, n, …) and their parameters."""

    def __init__(self, inferred: Inferred, patterns: Patterns, kept: Tensor) -> None:
        self.kept = kept
        self.per_filter = patterns.place.shape[1]
        self.places = inferred.places.flatten(0, 1)[kept]
        self.mass = inferred.assigned.mass.flatten(0, 1)[kept]
        self.place = patterns.place.flatten(0, 1)[kept]
        control = inferred.control.flatten(0, 1)[kept]
        self.fires = fires(self.mass, control)
        self.advantage = advantage(self.mass, control)
        p = patterns.parents
        self.parents = Parents(p.index[kept], p.weight[kept], p.gain[kept])

    def table(self, first_filter: int, task: LayerTask) -> dict[str, np.ndarray]:
        mean = self.places.mean(1)
        spread = (self.places - mean[:, None]).square().sum(2).mean(1).sqrt()
        index = self.parents.index
        anchor_places = (task.anchors + task.anchor_mean[:, None])[index.flatten()]
        parent_mean, parent_sigma = relative_place(
            self.places.repeat_interleave(index.shape[1], 0),
            anchor_places,
            self.mass.repeat_interleave(index.shape[1], 0),
        )
        columns = {
            "filter": (first_filter + self.kept // self.per_filter).int(),
            "number": (self.kept % self.per_filter).int(),
            "place": self.place,
            "mean_place": mean,
            "spread": spread,
            "support": self.fires.sum(1).int(),
            "score": self.mass.mean(1),
            "advantage": self.advantage,
            "parent_gain": self.parents.gain,
            "parent_index": index.int(),
            "parent_weight": self.parents.weight,
            "parent_mean": parent_mean.unflatten(0, index.shape),
            "parent_sigma": parent_sigma.unflatten(0, index.shape),
        }
        return {name: value.cpu().numpy() for name, value in columns.items()}


def _edge_columns(block: _Block, upper: Upper | None, first_row: int) -> dict[str, np.ndarray]:
    if upper is None or len(block.kept) == 0:
        nothing = torch.zeros(0)
        edges = Edges(nothing.long(), nothing.long(), nothing, nothing, nothing.long(), nothing, nothing, nothing)
    else:
        edges = link(block.places, block.mass, block.fires, upper)
    columns = {field.name: getattr(edges, field.name).cpu().numpy() for field in fields(edges)}
    columns["lower"] = (columns["lower"] + first_row).astype(np.int32)
    columns["upper"] = columns["upper"].astype(np.int32)
    columns["support"] = columns["support"].astype(np.int32)
    return columns


class _Strongest:
    """The strongest patterns per photo so far."""

    def __init__(self, photos: int) -> None:
        self.mass = torch.zeros(photos, 0)
        self.row = torch.zeros(photos, 0, dtype=torch.long)
        self.places = torch.zeros(photos, 0, 2)

    def add(self, block: _Block, first_row: int) -> None:
        rows = torch.arange(first_row, first_row + len(block.mass))
        mass = torch.cat([self.mass, torch.where(block.fires, block.mass, torch.zeros(())).T.cpu()], 1)
        row = torch.cat([self.row, rows.expand(len(mass), -1)], 1)
        places = torch.cat([self.places, block.places.transpose(0, 1).cpu()], 1)
        self.mass, best = mass.topk(min(STRONGEST_FIRINGS, mass.shape[1]), dim=1)
        self.row = row.gather(1, best)
        self.places = places.gather(1, best[..., None].expand(-1, -1, 2))

    def columns(self) -> dict[str, np.ndarray]:
        photo, rank = (self.mass > 0).nonzero(as_tuple=True)
        return {
            "firing_pattern": self.row[photo, rank].int().numpy(),
            "firing_object": photo.int().numpy(),
            "firing_score": self.mass[photo, rank].numpy(),
            "firing_place": self.places[photo, rank].numpy(),
        }


class _Candidates:
    """The patterns so far that the layer below may link to."""

    def __init__(self, photos: int) -> None:
        self.rank = torch.zeros(0)
        self.row = torch.zeros(0, dtype=torch.long)
        self.mass = torch.zeros(0, photos)
        self.places = torch.zeros(0, photos, 2)
        self.fires = torch.zeros(0, photos, dtype=torch.bool)

    def add(self, block: _Block, first_row: int) -> None:
        device = block.mass.device
        rank = torch.cat([self.rank.to(device), candidate_rank(block.mass, block.places)])
        row = torch.cat([self.row, torch.arange(first_row, first_row + len(block.mass))]).to(device)
        best = rank.topk(min(CANDIDATES, len(rank))).indices.sort().values
        self.rank, self.row = rank[best], row[best].cpu()
        self.mass = torch.cat([self.mass.to(device), block.mass])[best]
        self.places = torch.cat([self.places.to(device), block.places])[best]
        self.fires = torch.cat([self.fires.to(device), block.fires])[best]

    def columns(self) -> dict[str, np.ndarray]:
        return {
            "candidate_row": self.row.cpu().numpy(),
            "candidate_places": self.places.cpu().numpy(),
            "candidate_mass": self.mass.cpu().numpy(),
            "candidate_fires": self.fires.cpu().numpy(),
        }
