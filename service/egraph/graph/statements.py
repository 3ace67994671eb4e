"""The Cypher statements of the product: one file each in `cypher/`, loaded by name, with a header that describes it.

A file begins with a header of `//` comments, so that it can be pasted into Neo4j Browser as it is:

    // Which patterns fire together on a part?
    //
    // One or more lines that say what the answer is.
    //
    // :param category: category, required. The kind of object.
    // :param share: number = 0.5. The smallest share of the labelled objects.
    // :param layer: layer, optional. Only patterns of this layer.
    // :returns pattern, partner, strength
    MATCH …

The first line is the title. A parameter is `name: type` and then `required`, `optional` (null when not given) or a
default in JSON (`= 0.5`), a full stop, and a description, which may go on in the lines below. A type is `text`,
`integer`, `number`, `boolean`, or the name of a file in `cypher/values/`: then it is a text, and the file lists the
values that the database knows. `:returns` names the columns of the answer; they stand there even where no row does.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from egraph.errors import EgraphError, UsageError

PLAIN_TYPES = ("text", "integer", "number", "boolean")
PARAMETER = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*): (?P<type>[a-z][a-z_]*)(?:, (?P<need>required|optional)\.| = (?=\S))(?P<rest>.*)"
)


class HeaderError(EgraphError):
    """A statement's file does not begin as it must."""


class Parameter(BaseModel):
    """One parameter of a statement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: str
    required: bool = False
    default: Any = None
    description: str = ""

    @model_validator(mode="after")
    def _default_fits(self) -> "Parameter":
        if self.default is not None and not fits(self.default, self.type):
            raise ValueError(f"the default {self.default!r} of {self.name} is no {self.type}")
        return self


class Statement(BaseModel):
    """One statement: its name (`questions/overview`), what its header says, and its whole text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    answers: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...] = ()
    text: str


def fits(value: object, type_name: str) -> bool:
    """Whether `value` is of the parameter type `type_name`."""
    if type_name == "boolean":
        return isinstance(value, bool)
    if type_name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if type_name == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def parse(name: str, text: str) -> Statement:
    """Read a statement's header.

    Raises:
        HeaderError: there is no title, a parameter line is not understood, a parameter is named twice.
    """
    header: list[str] = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        header.append(line[2:].strip())
    title, rest = (header[0], header[1:]) if header else ("", [])
    if not title or title.startswith(":"):
        raise HeaderError(f"The statement {name} needs a title in its first line.")
    answers: list[str] = []
    tagged: list[str] = []
    for line in rest:
        if line.startswith(":"):
            tagged.append(line)
        elif tagged and line:
            tagged[-1] += " " + line
        elif line:
            answers.append(line)
    parameters: list[Parameter] = []
    columns: list[str] = []
    for line in tagged:
        tag, _, described = line.partition(" ")
        if tag == ":param":
            parameters.append(parameter(name, described.strip()))
        elif tag == ":returns":
            columns += [column.strip() for column in described.split(",")]
        else:
            raise HeaderError(f"The statement {name} has a tag that is not understood: {tag}.")
    if len({p.name for p in parameters}) < len(parameters):
        raise HeaderError(f"The statement {name} names a parameter twice.")
    return Statement(
        name=name,
        title=title,
        answers=" ".join(answers),
        parameters=tuple(parameters),
        columns=tuple(columns),
        text=text,
    )


def parameter(name: str, line: str) -> Parameter:
    """One parameter from the text behind `:param`, of the statement `name`."""
    match = PARAMETER.fullmatch(line)
    if match is None:
        raise HeaderError(f"The statement {name} has a parameter that is not understood: {line}.")
    rest, default = match["rest"], None
    try:
        if match["need"] is None:
            default, end = json.JSONDecoder().raw_decode(rest)
            if not rest.startswith(".", end):
                raise ValueError("no full stop behind the default")
            rest = rest[end + 1 :]
        return Parameter(
            name=match["name"],
            type=match["type"],
            required=match["need"] == "required",
            default=default,
            description=rest.strip(),
        )
    except ValueError as error:
        raise HeaderError(f"The statement {name} has a parameter whose default does not fit: {line}.") from error


def render(parameter: Parameter) -> str:
    """The header line of a parameter; `parse` reads it back."""
    if parameter.required:
        need = ", required"
    else:
        need = ", optional" if parameter.default is None else f" = {json.dumps(parameter.default)}"
    return f"// :param {parameter.name}: {parameter.type}{need}. {parameter.description}".rstrip()


@cache
def folder() -> Path:
    """Where the statements lie: inside the installed package, or at the root of a checkout."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "cypher", package.parents[1] / "cypher"):
        if place.is_dir():
            return place
    raise EgraphError("The Cypher statements of egraph are missing; install egraph again.")


@cache
def names(kind: str) -> tuple[str, ...]:
    """The names of all statements in one folder, e.g. `questions`, without the folder, sorted."""
    return tuple(sorted(file.stem for file in (folder() / kind).glob("*.cypher")))


@cache
def statement(name: str) -> Statement:
    """Load a statement by its name, e.g. `questions/fires-together`.

    Raises:
        UsageError: there is no such statement.
    """
    file = folder() / f"{name}.cypher"
    kind, _, stem = name.rpartition("/")
    if not kind.isidentifier() or stem not in names(kind):
        raise UsageError(
            f"There is no statement {name}; there are: {', '.join(names(kind)) if kind.isidentifier() else 'none'}."
        )
    return parse(name, file.read_text(encoding="utf-8"))
