"""The Cypher statements of the product: files in `cypher/`, loaded by name, each with a header that describes it.

A statement has a file of its own (`questions/overview` is `cypher/questions/overview.cypher`), or stands in a file with
others of its kind (`schema/index` in `cypher/schema.cypher`), where each begins with `// :name index` and ends with a
semicolon. A header consists of `//` comments, so that a statement can be pasted into Neo4j Browser as it is:

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

What follows from the schema alone is said once for all labels, types and columns: their places are held by words such
as `__label__`, which `Statement.filled` replaces.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from egraph.errors import EgraphError, UsageError

PLAIN_TYPES = ("text", "integer", "number", "boolean")
PARAMETER = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*): (?P<type>[a-z][a-z_]*)(?:, (?P<need>required|optional)\.| = (?=\S))(?P<rest>.*)"
)
NAMED = re.compile(r"^// :name (?P<name>[a-z][a-z_]*)\n(?P<text>.*?);$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"__([a-z]+)__")
ITEM = re.compile(r"[^,(){}]*__([a-z]+)__[^,(){}]*")


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

    @property
    def takes(self) -> frozenset[str]:
        """The names of the parameters in its text."""
        code = "\n".join(line for line in self.text.splitlines() if not line.startswith("//"))
        return frozenset(re.findall(r"\$(\w+)", code))

    def filled(self, **words: str | Sequence[str]) -> "Statement":
        """The statement for these labels, types and columns of the schema.

        Where several words stand for one place, what is between the commas or brackets around it is said once for each.
        """

        def item(match: re.Match[str]) -> str:
            several = words[match[1]]
            if isinstance(several, str):
                return match[0]
            return ",".join(match[0].replace(f"__{match[1]}__", word) for word in several)

        text = PLACE.sub(lambda match: str(words[match[1]]), ITEM.sub(item, self.text))
        return self.model_copy(update={"text": text})


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
def named(kind: str) -> dict[str, str]:
    """The texts of the statements that stand in one file, by name; none where the kind has a folder."""
    file = folder() / f"{kind}.cypher"
    return {match["name"]: match["text"] for match in NAMED.finditer(file.read_text("utf-8"))} if file.is_file() else {}


@cache
def kinds() -> tuple[str, ...]:
    """The kinds of statements: the folders and files in `cypher/`, sorted."""
    return tuple(sorted(path.stem for path in folder().iterdir()))


@cache
def names(kind: str) -> tuple[str, ...]:
    """The names of all statements of one kind, e.g. `questions`, without the kind, sorted."""
    return tuple(sorted({file.stem for file in (folder() / kind).glob("*.cypher")} | named(kind).keys()))


@cache
def statement(name: str) -> Statement:
    """Load a statement by its name, e.g. `questions/fires-together`.

    Raises:
        UsageError: there is no such statement.
    """
    kind, _, stem = name.rpartition("/")
    if not kind.isidentifier() or stem not in names(kind):
        raise UsageError(
            f"There is no statement {name}; there are: {', '.join(names(kind)) if kind.isidentifier() else 'none'}."
        )
    text = named(kind).get(stem) or (folder() / f"{name}.cypher").read_text(encoding="utf-8")
    return parse(name, text)


def text_of(name: str | Statement) -> str:
    """The text of a statement, loaded by its name unless it is one already."""
    return (statement(name) if isinstance(name, str) else name).text
