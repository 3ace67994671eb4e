"""Why a network says what it says of one object on one photo: what an explanation holds, and the sentence it makes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from egraph.explaining.account import GroupLine, LayerAccount
from egraph.explaining.groups import Kind, is_unnamed
from egraph.photos.photo import Box, PhotoObject


@dataclass(frozen=True)
class ClassLine:
    """A class of the network's answer. number; name; probability: what the network gives it, 0 to 1."""

    number: int
    name: str
    probability: float


@dataclass(frozen=True)
class Without:
    """What the network says without some units. named: what was taken away. predicted: what it says then. probability,
    score: of the class that is explained, then. control_predicted, control_score: the same after as much activation was
    taken away at random."""

    named: list[str]
    predicted: ClassLine
    probability: float
    score: float
    control_predicted: ClassLine
    control_score: float


@dataclass(frozen=True)
class Explanation:
    """region: of the photo that the network saw. predicted: its answer. explained: the class that is accounted for,
    and `instead_of` which, if any. layers: from the input side up. parts: where the named parts were found; missing:
    those that may not be there. category: what
    the graph is of."""

    object: PhotoObject
    region: Box
    category: str
    predicted: ClassLine
    explained: ClassLine
    instead_of: ClassLine | None
    layers: list[LayerAccount]
    parts: dict[str, Box]
    missing: list[str] = field(default_factory=list)
    without: Without | None = None

    @property
    def top(self) -> LayerAccount:
        """The account of the uppermost layer, which people are told."""
        return self.layers[-1]


@dataclass(frozen=True)
class WithoutSummary:
    """What became of several answers without some units. changed: on how many of the photos another class is predicted
    then. score: by how much the score of the class that is explained changes, on average. control: the same after as
    much activation was taken away at random."""

    photos: int
    changed: int
    score: float
    control_changed: int
    control_score: float


def without_summary(explanations: Sequence[Explanation]) -> WithoutSummary | None:
    """What all answers together say; None where nothing was taken away."""
    some = [(found, found.without) for found in explanations if found.without is not None]
    if not some:
        return None
    return WithoutSummary(
        photos=len(some),
        changed=sum(then.predicted.number != found.predicted.number for found, then in some),
        score=sum(then.score - found.top.score for found, then in some) / len(some),
        control_changed=sum(then.control_predicted.number != found.predicted.number for found, then in some),
        control_score=sum(then.control_score - found.top.score for found, then in some) / len(some),
    )


FEW = 0.02
"""Against the class, and of a named part, a share below this is not worth a word."""
NAMED = 3
"""So many parts are named in a sentence."""


def sentence(found: Explanation) -> str:
    """The explanation in words, for a person who knows nothing of networks.

    The shares are those of the groups that speak for the class all in all, so that they make 100%.
    """
    kind, top = found.category, found.top
    seen, asked = found.predicted, f'"{found.explained.name}"'
    words = f'The network takes this {kind} for "{seen.name}" and is {_percent(seen.probability)} sure.'
    if found.instead_of is not None:
        asked += f' rather than "{found.instead_of.name}"'
    net = {k: top.of_kind(k) for k in Kind}
    speaking = sum(value for value in net.values() if value > 0)
    whole = sum(net.values())
    if whole <= 0:
        most = min(net, key=lambda k: net[k])
        return f"{words} What it sees speaks against {asked}, most of all {place_words(most, kind)}."
    shares = {k: value / speaking for k, value in net.items()}
    whole_percents = percents([max(share, 0.0) for share in shares.values()])
    said = [f"{p}% {_from(k, kind, top, speaking)}" for k, p in zip(shares, whole_percents, strict=True) if p]
    if said[0].partition(" ")[2].startswith("from"):
        said[0] = said[0].replace(" from", " comes from", 1)
    words += f" Of what speaks for {asked}, {_listed(said)}."
    if against := [place_words(k, kind) for k in Kind if shares[k] < -FEW]:
        verb = "speak" if len(against) > 1 or against[0].startswith("parts") else "speaks"
        words += f" Against it {verb} {_listed(against)}."
    return words


def named_parts(top: LayerAccount) -> list[GroupLine]:
    """The groups of parts that a person has named, those that say most for the class first."""
    lines = [line for line in top.groups if line.kind is Kind.PART and not is_unnamed(line.name)]
    return sorted(lines, key=lambda line: -line.net)


def spoken(name: str) -> str:
    """A part's name as people write it: annotations have `front_leg`."""
    return name.replace("_", " ")


def place_words(kind: Kind, category: str) -> str:
    """A kind of group for people."""
    return {
        Kind.PART: f"parts of the {category}",
        Kind.TEXTURE: f"the texture of the {category}",
        Kind.BACKGROUND: f"what surrounds the {category}",
        Kind.UNEXPLAINED: "something that is not explained",
    }[kind]


def _from(kind: Kind, category: str, top: LayerAccount, speaking: float) -> str:
    if kind is Kind.PART:
        worth = [line for line in named_parts(top) if line.net / speaking > FEW][:NAMED]
        names = ", ".join(f"{spoken(line.name)} {_percent(line.net / speaking)}" for line in worth)
        if sum(line.net for line in worth) > (1 + FEW) * top.of_kind(kind):
            names += "; other parts speak against it"
        return f"comes from parts of the {category} at their places" + (f" ({names})" if names else "")
    if kind is Kind.UNEXPLAINED:
        return "is not explained"
    return f"from {'its texture' if kind is Kind.TEXTURE else 'what surrounds it'}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def percents(shares: Sequence[float]) -> list[int]:
    """Shares that make a whole as whole percents that make 100: those that are cut by most are rounded up."""
    cut = [int(100 * share) for share in shares]
    most_cut = sorted(range(len(shares)), key=lambda place: cut[place] - 100 * shares[place])
    for place in most_cut[: 100 - sum(cut)]:
        cut[place] += 1
    return cut


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
