"""Hints about names in a person's Cypher that the schema does not know: a slip finds nothing, and no error says so.

The text is read as tokens, not as Cypher. What cannot be told is taken for right, so that a hint is worth reading.
"""

import difflib
import re
from collections.abc import Collection

from egraph.graph.schema import NODES, RELATIONSHIPS
from egraph.graph.schema.elements import Element

NAME = r"(?:`(?:[^`]|``)+`|[^\W\d]\w*)"
SILENT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/""", re.DOTALL)
NAMES = rf"(?P<names>!?\s*{NAME}(?:\s*[:|&]\s*[:!]*\s*{NAME})*)"
PATTERN = re.compile(
    rf"(?P<open>[(\[])\s*(?P<variable>{NAME})?\s*:\s*{NAMES}(?:\s*\*[\d.\s]*)?\s*(?:\{{(?P<map>[^{{}}]*)\}})?"
)
PREDICATE = re.compile(rf"\b(?:WHERE|WHEN|AND|OR|XOR|NOT)\s+(?P<variable>{NAME})\s*:\s*{NAMES}", re.IGNORECASE)
KEY = re.compile(rf"(?:^|,)\s*({NAME})\s*:")
PROPERTY = re.compile(rf"(?<![$\w.`])(?P<variable>{NAME})\s*\.\s*(?P<name>{NAME})(?![\w`]|\s*[.(])")
MADE = re.compile(rf"\bAS\s+({NAME})|({NAME})\s+IN\b", re.IGNORECASE)
LABELS: dict[str, Element] = {node.label: node for node in NODES}
TYPES: dict[str, Element] = {kind.type: kind for kind in RELATIONSHIPS}
ALL = LABELS | TYPES
LISTED = 12
"""At most so many names are listed."""
SLIP, SURE_SLIP = 0.6, 0.8
"""From which likeness on a name is taken for a slip: of a thing that is known, and of any thing."""


def hints(cypher: str, known: Collection[str] = ()) -> list[str]:
    """One sentence for each label, relationship type and property in a statement that the schema does not have.

    Args:
        known: further names that are right, for example those that somebody added to the database by hand.
    """
    text = SILENT.sub("''", cypher)
    found: dict[str, None] = {}
    bound: dict[str, list[str]] = {}
    asked: list[tuple[list[str], str]] = []
    for match in [*PATTERN.finditer(text), *PREDICATE.finditer(text)]:
        parts = match.groupdict()
        said, kind = (TYPES, "relationship type") if parts.get("open") == "[" else (LABELS, "label")
        names = [bare(name) for name in re.findall(NAME, parts["names"])]
        for name in names:
            if name not in said and name not in known:
                found[f"The graph has no {kind} {name}; {meant(name, said, SLIP)}."] = None
        elements = names if all(name in said for name in names) else []
        asked += [(elements, bare(name)) for name in KEY.findall(parts.get("map") or "")]
        if parts["variable"]:
            bound.setdefault(bare(parts["variable"]), []).extend(elements)
    made = {bare(name) for pair in MADE.findall(text) for name in pair}
    for match in PROPERTY.finditer(text):
        if (variable := bare(match["variable"])) not in made:
            asked.append((bound.get(variable, []), bare(match["name"])))
    for elements, name in asked:
        there = sorted({column for element in elements or ALL for column in ALL[element].names})
        sought = meant(name, there, SLIP if elements else SURE_SLIP)
        # Nobody knows what other properties a node without a label has.
        if name not in there and name not in known and (elements or sought.startswith("did")):
            of = elements[0] if len(set(elements)) == 1 else "The graph"
            found[f"{of} has no property {name}; {sought}."] = None
    return list(found)


def meant(name: str, there: Collection[str], likeness: float) -> str:
    """What a name may have been meant for, or what there is."""
    by_lower = {other.lower(): other for other in there}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=likeness)
    if close:
        return f"did you mean {by_lower[close[0]]}"
    return f"there are: {', '.join(list(there)[:LISTED])}{', …' if len(there) > LISTED else ''}"


def bare(name: str) -> str:
    """A name without its backticks."""
    return name[1:-1].replace("``", "`") if name.startswith("`") else name
