"""Which tensors of a weights file are those of a network, whatever stands around them and before their names."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from egraph.errors import InputError
from egraph.network.weights import WRAPPERS, State

NAMED_KEYS = 3
"""So many keys are named in an error; the rest is counted."""

TRUNK_SHARE = 0.5
"""A container that holds so much of a network's state may have been saved by itself."""

AVERAGED = re.compile(r"(^|[._])(ema|averaged?|swa)([._]|$)")
"""A copy of the weights that was averaged over the training."""


@dataclass(frozen=True)
class Place:
    """Where a network's tensors stand: in the state dict at `where` of a file, each name with `prefix` before it, and
    without the network's own `trunk`."""

    where: str
    prefix: str
    trunk: str

    def __str__(self) -> str:
        return ".".join(part for part in (self.where, self.prefix.rstrip(".")) if part)


@dataclass(frozen=True)
class Match:
    """What was found there. state: by the network's own names. missing, mismatched: names of the network that are not
    there, or of another shape. unexpected: names in the file that the network should have and has not. aside: names
    in the file that have nothing to do with the network."""

    place: Place
    state: State
    missing: list[str]
    mismatched: list[str]
    unexpected: list[str]
    aside: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether every parameter of the network was found."""
        return not (self.missing or self.mismatched or self.unexpected)


def match_weights(module: nn.Module, checkpoint: Mapping[str, State], name: str, source: str) -> Match:
    """Find a network in what was read from a file: the state dict and the prefix under which most of it stands.

    Of equal copies the plain one is taken, not one averaged over the training (`model_ema`).

    Raises:
        InputError: it stands there more than once, and nothing tells which one is meant.
    """
    own = module.state_dict()
    counts: Counter[Place] = Counter()
    for trunk in _trunks(own):
        inner = {key.removeprefix(trunk): value.shape for key, value in own.items() if key.startswith(trunk)}
        for where, state in checkpoint.items():
            for key, tensor in state.items():
                parts = key.split(".")
                for start in range(len(parts)):
                    rest = ".".join(parts[start:])
                    if inner.get(rest) == tensor.shape and tensor.is_floating_point():
                        counts[Place(where, key.removesuffix(rest), trunk)] += 1
    plain = Place(min(checkpoint, key=lambda where: _unlikely(Place(where, "", ""))), "", "")
    most = max(counts.values(), default=0)
    places = sorted((place for place, count in counts.items() if count == most), key=_unlikely) or [plain]
    first, *others = (_match(own, checkpoint, place) for place in places if _unlikely(place) == _unlikely(places[0]))
    if most < TRUNK_SHARE * sum(value.is_floating_point() for value in own.values()):
        return first if not others else _match(own, checkpoint, plain)
    if not all(_same(first.state, other.state) for other in others):
        twins = " and ".join(str(match.place) for match in (first, *others))
        raise InputError(
            f"The weights {source} hold {name} more than once, under {twins}; save the one that you mean by itself."
        )
    return first


def put_weights(module: nn.Module, match: Match) -> tuple[str, ...]:
    """Put what was found into a module, and NaN where nothing was; the names of the latter."""
    own = module.state_dict()
    absent = tuple(key for key in (*match.missing, *match.mismatched) if own[key].is_floating_point())
    fitting = {key: value for key, value in match.state.items() if value.shape == own[key].shape}
    module.load_state_dict(fitting, strict=False)
    with torch.no_grad():
        for key in absent:
            own[key].fill_(torch.nan)
    return absent


def misfit(match: Match, module: nn.Module, name: str, source: str) -> InputError:
    """The error that names the first keys that are missing, left over, or of another shape."""
    own = module.state_dict()
    shapes = [f"{key} {tuple(match.state[key].shape)} instead of {tuple(own[key].shape)}" for key in match.mismatched]
    complaints = [
        ("missing", match.missing),
        ("unexpected", [*match.unexpected, *match.aside]),
        ("of another shape", shapes),
    ]
    said = "; ".join(f"{what} {_some(keys)}" for what, keys in complaints if keys)
    return InputError(f"The weights {source} do not fit {name}: {said}; give the network that they were saved from.")


def passed_over(match: Match, checkpoint: Mapping[str, State], source: str) -> tuple[str, ...]:
    """What was passed over in a file, a sentence each."""
    found = []
    if match.missing or match.mismatched:
        found.append(
            f"{source} has no fitting {_some([*match.missing, *match.mismatched])}: passed over, which mining does not "
            "need."
        )
    if others := [where for where in checkpoint if where != match.place.where and where in WRAPPERS]:
        found.append(f"Of {source}, {match.place.where} is taken; {' and '.join(others)} beside it is passed over.")
    if match.aside:
        found.append(f"{source} also holds {_some(match.aside)}, which the network has not: passed over.")
    return tuple(found)


def _trunks(own: Mapping[str, Tensor]) -> list[str]:
    """What may stand before a network's own names where only its trunk was saved: nothing, or a container's name."""
    held = Counter(key[: at + 1] for key in own for at in range(len(key)) if key[at] == ".")
    return ["", *(name for name, count in held.items() if count >= TRUNK_SHARE * len(own))]


def _match(own: Mapping[str, Tensor], checkpoint: Mapping[str, State], place: Place) -> Match:
    named = {key: place.trunk + key.removeprefix(place.prefix) for key in checkpoint[place.where]}
    inside = {key: name for key, name in named.items() if key.startswith(place.prefix)}
    state = {name: checkpoint[place.where][key] for key, name in inside.items() if name in own}
    # what is no float follows from the architecture, such as the order of a window's places, or counts batches
    wanted = [key for key, value in own.items() if value.is_floating_point()]
    missing = [key for key in wanted if key not in state]
    mismatched = [key for key in wanted if key in state and own[key].shape != state[key].shape]
    there = [key for key in wanted if key in state and key not in mismatched]
    unexpected: list[str] = []
    aside: list[str] = []
    for key in checkpoint[place.where]:
        if key not in inside:
            aside.append(key)
        elif inside[key] not in own:
            # beside the trunk, or in place of a part that is missing altogether: another classifier, a projector
            beside = _deepest_container(inside[key], own)
            around = [other for other in there if other.startswith(beside)]
            (aside if len(around) in (0, len(there)) else unexpected).append(key)
    return Match(place, state, missing, mismatched, unexpected, aside)


def _deepest_container(name: str, own: Mapping[str, Tensor]) -> str:
    """The longest beginning of a name, up to a dot, that a name of the network has too."""
    parts = name.split(".")
    for stop in range(len(parts) - 1, 0, -1):
        beginning = ".".join(parts[:stop]) + "."
        if any(key.startswith(beginning) for key in own):
            return beginning
    return ""


def _unlikely(place: Place) -> tuple[bool, int, bool]:
    averaged = bool(AVERAGED.search(place.where) or AVERAGED.search(place.prefix))
    known = [i for i, name in enumerate(WRAPPERS) if place.where == name]
    return averaged, -1 if not place.where else known[0] if known else len(WRAPPERS), bool(place.trunk)


def _same(first: State, second: State) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def _some(keys: list[str]) -> str:
    more = f" and {len(keys) - NAMED_KEYS} more" if len(keys) > NAMED_KEYS else ""
    return f"{', '.join(keys[:NAMED_KEYS])}{more}"
