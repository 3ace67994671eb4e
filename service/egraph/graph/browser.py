"""The questions and drawings as one file that Neo4j Browser takes in: a folder of saved Cypher, with parameters to set.

Neo4j Browser keeps every `.cypher` file of a ZIP archive that is dropped on it as a favourite of its own.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from egraph.graph.statements import Parameter, Statement, folder, names, statement

ARCHIVE = "browser/questions.zip"
FOLDER = "egraph"

EXAMPLES: dict[str, Any] = {
    "category": "horse",
    "other_category": "horse",
    "part": "head",
    "other_part": "front_leg",
    "layer": "block3",
    "filter": 95,
    "pattern": "animals@7b80953de598/horse/demo/block3/95/15",
    "photo": "horse_00066.png",
    "limit": 50,
}
"""Values of parameters for the graph of `egraph demo`; the other parameters have defaults."""


def saved() -> list[Statement]:
    """The drawings, then the questions."""
    return [statement(f"{kind}/{name}") for kind in ("browser", "questions") for name in names(kind)]


def parameters() -> dict[str, Parameter]:
    """Every parameter of the saved statements, by name; one name means one thing in all of them."""
    return {parameter.name: parameter for one in saved() for parameter in one.parameters}


def set_parameters() -> str:
    """The text that sets all parameters in Neo4j Browser, which knows no defaults."""
    lines = ["// First of all: set the parameters", "// Change them here, then run this; null means: not given."]
    for name, parameter in parameters().items():
        value = EXAMPLES.get(name, parameter.default)
        lines.append(f":param {name} => {json.dumps(value)};")
    return "\n".join(lines) + "\n"


def pack() -> bytes:
    """The archive; the same statements give the same bytes."""
    files = {"0-parameters": set_parameters()} | {one.name.rpartition("/")[2]: one.text for one in saved()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(f"{FOLDER}/{name}.cypher"), text)
    return packed.getvalue()


def write() -> Path:
    """Write the archive where the statements lie; returns its path."""
    path = folder() / ARCHIVE
    path.write_bytes(pack())
    return path
