"""The questions: files of Cypher that anyone can add to, checked and asked by name."""

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Any

from egraph.errors import DatabaseError, NothingYetError, UsageError
from egraph.graph.connection import Database
from egraph.graph.constraints import ensure_schema
from egraph.graph.graph_state import OUTDATED, outdated
from egraph.graph.graphs import GraphSummary, choose_graph, graphs
from egraph.graph.mixtures import EQUAL
from egraph.graph.places import refresh_places
from egraph.graph.statements import PLAIN_TYPES, Parameter, Statement, names, statement
from egraph.graph.version import VERSION
from egraph.results import Table

ROWS = 1000
SECONDS = 120.0
FIRST = ("category", "graph", "network")
"""Types whose values are checked before asking; the others only where nothing was found, which is quicker."""
JOBS = "job_state"
"""A question with a parameter of this type asks of jobs, and of no graph."""
SPOKEN = {"and_or_graph": "And-Or graph", "job_state": "job state"}
LESS = "Nothing was found beyond chance; a share that is asked for, such as -P share=0.3, also shows what is less sure."
AS_CHANCE = "Nothing lies on it beyond chance (on_part above by_chance); these lie there just as often as chance may."
LISTED = 20
"""At most so many valid values are named in an error."""


@dataclass(frozen=True)
class Answer(Table):
    """What a question answered; `truncated` where there were more rows than the limit. hints: sentences on how few
    objects it rests on."""

    question: str
    parameters: dict[str, Any]
    columns: list[str]
    rows: list[dict[str, Any]]
    truncated: bool
    hints: list[str] = field(default_factory=list)


def questions() -> list[Statement]:
    """All questions, by name."""
    return [statement(f"questions/{name}") for name in names("questions")]


def question(name: str) -> Statement:
    """The question `name`.

    Raises:
        UsageError: there is none; the message lists those there are, the nearest first.
    """
    if name not in names("questions"):
        raise UsageError(f"There is no question {name}; there are: {', '.join(nearest(name, names('questions')))}.")
    return statement(f"questions/{name}")


def nearest(value: str, valid: Sequence[str]) -> list[str]:
    """The valid values, those that look most like `value` first."""

    def likeness(other: str) -> float:
        return difflib.SequenceMatcher(None, value.lower(), other.lower()).ratio()

    return sorted(valid, key=lambda other: (-likeness(other), other))


def misspelt(value: str, valid: Sequence[str]) -> bool:
    """Whether `value` looks like a slip for one of the valid values."""
    return bool(difflib.get_close_matches(value.lower(), [v.lower() for v in valid], n=1, cutoff=0.6))


def parse_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """`key=value` texts as a mapping.

    Raises:
        UsageError: one has no `=`, or a key comes twice.
    """
    values: dict[str, str] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key:
            raise UsageError(f"The parameter {assignment} is not understood; write it as -P key=value.")
        if key in values:
            raise UsageError(f"The parameter {key} is given twice; give it once.")
        values[key] = value
    return values


