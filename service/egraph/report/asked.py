"""The same in Cypher: the questions that give what a page shows, to be typed by a person."""

import json
from collections.abc import Mapping
from shlex import quote
from typing import NamedTuple

from egraph.graph.statements import statement
from egraph.report.views import FilterView, GraphRow, GraphView, ObjectView, PartView, PatternView, View


class Asked(NamedTuple):
    """A question: the command that asks it, and its text with the parameters before it, as Neo4j Browser takes it."""

    title: str
    command: str
    text: str


def asked_of(view: View) -> list[Asked]:
    """The questions behind a page, few and the most telling first."""
    graph = view.graph
    of_graph = {"category": graph.category, "graph": graph.name}
    if isinstance(view, PatternView):
        of = {"pattern": view.pattern.id}
        return [_asked(name, of) for name in ("photos-of-pattern", "belongs-to", "made-of")]
    if isinstance(view, FilterView):
        of_filter = {**of_graph, "layer": view.layer, "filter": view.channel}
        return [_asked(name, of_filter) for name in ("patterns-of-filter", "photos-of-filter")]
    if isinstance(view, PartView):
        return [_asked(name, {**of_graph, "part": view.part}) for name in ("fires-together", "strongest-patterns")]
    if isinstance(view, ObjectView):
        return [_asked("patterns-on-photo", {**of_graph, "photo": view.object.id})]
    assert isinstance(view, GraphView)
    return [_asked("overview", {}), *asked_of_mixed(graph)]


def asked_of_mixed(graph: GraphRow) -> list[Asked]:
    """The question behind the page of filters that mix."""
    return [_asked("mixed-filters", {"category": graph.category, "graph": graph.name})]


def _asked(name: str, given: Mapping[str, object]) -> Asked:
    one = statement(f"questions/{name}")
    values = {parameter.name: given.get(parameter.name, parameter.default) for parameter in one.parameters}
    words = [f"-P {quote(f'{key}={value}')}" for key, value in given.items()]
    return Asked(one.title, " ".join(["egraph query", name, *words]), with_values(one.name, values))


def with_values(name: str, values: Mapping[str, object]) -> str:
    """A statement without its header, its parameters set before it as Neo4j Browser takes them."""
    lines = [f":param {key} => {json.dumps(value, ensure_ascii=False)};" for key, value in values.items()]
    return "\n".join([*lines, *(line for line in statement(name).text.splitlines() if not line.startswith("//"))])
