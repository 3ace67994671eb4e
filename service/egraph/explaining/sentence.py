"""An explanation in a sentence or two, for a person who knows nothing of networks."""

from collections.abc import Sequence

from egraph.explaining.account import GroupLine, LayerAccount
from egraph.explaining.explanation import Explanation
from egraph.explaining.groups import Kind, is_unnamed

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