def check_parameters(asked: Statement, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a question, with types and defaults; texts are read as the type that is wanted.

    Raises:
        UsageError: one is unknown, missing, or no value of its type.
    """
    known = {parameter.name: parameter for parameter in asked.parameters}
    title = asked.name.rpartition("/")[2]
    for name in given:
        if name not in known:
            listed = ", ".join(nearest(name, list(known))) or "none"
            raise UsageError(f"The question {title} has no parameter {name}; it has: {listed}.")
    missing = [name for name, p in known.items() if p.required and given.get(name) in (None, "")]
    if missing:
        wanted = " ".join(f"-P {name}=…" for name in missing)
        raise UsageError(f"The question {title} needs {' and '.join(missing)}; add {wanted}.")
    return {name: read_value(p, given[name]) if name in given else p.default for name, p in known.items()}


def read_value(parameter: Parameter, value: Any) -> Any:
    """`value` as the parameter's type; a text is read, anything else must fit already.

    Raises:
        UsageError: it does not fit.
    """
    if value is None and not parameter.required:
        return None
    if parameter.type not in PLAIN_TYPES or parameter.type == "text":
        return str(value)
    read = value
    if isinstance(value, str):
        try:
            read = json.loads(value.lower() if parameter.type == "boolean" else value)
        except ValueError:
            read = None
    fits = {
        "boolean": isinstance(read, bool),
        "integer": isinstance(read, int) and not isinstance(read, bool),
        "number": isinstance(read, int | float) and not isinstance(read, bool) and abs(read) < float("inf"),
    }
    if not fits[parameter.type]:
        example = {"boolean": "true or false", "integer": "a whole number", "number": "a number such as 0.5"}
        raise UsageError(f"The parameter {parameter.name} is {value!r}, but must be {example[parameter.type]}.")
    if parameter.type == "integer" and read < 0:
        raise UsageError(f"The parameter {parameter.name} is {read}, but must not be negative.")
    if parameter.name == "limit" and read < 1:
        raise UsageError(f"The parameter limit is {read}, but must be at least 1.")
    return read


def check_values(
    database: Database, asked: Statement, values: Mapping[str, Any], types: Callable[[str], bool] = lambda _: True
) -> None:
    """Check the values that must stand in the database, of the parameter types that `types` says.

    Raises:
        NothingYetError: there is no such category or part yet.
        UsageError: a value is misspelt.
    """
    # In this order: a part is sought in its category, a layer in its category's graphs.
    for parameter in sorted(asked.parameters, key=lambda p: p.type != "category"):
        value = values[parameter.name]
        if parameter.type in PLAIN_TYPES or value is None or not types(parameter.type):
            continue
        category = values.get("other_category" if parameter.name == "other_graph" else "category")
        asked_of = {"category": category, "part": values.get("part"), "value": value}
        valid = known_values(database, parameter.type, asked_of)
        if value not in valid and not (parameter.type == "graph" and value.partition("@")[1]):
            raise unknown(parameter, value, valid, category)


def known_values(database: Database, type_: str, asked_of: Mapping[str, Any]) -> list[str]:
    """The values of a parameter's type that the database knows; of `asked_of` a type looks at some.

    Raises:
        DatabaseError: the database failed.
    """
    known = statement(f"values/{type_}")
    answer = database.ask(known, {name: asked_of[name] for name in known.takes})
    return [row[0] for row in answer.rows]


def chosen_graphs(known: Sequence[GraphSummary], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the graphs' names made ids.

    A question with the parameter `graph` is about one graph of its `category`; one with `other_graph` also about one
    of the category `other_category`, of the same network.

    Raises:
        NothingYetError: there is no such graph.
        UsageError: the category has several graphs and none is named.
    """
    chosen = dict(values)
    if "graph" in chosen:
        found = choose_graph(known, chosen["category"], chosen["graph"], option="-P graph=")
        chosen["graph"] = found.id
        if "other_graph" in chosen:
            others = [graph for graph in known if graph.id != found.id and graph.state in ("complete", OUTDATED)]
            if chosen["other_category"] == found.category not in {graph.category for graph in others}:
                raise UsageError(f"{found.id} is the only graph of {found.category}; give another other_category.")
            # Filters are shared only within one network.
            chosen["other_graph"] = choose_graph(
                others, chosen["other_category"], chosen["other_graph"], found.network, "-P other_graph="
            ).id
    return chosen


def whole_ids(asked: Statement, values: Mapping[str, Any], known: Sequence[GraphSummary]) -> dict[str, Any]:
    """The values with short ids of patterns (`layer3/381/7`) made whole, of the graph that is asked or the only one.

    Raises:
        UsageError: there are several graphs.
    """
    found = dict(values)
    for parameter in asked.parameters:
        value = values[parameter.name]
        if parameter.type != "pattern" or value is None or "@" in value:
            continue
        # As a terminal shows it, beginning anywhere in the graph's id.
        short = value.removeprefix("…")
        graphs_meant = [graph.id for graph in known if values.get("graph") in (None, graph.id)]
        whole = [f"{graph}/{rest}" for graph in graphs_meant if (rest := behind(graph, short))]
        whole = whole or [f"{graph}/{short}" for graph in graphs_meant]
        if len(whole) > 1:
            raise UsageError(
                f"The pattern {short} may be of {len(whole)} graphs; give its whole id, such as {whole[0]}."
            )
        found[parameter.name] = whole[0]
    return found


def behind(graph: str, short: str) -> str | None:
    """What stands behind the end of a graph's id, where `short` begins with such an end: `horse/default/layer3/1/2`."""
    parts = graph.split("/")
    ends = ["/".join(parts[first:]) + "/" for first in range(len(parts))]
    return next((short.removeprefix(end) for end in ends if short.startswith(end)), None)


def check_graphs(database: Database, values: Mapping[str, Any]) -> list[GraphSummary]:
    """All graphs; complete ones that an earlier egraph wrote are summed up first.

    Raises:
        NothingYetError: there is no complete one, or an older egraph mined what is asked of.
    """
    known = graphs(database)
    complete = [graph for graph in known if graph.state == "complete"]
    for graph in known:
        meant = any(f"{value}/".startswith(f"{graph.id}/") for value in values.values())
        if graph.state == OUTDATED and (meant or not complete):
            raise outdated(graph.id)
    if not complete:
        category = values.get("category") or "CATEGORY"
        raise NothingYetError(
            f"There is no graph yet; make one with `egraph mine PHOTOS --network NAME --category {quote(category)}`."
        )
    if not all(graph.summed for graph in complete):
        # It needs the tables of mining, which those who only ask need not load.
        from egraph.graph.upgrade import add_summaries

        add_summaries(database)
    return known


def renew(database: Database, graph_id: str, category: str, other_id: str | None = None) -> None:
    """Sum up anew what a command that was cut off left out of date, of one graph or of two.

    Raises:
        DatabaseError: the database failed, or may not be written to.
    """
    try:
        refresh_places(database, graph_id, category)
        if other_id and database.read("resemblance/uncompared", graph=graph_id, other=other_id, few=1):
            # It needs numerical libraries, which those who only ask need not load.
            from egraph.graph.resemblance import refresh_resemblance

            refresh_resemblance(database, graph_id, other_id)
    except DatabaseError as error:
        raise DatabaseError(f"What is known of the patterns of {category} must be summed up anew; {error}") from error


def unknown(parameter: Parameter, value: str, valid: list[str], category: str | None) -> UsageError | NothingYetError:
    """The error for a value that the database does not know."""
    listed = ", ".join(nearest(value, valid)[:LISTED]) + (", …" if len(valid) > LISTED else "")
    there = f"; there are: {listed}" if valid else ""
    of = f" of {category}" if parameter.type != "category" and category else ""
    kept, named = quote(value), quote(category or "CATEGORY")
    add = {
        "category": f"make its graph with `egraph mine PHOTOS --network NAME --category {kept}`",
        "part": f"add one with `egraph part import annotations.json --category {named} --part {kept}`",
        "and_or_graph": f"build one with `egraph aog build --category {named} --part PART --name {kept}`",
    }.get(parameter.type)
    kind = SPOKEN.get(parameter.type, parameter.type)
    if add is None or misspelt(value, valid):
        return UsageError(f"There is no {kind} {value}{of}{there or '; `egraph query overview` shows what is'}.")
    return NothingYetError(f"There is no {kind} {value}{of} yet{there}; {add}.")


def ask(database: Database, name: str, given: Mapping[str, Any], rows: int = ROWS, seconds: float = SECONDS) -> Answer:
    """Ask a question of the complete graphs; at most `rows` rows, at most `seconds` (where the server obeys).

    Raises:
        UsageError: the question or a parameter is wrong.
        NothingYetError: there is nothing to answer with.
        DatabaseError: the database failed, or took too long.
    """
    asked = question(name)
    values = check_parameters(asked, given)
    if database.schema not in (None, VERSION):
        ensure_schema(database)
    of_jobs = any(parameter.type == JOBS for parameter in asked.parameters)
    if not of_jobs and any(parameter.type not in PLAIN_TYPES for parameter in asked.parameters):
        known = check_graphs(database, values)
        check_values(database, asked, values, lambda type_: type_ in FIRST)
        values = whole_ids(asked, chosen_graphs(known, values), known)
    if values.get("graph"):
        renew(database, values["graph"], values["category"], values.get("other_graph"))
    # One row more than the question's own limit tells whether there were more.
    limit = min(rows, values["limit"]) if "limit" in values else rows
    sent = values | ({"limit": limit + 1} if "limit" in values else {})
    answer = database.ask(asked.name, sent, limit, seconds)
    remarks = []
    if not answer.rows and values.get("allowance") == 0 and values["share"] is None:
        # Nothing is beyond chance, as with few labels, which chance may all meet.
        values["allowance"] = EQUAL
        answer = database.ask(asked.name, sent | {"allowance": EQUAL}, limit, seconds)
        remarks = [AS_CHANCE if answer.rows else LESS]
    if not answer.rows:
        if not of_jobs:
            check_graphs(database, values)
        check_values(database, asked, values, lambda type_: type_ not in FIRST)
    if not answer.rows and values.get("part") and values.get("graph"):
        looked = {key: values[key] for key in ("category", "part", "graph")}
        if not database.read("read/labelled_firings", **looked):
            raise NothingYetError(
                f"The patterns of {values['graph']} were not yet looked for on the objects that show {values['part']}; "
                f"add their labels again with `egraph part import`."
            )
    return Answer(
        question=name,
        parameters=values,
        columns=answer.columns or list(asked.columns),
        rows=answer.records(),
        truncated=answer.truncated,
        hints=(few_objects(database, values) if "LIES_ON" in asked.text else []) + remarks,
    )


def few_objects(database: Database, values: Mapping[str, Any]) -> list[str]:
    """Where patterns were counted on a part over fewer objects than there might be: sentences for a person.

    Args:
        values: of a question that asks of patterns on parts, with its `category` and `graph`.
    """
    sentences = []
    asked = {values[name] for name in ("part", "other_part") if name in values}
    for row in database.read("parts/coverage", graph=values["graph"], category=values["category"]):
        if asked and row["part"] not in asked:
            continue
        build = f"`egraph aog build --category {quote(values['category'])} --part {quote(row['part'])}`"
        if row["labelled"] < row["objects"]:
            sentences.append(
                f"Patterns on {row['part']} were counted over {row['labelled']:,} of {row['objects']:,} labelled "
                f"objects; {build} counts over all that the graph was mined from."
            )
        elif not row["found"]:
            labels = "1 labelled object" if row["labelled"] == 1 else f"{row['labelled']:,} labelled objects"
            sentences.append(
                f"Patterns on {row['part']} were counted over {labels} alone; {build} also counts over those on which "
                "the part is found."
            )
    return sentences
