"""Asking: the questions that there are, one of them, or somebody's own Cypher."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egraph.graph import questions, read_only
from egraph.graph.connection import open_database
from egraph.results import Result, Table
from egraph.settings import Settings


@dataclass(frozen=True)
class QuestionList(Table):
    """The questions. `described`: with what each answers and its parameters' types and defaults."""

    columns: list[str]
    rows: list[dict[str, Any]]
    described: list["QuestionDescription"]


@dataclass(frozen=True)
class QuestionDescription(Result):
    """A question's name, its title, what the answer is, and its parameters."""

    question: str
    asks: str
    answers: str
    parameters: list[dict[str, Any]]


def list_questions() -> QuestionList:
    """All questions, by name."""
    known = questions.questions()
    described = [
        QuestionDescription(
            one.name.removeprefix("questions/"), one.title, one.answers, [p.model_dump() for p in one.parameters]
        )
        for one in known
    ]
    rows = [
        {
            "question": one.name.removeprefix("questions/"),
            "asks": one.title,
            "parameters": ", ".join(p.name if p.required else f"[{p.name}]" for p in one.parameters),
        }
        for one in known
    ]
    return QuestionList(["question", "asks", "parameters"], rows, described)


def ask_question(settings: Settings, name: str, given: Mapping[str, Any], limit: int | None = None) -> questions.Answer:
    """Ask a question; at most `limit` rows, which also is the question's own parameter of this name where it has one.

    Raises:
        UsageError: the question or a parameter is wrong.
        NothingYetError: there is nothing to answer with.
    """
    asked = questions.question(name)
    values = dict(given)
    if limit is not None and any(parameter.name == "limit" for parameter in asked.parameters):
        values.setdefault("limit", limit)
    with open_database(settings) as database:
        return questions.ask(database, name, values, limit or questions.ROWS)


def ask_cypher(
    settings: Settings,
    cypher: str,
    parameters: Mapping[str, Any],
    limit: int | None = None,
    seconds: float | None = None,
) -> read_only.Answer:
    """Answer a statement that only reads, within limits of rows (1000) and seconds (30).

    Raises:
        UsageError: it might do something else than read the graph, or is no Cypher.
    """
    return read_only.ask(settings, cypher, parameters, limit or read_only.ROWS, seconds or read_only.SECONDS)
