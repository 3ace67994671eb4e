"""The tables of the README that say what the graph has, made from the schema."""

import re
from itertools import groupby
from pathlib import Path

from egraph.graph.schema import NODES, RELATIONSHIPS
from egraph.graph.schema.elements import Element

README = Path(__file__).parents[4] / "README.md"
BEGIN, END = "<!-- made by `make schema` -->\n", "<!-- end -->\n"
PLACE = re.compile(f"(?<={re.escape(BEGIN)}).*?(?={re.escape(END)})", re.DOTALL)


def tables() -> str:
    """Both tables: nodes with their ids, relationships with their ends, and what each carries."""
    lines = ["| node | id | properties |", "|---|---|---|"]
    lines += [f"| `{node.label}` | `{node.example}` | {carries(node)} |" for node in NODES]
    lines += ["", "| relationship | from | to | properties |", "|---|---|---|---|"]
    for kind in RELATIONSHIPS:
        said = ": ".join(text for text in (kind.meaning, carries(kind)) if text)
        for ends in kind.ends:
            named = [f"{which} `{label}`".strip() for which, label in zip(kind.between, ends, strict=True)]
            lines.append(f"| `{kind.type}` | {named[0]} | {named[1]} | {said} |")
    return "\n".join(lines) + "\n"


def carries(element: Element) -> str:
    """The columns but the id; neighbours that mean the same are named together."""
    columns = [column for column in element.columns if column.name != "id"]
    said = []
    for meaning, several in groupby(columns, lambda column: column.meaning):
        some = list(several)
        units = ", ".join({column.unit: None for column in some if column.unit})
        names = ", ".join(f"`{column.name}`" for column in some)
        means = "" if meaning == some[0].name else f": {meaning}"
        said.append(f"{names}{means}{f' ({units})' if units else ''}")
    return "; ".join(said)


def write(readme: Path = README) -> None:
    """Put the tables in their place in the README."""
    readme.write_text(PLACE.sub(lambda _: tables(), readme.read_text(encoding="utf-8")), encoding="utf-8")
